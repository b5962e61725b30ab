import Farro
import FarroData

/// Inverted lists: vectors lie in lists around centres that k-means found, and a search looks only into the lists whose
/// centres are nearest to the query.
///
/// ``lists`` and ``probes`` are faiss's `nlist` and `nprobe`. More probes find more, and take longer; a search that probes all
/// lists of an index without codes finds what ``FlatIndex`` finds.
///
/// ```swift
/// var index = try IVFIndex(dimension: 128, lists: 1024, codes: .product(subspaces: 64))
/// try index.add(vectors)                                // trains, as the index is empty
/// index.probes = 16
/// let found = try index.search(queries, k: 10)
/// ```
///
/// The lists' centres come from ``train(_:progress:)``, or from the first vectors that are added. Centres of fewer vectors than
/// 39 for each list are found anew, with the vectors that there are then, whenever their number has doubled, if the index holds
/// the vectors: an index that grows one by one ends up with good lists. Vectors of another distribution than those that it
/// was trained on make lists of unequal lengths, and slow searches.
///
/// With codes, a search compares codes, a quarter of the memory or far less, and measures the best of them, ``rerank`` times as
/// many as are wanted: their distances are exact, and only a neighbour can be missed. An index that was made not to keep the
/// vectors holds codes alone, and its distances are estimates.
///
/// The index is the same for any number of threads: the vectors, the ids, the calls, the seed and the instruction set decide
/// it.
///
/// Source: J. Sivic and A. Zisserman, "Video Google: a text retrieval approach to object matching in videos", ICCV 2003; product
/// codes as H. Jégou, M. Douze and C. Schmid, "Product quantization for nearest neighbor search", IEEE TPAMI 33(1), 2011, looked
/// up in registers as F. André, A.-M. Kermarrec and N. Le Scouarnec, "Quicker ADC", IEEE TPAMI 43(5), 2021.
public struct IVFIndex: VectorIndex {
  /// What lists hold of a vector.
  public enum Codes: Hashable, Sendable {
    /// The vector itself: 4 bytes an element.
    case none
    /// A byte an element, of the vector's difference from its list's centre; the dimension is rounded up to a multiple of 64.
    case int8
    /// Four bits for each of some subspaces, pieces of the difference: the nearest of 16 vectors that k-means found for the
    /// piece. The number of subspaces divides the dimension, and is 512 at most. Half the dimension, for 2 bits an element, keeps
    /// most neighbours among the first few times as many.
    case product(subspaces: Int)
  }

  public let dimension: Int
  public let metric: DistanceMetric
  /// How many lists there are once there are vectors enough: faiss's `nlist`.
  public let lists: Int
  /// What lists hold of a vector.
  public let codes: Codes
  /// Whether the index holds the vectors beside their codes.
  public let keepsVectors: Bool
  /// Of all random choices.
  public let seed: UInt64
  /// How many lists a search looks into: faiss's `nprobe`. More than there are is all.
  ///
  /// - Precondition: it is positive.
  public var probes: Int {
    didSet { require(probes > 0, "IVFIndex: probes is \(probes)") }
  }
  /// How many times as many vectors as are wanted a search measures exactly, of those whose codes are nearest: faiss's
  /// `k_factor`. Without effect where there are no codes, or codes alone.
  ///
  /// - Precondition: it is positive.
  public var rerank: Int {
    didSet { require(rerank > 0, "IVFIndex: rerank is \(rerank)") }
  }

  var training: Training?
  var table = IDTable()
  /// The list of each vector, and how far from the list's first it is.
  var labels = Column<Int32>()
  var offsets = Column<UInt32>()
  /// By vector; of indexes with codes, if they are kept.
  var vectors = Column<Float>()
  /// Of each list: its first place, the places in use, and those that it may use.
  var starts = Column<Int>()
  var counts = Column<Int>()
  var capacities = Column<Int>()
  /// By place: the vector's number, and what the list holds of it.
  var numbers = Column<UInt32>()
  var entries = Column<UInt8>()
  /// Empty without codes.
  var terms = Column<Float>()
  var nextID = 0

