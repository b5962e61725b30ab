import Farro
import FarroData
import FarroModels
import Foundation
import TestSupport
import Testing

private typealias Data = PreprocessingData
private typealias Golden = PreprocessingGolden

@Suite struct ScalerTests {
  private let x = Data.x
  private let sparse = Data.sparse
  private let weights = Data.weights

  @Test func `scaled columns are those of scikit-learn`() throws {
    #expect(
      goldenDifference(try StandardScaler().fit(x, weights: weights).transform(x), Golden.standardWeighted) < 1e-14
    )
    let minMax = MinMaxScaler<Double>(featureRange: -2...3)
    #expect(goldenDifference(try minMax.fit(x).transform(x), Golden.minMax) < 1e-15)
    let clipped = try MinMaxScaler(clip: true).fit(x[0..<10]).transform(x)
    #expect(goldenDifference(clipped, Golden.minMaxClipped) < 1e-15)
    #expect(goldenDifference(try MaxAbsScaler().fit(sparse).transform(sparse), Golden.maxAbs) < 1e-15)
    #expect(goldenDifference(try RobustScaler().fit(x).transform(x), Golden.robust) < 1e-14)
    let unit = RobustScaler<Tensor<Double>>(withCentering: false, quantileRange: 10...80, unitVariance: true)
    #expect(goldenDifference(try unit.fit(x).transform(x), Golden.robustUnit) < 1e-14)
  }

  @Test func `sparse rows are scaled as scikit-learn scales them, and as dense ones`() throws {
    let rows = CSRMatrix(sparse)
    let scaler = StandardScaler<CSRMatrix<Double>>(withMean: false)
    let scaled = try scaler.fit(rows).transform(rows)
    #expect(scaled.indices == rows.indices)
    #expect(goldenDifference(scaled.dense(), Golden.standardSparse) < 1e-14)
    let weighted = try scaler.fit(rows, weights: weights)
    #expect(goldenDifference(try weighted.transform(rows).dense(), Golden.standardSparseWeighted) < 1e-14)
    let back = try weighted.inverseTransform(weighted.transform(rows))
    #expect(goldenDifference(back.dense(), sparse.scalars) < 1e-15)
    let steps = try scaler.then(Normalizer()).fit(rows)
    #expect(try steps.transform(rows) == Normalizer().transform(scaled))
    #expect(goldenDifference(try MaxAbsScaler().fit(rows).transform(rows).dense(), Golden.maxAbs) < 1e-15)
    let robust = try RobustScaler<CSRMatrix<Double>>(withCentering: false).fit(rows)
    #expect(goldenDifference(try robust.transform(rows).dense(), Golden.robustSparse) < 1e-14)
    #expect(throws: ModelError.self) { try RobustScaler().fit(rows) }
    #expect(throws: ModelError.self) { try StandardScaler().fit(rows) }
  }

  @Test func `rows are divided by their lengths as scikit-learn does it`() throws {
    for (norm, golden) in [
      (VectorNorm.l1, Golden.normalizedL1), (.l2, Golden.normalizedL2), (.max, Golden.normalizedMax),
    ] {
      #expect(goldenDifference(try Normalizer(norm: norm).fit(sparse).transform(sparse), golden) < 1e-15)
      let rows = CSRMatrix(sparse)
      #expect(goldenDifference(try Normalizer(norm: norm).fit(rows).transform(rows).dense(), golden) < 1e-15)
    }
    let extremes = Tensor<Double>([[3e300, 4e300], [3e-300, 4e-300], [0, 0]])
    let expected = [0.6, 0.8, 0.6, 0.8, 0, 0]
    #expect(goldenDifference(try Normalizer().transform(extremes), expected) < 1e-15)
    #expect(try Binarizer<Tensor<Double>>(threshold: 1).transform(Tensor([[1, 2, -3]])) == Tensor([[0, 1, 0]]))
    let ones = try Binarizer<CSRMatrix<Double>>().transform(CSRMatrix(Tensor([[1, 0, -3]])))
    #expect(ones == CSRMatrix(Tensor([[1, 0, 0]])))
    let fitted = try Normalizer<Tensor<Double>>().fit(extremes)
    #expect(fitted.featureNamesOut == ["x0", "x1"] && fitted.featureNames(in: ["a", "b"]) == ["a", "b"])
    #expect(throws: ModelError.columns(1, expected: 2)) { try fitted.transform(Tensor(zeros: [1, 1])) }
    try checkDamage(to: Binarizer(threshold: 2.12345678901).fit(extremes)) { model in
      _ = try? model.transform(extremes)
    }
    #expect(throws: ModelError.self) { try Binarizer<CSRMatrix<Float>>(threshold: -1).fit(CSRMatrix(Tensor([[1]]))) }
  }

  @Test func `what was scaled comes back`() throws {
    func expectBack<Model: Transformer>(_ model: Model, _ back: (Model, Tensor<Double>) throws -> Tensor<Double>) throws
    where Model.Input == Tensor<Double>, Model.Output == Tensor<Double> {
      #expect(goldenDifference(try back(model, model.transform(x)), x.scalars) < 1e-14)
    }
    try expectBack(StandardScaler().fit(x, weights: weights)) { try $0.inverseTransform($1) }
    try expectBack(MinMaxScaler(featureRange: 5...6).fit(x)) { try $0.inverseTransform($1) }
    try expectBack(MaxAbsScaler().fit(x)) { try $0.inverseTransform($1) }
    try expectBack(RobustScaler().fit(x)) { try $0.inverseTransform($1) }
    let rows = CSRMatrix(sparse)
    let model = try MaxAbsScaler().fit(rows)
    #expect(goldenDifference(try model.inverseTransform(model.transform(rows)).dense(), sparse.scalars) < 1e-15)
  }

  @Test func `constant columns, one row, huge and tiny numbers are scaled to numbers`() throws {
    let x = Tensor<Double>([[7, 1e300, 1e-300, 0], [7, -1e300, 3e-300, 0]])
    for model in [
      try MinMaxScaler().fit(x), try MaxAbsScaler().fit(x), try RobustScaler().fit(x), try MinMaxScaler().fit(x[0..<1]),
      try RobustScaler().fit(x[0..<1]),
    ] { #expect(try model.transform(x[0..<1]).scalars.allSatisfy(\.isFinite)) }
    #expect(try MinMaxScaler().fit(x).transform(x)[row: 0].scalars == [0, 1, 0, 0])
    #expect(try MaxAbsScaler().fit(x).transform(x)[row: 1].scalars == [1, -1, 1, 0])
  }

  @Test func `rows in another order, and rows of weight 0, change rounding only`() throws {
    let order = (0..<Data.rows).map { $0 * 7 % Data.rows }
    let moved = x[rows: order]
    #expect(try MinMaxScaler().fit(moved) == MinMaxScaler().fit(x))
    #expect(try RobustScaler().fit(moved) == RobustScaler().fit(x))
    let weighted = try StandardScaler().fit(x, weights: weights).moments
    let again = try StandardScaler().fit(moved, weights: weights[rows: order]).moments
    #expect(zip(weighted.mean, again.mean).allSatisfy { abs($0 - $1) < 1e-14 })
    // Weights that are whole numbers count as copies of rows.
    let copies = (0..<Data.rows).flatMap { [Int](repeating: $0, count: $0 % 4) }
    let copied = try StandardScaler().fit(x[rows: copies]).moments
    #expect(zip(weighted.deviation, copied.deviation).allSatisfy { abs($0 - $1) < 1e-14 })
  }

  @Test func `what cannot be is told`() throws {
    var broken = x
    broken[2, 1] = .nan
    #expect(throws: ModelError.notFinite(row: 2, column: 1)) { try MinMaxScaler().fit(broken) }
    #expect(throws: ModelError.notFinite(row: 2, column: 1)) { try MaxAbsScaler().fit(broken) }
    #expect(throws: ModelError.notFinite(row: 2, column: 1)) { try RobustScaler().fit(broken) }
    #expect(throws: ModelError.notFinite(row: 2, column: 1)) { try Normalizer().transform(broken) }
    #expect(throws: ModelError.notFinite(row: 2, column: 1)) { try Binarizer().transform(broken) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try RobustScaler().fit(Tensor<Float>(zeros: [0, 3])) }
    #expect(throws: ModelError.self) { try MinMaxScaler(featureRange: 1...1).fit(x) }
    #expect(throws: ModelError.self) { try RobustScaler(quantileRange: -1...50).fit(x) }
    #expect(throws: ModelError.columns(2, expected: 4)) { try MaxAbsScaler().fit(x).transform(Tensor(zeros: [1, 2])) }
    #expect(throws: ModelError.self) { try StandardScaler().fit(x, weights: Tensor([1])) }
  }

  @Test func `scalers survive their files`() throws {
    try checkDamage(to: StandardScaler().fit(x)) { model in _ = try? model.transform(x) }
    try checkDamage(to: MinMaxScaler(clip: true).fit(x)) { model in _ = try? model.transform(x) }
  }
}

