import Testing

@testable import Farro

/// Shingles of texts. The kernels' own test program compares every path with a reference, byte by byte.
@Suite struct ShinglerTests {
  @Test func `texts are normalized as Python's unicodedata does it`() {
    for (i, text) in SketchGolden.texts.enumerated() {
      #expect(scalars(Shingler.WordRule.alphanumeric.normalized(text)) == scalars(SketchGolden.alphanumeric[i]))
      #expect(scalars(Shingler.WordRule.betweenSpaces.normalized(text)) == scalars(SketchGolden.betweenSpaces[i]))
    }
    #expect(Shingler.unicodeVersion == "14.0.0")
  }

  // Strings are equal when they are canonically equivalent; these must be the same scalars.
  private func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

  @Test func `what normalization takes away makes no difference`() {
    let shingler = Shingler.words(3)
    let expected = shingler.shingles(of: "the quick brown fox jumps")
    #expect(expected.count == 3 && Set(expected).count == 3)
    #expect(shingler.shingles(of: "  The QUICK,\n\tbrown — fox… “jumps”!") == expected)
    #expect(shingler.shingles(of: "the quick brown fox jumped") != expected)
    #expect(shingler.shingles(of: "quick the brown fox jumps") != expected)
    #expect(Shingler.words(3, seed: 1).shingles(of: "the quick brown fox jumps") != expected)
    #expect(Shingler.words(3, rule: .betweenSpaces).shingles(of: "the quick, brown fox jumps")[0] != expected[0])
  }

  @Test func `short texts have one shingle and empty ones none`() {
    #expect(Shingler.words(5).shingles(of: "two words").count == 1)
    #expect(Shingler.words(5).shingles(of: "two words") != Shingler.words(5).shingles(of: "words two"))
    #expect(Shingler.words(2).shingles(of: "two words") == Shingler.words(5).shingles(of: "two words"))
    #expect(Shingler.words(5).shingles(of: " .,; \n").isEmpty)
    #expect(Shingler.characters(5).shingles(of: "").isEmpty)
    #expect(Shingler.bytes(5).shingles(of: [1, 2]).count == 1)
    #expect(Shingler.characters(3).shingles(of: "Añb c").count == 3)
  }

  @Test func `texts with more shingles than bytes are read whole`() {
    let text = String(repeating: "\u{FDFA}", count: 100)  // 18 characters each
    #expect(Shingler.characters(1).shingles(of: text).count == 100 * 18)
    for unit in [Shingler.Unit.words, .characters, .bytes] {
      let shingler = Shingler(unit, size: 4)
      let expected = Array(text.utf8).withUnsafeBytes { Reference.shingles(shingler, $0) }
      #expect(shingler.shingles(of: text) == expected)
    }
  }

  @Test func `broken UTF-8 is read as Swift reads it`() {
    var generator = SplitMix(state: 3)
    for _ in 0..<500 {
      let bytes = (0..<Int(generator.next() % 24)).map { _ in
        [0x41, 0x20, 0xC3, 0xA9, 0xE2, 0x80, 0x9C, 0xF0, 0x9F, 0x98, 0x80, 0xED, 0xFF][Int(generator.next() % 13)]
          as UInt8
      }
      let repaired = String(decoding: bytes, as: UTF8.self)
      let shingler = Shingler.characters(2, rule: .betweenSpaces)
      #expect(shingler.shingles(of: bytes) == shingler.shingles(of: repaired), "\(bytes)")
    }
  }
}

/// SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}
