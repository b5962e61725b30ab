import Farro
import FarroData
import FarroModels
import Foundation
import TestSupport
import Testing

private typealias Data = PreprocessingData
private typealias Golden = PreprocessingGolden

@Suite struct OneHotEncoderTests {
  private func encoded(
    _ encoder: OneHotEncoder<Tensor<Double>, Tensor<Double>>,
    _ training: Tensor<Double> = Data.categories,
    _ x: Tensor<Double>? = nil
  ) throws -> Tensor<Double> {
    try encoder.fit(training).transform(x ?? training)
  }

  @Test func `columns are those of scikit-learn, whatever is dropped or joined`() throws {
    let dense = Tensor<Double>.self
    #expect(goldenDifference(try encoded(OneHotEncoder(output: dense)), Golden.oneHot) == 0)
    #expect(goldenDifference(try encoded(OneHotEncoder(drop: .first, output: dense)), Golden.oneHotFirst) == 0)
    #expect(goldenDifference(try encoded(OneHotEncoder(drop: .ifBinary, output: dense)), Golden.oneHotBinary) == 0)
    #expect(goldenDifference(try encoded(OneHotEncoder(minFrequency: 6, output: dense)), Golden.oneHotMin) == 0)
    #expect(goldenDifference(try encoded(OneHotEncoder(minFrequency: 0.25, output: dense)), Golden.oneHotPart) == 0)
    #expect(goldenDifference(try encoded(OneHotEncoder(maxCategories: 3, output: dense)), Golden.oneHotMost) == 0)
    let both = OneHotEncoder<Tensor<Double>, _>(drop: .first, maxCategories: 3, output: dense)
    #expect(goldenDifference(try encoded(both), Golden.oneHotMostFirst) == 0)
    #expect(goldenDifference(try encoded(OneHotEncoder(maxCategories: 1, output: dense)), Golden.oneHotOne) == 0)
    #expect(goldenDifference(try encoded(OneHotEncoder(output: dense), Data.repeated), Golden.oneHotMissing) == 0)
  }

