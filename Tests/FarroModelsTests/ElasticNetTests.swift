import Farro
import FarroData
import FarroDatasets
import FarroModels
import TestSupport
import Testing

@Suite struct ElasticNetTests {
  private static let diabetes = Datasets.diabetes(as: Double.self)
  private static let (x, y) = (diabetes.x, diabetes.y)
  private static let two = stack([y, y * y * (1.0 / 64)], axis: 1)
  private static let weights = goldenWeights(442)
  private static let digits = Datasets.digits(as: Double.self)
  private static let digit = Tensor(digits.y.map(Double.init))

  private static func lasso(
    _ alpha: Double,
    fitIntercept: Bool = true,
    positive: Bool = false
  ) -> ElasticNet<Tensor<Double>> {
    net(alpha, 1, fitIntercept: fitIntercept, positive: positive)
  }

  private static func net<Input: NumericRows>(
    _ alpha: Double,
    _ l1Ratio: Double,
    fitIntercept: Bool = true,
    positive: Bool = false
  ) -> ElasticNet<Input> {
    ElasticNet(
      alpha: alpha,
      l1Ratio: l1Ratio,
      fitIntercept: fitIntercept,
      maxIterations: 100_000,
      tolerance: 1e-10,
      positive: positive
    )
  }

  private func error<Input: NumericRows>(_ model: ElasticNetModel<Input>, _ name: String) -> Double {
    relativeError(model.coefficients.doubles + model.intercept.doubles, linearGolden(name))
  }

  @Test(arguments: [
    ("lasso.diabetes", lasso(0.25), x, y, nil), ("lasso.weighted", lasso(0.25), x, y, weights),
    ("lasso.positive", lasso(0.25, positive: true), x, y, nil),
    ("lasso.origin", lasso(0.25, fitIntercept: false), x, y, nil),
    ("lasso.wide", lasso(1), digits.x[0..<40], digit[0..<40], nil),
    ("lasso.digits", lasso(0.0625), digits.x, digit, nil),
    ("net.diabetes", net(0.0625, 0.75), x, y, nil), ("net.two", net(0.0625, 0.75), x, two, nil),
    ("net.ridge", net(0.0625, 0), x, y, nil),
  ])
  func `coefficients are scikit-learn's, of dense and sparse rows, in turn and at random`(
    name: String,
    estimator: ElasticNet<Tensor<Double>>,
    x: Tensor<Double>,
    y: Tensor<Double>,
    weights: Tensor<Double>?
  ) throws {
    let model = try estimator.fit(x, y, weights: weights)
    #expect(error(model, name) < 1e-6)
    #expect(zip(model.dualGaps, model.iterations).allSatisfy { $0 < 1e-6 && 1..<100_000 ~= $1 })
    var random = estimator
    (random.selection, random.seed) = (.random, 3)
    #expect(error(try random.fit(x, y, weights: weights), name) < 1e-6)
    let sparse: ElasticNet<CSRMatrix<Double>> = Self.net(
      estimator.alpha,
      estimator.l1Ratio,
      fitIntercept: estimator.fitIntercept,
      positive: estimator.positive
    )
    #expect(error(try sparse.fit(CSRMatrix(x), y, weights: weights), name) < 1e-6)
    let single: ElasticNet<Tensor<Float>> = Self.net(
      estimator.alpha,
      estimator.l1Ratio,
      fitIntercept: estimator.fitIntercept,
      positive: estimator.positive
    )
    let singleModel = try single.fit(Tensor(casting: x), Tensor(casting: y), weights: weights)
    #expect(error(singleModel, name) < 1e-4)
  }

  @Test func `lasso is an elastic net of absolute values alone`() throws {
    let lasso = try Lasso(alpha: 0.5).fit(Self.x, Self.y)
    #expect(lasso == (try ElasticNet(alpha: 0.5, l1Ratio: 1).fit(Self.x, Self.y)))
    var changed = Lasso<Tensor<Double>>()
    (changed.alpha, changed.positive, changed.selection, changed.seed) = (0.5, true, .random, 9)
    (changed.fitIntercept, changed.maxIterations, changed.tolerance, changed.start) = (false, 7, 0.5, Tensor([1]))
    let same = Lasso<Tensor<Double>>(
      alpha: changed.alpha,
      fitIntercept: changed.fitIntercept,
      maxIterations: changed.maxIterations,
      tolerance: changed.tolerance,
      start: changed.start,
      positive: changed.positive,
      selection: changed.selection,
      seed: changed.seed
    )
    #expect(changed == same && same.alpha == 0.5 && same.maxIterations == 7)
  }

