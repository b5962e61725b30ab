import Farro
import FarroDatasets
import FarroModels
import Foundation
import Testing

@Suite struct SearchTests {
  static let wine = Datasets.wine(as: Double.self)
  static let diabetes = Datasets.diabetes(as: Double.self)

  @Test func `a grid is searched as scikit-learn searches it`() async throws {
    let search = GridSearchCV(
      ShrunkenMean(),
      grids: [
        [.grid(\.metric, [.euclidean, .manhattan]), .grid(\.shrinkage, [0, 0.3, 0.9])], [.grid(\.shrinkage, [0.3, 1])],
      ]
    )
    #expect(try search.combinationCount() == 8)
    let found = try await search.fit(Self.wine.x, Self.wine.labels, splitter: StratifiedKFold(nSplits: 4))
    #expect(isClose(found.candidates.map { $0.meanTestScores[0] }, golden("grid mean_test_score")))
    #expect(isClose(found.candidates.map { $0.testScoreDeviations[0] }, golden("grid std_test_score")))
    #expect(found.candidates.map { Double($0.rank) } == golden("grid rank_test_score"))
    #expect(isClose([Double(found.bestIndex), found.bestScore], golden("grid best")))
    #expect("\(found.bestParameters)" == "[metric=manhattan, shrinkage=0.0]")
    #expect(found.bestEstimator == ShrunkenMean(shrinkage: 0, metric: .manhattan))
    let model = try found.bestEstimator.fit(Self.wine.x, Self.wine.labels)
    #expect(found.bestModel?.model == model.model && found.bestModel?.classes == model.classes)
    #expect(found.refitSeconds! > 0 && found.candidates.allSatisfy { $0.meanFitSeconds > 0 && $0.failure == nil })
    #expect(found.description.hasPrefix("1. metric=manhattan, shrinkage=0.0: 0.736"))
  }

  @Test func `steps of a pipeline have parameters too`() async throws {
    let search = GridSearchCV(
      StandardScaler<Tensor<Double>>().then(ShrunkenMean()),
      [
        .grid(\.first.withStd, [false, true]), .grid(\.last.shrinkage, [0, 0.5]),
        .grid(\.last.metric, [.euclidean], name: "metric"),
      ]
    )
    let found = try await search.fit(Self.wine.x, Self.wine.y, scorers: [.negLogLoss, .accuracy], refit: false)
    #expect("\(found.bestParameters[0])" == "first.withStd=true", "\(found.bestParameters)")
    #expect(found.candidates[0].parameters.map(\.name) == ["first.withStd", "last.shrinkage", "metric"])
    #expect(found.bestModel == nil && found.scorers == ["neg_log_loss", "accuracy"])
    #expect(found.best.meanTestScores[1] > 0.95 && found.candidates[0].meanTestScores[1] < 0.8)
  }

  @Test func `numbers are searched for, and values may be missing`() async throws {
    let search = GridSearchCV(OneColumn(), [.grid(\.alpha, [nil, 0.5, 8]), .grid(\.column, [2, 8])])
    let found = try await search.fit(Self.diabetes.x, Self.diabetes.y, scorers: [.negMeanSquaredError])
    #expect(found.candidates.map { "\($0.parameters[0])" }.prefix(3) == ["alpha=nil", "alpha=nil", "alpha=0.5"])
    #expect(found.bestEstimator.alpha == nil)
    #expect(found.bestModel == (try found.bestEstimator.fit(Self.diabetes.x, Self.diabetes.y)))
  }

  @Test func `what is found does not depend on how many run at once`() async throws {
    let search = RandomizedSearchCV(ShrunkenMean(), [.uniform(\.shrinkage, 0...1)], nIter: 6, seed: 4)
    var results: [[[[Double]]]] = []
    for nJobs in [1, 2, 7] {
      results.append(try await search.fit(Self.wine.x, Self.wine.y, nJobs: nJobs).candidates.map(\.testScores))
    }
    #expect(Set(results).count == 1)
  }

