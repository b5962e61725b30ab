import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct FlatIndexTests {
  @Test func `the nearest come first, equally near ones by id`() throws {
    var index = try FlatIndex(dimension: 1)
    try index.add(Tensor([5, 1, 3, 1], shape: [4, 1]), ids: [7, 40, 2, 4])
    let found = try index.search(Tensor([1, 4], shape: [2, 1]), k: 3)
    #expect(elements(found.ids) == [4, 40, 2, 2, 7, 4])
    #expect(elements(found.distances) == [0, 0, 2, 1, 1, 3])
    let few = try index.search(Tensor([0], shape: [1, 1]), k: 6)
    #expect(elements(few.ids) == [4, 40, 2, 7, -1, -1])
    #expect(elements(few.distances).suffix(2) == [.infinity, .infinity])
    let within = try index.search(Tensor([1, 100, 4], shape: [3, 1]), radius: 2)
    #expect(within.offsets == [0, 3, 3, 5] && within.ids == [4, 40, 2, 2, 7] && within.distances == [0, 0, 2, 1, 1])
    #expect(within.places(ofQuery: 2) == 3..<5)
  }

  @Test(arguments: [DistanceMetric.euclidean, .squaredEuclidean, .manhattan, .cosine, .innerProduct])
  func `results are those of the definition for more vectors than a block has`(metric: DistanceMetric) throws {
    let (n, d, k) = (4500, 7, 12)
    let vectors = mixture(n, d, seed: 3)
    let queries = mixture(600, d, seed: 4)
    var index = try FlatIndex(dimension: d, metric: metric)
    try index.add(vectors)
    let found = try index.search(queries, k: k)
    let rows = (0..<n).map { elements(vectors[row: $0]) }
    for query in [0, 1, 511, 512, 599] {
      let exact = rows.map { distance(metric, elements(queries[row: query]), $0) }
      let best = exact.sorted { metric == .innerProduct ? $0 > $1 : $0 < $1 }
      for i in 0..<k {
        let value = Double(found.distances[query, i])
        #expect(abs(value - best[i]) <= 1e-5 * (1 + abs(best[i])))
        #expect(abs(exact[found.ids[query, i]] - best[i]) <= 1e-5 * (1 + abs(best[i])))
      }
      #expect(Set(elements(found.ids[row: query])).count == k)
    }
    let filtered = try index.search(queries, k: k, filter: .holding { $0 % 3 == 0 })
    #expect(elements(filtered.ids).allSatisfy { $0 % 3 == 0 })
    let same = try index.search(queries, k: k, filter: .among((0..<n).filter { $0 % 3 == 0 } + [n + 5]))
    #expect(same == filtered)
    #expect(try index.search(queries, k: k, filter: .except((0..<n).filter { $0 % 3 != 0 })) == filtered)
  }

  @Test func `a copy does not see changes, and removed ids can come back`() throws {
    var index = try FlatIndex(dimension: 2)
    try index.add(Tensor([0, 0, 1, 0, 2, 0], shape: [3, 2]))
    let before = index
    #expect(index.remove([1, 1, 9]) == 1)
    #expect(index.count == 2 && !index.contains(1) && before.contains(1) && before.count == 3)
    try index.add(Tensor([5, 5], shape: [1, 2]))
    #expect(index.contains(3))
    try index.add(Tensor([7, 7], shape: [1, 2]), ids: [1])
    #expect(elements(try index.search(Tensor([7, 6], shape: [1, 2]), k: 4).ids) == [1, 3, 2, 0])
    #expect(index.remove(0..<10) == 4 && index.isEmpty)
  }

  @Test func `what does not fit throws and changes nothing`() throws {
    var index = try FlatIndex(dimension: 2)
    try index.add(Tensor([0, 0, 1, 0], shape: [2, 2]))
    func problem(_ vectors: Tensor<Float>, _ ids: [Int]?) -> IndexError.Problem? {
      do { try index.add(vectors, ids: ids) } catch { return (error as? IndexError)?.problem }
      return nil
    }
    let one = Tensor<Float>([1, 2], shape: [1, 2])
    #expect(problem(Tensor(zeros: [1, 3]), nil) == .wrongShape(found: [1, 3], dimension: 2))
    #expect(problem(Tensor(zeros: [2]), nil) == .wrongShape(found: [2], dimension: 2))
    #expect(problem(one, [1]) == .duplicateID(1, row: 0))
    #expect(problem(Tensor(zeros: [2, 2]), [5, 5]) == .duplicateID(5, row: 1))
    #expect(problem(one, [-1]) == .invalidID(-1, row: 0))
    #expect(problem(one, [5, 6]) == .wrongIDCount(found: 2, expected: 1))
    #expect(problem(Tensor([1, 2, .nan, 3], shape: [2, 2]), nil) == .notFinite(row: 1, column: 0, value: "nan"))
    #expect(
      problem(Tensor([1, 2, 3, -.infinity], shape: [2, 2]), nil) == .notFinite(row: 1, column: 1, value: "-inf")
    )
    #expect(problem(Tensor([3e38, 3e38], shape: [1, 2]), [Int.max - 1]) == nil)
    #expect(problem(one, nil) == .noIDsLeft)
    #expect(index.count == 3)
    #expect(throws: IndexError.self) { try index.search(Tensor(zeros: [1, 3]), k: 1) }
    let error = #expect(throws: IndexError.self) { try FlatIndex(dimension: 0) }
    #expect(error?.description == "FlatIndex: dimension is 0, and must be from 1 to 16777216")
  }

  @Test func `an empty index and no queries have results`() throws {
    let index = try FlatIndex(dimension: 3, metric: .innerProduct)
    let found = try index.search(Tensor(zeros: [2, 3]), k: 2)
    #expect(elements(found.ids) == [-1, -1, -1, -1])
    #expect(elements(found.distances).allSatisfy { $0 == -.infinity })
    #expect(try index.search(Tensor(zeros: [0, 3]), k: 2).ids.shape == [0, 2])
    #expect(try index.search(Tensor(zeros: [2, 3]), k: 0).ids.shape == [2, 0])
    #expect(try index.search(Tensor(zeros: [2, 3]), radius: 0).offsets == [0, 0, 0])
  }

  @Test func `a saved index is the same, and can be changed`() throws {
    try withTemporaryFile { path in
      var index = try FlatIndex(dimension: 5, metric: .cosine)
      try index.add(mixture(300, 5, seed: 1), ids: (0..<300).map { $0 * 2 })
      index.remove([4, 6])
      try index.save(to: path)
      var again = try FlatIndex(contentsOf: path)
      let queries = mixture(9, 5, seed: 2)
      #expect(try again.search(queries, k: 7) == index.search(queries, k: 7))
      #expect(again.metric == .cosine && again.count == 298 && again.memoryBytes == index.memoryBytes)
      try again.add(queries)
      try index.add(queries)
      again.remove([0])
      index.remove([0])
      #expect(try again.search(queries, k: 7) == index.search(queries, k: 7))
      #expect(try FlatIndex(contentsOf: path).count == 298)
      #expect(throws: ArrayFileError.self) { try HNSWIndex(contentsOf: path) }
    }
  }
}