@Suite struct PolynomialFeaturesTests {
  private let x = Data.x[0..<5]

  @Test func `products and their names are those of scikit-learn`() throws {
    let x = Tensor(x.scalars, shape: [5, 4])
    #expect(goldenDifference(try PolynomialFeatures().fit(x).transform(x), Golden.polynomial) < 1e-15)
    let three = Tensor((0..<5).flatMap { row in (0..<3).map { x[row, $0] } }, shape: [5, 3])
    let cubes = try PolynomialFeatures(degree: 3, leastDegree: 2, includeBias: false).fit(three)
    #expect(goldenDifference(try cubes.transform(three), Golden.polynomialCubes) < 1e-15)
    let products = PolynomialFeatures<Tensor<Double>>(degree: 3, interactionOnly: true)
    #expect(goldenDifference(try products.fit(x).transform(x), Golden.polynomialProducts) < 1e-15)
    let two = Tensor<Double>(zeros: [1, 2])
    let names = try PolynomialFeatures(degree: 3).fit(two).featureNamesOut
    #expect(names.joined(separator: ",") == Golden.polynomialNames)
    let pairs = try PolynomialFeatures(interactionOnly: true, includeBias: false).fit(three)
    #expect(pairs.featureNames(in: ["a", "b", "c"]).joined(separator: ",") == Golden.productNames)
    #expect(pairs.powers == Tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]]))
  }