  @Test func `unknown categories are errors, zeros or rare ones`() throws {
    let (x, others) = (Data.categories, Data.categories + 1)
    let dense = Tensor<Double>.self
    let rare = OneHotEncoder<Tensor<Double>, _>(handleUnknown: .infrequentIfExist, minFrequency: 5, output: dense)
    #expect(goldenDifference(try encoded(rare, x, others), Golden.oneHotUnknown) == 0)
    let ignoring = OneHotEncoder<Tensor<Double>, _>(handleUnknown: .ignore, output: dense)
    #expect(goldenDifference(try encoded(ignoring, x, others), Golden.oneHotIgnored) == 0)
    let strict = try OneHotEncoder().fit(Tensor<Double>([[0, 1], [2, 1]]))
    #expect(throws: ModelError.unknownCategory("5", row: 1, column: 1)) {
      try strict.transform(Tensor([[2, 1], [0, 5]]))
    }
    #expect(throws: ModelError.columns(3, expected: 2)) { try strict.transform(Tensor(zeros: [1, 3])) }
  }

  static let table = Table([
    Table.Column("city", ["Ulm", "Bonn", nil, "Ulm", "Öhringen"]),
    Table.Column("rooms", Tensor<Double>([2, 3, 3, 2.5, .nan])),
  ])

  @Test func `texts and numbers of a table become columns that are named`() throws {
    let model = try OneHotEncoder().fit(Self.table)
    #expect(model.categories == [["Bonn", "Ulm", "Öhringen", .missing], [2, 2.5, 3, .missing]])
    #expect(
      model.featureNames(in: ["city", "rooms"]) == [
        "city_Bonn", "city_Ulm", "city_Öhringen", "city_nan", "rooms_2", "rooms_2.5", "rooms_3", "rooms_nan",
      ]
    )
    #expect(model.featureNamesOut[4] == "x1_2")
    let x: CSRMatrix<Double> = try model.transform(Self.table)
    #expect(x.indices == [1, 4, 0, 6, 3, 6, 1, 5, 2, 7] && x.columns == 8)
    #expect(x.values.allSatisfy { $0 == 1 })
    // Codes are places among the table's names, and rows chosen from it keep them.
    let few = Self.table[rows: [4, 0]]
    #expect(try model.transform(few) == x[rows: [4, 0]])
    #expect(try OneHotEncoder().fit(few).categories == [["Ulm", "Öhringen"], [2, .missing]])
  }

  @Test func `what was encoded comes back`() throws {
    let model = try OneHotEncoder(drop: .first).fit(Self.table)
    let back = try model.inverseTransform(model.transform(Self.table))
    #expect(back == [["Ulm", 2], ["Bonn", 3], [.missing, 3], ["Ulm", 2.5], ["Öhringen", .missing]])
    let ignoring = try OneHotEncoder(handleUnknown: .ignore, minFrequency: 2).fit(Self.table)
    #expect(ignoring.infrequentCategories[0] == ["Bonn", "Öhringen", .missing])
    #expect(ignoring.featureNamesOut == ["x0_Ulm", "x0_infrequent", "x1_3", "x1_infrequent"])
    let rows = try ignoring.inverseTransform(ignoring.transform(Self.table))
    #expect(rows[0] == ["Ulm", 2] && rows[1] == ["Bonn", 3])
  }

  @Test func `given categories keep their order, and what they lack is told`() throws {
    let x = Tensor<Float>([[3], [1], [3]])
    let model = try OneHotEncoder(categories: .given([[3, 1, 7]]), output: Tensor<Float>.self).fit(x)
    #expect(try model.transform(x) == Tensor([[1, 0, 0], [0, 1, 0], [1, 0, 0]]))
    #expect(throws: ModelError.unknownCategory("1", row: 1, column: 0)) {
      try OneHotEncoder(categories: .given([[3]])).fit(x)
    }
    #expect(throws: ModelError.self) { try OneHotEncoder(categories: .given([[3, 3]])).fit(x) }
    #expect(throws: ModelError.self) { try OneHotEncoder(categories: .given([[3], [1]])).fit(x) }
    #expect(throws: ModelError.self) { try OneHotEncoder(drop: .given([8])).fit(x) }
    #expect(try OneHotEncoder(drop: .given([3])).fit(x).featureNamesOut == ["x0_1"])
    #expect(throws: ModelError.self) { try OneHotEncoder(minFrequency: 1.5).fit(x) }
    #expect(throws: ModelError.self) { try OneHotEncoder(maxCategories: 0).fit(x) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try OneHotEncoder().fit(Tensor<Float>(zeros: [0, 2])) }
    #expect(throws: ModelError.notFinite(row: 1, column: 0)) {
      try OneHotEncoder().fit(Tensor<Float>([[1], [.infinity]]))
    }
  }

  @Test func `rows in another order give the same columns, and constant, huge and tiny numbers are categories`() throws
  {
    let order = (0..<Data.rows).map { $0 * 7 % Data.rows }
    let model = try OneHotEncoder().fit(Data.categories)
    #expect(try OneHotEncoder().fit(Data.categories[rows: order]) == model)
    #expect(try model.transform(Data.categories[rows: order]) == model.transform(Data.categories)[rows: order])
    let x = Tensor<Double>([[7, 1e300, 0.0], [7, 1e-300, -0.0]])
    #expect(try OneHotEncoder().fit(x).categories == [[7], [1e-300, 1e300], [0]])
  }

  @Test func `an encoder survives its file`() throws {
    let model = try OneHotEncoder(drop: .ifBinary, handleUnknown: .ignore, maxCategories: 3).fit(Self.table)
    try checkDamage(to: model) { model in
      _ = model.featureNamesOut
      guard model.categories.count == 2 else { return }
      let x = try? model.transform(Self.table)
      if let x { _ = try? model.inverseTransform(x) }
    }
  }
}

@Suite struct OrdinalEncoderTests {
  @Test func `numbers are those of scikit-learn`() throws {
    #expect(goldenDifference(try OrdinalEncoder().fit(Data.repeated).transform(Data.repeated), Golden.ordinal) == 0)
    let encoder = OrdinalEncoder<Tensor<Double>, _>(unknownValue: -1, encodedMissingValue: -2, maxCategories: 3)
    #expect(goldenDifference(try encoder.fit(Data.repeated).transform(Data.repeated + 1), Golden.ordinalUnknown) == 0)
  }

