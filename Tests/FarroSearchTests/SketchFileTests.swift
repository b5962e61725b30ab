import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct SketchFileTests {
  /// A sketch of each kind, whatever its type: its bytes, and how they are read and used.
  struct Kind: Sendable, CustomTestStringConvertible {
    let name: String
    let save: @Sendable (String) throws -> Void
    let bytes: @Sendable () throws -> [UInt8]
    /// Reads a file and uses what was read.
    let read: @Sendable (String) throws -> Void
    let readBytes: @Sendable ([UInt8]) throws -> Void
    let isSame: @Sendable (String) throws -> Bool
    let areSame: @Sendable ([UInt8]) throws -> Bool
    var testDescription: String { name }

    init<Sketch: ArrayFileRepresentable & Equatable & Sendable>(
      _ name: String,
      _ sketch: Sketch,
      _ use: @escaping @Sendable (Sketch) throws -> some Any
    ) {
      self.name = name
      save = { try sketch.save(to: $0) }
      bytes = { try sketch.serialized() }
      read = { _ = try use(Sketch(contentsOf: $0)) }
      readBytes = { _ = try use(Sketch(serialized: $0)) }
      isSame = { try Sketch(contentsOf: $0) == sketch }
      areSame = { try Sketch(serialized: $0) == sketch }
    }
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

    var (affine, legacy) = (DatasketchMinHash(slots: 7, seed: .max), DatasketchMinHash(slots: 5, scheme: .legacy))
    affine.insert(contentsOf: ["a", "b"])
    legacy.insert("a")
    var votes = SimHash.Votes()
    votes.insert(contentsOf: elements, weights: elements.indices.map { Float($0 % 7) / 3 })

    return [
      Kind("minhash", minHash) { $0.jaccardSimilarity(to: $0) },
      Kind("minhashes", minHashes) { $0.jaccardSimilarities() },
      Kind("b-bit", minHashes.packed(bits: 2)) { $0.jaccardSimilarities() },
      Kind("weighted", weighted) { $0.similarity(to: $0) },
      Kind("simhash", simHashes) { $0.count },
      Kind("votes", votes) { $0.simHash },
      Kind("datasketch", affine) { $0.jaccardSimilarity(to: $0) },
      Kind("datasketch of old", legacy) { $0.jaccardSimilarity(to: $0) },
      Kind("few", few, use),
      Kind("many", many, use),
      Kind("bloom", filter) { filter in
        var filter = filter
        filter.insert(contentsOf: 0..<50)
        return filter.membership(of: 0..<50)
      },
      Kind("count-min", counts) { sketch in
        var sketch = sketch
        sketch.insert(hashes: elements)
        return sketch.estimatedCounts(ofHashes: elements)
      },
      Kind("heavy hitters", hitters, use),
      Kind("rare hitters", rare, use),
    ]
  }()

  @Sendable private static func use(_ sketch: HyperLogLog) throws -> Double {
    var sketch = sketch
    sketch.insert(contentsOf: 0..<500)
    return try sketch.union(sketch.reduced(to: 4)).estimatedCount
  }

  @Sendable private static func use(_ hitters: HeavyHitters) throws -> [HeavyHitters.Element] {
    var hitters = hitters
    hitters.insert(contentsOf: 0..<500)
    try hitters.merge(hitters)
    return hitters.elements
  }

  @Test(arguments: kinds) func `a saved sketch is the same, and its bytes are the file's`(kind: Kind) throws {
    try withTemporaryFile { path in
      try kind.save(path)
      #expect(try kind.isSame(path))
      let bytes = try kind.bytes()
      #expect(FileManager.default.contents(atPath: path).map(Array.init) == bytes)
      #expect(try kind.areSame(bytes))
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
    let whole = try kind.bytes()
    for place in whole.indices {
      var changed = whole
      changed[place] ^= 1 << UInt8(place % 8)
      #expect(throws: ArrayFileError.self) { try kind.readBytes(changed) }
    }
    for length in whole.indices {
      #expect(throws: ArrayFileError.self) { try kind.readBytes(Array(whole[..<length])) }
    }
    #expect(throws: ArrayFileError.self) { try kind.readBytes(whole + [0]) }
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
