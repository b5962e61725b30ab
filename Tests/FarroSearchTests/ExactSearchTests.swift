import Farro
import FarroData
import FarroSearch
import Testing

@Suite struct ExactSearchTests {
  @Test(arguments: [DistanceMetric.euclidean, .cosine, .innerProduct, .manhattan, .minkowski(p: 3)])
  func `neighbours are those of the whole base, however it is cut`(metric: DistanceMetric) throws {
    // Each row twice: ties are broken by index.
    let half = mixture(5000, 5, seed: 1)
    let base = concatenate([half, half])
    let queries = mixture(17, 5, seed: 3)
    var search = try ExactSearch(base, metric: metric)
    search.rowsAtFirst = 700
    for k in [1, 10, 300] {
      var seen: [Double] = []
      let found = try search.nearest(to: queries, k: k) { seen.append($0) }
      let expected = nearestNeighbors(of: queries, in: base, k: k, metric: metric)
      #expect(found.distances == expected.distances && found.indices == expected.indices)
      #expect(seen.first == 0 && seen.last == 1 && seen == seen.sorted() && seen.count > 2)
    }
    let radius = Double(try search.nearest(to: queries, k: 20).distances[0, 19])
    let within = try search.within(radius, of: queries)
    #expect(within == radiusNeighbors(of: queries, in: base, radius: radius, metric: metric))
  }

  @Test func `rows of a file are searched where they are`() throws {
    let (base, queries) = (mixture(6000, 3, seed: 1), mixture(9, 3, seed: 2))
    try withTemporaryFile { path in
      try NPY.write(base, to: path)
      let mapped = try NPY.map(path, as: Float.self)
      let expected = nearestNeighbors(of: queries, in: base, k: 4, metric: .euclidean)
      let found = try ExactSearch(mapped, metric: .euclidean).nearest(to: queries, k: 4)
      #expect(found.distances == expected.distances && found.indices == expected.indices)

      let bytes = base.map { Int8($0 * 10) }
      try NPY.write(bytes, to: path)
      let exact = nearestNeighbors(of: queries, in: bytes, k: 4, metric: .cosine)
      let ofBytes = try ExactSearch(NPY.map(path, as: Int8.self), metric: .cosine).nearest(to: queries, k: 4)
      #expect(ofBytes.distances == exact.distances && ofBytes.indices == exact.indices)
      let manhattan = try ExactSearch(NPY.map(path, as: Int8.self), metric: .manhattan).nearest(to: queries, k: 4)
      #expect(manhattan == nearestNeighbors(of: queries, in: Tensor<Float>(casting: bytes), k: 4, metric: .manhattan))
    }
  }

  @Test func `a base without rows, no neighbours and no queries are no mistakes`() throws {
    let (base, queries) = (mixture(6, 3, seed: 1), mixture(2, 3, seed: 2))
    let none = try ExactSearch(Tensor<Float>(zeros: [0, 3]), metric: .innerProduct).nearest(to: queries, k: 2)
    #expect(elements(none.indices) == [-1, -1, -1, -1] && elements(none.distances).allSatisfy { $0 == -.infinity })
    #expect(try ExactSearch(base, metric: .euclidean).nearest(to: queries, k: 0).indices.shape == [2, 0])
    #expect(try ExactSearch(base, metric: .euclidean).nearest(to: base[0..<0], k: 2).indices.shape == [0, 2])
    let few = try ExactSearch(base, metric: .euclidean).nearest(to: queries, k: 9)
    #expect((6..<9).allSatisfy { few.indices[1, $0] == -1 && few.distances[1, $0] == .infinity })
  }

  @Test func `what does not suit is refused`() throws {
    var base = mixture(6000, 3, seed: 1)
    base[5999, 2] = .nan
    let error = try #require(throws: IndexError.self) {
      _ = try ExactSearch(base, metric: .euclidean).nearest(to: base[0..<1], k: 1)
    }
    #expect(error.problem == .notFinite(row: 5999, column: 2, value: "nan"))
    #expect(throws: IndexError.self) { _ = try ExactSearch(base, metric: .haversine) }
    #expect(throws: IndexError.self) { _ = try ExactSearch(base[row: 0], metric: .euclidean) }
    #expect(throws: IndexError.self) {
      _ = try ExactSearch(base, metric: .euclidean).nearest(to: mixture(2, 4, seed: 1), k: 1)
    }
  }

  @Test func `a search that is cancelled ends`() async throws {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      let base = mixture(100, 3, seed: 1)
      _ = try ExactSearch(base, metric: .euclidean).nearest(to: base, k: 1)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}

