import CKernels

/// How a text becomes a set: the hashes of its shingles, which are runs of a few words, characters or bytes.
///
/// Texts that share most of their shingles are near-duplicates. ``MinHash`` keeps what is needed to tell.
///
/// ```swift
/// let shingler = Shingler.words(3)
/// shingler.shingles(of: "The quick brown fox") == shingler.shingles(of: "the  quick, brown FOX!")  // true: 2 hashes
/// ```
///
/// Words and characters are those of the text in the form NFKC_Casefold, then NFC (The Unicode Standard 3.13, R5; Unicode
/// ``unicodeVersion``, the same on every machine): capitals, full-width letters, ligatures, ways to write an accent, soft
/// hyphens and white space make no difference. Bytes that are no UTF-8 are read as U+FFFD, as `String(decoding:as:)` does.
/// Words of more than 1024 bytes count as several.
///
/// A text with fewer parts than a shingle has one shingle, of all of them; one without any has none.
public struct Shingler: Sendable, Hashable {
  /// What shingles are runs of.
  public enum Unit: Sendable, Hashable {
    /// Words.
    case words
    /// Characters (Unicode scalars) of the words, joined by single spaces.
    case characters
    /// Bytes as they are, without normalization: for what may be no text at all.
    case bytes
  }

  /// What a word is.
  public enum WordRule: Sendable, Hashable {
    /// Letters, numbers and `_` with the marks that follow them (Unicode's categories L, N, M); punctuation separates. A
    /// writing without spaces is one word up to the next punctuation: take
    /// ``Shingler/Unit/characters`` for it.
    case alphanumeric
    /// What stands between white space, punctuation included.
    case betweenSpaces
  }

  /// What shingles are runs of.
  public let unit: Unit
  /// The parts of a shingle: 1 to 64.
  public let size: Int
  /// What a word is; bytes have no use for it.
  public let wordRule: WordRule
  /// What makes one family of hashes differ from another.
  public let seed: UInt64

  /// Shingles of some parts.
  ///
  /// - Precondition: `size` is 1 to 64.
  public init(_ unit: Unit, size: Int, wordRule: WordRule = .alphanumeric, seed: UInt64 = 0) {
    let most = Int(farro_most_shingle_parts)
    require(1...most ~= size, "Shingler: a shingle has 1 to \(most) parts, not \(size)")
    (self.unit, self.size, self.wordRule, self.seed) = (unit, size, wordRule, seed)
  }

  /// Shingles of `size` words.
  public static func words(_ size: Int, rule: WordRule = .alphanumeric, seed: UInt64 = 0) -> Shingler {
    Shingler(.words, size: size, wordRule: rule, seed: seed)
  }

  /// Shingles of `size` characters of the words, joined by single spaces.
  public static func characters(_ size: Int, rule: WordRule = .alphanumeric, seed: UInt64 = 0) -> Shingler {
    Shingler(.characters, size: size, wordRule: rule, seed: seed)
  }

  /// Shingles of `size` bytes.
  public static func bytes(_ size: Int, seed: UInt64 = 0) -> Shingler { Shingler(.bytes, size: size, seed: seed) }

  /// The Unicode version whose tables normalize.
  public static var unicodeVersion: String { String(cString: farro_unicode_version()) }

  /// The hashes of a text's shingles, in the order of the text; those that repeat, repeatedly.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  public func shingles(of text: String) -> [UInt64] { shingles(of: text.utf8) }

  /// The hashes of the shingles of a text in UTF-8; it is copied first unless the sequence keeps it contiguously, as
  /// arrays, slices and buffers do.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  public func shingles(of text: some Sequence<UInt8>) -> [UInt64] { withBytes(text) { shingles(of: $0) } }

  /// The hashes of the shingles of a text in UTF-8.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  public func shingles(of text: UnsafeRawBufferPointer) -> [UInt64] {
    collect(text) { farro_shingles(&$0, $1.baseAddress, $1.count, $2, $3, $4) }
  }

  /// A text as it is compared: its words, joined by single spaces.
  ///
  /// ```swift
  /// Shingler.WordRule.alphanumeric.normalized("Eﬃcient CAFE\u{301}s")  // "efficient cafés"
  /// ```
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  public func normalized(_ text: String) -> String { wordRule.normalized(text) }
}

extension Shingler.WordRule {
  /// A text as it is compared: its words, joined by single spaces.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  public func normalized(_ text: String) -> String {
    withBytes(text.utf8) { bytes in
      var count = 0
      check(farro_normalize_text(rule, bytes.baseAddress, bytes.count, nil, 0, &count), "normalized")
      return String(unsafeUninitializedCapacity: count) { text in
        check(farro_normalize_text(rule, bytes.baseAddress, bytes.count, text.baseAddress, count, &count), "normalized")
        return count
      }
    }
  }
}

extension Reference {
  /// As ``Shingler/shingles(of:)-(String)``.
  package static func shingles(_ shingler: Shingler, _ text: UnsafeRawBufferPointer) -> [UInt64] {
    shingler.collect(text) { farro_shingles_reference(&$0, $1.baseAddress, $1.count, $2, $3, $4) }
  }
}
