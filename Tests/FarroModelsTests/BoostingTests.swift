import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

/// The data of Tests/Golden/boosting.py.
enum BoostingData {
  static let diabetes = Datasets.diabetes(as: Double.self)
  static let wine = Datasets.wine(as: Double.self)
  static let cancer = Datasets.breastCancer(as: Double.self)
  static let weights = Tensor<Double>((0..<442).map { Double($0 * 5 % 4) })

  static func withMissing(_ x: Tensor<Double>) -> Tensor<Double> {
    let d = x.shape[1]
    let scalars = x.scalars.enumerated().map { place, value in
      (place / d * 7 + place % d * 13) % 11 == 0 ? .nan : value
    }
    return Tensor(scalars, shape: x.shape)
  }

  static let withCategories = {
    let (x, y) = (diabetes.x.scalars, diabetes.y.scalars)
    let rows = (0..<442).map { row -> [Double] in
      let category = (row * row + 3 * row) % 29 % 12 + (y[row] > 140 ? row % 3 : 0)
      return x[row * 10..<row * 10 + 4] + [row % 23 == 0 ? .nan : Double(category)]
    }
    return Tensor<Double>(rows)
  }()
}

private func numbers(_ text: String) -> [Double] { text.split(separator: " ").map { Double($0)! } }

/// What a golden value shows of predictions: every 4th row.
private func shown(_ predictions: Tensor<Double>) -> [Double] {
  stride(from: 0, to: min(160, predictions.shape[0]), by: 4).flatMap { row in
    predictions.rank == 1 ? [predictions[row]] : predictions[row: row].scalars
  }
}

private func regressor(
  _ loss: BoostingRegressionLoss = .squaredError,
  _ change: (inout HistGradientBoostingRegressor<Double>) -> Void = { _ in }
) -> HistGradientBoostingRegressor<Double> {
  var estimator = HistGradientBoostingRegressor<Double>(loss: loss, maxIterations: 30, earlyStopping: .never)
  change(&estimator)
  return estimator
}

@Suite struct BoostingTests {
  static let regressions: [(String, HistGradientBoostingRegressor<Double>, Tensor<Double>, Tensor<Double>?)] = {
    let x = BoostingData.diabetes.x
    let holes = BoostingData.withMissing(x)
    return [
      (BoostingGolden.squaredError, regressor(), x, nil),
      (BoostingGolden.absoluteError, regressor(.absoluteError), x, nil),
      (BoostingGolden.gamma, regressor(.gamma), x, nil),
      (BoostingGolden.poisson, regressor(.poisson), x, nil),
      (BoostingGolden.quantile, regressor(.quantile) { $0.quantile = 0.8 }, x, nil),
      (BoostingGolden.weighted, regressor(), x, BoostingData.weights),
      (BoostingGolden.weightedAbsoluteError, regressor(.absoluteError), x, BoostingData.weights),
      (BoostingGolden.missing, regressor(), holes, nil),
      (BoostingGolden.missingFewBins, regressor { ($0.maxBins, $0.l2Regularization) = (9, 2.5) }, holes, nil),
      (
        BoostingGolden.small,
        regressor { ($0.maxLeafNodes, $0.maxDepth, $0.minSamplesLeaf, $0.learningRate) = (5, 3, 2, 0.3) }, x, nil
      ),
      (
        BoostingGolden.unlimited,
        regressor { ($0.maxLeafNodes, $0.minSamplesLeaf, $0.maxIterations) = (nil, 1, 5) }, x, nil
      ),
      (
        BoostingGolden.monotonic,
        regressor { ($0.monotonicConstraints, $0.maxDepth) = ([0, 0, 1, 1, -1, 0, -1, 0, 1, 0], 2) }, x, nil
      ),
      (
        BoostingGolden.categories,
        regressor { ($0.categoricalFeatures, $0.minSamplesLeaf) = ([4], 5) }, BoostingData.withCategories, nil
      ),
      (
        BoostingGolden.interactions,
        regressor { ($0.interactionConstraints, $0.minSamplesLeaf) = ([[0, 1, 2, 3], [2, 3, 8]], 5) }, x, nil
      ),
    ]
  }()

  @Test(arguments: regressions.indices)
  func `regressors predict as scikit-learn's do`(number: Int) throws {
    let (golden, estimator, x, weights) = Self.regressions[number]
    for isa in InstructionSet.supported {
      let model = try withInstructionSet(isa) { try estimator.fit(x, BoostingData.diabetes.y, weights: weights) }
      let predictions = shown(try model.predict(x))
      #expect(worstError(predictions, numbers(golden)) { _ in 1e-4 } <= 1, "case \(number), \(isa)")
    }
  }

  private static func classifier(_ iterations: Int = 30) -> HistGradientBoostingClassifier<Double> {
    HistGradientBoostingClassifier(maxIterations: iterations, earlyStopping: .never)
  }

