import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct IVFIndexTests {
  private static let metrics = IVFIndex.metrics
  private static let codes: [IVFIndex.Codes] = [.none, .int8, .product(subspaces: 12)]

  private func pair(
    _ n: Int,
    _ d: Int,
    _ metric: DistanceMetric,
    lists: Int = 40,
    codes: IVFIndex.Codes = .none,
    keepsVectors: Bool = true
  ) throws -> (IVFIndex, FlatIndex) {
    var index = try IVFIndex(dimension: d, metric: metric, lists: lists, codes: codes, keepsVectors: keepsVectors)
    var flat = try FlatIndex(dimension: d, metric: metric)
    let vectors = mixture(n, d, seed: 3)
    try index.add(vectors)
    try flat.add(vectors)
    return (index, flat)
  }

  // MARK: What is found

  @Test(arguments: metrics)
  func `a search of all lists is exact, ties and distances too`(metric: DistanceMetric) throws {
    var (index, flat) = try pair(4000, 20, metric)
    index.probes = 40
    var queries = mixture(100, 20, seed: 4)
    for row in 0..<3 { queries[row: row] = mixture(4000, 20, seed: 3)[row: 7 * row] }
    // Equal vectors, in the same list, and one without direction.
    let twins = mixture(300, 20, seed: 3)
    try index.add(twins)
    try flat.add(twins)
    try index.add(Tensor(zeros: [1, 20]), ids: [90_000])
    try flat.add(Tensor(zeros: [1, 20]), ids: [90_000])
    queries[row: 3] = Tensor(zeros: [20])
    for count in [1, 2, 100] {
      for k in [1, 10, 300] {
        let some = queries[0..<count]
        #expect(try index.search(some, k: k) == flat.search(some, k: k), "\(metric), \(count) queries, k \(k)")
      }
    }
    let filter = SearchFilter.holding { $0 % 3 != 0 }
    #expect(try index.search(queries, k: 12, filter: filter) == flat.search(queries, k: 12, filter: filter))
    let radius = try flat.search(queries, k: 200).distances[0, 199]
    let (found, expected) = (try index.search(queries, radius: radius), try flat.search(queries, radius: radius))
    #expect(found == expected)
    let few = SearchFilter.among((0..<4000).filter { $0 % 50 == 1 })
    #expect(try index.search(queries, k: 12, filter: few) == flat.search(queries, k: 12, filter: few))
  }

  @Test(arguments: metrics, codes)
  func `nearly all neighbours are found, at their exact distances`(metric: DistanceMetric, codes: IVFIndex.Codes) throws
  {
    let (index, flat) = try pair(5000, 24, metric, codes: codes)
    let queries = mixture(200, 24, seed: 4)
    let (found, expected) = (try index.search(queries, k: 10), try flat.search(queries, k: 10))
    // Long vectors are near to all others by the inner product, whichever list they are in.
    #expect(
      recall(found, expected) >= (metric == .innerProduct ? 0.85 : 0.95),
      "\(metric) \(codes): \(recall(found, expected))"
    )
    for row in 0..<200 {
      for i in 0..<10 {
        let vector = elements(flat.rows.elements.rows([found.ids[row, i]], 24))
        let exact = distance(metric, elements(queries[row: row]), vector)
        #expect(abs(Double(found.distances[row, i]) - exact) <= 4e-6 * (4 + abs(exact)))
      }
    }
  }

  @Test(arguments: [DistanceMetric.squaredEuclidean, .cosine, .innerProduct])
  func `codes alone are estimates, the nearer the more bits they have`(metric: DistanceMetric) throws {
    func share(_ codes: IVFIndex.Codes) throws -> (recall: Double, error: Double) {
      var (index, flat) = try pair(3000, 24, metric, codes: codes, keepsVectors: false)
      #expect(!index.keepsVectors && index.vectors.count == 0)
      index.probes = 40
      let queries = mixture(100, 24, seed: 4)
      let (found, expected) = (try index.search(queries, k: 10), try flat.search(queries, k: 10))
      var error = 0.0
      for row in 0..<100 {
        let vector = elements(flat.rows.elements.rows([found.ids[row, 0]], 24))
        let exact = distance(metric, elements(queries[row: row]), vector)
        error += abs(Double(found.distances[row, 0]) - exact) / 100
      }
      #expect(throws: IndexError.self) { try index.train(queries) }
      return (recall(found, expected), error)
    }
    let (bytes, twoBits, oneBit) = (
      try share(.int8), try share(.product(subspaces: 12)), try share(.product(subspaces: 6))
    )
    #expect(bytes.recall >= 0.95 && twoBits.recall >= 0.55 && oneBit.recall >= 0.3, "\(bytes) \(twoBits) \(oneBit)")
    #expect(bytes.error < twoBits.error && twoBits.error < oneBit.error, "\(bytes) \(twoBits) \(oneBit)")
  }

  @Test func `more probes and more that is measured find more`() throws {
    var (index, flat) = try pair(5000, 24, .euclidean, lists: 100, codes: .product(subspaces: 6))
    let queries = mixture(200, 24, spread: 2, seed: 4)
    let expected = try flat.search(queries, k: 10)
    func share(_ probes: Int, _ rerank: Int) throws -> Double {
      (index.probes, index.rerank) = (probes, rerank)
      return recall(try index.search(queries, k: 10), expected)
    }
    let (few, some, all) = (try share(1, 30), try share(10, 30), try share(100, 500))
    #expect(few < some && some < all && all == 1, "\(few) \(some) \(all)")
    #expect(try share(20, 1) < share(20, 10))
  }

  @Test func `data far from the origin has exact distances and good codes`() throws {
    for codes in Self.codes {
      var index = try IVFIndex(dimension: 24, lists: 20, codes: codes)
      var flat = try FlatIndex(dimension: 24)
      let vectors = mixture(3000, 24, seed: 3) + 1000
      try index.add(vectors)
      try flat.add(vectors)
      let queries = mixture(100, 24, seed: 4) + 1000
      let share = recall(try index.search(queries, k: 10), try flat.search(queries, k: 10))
      #expect(share >= 0.95, "\(codes): \(share)")
    }
  }

  @Test(arguments: codes)
  func `where probed lists hold too few, others are probed`(codes: IVFIndex.Codes) throws {
    var (index, _) = try pair(300, 12, .euclidean, lists: 60, codes: codes)
    index.probes = 1
    let found = try index.search(mixture(20, 12, seed: 4), k: 301)
    for row in 0..<20 {
      #expect(Set(elements(found.ids[row: row]).prefix(300)) == Set(0..<300))
      #expect(found.ids[row, 300] == -1 && found.distances[row, 300] == .infinity)
    }
    let filter = SearchFilter.holding { $0 % 2 == 0 }
    let even = try index.search(mixture(20, 12, seed: 4), k: 60, filter: filter)
    #expect(elements(even.ids).allSatisfy { $0 >= 0 && $0 % 2 == 0 })
  }

  @Test(arguments: metrics, codes)
  func `equal vectors and zeros are found by id`(metric: DistanceMetric, codes: IVFIndex.Codes) throws {
    var index = try IVFIndex(dimension: 12, metric: metric, lists: 4, codes: codes, rerank: 60)
    try index.add(Tensor(repeating: 1, shape: [500, 12]))
    try index.add(Tensor(zeros: [20, 12]))
    var queries = Tensor<Float>(repeating: 1, shape: [2, 12])
    queries[row: 1] = Tensor(zeros: [12])
    let found = try index.search(queries, k: 600)
    #expect(elements(found.ids[row: 0]).prefix(520).elementsEqual(0..<520), "\(metric)")
    #expect(elements(found.ids[row: 0]).suffix(80).allSatisfy { $0 == -1 })
    if metric == .cosine { #expect(elements(found.distances[row: 1]).prefix(520).allSatisfy { $0 == 1 }) }
    #expect(elements(try index.search(queries, k: 5).ids[row: 0]) == [0, 1, 2, 3, 4])
  }

  @Test(arguments: codes)
  func `numbers that overflow when they are squared are no trap`(codes: IVFIndex.Codes) throws {
    for metric in Self.metrics {
      var index = try IVFIndex(dimension: 12, metric: metric, lists: 5, codes: codes)
      try index.add(mixture(100, 12, seed: 1))
      try index.add(Tensor(repeating: 3e38, shape: [100, 12]))
      try index.add(Tensor(repeating: -3e38, shape: [10, 12]))
      let found = try index.search(Tensor(repeating: 3e38, shape: [2, 12]), k: 3)
      #expect(elements(found.ids).allSatisfy { $0 < 0 || index.contains($0) })
      index.remove(0..<100)
      #expect(index.count == 110)
    }
  }

  @Test(arguments: [DistanceMetric.euclidean, .squaredEuclidean, .innerProduct], codes)
  func `vectors whose estimates overflow are found all the same`(metric: DistanceMetric, codes: IVFIndex.Codes) throws {
    var index = try IVFIndex(dimension: 12, metric: metric, lists: 10, codes: codes, probes: 10, rerank: 1000)
    var flat = try FlatIndex(dimension: 12, metric: metric)
    let vectors = mixture(200, 12, seed: 1) * 1e25
    try index.add(vectors)
    try flat.add(vectors)
    #expect(try index.search(vectors, k: 5) == flat.search(vectors, k: 5))
  }

  // MARK: Independence

  @Test(arguments: codes)
  func `the result does not depend on threads`(codes: IVFIndex.Codes) throws {
    let (vectors, queries) = (mixture(3000, 24, seed: 3), mixture(100, 24, seed: 4))
    func build(_ threads: Int) throws -> IVFIndex {
      try withThreads(threads) {
        var index = try IVFIndex(dimension: 24, lists: 30, codes: codes)
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
        for codes in [IVFIndex.Codes.none, .int8, .product(subspaces: 11)] {
          let (index, flat) = try pair(1500, 33, .euclidean, lists: 20, codes: codes)
          let queries = mixture(50, 33, seed: 4)
          let share = recall(try index.search(queries, k: 5), try flat.search(queries, k: 5))
          #expect(share >= 0.9, "\(isa) \(codes): \(share)")
        }
      }
    }
  }

  @Test func `searches at the same time find the same`() async throws {
    let (index, _) = try pair(2000, 16, .cosine, codes: .int8)
    let queries = mixture(64, 16, seed: 4)
    let expected = try index.search(queries, k: 8)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try index.search(queries, k: 8) == expected } }
      for try await isSame in group { #expect(isSame) }
    }
  }

  @Test(arguments: codes)
  func `a copy does not see changes`(codes: IVFIndex.Codes) throws {
    var (index, _) = try pair(1000, 12, .euclidean, lists: 10, codes: codes)
    let (before, queries) = (index, mixture(30, 12, seed: 4))
    let expected = try before.search(queries, k: 5)
    index.remove(0..<500)
    try index.add(queries)
    #expect(try before.search(queries, k: 5) == expected && before.count == 1000)
    #expect(try index.search(queries, k: 1).ids[3, 0] == 1003)
  }

  // MARK: Training

  @Test func `an index that grows one by one gets its lists`() throws {
    var index = try IVFIndex(dimension: 8, lists: 30)
    let vectors = mixture(1500, 8, seed: 1)
    #expect(!index.isTrained)
    for row in 0..<1500 { try index.add(vectors[row...row]) }
    #expect(index.listCount == 30 && index.isTrained)
    let counts = (0..<30).map { index.counts[$0] }
    #expect(counts.max()! < 400, "\(counts)")
    index.probes = 30
    let found = try index.search(vectors, k: 1)
    #expect(elements(found.ids).elementsEqual(0..<1500))
  }

  @Test(arguments: codes)
  func `training moves what the index holds to new lists`(codes: IVFIndex.Codes) throws {
    var index = try IVFIndex(dimension: 12, lists: 20, codes: codes)
    try index.train(mixture(50, 12, seed: 7))
    #expect(index.isEmpty && index.listCount == 12)
    var flat = try FlatIndex(dimension: 12)
    try index.add(mixture(2000, 12, seed: 1))
    try flat.add(mixture(2000, 12, seed: 1))
    var shares: [Double] = []
    try index.train(mixture(2000, 12, seed: 2)) { shares.append($0) }
    #expect(index.listCount == 20 && index.count == 2000 && shares == shares.sorted() && shares.count > 3)
    index.probes = 10
    let queries = mixture(100, 12, seed: 4)
    #expect(recall(try index.search(queries, k: 5), try flat.search(queries, k: 5)) >= 0.95)
  }

  @Test func `a cancelled task leaves what there was`() async throws {
    let task = Task {
      var index = try IVFIndex(dimension: 4, lists: 20)
      try index.add(mixture(6000, 4, seed: 1))
      let before = try index.search(mixture(50, 4, seed: 2), k: 5)
      var shares: [Double] = []
      #expect(throws: CancellationError.self) {
        try index.add(mixture(60_000, 4, seed: 3)) { share in
          shares.append(share)
          if share > 0.2 { withUnsafeCurrentTask { $0?.cancel() } }
        }
      }
      #expect(shares.count == 2 && shares[0] == 0 && index.count == 6000 && !index.contains(6000))
      #expect(try index.search(mixture(50, 4, seed: 2), k: 5) == before)
      var none = try IVFIndex(dimension: 4, lists: 3)
      #expect(throws: CancellationError.self) { try none.add(mixture(20, 4, seed: 3)) }
      #expect(throws: CancellationError.self) { try none.train(mixture(20, 4, seed: 3)) }
      #expect(none.isEmpty && !none.isTrained)
    }
    try await task.value
  }

  // MARK: Memory and mistakes

  @Test(arguments: codes)
  func `memory is given back`(codes: IVFIndex.Codes) throws {
    var (index, _) = try pair(20_000, 24, .euclidean, lists: 10, codes: codes)
    let before = index.memoryBytes
    index.remove(0..<19_000)
    #expect(index.memoryBytes * 5 < before, "\(before) \(index.memoryBytes)")
    for round in 0..<40 { try index.add(mixture(50, 24, seed: UInt64(round))) }
    #expect(index.count == 3000 && index.memoryBytes * 2 < before)
    #expect(index.remove(0..<30_000) == 3000 && index.isEmpty)
    #expect(elements(try index.search(mixture(2, 24, seed: 1), k: 1).ids) == [-1, -1])
    try index.add(mixture(50, 24, seed: 8))
    #expect(try index.search(mixture(50, 24, seed: 8), k: 1).ids[7, 0] == 22_007)
  }

  @Test func `what does not fit throws`() throws {
    #expect(throws: IndexError.self) { try IVFIndex(dimension: 3, metric: .manhattan, lists: 4) }
    #expect(throws: IndexError.self) { try IVFIndex(dimension: 70_000, lists: 4) }
    #expect(throws: IndexError.self) { try IVFIndex(dimension: 8, lists: 4, codes: .product(subspaces: 0)) }
    let error = #expect(throws: IndexError.self) { try IVFIndex(dimension: 8, lists: 4, codes: .product(subspaces: 3)) }
    #expect(error?.description == "IVFIndex: 8 elements cannot be cut into 3 subspaces of equal width")
    var index = try IVFIndex(dimension: 3, lists: 4)
    #expect(throws: IndexError.self) { try index.add(Tensor([1, .nan, 2], shape: [1, 3])) }
    #expect(throws: IndexError.self) { try index.train(Tensor([1, .nan, 2], shape: [1, 3])) }
    #expect(throws: IndexError.self) { try index.search(Tensor(zeros: [1, 2]), k: 1) }
    #expect(index.isEmpty && !index.isTrained)
    #expect(elements(try index.search(Tensor(zeros: [1, 3]), k: 2).ids) == [-1, -1])
    #expect(try index.search(Tensor(zeros: [0, 3]), k: 2).ids.shape == [0, 2])
    #expect(try index.search(Tensor(zeros: [1, 3]), radius: 1).offsets == [0, 0])
  }
}
