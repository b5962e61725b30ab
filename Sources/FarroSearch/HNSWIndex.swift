import Farro
import FarroData

/// A hierarchical navigable small-world graph: approximate search in time that grows with the logarithm of the number of
/// vectors.
///
/// Each vector leads to some near ones, and a search walks from vector to vector towards the query. It walks over 8-bit codes,
/// a quarter of the memory, and measures the best of what it found in full: distances are exact, and only a neighbour can
/// be missed. ``efSearch`` trades speed for the share that is found.
///
/// ```swift
/// var index = try HNSWIndex(dimension: 128, metric: .cosine)
/// try index.add(vectors)
/// index.efSearch = 100
/// let found = try index.search(queries, k: 10)
/// ```
///
/// Codes have 255 steps for the range of all elements, but for those of the hundredth of vectors that reach farthest. Walks
/// cannot tell vectors apart that differ by much less than a step in every element: where some groups of vectors lie a
/// thousand times closer together than others, use ``FlatIndex``.
///
/// The graph is built on several threads, and is the same for any number of them: the vectors, the ids, the calls of ``add(_:ids:)``,
/// the seed and the instruction set decide it.
///
/// Source: Y. Malkov and D. Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical navigable
/// small world graphs", IEEE TPAMI 42(4), 2020; built in batches as M. Manohar et al., "ParlayANN", PPoPP 2024, and mended after
/// removals as A. Singh et al., "FreshDiskANN", 2021.
public struct HNSWIndex: VectorIndex {
  public let dimension: Int
  public let metric: DistanceMetric
  /// The neighbours that a new vector gets on each level; it may have twice as many on the lowest.
  public let m: Int
  /// How many of the nearest vectors that a walk finds a new one's neighbours are chosen from.
  public let efConstruction: Int
  /// What the levels of vectors are drawn from.
  public let seed: UInt64
  /// How many of the nearest vectors a walk keeps in view: more find more, and take longer. A search for `k` takes at least
  /// `k`.
  ///
  /// - Precondition: it is from 1 to 2²⁰.
  public var efSearch: Int {
    didSet { require(HNSWIndex.breadths ~= efSearch, "HNSWIndex: efSearch is \(efSearch), not from 1 to 1048576") }
  }

  var table = IDTable()
  var vectors = Column<Float>()
  var codes = Column<UInt8>()
  /// Empty for inner products.
  var norms = Column<Int32>()
  /// Empty for inner products, and without vectors.
  var centre = Column<Float>()
  var scale: Float = 1
  var lists = Column<UInt32>()
  var upper = Column<UInt32>()
  var levels = Column<UInt8>()
  var starts = Column<UInt32>()
  var entry = NeighborGraph.noNode
  /// A bit for each place: whether its vector has not been removed.
  var live = Column<UInt64>()
  public internal(set) var count = 0
  var nextID = 0
  /// Vectors ever added: what a new one's level is drawn for.
  var drawn = 0
  /// Places that there were when the codes were made.
  var encodedCount = 0
  /// Places whose vectors are known to suit the codes' scale.
  var comparedCount = 0

  static let metrics: [DistanceMetric] = [.euclidean, .squaredEuclidean, .cosine, .innerProduct]
  static let widths = 2...NeighborGraph.mostWidth / 2
  static let breadths = 1...1 << 20
  static let dimensions = 1...NeighborGraph.mostElements

  /// An index without vectors.
  ///
  /// - Parameters:
  ///   - dimension: The elements of a vector, up to 32767.
  ///   - metric: Euclidean, squared Euclidean, cosine or inner product.
  ///   - m: 2...256. More suit vectors of many dimensions, and take memory and time.
  ///   - efConstruction: 1...2²⁰. More make a better graph, more slowly.
  ///   - efSearch: 1...2²⁰; may be changed at any time.
  ///   - seed: What the levels of vectors are drawn from.
  /// - Throws: ``IndexError`` when one is out of its range.
  public init(
    dimension: Int,
    metric: DistanceMetric = .euclidean,
    m: Int = 16,
    efConstruction: Int = 200,
    efSearch: Int = 64,
    seed: UInt64 = 0
  ) throws(IndexError) {
    guard HNSWIndex.metrics.contains(metric) else {
      throw IndexError(.unsupportedMetric(metric, supported: HNSWIndex.metrics), in: "HNSWIndex")
    }
    for (name, value, range) in [
      ("dimension", dimension, HNSWIndex.dimensions), ("m", m, HNSWIndex.widths),
      ("efConstruction", efConstruction, HNSWIndex.breadths), ("efSearch", efSearch, HNSWIndex.breadths),
    ] where !range.contains(value) {
      throw IndexError(.outOfRange(parameter: name, found: value, supported: range), in: "HNSWIndex")
    }
    (self.dimension, self.metric, self.m) = (dimension, metric, m)
    (self.efConstruction, self.efSearch, self.seed) = (efConstruction, efSearch, seed)
  }

