import Farro
import FarroData

/// Weighs counts of terms by how few texts have them: tf × idf, each row then divided by its length.
///
/// The weight of a term that `df` of `n` texts have is `ln((1 + n) / (1 + df)) + 1`, or `ln(n / df) + 1` unless it is smoothed.
/// Names and defaults are those of scikit-learn's `TfidfTransformer`.
///
/// Source: K. Spärck Jones, "A statistical interpretation of term specificity and its application in retrieval", 1972.
public struct TfidfTransformer<Scalar: KernelScalar>: Estimator, Hashable {
  /// What the length of a row is; nil to leave rows as they are.
  public var norm: VectorNorm?
  /// Whether terms are weighed; otherwise rows are only divided by their lengths.
  public var useIDF: Bool
  /// Whether there is one more text that has all terms, so that none has no text.
  public var smoothIDF: Bool
  /// Whether a count c becomes 1 + ln(c).
  public var sublinearTF: Bool

  public init(norm: VectorNorm? = .l2, useIDF: Bool = true, smoothIDF: Bool = true, sublinearTF: Bool = false) {
    (self.norm, self.useIDF, self.smoothIDF) = (norm, useIDF, smoothIDF)
    self.sublinearTF = sublinearTF
  }

  /// The weights of the terms.
  ///
  /// - Throws: ``ModelError`` for no rows and for what is no number, and, unless it is smoothed, for a term that no text has.
  /// - Complexity: O(elements).
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func fit(_ x: CSRMatrix<Scalar>) throws -> TfidfTransformerModel<Scalar> {
    try x.checkFinite()
    guard x.rows > 0 else { throw ModelError.rows(0, needed: 1) }
    guard useIDF else { return TfidfTransformerModel(idf: nil, columnCount: x.columns, self) }
    var documents = [Int](repeating: 0, count: x.columns)
    for (place, column) in x.indices.enumerated() where x.values[place] != 0 { documents[Int(column)] += 1 }
    if !smoothIDF, let column = documents.firstIndex(of: 0) {
      throw ModelError.parameter(
        name: "smoothIDF",
        reason: "no row has column \(column), whose weight would be infinite"
      )
    }
    let more = smoothIDF ? 1 : 0
    let idf = documents.map { logarithm(Double(x.rows + more) / Double($0 + more)) + 1 }
    return TfidfTransformerModel(idf: idf, columnCount: x.columns, self)
  }
}

/// The weights that ``TfidfTransformer`` found.
public struct TfidfTransformerModel<Scalar: KernelScalar>: Transformer, FeatureNaming, Equatable, Codable {
  /// The weight of each term; nil where none are used.
  public let idf: [Double]?
  private let columnCount: Int
  private let parameters: TfidfTransformer<Scalar>

  init(idf: [Double]?, columnCount: Int, _ parameters: TfidfTransformer<Scalar>) {
    (self.idf, self.columnCount, self.parameters) = (idf, columnCount, parameters)
  }

  /// Counts, weighed.
  ///
  /// - Throws: ``ModelError`` for other columns, and for what is no number; a count that is not above 0 has no logarithm.
  /// - Complexity: O(elements).
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func transform(_ x: CSRMatrix<Scalar>) throws -> CSRMatrix<Scalar> {
    try x.check(columns: columnCount)
    var values = x.values
    if parameters.sublinearTF {
      // Most counts are small.
      let known = (0..<64).map { Scalar(logarithm(Double(max($0, 1))) + 1) }
      for place in values.indices {
        let count = Double(values[place])
        guard count > 0 else { throw ModelError.parameter(name: "sublinearTF", reason: "\(count) has no logarithm") }
        values[place] =
          count < 64 && count == count.rounded() ? known[Int(count)] : Scalar(logarithm(count) + 1)
      }
    }
    if let idf {
      for place in values.indices { values[place] = Scalar(Double(values[place]) * idf[Int(x.indices[place])]) }
    }
    let weighed = x.withValues(values)
    return parameters.norm.map { weighed.normalizedRows($0) } ?? weighed
  }

  public func featureNames(in columns: [String]?) -> [String] { columnNames(columns, columnCount) }
}