  /// What k-means found.
  struct Training: Sendable {
    var centers = Column<Float>()
    /// Of the centres; it keeps sums small.
    var mean = Column<Float>()
    /// Of bytes.
    var scale: Float = 1
    /// Of product codes, shape (subspaces, width, 16).
    var codebooks = Column<Float>()
    /// Vectors that it was found from, when these were the first to be added; else 0.
    var addedCount = 0

    func count(_ dimension: Int) -> Int { centers.count / dimension }
    var bytes: Int { centers.bytes + mean.bytes + codebooks.bytes }
  }

  static let metrics: [DistanceMetric] = [.euclidean, .squaredEuclidean, .cosine, .innerProduct]
  static let dimensions = 1...InvertedLists.mostElements
  static let listCounts = 1...1 << 24
  static let factors = 1...1 << 24

  /// An index without vectors, and without centres as yet.
  ///
  /// - Parameters:
  ///   - dimension: The elements of a vector, up to 65536.
  ///   - metric: Euclidean, squared Euclidean, cosine or the inner product.
  ///   - lists: faiss's `nlist`. For n vectors, one to four times the root of n is usual.
  ///   - codes: What lists hold of a vector.
  ///   - keepsVectors: Whether vectors are held beside their codes: distances are then exact.
  ///   - probes: faiss's `nprobe`. May be changed at any time.
  ///   - rerank: How many times as many vectors as are wanted are measured. May be changed at any time.
  ///   - seed: Of all random choices.
  /// - Throws: ``IndexError`` when one is out of its range.
  public init(
    dimension: Int,
    metric: DistanceMetric = .euclidean,
    lists: Int,
    codes: Codes = .none,
    keepsVectors: Bool = true,
    probes: Int = 8,
    rerank: Int = 4,
    seed: UInt64 = 0
  ) throws(IndexError) {
    guard IVFIndex.metrics.contains(metric) else {
      throw IndexError(.unsupportedMetric(metric, supported: IVFIndex.metrics), in: "IVFIndex")
    }
    let subspaces = if case .product(let subspaces) = codes { subspaces } else { 1 }
    for (name, value, range) in [
      ("dimension", dimension, IVFIndex.dimensions), ("lists", lists, IVFIndex.listCounts),
      ("probes", probes, IVFIndex.factors), ("rerank", rerank, IVFIndex.factors),
      ("subspaces", subspaces, 1...InvertedLists.mostSubspaces),
    ] where !range.contains(value) {
      throw IndexError(.outOfRange(parameter: name, found: value, supported: range), in: "IVFIndex")
    }
    guard dimension % subspaces == 0 else {
      throw IndexError(.indivisible(dimension: dimension, subspaces: subspaces), in: "IVFIndex")
    }
    (self.dimension, self.metric, self.lists, self.codes) = (dimension, metric, lists, codes)
    (self.keepsVectors, self.probes, self.rerank, self.seed) = (keepsVectors || codes == .none, probes, rerank, seed)
  }

  public var count: Int { table.count }

  /// Whether the lists have centres.
  public var isTrained: Bool { training != nil }

  /// The lists that there are: 0 before training, and at most ``lists``.
  var listCount: Int { counts.count }

  public var memoryBytes: Int {
    let rows = table.bytes + labels.bytes + offsets.bytes + vectors.bytes
    let places = numbers.bytes + entries.bytes + terms.bytes
    return rows + places + starts.bytes + counts.bytes + capacities.bytes + (training?.bytes ?? 0)
  }

  /// Whether there is a vector of that id.
  ///
  /// - Complexity: O(1).
  public func contains(_ id: Int) -> Bool { table.place(of: id) != nil }

  // MARK: Search