  /// With those of vectors that were removed and still hold the graph together.
  var places: Int { table.count }

  public var memoryBytes: Int {
    vectors.bytes + codes.bytes + norms.bytes + centre.bytes + lists.bytes + upper.bytes + levels.bytes + starts.bytes
      + live.bytes + table.bytes
  }

  /// Whether there is a vector of that id.
  ///
  /// - Complexity: O(1).
  public func contains(_ id: Int) -> Bool { table.place(of: id) != nil }

  // MARK: Search

  /// The `k` nearest vectors of each query that a walk finds.
  ///
  /// There are always min(`k`, vectors that may be found) results: where a walk ends too early, or a filter leaves so few vectors
  /// that measuring them takes less, they are all measured.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `efSearch` `m` d log `count`) for m queries, usually; O(`count`) more with a filter.
  public func search(_ queries: Tensor<Float>, k: Int, filter: SearchFilter?) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "HNSWIndex.search: k is \(k)")
    return found(prepared(queries), k, accepted(filter))
  }

  /// The vectors within a radius of each query that walks find: wider ones, as long as all that they keep is within it.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: As a search for as many neighbours as there are within the radius.
  public func search(_ queries: Tensor<Float>, radius: Float, filter: SearchFilter?) throws -> RangeResults {
    try checkRows(queries, dimension, "search")
    require(!radius.isNaN, "HNSWIndex.search: no vector lies within a radius of NaN")
    let accepted = accepted(filter)
    return widened(prepared(queries), radius: radius, most: accepted.count) { found($0, $1, accepted) }
  }

  /// Rows as they are compared: for cosine, of length 1.
  func prepared(_ rows: Tensor<Float>) -> Tensor<Float> { metric == .cosine ? unitRows(rows) : rows }

  /// Which places may be found: a bit for each, `nil` for all.
  private func accepted(_ filter: SearchFilter?) -> (bits: Column<UInt64>?, count: Int) {
    guard let filter else { return (count == places ? nil : live, count) }
    var bits = Column<UInt64>()
    bits.append(repeating: 0, count: live.count)
    var accepted = 0
    func accept(_ place: Int) {
      bits.setBit(place)
      accepted += 1
    }
    if case .among(let ids) = filter.rule, ids.count < count {
      for id in ids { if let place = table.place(of: id) { accept(place) } }
    } else {
      for place in 0..<places where live.hasBit(place) && filter.accepts(table.ids[place]) { accept(place) }
    }
    return (bits, accepted)
  }

  // MARK: Removal

  /// Removes vectors, and answers how many of them there were.
  ///
  /// A removed vector stays in the graph, unseen, until an eighth of the places are such; then the graph is mended without
  /// them, and their memory is used again.
  ///
  /// - Complexity: O(`m`² d) for each, in the mean.
  @discardableResult
  public mutating func remove(_ ids: some Sequence<Int>) -> Int {
    var removed = 0
    for id in ids {
      guard let place = table.remove(id) else { continue }
      live.clearBit(place)
      removed += 1
    }
    count -= removed
    let left = places - count
    if removed > 0 && (count == 0 || left >= 16 && left * 8 >= places) { mend() }
    return removed
  }
}

/// Rows divided by their lengths; zeros stay zeros.
func unitRows(_ rows: Tensor<Float>) -> Tensor<Float> {
  if rows.count == 0 { return rows }
  var rows = rows
  let (largest, smallest) = (rows.max(axis: 1), rows.min(axis: 1))
  for row in 0..<rows.shape[0] {
    // The squares of other rows neither overflow nor vanish.
    let size = max(largest[row], -smallest[row])
    if size == 0 || 1e-12...1e12 ~= size { continue }
    // In two steps, since the inverse of a subnormal number is infinite.
    rows[row: row] = rows[row: row].map { $0 / size }
  }
  return l2Normalize(rows, epsilon: .leastNormalMagnitude)
}
