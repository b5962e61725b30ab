import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct HNSWIndexTests {
  private static let metrics = HNSWIndex.metrics

  private func pair(_ n: Int, _ d: Int, _ metric: DistanceMetric) throws -> (HNSWIndex, FlatIndex) {
    var index = try HNSWIndex(dimension: d, metric: metric, efConstruction: 100)
    var flat = try FlatIndex(dimension: d, metric: metric)
    let vectors = mixture(n, d, seed: 3)
    try index.add(vectors)
    try flat.add(vectors)
    return (index, flat)
  }

  @Test(arguments: metrics)
  func `nearly all neighbours are found, at their exact distances`(metric: DistanceMetric) throws {
    let (index, flat) = try pair(5000, 24, metric)
    let queries = mixture(200, 24, seed: 4)
    let (found, expected) = (try index.search(queries, k: 10), try flat.search(queries, k: 10))
    #expect(recall(found, expected) >= 0.97, "\(metric): \(recall(found, expected))")
    for row in 0..<200 {
      for i in 0..<10 {
        let exact = distance(metric, elements(queries[row: row]), vector(index, flat, found.ids[row, i]))
        #expect(abs(Double(found.distances[row, i]) - exact) <= 4e-6 * (4 + abs(exact)))
      }
    }
  }

  private func vector(_ index: HNSWIndex, _ flat: FlatIndex, _ id: Int) -> [Float] {
    elements(flat.rows.elements.rows([id], flat.dimension))
  }

  @Test func `more breadth finds more`() throws {
    var (index, flat) = try pair(5000, 24, .euclidean)
    let queries = mixture(200, 24, seed: 4)
    let expected = try flat.search(queries, k: 10)
    index.efSearch = 1
    let narrow = recall(try index.search(queries, k: 10), expected)
    index.efSearch = 200
    let wide = recall(try index.search(queries, k: 10), expected)
    #expect(narrow < wide && wide >= 0.995, "\(narrow) \(wide)")
  }

  @Test func `the result does not depend on threads`() throws {
    let (vectors, queries) = (mixture(3000, 20, seed: 3), mixture(100, 20, seed: 4))
    func build(_ threads: Int) throws -> HNSWIndex {
      try withThreads(threads) {
        var index = try HNSWIndex(dimension: 20, m: 8, efConstruction: 60)
        try index.add(vectors)
        index.remove(stride(from: 0, to: 3000, by: 5))
        return index
      }
    }
    let (one, many) = (try build(1), try build(max(2, Threads.current)))
    try withTemporaryFile { path in
      try one.save(to: path)
      let bytes = FileManager.default.contents(atPath: path)
      try many.save(to: path)
      #expect(bytes == FileManager.default.contents(atPath: path))
    }
    let serial = try withThreads(1) { try one.search(queries, k: 10) }
    #expect(try many.search(queries, k: 10) == serial)
  }

  @Test func `every instruction set finds the neighbours`() throws {
    for isa in InstructionSet.supported {
      try withInstructionSet(isa) {
        let (index, flat) = try pair(1500, 33, .euclidean)
        let queries = mixture(50, 33, seed: 4)
        #expect(recall(try index.search(queries, k: 5), try flat.search(queries, k: 5)) >= 0.97, "\(isa)")
      }
    }
  }

  @Test func `searches at the same time find the same`() async throws {
    let (index, _) = try pair(2000, 16, .cosine)
    let queries = mixture(64, 16, seed: 4)
    let expected = try index.search(queries, k: 8)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try index.search(queries, k: 8) == expected } }
      for try await isSame in group { #expect(isSame) }
    }
  }

  @Test(arguments: [2, 5, 100, 4000])
  func `a filter leaves the nearest of those it accepts`(step: Int) throws {
    let (index, flat) = try pair(4000, 16, .euclidean)
    let queries = mixture(60, 16, seed: 4)
    let filter = SearchFilter.holding { $0 % step == 1 }
    let (found, expected) = (
      try index.search(queries, k: 5, filter: filter), try flat.search(queries, k: 5, filter: filter)
    )
    #expect(elements(found.ids).allSatisfy { $0 == -1 || $0 % step == 1 })
    if step >= 100 { #expect(found.ids == expected.ids) } else { #expect(recall(found, expected) >= 0.95) }
    let ids = (0..<4000).filter { $0 % step == 1 }
    #expect(try index.search(queries, k: 5, filter: .among(ids)) == found)
  }

  @Test(arguments: metrics)
  func `a radius holds what the exact search finds`(metric: DistanceMetric) throws {
    let (index, flat) = try pair(3000, 12, metric)
    let queries = mixture(40, 12, seed: 4)
    // As far as the 300th neighbour of one, so that walks must become wider.
    let radius = try flat.search(queries, k: 300).distances[0, 299]
    let (found, expected) = (try index.search(queries, radius: radius), try flat.search(queries, radius: radius))
    var hits = 0
    for query in 0..<40 {
      let ids = Set(found.ids[found.places(ofQuery: query)])
      hits += ids.intersection(expected.ids[expected.places(ofQuery: query)]).count
    }
    #expect(Double(hits) >= 0.97 * Double(expected.ids.count), "\(hits) of \(expected.ids.count)")
    #expect(found.ids.count <= expected.ids.count + 2)
  }

  @Test func `removed vectors are not found, and the others still are`() throws {
    var (index, flat) = try pair(4000, 16, .euclidean)
    let queries = mixture(100, 16, seed: 4)
    for round in 0..<7 {
      let ids = (0..<4000).filter { $0 % 8 == round }
      #expect(index.remove(ids) == 500)
      flat.remove(ids)
      #expect(index.count == flat.count && index.places * 7 <= index.count * 8)
      let (found, expected) = (try index.search(queries, k: 10), try flat.search(queries, k: 10))
      #expect(elements(found.ids).allSatisfy { flat.contains($0) })
      #expect(recall(found, expected) >= 0.95, "\(round): \(recall(found, expected))")
    }
    #expect(index.remove(0..<4000) == 500 && index.isEmpty && index.places == 0)
    try index.add(queries)
    #expect(try index.search(queries, k: 1).ids[5, 0] == 4005)
  }

  @Test func `vectors far from those before are still told apart`() throws {
    var index = try HNSWIndex(dimension: 8)
    var flat = try FlatIndex(dimension: 8)
    for (i, factor) in [1, 1, 20, 20, 20, 1].enumerated() as EnumeratedSequence<[Float]> {
      let vectors = mixture(300, 8, seed: UInt64(i)) * factor
      try index.add(vectors)
      try flat.add(vectors)
    }
    let queries = mixture(100, 8, seed: 50) * 20
    let share = recall(try index.search(queries, k: 5), try flat.search(queries, k: 5))
    #expect(share >= 0.95, "\(share)")
  }

  @Test func `equal vectors and zeros are found by id`() throws {
    for metric in Self.metrics {
      var index = try HNSWIndex(dimension: 3, metric: metric, m: 4)
      try index.add(Tensor(repeating: 1, shape: [500, 3]))
      try index.add(Tensor(zeros: [20, 3]))
      let found = try index.search(Tensor([1, 1, 1, 0, 0, 0], shape: [2, 3]), k: 600)
      #expect(elements(found.ids[row: 0]).prefix(520).elementsEqual(0..<520), "\(metric)")
      #expect(elements(found.ids[row: 0]).suffix(80).allSatisfy { $0 == -1 })
      if metric == .cosine { #expect(elements(found.distances[row: 1]).prefix(520).allSatisfy { $0 == 1 }) }
    }
  }

  @Test func `cosines do not care for lengths that squares cannot express`() throws {
    var index = try HNSWIndex(dimension: 2, metric: .cosine)
    try index.add(Tensor([3e30, 4e30, 4e-30, 3e-30, 0, 0x1p-140], shape: [3, 2]))
    let found = try index.search(Tensor([3, 4], shape: [1, 2]), k: 3)
    #expect(elements(found.ids) == [0, 1, 2])
    #expect(worst(elements(found.distances), [0, 0.04, 0.2]) < 1e-6)
  }

  private func worst(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map { abs($0 - $1) }.max() ?? .infinity }

  @Test func `a cancelled task leaves what there was`() async throws {
    let task = Task {
      var index = try HNSWIndex(dimension: 4)
      try index.add(mixture(6000, 4, seed: 1), progress: { _ in })
      let before = try index.search(mixture(50, 4, seed: 2), k: 5)
      var shares: [Double] = []
      #expect(throws: CancellationError.self) {
        try index.add(mixture(9000, 4, seed: 3)) { share in
          shares.append(share)
          if share > 0.4 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      #expect(shares.count == 2 && shares[0] == 0 && index.count == 6000 && !index.contains(6000))
      #expect(recall(try index.search(mixture(50, 4, seed: 2), k: 5), before) >= 0.95)
      var none = try HNSWIndex(dimension: 4)
      #expect(throws: CancellationError.self) { try none.add(mixture(20, 4, seed: 3)) }
      #expect(none.isEmpty)
    }
    try await task.value
  }

  @Test func `numbers that overflow when they are added are no trap`() throws {
    for metric in Self.metrics {
      var index = try HNSWIndex(dimension: 2, metric: metric)
      try index.add(mixture(100, 2, seed: 1))
      try index.add(Tensor(repeating: 3e38, shape: [100, 2]))
      try index.add(Tensor(repeating: -3e38, shape: [10, 2]))
      let found = try index.search(Tensor([0, 0, 3e38, 3e38], shape: [2, 2]), k: 3)
      #expect(elements(found.ids).allSatisfy { index.contains($0) })
      index.remove(0..<100)
      #expect(index.count == 110)
    }
  }

  @Test func `what does not fit throws`() throws {
    #expect(throws: IndexError.self) { try HNSWIndex(dimension: 3, metric: .manhattan) }
    #expect(throws: IndexError.self) { try HNSWIndex(dimension: 40000) }
    let error = #expect(throws: IndexError.self) { try HNSWIndex(dimension: 3, m: 1) }
    #expect(error?.description == "HNSWIndex: m is 1, and must be from 2 to 256")
    var index = try HNSWIndex(dimension: 3)
    #expect(throws: IndexError.self) { try index.add(Tensor([1, .nan, 2], shape: [1, 3])) }
    #expect(throws: IndexError.self) { try index.search(Tensor(zeros: [1, 2]), k: 1) }
    #expect(index.isEmpty)
    #expect(elements(try index.search(Tensor(zeros: [1, 3]), k: 2).ids) == [-1, -1])
  }
}
