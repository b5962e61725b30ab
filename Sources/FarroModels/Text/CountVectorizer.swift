import Farro
import FarroData

/// Counts the terms of texts: a row for each text, a column for each term.
///
/// ```swift
/// let vectorizer = try CountVectorizer().fit(["the cat sat", "the cat and the dog"])
/// print(vectorizer.vocabulary)                  // and, cat, dog, sat, the
/// let x = try vectorizer.transform(["the dog"]) // a CSRMatrix<Double>
/// ```
///
/// Names, defaults and results are those of scikit-learn's `CountVectorizer`; with ``maxFeatures``, of terms that are equally
/// frequent the first ones stay.
public struct CountVectorizer<Scalar: KernelScalar>: Estimator, Hashable {
  /// How texts are cut.
  public var analysis: TextAnalysis
  /// Terms of fewer texts are left out.
  public var minDF: RowShare
  /// Terms of more texts are left out.
  public var maxDF: RowShare
  /// The most terms: the most frequent ones.
  public var maxFeatures: Int?
  /// Whether 1 is all that is counted.
  public var binary: Bool
  /// The terms that count, in the order of their columns; nil for those that occur, in the order of their bytes.
  public var vocabulary: [String]?

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
    (self.minDF, self.maxDF, self.maxFeatures) = (minDF, maxDF, maxFeatures)
    (self.binary, self.vocabulary) = (binary, vocabulary)
  }

  /// The terms of these texts.
  ///
  /// - Throws: ``ModelError/parameter(name:reason:)`` for parameters that do not fit, and when no term is left.
  /// - Complexity: O(bytes `nGramRange.upperBound` + terms log terms).
  public func fit(_ x: [String]) throws -> CountVectorizerModel<Scalar> { try fitTransform(x).model }

  /// The terms of these texts and how often they occur, in one go.
  ///
  /// - Throws: As ``fit(_:)``.
  /// - Complexity: As ``fit(_:)``.
  public func fitTransform(_ x: [String]) throws -> (model: CountVectorizerModel<Scalar>, counts: CSRMatrix<Scalar>) {
    try analysis.check()
    try minDF.checkFrequency("minDF")
    try maxDF.checkFrequency("maxDF")
    try checkRange(maxFeatures, "maxFeatures", atLeast: 1)
    if let vocabulary {
      guard !vocabulary.isEmpty, Set(vocabulary.map { Array($0.utf8) }).count == vocabulary.count else {
        throw ModelError.parameter(name: "vocabulary", reason: "it is empty, or a term is there twice")
      }
      let model = CountVectorizerModel<Scalar>(analysis, binary, PackedTexts(vocabulary))
      return (model, try model.transform(x))
    }
    let (texts, rule) = try analysis.prepared(x)
    let found = countTerms(
      of: texts,
      rule: rule,
      stopWords: analysis.packedStopWords,
      as: Scalar.self
    )
    guard found.terms.count > 0 else {
      throw ModelError.parameter(name: "analysis", reason: "there is no term in \(x.count) texts")
    }
    let kept = try keptTerms(found.counts)
    let terms = kept.count == found.terms.count ? found.terms : found.terms.selecting(kept)
    var counts = kept.count == found.terms.count ? found.counts : found.counts.selecting(columns: kept)
    if binary { counts = counts.withValues([Scalar](repeating: 1, count: counts.count)) }
    return (CountVectorizerModel(analysis, binary, terms), counts)
  }

  /// The terms that are neither too rare nor too frequent.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private func keptTerms(_ counts: CSRMatrix<Scalar>) throws(ModelError) -> [Int] {
    let (least, most) = (minDF.number(of: counts.rows), maxDF.number(of: counts.rows))
    guard least <= most else { throw .parameter(name: "maxDF", reason: "\(maxDF) is less than minDF, \(minDF)") }
    // Each term is in one text at least.
    if least <= 1, most >= Double(counts.rows), maxFeatures ?? .max >= counts.columns {
      return Array(0..<counts.columns)
    }
    var (documents, all) = ([Int](repeating: 0, count: counts.columns), [Double](repeating: 0, count: counts.columns))
    for (place, column) in counts.indices.enumerated() {
      documents[Int(column)] += 1
      all[Int(column)] += binary ? 1 : Double(counts.values[place])
    }
    var kept = documents.indices.filter { least <= Double(documents[$0]) && Double(documents[$0]) <= most }
    guard !kept.isEmpty else {
      throw .parameter(name: "minDF", reason: "no term is left: it must be lower, or maxDF higher")
    }
    if let maxFeatures, maxFeatures < kept.count {
      kept = kept.sorted { (all[$1], $0) < (all[$0], $1) }.prefix(maxFeatures).sorted()
    }
    return kept
  }
}

