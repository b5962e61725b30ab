import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct SVRTests {
  private let x = SVMData.diabetes.x
  private let y = SVMData.diabetes.y

  private func check(
    _ golden: SVRGolden,
    _ estimator: SVR<Double>,
    weights: Tensor<Double>? = nil,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let model = try estimator.fit(x, y, weights: weights)
    #expect(model.hasConverged, sourceLocation: location)
    #expect(SVMData.isNear([model.dualObjective], [golden.objective], 1e-4), sourceLocation: location)
    let count = model.support.count
    #expect(abs(count - golden.nSupport) <= max(2, golden.nSupport / 100), "\(count)", sourceLocation: location)
    #expect(SVMData.isNear([model.intercept], [golden.intercept], 1e-4), sourceLocation: location)
    let predictions = try model.predict(SVMData.everyTwentieth(x))
    #expect(SVMData.isNear(predictions.scalars, golden.predictions, 1e-5), sourceLocation: location)
  }

  @Test func `the same support vectors as scikit-learn`() throws {
    try check(.diabetes, SVR(tolerance: 1e-6, c: 100, epsilon: 5))
    try check(
      .diabetesLinear,
      SVR(kernel: .linear, tolerance: 1e-6, c: 1, epsilon: 10),
      weights: SVMData.weights(442)
    )
    try check(
      .diabetesPolynomial,
      SVR(kernel: .polynomial, degree: 2, coef0: 1, tolerance: 1e-6, c: 5, epsilon: 20)
    )
  }

  @Test func `any number of threads: the same bits`() throws {
    let model = try SVR(c: 10).fit(x, y)
    #expect(try withThreads(1) { try SVR(c: 10).fit(x, y) } == model)
    let single = try SVR(tolerance: 1e-6, c: 100, epsilon: 5).fit(Tensor<Float>(casting: x), Tensor<Float>(casting: y))
    #expect(SVMData.isNear([single.dualObjective], [SVRGolden.diabetes.objective], 1e-4))
  }

  @Test func `one row, constant columns, equal rows, scales, many columns`() throws {
    let one = try SVR().fit(Tensor<Double>([[1, 2]]), Tensor([3]))
    #expect(try one.predict(Tensor([[7, 8]])).scalars[0] == one.intercept && one.support.isEmpty)
    #expect(abs(one.intercept - 3) <= 0.1 + 1e-12)
    let equal = try SVR().fit(Tensor<Double>(ones: [5, 2]), Tensor([1, 1, 1, 1, 1]))
    #expect(abs(try equal.predict(Tensor(ones: [1, 2])).scalars[0] - 1) <= 0.1 + 1e-12)
    let plain = try SVR(tolerance: 1e-6, c: 10).fit(x, y)
    for scale in [1e-30, 1e30] {
      let scaled = try SVR(tolerance: 1e-6, c: 10).fit(x * scale, y)
      #expect(SVMData.isNear([scaled.dualObjective], [plain.dualObjective], 1e-6), "\(scale)")
    }
    let order = (0..<442).map { ($0 * 55 + 3) % 442 }
    let moved = try SVR(tolerance: 1e-6, c: 10).fit(x[rows: order], y[rows: order])
    #expect(SVMData.isNear([moved.dualObjective], [plain.dualObjective], 1e-8))
    let wide = Tensor<Double>(randomNormal: [6, 40], seed: 1)
    let numbers = Tensor<Double>([1, 2, 3, 4, 5, 6])
    let near = try SVR(kernel: .linear, c: 1000).fit(wide, numbers)
    #expect(zip(try near.predict(wide).scalars, numbers.scalars).allSatisfy { abs($0 - $1) <= 0.102 })
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = x
    broken[7, 2] = .infinity
    #expect(throws: ModelError.notFinite(row: 7, column: 2)) { try SVR().fit(broken, y) }
    #expect(throws: ModelError.labels(441, rows: 442)) { try SVR().fit(x, y[0..<441]) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try SVR().fit(x[0..<0], y[0..<0]) }
    var targets = y
    targets[5] = .nan
    #expect(throws: ModelError.target(row: 5, output: 0)) {
      try SVR().fit(x, targets)
    }
    #expect(throws: ModelError.self) { try SVR(epsilon: -1).fit(x, y) }
    #expect(throws: ModelError.self) { try SVR().fit(x, y.reshaped([442, 1])) }
    let model = try SVR().fit(x, y)
    #expect(throws: ModelError.columns(3, expected: 10)) { try model.predict(Tensor(zeros: [2, 3])) }
    #expect(try model.predict(Tensor(zeros: [0, 10])).shape == [0])
  }

  @Test func `models survive being stored`() throws {
    let model = try SVR(c: 10).fit(x[0..<60], y[0..<60])
    try checkDamage(to: model) { model in
      guard model.supportVectors.shape[1] == 10 else { return }
      let predictions = try model.predict(x[0..<3])
      #expect(predictions.shape == [3])
    }
  }
}