  @Test func `classifiers predict as scikit-learn's do`() throws {
    func expect(
      _ golden: String,
      _ estimator: HistGradientBoostingClassifier<Double>,
      _ x: Tensor<Double>,
      _ y: [Int]
    ) throws {
      for isa in InstructionSet.supported {
        let model = try withInstructionSet(isa) { try estimator.fit(x, y) }
        let decisions = shown(try model.decisionFunction(x))
        #expect(worstError(decisions, numbers(golden)) { _ in 1e-6 } <= 1, "\(isa)")
      }
    }
    let (cancer, wine) = (BoostingData.cancer, BoostingData.wine)
    try expect(BoostingGolden.binary, Self.classifier(), cancer.x, cancer.y)
    try expect(BoostingGolden.multinomial, Self.classifier(), wine.x, wine.y)
    var balanced = Self.classifier()
    balanced.classWeight = .balanced
    try expect(BoostingGolden.balanced, balanced, wine.x, wine.y)
    let digits = Datasets.digits(as: Double.self)
    let x = BoostingData.withMissing(digits.x[0..<600])
    try expect(BoostingGolden.missingDigits, Self.classifier(6), x, Array(digits.y[0..<600]))
  }

  @Test func `over ten seeds and shared folds, losses are no worse than scikit-learn's`() throws {
    let (x, y) = (BoostingData.cancer.x, BoostingData.cancer.y)
    let differences = try zip(0..., numbers(BoostingGolden.logLosses)).map { seed, golden in
      let (test, train) = (y.indices.filter { $0 % 5 == seed % 5 }, y.indices.filter { $0 % 5 != seed % 5 })
      let estimator = HistGradientBoostingClassifier<Double>(
        maxIterations: 60,
        maxFeatures: 0.4,
        seed: UInt64(seed)
      )
      let model = try estimator.fit(x[rows: train], train.map { y[$0] })
      let probabilities = try model.predictProbabilities(x[rows: test])
      let loss = test.indices.map { -log(probabilities[$0, y[test[$0]]]) }.reduce(0, +) / Double(test.count)
      return golden - loss
    }
    let mean = differences.reduce(0, +) / 10
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9
    #expect(mean >= -2 * (variance / 10).squareRoot(), "\(differences)")
    #expect(differences.contains { $0 != 0 })
  }

  @Test func `threads do not change a bit`() throws {
    let wine = BoostingData.wine
    var estimator = Self.classifier(10)
    estimator.maxFeatures = 0.5
    let models = try [1, 2].map { threads in
      try withThreads(threads) { try estimator.fit(BoostingData.withMissing(wine.x), wine.y) }
    }
    #expect(models[0] == models[1])
    let x = Tensor<Float>(randomNormal: [20_000, 5], seed: 2)
    let y = x[rows: Array((0..<20_000).reversed())].sum(axis: 1) + x.sum(axis: 1)
    let large = try [1, 2].map { threads in
      try withThreads(threads) { try HistGradientBoostingRegressor<Float>(maxIterations: 3).fit(x, y) }
    }
    #expect(large[0] == large[1])
    #expect(large[0].validationScore.count == 4)
    var other = estimator
    other.seed = 1
    #expect(try other.fit(BoostingData.withMissing(wine.x), wine.y) != models[0])
  }

  @Test func `order of rows and names of classes change results by rounding only`() throws {
    let (x, y) = (BoostingData.wine.x, BoostingData.wine.y)
    let model = try Self.classifier(10).fit(x, y)
    let order = (0..<178).map { $0 * 5 % 178 }
    let permuted = try Self.classifier(10).fit(x[rows: order], order.map { y[$0] })
    let renamed = try Self.classifier(10).fit(x, y.map { 2 - $0 })
    let plain = try model.decisionFunction(x)
    #expect(worstError(try permuted.decisionFunction(x).scalars, plain.scalars) { _ in 1e-9 } <= 1)
    let mirrored = try renamed.decisionFunction(x)
    for row in 0..<178 {
      for k in 0..<3 { #expect(abs(mirrored[row, 2 - k] - plain[row, k]) <= 1e-9) }
    }
  }

  @Test func `single precision is learned as exactly`() throws {
    let x = Tensor<Float>(casting: BoostingData.diabetes.x)
    let wide = try regressor().fit(Tensor(casting: x), BoostingData.diabetes.y)
    let model = try HistGradientBoostingRegressor<Float>(maxIterations: 30, earlyStopping: .never)
      .fit(x, Tensor(casting: BoostingData.diabetes.y))
    let predictions = try wide.predict(Tensor(casting: x))
    #expect(worstError(try model.predict(x).scalars, predictions.scalars.map { Float($0) }) { _ in 1e-4 } <= 1)
  }
}
