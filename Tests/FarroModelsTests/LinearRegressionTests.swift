import Farro
import FarroData
import FarroDatasets
import FarroModels
import TestSupport
import Testing

@Suite struct LinearRegressionTests {
  private static let diabetes = Datasets.diabetes(as: Double.self)
  private static let (x, y) = (diabetes.x, diabetes.y)
  private static let two = stack([y, y * y * (1.0 / 64)], axis: 1)
  private static let weights = goldenWeights(442)
  /// With two columns that are there before, one that is twice another, and one that is constant.
  private static let dependent = Tensor<Double>(
    (0..<442).flatMap { x[row: $0].scalars + [x[$0, 0], x[$0, 1], 2 * x[$0, 3], 1] },
    shape: [442, 14]
  )
  private static let cancer = Datasets.breastCancer(as: Double.self)
  private static let hilbert = Tensor<Double>(
    (0..<240).map { (place: Int) -> Double in 1 / Double(place / 8 + place % 8 + 1) },
    shape: [30, 8]
  )
  private static let wave = Tensor<Double>((0..<30).map { (row: Int) -> Double in Double(row * 37 % 17 - 8) / 4 })

  private func error<Scalar: KernelScalar>(
    _ coefficients: Tensor<Scalar>,
    _ intercept: Tensor<Scalar>,
    _ name: String
  ) -> Double {
    let golden = linearGolden(name)
    let split = max(golden.count - intercept.count, 0)
    return max(
      relativeError(coefficients.doubles, golden[..<split]),
      // An intercept of 0 is compared with 1.
      relativeError(intercept.doubles + [1], golden[split...] + [1])
    )
  }

  private func error<Input: NumericRows>(_ model: LinearRegressionModel<Input>, _ name: String) -> Double {
    error(model.coefficients, model.intercept, name)
  }

  private func error<Input: NumericRows>(_ model: LinearModel<Input>, _ name: String) -> Double {
    error(model.coefficients, model.intercept, name)
  }

  @Test(arguments: [
    ("diabetes", x, y, nil, true), ("weighted", x, y, weights, true), ("origin", x, y, nil, false),
    ("two", x, two, nil, true), ("dependent", dependent, y, nil, true), ("wide", x[0..<7], y[0..<7], nil, true),
    ("cancer", cancer.x, Tensor(cancer.y.map(Double.init)), nil, true), ("hilbert", hilbert, wave, nil, true),
  ])
  func `least squares finds scikit-learn's coefficients, rank and singular values`(
    name: String,
    x: Tensor<Double>,
    y: Tensor<Double>,
    weights: Tensor<Double>?,
    fitIntercept: Bool
  ) throws {
    let singular = linearGolden("ols.\(name).singular")
    for isa in InstructionSet.supported {
      let model = try withInstructionSet(isa) {
        try LinearRegression(fitIntercept: fitIntercept).fit(x, y, weights: weights)
      }
      #expect(error(model, "ols." + name) < 1e-6, "\(isa)")
      #expect(model.rank == Int(singular[0]), "\(isa)")
      #expect(relativeError(model.singularValues, singular.dropFirst()) < 1e-6, "\(isa)")
    }
    let single = try LinearRegression(fitIntercept: fitIntercept).fit(
      Tensor<Float>(casting: x),
      Tensor<Float>(casting: y),
      weights: weights
    )
    // Rounding the data to single precision changes these solutions themselves.
    let isIll = ["hilbert", "cancer", "dependent"].contains(name)
    #expect(error(single, "ols." + name) < (isIll ? 0.05 : 1e-4))
    #expect(single.rank == Int(singular[0]))
  }

  @Test func `positive coefficients are scikit-learn's, dense and sparse`() throws {
    typealias Model = LinearRegression<Tensor<Double>>
    let plain = try Model(positive: true).fit(Self.x, Self.y)
    #expect(error(plain, "ols.positive") < 1e-6)
    #expect(plain.rank == nil && plain.coefficients.scalars.contains(0))
    #expect(error(try LinearRegression(positive: true).fit(CSRMatrix(Self.x), Self.y), "ols.positive") < 1e-4)
    let benign = Tensor(Self.cancer.y.map(Double.init))
    let cancer = try Model(positive: true).fit(Self.cancer.x, benign, weights: goldenWeights(569))
    #expect(error(cancer, "ols.positive.cancer") < 1e-6)
    let two = try Model(positive: true).fit(Self.x, Self.two)
    #expect(error(two, "ols.positive.two") < 1e-6)
    let ridge = try Ridge(alpha: 0.5, positive: true).fit(Self.x, Self.y, weights: Self.weights)
    #expect(error(ridge, "ridge.positive") < 1e-5)
    let sparse = try Ridge(alpha: 0.5, positive: true).fit(CSRMatrix(Self.x), Self.y, weights: Self.weights)
    #expect(error(sparse, "ridge.positive") < 1e-4)
    // Columns that depend on others, and fewer rows than columns: no error may be lessened by what may still grow.
    let digits = Datasets.digits(as: Double.self).x[0..<40]
    let targets = Tensor((0..<40).map { Double($0 * 7 % 10) })
    for x in [digits, digits * 1e30, digits * 1e-30] {
      let model = try Model(positive: true).fit(x, targets)
      let rest = targets - (try model.predict(x))
      let slopes = matmul(rest.reshaped([1, 40]), x).scalars.map { $0 / x.scalars.max()! }
      for (b, slope) in zip(model.coefficients.scalars, slopes) {
        #expect(b >= 0 && slope < 1e-7 && (b == 0 || slope > -1e-7))
      }
    }
    let dependent = try Model(positive: true).fit(Self.dependent, Self.y)
    let fitted = try dependent.predict(Self.dependent) - plain.predict(Self.x)
    #expect(fitted.scalars.allSatisfy { abs($0) < 1e-6 })
    #expect(try withThreads(1) { try Model(positive: true).fit(Self.x, Self.y) } == plain)
    #expect(try Model(positive: true).fit(Self.x[0..<1], Self.y[0..<1]).coefficients.scalars.allSatisfy { $0 == 0 })
  }

