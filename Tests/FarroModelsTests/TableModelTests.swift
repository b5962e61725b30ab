import Farro
import FarroData
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct TableModelTests {
  static let table = Table([
    Table.Column("size", Tensor<Double>([1, .nan, 3, 8, 4])), Table.Column("kind", ["b", "a", nil, "b", "c"]),
    Table.Column("depth", Tensor<Double>([5, 5, 5, 5, 5])),
  ])
  static let labels = ["x", "y", "x", "x", "y"]

  @Test func `columns become what their contents and the encoding say`() throws {
    let plain = try TableFeatures(.plain).fit(Self.table)
    #expect(plain.numbers == ["size", "depth"] && plain.categories == ["kind"])
    let x = try plain.transform(Self.table)
    #expect((0..<5).map { x[$0, 0] } == [1, 3.5, 3, 8, 4] && x[3, 1] == 5)
    #expect(plain.featureNames.prefix(4) == ["size", "depth", "kind_a", "kind_b"])
    #expect([x[0, 2], x[0, 3], x[1, 2], x[4, 4]] == [0, 1, 1, 1])

    let scaled = try TableFeatures().fit(Self.table).transform(Self.table)
    let size = (0..<5).map { scaled[$0, 0] }
    #expect(abs(size.reduce(0, +)) < 1e-12 && abs(size.reduce(0) { $0 + $1 * $1 } - 5) < 1e-12)
    #expect((0..<5).allSatisfy { scaled[$0, 1] == 0 })

    let codes = try TableFeatures(.codes).fit(Self.table)
    let numbers = try codes.transform(Self.table)
    #expect(codes.categoricalColumns == [1] && codes.featureNames == ["size", "kind", "depth"])
    #expect(numbers[1, 0].isNaN && numbers[2, 1].isNaN && [numbers[0, 1], numbers[1, 1], numbers[4, 1]] == [1, 0, 2])
  }

  @Test func `other tables are encoded by the names of their columns`() throws {
    let other = Table([
      Table.Column("more", ["q", "r"]), Table.Column("depth", Tensor<Double>([1, 2])),
      Table.Column("kind", ["new", "c"]),
      Table.Column("size", Tensor<Double>([.nan, 2])),
    ])
    let x = try TableFeatures(.plain).fit(Self.table).transform(other)
    #expect((0..<3).map { x[0, $0] } == [3.5, 1, 0] && x[1, 4] == 1 && x[0, 3] == 0 && x[0, 4] == 0)
    #expect(try TableFeatures(.codes).fit(Self.table).transform(other)[0, 1].isNaN)
    #expect(throws: ModelError.self) {
      try TableFeatures(.plain).fit(Self.table).transform(other.dropping(["size"]))
    }
    #expect(throws: TableError.self) {
      let texts = Table([Table.Column("size", ["a"]), Table.Column("kind", ["a"]), Table.Column("depth", ["a"])])
      _ = try TableFeatures(.plain).fit(Self.table).transform(texts)
    }
    #expect(throws: ModelError.rows(0, needed: 1)) { try TableFeatures().fit(Self.table[rows: []]) }
    #expect(throws: ModelError.self) { try TableFeatures().fit(Self.table.dropping(["size", "kind", "depth"])) }
  }

  @Test func `columns of one kind alone are enough, and of nothing but missing values none is an error`() throws {
    for names in [["size"], ["kind"]] {
      let table = try Self.table.selecting(names)
      for encoding in TableEncoding.allCases {
        #expect(try TableFeatures(encoding).fit(table).transform(table).rowCount == 5)
      }
    }
    let empty = Table([Table.Column("a", Tensor<Double>([.nan, .nan]))])
    #expect(try TableFeatures().fit(empty).transform(empty) == Tensor([[0], [0]]))
  }

  @Test func `trees are told which columns are categories`() throws {
    // In the order of their numbers, categories need more than one border.
    let kinds = (0..<40).map { ["a", "b", "c", "d"][$0 % 4] }
    let table = Table([Table.Column("kind", kinds)])
    let answers = kinds.map { $0 == "a" || $0 == "c" }
    let tree = TableEstimator(DecisionTreeClassifier<Double>(maxDepth: 1), .codes)
    #expect(try tree.fit(table, answers).predict(table) == answers)
  }

  @Test func `folds are encoded by what their own rows tell`() async throws {
    let kinds = (0..<60).map { $0 == 7 ? "once" : $0 % 3 == 0 ? "a" : "b" }
    let table = Table([Table.Column("kind", kinds), Table.Column("n", Tensor<Double>((0..<60).map { Double($0 % 5) }))])
    let found = try await crossValidate(
      TableEstimator(ShrunkenMean(), .plain),
      table,
      kinds.map { $0 == "a" },
      splitter: StratifiedKFold(nSplits: 4)
    )
    #expect(found.testScores().allSatisfy { $0 == 1 })
    // "once" is in one test, and unknown to that model alone.
    #expect(found.models.map { $0.features.featureNames.contains("kind_once") }.count { !$0 } == 1)
    let numbers = try await crossValScore(
      TableEstimator(OneColumn(column: 0), .plain),
      table,
      Tensor((0..<60).map { Double($0 % 5) })
    )
    #expect(numbers.allSatisfy { $0 > 0.9 })
  }

  @Test func `a saved classifier is the same when it is loaded, and damage is found`() throws {
    for encoding in TableEncoding.allCases {
      let classifier = try TableEstimator(DummyClassifier(), encoding).fit(Self.table, Self.labels)
      let saved = SavedClassifier(
        name: "dummy",
        parameters: [.init(name: "a", value: "1")],
        target: "y",
        classifier: classifier
      )
      let url = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString).farro")
      defer { try? FileManager.default.removeItem(at: url) }
      try saved.save(to: url.path)
      let again = try type(of: saved).init(contentsOf: url.path)
      #expect(again.name == saved.name && again.parameters == saved.parameters && again.target == "y")
      #expect(again.classifier.classes == ["x", "y"])
      let features = classifier.features
      let before = try features.transform(Self.table).scalars
      let after = try again.classifier.features.transform(Self.table).scalars
      #expect(zip(before, after).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
      #expect(try ModelFile(url.path).kind == "classifier: most frequent class, of tables")
      try checkDamage(to: saved) { saved in
        guard let labels = try? saved.classifier.predict(Self.table) else { return }
        #expect(labels.allSatisfy { saved.classifier.classes.contains($0) })
      }
    }
    let model = try TableEstimator(DummyRegressor()).fit(Self.table, Tensor([1, 2, 3, 4, 5]))
    try checkDamage(to: SavedRegressor(name: "dummy", target: "y", model: model)) { saved in
      guard let numbers = try? saved.model.predict(Self.table).scalars else { return }
      #expect(numbers.allSatisfy { $0.isFinite })
    }
  }
}

