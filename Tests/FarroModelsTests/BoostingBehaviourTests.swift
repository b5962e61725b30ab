import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct BoostingBehaviourTests {
  private static let (x, y) = (BoostingData.diabetes.x, BoostingData.diabetes.y)

  private func regressor(_ iterations: Int = 10) -> HistGradientBoostingRegressor<Double> {
    HistGradientBoostingRegressor(maxIterations: iterations, minSamplesLeaf: 5, earlyStopping: .never)
  }

  @Test func `it stops when scores do not improve`() throws {
    let wine = BoostingData.wine
    let estimator = HistGradientBoostingClassifier<Double>(
      maxIterations: 200,
      earlyStopping: .always,
      validationFraction: 0.3,
      nIterationsNoChange: 3
    )
    let model = try estimator.fit(wine.x, wine.y)
    let scores = model.validationScore
    #expect(model.nIterations < 200 && scores.count == model.nIterations + 1)
    #expect(model.trainScore.count == scores.count && model.trainScore.last! > model.trainScore[0])
    #expect(scores.suffix(3).allSatisfy { $0 <= scores[scores.count - 4] + 1e-7 })
    // Of the rows that are learned from, the loss falls for longer.
    var alone = estimator
    (alone.validationFraction, alone.maxIterations) = (nil, 30)
    let other = try alone.fit(wine.x, wine.y)
    #expect(other.validationScore.isEmpty && other.trainScore.count == other.nIterations + 1)
    let probabilities = try other.predictProbabilities(wine.x)
    let loss = wine.y.indices.map { -log(probabilities[$0, wine.y[$0]]) }.reduce(0, +) / 178
    #expect(abs(loss + other.trainScore.last!) <= 1e-12)
    #expect(try HistGradientBoostingClassifier<Double>(maxIterations: 2).fit(wine.x, wine.y).trainScore.isEmpty)
  }

  @Test func `predictions after each iteration lead to the last ones`() throws {
    let wine = BoostingData.wine
    let model = try HistGradientBoostingClassifier<Double>(maxIterations: 7).fit(wine.x, wine.labels)
    let stages = try model.model.stagedProbabilities(wine.x)
    #expect(stages.count == 7 && model.nIterations == 7)
    #expect(stages[6] == (try model.predictProbabilities(wine.x)))
    #expect(try model.stagedPredictions(wine.x).last == (try model.predict(wine.x)))
    let first = try HistGradientBoostingClassifier<Double>(maxIterations: 1).fit(wine.x, wine.labels)
    #expect(stages[0] == (try first.predictProbabilities(wine.x)))
    let regression = try regressor().fit(Self.x, Self.y)
    #expect(try regression.stagedPredictions(Self.x).last == (try regression.predict(Self.x)))
  }

  @Test func `constant columns say nothing, and importances say what does`() throws {
    let noise = Tensor<Double>(randomNormal: [300, 1], seed: 3)
    let cause = Tensor<Double>(randomNormal: [300, 1], seed: 4)
    let x = concatenate([Tensor(ones: [300, 1]), noise, cause], axis: 1)
    let model = try regressor().fit(x, (cause * cause).reshaped([300]))
    let importances = model.featureImportances
    #expect(importances[0] == 0 && importances[2] > 0.8 && abs(importances.reduce(0, +) - 1) <= 1e-12)
    let constant = try regressor().fit(Tensor(ones: [50, 2]), Tensor((0..<50).map { Double($0) }))
    #expect(try constant.predict(Tensor(ones: [1, 2])).scalars == [24.5])
    #expect(constant.featureImportances == [0, 0])
    let same = try regressor().fit(Self.x, Tensor(repeating: 7, shape: [442]))
    #expect(try same.predict(Self.x).scalars.allSatisfy { $0 == 7 })
  }

  @Test func `one row, few rows and many columns`() throws {
    let one = try regressor().fit(Tensor([[1.0, 2.0]]), Tensor([5.0]))
    #expect(try one.predict(Tensor([[9.0, 9.0]])).scalars == [5])
    let x = Tensor<Double>(randomNormal: [30, 100], seed: 5)
    let y = Tensor<Double>((0..<30).map { x[$0, 77] > 0 ? 1 : 0 })
    var estimator = regressor(40)
    estimator.minSamplesLeaf = 2
    let model = try estimator.fit(x, y)
    #expect(worstError(try model.predict(x).scalars, y.scalars) { _ in 0.05 } <= 1)
    #expect(try model.predict(Tensor(zeros: [0, 100])).shape == [0])
    let two = try HistGradientBoostingClassifier<Double>(earlyStopping: .never).fit(x[0..<2], ["a", "b"])
    #expect(try two.predictProbabilities(x[0..<1]).scalars == [0.5, 0.5])
  }

  @Test func `rows that are there twice count as rows of weight 2`() throws {
    let twice = concatenate([Self.x, Self.x])
    let model = try regressor().fit(Self.x, Self.y, weights: Tensor(repeating: 2, shape: [442]))
    var other = regressor()
    other.minSamplesLeaf = 10
    let doubled = try other.fit(twice, concatenate([Self.y, Self.y]))
    #expect(worstError(try doubled.predict(Self.x).scalars, try model.predict(Self.x).scalars) { _ in 1e-5 } <= 1)
  }

  @Test func `scales of columns and targets change nothing else`() throws {
    let plain = try regressor().fit(Self.x, Self.y).predict(Self.x)
    for exponent in [-900, -100, 100, 900] {
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      #expect(try regressor().fit(Self.x * scale, Self.y).predict(Self.x * scale) == plain, "columns, 2^\(exponent)")
      for loss in [BoostingRegressionLoss.squaredError, .absoluteError] {
        var estimator = regressor()
        estimator.loss = loss
        let expected = try estimator.fit(Self.x, Self.y).predict(Self.x) * scale
        #expect(try estimator.fit(Self.x, Self.y * scale).predict(Self.x) == expected, "targets, 2^\(exponent)")
      }
    }
  }

  @Test func `missing values go where they lessen the loss, and infinities are numbers`() throws {
    let x = Tensor<Double>((0..<60).map { $0 % 3 == 0 ? .nan : Double($0 % 3) }, shape: [60, 1])
    let y = Tensor<Double>((0..<60).map { $0 % 3 == 1 ? 1 : -1 })
    var estimator = regressor(1)
    (estimator.learningRate, estimator.minSamplesLeaf) = (1, 1)
    let model = try estimator.fit(x, y)
    #expect(worstError(try model.predict(x).scalars, y.scalars) { _ in 1e-6 } <= 1)
    let ends = Tensor<Double>((0..<60).map { $0 < 30 ? -.infinity : .infinity }, shape: [60, 1])
    let sides = Tensor<Double>((0..<60).map { $0 < 30 ? 2 : 3 })
    #expect(worstError(try estimator.fit(ends, sides).predict(ends).scalars, sides.scalars) { _ in 1e-6 } <= 1)
    // Where none was missing, they go with most rows.
    let uneven = Tensor<Double>((0..<60).map { $0 < 20 ? 0 : 1 }, shape: [60, 1])
    let target = Tensor<Double>((0..<60).map { $0 < 20 ? 0 : 9 })
    let prediction = try estimator.fit(uneven, target).predict(Tensor([[.nan]]))[0]
    #expect(abs(prediction - 9) <= 1e-6)
  }

  @Test func `unknown categories are as missing ones, and too many are refused`() throws {
    let x = BoostingData.withCategories
    var estimator = regressor()
    estimator.categoricalFeatures = [4]
    let model = try estimator.fit(x, Self.y)
    var (unknown, missing) = (x, x)
    for row in 0..<442 { (unknown[row, 4], missing[row, 4]) = (99, .nan) }
    #expect(try model.predict(unknown) == (try model.predict(missing)))
    #expect(try model.predict(unknown) != (try model.predict(x)))
    // Categories have no order: their names do not matter, up to the order of ties.
    var renamed = x
    for row in 0..<442 where !x[row, 4].isNaN { renamed[row, 4] = 1000 - x[row, 4] * 3.5 }
    let other = try estimator.fit(renamed, Self.y)
    #expect(worstError(try other.predict(renamed).scalars, try model.predict(x).scalars) { _ in 1e-9 } <= 1)
    estimator.maxBins = 8
    #expect(throws: ModelError.self) { try estimator.fit(x, Self.y) }
  }

  @Test func `predictions ascend and descend where they must`() throws {
    var estimator = regressor(20)
    estimator.monotonicConstraints = [0, 0, 1, 0, 0, 0, -1, 0, 0, 0]
    let model = try estimator.fit(Self.x, Self.y)
    for (column, sign) in [(2, 1.0), (6, -1.0)] {
      var probes = Self.x[rows: Array(repeating: 17, count: 50)]
      for row in 0..<50 { probes[row, column] = Double(row) / 150 - 0.15 }
      let predictions = try model.predict(probes).scalars
      #expect(zip(predictions, predictions.dropFirst()).allSatisfy { ($1 - $0) * sign >= 0 })
      #expect(predictions.first != predictions.last)
    }
  }

  @Test func `columns that may not interact add up`() throws {
    let x = Tensor<Double>(randomNormal: [400, 3], seed: 11)
    let y = Tensor<Double>((0..<400).map { x[$0, 0] * x[$0, 1] + x[$0, 2] })
    func deviation(_ sets: [[Int]]) throws -> Double {
      var estimator = regressor(20)
      (estimator.interactionConstraints, estimator.learningRate) = (sets, 0.4)
      let model = try estimator.fit(x, y)
      // What the first column adds does not depend on the second one.
      func change(_ other: Double) throws -> Double {
        let told = try model.predict(Tensor([[1.2, other, 0], [-1.2, other, 0]]))
        return told[0] - told[1]
      }
      return abs(try change(1) - change(-1))
    }
    #expect(try deviation([]) > 0.5 && deviation([[0, 1], [2]]) > 0.5)
    #expect(try deviation([[0], [1]]) <= 1e-9 && deviation([[0, 2], [1, 2]]) <= 1e-9)
  }

  @Test func `data of all kinds are learned from, or refused`() throws {
    let y = Self.y[0..<60]
    func fitted(_ column: (Int) -> Double, _ change: (inout HistGradientBoostingRegressor<Double>) -> Void = { _ in })
      throws -> Tensor<Double>
    {
      let x = Tensor<Double>((0..<60).flatMap { [column($0), Double($0 % 4)] }, shape: [60, 2])
      var estimator = regressor(5)
      change(&estimator)
      return try estimator.fit(x, y).predict(x)
    }
    // A column of missing values alone says as much as a constant one, as do numbers that are all alike.
    let plain = try fitted { _ in 0 }
    #expect(plain.min() < plain.max())
    for value in [Double.nan, .infinity, -.infinity, 1e30, -1e308, .leastNonzeroMagnitude] {
      #expect(try fitted { _ in value } == plain, "all \(value)")
    }
    #expect(try fitted({ _ in .nan }, { $0.categoricalFeatures = [0] }) == plain)
    let halves = try fitted { $0 < 30 ? 0 : 1 }
    #expect(try fitted { $0 < 30 ? -1e30 : 1e30 } == halves)
    #expect(try fitted { $0 < 30 ? -.greatestFiniteMagnitude : .infinity } == halves)
    // Three rows: one of them shows when to stop.
    let three = Tensor<Double>([[1], [2], [3]])
    var early = HistGradientBoostingClassifier<Double>(
      maxIterations: 3,
      earlyStopping: .always,
      validationFraction: 0.4
    )
    #expect(try early.fit(three, ["a", "b", "b"]).predict(three).count == 3)
    early.validationFraction = 0.1
    #expect(throws: ModelError.self) { try early.fit(three, ["a", "b", "b"]) }
    // Rows of weight 0 are as good as absent, and negative weights are refused.
    var weights = Tensor<Double>(ones: [442])
    for row in 0..<442 where row % 3 == 0 { weights[row] = 0 }
    var spoilt = Self.y
    for row in 0..<442 where row % 3 == 0 { spoilt[row] = 1e6 }
    let model = try regressor().fit(Self.x, Self.y, weights: weights)
    #expect(try regressor().fit(Self.x, spoilt, weights: weights).predict(Self.x).max() < 1e3)
    #expect(try model.predict(Self.x).max() < 1e3)
    weights[7] = -1
    #expect(throws: ModelError.weights("one is negative or no number")) {
      try regressor().fit(Self.x, Self.y, weights: weights)
    }
  }

  @Test func `models and parameters are kept`() throws {
    var estimator = HistGradientBoostingRegressor<Double>(maxIterations: 2, maxLeafNodes: 4, earlyStopping: .never)
    estimator.categoricalFeatures = [4]
    #expect(
      try JSONDecoder().decode(HistGradientBoostingRegressor<Double>.self, from: JSONEncoder().encode(estimator))
        == estimator
    )
    let x = BoostingData.withCategories
    let probe = x[0..<40]
    let model = try estimator.fit(x, Self.y)
    try checkDamage(to: model) { again in
      if let predictions = try? again.predict(probe) { #expect(predictions.shape == [40]) }
    }
    let wine = BoostingData.wine
    let classes = HistGradientBoostingClassifier<Double>(maxIterations: 1, maxLeafNodes: 3, classWeight: .balanced)
    #expect(
      try JSONDecoder().decode(HistGradientBoostingClassifier<Double>.self, from: JSONEncoder().encode(classes))
        == classes
    )
    try checkDamage(to: try classes.fit(wine.x, wine.y).model) { again in
      if let numbers = try? again.predictClasses(wine.x) { #expect(numbers.allSatisfy { 0..<3 ~= $0 }) }
    }
  }

  @Test func `errors say what is wrong and where`() throws {
    let estimator = regressor()
    #expect(throws: ModelError.notRows(shape: [442])) { try estimator.fit(Self.y, Self.y) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try estimator.fit(Tensor(zeros: [0, 2]), Tensor(zeros: [0])) }
    #expect(throws: ModelError.columns(0, expected: 1)) { try estimator.fit(Tensor(zeros: [2, 0]), Tensor([1, 2])) }
    #expect(throws: ModelError.labels(2, rows: 442)) { try estimator.fit(Self.x, Tensor([1, 2])) }
    var target = Self.y
    target[9] = .nan
    #expect(throws: ModelError.target(row: 9, output: 0)) { try estimator.fit(Self.x, target) }
    #expect(throws: ModelError.weights("all are 0")) {
      try estimator.fit(Self.x, Self.y, weights: Tensor(zeros: [442]))
    }
    #expect(throws: ModelError.classes(1, needed: 2)) {
      try HistGradientBoostingClassifier<Double>().fit(Self.x, Array(repeating: "only", count: 442))
    }
    let model = try estimator.fit(Self.x, Self.y)
    #expect(throws: ModelError.columns(3, expected: 10)) { try model.predict(Tensor(zeros: [2, 3])) }
    let wrong: [(String, (inout HistGradientBoostingRegressor<Double>) -> Void)] = [
      ("learningRate", { $0.learningRate = 0 }), ("learningRate", { $0.learningRate = .nan }),
      ("maxIterations", { $0.maxIterations = 0 }), ("maxLeafNodes", { $0.maxLeafNodes = 1 }),
      ("maxDepth", { $0.maxDepth = 0 }), ("minSamplesLeaf", { $0.minSamplesLeaf = 0 }),
      ("l2Regularization", { $0.l2Regularization = -1 }), ("maxFeatures", { $0.maxFeatures = 1.5 }),
      ("maxBins", { $0.maxBins = 256 }), ("validationFraction", { $0.validationFraction = 1 }),
      ("nIterationsNoChange", { $0.nIterationsNoChange = 0 }), ("tolerance", { $0.tolerance = -1 }),
      ("categoricalFeatures", { $0.categoricalFeatures = [10] }), ("quantile", { $0.loss = .quantile }),
      ("monotonicConstraints", { $0.monotonicConstraints = [1] }), ("y", { $0.loss = .gamma }),
      ("interactionConstraints", { $0.interactionConstraints = [[0, 10]] }),
    ]
    for (name, change) in wrong {
      var estimator = regressor()
      change(&estimator)
      let y = name == "y" ? Self.y - 1000 : Self.y
      do {
        _ = try estimator.fit(Self.x, y)
        Issue.record("\(name) is taken")
      } catch ModelError.parameter(let found, _) {
        #expect(found == name)
      }
    }
    // Steps so large that e^z is infinite.
    var steep = regressor(50)
    (steep.loss, steep.learningRate) = (.poisson, 1e5)
    let error = try #require(throws: ModelError.self) { try steep.fit(Self.x, Self.y) }
    #expect(error.description.hasPrefix("learningRate"))
    // Of weights so large that sums are infinite, they are the cause.
    for weight in [1e39, 1e305] {
      let weights = Tensor<Double>(repeating: weight, shape: [442])
      let error = try #require(throws: ModelError.self) { try regressor().fit(Self.x, Self.y, weights: weights) }
      #expect(error.description.hasPrefix("weights: they come to"))
    }
  }

  @Test func `a cancelled task stops learning`() async throws {
    let estimator = regressor(100_000)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try estimator.fit(Self.x, Self.y)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