/// The terms that ``CountVectorizer`` counts.
public struct CountVectorizerModel<Scalar: KernelScalar>: Transformer, FeatureNaming, Equatable, Codable {
  /// How texts are cut.
  public let analysis: TextAnalysis
  private let binary: Bool
  let terms: PackedTexts

  init(_ analysis: TextAnalysis, _ binary: Bool, _ terms: PackedTexts) {
    (self.analysis, self.binary, self.terms) = (analysis, binary, terms)
  }

  /// The terms, in the order of their columns.
  ///
  /// - Complexity: O(bytes).
  public var vocabulary: [String] { terms.strings }

  /// How often each term occurs in each text; others are passed over.
  ///
  /// - Complexity: O(bytes `nGramRange.upperBound` + terms).
  public func transform(_ x: [String]) throws -> CSRMatrix<Scalar> {
    let (texts, rule) = try analysis.prepared(x)
    let found = counts(
      ofTerms: terms,
      in: texts,
      rule: rule,
      stopWords: analysis.packedStopWords,
      as: Scalar.self
    )
    return binary ? found.withValues([Scalar](repeating: 1, count: found.count)) : found
  }

  /// The terms of each text, in the order of their columns; how often they occur is not told.
  ///
  /// - Throws: ``ModelError/columns(_:expected:)``.
  /// - Complexity: O(elements).
  public func inverseTransform(_ x: CSRMatrix<Scalar>) throws -> [[String]] {
    try x.check(columns: terms.count)
    return (0..<x.rows).map { row in
      x.elementsOfRow(row).filter { x.values[$0] != 0 }.map { terms[Int(x.indices[$0])] }
    }
  }

  public func featureNames(in columns: [String]?) -> [String] { vocabulary }
}

extension CountVectorizerModel: StorableModel {
  public static var fileKind: String { "vocabulary of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard terms.isWhole, terms.count > 0, terms.count < Int32.max else { return "the terms do not fit" }
    var known: Set<ArraySlice<UInt8>> = []
    guard (0..<terms.count).allSatisfy({ known.insert(terms.utf8($0)).inserted }) else {
      return "a term is there twice"
    }
    return analysis.flaw
  }
}

extension CSRMatrix {
  /// The same places with other values.
  func withValues(_ values: [Scalar]) -> CSRMatrix {
    require(values.count == count, "CSRMatrix: \(values.count) values for \(count) places")
    return CSRMatrix(unchecked: rows, columns, offsets, indices, values)
  }

  /// Some columns, whose numbers ascend.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  func selecting(columns kept: [Int]) -> CSRMatrix {
    var places = [Int32](repeating: -1, count: columns)
    for (place, column) in kept.enumerated() { places[column] = Int32(place) }
    var (offsets, indices, values): ([Int64], [Int32], [Scalar]) = ([0], [], [])
    offsets.reserveCapacity(rows + 1)
    for row in 0..<rows {
      for place in elementsOfRow(row) where places[Int(self.indices[place])] >= 0 {
        indices.append(places[Int(self.indices[place])])
        values.append(self.values[place])
      }
      offsets.append(Int64(indices.count))
    }
    return CSRMatrix(unchecked: rows, kept.count, offsets, indices, values)
  }
}
