import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

private typealias HistClassifier = HistGradientBoostingClassifier<Double>
private typealias HistRegressor = HistGradientBoostingRegressor<Double>

private func classifier(_ iterations: Int, maxDepth: Int? = nil) -> HistClassifier {
  HistClassifier(maxIterations: iterations, maxDepth: maxDepth, earlyStopping: .never)
}

private func regressor(_ iterations: Int, maxDepth: Int? = nil) -> HistRegressor {
  HistRegressor(maxIterations: iterations, maxDepth: maxDepth, earlyStopping: .never)
}

private let stump = HistClassifier(
  learningRate: 1,
  maxIterations: 1,
  maxDepth: 1,
  minSamplesLeaf: 5,
  earlyStopping: .never
)

private func expectShown(
  _ predictions: Tensor<Double>,
  _ golden: String,
  within bound: Double,
  _ location: SourceLocation = #_sourceLocation
) {
  let shown = stride(from: 0, to: min(160, predictions.shape[0]), by: 4).flatMap { row in
    predictions.rank == 1 ? [predictions[row]] : predictions[row: row].scalars
  }
  let expected = golden.split(separator: " ").map { Double($0)! }
  #expect(worstError(shown, expected) { _ in bound } <= 1, sourceLocation: location)
}

@Suite struct EnsembleTests {
  private static let (wine, cancer) = (BoostingData.wine, BoostingData.cancer)
  private static let (x, y) = (BoostingData.diabetes.x, BoostingData.diabetes.y)

  private static func voting(
    _ voting: Voting
  ) -> VotingClassifier<
    EnsemblePair<
      EnsembleMember<HistGradientBoostingClassifier<Double>>, EnsembleMember<HistGradientBoostingClassifier<Double>>
    >
  > {
    VotingClassifier(voting: voting, weights: [1, 2]) {
      classifier(5)
      classifier(3, maxDepth: 1)
    }
  }

  @Test func `votes are counted as scikit-learn counts them`() throws {
    let hard = try Self.voting(.hard).fit(Self.wine.x, Self.wine.y)
    expectShown(Tensor(try hard.predict(Self.wine.x).map { Double($0) }), EnsembleGolden.hardVotes, within: 0)
    let soft = try Self.voting(.soft).fit(Self.wine.x, Self.wine.y)
    expectShown(try soft.predictProbabilities(Self.wine.x), EnsembleGolden.softVotes, within: 1e-6)
    let means = VotingRegressor(weights: [3, 1]) {
      regressor(5)
      regressor(10, maxDepth: 2)
    }
    expectShown(try means.fit(Self.x, Self.y).predict(Self.x), EnsembleGolden.means, within: 1e-4)
  }

  @Test func `stacked models learn what scikit-learn's do`() throws {
    let stacking = StackingClassifier(finalEstimator: classifier(6)) {
      classifier(5)
      classifier(3, maxDepth: 1)
    }
    let model = try stacking.fit(Self.wine.x, Self.wine.y)
    expectShown(try model.predictProbabilities(Self.wine.x), EnsembleGolden.stacked, within: 1e-6)
    #expect(try model.model.transform(Self.wine.x).shape == [178, 6])
    var passing = stacking
    passing.passthrough = true
    let binary = try passing.fit(Self.cancer.x, Self.cancer.y)
    expectShown(try binary.predictProbabilities(Self.cancer.x), EnsembleGolden.stackedBinary, within: 1e-6)
    #expect(try binary.model.transform(Self.cancer.x).shape == [569, 32])
    let numbers = StackingRegressor(finalEstimator: regressor(6)) {
      regressor(5)
      regressor(10, maxDepth: 2)
    }
    expectShown(try numbers.fit(Self.x, Self.y).predict(Self.x), EnsembleGolden.stackedNumbers, within: 1e-4)
  }

  @Test func `estimators of AdaBoost weigh as scikit-learn's do`() throws {
    let model = try AdaBoostClassifier(stump, nEstimators: 6).fit(Self.wine.x, Self.wine.y)
    expectShown(try model.decisionFunction(Self.wine.x), EnsembleGolden.adaBoost, within: 1e-6)
    let binary = try AdaBoostClassifier(stump, nEstimators: 8, learningRate: 0.5).fit(Self.cancer.x, Self.cancer.y)
    expectShown(try binary.predictProbabilities(Self.cancer.x), EnsembleGolden.adaBoostBinary, within: 1e-6)
    #expect(binary.estimators.count == 8 && binary.estimatorWeights.count == 8)
    #expect(try binary.decisionFunction(Self.cancer.x).shape == [569])
    // One that makes no errors ends it.
    let perfect = try AdaBoostClassifier(classifier(60)).fit(Self.wine.x, Self.wine.labels)
    #expect(perfect.estimators.count == 1 && perfect.estimatorErrors == [0])
    #expect(try perfect.predict(Self.wine.x) == Self.wine.labels)
  }

