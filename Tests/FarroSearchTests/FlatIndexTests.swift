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

  @Test(arguments: [0.5, 1, 3, 2.5, .infinity])
  func `a Minkowski distance has any power, which its file keeps`(p: Double) throws {
    try withTemporaryFile { path in
      var index = try FlatIndex(dimension: 4, metric: .minkowski(p: p))
      let (vectors, queries) = (mixture(300, 4, seed: 1), mixture(6, 4, seed: 2))
      try index.add(vectors)
      try index.save(to: path)
      let again = try FlatIndex(contentsOf: path)
      #expect(again.metric == .minkowski(p: p))
      let found = try again.search(queries, k: 5)
      for row in 0..<6 {
        let exact = (0..<300).map { i in
          let parts = zip(elements(queries[row: row]), elements(vectors[row: i])).map { Double(abs($0 - $1)) }
          return p.isInfinite ? parts.max()! : pow(parts.reduce(0) { $0 + pow($1, p) }, 1 / p)
        }
        let best = exact.sorted().prefix(5)
        for i in 0..<5 {
          #expect(abs(Double(found.distances[row, i]) - best[i]) <= 1e-5 * (1 + best[i]))
          #expect(abs(exact[found.ids[row, i]] - best[i]) <= 1e-5 * (1 + best[i]))
        }
      }
    }
    for p in [0, -1, Double.nan] {
      #expect(throws: IndexError.self) { try FlatIndex(dimension: 2, metric: .minkowski(p: p)) }
    }
  }

  @Test func `indexes of one kind or another are used alike`() throws {
    func nearest<Element>(_ index: some NeighborIndex<Element>, _ rows: Tensor<Element>) throws -> [Int] {
      var index = index
      try index.add(rows)
      return elements(try index.search(rows, k: 1).ids)
    }
    #expect(try nearest(FlatIndex(dimension: 3), mixture(9, 3, seed: 1)) == Array(0..<9))
    let bits = Tensor<UInt8>([1, 3, 7, 255], shape: [4, 1])
    #expect(try nearest(BinaryFlatIndex(dimension: 1), bits) == [0, 1, 2, 3])
    var any: [any VectorIndex] = [try FlatIndex(dimension: 3, metric: .cosine), try HyperplaneLSH(dimension: 3)]
    for i in any.indices {
      try any[i].add(mixture(9, 3, seed: 1))
      #expect(try any[i].search(mixture(9, 3, seed: 1), k: 1).ids[8, 0] == 8 && any[i].metric == .cosine)
    }
  }
}
