import CKernels

/// How texts are cut into terms. Letters and digits are what `\w` is in Python's regular expressions, white space what `\s` is,
/// and small letters those of its `str.lower`.
public struct TermRule: Sendable, Hashable, Codable {
  /// What a term is made of.
  public enum Unit: String, Sendable, Hashable, Codable, CaseIterable {
    /// Words, joined by single spaces.
    case words = "word"
    /// Characters, two or more white ones counting as one space.
    case characters = "char"
    /// Characters of what stands between white space, with a space before and behind it.
    case charactersInWords = "char_wb"
    /// Words as ``PackedTexts/append(words:)`` has them, joined by single spaces, as they are.
    case givenWords = "given"
  }

  /// What a term is made of.
  public var unit: Unit
  /// Whether capitals become small letters first.
  public var lowercase: Bool
  /// The fewest characters of a word.
  public var shortestWord: Int
  /// How many words or characters a term has.
  public var sizes: ClosedRange<Int>

  public init(unit: Unit = .words, lowercase: Bool = true, shortestWord: Int = 2, sizes: ClosedRange<Int> = 1...1) {
    (self.unit, self.lowercase, self.shortestWord, self.sizes) = (unit, lowercase, shortestWord, sizes)
  }

  fileprivate var rule: farro_term_rule {
    let unit =
      switch self.unit {
      case .words: FARRO_TERM_WORDS
      case .characters: FARRO_TERM_CHARACTERS
      case .charactersInWords: FARRO_TERM_CHARACTERS_IN_WORDS
      case .givenWords: FARRO_TERM_GIVEN_WORDS
      }
    let (least, most) = (UInt32(clamping: sizes.lowerBound), UInt32(clamping: sizes.upperBound))
    return farro_term_rule(
      unit: unit,
      lowercase: lowercase,
      shortest: UInt32(clamping: shortestWord),
      least: least,
      most: most
    )
  }
}

/// How often each term occurs in each text, all terms that occur being columns, in the order of their bytes.
///
/// - Parameters:
///   - texts: A row each.
///   - rule: How they are cut.
///   - stopWords: Words that are passed over, before they are joined to terms.
///   - as: The type of the counts.
/// - Precondition: the rule's sizes and its shortest word are at least 1.
/// - Complexity: O(bytes `rule.sizes.upperBound` + terms log terms), on several threads.
public func countTerms<Scalar: KernelScalar>(
  of texts: PackedTexts,
  rule: TermRule = TermRule(),
  stopWords: PackedTexts = PackedTexts(),
  as: Scalar.Type = Scalar.self
) -> (terms: PackedTexts, counts: CSRMatrix<Scalar>) {
  var (counts, cRule) = (TermCounts(), rule.rule)
  defer { counts.release() }
  counts.fill("countTerms", texts, stopWords) { farro_count_terms(&cRule, $0, $1, nil, $2) }
  return (counts.terms, counts.matrix(columns: counts.terms.count))
}

/// How often each of some terms occurs in each text; terms are the columns, in their order.
///
/// - Parameters:
///   - terms: Each is there once.
///   - texts: A row each.
///   - rule: How they are cut.
///   - stopWords: Words that are passed over, before they are joined to terms.
///   - as: The type of the counts.
/// - Precondition: the rule's sizes and its shortest word are at least 1; there are fewer than 2³¹ terms.
/// - Complexity: O(bytes `rule.sizes.upperBound`), on several threads.
public func counts<Scalar: KernelScalar>(
  ofTerms terms: PackedTexts,
  in texts: PackedTexts,
  rule: TermRule = TermRule(),
  stopWords: PackedTexts = PackedTexts(),
  as: Scalar.Type = Scalar.self
) -> CSRMatrix<Scalar> {
  var (counts, cRule) = (TermCounts(), rule.rule)
  defer { counts.release() }
  counts.fill("counts", texts, stopWords) { texts, stopWords, counts in
    terms.withTexts { terms in withUnsafePointer(to: terms) { farro_count_terms(&cRule, texts, stopWords, $0, counts) }
    }
  }
  return counts.matrix(columns: terms.count)
}

/// How often the terms of each of so many hashes occur in each text; see `farro_hash_terms` for the hashes.
///
/// - Parameters:
///   - texts: A row each.
///   - columns: How many hashes there are.
///   - alternatesSign: Whether half of all terms count -1, so that those of one hash add up to 0 on average.
///   - rule: How texts are cut.
///   - stopWords: Words that are passed over, before they are joined to terms.
///   - as: The type of the counts.
/// - Precondition: the rule's sizes and its shortest word are at least 1; `columns` is from 1 to below 2³¹.
/// - Complexity: O(bytes `rule.sizes.upperBound`), on several threads.
public func hashTerms<Scalar: KernelScalar>(
  of texts: PackedTexts,
  columns: Int,
  alternatesSign: Bool = true,
  rule: TermRule = TermRule(),
  stopWords: PackedTexts = PackedTexts(),
  as: Scalar.Type = Scalar.self
) -> CSRMatrix<Scalar> {
  var (counts, cRule) = (TermCounts(), rule.rule)
  defer { counts.release() }
  counts.fill("hashTerms", texts, stopWords) { farro_hash_terms(&cRule, $0, $1, columns, alternatesSign, $2) }
  return counts.matrix(columns: columns)
}

/// A result of C, as Swift's.
private struct TermCounts {
  private var counts = farro_term_counts()

  mutating func fill(
    _ function: StaticString,
    _ texts: PackedTexts,
    _ stopWords: PackedTexts,
    _ body: (UnsafePointer<farro_texts>, UnsafePointer<farro_texts>?, UnsafeMutablePointer<farro_term_counts>) ->
      farro_status
  ) {
    let status = texts.withTexts { texts in
      stopWords.withTexts { stopWords in
        withUnsafePointer(to: texts) { texts in
          withUnsafePointer(to: stopWords) { body(texts, $0.pointee.count > 0 ? $0 : nil, &counts) }
        }
      }
    }
    check(status, function)
  }

  mutating func release() { farro_term_counts_release(&counts) }

  var terms: PackedTexts {
    PackedTexts(
      bytes: Array(UnsafeBufferPointer(start: counts.term_bytes, count: Int(counts.term_offsets[counts.terms]))),
      offsets: Array(UnsafeBufferPointer(start: counts.term_offsets, count: counts.terms + 1))
    )
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  func matrix<Scalar: KernelScalar>(columns: Int) -> CSRMatrix<Scalar> {
    let offsets = Array(UnsafeBufferPointer(start: counts.row_offsets, count: counts.rows + 1))
    let count = Int(offsets[counts.rows])
    return CSRMatrix(
      unchecked: counts.rows,
      columns,
      offsets,
      Array(UnsafeBufferPointer(start: counts.columns, count: count)),
      UnsafeBufferPointer(start: counts.counts, count: count).map { Scalar($0) }
    )
  }
}