  @Test func `values are drawn from their distributions`() throws {
    let distributions: [ParameterDistribution<OneColumn>] = [.integers(\.column, 2...9), .choice(\.alpha, [nil, 1])]
    let drawn = try RandomizedSearchCV(OneColumn(), distributions, nIter: 400, seed: 1).combinations()
    #expect(Set(drawn.map(\.estimator.column)) == Set(2...9) && Set(drawn.map(\.estimator.alpha)) == [nil, 1])
    #expect(
      drawn.map(\.parameters)
        == (try RandomizedSearchCV(OneColumn(), distributions, nIter: 400, seed: 1).combinations()).map(\.parameters)
    )
    #expect(
      drawn.map(\.parameters)
        != (try RandomizedSearchCV(OneColumn(), distributions, nIter: 400, seed: 2).combinations()).map(\.parameters)
    )
    let uniform = try RandomizedSearchCV(ShrunkenMean(), [.uniform(\.shrinkage, 2...4)], nIter: 2000).combinations()
      .map(\.estimator.shrinkage)
    #expect(uniform.allSatisfy { 2...4 ~= $0 } && abs(uniform.reduce(0, +) / 2000 - 3) < 0.05)
    let logarithmic = try RandomizedSearchCV(ShrunkenMean(), [.logUniform(\.shrinkage, 1e-3...1e3)], nIter: 2000)
      .combinations().map(\.estimator.shrinkage)
    #expect(logarithmic.allSatisfy { 1e-3...1e3 ~= $0 })
    #expect(abs(Double(logarithmic.count { $0 < 0.1 }) / 2000 - 1 / 3) < 0.04)
    // Lists alone: each combination once.
    let lists = try RandomizedSearchCV(
      ShrunkenMean(),
      [.choice(\.shrinkage, [1, 2, 3]), .choice(\.metric, [.euclidean, .manhattan])],
      nIter: 50
    )
    .combinations().map(\.parameters)
    #expect(lists.count == 6 && Set(lists).count == 6)
  }

  @Test func `a combination that cannot be fitted is told of, and the others are searched`() async throws {
    let search = GridSearchCV(ShrunkenMean(), [.grid(\.shrinkage, [-1, 0.3, -2, 0])])
    let found = try await search.fit(Self.wine.x, Self.wine.y)
    #expect(found.candidates.map(\.rank) == [3, 2, 3, 1] || found.candidates.map(\.rank) == [3, 1, 3, 2])
    #expect(
      found.candidates[0].meanTestScores[0].isNaN && found.candidates[0].failure == "shrinkage: must be at least 0"
    )
    #expect(found.candidates[1].failure == nil && !found.bestScore.isNaN)
    await #expect(throws: ModelError.parameter(name: "shrinkage", reason: "must be at least 0")) {
      _ = try await GridSearchCV(ShrunkenMean(), [.grid(\.shrinkage, [-1])]).fit(Self.wine.x, Self.wine.y)
    }
  }

  @Test func `searches that cannot be are told of`() {
    func refused(_ search: some ParameterSearch) -> String {
      do { return "\(try search.combinationCount())" } catch { return "\(error)" }
    }
    #expect(refused(GridSearchCV(ShrunkenMean(), [.grid(\.shrinkage, [])])) == "shrinkage: there is no value to try")
    #expect(refused(GridSearchCV(ShrunkenMean(), grids: [])) == "grids: there is none")
    #expect(refused(GridSearchCV(ShrunkenMean(), [])) == "1")
    let twice: ParameterValues<ShrunkenMean> = .grid(\.shrinkage, [1])
    #expect(refused(GridSearchCV(ShrunkenMean(), [twice, twice])) == "shrinkage: it is there twice")
    func random(_ some: ParameterDistribution<ShrunkenMean>..., nIter: Int = 3) -> String {
      refused(RandomizedSearchCV(ShrunkenMean(), some, nIter: nIter))
    }
    #expect(random() == "distributions: there is none")
    #expect(random(.uniform(\.shrinkage, 0...1), nIter: 0) == "nIter: must be at least 1, not 0")
    #expect(random(.uniform(\.shrinkage, 0...Double.infinity)).contains("is no range of numbers"))
    #expect(random(.logUniform(\.shrinkage, 0...1)).contains("a logarithm needs numbers above 0, not 0.0"))
    #expect(random(.choice(\.shrinkage, [])) == "shrinkage: there is no value")
  }
}