  @Test func `categories come back, and what cannot be is told`() throws {
    let table = OneHotEncoderTests.table
    let model = try OrdinalEncoder(as: Float.self).fit(table)
    let x = try model.transform(table)
    #expect(x[0..<2] == Tensor([[1, 0], [0, 2]]) && x[2, 0].isNaN && x[4, 1].isNaN)
    #expect(try model.inverseTransform(x)[3] == ["Ulm", 2.5])
    #expect(try model.inverseTransform(x)[2] == [.missing, 3])
    #expect(throws: ModelError.self) { try OrdinalEncoder(unknownValue: 1).fit(table) }
    #expect(throws: ModelError.self) { try OrdinalEncoder(encodedMissingValue: 1).fit(table) }
    #expect(throws: ModelError.unknownCategory("Jena", row: 0, column: 0)) {
      try model.transform(Table([Table.Column("city", ["Jena"]), Table.Column("rooms", Tensor([2]))]))
    }
  }

  @Test func `an encoder survives its file`() throws {
    let table = Table([Table.Column("city", (0..<30).map { "a city with quite a long name, number \($0)" })])
    let model = try OrdinalEncoder(unknownValue: 99, maxCategories: 5).fit(table)
    let x = try model.transform(table)
    try checkDamage(to: model) { model in
      _ = try? model.transform(table)
      _ = try? model.inverseTransform(x)
    }
  }
}

@Suite struct SimpleImputerTests {
  @Test func `missing numbers become those of scikit-learn`() throws {
    func imputed(_ imputer: SimpleImputer<Tensor<Double>>, _ x: Tensor<Double> = Data.holes) throws -> Tensor<Double> {
      try imputer.fit(x).transform(x)
    }
    #expect(goldenDifference(try imputed(SimpleImputer()), Golden.imputedMean) < 1e-15)
    #expect(
      goldenDifference(try imputed(SimpleImputer(strategy: .median, keepEmptyFeatures: true)), Golden.imputedMedian)
        == 0
    )
    #expect(
      goldenDifference(try imputed(SimpleImputer(strategy: .mostFrequent), Data.repeated), Golden.imputedMode) == 0
    )
    let constant = SimpleImputer<Tensor<Double>>(strategy: .constant(-9), addIndicator: true)
    #expect(goldenDifference(try imputed(constant), Golden.imputedConstant) == 0)
    let kept = SimpleImputer<Tensor<Double>>(strategy: .constant(-9), keepEmptyFeatures: true)
    #expect(goldenDifference(try imputed(kept), Golden.imputedConstantKept) == 0)
  }

  @Test func `missing elements of sparse rows become those of scikit-learn`() throws {
    let x = CSRMatrix(Data.sparseHoles)
    func imputed(_ imputer: SimpleImputer<CSRMatrix<Double>>) throws -> Tensor<Double> {
      try imputer.fit(x).transform(x).dense()
    }
    #expect(goldenDifference(try imputed(SimpleImputer(addIndicator: true)), Golden.imputedSparseMean) < 1e-15)
    #expect(goldenDifference(try imputed(SimpleImputer(strategy: .median)), Golden.imputedSparseMedian) == 0)
    #expect(goldenDifference(try imputed(SimpleImputer(strategy: .mostFrequent)), Golden.imputedSparseMode) == 0)
    let constant = SimpleImputer<CSRMatrix<Double>>(strategy: .constant(-9), addIndicator: true)
    #expect(goldenDifference(try imputed(constant), Golden.imputedSparseConstant) == 0)
    let model = try constant.fit(x)
    #expect(throws: ModelError.notFinite(row: 0, column: 1)) { try constant.fit(CSRMatrix(Tensor([[0, .infinity]]))) }
    #expect(throws: ModelError.columns(2, expected: 4)) { try model.transform(CSRMatrix(Tensor(zeros: [1, 2]))) }
    try checkDamage(to: model) { model in _ = try? model.transform(x) }
  }

  @Test func `missing texts become the most frequent one, or a constant`() throws {
    let table = Table([
      Table.Column("city", ["Ulm", nil, "Bonn", "Ulm", "Bonn", nil]),
      Table.Column("rooms", Tensor<Double>([2, .nan, 3, 3, .nan, 2])),
      Table.Column("none", [String?](repeating: nil, count: 6)),
    ])
    let frequent = try SimpleImputer(strategy: .mostFrequent, addIndicator: true).fit(table)
    // Of equally frequent ones the smallest, as scikit-learn has it.
    #expect(frequent.statistics == ["Bonn", 2])
    let made = try frequent.transform(table)
    #expect(made.columnNames == frequent.featureNames(in: table.columnNames))
    #expect(try made.column("city") == Table.Column("city", ["Ulm", "Bonn", "Bonn", "Ulm", "Bonn", "Bonn"]))
    #expect(try made.numbers(of: "rooms").scalars == [2, 2, 3, 3, 2, 2])
    #expect(try made.numbers(of: "missing_indicator_city").scalars == [0, 1, 0, 0, 0, 1])
    let texts = try table.selecting(["city", "none"])
    let constant = try SimpleImputer(strategy: .constant("?"), keepEmptyFeatures: true).fit(texts).transform(texts)
    #expect(try constant.column("city") == Table.Column("city", ["Ulm", "?", "Bonn", "Ulm", "Bonn", "?"]))
    #expect(try constant.column("none") == Table.Column("none", [String](repeating: "?", count: 6)))
    let numbers = try table.selecting(["rooms"])
    #expect(try SimpleImputer(strategy: .median).fit(numbers).transform(numbers).numbers(of: "rooms")[1] == 2.5)
    for strategy in [ImputationStrategy.mean, .median, .constant(0)] {
      #expect(throws: ModelError.self) { try SimpleImputer(strategy: strategy).fit(texts) }
    }
    #expect(throws: ModelError.self) { try SimpleImputer(strategy: .constant("?")).fit(numbers) }
    #expect(throws: TableError.notNumbers("city")) {
      try SimpleImputer<Table>().fit(numbers).transform(table.selecting(["city"]))
    }
    let encoder = OneHotEncoder<Table, Tensor<Double>>(output: Tensor<Double>.self)
    let encoded = SimpleImputer<Table>(strategy: .mostFrequent).then(encoder)
    #expect(try encoded.fit(table.selecting(["city"])).featureNamesOut == ["x0_Bonn", "x0_Ulm"])
    let unknown = try SimpleImputer(strategy: .constant("a city that nobody knows")).fit(table.selecting(["city"]))
    try checkDamage(to: unknown) { model in _ = try? model.transform(table) }
  }

  @Test func `columns have names, and what cannot be is told`() throws {
    let model = try SimpleImputer(addIndicator: true).fit(Data.holes)
    #expect(
      model.featureNames(in: ["a", "b", "c", "d"]) == [
        "a", "b", "c", "missing_indicator_a", "missing_indicator_b", "missing_indicator_c", "missing_indicator_d",
      ]
    )
    #expect(throws: ModelError.columns(2, expected: 4)) { try model.transform(Tensor(zeros: [1, 2])) }
    #expect(throws: ModelError.notFinite(row: 0, column: 1)) {
      try SimpleImputer().fit(Tensor<Float>([[1, .infinity]]))
    }
    #expect(throws: ModelError.rows(0, needed: 1)) { try SimpleImputer().fit(Tensor<Float>(zeros: [0, 2])) }
    #expect(throws: ModelError.self) { try SimpleImputer(strategy: .constant(.number(.nan))).fit(Data.x) }
    #expect(try SimpleImputer().fit(Data.x).transform(Data.x) == Data.x)
    try checkDamage(to: model) { model in
      _ = model.statistics
      _ = try? model.transform(Data.holes)
    }
  }
}

