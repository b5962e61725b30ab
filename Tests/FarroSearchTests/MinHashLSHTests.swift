import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct MinHashLSHTests {
  private let scheme = MinHash.Scheme(.bins, slots: 128, seed: 3)

  /// Sets in families of ten that share most elements, with ids 3 apart.
  private func signature(_ number: Int) -> MinHash {
    var generator = Xoshiro256(seed: UInt64(number / 10))
    let elements = (0..<300).map { _ in generator.next() }
    var own = Xoshiro256(seed: UInt64(1000 + number))
    return MinHash(scheme, of: elements.dropFirst(number % 10 * 8) + (0..<number % 10 * 8).map { _ in own.next() })
  }

  private func index(_ count: Int) throws -> MinHashLSH {
    var index = MinHashLSH(scheme, threshold: 0.8)
    for number in 0..<count { try index.insert(signature(number), id: 3 * number) }
    return index
  }

  /// From datasketch 2.0's `_optimal_param(threshold, num_perm, false_positive_weight, false_negative_weight)`.
  @Test(arguments: [
    (0.5, 64, 14, 4, 21, 3), (0.5, 128, 25, 5, 32, 4), (0.7, 64, 8, 8, 12, 5), (0.7, 128, 14, 9, 20, 6),
    (0.8, 64, 5, 11, 9, 7), (0.8, 128, 9, 13, 14, 9), (0.8, 256, 17, 15, 23, 11), (0.9, 128, 5, 25, 8, 16),
    (0.9, 256, 9, 28, 13, 19), (0.95, 128, 3, 42, 5, 25),
  ])
  func `bands are those of datasketch`(threshold: Double, slots: Int, bands: Int, rows: Int, more: Int, fewer: Int) {
    #expect(LSHBands(threshold: threshold, slots: slots) == LSHBands(bands: bands, rows: rows))
    let weighted = LSHBands(threshold: threshold, slots: slots, foundWeight: 0.1, missedWeight: 0.9)
    #expect(weighted == LSHBands(bands: more, rows: fewer))
    #expect(LSHBands(bands: 2, rows: 3).probability(at: 0.5) == 1 - 0.875 * 0.875)
  }

  /// All that agree in a band, by the definition.
  private func expected(_ query: MinHash, among numbers: [Int], _ bands: LSHBands) -> [Int] {
    let slots = query.filledSlots
    return numbers.filter { number in
      let other = signature(number).filledSlots
      return (0..<bands.bands).contains { band in
        let some = band * bands.rows..<(band + 1) * bands.rows
        return slots[some] == other[some]
      }
    }
    .map { 3 * $0 }
  }

  @Test func `a query finds all that agree in a band, through insertions and removals`() throws {
    var index = try index(300)
    var present = Array(0..<300)
    #expect(index.count == 300 && index.contains(27) && !index.contains(28))
    var found = 0
    for round in 0..<3 {
      for number in stride(from: round, to: 300, by: 17) {
        let ids = index.query(signature(number))
        #expect(ids == expected(signature(number), among: present, index.bands))
        found += ids.count
        let matches = index.query(signature(number), minimumSimilarity: 0.8)
        #expect(Set(matches.map(\.id)).isSubset(of: ids) && matches.allSatisfy { $0.similarity >= 0.8 })
        #expect(zip(matches, matches.dropFirst()).allSatisfy { $0.similarity >= $1.similarity })
        if let first = matches.first, present.contains(number) { #expect(first.similarity == 1) }
      }
      // Enough that the index is made anew.
      let gone = present.filter { $0 % 3 != 0 || round == 1 && $0 % 2 == 0 }
      let removed = gone.filter { index.remove(3 * $0) }
      #expect(removed == gone)
      let isRemovedAgain = gone.first.map { index.remove(3 * $0) } ?? false
      #expect(!isRemovedAgain)
      present.removeAll { gone.contains($0) }
      #expect(index.ids == present.map { 3 * $0 })
    }
    #expect(found > 80)
    try index.insert(signature(1), id: 3)
    #expect(index.query(signature(1)).contains(3))
  }

  @Test func `ids that are taken or negative are refused, and copies are snapshots`() throws {
    var index = try index(5)
    #expect(throws: IndexError.self) { try index.insert(signature(9), id: 3) }
    #expect(throws: IndexError.self) { try index.insert(signature(9), id: -1) }
    let copy = index
    index.remove(0)
    #expect(copy.contains(0) && !index.contains(0) && copy.query(signature(0)).contains(0))
    #expect(MinHashLSH(scheme, threshold: 0.5).query(signature(0)) == [])
    #expect(copy.memoryBytes > 5 * 128 * 4)
  }

  @Test func `a saved index is the same, and goes on`() throws {
    try withTemporaryFile { path in
      var index = try index(100)
      for number in stride(from: 0, to: 100, by: 7) { index.remove(3 * number) }
      try index.save(to: path)
      var again = try MinHashLSH(contentsOf: path)
      #expect(again.ids == index.ids && again.bands == index.bands && again.scheme == index.scheme)
      try again.insert(signature(200), id: 1)
      try index.insert(signature(200), id: 1)
      for number in 0..<100 { #expect(again.query(signature(number)) == index.query(signature(number))) }
      try MinHashLSH(scheme, threshold: 0.5).save(to: path)
      #expect(try MinHashLSH(contentsOf: path).isEmpty)
    }
  }

  @Test func `a change of any byte, and a cut anywhere, is found`() throws {
    try withTemporaryFile { path in
      try index(4).save(to: path)
      let whole = try #require(FileManager.default.contents(atPath: path)).map { $0 }
      for place in stride(from: 0, to: whole.count, by: 5) {
        var changed = whole
        changed[place] ^= 1 << UInt8(place % 8)
        try Data(changed).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try MinHashLSH(contentsOf: path) }
        try Data(whole[..<place]).write(to: URL(fileURLWithPath: path))
        #expect(throws: (any Error).self) { try MinHashLSH(contentsOf: path) }
      }
    }
  }

  @Test(arguments: ["slots 127", "rows 0", "bands 129", "places 5", "engine none", "threshold 2"])
  func `a header that does not suit is refused`(line: String) throws {
    try withTemporaryFile { path in
      var header = IndexHeader()
      for pair in ["engine bins", "slots 128", "seed 3", "threshold 0.8", "bands 9", "rows 13", "places 4", line] {
        let parts = pair.split(separator: " ")
        header[String(parts[0])] = String(parts[1])
      }
      let index = try index(4)
      let sections = [
        index.table.ids.section("ids"), index.live.section("live"), index.signatures.section("signatures"),
      ]
      try IndexFile.write("minhash lsh", header, sections, to: path)
      #expect(throws: ArrayFileError.self) { try MinHashLSH(contentsOf: path) }
    }
  }
}