@Suite struct DummyTests {
  private let x = Tensor<Float>(zeros: [4, 2])

  @Test func `the most frequent class and the mean are predicted`() throws {
    let classes = try DummyClassifier().fit(x, [1, 2, 2, 3])
    #expect(try classes.predict(x) == [2, 2, 2, 2] && classes.priors == [0.25, 0.5, 0.25])
    #expect(try classes.predictProbabilities(x[0..<1]) == Tensor([[0.25, 0.5, 0.25]]))
    let weighted = try DummyClassifier().fit(x, [1, 2, 2, 3], weights: Tensor([3, 1, 1, 0]))
    #expect(try weighted.predict(x) == [1, 1, 1, 1] && weighted.priors == [0.6, 0.4, 0])
    #expect(try DummyRegressor().fit(x, Tensor([1, 2, 3, 6])).mean == 3)
    #expect(
      try DummyRegressor().fit(x, Tensor([1, 2, 3, 6]), weights: Tensor([1, 0, 0, 1])).predict(x)
        == Tensor([3.5, 3.5, 3.5, 3.5])
    )
    #expect(try DummyClassifier().fit(CSRMatrix(x), [1, 1, 2, 1]).predict(CSRMatrix(x)) == [1, 1, 1, 1])
    #expect(throws: ModelError.rows(0, needed: 1)) { try DummyClassifier().fit(x[0..<0], [Int]()) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try DummyRegressor().fit(x[0..<0], Tensor(zeros: [0])) }
    #expect(throws: ModelError.labels(3, rows: 4)) { try DummyRegressor().fit(x, Tensor(zeros: [3])) }
    #expect(throws: ModelError.self) { try DummyRegressor().fit(x, Tensor([1, .nan, 3, 6])) }
  }
}