  @Test func `it begins where it is told to, and ends at once at the minimum`() throws {
    var estimator = Self.lasso(0.25)
    let model = try estimator.fit(Self.x, Self.y)
    estimator.start = model.coefficients
    let again = try estimator.fit(Self.x, Self.y)
    #expect(again.iterations[0] < model.iterations[0])
    #expect(error(again, "lasso.diabetes") < 1e-6)
    estimator.maxIterations = 2
    estimator.start = nil
    let short = try estimator.fit(Self.x, Self.y)
    #expect(short.iterations == [2] && short.dualGaps[0] > 1)
  }

  @Test func `rows in another order and other threads give the same`() throws {
    let order = (0..<442).map { $0 * 5 % 442 }
    let model = try Self.lasso(0.25).fit(Self.x, Self.y)
    let shuffled = try Self.lasso(0.25).fit(Self.x[rows: order], Self.y[rows: order])
    #expect(relativeError(shuffled.coefficients.scalars, model.coefficients.scalars) < 1e-9)
    let wide = Tensor<Float>(randomNormal: [200, 400], seed: 5)
    let y = wide.sum(axis: 1)
    let one = try withThreads(1) { try Lasso(alpha: 0.1).fit(wide, y) }
    #expect(try withThreads(2) { try Lasso(alpha: 0.1).fit(wide, y) } == one)
  }

  @Test func `constant columns, one row, equal rows and any scale`() throws {
    let constant = try Lasso(alpha: 0.1).fit(Tensor<Float>(repeating: 0.1, shape: [6, 2]), Tensor([1, 2, 3, 4, 5, 6]))
    #expect(constant.coefficients.scalars == [0, 0] && constant.intercept[] == 3.5)
    let row = try Lasso().fit(Self.x[0..<1], Self.y[0..<1])
    #expect(row.coefficients.scalars.allSatisfy { $0 == 0 } && row.intercept[] == 151)
    let model = try Self.lasso(0.25).fit(Self.x, Self.y)
    let twice = try Self.lasso(0.25).fit(concatenate([Self.x, Self.x]), concatenate([Self.y, Self.y]))
    #expect(relativeError(twice.coefficients.scalars, model.coefficients.scalars) < 1e-9)
    for scale in [1e-100, 1e100] {
      let scaled = try Self.lasso(0.25 * scale).fit(Self.x * scale, Self.y)
      #expect(relativeError((scaled.coefficients * scale).scalars, model.coefficients.scalars) < 1e-9)
      let target = try Self.lasso(0.25 * scale).fit(Self.x, Self.y * scale)
      #expect(relativeError(target.coefficients.scalars.map { $0 / scale }, model.coefficients.scalars) < 1e-9)
    }
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.x
    broken[41, 2] = .nan
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try Lasso().fit(broken, Self.y) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try Lasso().fit(CSRMatrix(broken), Self.y) }
    #expect(throws: ModelError.notFinite(row: 1, column: 2)) { try Lasso().fit(broken[40..<43], Self.y[40..<43]) }
    #expect(throws: ModelError.self) { try ElasticNet(l1Ratio: 1.5).fit(Self.x, Self.y) }
    #expect(throws: ModelError.self) { try ElasticNet(alpha: -1).fit(Self.x, Self.y) }
    #expect(throws: ModelError.self) { try Lasso(start: Tensor([1, 2])).fit(Self.x, Self.y) }
    #expect(throws: ModelError.labels(3, rows: 442)) { try Lasso().fit(Self.x, Tensor([1, 2, 3])) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try Lasso().fit(Self.x[0..<0], Self.y[0..<0]) }
    #expect(throws: ModelError.columns(3, expected: 10)) {
      try Lasso().fit(Self.x, Self.y).predict(Tensor(zeros: [2, 3]))
    }
  }

  @Test func `a cancelled task ends it`() async throws {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try Self.lasso(0.25).fit(Self.x, Self.y)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `models survive being saved`() throws {
    try checkDamage(to: try ElasticNet(alpha: 0.01).fit(Self.x, Self.two)) { model in
      guard model.coefficients.shape == [2, 10] else { return }
      _ = try model.predict(Self.x)
    }
  }
}