@Suite struct AnyIndexTests {
  @Test func `a file's kind need not be known to open it`() throws {
    let vectors = mixture(200, 8, seed: 1)
    let kinds: [any VectorIndex] = [
      try FlatIndex(dimension: 8, metric: .cosine), try IVFIndex(dimension: 8, metric: .cosine, lists: 9),
      try HNSWIndex(dimension: 8, metric: .cosine), try HyperplaneLSH(dimension: 8),
    ]
    try withTemporaryFile { path in
      for var index in kinds {
        try index.add(vectors)
        try index.save(to: path)
        let opened = try openIndex(path)
        #expect(type(of: opened) == type(of: index))
        #expect(try opened.search(vectors, k: 3) == index.search(vectors, k: 3))
      }
      try ArrayFile.write(kind: "notes", version: 1, sections: [], to: path)
      let error = try #require(throws: ArrayFileError.self) { _ = try openIndex(path) }
      let names = ["flat index", "ivf index", "hnsw index", "hyperplane lsh"].joined(separator: "\" or \"")
      #expect(error.problem == .otherKind(found: "notes", expected: names))
      #expect(throws: FileError.self) { _ = try openIndex(path + ".none") }
    }
  }

  @Test(arguments: [DistanceMetric.euclidean, .cosine, .innerProduct])
  func `an exact search of an approximate index finds what a flat index finds`(metric: DistanceMetric) throws {
    let (vectors, queries) = (mixture(500, 8, seed: 1), mixture(20, 8, seed: 2))
    let (ids, removed) = ((0..<500).map { 3 * $0 + 1 }, [1, 4, 301])
    var flat = try FlatIndex(dimension: 8, metric: metric)
    try flat.add(vectors, ids: ids)
    flat.remove(removed)
    let truth = try flat.search(queries, k: 7)
    func expectTruth(_ index: some ApproximateIndex) throws {
      var index = index
      try index.add(vectors, ids: ids)
      index.remove(removed)
      let exact = try index.exactSearch(queries, k: 7)
      #expect(exact.recall(against: truth, metric: metric) > 0.99)
      #expect(try index.recall(of: queries, k: 7) > 0.5)
    }
    try expectTruth(HNSWIndex(dimension: 8, metric: metric))
    try expectTruth(IVFIndex(dimension: 8, metric: metric, lists: 20))
    try expectTruth(IVFIndex(dimension: 8, metric: metric, lists: 20, codes: .int8))
    if metric == .cosine { try expectTruth(HyperplaneLSH(dimension: 8)) }
    var codes = try IVFIndex(dimension: 8, metric: metric, lists: 4, codes: .int8, keepsVectors: false)
    try codes.add(vectors)
    #expect(throws: IndexError.self) { try codes.exactSearch(queries, k: 1) }
  }

  @Test func `recall is the share of true neighbours, or of others as near`() {
    func results(_ ids: [Int], _ distances: [Float]) -> SearchResults {
      SearchResults(distances: Tensor(distances, shape: [2, 2]), ids: Tensor(ids, shape: [2, 2]))
    }
    let exact = results([1, 2, 3, 4], [0, 1, 0, 1])
    #expect(exact.recall(against: exact, metric: .euclidean) == 1)
    #expect(results([1, 9, 8, 7], [0, 2, 2, 2]).recall(against: exact, metric: .euclidean) == 0.25)
    #expect(results([1, 9, 3, -1], [0, 1, 0, .infinity]).recall(against: exact, metric: .euclidean) == 0.75)
    let none = results([-1, -1, -1, -1], [.infinity, .infinity, .infinity, .infinity])
    #expect(exact.recall(against: none, metric: .euclidean) == 1)
    #expect(none.recall(against: exact, metric: .euclidean) == 0)
  }
}
