import Farro
import FarroData

/// Rows under ids, in the order of the ids, so that adding ids beyond all others costs least.
struct NamedRows<Element: TensorScalar>: Sendable {
  let dimension: Int
  private(set) var elements = Column<Element>()
  /// Ascending.
  private(set) var ids = Column<Int>()
  private var nextID = 0

  init(dimension: Int) { self.dimension = dimension }

  var count: Int { ids.count }

  var bytes: Int { elements.bytes + ids.bytes }

  func contains(_ id: Int) -> Bool { place(of: id) != nil }

  /// In O(log `count`).
  func place(of id: Int) -> Int? {
    let place = firstPlace(from: id)
    return place < ids.count && ids[place] == id ? place : nil
  }

  /// Of the first row whose id is `id` or more.
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

  /// Adds rows of the right length.
  ///
  /// - Returns: The order that all rows have now, by the places that they had or would have behind them; `nil` for the same.
  mutating func add(_ rows: Tensor<Element>, ids: [Int]?) throws(IndexError) -> [Int]? {
    let newIDs = try checkedIDs(ids, count: rows.shape[0], next: nextID, isTaken: contains)
    guard let largest = newIDs.max(), let smallest = newIDs.min() else { return nil }
    let wasOrdered = self.ids.count == 0 || self.ids[self.ids.count - 1] < smallest
    elements.append(rows)
    self.ids.append(newIDs.count) { place in for (i, id) in newIDs.enumerated() { place[i] = id } }
    nextID = max(nextID, largest + 1)
    if wasOrdered && !zip(newIDs, newIDs.dropFirst()).contains(where: { $0 > $1 }) { return nil }
    let names = self.ids.withUnsafeBufferPointer(Array.init)
    let order = names.indices.sorted { names[$0] < names[$1] }
    elements = elements.reordered(order, dimension)
    self.ids = Column(order.map { names[$0] })
    return order
  }

  /// Removes rows, and answers what their places were, ascending.
  mutating func remove(_ ids: some Sequence<Int>) -> [Int] {
    let places = Set(ids.lazy.compactMap(place)).sorted()
    guard !places.isEmpty else { return [] }
    elements.remove(places, width: dimension)
    self.ids.remove(places, width: 1)
    return places
  }

  // MARK: Search

  /// Of the rows that a filter accepts, ascending; `nil`: all.
  func places(_ filter: SearchFilter?) -> [Int]? {
    guard let filter else { return nil }
    if case .among(let ids) = filter.rule, ids.count < count { return ids.compactMap(place).sorted() }
    return ids.withUnsafeBufferPointer { ids in ids.indices.filter { filter.accepts(ids[$0]) } }
  }

  /// Calls `body` with all rows, or with a copy of those at some places.
  func withRows<Result>(_ places: [Int]?, _ body: (UnsafeBufferPointer<Element>) throws -> Result) rethrows -> Result {
    guard let places else { return try elements.withUnsafeBufferPointer(body) }
    return try elements.rows(places, dimension).withUnsafeBufferPointer(body)
  }

  /// The ids of rows as ``withRows(_:_:)`` numbers them; -1 stays.
  func ids(of found: some Sequence<Int>, _ places: [Int]?) -> [Int] {
    ids.withUnsafeBufferPointer { ids in found.map { $0 < 0 ? -1 : ids[places?[$0] ?? $0] } }
  }

  // MARK: Files

  func describe(in header: inout IndexHeader) {
    header["dimension"] = "\(dimension)"
    header["count"] = "\(count)"
    header["next"] = "\(nextID)"
  }

  var sections: [ArrayFileSection] { [elements.section("vectors"), ids.section("ids")] }

  init(_ file: IndexFile, dimensions: ClosedRange<Int>) throws(ArrayFileError) {
    dimension = try file.integer("dimension", in: dimensions)
    nextID = try file.integer("next", in: 0...Int.max)
    let count = try file.integer("count", in: 0...Int.max)
    elements = try file.column("vectors", count: product(count, dimension))
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

extension Column where Element: TensorScalar {
  /// The rows of `d` elements in another order.
  func reordered(_ order: [Int], _ d: Int) -> Column {
    var sorted = Column()
    sorted.append(rows(order, d))
    return sorted
  }
}