  /// The `k` nearest vectors of each query in the lists that it probes.
  ///
  /// There are always min(`k`, vectors that may be found) results: where the lists hold too few, more of them are probed, and
  /// where a filter leaves so few vectors that measuring them takes less, they are all measured.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m (``lists`` + `count` ``probes`` / ``lists``) d) for m queries, usually; O(`count`) more with a filter.
  public func search(_ queries: Tensor<Float>, k: Int, filter: SearchFilter?) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "IVFIndex.search: k is \(k)")
    return found(prepared(queries), k, Accepted(filter, in: self))
  }

  /// The vectors within a radius of each query that searches for ever more neighbours find, as long as all of them are
  /// within it.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: As a search for as many neighbours as there are within the radius.
  public func search(_ queries: Tensor<Float>, radius: Float, filter: SearchFilter?) throws -> RangeResults {
    try checkRows(queries, dimension, "search")
    require(!radius.isNaN, "IVFIndex.search: no vector lies within a radius of NaN")
    let accepted = Accepted(filter, in: self)
    return widened(prepared(queries), radius: radius, most: accepted.count) { found($0, $1, accepted) }
  }

  /// Rows as they are compared: for cosine, of length 1.
  func prepared(_ rows: Tensor<Float>) -> Tensor<Float> { metric == .cosine ? InvertedLists.unitRows(rows) : rows }

  /// Which vectors may be found.
  struct Accepted {
    /// A bit for each vector; `nil` for all.
    private(set) var bits: Column<UInt64>?
    private(set) var count: Int
    /// Those vectors, where they are so few that they are all measured.
    private(set) var few: [Int]?

    init(_ filter: SearchFilter?, in index: IVFIndex) {
      count = index.count
      guard let filter else { return }
      var numbers: [Int] = []
      if case .among(let ids) = filter.rule, ids.count < index.count {
        numbers = ids.compactMap(index.table.place).sorted()
      } else {
        numbers = (0..<index.count).filter { filter.accepts(index.table.ids[$0]) }
      }
      count = numbers.count
      if index.holdsVectors && numbers.count * index.listCount <= index.count * min(index.probes, index.listCount) {
        few = numbers
        return
      }
      var bits = Column<UInt64>()
      bits.append(repeating: 0, count: (index.count + 63) / 64)
      for number in numbers { bits.setBit(number) }
      self.bits = bits
    }
  }

  /// Searches on in more lists for those queries that found too few.
  private func found(_ queries: Tensor<Float>, _ k: Int, _ accepted: Accepted) -> SearchResults {
    if let few = accepted.few { return found(queries, k, among: few) }
    let wanted = min(k, accepted.count)
    var probes = min(probes, listCount)
    var results = found(queries, k, probes: probes, accepted.bits)
    func isShort(_ row: Int) -> Bool { wanted > 0 && results.ids[row, wanted - 1] < 0 }
    var open = probes < listCount ? (0..<queries.shape[0]).filter(isShort) : []
    guard !open.isEmpty else { return results }
    var (distances, ids) = (results.distances, results.ids)
    while !open.isEmpty && probes < listCount {
      probes = min(4 * probes, listCount)
      results = found(queries.gather(rows: open), k, probes: probes, accepted.bits)
      for (row, query) in open.enumerated() {
        distances[row: query] = results.distances[row: row]
        ids[row: query] = results.ids[row: row]
      }
      open = open.indices.filter(isShort).map { open[$0] }
    }
    return SearchResults(distances: distances, ids: ids)
  }

  // MARK: Removal

  /// Removes vectors, and answers how many of them there were.
  ///
  /// - Complexity: O(d) for each; O(`count` d) in all when more than half of the memory that lists take is free.
  @discardableResult
  public mutating func remove(_ ids: some Sequence<Int>) -> Int {
    var removed = 0
    for id in ids {
      guard let number = table.remove(id) else { continue }
      leaveList(number)
      moveLast(to: number)
      removed += 1
    }
    if removed > 0 { shrink() }
    return removed
  }
}