  @Test func `nearly dependent columns keep the digits that their condition leaves`() throws {
    let model = try LinearRegression(tolerance: 1e-14).fit(Self.hilbert, Self.wave)
    #expect(model.rank == 8)
    #expect(error(model, "ols.exact") < 1e-5)
    #expect(relativeError(model.singularValues, linearGolden("ols.exact.singular").dropFirst()) < 1e-10)
  }

  @Test func `sparse rows give what dense ones do`() throws {
    let digits = Datasets.digits(as: Double.self)
    let y = Tensor(digits.y.map(Double.init))
    let sparse = CSRMatrix(digits.x)
    let model = try LinearRegression().fit(sparse, y)
    #expect(error(model, "ols.sparse") < 1e-6)
    #expect(model.rank == nil && model.singularValues.isEmpty)
    #expect(error(try LinearRegression().fit(digits.x, y), "ols.sparse") < 1e-6)
    #expect(error(try Ridge().fit(sparse, y), "ridge.sparse") < 1e-6)
    #expect(error(try Ridge().fit(digits.x, y), "ridge.sparse") < 1e-6)
    let dense = try LinearRegression().fit(digits.x, y).predict(digits.x)
    #expect(relativeError(try model.predict(sparse).scalars, dense.scalars) < 1e-6)
    let weights = goldenWeights(1797)
    let weighted = try Ridge(alphas: [1, 2]).fit(sparse, stack([y, y * 2], axis: 1), weights: weights)
    let expected = try Ridge(alphas: [1, 2]).fit(digits.x, stack([y, y * 2], axis: 1), weights: weights)
    #expect(relativeError(weighted.coefficients.scalars, expected.coefficients.scalars) < 1e-6)
    #expect(relativeError(weighted.intercept.scalars, expected.intercept.scalars) < 1e-6)
    #expect(try weighted.predict(sparse).shape == [1797, 2])
  }

  @Test(arguments: [
    ("diabetes", x, y, nil, [0.5]), ("weighted", x, y, weights, [0.5]), ("two", x, two, nil, [0.25, 2]),
    ("dependent", dependent, y, nil, [1]), ("wide", x[0..<7], y[0..<7], nil, [0.01]),
    ("cancer", cancer.x, Tensor(cancer.y.map(Double.init)), nil, [1]),
  ])
  func `ridge finds scikit-learn's coefficients`(
    name: String,
    x: Tensor<Double>,
    y: Tensor<Double>,
    weights: Tensor<Double>?,
    alphas: [Double]
  ) throws {
    #expect(error(try Ridge(alphas: alphas).fit(x, y, weights: weights), "ridge." + name) < 1e-6)
    let single = try Ridge(alphas: alphas).fit(Tensor<Float>(casting: x), Tensor<Float>(casting: y), weights: weights)
    #expect(error(single, "ridge." + name) < (name == "cancer" ? 0.05 : 1e-4))
  }

  @Test func `the order of rows changes rounding alone, and the number of threads nothing`() throws {
    let x = Tensor<Double>(randomNormal: [9000, 24], seed: 1)
    let y = x.sum(axis: 1) + Tensor<Double>(randomNormal: [9000], seed: 2)
    let order = (0..<9000).map { $0 * 7 % 9000 }
    let model = try LinearRegression().fit(x, y)
    let shuffled = try LinearRegression().fit(x[rows: order], y[rows: order])
    #expect(relativeError(shuffled.coefficients.scalars, model.coefficients.scalars) < 1e-12)
    let wide = Tensor<Float>(randomNormal: [1500, 200], seed: 3)
    let target = wide.sum(axis: 1)
    let (one, two) = (
      try withThreads(1) { (try LinearRegression().fit(x, y), try LinearRegression().fit(wide, target)) },
      try withThreads(2) { (try LinearRegression().fit(x, y), try LinearRegression().fit(wide, target)) }
    )
    #expect(one.0 == two.0 && one.1 == two.1)
  }