@Suite struct CurveTests {
  static let wine = Datasets.wine(as: Double.self)
  static let diabetes = Datasets.diabetes(as: Double.self)

  @Test func `a learning curve is that of scikit-learn`() async throws {
    let curve = try await learningCurve(
      ShrunkenMean(),
      Self.wine.x,
      Self.wine.y,
      trainSizes: [0.5, 1.0, 0.75, 99],
      splitter: StratifiedKFold(nSplits: 4),
      shuffle: false
    )
    #expect(curve.trainSizes.map(Double.init) == golden("learning sizes") && curve.fitSeconds.count == 3)
    #expect(isClose(curve.trainScores.flatMap(\.self), golden("learning train")))
    #expect(isClose(curve.testScores.flatMap(\.self), golden("learning test")))
    let shuffled = try await learningCurve(ShrunkenMean(), Self.wine.x, Self.wine.y)
    #expect(shuffled.trainSizes == [14, 46, 78, 110, 142] && shuffled.testScores[0].allSatisfy { $0 > 0.4 })
    #expect(try await learningCurve(OneColumn(), Self.diabetes.x, Self.diabetes.y).trainSizes.last == 353)
    for sizes in [[], [0.0], [1.1], [0], [5000], [0.001]] as [[RowShare]] {
      await #expect(throws: ModelError.self) {
        _ = try await learningCurve(ShrunkenMean(), Self.wine.x, Self.wine.y, trainSizes: sizes)
      }
    }
  }

  @Test func `a validation curve is that of scikit-learn`() async throws {
    let curve = try await validationCurve(
      OneColumn(),
      .grid(\.alpha, [0.01, 0.1, 1, 10]),
      Self.diabetes.x,
      Self.diabetes.y,
      splitter: KFold(nSplits: 3)
    )
    #expect(
      curve.parameter == "alpha" && curve.values == ["0.01", "0.1", "1.0", "10.0"]
        && curve.numbers == [0.01, 0.1, 1, 10]
    )
    #expect(isClose(curve.trainScores.flatMap(\.self), golden("validation train")))
    #expect(isClose(curve.testScores.flatMap(\.self), golden("validation test")))
    let names = try await validationCurve(
      ShrunkenMean(),
      .grid(\.metric, [.euclidean, .manhattan]),
      Self.wine.x,
      Self.wine.y
    )
    #expect(names.values == ["euclidean", "manhattan"] && names.numbers.allSatisfy(\.isNaN))
    #expect(names.drawing().description.contains("metric: euclidean, manhattan"))
    let found = try await crossValidate(ShrunkenMean(), Self.wine.x, Self.wine.y, trainScores: true)
    #expect(names.testScores[0] == found.testScores() && names.trainScores[0] == found.trainScores())
  }

  @Test func `curves are drawn`() async throws {
    let learning = try await learningCurve(ShrunkenMean(), Self.wine.x, Self.wine.y).drawing(title: "Wine & more")
    let values: ParameterValues<OneColumn> = .grid(\.alpha, [0.01, 1, 100])
    let validation = try await validationCurve(OneColumn(), values, Self.diabetes.x, Self.diabetes.y).drawing()
    let labels = ["a", "b", "a", "b", "b"]
    let roc = try rocCurve(labels, scores: Tensor<Double>([0.1, 0.4, 0.35, 0.8, 0.3])).drawing(title: "ROC")
    let single = try await learningCurve(ShrunkenMean(), Self.wine.x, Self.wine.y.map { $0 }, trainSizes: [1.0])
      .drawing()
    for (drawing, texts) in [
      (learning, ["Wine &amp; more", "rows to learn from", "accuracy", "training", "test", "<polyline"]),
      (validation, ["alpha", "r2", "100"]), (roc, ["false positive rate", "AUC 0.833", "ROC"]), (single, ["accuracy"]),
    ] {
      let text = drawing.description
      for part in texts { #expect(text.contains(part), "\(part)") }
      #expect(!text.contains("nan") && !text.contains("inf"))
    }
  }
}
