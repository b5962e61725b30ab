import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct SketchFileTests {
  /// A sketch of each kind, whatever its type: how it is written, read and compared.
  struct Kind: Sendable, CustomTestStringConvertible {
    let name: String
    let save: @Sendable (String) throws -> Void
    /// Reads a file and uses what was read.
    let read: @Sendable (String) throws -> Void
    let isSame: @Sendable (String) throws -> Bool
    var testDescription: String { name }
  }

  static let elements = (0..<300).map { XXH3.hash("element \($0)") }

  static let minHashes = MinHashes(
    of: ["some words and some more", "other words", ""],
    by: .words(1),
    scheme: .init(.bins, slots: 20, seed: .max)
  )

  static let kinds: [Kind] = {
    var weighted = WeightedMinHash(slots: 9, seed: 3)
    weighted.insert(contentsOf: elements, weights: elements.indices.map { Float($0 % 7) })
    let simHashes = [SimHash(of: elements), SimHash(of: Array(elements.prefix(9)))]
    var (few, many) = (HyperLogLog(precision: 8, seed: 4), HyperLogLog(precision: 5, seed: 4))
    few.insert(contentsOf: 0..<40)
    many.insert(hashes: elements)
    var filter = BloomFilter(blocks: 3, seed: 8)
    filter.insert(contentsOf: 0..<30)
    var counts = CountMinSketch(width: 13, depth: 2, seed: 1, isConservative: true)
    counts.insert(contentsOf: (0..<100).map { $0 % 13 })
    var hitters = HeavyHitters(capacity: 12)
    hitters.insert(contentsOf: (0..<100).map { $0 * $0 % 17 })
    var rare = HeavyHitters(capacity: 8)
    rare.insert(contentsOf: [5, 6, 5])
    let minHash = MinHash(.init(.permutations, slots: 33, seed: 2), of: elements)

    return [
      kind("minhash", minHash, { try $0.save(to: $1) }, MinHash.init(contentsOf:)) { $0.jaccardSimilarity(to: $0) },
      kind("minhashes", minHashes, { try $0.save(to: $1) }, MinHashes.init(contentsOf:)) { $0.jaccardSimilarities() },
      kind("b-bit", minHashes.packed(bits: 2), { try $0.save(to: $1) }, PackedMinHashes.init(contentsOf:)) {
        $0.jaccardSimilarities()
      },
      kind("weighted", weighted, { try $0.save(to: $1) }, WeightedMinHash.init(contentsOf:)) { $0.similarity(to: $0) },
      kind("simhash", simHashes, { try $0.save(to: $1) }, [SimHash].init(contentsOf:)) { $0.count },
      kind("few", few, { try $0.save(to: $1) }, HyperLogLog.init(contentsOf:), use),
      kind("many", many, { try $0.save(to: $1) }, HyperLogLog.init(contentsOf:), use),
      kind("bloom", filter, { try $0.save(to: $1) }, BloomFilter.init(contentsOf:)) { filter in
        var filter = filter
        filter.insert(contentsOf: 0..<50)
        return filter.membership(of: 0..<50)
      },
      kind("count-min", counts, { try $0.save(to: $1) }, CountMinSketch.init(contentsOf:)) { sketch in
        var sketch = sketch
        sketch.insert(hashes: elements)
        return sketch.estimatedCounts(ofHashes: elements)
      },
      kind("heavy hitters", hitters, { try $0.save(to: $1) }, HeavyHitters.init(contentsOf:), use),
      kind("rare hitters", rare, { try $0.save(to: $1) }, HeavyHitters.init(contentsOf:), use),
    ]
  }()

  @Sendable private static func use(_ sketch: HyperLogLog) -> Double {
    var sketch = sketch
    sketch.insert(contentsOf: 0..<500)
    return sketch.union(sketch.reduced(to: 4)).estimatedCount
  }

  @Sendable private static func use(_ hitters: HeavyHitters) -> [HeavyHitters.Element] {
    var hitters = hitters
    hitters.insert(contentsOf: 0..<500)
    hitters.merge(hitters)
    return hitters.elements
  }

  private static func kind<Sketch: Equatable & Sendable>(
    _ name: String,
    _ sketch: Sketch,
    _ save: @escaping @Sendable (Sketch, String) throws -> Void,
    _ read: @escaping @Sendable (String) throws -> Sketch,
    _ use: @escaping @Sendable (Sketch) -> some Any
  ) -> Kind {
    Kind(
      name: name,
      save: { try save(sketch, $0) },
      read: { _ = use(try read($0)) },
      isSame: { try read($0) == sketch }
    )
  }

  @Test(arguments: kinds) func `a saved sketch is the same`(kind: Kind) throws {
    try withTemporaryFile { path in
      try kind.save(path)
      #expect(try kind.isSame(path))
    }
  }

  @Test func `a sketch that is read goes on as the first would`() throws {
    try withTemporaryFile { path in
      var hitters = HeavyHitters(capacity: 7)
      hitters.insert(contentsOf: (0..<1000).map { $0 * $0 % 31 })
      try hitters.save(to: path)
      var again = try HeavyHitters(contentsOf: path)
      hitters.insert(contentsOf: (0..<1000).map { $0 * $0 % 37 })
      again.insert(contentsOf: (0..<1000).map { $0 * $0 % 37 })
      #expect(again == hitters)
      var sketch = HyperLogLog(precision: 6)
      sketch.insert(contentsOf: 0..<10)
      try sketch.save(to: path)
      var other = try HyperLogLog(contentsOf: path)
      sketch.insert(contentsOf: 5..<1000)
      other.insert(contentsOf: 5..<1000)
      #expect(other == sketch)
    }
  }

  @Test func `a file of another kind is refused`() throws {
    try withTemporaryFile { path in
      for (i, kind) in Self.kinds.enumerated() {
        try kind.save(path)
        // Those before and after are of the same kind for some.
        let other = Self.kinds[(i + 3) % Self.kinds.count]
        #expect(throws: ArrayFileError.self) { try other.read(path) }
      }
      try Data("no sketch".utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: ArrayFileError.self) { try HyperLogLog(contentsOf: path) }
      #expect(throws: FileError.self) { try BloomFilter(contentsOf: path + ".none") }
      try Self.minHashes.save(to: path)
      #expect(throws: ArrayFileError.self) { try MinHash(contentsOf: path) }
    }
  }

  @Test(arguments: kinds) func `a change of any byte, and a cut anywhere, is found`(kind: Kind) throws {
    try withTemporaryFile { path in
      try kind.save(path)
      let whole = try #require(FileManager.default.contents(atPath: path)).map { $0 }
      for place in whole.indices {
        var changed = whole
        changed[place] ^= 1 << UInt8(place % 8)
        try Data(changed).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try kind.read(path) }
      }
      for length in stride(from: 0, to: whole.count, by: 7) {
        try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try kind.read(path) }
      }
    }
  }

  /// Numbers at random in place of what a section holds, under checksums that are right.
  /// Longer on demand: FARRO_FUZZ_CASES=1000000.
  @Test(arguments: kinds) func `a file that is made to deceive is read or refused, and nothing else`(kind: Kind) throws
  {
    try withTemporaryFile { path in
      try kind.save(path)
      try deceive(path, cases: 300, readable: 0.02, to: 1) { try kind.read(path) }
    }
  }
}