  @Test func `over ten seeds and shared folds, losses are no worse than scikit-learn's`() throws {
    func expectNoWorse(_ golden: [Double], _ name: String, _ loss: (UInt64, Int) throws -> Double) throws {
      let differences = try golden.indices.map { golden[$0] - (try loss(UInt64($0), $0 % 5)) }
      let mean = differences.reduce(0, +) / 10
      let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9
      #expect(mean >= -2 * (variance / 10).squareRoot(), "\(name): \(differences)")
    }
    func folds(_ rows: Int, _ fold: Int) -> (test: [Int], train: [Int]) {
      ((0..<rows).filter { $0 % 5 == fold }, (0..<rows).filter { $0 % 5 != fold })
    }
    try expectNoWorse(EnsembleGolden.bagging, "bagging") { seed, fold in
      let (test, train) = folds(178, fold)
      let model = try BaggingClassifier(classifier(8), maxFeatures: 0.7, seed: seed)
        .fit(Self.wine.x[rows: train], train.map { Self.wine.y[$0] })
      let told = try model.predictProbabilities(Self.wine.x[rows: test])
      return test.indices.map { -log(told[$0, Self.wine.y[test[$0]]]) }.reduce(0, +) / Double(test.count)
    }
    func rest(_ estimator: some RegressorEstimator<Tensor<Double>>, _ fold: Int) throws -> Double {
      let (test, train) = folds(442, fold)
      let estimator = VotingRegressor { estimator }
      let model = try estimator.fit(Self.x[rows: train], Self.y[rows: train])
      return 1 - (try r2Score(Self.y[rows: test], predicted: model.predict(Self.x[rows: test])))
    }
    try expectNoWorse(EnsembleGolden.baggingRegressor, "bagging of regressors") { seed, fold in
      try rest(BaggingRegressor(regressor(20), maxSamples: 0.8, seed: seed), fold)
    }
    try expectNoWorse(EnsembleGolden.adaBoostRegressor, "AdaBoost of regressors") { seed, fold in
      try rest(AdaBoostRegressor(regressor(5, maxDepth: 2), nEstimators: 10, seed: seed), fold)
    }
  }

  @Test func `without an estimator, ensembles are made of decision trees`() throws {
    let (iris, diabetes) = (Datasets.iris(as: Double.self), Datasets.diabetes(as: Double.self))
    let boosted = try AdaBoostClassifier().fit(iris.x, iris.labels)
    #expect(try accuracy(iris.labels, predicted: boosted.predict(iris.x)) == 0.98)  // scikit-learn's
    let bagged = try BaggingClassifier().fit(iris.x, iris.labels)
    #expect(try accuracy(iris.labels, predicted: bagged.predict(iris.x)) > 0.98)
    let numbers = try AdaBoostRegressor().fit(diabetes.x, diabetes.y)
    #expect(try r2Score(diabetes.y, predicted: numbers.predict(diabetes.x)) > 0.5)
    let means = try BaggingRegressor().fit(diabetes.x, diabetes.y)
    #expect(try r2Score(diabetes.y, predicted: means.predict(diabetes.x)) > 0.85)
  }

  @Test func `without a last estimator, linear models learn from members`() throws {
    let (iris, diabetes) = (Datasets.iris(as: Double.self), Datasets.diabetes(as: Double.self))
    let stacking = StackingClassifier {
      GaussianNB<Double>()
      DecisionTreeClassifier<Double>(maxDepth: 2)
    }
    let model = try stacking.fit(iris.x, iris.labels)
    #expect(try accuracy(iris.labels, predicted: model.predict(iris.x)) >= 0.95)
    #expect(model.finalModel.coefficients.shape == [3, 6])
    let numbers = StackingRegressor {
      Ridge<Tensor<Double>>()
      DecisionTreeRegressor<Double>(maxDepth: 3)
    }
    let told = try numbers.fit(diabetes.x, diabetes.y)
    #expect(try r2Score(diabetes.y, predicted: told.predict(diabetes.x)) > 0.5)
    #expect(told.finalModel.coefficients.shape == [2])
  }

