import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct HyperplaneLSHTests {
  private func pair(_ n: Int, _ d: Int, bits: Int = 256, candidates: Int = 200) throws -> (HyperplaneLSH, FlatIndex) {
    var index = try HyperplaneLSH(dimension: d, bits: bits, candidates: candidates, seed: 3)
    var flat = try FlatIndex(dimension: d, metric: .cosine)
    let vectors = mixture(n, d, seed: 3)
    try index.add(vectors)
    try flat.add(vectors)
    return (index, flat)
  }

  @Test func `nearly all neighbours are found, at their exact distances`() throws {
    let (index, flat) = try pair(5000, 24)
    let queries = mixture(100, 24, seed: 4)
    let (found, expected) = (try index.search(queries, k: 10), try flat.search(queries, k: 10))
    #expect(recall(found, expected) >= 0.95, "\(recall(found, expected))")
    let vectors = mixture(5000, 24, seed: 3)
    for row in 0..<100 {
      for i in 0..<10 {
        let exact = distance(.cosine, elements(queries[row: row]), elements(vectors[row: found.ids[row, i]]))
        #expect(abs(Double(found.distances[row, i]) - exact) <= 2e-6)
      }
    }
  }

  @Test func `more bits and more candidates find more`() throws {
    let queries = mixture(100, 32, seed: 4)
    var shares: [Double] = []
    for (bits, candidates) in [(16, 20), (128, 20), (128, 150), (1000, 300)] {
      let (index, flat) = try pair(4000, 32, bits: bits, candidates: candidates)
      shares.append(recall(try index.search(queries, k: 10), try flat.search(queries, k: 10)))
    }
    #expect(shares == shares.sorted() && shares[0] < 0.3 && shares[3] >= 0.999, "\(shares)")
  }

  @Test func `the share of bits that differ is the angle's`() throws {
    var index = try HyperplaneLSH(dimension: 16, bits: 4096, seed: 5)
    let angles = [0, 0.3, 1.1, Float.pi / 2, 3]
    try index.add(
      Tensor(angles.flatMap { [cos($0), sin($0)] + [Float](repeating: 0, count: 14) }, shape: [angles.count, 16])
    )
    for (i, angle) in angles.enumerated() {
      let differing = (0..<512).reduce(0) {
        $0 + (index.signatures[$1] ^ index.signatures[512 * i + $1]).nonzeroBitCount
      }
      #expect(abs(Double(differing) / 4096 - Double(angle) / .pi) < 0.03, "\(angle)")
    }
  }

  @Test(arguments: [2, 5, 300])
  func `a filter leaves the nearest of those it accepts`(step: Int) throws {
    let (index, flat) = try pair(6000, 16)
    let queries = mixture(40, 16, seed: 4)
    let filter = SearchFilter.holding { $0 % step == 1 }
    let (found, expected) = (
      try index.search(queries, k: 5, filter: filter), try flat.search(queries, k: 5, filter: filter)
    )
    #expect(elements(found.ids).allSatisfy { $0 % step == 1 })
    #expect(recall(found, expected) >= (step == 300 ? 1 : 0.95))
    #expect(try index.search(queries, k: 5, filter: .among((0..<6000).filter { $0 % step == 1 })) == found)
    let (within, exact) = (
      try index.search(queries, radius: 0.2, filter: filter), try flat.search(queries, radius: 0.2, filter: filter)
    )
    #expect(within.ids.allSatisfy { $0 % step == 1 } && Double(within.ids.count) >= 0.99 * Double(exact.ids.count))
  }

  @Test(arguments: [0.05, 0.3, 0.9, 2.5] as [Float])
  func `a radius holds what the exact search finds`(radius: Float) throws {
    let (index, flat) = try pair(3000, 12)
    let queries = mixture(40, 12, seed: 4)
    let (found, expected) = (try index.search(queries, radius: radius), try flat.search(queries, radius: radius))
    var hits = 0
    for query in 0..<40 {
      let ids = found.ids[found.places(ofQuery: query)]
      hits += Set(ids).intersection(expected.ids[expected.places(ofQuery: query)]).count
      let distances = found.distances[found.places(ofQuery: query)]
      #expect(zip(distances, distances.dropFirst()).allSatisfy { $0 <= $1 } && distances.allSatisfy { $0 <= radius })
    }
    #expect(Double(hits) >= 0.99 * Double(expected.ids.count), "\(hits) of \(expected.ids.count)")
    #expect(found.ids.count <= expected.ids.count + 2)
  }

  @Test func `the result does not depend on threads, and the seed decides it`() throws {
    let (vectors, queries) = (mixture(9000, 20, seed: 3), mixture(100, 20, seed: 4))
    func build(_ threads: Int, seed: UInt64 = 1) throws -> SearchResults {
      try withThreads(threads) {
        var index = try HyperplaneLSH(dimension: 20, bits: 77, candidates: 30, seed: seed)
        try index.add(vectors)
        index.remove(stride(from: 0, to: 9000, by: 5))
        return try index.search(queries, k: 10)
      }
    }
    let serial = try build(1)
    #expect(try build(max(2, Threads.current)) == serial)
    #expect(try build(1, seed: 2) != serial)
  }

  @Test func `searches at the same time find the same`() async throws {
    let (index, _) = try pair(2000, 16)
    let queries = mixture(64, 16, seed: 4)
    let expected = try index.search(queries, k: 8)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try index.search(queries, k: 8) == expected } }
      for try await isSame in group { #expect(isSame) }
    }
  }

  @Test func `every instruction set finds the neighbours`() throws {
    for isa in InstructionSet.supported {
      try withInstructionSet(isa) {
        let (index, flat) = try pair(1500, 33)
        let queries = mixture(50, 33, seed: 4)
        #expect(recall(try index.search(queries, k: 5), try flat.search(queries, k: 5)) >= 0.95, "\(isa)")
      }
    }
  }

  @Test func `equal vectors are found by id, zeros are at right angles to all`() throws {
    var index = try HyperplaneLSH(dimension: 3, candidates: 10)
    try index.add(Tensor(repeating: 1, shape: [500, 3]), ids: (0..<500).reversed())
    try index.add(Tensor(zeros: [20, 3]))
    let queries = Tensor<Float>([1, 1, 1, 0, 0, 0], shape: [2, 3])
    #expect(elements(try index.search(queries, k: 7).ids[row: 0]) == Array(0..<7))
    let all = try index.search(queries, k: 2000)
    for row in 0..<2 {
      #expect(elements(all.ids[row: row]).prefix(520).elementsEqual(0..<520))
      #expect(elements(all.ids[row: row]).suffix(1480).allSatisfy { $0 == -1 })
    }
    #expect(elements(all.distances[row: 1]).prefix(520).allSatisfy { $0 == 1 })
    #expect(elements(try index.search(queries, k: 3).distances[row: 1]) == [1, 1, 1])
    #expect(try index.search(queries, radius: 1).offsets == [0, 520, 1040])
    #expect(try index.search(queries, radius: 0.5).offsets == [0, 500, 500])
  }

  @Test func `lengths that squares cannot express do not matter`() throws {
    var index = try HyperplaneLSH(dimension: 2, candidates: 4)
    try index.add(mixture(50, 2, seed: 1))
    try index.add(Tensor([3e38, 3e38, 3e-30, 3.1e-30, 0, 0x1p-140], shape: [3, 2]))
    #expect(try index.search(Tensor([1e-35, 1e-35, 2e38, 2e38], shape: [2, 2]), k: 1).distances[1, 0] < 1e-6)
    #expect(try index.search(Tensor([0, 3e38], shape: [1, 2]), k: 1).ids[0, 0] == 52)
  }

  @Test func `a copy does not see changes, and a saved index goes on as the first would`() throws {
    try withTemporaryFile { path in
      var index = try HyperplaneLSH(dimension: 9, bits: 100, candidates: 20, seed: 7)
      try index.add(mixture(900, 9, seed: 1), ids: (0..<900).map { 900 - $0 })
      let before = index
      index.remove([5, 7, 100])
      #expect(before.count == 900 && before.contains(7) && !index.contains(7))
      try index.save(to: path)
      let bytes = FileManager.default.contents(atPath: path)
      var again = try HyperplaneLSH(contentsOf: path)
      #expect(again.count == 897 && again.bits == 100 && again.candidates == 20 && again.seed == 7)
      #expect(again.memoryBytes == index.memoryBytes)
      let queries = mixture(20, 9, seed: 2)
      #expect(try again.search(queries, k: 7) == index.search(queries, k: 7))
      try again.add(mixture(300, 9, seed: 3))
      try index.add(mixture(300, 9, seed: 3))
      #expect(again.contains(901) && again.remove(8..<400) == index.remove(8..<400))
      #expect(try again.search(queries, k: 7) == index.search(queries, k: 7))
      #expect(FileManager.default.contents(atPath: path) == bytes)
    }
  }

  @Test func `what does not fit throws, and an empty index has results`() throws {
    let error = #expect(throws: IndexError.self) { try HyperplaneLSH(dimension: 3, bits: 0) }
    #expect(error?.description == "HyperplaneLSH: bits is 0, and must be from 1 to 65536")
    #expect(throws: IndexError.self) { try HyperplaneLSH(dimension: 0) }
    #expect(throws: IndexError.self) { try HyperplaneLSH(dimension: 3, candidates: 1025) }
    var index = try HyperplaneLSH(dimension: 3)
    #expect(throws: IndexError.self) { try index.add(Tensor([1, .nan, 2], shape: [1, 3])) }
    #expect(throws: IndexError.self) { try index.search(Tensor(zeros: [1, 2]), k: 1) }
    #expect(index.isEmpty)
    #expect(elements(try index.search(Tensor(zeros: [1, 3]), k: 2).ids) == [-1, -1])
    #expect(try index.search(Tensor(zeros: [2, 3]), radius: 1).offsets == [0, 0, 0])
    #expect(try index.search(Tensor(zeros: [0, 3]), k: 2).ids.shape == [0, 2])
  }

  @Test func `a cancelled task adds nothing`() async throws {
    let task = Task {
      var (index, _) = try pair(100, 12)
      withUnsafeCurrentTask { $0?.cancel() }
      #expect(throws: CancellationError.self) { try index.add(mixture(20, 12, seed: 4)) }
      return index
    }
    let index = try await task.value
    let (untouched, _) = try pair(100, 12)
    #expect(index.count == 100 && index.signatures.count == untouched.signatures.count)
  }
}