extension TfidfTransformerModel: StorableModel {
  public static var fileKind: String { "weights of terms, \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard columnCount >= 0, idf == nil || idf?.count == columnCount, (idf == nil) == !parameters.useIDF else {
      return "the weights are of other columns"
    }
    return idf?.allSatisfy(\.isFinite) ?? true ? nil : "a weight is no number"
  }
}

/// Counts the terms of texts and weighs them: ``CountVectorizer`` and ``TfidfTransformer`` in one.
///
/// ```swift
/// let pipeline = TfidfVectorizer(nGramRange: 1...2, sublinearTF: true).then(ComplementNB())
/// ```
///
/// Names and defaults are those of scikit-learn's `TfidfVectorizer`.
public struct TfidfVectorizer<Scalar: KernelScalar>: Estimator, Hashable {
  /// How terms are counted.
  public var counting: CountVectorizer<Scalar>
  /// How they are weighed.
  public var weighting: TfidfTransformer<Scalar>

  public init(
    analyzer: TermRule.Unit = .words,
    lowercase: Bool = true,
    stripAccents: AccentStripping? = nil,
    nGramRange: ClosedRange<Int> = 1...1,
    stopWords: [String] = [],
    tokenPattern: String? = nil,
    minDF: RowShare = 1,
    maxDF: RowShare = 1.0,
    maxFeatures: Int? = nil,
    binary: Bool = false,
    vocabulary: [String]? = nil,
    norm: VectorNorm? = .l2,
    useIDF: Bool = true,
    smoothIDF: Bool = true,
    sublinearTF: Bool = false,
    as: Scalar.Type = Double.self
  ) {
    counting = CountVectorizer(
      analyzer: analyzer,
      lowercase: lowercase,
      stripAccents: stripAccents,
      nGramRange: nGramRange,
      stopWords: stopWords,
      tokenPattern: tokenPattern,
      minDF: minDF,
      maxDF: maxDF,
      maxFeatures: maxFeatures,
      binary: binary,
      vocabulary: vocabulary,
      as: Scalar.self
    )
    weighting = TfidfTransformer(norm: norm, useIDF: useIDF, smoothIDF: smoothIDF, sublinearTF: sublinearTF)
  }

  /// The terms of these texts and their weights.
  ///
  /// - Throws: As ``CountVectorizer/fit(_:)``.
  /// - Complexity: As there.
  public func fit(_ x: [String]) throws -> TfidfVectorizerModel<Scalar> { try fitTransform(x).model }

  /// The terms of these texts, their weights, and the weighed counts, in one go.
  ///
  /// - Throws: As ``CountVectorizer/fit(_:)``.
  /// - Complexity: As there.
  public func fitTransform(_ x: [String]) throws -> (model: TfidfVectorizerModel<Scalar>, weighed: CSRMatrix<Scalar>) {
    let (counting, counts) = try counting.fitTransform(x)
    let model = TfidfVectorizerModel(counting: counting, weighting: try weighting.fit(counts))
    return (model, try model.weighting.transform(counts))
  }
}

/// What ``TfidfVectorizer`` has learned.
public struct TfidfVectorizerModel<Scalar: KernelScalar>: Transformer, FeatureNaming, Equatable, Codable {
  let counting: CountVectorizerModel<Scalar>
  let weighting: TfidfTransformerModel<Scalar>

  /// The terms, in the order of their columns.
  public var vocabulary: [String] { counting.vocabulary }
  /// The weight of each term; nil where none are used.
  public var idf: [Double]? { weighting.idf }

  /// The counts of each text's terms, weighed.
  ///
  /// - Complexity: O(bytes `nGramRange.upperBound` + terms).
  public func transform(_ x: [String]) throws -> CSRMatrix<Scalar> {
    try weighting.transform(counting.transform(x))
  }

  public func featureNames(in columns: [String]?) -> [String] { vocabulary }
}

extension TfidfVectorizerModel: StorableModel {
  public static var fileKind: String { "vocabulary with weights, \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    if let flaw = counting.flaw ?? weighting.flaw { return flaw }
    return idf == nil || idf?.count == counting.terms.count ? nil : "the weights are of other terms"
  }
}