  @Test func `rows that were not drawn say how good a model is`() throws {
    let bagging = BaggingClassifier(classifier(5), oobScore: true, seed: 4)
    let model = try bagging.fit(Self.wine.x, Self.wine.y)
    #expect(model.oobScore! > 0.85 && model.oobScore! < 1)
    let decisions = model.oobDecisionFunction!
    #expect(decisions.shape == [178, 3])
    let sums = decisions.sum(axis: 1).scalars
    #expect(sums.allSatisfy { abs($0 - 1) <= 1e-12 || $0 == 0 } && sums.contains { $0 > 0 })
    #expect(try bagging.fit(Self.wine.x, Self.wine.y) == model)
    var other = bagging
    other.seed = 5
    #expect(try other.fit(Self.wine.x, Self.wine.y) != model)
    let numbers = try BaggingRegressor(regressor(10), oobScore: true).fit(Self.x, Self.y)
    #expect(numbers.oobScore! > 0.3 && numbers.oobScore! < 0.6 && numbers.oobPrediction!.shape == [442])
    let narrow = try BaggingRegressor(regressor(2), maxFeatures: 0.3).fit(Self.x, Self.y)
    #expect(narrow.estimatorsFeatures.allSatisfy { $0?.count == 3 })
    #expect(numbers.estimatorsFeatures.allSatisfy { $0 == nil })
    #expect(throws: ModelError.self) {
      try BaggingRegressor(regressor(2), bootstrap: false, oobScore: true).fit(Self.x, Self.y)
    }
  }

  @Test func `weights of rows count, and threads do not`() throws {
    var weights = Tensor<Double>(ones: [178])
    for row in 0..<178 where Self.wine.y[row] == 2 { weights[row] = 0 }
    let models = try [1, 2].map { threads in
      try withThreads(threads) {
        (
          try Self.voting(.soft).fit(Self.wine.x, Self.wine.y, weights: weights),
          try AdaBoostClassifier(stump, nEstimators: 4).fit(Self.wine.x, Self.wine.y, weights: weights),
          try BaggingClassifier(classifier(2), nEstimators: 3).fit(Self.wine.x, Self.wine.y, weights: weights)
        )
      }
    }
    #expect(models[0].0 == models[1].0 && models[0].1 == models[1].1 && models[0].2 == models[1].2)
    #expect(try models[0].0.predict(Self.wine.x).allSatisfy { $0 != 2 })
    #expect(try models[0].2.predict(Self.wine.x).allSatisfy { $0 != 2 })
  }

  @Test func `ensembles of different models are kept`() throws {
    let pipeline = StandardScaler<Tensor<Double>>().then(classifier(1, maxDepth: 1))
    let voting = VotingClassifier {
      pipeline
      classifier(1, maxDepth: 1)
      AdaBoostClassifier(stump, nEstimators: 1)
    }
    let again = try JSONDecoder().decode(type(of: voting), from: JSONEncoder().encode(voting))
    #expect(again.members.last.base == voting.members.last.base)
    let model = try voting.fit(Self.wine.x, Self.wine.y).model
    try checkDamage(to: model) { model in
      let x = Self.wine.x[0..<20]
      guard let told = try? model.predictProbabilities(x), let numbers = try? model.predictClasses(x) else { return }
      #expect(!told.scalars.contains { $0 < 0 || $0 > 1.001 })
      #expect(numbers.allSatisfy { 0..<3 ~= $0 })
    }
    let path = FileManager.default.temporaryDirectory.path + "/farro-\(UUID().uuidString).farro"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let boosted = try AdaBoostClassifier(stump, nEstimators: 3).fit(Self.wine.x, Self.wine.y).model
    try boosted.save(to: path)
    #expect(try type(of: boosted).init(contentsOf: path) == boosted)
    let bag = try BaggingRegressor(regressor(2), nEstimators: 2, maxFeatures: 0.5).fit(Self.x, Self.y)
    try bag.save(to: path)
    #expect(try type(of: bag).init(contentsOf: path) == bag)
    let stacked = try StackingRegressor(finalEstimator: regressor(2)) { regressor(2) }.fit(Self.x, Self.y)
    try stacked.save(to: path)
    #expect(try type(of: stacked).init(contentsOf: path) == stacked)
  }

  @Test func `errors say what is wrong and where`() throws {
    let (x, y) = (Self.wine.x, Self.wine.y)
    var voting = Self.voting(.soft)
    voting.weights = [1]
    #expect(throws: ModelError.self) { try voting.fit(x, y) }
    #expect(throws: ModelError.classes(1, needed: 2)) { try AdaBoostClassifier(stump).fit(x, y.map { _ in 1 }) }
    #expect(throws: ModelError.labels(2, rows: 178)) {
      try AdaBoostRegressor(regressor(1)).fit(x, Tensor([1, 2]), weights: nil)
    }
    #expect(throws: ModelError.parameter(name: "nEstimators", reason: "must be at least 1, not 0")) {
      try BaggingClassifier(stump, nEstimators: 0).fit(x, y)
    }
    #expect(throws: ModelError.parameter(name: "maxSamples", reason: "must be above 0 and at most 1, not 2.0")) {
      try BaggingClassifier(stump, maxSamples: 2).fit(x, y)
    }
    #expect(throws: ModelError.self) { try AdaBoostClassifier(stump, learningRate: 0).fit(x, y) }
    #expect(throws: ModelError.self) {
      try StackingClassifier(finalEstimator: stump, cv: 100) { stump }.fit(x, y)
    }
  }
}
