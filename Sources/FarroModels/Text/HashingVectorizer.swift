import Farro
import FarroData

/// Counts the terms of texts in columns that the terms' hashes tell: nothing is learned, and there is no vocabulary.
///
/// ```swift
/// let x = try HashingVectorizer(nFeatures: 1 << 18).transform(texts)  // a CSRMatrix<Double>
/// ```
///
/// The column of a term is |h| modulo ``nFeatures``, h being its MurmurHash3 of 32 bits with sign: the same as that of scikit-learn's
/// `HashingVectorizer`, whose names and defaults these are. As there, columns have no names: many terms share one.
public struct HashingVectorizer<Scalar: KernelScalar>: Estimator, Transformer, Hashable {
  /// How texts are cut.
  public var analysis: TextAnalysis
  /// How many columns.
  public var nFeatures: Int
  /// Whether 1 is all that is counted.
  public var binary: Bool
  /// What each row is divided by; nil to leave rows as they are.
  public var norm: VectorNorm?
  /// Whether terms of negative hashes count -1, so that those of one column add up to 0 on average.
  public var alternateSign: Bool

  public init(
    analyzer: TermRule.Unit = .words,
    lowercase: Bool = true,
    stripAccents: AccentStripping? = nil,
    nGramRange: ClosedRange<Int> = 1...1,
    stopWords: [String] = [],
    tokenPattern: String? = nil,
    nFeatures: Int = 1 << 20,
    binary: Bool = false,
    norm: VectorNorm? = .l2,
    alternateSign: Bool = true,
    as: Scalar.Type = Double.self
  ) {
    analysis = TextAnalysis(
      analyzer: analyzer,
      lowercase: lowercase,
      stripAccents: stripAccents,
      nGramRange: nGramRange,
      stopWords: stopWords,
      tokenPattern: tokenPattern
    )
    (self.nFeatures, self.binary, self.norm) = (nFeatures, binary, norm)
    self.alternateSign = alternateSign
  }

  private func check() throws(ModelError) {
    try analysis.check()
    guard 1..<Int(Int32.max) ~= nFeatures else {
      throw .parameter(name: "nFeatures", reason: "must be from 1 to below \(Int32.max), not \(nFeatures)")
    }
  }

  /// Itself: there is nothing to learn.
  ///
  /// - Throws: ``ModelError/parameter(name:reason:)``.
  public func fit(_ x: [String]) throws -> HashingVectorizer {
    try check()
    return self
  }

  /// The counts of each text's terms.
  ///
  /// - Throws: ``ModelError/parameter(name:reason:)``.
  /// - Complexity: O(bytes `nGramRange.upperBound`).
  public func transform(_ x: [String]) throws -> CSRMatrix<Scalar> {
    try check()
    let (texts, rule) = try analysis.prepared(x)
    var counts = hashTerms(
      of: texts,
      columns: nFeatures,
      alternatesSign: alternateSign,
      rule: rule,
      stopWords: analysis.packedStopWords,
      as: Scalar.self
    )
    if binary { counts = counts.withValues([Scalar](repeating: 1, count: counts.count)) }
    return norm.map { counts.normalizedRows($0) } ?? counts
  }
}

extension HashingVectorizer: StorableModel {
  public static var fileKind: String { "hashes of terms, \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    do { try check() } catch { return "\(error)" }
    return nil
  }
}