  @Test func `huge and tiny scales, far means and equal rows are no trouble`() throws {
    let model = try LinearRegression().fit(Self.x, Self.y)
    for scale in [1e-150, 1e150] {
      let scaled = try LinearRegression().fit(Self.x * scale, Self.y)
      #expect(relativeError((scaled.coefficients * scale).scalars, model.coefficients.scalars) < 1e-9)
      let target = try LinearRegression().fit(Self.x, Self.y * scale)
      #expect(relativeError(target.coefficients.scalars.map { $0 / scale }, model.coefficients.scalars) < 1e-9)
      let penalized = try Ridge(alpha: 0).fit(Self.x * scale, Self.y)
      #expect(relativeError((penalized.coefficients * scale).scalars, model.coefficients.scalars) < 1e-9)
    }
    let far = try LinearRegression().fit(Self.x + 1e6, Self.y)
    #expect(relativeError(far.coefficients.scalars, model.coefficients.scalars) < 1e-6)
    // The sample that rows are first shifted by lies far from them.
    let drift = Tensor<Double>(
      (0..<1000).map { (row: Int) -> Double in row % 3 == 0 ? 1e9 + Double(row % 7) : Double(row % 11) },
      shape: [1000, 1]
    )
    #expect(abs(try LinearRegression().fit(drift, drift.reshaped([1000])).coefficients[0] - 1) < 1e-12)
    let twice = try LinearRegression().fit(concatenate([Self.x, Self.x]), concatenate([Self.y, Self.y]))
    #expect(relativeError(twice.coefficients.scalars, model.coefficients.scalars) < 1e-9)
    let wide = try Ridge(alpha: 1e-3).fit(Self.x[0..<5] * 1e-150, Self.y[0..<5])
    #expect(wide.coefficients.scalars.allSatisfy { $0.isFinite })
  }

  @Test func `constant columns get 0, and a single row its own number`() throws {
    let constant = try LinearRegression().fit(
      Tensor<Float>(repeating: 0.1, shape: [6, 2]),
      Tensor([1, 2, 3, 4, 5, 6])
    )
    #expect(constant.coefficients.scalars == [0, 0] && constant.intercept[] == 3.5 && constant.rank == 0)
    let row = try LinearRegression().fit(Self.x[0..<1], Self.y[0..<1])
    #expect(row.coefficients.scalars.allSatisfy { $0 == 0 } && row.intercept[] == 151)
    let column = try LinearRegression().fit(Tensor<Double>([[2], [4], [9]]), Tensor([1, 2, 4.5]))
    #expect(abs(column.coefficients[0] - 0.5) < 1e-15 && abs(column.intercept[]) < 1e-15)
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.x
    broken[41, 2] = .infinity
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try LinearRegression().fit(broken, Self.y) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try Ridge().fit(CSRMatrix(broken), Self.y) }
    #expect(throws: ModelError.notFinite(row: 1, column: 2)) { try Ridge().fit(broken[40..<43], Self.y[40..<43]) }
    #expect(throws: ModelError.labels(441, rows: 442)) { try LinearRegression().fit(Self.x, Self.y[0..<441]) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try Ridge().fit(Self.x[0..<0], Self.y[0..<0]) }
    #expect(throws: ModelError.notRows(shape: [442])) { try Ridge().fit(Self.y, Self.y) }
    var strange = Self.y
    strange[7] = .nan
    #expect(throws: ModelError.parameter(name: "y", reason: "row 7 holds NaN or an infinity")) {
      try LinearRegression().fit(Self.x, strange)
    }
    #expect(throws: ModelError.parameter(name: "alpha", reason: "must be at least 0.0, not -1.0")) {
      try Ridge(alpha: -1).fit(Self.x, Self.y)
    }
    #expect(throws: ModelError.parameter(name: "alphas", reason: "2 penalties for 1 outputs")) {
      try Ridge(alphas: [1, 2]).fit(Self.x, Self.y)
    }
    #expect(throws: ModelError.weights("all are 0")) {
      try Ridge().fit(Self.x, Self.y, weights: Tensor(zeros: [442]))
    }
    let model = try LinearRegression().fit(Self.x, Self.y)
    #expect(throws: ModelError.columns(3, expected: 10)) { try model.predict(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try model.predict(broken) }
    #expect(try model.predict(Tensor(zeros: [0, 10])).shape == [0])
  }

  @Test func `models survive being saved`() throws {
    let model = try LinearRegression().fit(Self.x, Self.two)
    try checkDamage(to: model) { model in
      guard model.coefficients.shape == [2, 10] else { return }
      _ = try model.predict(Self.x)
    }
    try checkDamage(to: try Ridge().fit(Self.x, Self.y)) { model in
      guard model.coefficients.shape == [10] else { return }
      _ = try model.predict(Self.x)
    }
  }
}
