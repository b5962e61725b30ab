import Farro
import FarroData
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct TextTests {
  private struct Golden: Decodable {
    let terms: [String]
    let offsets: [Int64]
    let indices: [Int32]
    let values: [Double]

    init(_ json: String) throws { self = try JSONDecoder().decode(Golden.self, from: Data(json.utf8)) }
  }

  static let texts = try! JSONDecoder().decode([String].self, from: Data(TextGolden.texts.utf8))
  private let texts = texts

  private func expect(
    _ x: CSRMatrix<Double>,
    _ terms: [String]?,
    _ json: String,
    _ place: SourceLocation = #_sourceLocation
  ) throws {
    let golden = try Golden(json)
    // Equal scalars, not only equal characters.
    if let terms { #expect(terms.map { Array($0.utf8) } == golden.terms.map { Array($0.utf8) }, sourceLocation: place) }
    #expect(x.offsets == golden.offsets && x.indices == golden.indices, sourceLocation: place)
    #expect(zip(x.values, golden.values).allSatisfy { abs($0 - $1) < 1e-14 * max(1, abs($1)) }, sourceLocation: place)
  }

  private func expect(
    _ vectorizer: CountVectorizer<Double>,
    _ json: String,
    _ place: SourceLocation = #_sourceLocation
  ) throws {
    let (model, counts) = try vectorizer.fitTransform(texts)
    try expect(counts, model.vocabulary, json, place)
    #expect(try model.transform(texts) == counts, sourceLocation: place)
  }

  @Test func `terms and counts are those of scikit-learn, in any script`() throws {
    try expect(CountVectorizer(), TextGolden.words)
    try expect(CountVectorizer(nGramRange: 1...2, stopWords: ["the", "fox"]), TextGolden.pairs)
    try expect(CountVectorizer(lowercase: false, nGramRange: 2...3), TextGolden.threes)
    try expect(CountVectorizer(analyzer: .characters, nGramRange: 1...2), TextGolden.characters)
    let asWritten = CountVectorizer<Double>(analyzer: .characters, lowercase: false, nGramRange: 3...3)
    try expect(asWritten, TextGolden.charactersAsWritten)
    try expect(CountVectorizer(analyzer: .charactersInWords, nGramRange: 2...4), TextGolden.within)
  }

  @Test func `accents go, and words are what a pattern says, as with scikit-learn`() throws {
    try expect(CountVectorizer(stripAccents: .unicode), TextGolden.plain)
    let ascii = CountVectorizer<Double>(
      analyzer: .charactersInWords,
      lowercase: false,
      stripAccents: .ascii,
      nGramRange: 2...3
    )
    try expect(ascii, TextGolden.ascii)
    try expect(
      CountVectorizer(nGramRange: 1...2, stopWords: ["the"], tokenPattern: #"(?u)\b[a-z]+\b"#),
      TextGolden.pattern
    )
    try expect(CountVectorizer(lowercase: false, tokenPattern: "([^ ])[^ ]*"), TextGolden.group)
    try expect(CountVectorizer(stripAccents: .unicode, tokenPattern: "[^ .,!;:-]+"), TextGolden.patternPlain)
    let hashes = HashingVectorizer<Double>(
      stripAccents: .ascii,
      tokenPattern: "[0-9a-z]+",
      nFeatures: 32,
      norm: nil
    )
    try expect(hashes.transform(texts), nil, TextGolden.hashedPattern)
    #expect(throws: ModelError.self) { try CountVectorizer(tokenPattern: "(a").fit(texts) }
    #expect(throws: ModelError.self) { try HashingVectorizer(tokenPattern: "(a)(b)").fit(texts) }
    #expect(throws: ModelError.self) { try CountVectorizer(analyzer: .givenWords).fit(texts) }
    let model = try TfidfVectorizer(stripAccents: .unicode, tokenPattern: #"\w+"#).fit(texts)
    try checkDamage(to: model) { model in _ = try? model.transform(["a b"]) }
  }

  @Test func `rare and frequent terms are left out as scikit-learn leaves them out`() throws {
    try expect(CountVectorizer(minDF: 2, maxDF: 3), TextGolden.rare)
    try expect(CountVectorizer(minDF: 0.1, maxDF: 0.3, binary: true), TextGolden.parts)
    try expect(CountVectorizer(maxFeatures: 3), TextGolden.few)
    // Of three texts: one term is in all, and two in two of them; of as frequent terms, the first in order stay.
    let three = ["all two pair", "all pair two two", "all one"]
    #expect(try CountVectorizer(maxDF: 2).fit(three).vocabulary == ["one", "pair", "two"])
    #expect(try CountVectorizer(maxDF: 0.7).fit(three).vocabulary == ["one", "pair", "two"])
    #expect(try CountVectorizer(minDF: 2, maxDF: 2).fit(three).vocabulary == ["pair", "two"])
    #expect(try CountVectorizer(maxFeatures: 2).fit(three).vocabulary == ["all", "two"])
    #expect(
      try CountVectorizer(maxFeatures: 3, binary: true).fit(three + ["one"]).vocabulary == ["all", "one", "pair"]
    )
    try expect(CountVectorizer(vocabulary: ["lazy", "dog", "missing", "straße"]), TextGolden.given)
  }

  @Test func `weights are those of scikit-learn`() throws {
    func expect(
      _ vectorizer: TfidfVectorizer<Double>,
      _ json: String,
      _ place: SourceLocation = #_sourceLocation
    ) throws {
      let (model, weighed) = try vectorizer.fitTransform(texts)
      try self.expect(weighed, model.vocabulary, json, place)
      #expect(try model.transform(texts) == weighed, sourceLocation: place)
    }
    try expect(TfidfVectorizer(), TextGolden.tfidf)
    try expect(
      TfidfVectorizer(nGramRange: 1...2, norm: .l1, smoothIDF: false, sublinearTF: true),
      TextGolden.tfidfOther
    )
    try expect(TfidfVectorizer(norm: nil, sublinearTF: true), TextGolden.tfidfNone)
    try expect(TfidfVectorizer(useIDF: false), TextGolden.tfOnly)
  }

  @Test func `hashes are those of scikit-learn`() throws {
    func expect(_ vectorizer: HashingVectorizer<Double>, _ json: String, _ place: SourceLocation = #_sourceLocation)
      throws
    {
      try self.expect(vectorizer.fit(texts).transform(texts), nil, json, place)
    }
    try expect(HashingVectorizer(), TextGolden.hashed)
    try expect(HashingVectorizer(nGramRange: 1...2, nFeatures: 7, norm: nil), TextGolden.hashedFew)
    let plain = HashingVectorizer<Double>(
      analyzer: .charactersInWords,
      nGramRange: 3...3,
      nFeatures: 64,
      norm: .l1,
      alternateSign: false
    )
    try expect(plain, TextGolden.hashedPlain)
    try expect(HashingVectorizer(nFeatures: 11, binary: true), TextGolden.hashedBinary)
  }

  @Test func `many texts give the same on one thread and on two, and in another order`() throws {
    // Enough bytes for several parts.
    let texts = (0..<3000).map { i in
      (0..<60).map { k in "w\((i * 7 + k * k) % 977)" }.joined(separator: k(i)) + Self.texts[i % Self.texts.count]
    }
    func k(_ i: Int) -> String { i % 3 == 0 ? "  " : " - " }
    let one = try withThreads(1) { try CountVectorizer(nGramRange: 1...2, as: Float.self).fitTransform(texts) }
    let two = try withThreads(2) { try CountVectorizer(nGramRange: 1...2, as: Float.self).fitTransform(texts) }
    #expect(one.model == two.model && one.counts == two.counts)
    let hashes = try withThreads(1) { try HashingVectorizer().transform(texts) }
    #expect(try HashingVectorizer().transform(texts) == hashes)
    let order = texts.indices.map { $0 * 7 % texts.count }
    let other = try CountVectorizer(nGramRange: 1...2, as: Float.self).fitTransform(texts[rows: order])
    #expect(other.model == one.model && other.counts == one.counts[rows: order])
    #expect(one.model.vocabulary.count > 2000)
  }

  @Test func `what cannot be is told`() throws {
    #expect(throws: ModelError.self) { try CountVectorizer().fit([]) }
    #expect(throws: ModelError.self) { try CountVectorizer().fit(["a b", "."]) }
    #expect(throws: ModelError.self) { try CountVectorizer(minDF: 2).fit(["ab", "cd"]) }
    #expect(throws: ModelError.self) { try CountVectorizer(minDF: 3, maxDF: 2).fit(texts) }
    #expect(throws: ModelError.self) { try CountVectorizer(nGramRange: 0...1).fit(texts) }
    #expect(throws: ModelError.self) { try CountVectorizer(maxFeatures: 0).fit(texts) }
    #expect(throws: ModelError.self) { try CountVectorizer(vocabulary: []).fit(texts) }
    #expect(throws: ModelError.self) { try CountVectorizer(vocabulary: ["a", "a"]).fit(texts) }
    #expect(throws: ModelError.self) { try HashingVectorizer(nFeatures: 0).fit(texts) }
    let weights = try TfidfTransformer<Double>().fit(CSRMatrix(Tensor([[1, 0], [2, 1]])))
    #expect(throws: ModelError.columns(3, expected: 2)) { try weights.transform(CSRMatrix(Tensor(zeros: [1, 3]))) }
    #expect(throws: ModelError.notFinite(row: 0, column: 1)) {
      try TfidfTransformer().fit(CSRMatrix(Tensor<Double>([[1, .nan]])))
    }
    #expect(throws: ModelError.self) {
      try TfidfTransformer(smoothIDF: false).fit(CSRMatrix(Tensor<Double>([[1, 0]])))
    }
    #expect(throws: ModelError.self) {
      try TfidfTransformer(sublinearTF: true).fit(CSRMatrix(Tensor<Double>([[1, -2]])))
        .transform(CSRMatrix(Tensor<Double>([[1, -2]])))
    }
  }

  @Test func `terms come back, and vectorizers are steps of pipelines and of columns`() throws {
    let model = try CountVectorizer().fit(texts)
    let back = try model.inverseTransform(model.transform(["lazy dog, fox"]))
    #expect(back == [["dog", "fox", "lazy"]])
    #expect(model.featureNamesOut == model.vocabulary)
    let pipeline = try CountVectorizer().then(TfidfTransformer()).fit(texts)
    #expect(try pipeline.transform(texts) == TfidfVectorizer().fit(texts).transform(texts))
    let table = Table([
      Table.Column("note", ["good dog", nil, "bad dog"]), Table.Column("size", Tensor<Double>([1, 2, 3])),
    ])
    let columns = ColumnTransformer(CountVectorizer().on("note"), MaxAbsScaler<Tensor<Double>>().on("size"))
    let fitted = try columns.fit(table)
    #expect(fitted.featureNamesOut == ["bad", "dog", "good", "size"])
    #expect(try fitted.transform(table) == Tensor([[0, 1, 1, 1.0 / 3], [0, 0, 0, 2.0 / 3], [1, 1, 0, 1]]))
    #expect(throws: ModelError.self) { try ColumnTransformer(CountVectorizer().on("note", "size")).fit(table) }
  }

  @Test func `vectorizers survive their files`() throws {
    let model = try TfidfVectorizer(nGramRange: 1...2, stopWords: ["the"]).fit(texts)
    try checkDamage(to: model) { model in _ = try? model.transform(texts) }
    // With another last letter, a term would be there twice.
    let terms = try CountVectorizer(vocabulary: ["dog", "lab", "laa"]).fit(texts)
    try checkDamage(to: terms) { model in #expect(Set(model.vocabulary).count == model.vocabulary.count) }
    try checkDamage(to: HashingVectorizer(stopWords: ["a word", "and another"], nFeatures: 1 << 10)) {
      model in
      _ = try? model.transform(texts)
    }
  }
}
