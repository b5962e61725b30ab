import Farro
import FarroData

/// All vectors, compared with every query: exact, and the fastest index up to some ten thousand vectors.
///
/// Vectors lie in the order of their ids, so that adding ids beyond all others costs least.
public struct FlatIndex: VectorIndex {
  public let metric: DistanceMetric
  private(set) var rows: NamedRows<Float>

  static let kind = "flat index"
  private static let dimensions = 1...1 << 24

  /// An index without vectors.
  ///
  /// - Throws: ``IndexError`` when `dimension` is not positive, or the metric is one of another dimension or has a parameter out
  ///   of its range.
  public init(dimension: Int, metric: DistanceMetric = .euclidean) throws(IndexError) {
    guard FlatIndex.dimensions ~= dimension else {
      throw IndexError(
        .outOfRange(parameter: "dimension", found: dimension, supported: FlatIndex.dimensions),
        in: "FlatIndex"
      )
    }
    guard FlatIndex.measures(metric, dimension) else {
      throw IndexError(.unsupportedMetric(metric, supported: FlatIndex.metrics(dimension)), in: "FlatIndex")
    }
    (rows, self.metric) = (NamedRows(dimension: dimension), metric)
  }

  /// All without a parameter; of the haversine distance, points are two angles.
  private static func metrics(_ dimension: Int) -> [DistanceMetric] {
    DistanceMetric.simple.filter { $0 != .haversine || dimension == 2 }
  }

  private static func measures(_ metric: DistanceMetric, _ dimension: Int) -> Bool {
    if case .minkowski(let p) = metric { p > 0 } else { metrics(dimension).contains(metric) }
  }

  public var dimension: Int { rows.dimension }

  public var count: Int { rows.count }

  public var memoryBytes: Int { rows.bytes }

  /// Whether there is a vector of that id.
  ///
  /// - Complexity: O(log `count`).
  public func contains(_ id: Int) -> Bool { rows.contains(id) }

  // MARK: Changes

  /// Adds the rows of `vectors`.
  ///
  /// - Throws: ``IndexError``; the index is then as it was.
  /// - Complexity: O(n d) for n vectors of d elements whose ids are beyond all others, usually; else O((`count` + n) d).
  public mutating func add(_ vectors: Tensor<Float>, ids: [Int]?) throws {
    try checkRows(vectors, dimension, "add")
    _ = try rows.add(vectors, ids: ids)
  }

  /// Removes vectors, and answers how many of them there were.
  ///
  /// - Complexity: O(r log `count`) for r ids, and O(`count` d) when there are any of them.
  @discardableResult
  public mutating func remove(_ ids: some Sequence<Int>) -> Int { rows.remove(ids).count }

  // MARK: Search

  /// The `k` nearest vectors of each query.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries.
  public func search(_ queries: Tensor<Float>, k: Int, filter: SearchFilter?) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "FlatIndex.search: k is \(k)")
    let (copied, keep) = chosen(filter)
    let (distances, indices) = rows.withRows(copied) {
      nearestNeighbors(of: queries, inRows: $0, k: k, metric: metric, where: keep)
    }
    let ids = rows.ids(of: indices.scalars, copied)
    return SearchResults(distances: distances, ids: Tensor(ids, shape: indices.shape))
  }

  /// The vectors within a radius of each query.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries, and sorting what is found.
  public func search(_ queries: Tensor<Float>, radius: Float, filter: SearchFilter?) throws -> RangeResults {
    try checkRows(queries, dimension, "search")
    let (copied, keep) = chosen(filter)
    let found = rows.withRows(copied) {
      radiusNeighbors(of: queries, inRows: $0, radius: Double(radius), metric: metric, where: keep)
    }
    return RangeResults(
      offsets: found.offsets,
      distances: found.distances.scalars,
      ids: rows.ids(of: found.indices.scalars, copied)
    )
  }

  /// What a filter leaves: the places of a few rows, which are copied, or which of all rows count.
  private func chosen(_ filter: SearchFilter?) -> (copied: [Int]?, keep: Tensor<Bool>?) {
    guard let places = rows.places(filter) else { return (nil, nil) }
    if places.count < count / 4 { return (places, nil) }
    var keep = [Bool](repeating: false, count: count)
    for place in places { keep[place] = true }
    return (nil, Tensor(keep))
  }

  // MARK: Files

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    rows.describe(in: &header)
    header.set(metric)
    try IndexFile.write(FlatIndex.kind, header, rows.sections, to: path)
  }

  /// An index from a file, mapped.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: FlatIndex.kind)
    let rows = try NamedRows<Float>(file, dimensions: FlatIndex.dimensions)
    metric = try file.metric("one for vectors of \(rows.dimension) elements") {
      FlatIndex.measures($0, rows.dimension)
    }
    self.rows = rows
  }
}

/// A vector that was found.
struct Match {
  let distance: Float
  let id: Int

  func precedes(_ other: Match, _ metric: DistanceMetric) -> Bool {
    if distance == other.distance { return id < other.id }
    return metric == .innerProduct ? distance > other.distance : distance < other.distance
  }
}

extension RangeResults {
  init(_ found: [[Match]]) {
    self.init(offsets: [0], distances: [], ids: [])
    for matches in found {
      distances += matches.map(\.distance)
      ids += matches.map(\.id)
      offsets.append(ids.count)
    }
  }
}
