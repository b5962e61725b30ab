import Farro
import FarroData

/// All vectors, compared with every query: exact, and the fastest index up to some ten thousand vectors.
///
/// Vectors lie in the order of their ids, so that adding ids beyond all others costs least.
public struct FlatIndex: VectorIndex {
  public let dimension: Int
  public let metric: DistanceMetric
  private(set) var vectors = Column<Float>()
  /// Ascending.
  private(set) var ids = Column<Int>()
  private var nextID = 0

  static let kind = "flat index"

  /// An index without vectors.
  ///
  /// - Throws: ``IndexError`` when `dimension` is not positive, or the metric has a parameter or another dimension.
  public init(dimension: Int, metric: DistanceMetric = .euclidean) throws(IndexError) {
    let supported = 1...FlatIndex.mostElements
    guard supported ~= dimension else {
      throw IndexError(.outOfRange(parameter: "dimension", found: dimension, supported: supported), in: "FlatIndex")
    }
    guard FlatIndex.metrics(dimension).contains(metric) else {
      throw IndexError(.unsupportedMetric(metric, supported: FlatIndex.metrics(dimension)), in: "FlatIndex")
    }
    (self.dimension, self.metric) = (dimension, metric)
  }

  private static let mostElements = 1 << 24

  /// All without a parameter; of the haversine distance, points are two angles.
  private static func metrics(_ dimension: Int) -> [DistanceMetric] {
    DistanceMetric.simple.filter { $0 != .haversine || dimension == 2 }
  }

  public var count: Int { ids.count }

  public var memoryBytes: Int { vectors.bytes + ids.bytes }

  /// Whether there is a vector of that id.
  ///
  /// - Complexity: O(log `count`).
  public func contains(_ id: Int) -> Bool { place(of: id) != nil }

  private func place(of id: Int) -> Int? {
    let place = firstPlace(from: id)
    return place < ids.count && ids[place] == id ? place : nil
  }

  /// Of the first vector whose id is `id` or more.
  private func firstPlace(from id: Int) -> Int {
    ids.withUnsafeBufferPointer { ids in
      var (low, high) = (0, ids.count)
      while low < high {
        let middle = (low + high) / 2
        if ids[middle] < id { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  // MARK: Changes

  /// Adds the rows of `vectors`.
  ///
  /// - Throws: ``IndexError``; the index is then as it was.
  /// - Complexity: O(n d) for n vectors of d elements whose ids are beyond all others, usually; else O((`count` + n) d).
  public mutating func add(_ vectors: Tensor<Float>, ids: [Int]?) throws {
    try checkRows(vectors, dimension, "add")
    let newIDs = try checkedIDs(ids, count: vectors.shape[0], next: nextID, isTaken: contains)
    guard let largest = newIDs.max(), let smallest = newIDs.min() else { return }
    let wasOrdered = self.ids.count == 0 || self.ids[self.ids.count - 1] < smallest
    self.vectors.append(vectors)
    self.ids.append(newIDs.count) { place in for (i, id) in newIDs.enumerated() { place[i] = id } }
    nextID = max(nextID, largest + 1)
    if !wasOrdered || zip(newIDs, newIDs.dropFirst()).contains(where: { $0 > $1 }) { sort() }
  }

  private mutating func sort() {
    let names = ids.withUnsafeBufferPointer(Array.init)
    let order = names.indices.sorted { names[$0] < names[$1] }
    var sorted = Column<Float>()
    sorted.append(vectors.rows(order, dimension))
    (vectors, ids) = (sorted, Column(order.map { names[$0] }))
  }

  /// Removes vectors, and answers how many of them there were.
  ///
  /// - Complexity: O(r log `count`) for r ids, and O(`count` d) when there are any of them.
  @discardableResult
  public mutating func remove(_ ids: some Sequence<Int>) -> Int {
    let places = Set(ids.lazy.compactMap(place)).sorted()
    guard !places.isEmpty else { return 0 }
    vectors.remove(places, width: dimension)
    self.ids.remove(places, width: 1)
    return places.count
  }

  // MARK: Search

  /// The `k` nearest vectors of each query.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries.
  public func search(_ queries: Tensor<Float>, k: Int, filter: SearchFilter?) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "FlatIndex.search: k is \(k)")
    let places = Places(filter, in: self)
    let (distances, indices) = places.withRows {
      nearestNeighbors(of: queries, inRows: $0, k: k, metric: metric, where: places.keep)
    }
    return SearchResults(distances: distances, ids: places.ids(of: indices))
  }

  /// The vectors within a radius of each query.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries, and sorting what is found.
  public func search(_ queries: Tensor<Float>, radius: Float, filter: SearchFilter?) throws -> RangeResults {
    try checkRows(queries, dimension, "search")
    let places = Places(filter, in: self)
    let found = places.withRows {
      radiusNeighbors(of: queries, inRows: $0, radius: Double(radius), metric: metric, where: places.keep)
    }
    return RangeResults(
      offsets: found.offsets,
      distances: found.distances.scalars,
      ids: places.ids(of: found.indices).scalars
    )
  }

  /// What a filter leaves of an index: all rows and which of them count, or a copy of a few rows.
  private struct Places {
    let index: FlatIndex
    private(set) var keep: Tensor<Bool>?
    private var few: (places: [Int], rows: Tensor<Float>)?

    init(_ filter: SearchFilter?, in index: FlatIndex) {
      self.index = index
      guard let filter else { return }
      if case .among(let ids) = filter.rule, ids.count < index.count / 4 {
        let places = ids.compactMap(index.place).sorted()
        few = (places, index.vectors.rows(places, index.dimension))
      } else {
        keep = Tensor((0..<index.count).map { filter.accepts(index.ids[$0]) })
      }
    }

    func withRows<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
      if let few { return few.rows.withUnsafeBufferPointer(body) }
      return index.vectors.withUnsafeBufferPointer(body)
    }

    func ids(of found: Tensor<Int>) -> Tensor<Int> {
      Tensor(
        found.scalars.map { $0 < 0 ? -1 : index.ids[few?.places[$0] ?? $0] },
        shape: found.shape
      )
    }
  }

  // MARK: Files

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["dimension"] = "\(dimension)"
    header["metric"] = metric.name
    header["count"] = "\(count)"
    header["next"] = "\(nextID)"
    try IndexFile.write(FlatIndex.kind, header, [vectors.section("vectors"), ids.section("ids")], to: path)
  }

  /// An index from a file, mapped.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: FlatIndex.kind)
    dimension = try file.integer("dimension", in: 1...FlatIndex.mostElements)
    metric = try file.metric(among: FlatIndex.metrics(dimension))
    nextID = try file.integer("next", in: 0...Int.max)
    let count = try file.integer("count", in: 0...Int.max)
    vectors = try file.column("vectors", count: product(count, dimension))
    ids = try file.column("ids", count: count)
    let next = nextID
    let isSound = ids.withUnsafeBufferPointer { ids in
      ids.indices.allSatisfy { ids[$0] > ($0 == 0 ? -1 : ids[$0 - 1]) && ids[$0] < next }
    }
    guard isSound else {
      throw file.unsuitable("ids", found: "others", expected: "ascending ids below \(next)")
    }
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
