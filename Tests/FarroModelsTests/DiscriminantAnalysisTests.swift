import Farro
import FarroData
import FarroDatasets
import FarroModels
import TestSupport
import Testing

@Suite struct DiscriminantAnalysisTests {
  private static let iris = Datasets.iris(as: Double.self)
  private static let data = [
    "iris": iris, "wine": Datasets.wine(as: Double.self), "cancer": Datasets.breastCancer(as: Double.self),
    "digits": Datasets.digits(as: Double.self),
  ]

  /// Columns whose signs are of no meaning, each with its largest element positive.
  private func unsigned(_ values: [Double], columns: Int) -> [Double] {
    var values = values
    for column in 0..<columns {
      let places = stride(from: column, to: values.count, by: columns)
      let largest = places.max { abs(values[$0]) < abs(values[$1]) }!
      if values[largest] < 0 { for place in places { values[place] *= -1 } }
    }
    return values
  }

  @Test(arguments: [
    ("svd.iris", LinearDiscriminantAnalysis<Double>()),
    ("svd.wine", LinearDiscriminantAnalysis(priors: [0.5, 0.25, 0.25])), ("svd.cancer", LinearDiscriminantAnalysis()),
    ("svd.digits", LinearDiscriminantAnalysis()), ("lsqr.iris", LinearDiscriminantAnalysis(solver: .lsqr)),
    ("lsqr.wine", LinearDiscriminantAnalysis(solver: .lsqr, shrinkage: .fixed(0.25))),
    ("lsqr.cancer", LinearDiscriminantAnalysis(solver: .lsqr, shrinkage: .automatic)),
    ("eigen.iris", LinearDiscriminantAnalysis(solver: .eigen)),
    ("eigen.wine", LinearDiscriminantAnalysis(solver: .eigen, shrinkage: .automatic)),
    ("eigen.cancer", LinearDiscriminantAnalysis(solver: .eigen, shrinkage: .fixed(0.5))),
  ])
  func `linear discriminants are scikit-learn's`(name: String, estimator: LinearDiscriminantAnalysis<Double>) throws {
    let set = Self.data[String(name.split(separator: ".")[1])]!
    let classifier = try estimator.fit(set.x, set.y)
    let model = classifier.model
    let golden = linearGolden("lda." + name)
    #expect(relativeError(model.coefficients.scalars, golden[..<model.coefficients.count]) < 1e-6)
    #expect(relativeError(model.intercept.scalars, golden[model.coefficients.count...]) < 1e-6)
    let some = everyRow(set.x, 29)
    let probabilities = try classifier.predictProbabilities(some)
    #expect(relativeError(probabilities.scalars, linearGolden("lda.\(name).probabilities")) < 1e-6)
    if estimator.solver == .lsqr {
      #expect(throws: ModelError.self) { try model.transform(some) }
    } else {
      let transformed = linearGolden("lda.\(name).transformed")
      let columns = set.classNames.count - 1
      let (rows, ratio) = (transformed.dropLast(columns), transformed.suffix(columns))
      #expect(
        relativeError(
          unsigned(try model.transform(some).scalars, columns: columns),
          unsigned(Array(rows), columns: columns)
        ) < 1e-6
      )
      #expect(relativeError(model.explainedVarianceRatio, ratio) < 1e-6)
    }
    var single = LinearDiscriminantAnalysis<Float>(solver: .init(rawValue: estimator.solver.rawValue)!)
    (single.shrinkage, single.priors) = (estimator.shrinkage, estimator.priors)
    let singleModel = try single.fit(Tensor(casting: set.x), set.y)
    let agreeing = zip(try singleModel.predict(Tensor(casting: set.x)), try classifier.predict(set.x)).filter(==).count
    #expect(agreeing >= set.y.count - 1)
  }

  @Test(arguments: [
    ("iris", QuadraticDiscriminantAnalysis<Double>()),
    ("wine", QuadraticDiscriminantAnalysis(priors: [0.5, 0.25, 0.25], regParam: 0.125)),
    ("cancer", QuadraticDiscriminantAnalysis(regParam: 0.5)),
    ("auto.iris", QuadraticDiscriminantAnalysis(shrinkage: .automatic)),
    ("fixed.wine", QuadraticDiscriminantAnalysis(shrinkage: .fixed(0.25))),
  ])
  func `quadratic discriminants are scikit-learn's`(
    name: String,
    estimator: QuadraticDiscriminantAnalysis<Double>
  ) throws {
    let set = Self.data[String(name.split(separator: ".").last!)]!
    let classifier = try estimator.fit(set.x, set.y)
    let some = everyRow(set.x, 29)
    let scores = try classifier.decisionFunction(some)
    let probabilities = try classifier.predictProbabilities(some)
    let golden = linearGolden("qda." + name)
    #expect(relativeError(scores.scalars, golden[..<scores.count]) < 1e-6)
    #expect(relativeError(probabilities.scalars, golden[scores.count...]) < 1e-6)
    var single = QuadraticDiscriminantAnalysis<Float>(priors: estimator.priors, regParam: estimator.regParam)
    single.shrinkage = estimator.shrinkage
    let singleModel = try single.fit(Tensor(casting: set.x), set.y)
    #expect(try singleModel.predict(Tensor(casting: set.x)) == classifier.predict(set.x))
  }

  @Test func `the order of rows and the names of classes change rounding alone, and threads nothing`() throws {
    let set = Self.data["wine"]!
    let order = (0..<178).map { $0 * 5 % 178 }
    let names = set.y.map { ["c", "a", "b"][$0] }
    let linear = try LinearDiscriminantAnalysis().fit(set.x, set.y)
    let quadratic = try QuadraticDiscriminantAnalysis(regParam: 0.1).fit(set.x, set.y)
    let shuffled = try LinearDiscriminantAnalysis().fit(set.x[rows: order], order.map { names[$0] })
    let shuffledToo = try QuadraticDiscriminantAnalysis(regParam: 0.1).fit(set.x[rows: order], order.map { names[$0] })
    #expect(shuffled.classes == ["a", "b", "c"])
    for (one, other) in [
      (try linear.predictProbabilities(set.x), try shuffled.predictProbabilities(set.x)),
      (try quadratic.predictProbabilities(set.x), try shuffledToo.predictProbabilities(set.x)),
    ] {
      let moved = (0..<178).flatMap { [one[$0, 1], one[$0, 2], one[$0, 0]] }
      #expect(relativeError(other.scalars, moved) < 1e-9)
    }
    let x = Tensor<Float>(randomNormal: [20_000, 8], seed: 2)
    let y = (0..<20_000).map { x[$0, 0] > x[$0, 1] ? 1 : 0 }
    let one = try withThreads(1) {
      (try LinearDiscriminantAnalysis().fit(x, y), try QuadraticDiscriminantAnalysis().fit(x, y))
    }
    let two = try withThreads(2) {
      (try LinearDiscriminantAnalysis().fit(x, y), try QuadraticDiscriminantAnalysis().fit(x, y))
    }
    #expect(one.0 == two.0 && one.1 == two.1)
  }

  @Test func `constant columns, more columns than rows, equal rows and any scale`() throws {
    let (x, y) = (Self.iris.x, Self.iris.y)
    let model = try LinearDiscriminantAnalysis().fit(x, y)
    let wider = try LinearDiscriminantAnalysis().fit(
      Tensor((0..<150).flatMap { x[row: $0].scalars + [7] }, shape: [150, 5]),
      y
    )
    #expect(
      relativeError(
        wider.coefficients.scalars.enumerated().filter { $0.offset % 5 < 4 }.map(\.element),
        model.coefficients.scalars
      ) < 1e-9
    )
    let wide = try LinearDiscriminantAnalysis().fit(
      Tensor<Double>(randomNormal: [6, 20], seed: 1),
      [0, 1, 0, 1, 0, 1]
    )
    #expect(wide.coefficients.scalars.allSatisfy { $0.isFinite })
    let twice = try LinearDiscriminantAnalysis().fit(concatenate([x, x]), y + y)
    #expect(relativeError(twice.coefficients.scalars, model.coefficients.scalars) < 1e-9)
    for scale in [1e-100, 1e100] {
      let scaled = try LinearDiscriminantAnalysis().fit(x * scale, y)
      #expect(try scaled.predict(x * scale) == model.predict(x))
    }
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.iris.x
    broken[41, 2] = .nan
    let y = Self.iris.y
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try LinearDiscriminantAnalysis().fit(broken, y) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try QuadraticDiscriminantAnalysis().fit(broken, y) }
    let same = [Int](repeating: 1, count: 150)
    let x = Self.iris.x
    #expect(throws: ModelError.self) { try LinearDiscriminantAnalysis().fit(x, same) }
    #expect(throws: ModelError.self) { try QuadraticDiscriminantAnalysis().fit(x, same) }
    #expect(throws: ModelError.self) { try LinearDiscriminantAnalysis(shrinkage: .automatic).fit(x, y) }
    #expect(throws: ModelError.self) { try LinearDiscriminantAnalysis(solver: .lsqr, shrinkage: .fixed(2)).fit(x, y) }
    #expect(throws: ModelError.self) { try LinearDiscriminantAnalysis(nComponents: 3).fit(x, y) }
    #expect(throws: ModelError.self) { try LinearDiscriminantAnalysis(priors: [1]).fit(x, y) }
    #expect(throws: ModelError.self) { try QuadraticDiscriminantAnalysis(priors: [1, -1, 1]).fit(x, y) }
    #expect(throws: ModelError.self) { try QuadraticDiscriminantAnalysis(regParam: 2).fit(x, y) }
    #expect(throws: ModelError.self) { try QuadraticDiscriminantAnalysis().fit(x[0..<1], [1]) }
    #expect(throws: ModelError.self) {
      try QuadraticDiscriminantAnalysis().fit(Tensor<Double>(ones: [4, 2]), [0, 0, 1, 1])
    }
    #expect(throws: ModelError.self) {
      try LinearDiscriminantAnalysis().fit(Tensor<Double>(ones: [4, 2]), [0, 0, 1, 1])
    }
    #expect(throws: ModelError.rows(3, needed: 4)) { try LinearDiscriminantAnalysis().fit(x[0..<3], [0, 1, 2]) }
    let dependent = Tensor((0..<150).flatMap { x[row: $0].scalars + [2 * x[$0, 0]] }, shape: [150, 5])
    #expect(throws: ModelError.self) { try LinearDiscriminantAnalysis(solver: .eigen).fit(dependent, y) }
    let model = try LinearDiscriminantAnalysis().fit(x, y).model
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predictClasses(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try model.transform(broken) }
  }

  @Test func `models survive being saved`() throws {
    let set = Self.iris
    try checkDamage(to: try LinearDiscriminantAnalysis().fit(set.x, set.y).model) { model in
      guard model.coefficients.shape == [3, 4] else { return }
      _ = try model.predictProbabilities(set.x)
      guard model.scalings != nil else { return }
      _ = try model.transform(set.x)
    }
    try checkDamage(to: try QuadraticDiscriminantAnalysis().fit(set.x, set.y).model) { model in
      guard model.means.shape == [3, 4] else { return }
      _ = try model.predictProbabilities(set.x)
    }
  }
}