  @Test func `products of sparse rows are those of scikit-learn, and of dense rows`() throws {
    let dense = Data.sparse[0..<6]
    let sparse = CSRMatrix(dense)
    let four = try PolynomialFeatures(degree: 4).fit(sparse).transform(sparse)
    #expect(goldenDifference(four.dense(), Golden.polynomialSparse) < 1e-15)
    let full = CSRMatrix(Data.x[0..<6])
    for isOnce in [false, true] {
      for degrees in [1...1, 1...2, 2...3, 3...3, 4...5] {
        for bias in [false, true] {
          let (least, most) = (degrees.lowerBound, degrees.upperBound)
          let a = PolynomialFeatures<Tensor<Double>>(
            degree: most,
            leastDegree: least,
            interactionOnly: isOnce,
            includeBias: bias
          )
          let b = PolynomialFeatures<CSRMatrix<Double>>(
            degree: most,
            leastDegree: least,
            interactionOnly: isOnce,
            includeBias: bias
          )
          for x in [sparse, full] {
            let (expected, found) = (try a.fit(x.dense()), try b.fit(x))
            #expect(try found.transform(x) == CSRMatrix(expected.transform(x.dense())), "\(degrees) \(isOnce) \(bias)")
            #expect(found.powers == expected.powers && found.featureNamesOut == expected.featureNamesOut)
            #expect(try found.transform(x).columns == found.powers.shape[0])
          }
        }
      }
    }
    // Hashed terms, of which no list could be made.
    let wide = CSRMatrix<Float>(unchecked: 1, 60_000, [0, 2], [3, 59_999], [2, 5])
    let pairs = try PolynomialFeatures(interactionOnly: true, includeBias: false).fit(wide).transform(wide)
    #expect(pairs.columns == 1_800_030_000 && pairs.values == [2, 5, 10])
    // Behind the columns, the pairs of the first three, and all but the last of the fourth one.
    #expect(pairs.indices == [3, 59_999, 299_989])
    let most = CSRMatrix<Float>(unchecked: 1, 1 << 20, [0, 1], [3], [2])
    #expect(throws: ModelError.self) { try PolynomialFeatures().fit(most) }
    #expect(throws: ModelError.self) { try PolynomialFeatures(degree: 2000).fit(sparse) }
    #expect(
      try PolynomialFeatures(degree: 69, leastDegree: 69).fit(Tensor<Double>(zeros: [1, 1])).powers
        == Tensor([[0], [69]])
    )
  }

  @Test func `what cannot be is told, and files are survived`() throws {
    #expect(throws: ModelError.self) { try PolynomialFeatures(degree: 0).fit(x) }
    #expect(throws: ModelError.self) { try PolynomialFeatures(degree: 1, leastDegree: 2).fit(x) }
    #expect(throws: ModelError.self) { try PolynomialFeatures(degree: 3).fit(Tensor<Float>(zeros: [1, 600])) }
    #expect(throws: ModelError.notFinite(row: 0, column: 1)) {
      try PolynomialFeatures().fit(Tensor<Float>([[1, .nan]]))
    }
    let model = try PolynomialFeatures<Tensor<Double>>().fit(x)
    #expect(throws: ModelError.columns(2, expected: 4)) { try model.transform(Tensor(zeros: [1, 2])) }
    // A file has nothing but a few small numbers: most changes are refused.
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.save(to: path)
    #expect(try PolynomialFeaturesModel<Tensor<Double>>(contentsOf: path) == model)
    let whole = try String(decoding: Foundation.Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    for (old, new, isWell) in [
      (#"Count\":4"#, #"Count\":9"#, true), ("[1,2]", "[1,9]", true), ("[1,2]", "[0,2]", false),
      ("[1,2]", "[2,1]", false),
      (#"Count\":4"#, #"Count\":-"#, false),
    ] {
      var changed = Array(whole.replacing(old, with: new).utf8)
      #expect(changed != Array(whole.utf8), "\(whole)")
      ModelFile.seal(&changed)
      try Foundation.Data(changed).write(to: URL(fileURLWithPath: path))
      let read = try? PolynomialFeaturesModel<Tensor<Double>>(contentsOf: path)
      #expect((read != nil) == isWell, "\(new)")
      if let read { #expect(read.powers.shape[0] > 15) }
    }
  }
}

@Suite struct KBinsDiscretizerTests {
  private let x = Data.x

  @Test func `bins are those of scikit-learn`() throws {
    let dense = Tensor<Double>.self
    func binned(_ bins: KBinsDiscretizer<Double, Tensor<Double>>) throws -> Tensor<Double> {
      try bins.fit(x).transform(x)
    }
    #expect(goldenDifference(try binned(KBinsDiscretizer(encode: .ordinal, output: dense)), Golden.binsQuantile) == 0)
    let linear = KBinsDiscretizer<Double, _>(nBins: 4, encode: .ordinal, quantileMethod: .linear, output: dense)
    #expect(goldenDifference(try binned(linear), Golden.binsLinear) == 0)
    let uniform = KBinsDiscretizer<Double, _>(encode: .ordinal, strategy: .uniform, output: dense)
    #expect(goldenDifference(try binned(uniform), Golden.binsUniform) == 0)
    let means = KBinsDiscretizer<Double, _>(nBins: 3, encode: .ordinal, strategy: .kmeans, output: dense)
    #expect(goldenDifference(try binned(means), Golden.binsKMeans) == 0)
    #expect(goldenDifference(try binned(KBinsDiscretizer(nBins: [2, 3, 4, 2], output: dense)), Golden.binsOneHot) == 0)
    let sparse = try KBinsDiscretizer<Double, _>(nBins: [2, 3, 4, 2]).fit(x)
    #expect(goldenDifference(try sparse.transform(x).dense(), Golden.binsOneHot) == 0)
    let edges = try KBinsDiscretizer<Double, _>(output: dense).fit(x).binEdges
    #expect(goldenDifference(Tensor(edges[..<3].flatMap { $0 }), Golden.binEdges) < 1e-15)
  }

  @Test func `the middles of bins come back`() throws {
    let three = try x.numbers(ofColumns: [0, 1, 2], as: Double.self)
    let ordinal = try KBinsDiscretizer(nBins: 4, encode: .ordinal, output: Tensor<Double>.self).fit(three)
    #expect(goldenDifference(try ordinal.inverseTransform(ordinal.transform(three)), Golden.binsBack) < 1e-14)
    let oneHot = try KBinsDiscretizer<Double, _>(nBins: 4).fit(three)
    #expect(goldenDifference(try oneHot.inverseTransform(oneHot.transform(three)), Golden.binsBack) < 1e-14)
    #expect(throws: ModelError.self) { try ordinal.inverseTransform(Tensor([[0, 0, 9]])) }
    #expect(oneHot.featureNames(in: ["a", "b", "c"])[4] == "b_0.0")
  }

  @Test func `constant columns have one bin, and what cannot be is told`() throws {
    let model = try KBinsDiscretizer<Double, _>().fit(x)
    #expect(model.nBins[3] == 1 && model.binEdges[3] == [-.infinity, .infinity])
    // Borders between equal elements are one.
    let equal = try KBinsDiscretizer<Double, _>(nBins: 4).fit(Tensor([[0], [0], [0], [0], [1], [2]]))
    #expect(equal.binEdges == [[0, 1, 2]])
    #expect(throws: ModelError.self) { try KBinsDiscretizer<Double, _>(nBins: 1).fit(x) }
    #expect(throws: ModelError.self) { try KBinsDiscretizer<Double, _>(nBins: [2, 2]).fit(x) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try KBinsDiscretizer<Float, _>().fit(Tensor(zeros: [0, 1])) }
    #expect(throws: ModelError.notFinite(row: 0, column: 0)) {
      try KBinsDiscretizer<Float, _>().fit(Tensor([[.infinity]]))
    }
    try checkDamage(to: model) { model in _ = try? model.transform(x) }
  }
}

@Suite struct TrainTestSplitTests {
  private let x = Tensor<Double>((0..<40).map(Double.init), shape: [20, 2])
  private let labels = (0..<20).map { $0 % 4 == 0 ? "a" : "b" }

  @Test func `parts of all kinds are parted in the same way`() throws {
    let table = Table([Table.Column("n", Tensor((0..<20).map(Double.init)))])
    let (a, b, c, d) = try trainTestSplit(x, labels, CSRMatrix(x), table, testSize: 0.3, seed: 3)
    #expect(a.train.shape == [14, 2] && a.test.shape == [6, 2])
    let rows = (0..<6).map { Int(a.test[$0, 0]) / 2 }
    #expect(b.test == rows.map { labels[$0] } && c.test == CSRMatrix(a.test))
    #expect(try d.test.numbers(of: "n").scalars == rows.map(Double.init))
    let all = (a.train.scalars + a.test.scalars).sorted()
    #expect(all == x.scalars)
    #expect(try trainTestSplit(x, seed: 3).test == trainTestSplit(x, seed: 3).test)
    #expect(try trainTestSplit(x, seed: 3).test != trainTestSplit(x, seed: 4).test)
    let plain = try trainTestSplit(x, shuffle: false)
    #expect(plain.train == x[0..<15] && plain.test == x[15..<20])
  }

  @Test func `classes have the same part of both sides`() throws {
    let (_, y) = try trainTestSplit(x, labels, testSize: 8, stratify: labels)
    #expect(y.test.count { $0 == "a" } == 2 && y.train.count { $0 == "a" } == 3)
    let classes = [50, 31, 12, 7].enumerated().flatMap { [Int](repeating: $0, count: $1) }
    let split = try trainTestSplit(classes, testSize: 75, trainSize: 25, stratify: classes)
    #expect((0..<4).map { label in Double(split.train.count { $0 == label }) } == Golden.stratified)
  }

  @Test func `what cannot be is told`() throws {
    #expect(throws: ModelError.self) { try trainTestSplit(x, testSize: 20) }
    #expect(throws: ModelError.self) { try trainTestSplit(x, testSize: 1.5) }
    #expect(throws: ModelError.self) { try trainTestSplit(x, testSize: 12, trainSize: 12) }
    #expect(throws: ModelError.labels(19, rows: 20)) { try trainTestSplit(x, Array(labels.dropLast())) }
    #expect(throws: ModelError.labels(3, rows: 20)) { try trainTestSplit(x, stratify: [1, 1, 2]) }
  }

  @Test func `labels have numbers`() throws {
    let encoder = try LabelEncoder().fit(["no", "yes", "no", "maybe"])
    #expect(encoder.classes == ["maybe", "no", "yes"])
    #expect(try encoder.transform(["yes", "no"]) == [2, 1])
    #expect(try encoder.inverseTransform([2, 0]) == ["yes", "maybe"])
    #expect(throws: MetricError.self) { try encoder.transform(["other"]) }
    #expect(throws: ModelError.self) { try encoder.inverseTransform([3]) }
  }
}
