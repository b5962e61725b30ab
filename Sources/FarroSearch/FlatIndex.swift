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

  private static let kind = "flat index"

  /// An index without vectors.
  ///
  /// - Throws: ``IndexError`` when `dimension` is not positive.
  public init(dimension: Int, metric: DistanceMetric = .euclidean) throws(IndexError) {
    let supported = 1...FlatIndex.mostElements
    guard supported ~= dimension else {
      throw IndexError(.outOfRange(parameter: "dimension", found: dimension, supported: supported), in: "FlatIndex")
    }
    (self.dimension, self.metric) = (dimension, metric)
  }

  private static let mostElements = 1 << 24

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
    let m = queries.shape[0]
    let places = acceptedPlaces(filter)
    var best = [[Match]](repeating: [], count: m)
    forEachBlock(queries, places) { distances, queryRows, block in
      let kept = min(k, block.count)
      let (values, columns) = topK(distances, kept, smallest: metric != .innerProduct)
      for row in 0..<queryRows.count {
        let found = (0..<kept).map { Match(distance: values[row, $0], id: ids[block[columns[row, $0]]]) }
        let query = queryRows.lowerBound + row
        best[query] = merged(best[query], found, most: k)
      }
    }
    return results(best, k)
  }

  /// The vectors within a radius of each query.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries, and sorting what is found.
  public func search(_ queries: Tensor<Float>, radius: Float, filter: SearchFilter?) throws -> RangeResults {
    try checkRows(queries, dimension, "search")
    var found = [[Match]](repeating: [], count: queries.shape[0])
    forEachBlock(queries, acceptedPlaces(filter)) { distances, queryRows, block in
      distances.withUnsafeBufferPointer { distances in
        for row in 0..<queryRows.count {
          for column in 0..<block.count where isWithin(distances[row * block.count + column], radius) {
            let match = Match(distance: distances[row * block.count + column], id: ids[block[column]])
            found[queryRows.lowerBound + row].append(match)
          }
        }
      }
    }
    return RangeResults(found.map { $0.sorted { $0.precedes($1, metric) } })
  }

  /// In ascending order, hence in that of ids.
  private func acceptedPlaces(_ filter: SearchFilter?) -> [Int] {
    guard let filter else { return Array(0..<count) }
    if case .among(let ids) = filter.rule, ids.count < count { return ids.compactMap(place).sorted() }
    return (0..<count).filter { filter.accepts(ids[$0]) }
  }

  /// Calls `body` with the distances of some queries to some vectors, for all of either: 8 MB at a time.
  private func forEachBlock(
    _ queries: Tensor<Float>,
    _ places: [Int],
    _ body: (Tensor<Float>, Range<Int>, ArraySlice<Int>) -> Void
  ) {
    let (mostQueries, mostVectors) = (512, 4096)
    for first in stride(from: 0, to: places.count, by: mostVectors) {
      let block = places[first..<min(first + mostVectors, places.count)]
      let rows = vectors.rows(block, dimension)
      for query in stride(from: 0, to: queries.shape[0], by: mostQueries) {
        let queryRows = query..<min(query + mostQueries, queries.shape[0])
        let distances = pairwiseDistances(queries[queryRows], rows, metric: metric)
        // Indices from 0, as the columns have.
        body(distances, queryRows, ArraySlice(Array(block)))
      }
    }
  }

  private func merged(_ a: [Match], _ b: [Match], most: Int) -> [Match] {
    if a.isEmpty { return b }
    var (result, i, j) = ([Match](), 0, 0)
    result.reserveCapacity(min(most, a.count + b.count))
    while result.count < most, i < a.count || j < b.count {
      if j == b.count || i < a.count && !b[j].precedes(a[i], metric) {
        result.append(a[i])
        i += 1
      } else {
        result.append(b[j])
        j += 1
      }
    }
    return result
  }

  private func results(_ best: [[Match]], _ k: Int) -> SearchResults {
    var distances = Tensor<Float>(repeating: worstDistance, shape: [best.count, k])
    var ids = Tensor<Int>(repeating: -1, shape: [best.count, k])
    for (row, matches) in best.enumerated() {
      for (column, match) in matches.enumerated() {
        distances[row, column] = match.distance
        ids[row, column] = match.id
      }
    }
    return SearchResults(distances: distances, ids: ids)
  }

  // MARK: Files

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["dimension"] = "\(dimension)"
    header["metric"] = metric.rawValue
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
    metric = try file.metric(among: DistanceMetric.allCases)
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