@Suite struct ColumnTransformerTests {
  static let table = Table([
    Table.Column("city", ["Ulm", "Bonn", nil, "Ulm"]),
    Table.Column("rooms", Tensor<Double>([2, .nan, 4, 6])),
    Table.Column("area", Tensor<Double>([50, 60, 70, .nan])),
    Table.Column("floor", Tensor<Double>([1, 2, 3, 4])),
  ])

  private let columns = ColumnTransformer(
    SimpleImputer<Tensor<Double>>(strategy: .median).then(StandardScaler()).on("rooms", "area"),
    OneHotEncoder<Table, _>(handleUnknown: .ignore).on("city"),
    remainder: .passthrough
  )

  @Test func `steps get their columns, and their results stand side by side`() throws {
    let model = try columns.fit(Self.table)
    let x = try model.transform(Self.table)
    let numbers = Tensor<Double>([[2, 50], [4, 60], [4, 70], [6, 60]])
    let scaled = try StandardScaler().fit(numbers).transform(numbers)
    let cities = Tensor<Double>([[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]])
    #expect(x == concatenate([scaled, cities, Tensor([[1], [2], [3], [4]])], axis: 1))
    #expect(
      model.featureNamesOut == ["rooms", "area", "city_Bonn", "city_Ulm", "city_nan", "floor"]
    )
    // Columns are known by their names.
    let others = Table(Self.table.columns.reversed() + [Table.Column("new", ["a", "b", "c", "d"])])
    #expect(try model.transform(others) == x)
    #expect(throws: ModelError.self) { try model.transform(Self.table.dropping(["area"])) }
  }

  @Test func `a sparse result has the same numbers`() throws {
    let sparse = ColumnTransformer(
      OneHotEncoder<Table, _>().on("city"),
      SimpleImputer<Tensor<Float>>().on("rooms"),
      output: CSRMatrix<Float>.self
    )
    let x = try sparse.fit(Self.table).transform(Self.table)
    #expect(x == CSRMatrix(Tensor([[0, 1, 0, 2], [1, 0, 0, 4], [0, 0, 1, 4], [0, 1, 0, 6]])))
  }

  @Test func `columns of tensors and sparse matrices are taken by number`() throws {
    let x = Data.sparse
    let onTensor = ColumnTransformer(
      StandardScaler<Tensor<Double>>().on(2, 0),
      OneHotEncoder<Tensor<Double>, _>().on([3]),
      remainder: .passthrough,
      input: Tensor<Double>.self
    )
    let made = try onTensor.fit(x).transform(x)
    let onSparse = ColumnTransformer(
      StandardScaler<Tensor<Double>>().on(2, 0),
      OneHotEncoder<Tensor<Double>, _>().on([3]),
      remainder: .passthrough,
      input: CSRMatrix<Double>.self
    )
    #expect(try onSparse.fit(CSRMatrix(x)).transform(CSRMatrix(x)) == made)
    #expect(made.shape == [30, 5] && made[3, 4] == x[3, 1])
    #expect(try onTensor.fit(x).featureNamesOut == ["x2", "x0", "x3_0", "x3_2.5", "x1"])
    #expect(throws: ModelError.columns(3, expected: 4)) { try onTensor.fit(x).transform(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.self) {
      try ColumnTransformer(StandardScaler<Tensor<Double>>().on(4), input: Tensor<Double>.self).fit(x)
    }
    #expect(throws: ModelError.self) {
      try ColumnTransformer(StandardScaler<Tensor<Double>>().on("a"), input: Tensor<Double>.self).fit(x)
    }
    #expect(throws: ModelError.self) {
      try ColumnTransformer(StandardScaler<Tensor<Double>>().on(1, 1), input: Tensor<Double>.self).fit(x)
    }
  }

  @Test func `it is a step of a pipeline, and survives its file`() throws {
    let pipeline = columns.then(KMeans(nClusters: 2, seed: 1))
    let model = try pipeline.fit(Self.table)
    #expect(try model.predict(Self.table) == model.last.labels)
    try checkDamage(to: model) { model in _ = try? model.predict(Self.table) }
    let again = try JSONDecoder().decode(type(of: columns), from: JSONEncoder().encode(columns))
    #expect(try again.fit(Self.table).transform(Self.table) == columns.fit(Self.table).transform(Self.table))
    #expect(throws: TableError.notNumbers("city")) {
      try ColumnTransformer(StandardScaler<Tensor<Double>>().on("rooms"), remainder: .passthrough).fit(Self.table)
    }
    #expect(throws: TableError.notNumbers("city")) {
      try ColumnTransformer(StandardScaler<Tensor<Double>>().on("city")).fit(Self.table)
    }
    let none = ColumnTransformer(StandardScaler<Tensor<Double>>().on([String]()), OneHotEncoder<Table, _>().on("city"))
    #expect(try none.fit(Self.table).transform(Self.table).shape == [4, 3])
    try checkDamage(to: columns.fit(Self.table)) { model in _ = try? model.transform(Self.table) }
  }

  @Test func `trees get numbers for categories, and NaN for what is missing or unknown`() throws {
    let model = try TableEncoder(as: Float.self).fit(Self.table)
    #expect(model.categoricalColumns == [0] && model.featureNamesOut == Self.table.columnNames)
    let x = try model.transform(Self.table)
    #expect(x[0, 0] == 1 && x[1, 0] == 0 && x[2, 0].isNaN && x[3, 0] == 1 && x[1, 1].isNaN && x[1, 2] == 60)
    let others = Table(
      Self.table.columns.dropFirst().reversed() + [Table.Column("city", ["Aalen", "Ulm", "Bonn", nil])]
    )
    let y = try model.transform(others)
    #expect(y[0, 0].isNaN && y[1, 0] == 1 && y[2, 0] == 0 && y[3, 0].isNaN && y[3, 3] == 4)
    #expect(throws: ModelError.notFinite(row: 0, column: 0)) {
      try TableEncoder().fit(Table([Table.Column("a", Tensor([.infinity]))]))
    }
    try checkDamage(to: model) { model in _ = try? model.transform(Self.table) }
  }
}
