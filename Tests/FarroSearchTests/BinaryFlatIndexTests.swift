import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct BinaryFlatIndexTests {
  private static let metrics = BinaryFlatIndex.Metric.allCases

  /// Rows with few bits, of which many are equally far apart and some are empty.
  private static func codes(_ count: Int, _ bytes: Int, seed: UInt64) -> Tensor<UInt8> {
    var random = Xoshiro256(seed: seed)
    return Tensor(
      (0..<count * bytes).map { _ in UInt8(truncatingIfNeeded: random.next() & random.next() >> 8 & random.next() >> 16)
      },
      shape: [count, bytes]
    )
  }

  private static func distance(_ metric: BinaryFlatIndex.Metric, _ x: [UInt8], _ y: [UInt8]) -> Float {
    let differing = zip(x, y).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    let both = (x + y).reduce(0) { $0 + $1.nonzeroBitCount }
    switch metric {
    case .hamming: return Float(differing)
    case .jaccard: return both == 0 ? 0 : Float(Double(differing) / Double((both + differing) / 2))
    case .dice: return both == 0 ? 0 : Float(Double(differing) / Double(both))
    }
  }

  /// Ids and distances of all vectors, best first.
  private static func all(
    _ vectors: [Int: [UInt8]],
    _ query: [UInt8],
    _ metric: BinaryFlatIndex.Metric
  ) -> [(id: Int, distance: Float)] {
    vectors.map { ($0.key, distance(metric, query, $0.value)) }
      .sorted { $0.distance == $1.distance ? $0.id < $1.id : $0.distance < $1.distance }
  }

  @Test(arguments: metrics)
  func `results are those of the definition`(metric: BinaryFlatIndex.Metric) throws {
    let (n, bytes) = (1500, 9)
    let (vectors, queries) = (Self.codes(n, bytes, seed: 1), Self.codes(20, bytes, seed: 2))
    var index = try BinaryFlatIndex(dimension: bytes, metric: metric)
    try index.add(vectors, ids: (0..<n).map { ($0 * 7 + 3) % n * 2 })
    let model = Dictionary(uniqueKeysWithValues: (0..<n).map { (($0 * 7 + 3) % n * 2, elements(vectors[row: $0])) })
    let filters: [(SearchFilter?, (Int) -> Bool)] = [
      (nil, { _ in true }), (.holding { $0 % 3 == 0 }, { $0 % 3 == 0 }),
      (.among([4, 900, 2, 90_001]), { [4, 900, 2].contains($0) }), (.except(0..<2000), { $0 >= 2000 }),
      (.among([-5]), { _ in false }),
    ]
    for (filter, accepts) in filters {
      // Beyond what the kernel keeps, too, and beyond all.
      for k in [0, 1, 10, 1024, 1025, n + 3] {
        let found = try index.search(queries, k: k, filter: filter)
        #expect(found.ids.shape == [20, k] && found.distances.shape == [20, k])
        for query in [0, 7, 19] {
          let best = Self.all(model.filter { accepts($0.key) }, elements(queries[row: query]), metric).prefix(k)
          let missing = k - best.count
          #expect(elements(found.ids[row: query]) == best.map(\.id) + [Int](repeating: -1, count: missing))
          #expect(
            elements(found.distances[row: query]) == best.map(\.distance)
              + [Float](repeating: .infinity, count: missing)
          )
        }
      }
      let middle = Self.all(model, elements(queries[row: 0]), metric)[n / 20].distance
      for radius in [-1, 0, middle, .infinity] {
        let found = try index.search(queries, radius: radius, filter: filter)
        for query in [0, 7, 19] {
          let within = Self.all(model.filter { accepts($0.key) }, elements(queries[row: query]), metric)
            .filter { $0.distance <= radius }
          let places = found.places(ofQuery: query)
          #expect(
            Array(found.ids[places]) == within.map(\.id) && Array(found.distances[places]) == within.map(\.distance)
          )
        }
      }
    }
  }

  @Test(arguments: metrics)
  func `random operations do as the model does`(metric: BinaryFlatIndex.Metric) throws {
    var index = try BinaryFlatIndex(dimension: 3, metric: metric)
    var model: [Int: [UInt8]] = [:]
    var random = Xoshiro256(seed: 7)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let pool = Self.codes(512, 3, seed: 3)
    var nextID = 0
    for operation in 0..<1500 {
      switch below(operation / 300 % 2 == 0 ? 4 : 7) {
      case 0, 1:
        let rows = (0...below(3)).map { _ in below(512) }
        let ids = below(2) == 0 ? nil : rows.indices.map { nextID + 5 - 2 * $0 }
        try index.add(pool.gather(rows: rows), ids: ids)
        for (i, row) in rows.enumerated() { model[ids?[i] ?? nextID + i] = elements(pool[row: row]) }
        nextID = 1 + (ids?.max() ?? nextID + rows.count - 1)
      case 2, 3:
        let query = pool[row: below(512)]
        let remainder = below(3)
        let filter: SearchFilter? = below(2) == 0 ? nil : .holding { $0 % 3 == remainder }
        let found = try index.search(query.reshaped([1, 3]), k: 5, filter: filter)
        let best = Self.all(model.filter { filter?.accepts($0.key) ?? true }, elements(query), metric).prefix(5)
        #expect(elements(found.ids).filter { $0 >= 0 } == best.map(\.id))
      default:
        guard let id = model.keys.min(by: { $0 &* 40503 % 1009 < $1 &* 40503 % 1009 }) else { continue }
        model[id] = nil
        #expect(index.remove([id, nextID + 9]) == 1 && !index.contains(id))
      }
      #expect(index.count == model.count)
    }
    #expect(nextID > 500)
  }

  @Test func `a copy does not see changes, and a saved index goes on as the first would`() throws {
    try withTemporaryFile { path in
      var index = try BinaryFlatIndex(dimension: 4, metric: .jaccard)
      try index.add(Self.codes(200, 4, seed: 1), ids: (0..<200).map { 3 * $0 })
      let before = index
      index.remove([3, 9])
      #expect(before.count == 200 && before.contains(9) && !index.contains(9))
      try index.save(to: path)
      let bytes = FileManager.default.contents(atPath: path)
      var again = try BinaryFlatIndex(contentsOf: path)
      #expect(again.metric == .jaccard && again.count == 198 && again.memoryBytes == index.memoryBytes)
      try again.add(Self.codes(50, 4, seed: 2))
      try index.add(Self.codes(50, 4, seed: 2))
      #expect(again.remove(0..<30) == index.remove(0..<30))
      let queries = Self.codes(9, 4, seed: 3)
      #expect(try again.search(queries, k: 7) == index.search(queries, k: 7))
      #expect(FileManager.default.contents(atPath: path) == bytes)
      #expect(throws: ArrayFileError.self) { try FlatIndex(contentsOf: path) }
    }
  }

  @Test func `every instruction set and any number of threads finds the same`() throws {
    let (vectors, queries) = (Self.codes(20_000, 8, seed: 1), Self.codes(30, 8, seed: 2))
    var index = try BinaryFlatIndex(dimension: 8)
    try index.add(vectors)
    let (found, within) = (try index.search(queries, k: 10), try index.search(queries, radius: 5))
    #expect(within.ids.count > 30)
    for isa in InstructionSet.supported {
      let serial = try withInstructionSet(isa) {
        try withThreads(1) { (try index.search(queries, k: 10), try index.search(queries, radius: 5)) }
      }
      #expect(serial.0 == found && serial.1 == within, "\(isa)")
    }
  }

  @Test func `what does not fit throws, and an empty index has results`() throws {
    #expect(throws: IndexError.self) { try BinaryFlatIndex(dimension: 1 << 22) }
    let error = #expect(throws: IndexError.self) { try BinaryFlatIndex(dimension: 0) }
    #expect(error?.description == "BinaryFlatIndex: dimension is 0, and must be from 1 to 2097152")
    var index = try BinaryFlatIndex(dimension: 2)
    #expect(throws: IndexError.self) { try index.add(Tensor<UInt8>(zeros: [1, 3])) }
    #expect(throws: IndexError.self) { try index.add(Tensor<UInt8>(zeros: [2, 2]), ids: [1, 1]) }
    #expect(throws: IndexError.self) { try index.search(Tensor<UInt8>(zeros: [2]), k: 1) }
    #expect(index.isEmpty)
    #expect(elements(try index.search(Tensor<UInt8>(zeros: [1, 2]), k: 2).ids) == [-1, -1])
    #expect(try index.search(Tensor<UInt8>(zeros: [2, 2]), radius: 9).offsets == [0, 0, 0])
    #expect(try index.search(Tensor<UInt8>(zeros: [0, 2]), k: 2).ids.shape == [0, 2])
  }
}
