import Farro
import FarroSearch
import Foundation
import Testing

/// What an index should hold: ids and vectors, searched one by one.
private struct Model {
  var vectors: [Int: [Float]] = [:]
  var ids: [Int] = []

  mutating func add(_ id: Int, _ vector: [Float]) {
    vectors[id] = vector
    ids.append(id)
  }

  mutating func remove(at place: Int) -> Int {
    ids.swapAt(place, ids.count - 1)
    vectors[ids[ids.count - 1]] = nil
    return ids.removeLast()
  }
}

@Suite struct RandomOperationTests {
  /// All of them on demand: FARRO_SEARCH_OPERATIONS=1000000.
  private static let operations =
    ProcessInfo.processInfo.environment["FARRO_SEARCH_OPERATIONS"].flatMap(Int.init) ?? 3000

  @Test func `a flat index does as the model does`() throws {
    try run(try FlatIndex(dimension: 6), leastRecall: 1)
  }

  @Test(arguments: [DistanceMetric.squaredEuclidean, .cosine, .innerProduct])
  func `a graph does as the model does`(metric: DistanceMetric) throws {
    try run(try HNSWIndex(dimension: 6, metric: metric, m: 6, efConstruction: 40, efSearch: 40), leastRecall: 0.95)
  }

  @Test(arguments: [DistanceMetric.squaredEuclidean, .cosine, .innerProduct])
  func `lists do as the model does`(metric: DistanceMetric) throws {
    for codes in [IVFIndex.Codes.none, .int8, .product(subspaces: 6)] {
      try run(try IVFIndex(dimension: 6, metric: metric, lists: 8, codes: codes, probes: 5), leastRecall: 0.9)
    }
    try run(try IVFIndex(dimension: 6, metric: metric, lists: 5, probes: 5), leastRecall: 1)
  }

  @Test func `signatures do as the model does`() throws {
    try run(try HyperplaneLSH(dimension: 6, bits: 200, candidates: 40), leastRecall: 0.95)
  }

  private func run(_ start: some VectorIndex, leastRecall: Double) throws {
    var index = start
    var model = Model()
    var random = Xoshiro256(seed: 2026)
    let pool = mixture(2048, 6, centres: 20, seed: 8)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    var (hits, wanted, nextID) = (0, 0, 0)
    for operation in 0..<Self.operations {
      // Grows to some hundreds, and is emptied now and then.
      let isShrinking = operation / 700 % 3 == 2
      switch below(10) {
      case 0..<(isShrinking ? 1 : 4):
        let rows = (0...below(4)).map { _ in below(2048) }
        let ids = below(2) == 0 ? nil : rows.indices.map { nextID + 3 * $0 + below(3) }
        try index.add(pool.gather(rows: rows), ids: ids)
        for (i, row) in rows.enumerated() {
          let id = ids?[i] ?? nextID + i
          model.add(id, elements(pool[row: row]))
        }
        nextID = 1 + (ids?.max() ?? nextID + rows.count - 1)
      case 4..<(isShrinking ? 9 : 6) where !model.ids.isEmpty:
        let id = model.remove(at: below(model.ids.count))
        #expect(index.remove([id, nextID + 5]) == 1)
        #expect(!index.contains(id))
      case 9 where below(60) == 0:
        #expect(index.remove(model.ids) == model.ids.count)
        model = Model()
      case 9 where !model.ids.isEmpty:
        // An id that is taken changes nothing.
        let taken = model.ids[below(model.ids.count)]
        #expect(throws: IndexError.self) { try index.add(pool[0..<2], ids: [nextID, taken]) }
      default:
        let k = 1 + below(6)
        let query = pool[row: below(2048)].reshaped([1, 6])
        let remainder = below(3)
        let filter: SearchFilter? = below(2) == 0 ? nil : .holding { $0 % 3 == remainder }
        let found = try index.search(query, k: k, filter: filter)
        let (share, count) = compare(found, model, query, k, index.metric) { filter == nil || $0 % 3 == remainder }
        hits += share
        wanted += count
      }
      #expect(index.count == model.ids.count)
    }
    #expect(Double(hits) >= leastRecall * Double(wanted), "\(hits) of \(wanted)")
    #expect(wanted > Self.operations / 4)
  }

  /// How many of the nearest were found, and how many there are; what was found must be accepted, at its own distance, in
  /// order, and as many as there can be.
  private func compare(
    _ found: SearchResults,
    _ model: Model,
    _ query: Tensor<Float>,
    _ k: Int,
    _ metric: DistanceMetric,
    _ accepts: (Int) -> Bool
  ) -> (hits: Int, wanted: Int) {
    let target = elements(query)
    let sign = metric == .innerProduct ? -1.0 : 1
    let exact = model.vectors.filter { accepts($0.key) }.mapValues { sign * distance(metric, target, $0) }
    let nearest = exact.values.sorted().prefix(k)
    let ids = elements(found.ids)
    let distances = elements(found.distances).map { sign * Double($0) }
    #expect(ids.prefix { $0 != -1 }.count == nearest.count && ids.dropFirst(nearest.count).allSatisfy { $0 == -1 })
    var hits = 0
    for i in nearest.indices {
      guard let own = exact[ids[i]] else {
        Issue.record("\(ids[i]) is not in the model")
        continue
      }
      let tolerance = 1e-5 * (1 + abs(own))
      #expect(abs(distances[i] - own) <= tolerance)
      #expect(i == 0 || distances[i - 1] < distances[i] || (distances[i - 1] == distances[i] && ids[i - 1] < ids[i]))
      if own <= nearest[nearest.count - 1] + tolerance { hits += 1 }
    }
    #expect(Set(ids.prefix(nearest.count)).count == nearest.count)
    return (hits, nearest.count)
  }
}
