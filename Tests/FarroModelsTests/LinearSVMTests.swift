import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct LinearSVMTests {
  private func check(
    _ golden: LinearSVMGolden,
    _ coefficients: Tensor<Double>,
    _ intercept: [Double],
    within tolerance: Double = 1e-6,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(SVMData.isNear(coefficients.scalars, golden.coefficients, tolerance), sourceLocation: location)
    #expect(SVMData.isNear(intercept, golden.intercept, tolerance), sourceLocation: location)
  }

  @Test(arguments: [false, true])
  func `classes: scikit-learn's coefficients`(isDual: Bool) throws {
    typealias Dense = LinearSVC<Tensor<Double>>
    let (x, y) = SVMData.wine
    let iterations = 1_000_000
    let squared = try Dense(dual: isDual, tolerance: 1e-9, maxIterations: iterations).fit(x, y)
    check(.wineSquared, squared.coefficients, squared.intercept)
    let sparse = try LinearSVC(dual: isDual, tolerance: 1e-9, maxIterations: iterations).fit(CSRMatrix(x), y)
    check(.wineSquared, sparse.coefficients, sparse.intercept)
    #expect(try sparse.predict(CSRMatrix(x)) == squared.predict(x))
    let hinge = try Dense(loss: .hinge, tolerance: 1e-9, c: 0.05, maxIterations: iterations).fit(x, y)
    check(.wineHinge, hinge.coefficients, hinge.intercept, within: 1e-4)
    let cancer = SVMData.breastCancer
    let weighted = try Dense(
      dual: isDual,
      tolerance: 1e-8,
      c: 0.5,
      interceptScaling: 2,
      classWeight: .balanced,
      maxIterations: iterations
    ).fit(cancer.x, cancer.y, weights: SVMData.weights(569))
    check(.cancerWeighted, weighted.coefficients, weighted.intercept, within: isDual ? 1e-4 : 1e-6)
  }

  @Test func `the penalty L1: scikit-learn's coefficients, and zeros`() throws {
    let (x, y) = SVMData.wine
    let wine = try LinearSVC(penalty: .l1, tolerance: 1e-10, c: 0.25).fit(x, y)
    check(.wineAbsolute, wine.coefficients, wine.intercept)
    #expect(wine.coefficients.scalars.filter { $0 == 0 }.count > 10)
    let sparse = try LinearSVC(penalty: .l1, tolerance: 1e-10, c: 0.25).fit(CSRMatrix(x), y)
    check(.wineAbsolute, sparse.coefficients, sparse.intercept)
    let cancer = SVMData.breastCancer
    let weighted = try LinearSVC(penalty: .l1, tolerance: 1e-10, classWeight: .balanced)
      .fit(cancer.x, cancer.y, weights: SVMData.weights(569))
    check(.cancerAbsolute, weighted.coefficients, weighted.intercept)
    // Of many columns only some are worked on at a time: the conditions of the minimum hold for all.
    let wide = Tensor<Double>(randomNormal: [120, 900], seed: 2)
    let signs = (0..<120).map { wide[$0, 3] - wide[$0, 800] > 0 ? 1.0 : -1.0 }
    let some = try LinearSVC(penalty: .l1, tolerance: 1e-10).fit(wide, signs).model
    #expect(some.hasConverged == [true])
    let errors = zip(try some.decisionFunction(wide).scalars, signs).map { min($0 * $1 - 1, 0) * 2 * $1 }
    let gradient = matmul(Tensor(errors).reshaped([1, 120]), wide).scalars + [errors.reduce(0, +)]
    for (w, slope) in zip(some.coefficients.scalars + some.intercept, gradient) {
      #expect(w == 0 ? abs(slope) < 1 + 1e-5 : abs(slope + (w > 0 ? 1 : -1)) < 1e-5)
    }
    #expect(throws: ModelError.self) { try LinearSVC(penalty: .l1, loss: .hinge).fit(x, y) }
    #expect(throws: ModelError.self) { try LinearSVC(penalty: .l1, dual: true).fit(x, y) }
  }

  @Test func `numbers: scikit-learn's coefficients`() throws {
    let (x, y) = SVMData.diabetes
    let plain = try LinearSVR(epsilon: 3, tolerance: 1e-9, c: 0.5, maxIterations: 1_000_000).fit(x, y)
    check(.diabetesInsensitive, plain.coefficients, [plain.intercept], within: 1e-4)
    for dual in [true, false] {
      let squared = try LinearSVR(
        epsilon: 3,
        tolerance: 1e-9,
        loss: .squaredEpsilonInsensitive,
        dual: dual,
        maxIterations: 1_000_000
      ).fit(CSRMatrix(x), y, weights: SVMData.weights(442))
      check(.diabetesSquared, squared.coefficients, [squared.intercept])
    }
  }

  @Test func `any number of threads: the same bits`() throws {
    let (x, y) = (Datasets.digits(as: Float.self).x * 0.1, Datasets.digits().y)
    for dual in [true, false] {
      let model = try LinearSVC(dual: dual, maxIterations: 30).fit(x, y).model
      #expect(try withThreads(1) { try LinearSVC(dual: dual, maxIterations: 30).fit(x, y).model } == model)
      #expect(zip(try model.predictClasses(x), y).filter { Int($0) == $1 }.count > 1750)
    }
    let large = Tensor<Double>(randomNormal: [9000, 5], seed: 1)
    let sums = large.sum(axis: 1)
    let options = LinearSVR<Tensor<Double>>(loss: .squaredEpsilonInsensitive)
    let model = try options.fit(large, sums)
    #expect(try withThreads(1) { try options.fit(large, sums) } == model)
    #expect(model.coefficients.scalars.allSatisfy { abs($0 - 1) < 1e-3 })
    let signs = sums.scalars.map { $0 > 0.5 }
    let hinge = try LinearSVC(loss: .hinge).fit(large, signs).model
    #expect(try withThreads(1) { try LinearSVC(loss: .hinge).fit(large, signs).model } == hinge)
    #expect(hinge.hasConverged == [true] && hinge.iterations[0] < 60)
  }

  @Test func `the hinge: any c and scale, the minimum of the dual problem of sparse rows`() throws {
    let x = Tensor<Double>(randomNormal: [300, 10], seed: 1)
    let y = (0..<300).map { x[$0, 0] + (x[$0, 1] - x[$0, 2]) * 0.4 + ($0 % 7 == 0 ? 1 : 0) > 0 ? 1.0 : -1.0 }
    func objective(_ model: LinearSVCModel<Tensor<Double>>, c: Double, scale: Double) throws -> Double {
      let costs = zip(try model.decisionFunction(x * scale).scalars, y).reduce(0) { $0 + max(0, 1 - $1.0 * $1.1) }
      return (model.coefficients.scalars + model.intercept).reduce(0) { $0 + $1 * $1 } / 2 + c * costs
    }
    func fit(c: Double, scale: Double = 1) throws -> LinearSVCModel<Tensor<Double>> {
      try LinearSVC(loss: .hinge, tolerance: 1e-8, c: c).fit(x * scale, y).model
    }
    let plain = try fit(c: 1)
    let sparse = try LinearSVC(loss: .hinge, tolerance: 1e-8, maxIterations: 1_000_000).fit(CSRMatrix(x), y).model
    #expect(SVMData.isNear(plain.coefficients.scalars, sparse.coefficients.scalars, 1e-5))
    let hard = try objective(fit(c: 1e6), c: 1e6, scale: 1)
    for exponent in [9.0, 12, 30] {
      let model = try fit(c: pow(10, exponent))
      #expect(model.hasConverged == [true])
      #expect(abs(try objective(model, c: pow(10, exponent), scale: 1) / hard / pow(10, exponent - 6) - 1) < 1e-5)
    }
    for scale in [1e-30, 1e30] {
      let least = try objective(fit(c: 1 / (scale * scale), scale: scale), c: 1 / (scale * scale), scale: scale)
      #expect(least.isFinite && least * scale * scale < 300, "\(scale)")
    }
    // Columns that are sums of others, and rows that do not count.
    let twice = concatenate([x, x, x], axis: 1)
    let same = try LinearSVC(loss: .hinge, tolerance: 1e-8, c: 100).fit(twice, y).model
    #expect(same.hasConverged == [true] && same.coefficients.scalars.allSatisfy(\.isFinite))
    let counted = Tensor((0..<300).map { $0 < 200 ? 1.0 : 0 })
    let some = try LinearSVC(loss: .hinge, tolerance: 1e-8).fit(x, y, weights: counted).model
    let alone = try LinearSVC(loss: .hinge, tolerance: 1e-8).fit(x[0..<200], Array(y[0..<200])).model
    #expect(SVMData.isNear(some.coefficients.scalars, alone.coefficients.scalars, 1e-6))
  }

  @Test func `rows in another order and classes of other names change rounding only`() throws {
    let (x, y) = SVMData.wine
    let order = (0..<178).map { ($0 * 55 + 3) % 178 }
    let plain = try LinearSVC(tolerance: 1e-9).fit(x, y)
    let moved = try LinearSVC(tolerance: 1e-9).fit(x[rows: order], order.map { y[$0] })
    #expect(SVMData.isNear(moved.coefficients.scalars, plain.coefficients.scalars, 1e-9))
    let named = try LinearSVC(tolerance: 1e-9).fit(x, y.map { ["c", "a", "b"][$0] })
    #expect(try named.predict(x) == plain.predict(x).map { ["c", "a", "b"][$0] })
  }

  @Test func `constant columns, equal rows, scales, few rows of many columns, one row`() throws {
    let (x, y) = SVMData.wine
    let plain = try LinearSVC().fit(x, y)
    let zeros = concatenate([x, Tensor<Double>(zeros: [178, 1])], axis: 1)
    let same = try LinearSVC().fit(zeros, y)
    #expect(try same.predict(zeros) == plain.predict(x) && same.coefficients[0, 13] == 0)
    for scale in [1e-6, 1e6] {
      let model = try LinearSVC(c: 1 / (scale * scale), fitIntercept: false).fit(x * scale, y)
      let answers = try LinearSVC(fitIntercept: false).fit(x, y).predict(x)
      #expect(zip(try model.predict(x * scale), answers).filter { $0 != $1 }.count <= 1, "\(scale)")
    }
    let equal = try LinearSVC().fit(Tensor<Float>(ones: [6, 2]), [0, 1, 0, 1, 0, 0])
    #expect(try equal.predict(Tensor<Float>(ones: [1, 2])) == [0])
    let wide = Tensor<Double>(randomNormal: [6, 40], seed: 1)
    #expect(try LinearSVC().fit(wide, [1, 2, 1, 2, 1, 2]).predict(wide) == [1, 2, 1, 2, 1, 2])
    let one = try LinearSVR(c: 1000).fit(Tensor<Double>([[1, 2]]), Tensor([3]))
    #expect(abs(try one.predict(Tensor([[1, 2]])).scalars[0] - 3) < 1e-3)
    let none = try LinearSVC().fit(Tensor<Double>(zeros: [4, 0]), [1, 2, 2, 2])
    #expect(try none.predict(Tensor<Double>(zeros: [1, 0])) == [2])
  }

  @Test func `errors say what is wrong and where`() throws {
    let (x, y) = SVMData.iris
    var broken = x
    broken[7, 2] = .nan
    #expect(throws: ModelError.notFinite(row: 7, column: 2)) { try LinearSVC().fit(broken, y) }
    #expect(throws: ModelError.notFinite(row: 7, column: 2)) { try LinearSVC().fit(CSRMatrix(broken), y) }
    #expect(throws: ModelError.classes(1, needed: 2)) { try LinearSVC().fit(x, Array(repeating: 1, count: 150)) }
    #expect(throws: ModelError.rows(0, needed: 2)) { try LinearSVC().fit(x[0..<0], [Int]()) }
    #expect(throws: ModelError.self) { try LinearSVC(loss: .hinge, dual: false).fit(x, y) }
    #expect(throws: ModelError.self) { try LinearSVC(c: -1).fit(x, y) }
    #expect(throws: ModelError.self) { try LinearSVR(epsilon: -1).fit(x, x.sum(axis: 1)) }
    let model = try LinearSVC().fit(x, y)
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predict(Tensor(zeros: [2, 3])) }
    #expect(try model.predict(Tensor(zeros: [0, 4])).isEmpty)
    #expect(try LinearSVC(loss: .hinge, tolerance: 1e-12, maxIterations: 2).fit(x, y).hasConverged.contains(false))
  }

  @Test func `parameters and models survive being stored`() throws {
    let (x, y) = SVMData.iris
    let estimator = LinearSVC<Tensor<Float>>(loss: .hinge, c: 2, classWeight: .weights([1, 2]), seed: 5)
    #expect(try JSONDecoder().decode(LinearSVC<Tensor<Float>>.self, from: JSONEncoder().encode(estimator)) == estimator)
    try checkDamage(to: LinearSVC().fit(x, y).model) { model in
      guard model.coefficients.shape[1] == 4 else { return }
      let classes = try model.predictClasses(x)
      #expect(classes.allSatisfy { 0..<Int32(model.classCount) ~= $0 })
    }
    try checkDamage(to: LinearSVR().fit(x, x.sum(axis: 1))) { model in
      guard model.coefficients.count == 4 else { return }
      _ = try model.predict(x)
    }
  }
}
