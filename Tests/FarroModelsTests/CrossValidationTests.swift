import Farro
import FarroDatasets
import FarroModels
import Foundation
import Synchronization
import Testing

/// Numbers as scikit-learn has them.
func golden(_ name: String) -> [Double] {
  SelectionGolden.numbers[name]!.split(separator: " ").map { Double($0)! }
}

func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-9) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

/// A model whose probabilities meet what its decisions do not.
private struct Undecided: ProbabilisticClassModel, DecisionModel {
  let classCount = 3
  func predictClasses(_ x: Tensor<Double>) throws -> [Int32] { [Int32](repeating: 0, count: x.rowCount) }
  func decisionFunction(_ x: Tensor<Double>) throws -> Tensor<Double> { Tensor(zeros: [x.rowCount, 3]) }
  func predictProbabilities(_ x: Tensor<Double>) throws -> Tensor<Double> {
    throw ModelError.notFinite(row: 1, column: 2)
  }
}

@Suite struct CrossValidationTests {
  static let wine = Datasets.wine(as: Double.self)
  static let cancer = Datasets.breastCancer(as: Double.self)
  static let diabetes = Datasets.diabetes(as: Double.self)

  @Test func `scores of several classes are those of scikit-learn`() async throws {
    let scorers = ClassificationScorer.all.filter {
      !["precision", "recall", "f1", "average_precision"].contains($0.name)
    }
    let found = try await crossValidate(
      ShrunkenMean(),
      Self.wine.x,
      Self.wine.labels,
      splitter: StratifiedKFold(nSplits: 4),
      scorers: scorers,
      trainScores: true
    )
    for name in scorers.map(\.name) {
      let scores = found.testScores(name) + found.trainScores(name)!
      #expect(isClose(scores, golden("wine \(name)")), "\(name): \(scores)")
    }
    #expect(found.models.count == 4 && found.models[0].classes == ["class_0", "class_1", "class_2"])
    #expect(found.fitSeconds.allSatisfy { $0 > 0 } && found.scoreSeconds.allSatisfy { $0 > 0 })
    #expect(found.scorers == scorers.map(\.name) && found.testScores() == found.testScores("accuracy"))
  }

  @Test func `classes are ranked by what can be compared`() async throws {
    // Of three classes in a row, the one in the middle is never far on its side of a border, but often the most probable.
    let iris = Datasets.iris(as: Double.self)
    let model = try LogisticRegression().fit(iris.x, iris.labels)
    let scores = try #require(try model.model.rankingScores(iris.x))
    #expect(try scores == model.predictProbabilities(iris.x))
    #expect(try rocAUC(iris.labels, scores: scores, average: .macro) > 0.99)
    #expect(try rocAUC(iris.labels, scores: model.decisionFunction(iris.x), average: .macro) < 0.9)
    let found = try await crossValScore(LogisticRegression(), iris.x, iris.labels, scorer: .rocAUC)
    #expect(average(found) > 0.99)
    // A model that refuses to tell probabilities has its decision functions, and one of two classes always.
    let support = try SVC().fit(iris.x, iris.labels)
    #expect(try support.model.rankingScores(iris.x) == support.decisionFunction(iris.x))
    // But what else goes wrong is told.
    #expect(throws: ModelError.notFinite(row: 1, column: 2)) { try Undecided().rankingScores(iris.x) }
    let two = try LogisticRegression().fit(Self.cancer.x, Self.cancer.y)
    #expect(try two.model.rankingScores(Self.cancer.x) == two.decisionFunction(Self.cancer.x))
    let bayes = try GaussianNB().fit(Self.cancer.x, Self.cancer.y)
    #expect(try bayes.model.rankingScores(Self.cancer.x)?.shape == [569])
  }

  @Test func `a scorer that cannot judge a fold throws, or gives NaN`() async throws {
    let x = Tensor<Double>((0..<12).map { Double($0) }, shape: [12, 1])
    let y = [0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0]
    let folds = KFold(nSplits: 3)
    await #expect(throws: MetricError.self) {
      try await crossValidate(GaussianNB(), x, y, splitter: folds, scorers: [.rocAUC])
    }
    let found = try await crossValidate(
      GaussianNB(),
      x,
      y,
      splitter: folds,
      scorers: [.accuracy, .rocAUC],
      errorScore: .nan
    )
    #expect(found.testScores("roc_auc").map(\.isNaN) == [false, false, true])
    #expect(found.testScores().allSatisfy { !$0.isNaN })
    #expect(found.failures.map { $0 == nil } == [true, true, false])
    let search = GridSearchCV(GaussianNB<Double>(), [.grid(\.varSmoothing, [1e-9, -1])])
    let results = try await search.fit(x, y, splitter: folds)
    #expect(results.bestIndex == 0 && results.candidates[1].failure != nil)
    await #expect(throws: ModelError.self) { try await search.fit(x, y, splitter: folds, errorScore: .raise) }
  }

  @Test func `scores of two classes are those of scikit-learn`() async throws {
    let scorers = ClassificationScorer.all.filter { !$0.name.contains("_m") && !$0.name.contains("weighted") }
    let found = try await crossValidate(
      ShrunkenMean(),
      Self.cancer.x,
      Self.cancer.y,
      scorers: scorers,
      trainScores: true
    )
    for name in scorers.map(\.name) {
      let scores = found.testScores(name) + found.trainScores(name)!
      #expect(isClose(scores, golden("cancer \(name)")), "\(name): \(scores)")
    }
    let scores = try await crossValScore(ShrunkenMean(), Self.cancer.x, Self.cancer.y, scorer: .rocAUC)
    #expect(scores == found.testScores("roc_auc"))
  }

  @Test func `scores of numbers are those of scikit-learn`() async throws {
    let found = try await crossValidate(
      OneColumn(),
      Self.diabetes.x,
      Self.diabetes.y,
      scorers: RegressionScorer.all,
      trainScores: true
    )
    for name in RegressionScorer.all.map(\.name) {
      let scores = found.testScores(name) + found.trainScores(name)!
      #expect(isClose(scores, golden("diabetes \(name)")), "\(name): \(scores)")
    }
    #expect(try await crossValScore(OneColumn(), Self.diabetes.x, Self.diabetes.y) == found.testScores("r2"))
  }

  @Test func `rows count by their weights when models are fitted`() async throws {
    let weights = Tensor((0..<178).map { Double($0 % 4) / 2 })
    let found = try await crossValidate(
      ShrunkenMean(),
      Self.wine.x,
      Self.wine.y,
      weights: weights,
      splitter: StratifiedKFold(nSplits: 3),
      trainScores: true
    )
    #expect(isClose(found.testScores() + found.trainScores()!, golden("wine weighted accuracy")))
    #expect(found.trainScores("accuracy") != nil)
  }

  @Test func `each row is predicted by a model that has not seen it`() async throws {
    let (x, splitter) = (Self.wine.x, StratifiedKFold(nSplits: 4))
    let classes = try await crossValPredict(ShrunkenMean(), x, Self.wine.y, splitter: splitter)
    #expect(classes == golden("wine predictions").map { Int($0) })
    let probabilities = try await crossValPredictProbabilities(ShrunkenMean(), x, Self.wine.y, splitter: splitter)
    #expect(isClose(probabilities.scalars, golden("wine probabilities")))
    let y = Self.diabetes.y
    let numbers = try await crossValPredict(OneColumn(), Self.diabetes.x, y, splitter: KFold(nSplits: 3))
    #expect(isClose(numbers.scalars, golden("diabetes predictions")))
    // In another order of tests.
    let shuffled = KFold(nSplits: 3, shuffle: true, seed: 2)
    let others = try await crossValPredict(OneColumn(), Self.diabetes.x, y, splitter: shuffled)
    let split = try shuffled.split(rows: 442)[1]
    let model = try OneColumn().fit(Self.diabetes.x[rows: split.train], y[rows: split.train])
    #expect(try others[rows: split.test] == model.predict(Self.diabetes.x[rows: split.test]))
  }

  @Test func `results do not depend on how many run at once`() async throws {
    var results: [[[Double]]] = []
    for nJobs in [1, 2, 5, nil] {
      let found = try await crossValidate(
        StandardScaler().then(ShrunkenMean()),
        Self.wine.x,
        Self.wine.y,
        scorers: [.accuracy, .negLogLoss],
        nJobs: nJobs
      )
      results.append([found.testScores(), found.testScores("neg_log_loss")])
    }
    #expect(Set(results).count == 1)
    #expect(average(results[0][0]) > 0.95)
  }

  @Test func `a class that is missing where a model learns has no probability`() async throws {
    let x = Tensor<Double>([[0], [0.1], [5], [5.1], [9], [0.2], [5.2], [0.3]])
    let y = ["a", "a", "b", "b", "c", "a", "b", "a"]
    let found = try await crossValPredictProbabilities(ShrunkenMean(), x, y, splitter: LeaveOneOut())
    #expect(found.shape == [8, 3] && found[4, 2] == 0 && found[4, 1] > 0.5 && found[3, 2] > 0)
    let classes = try await crossValPredict(ShrunkenMean(), x, y, splitter: LeaveOneOut())
    #expect(classes == ["a", "a", "b", "b", "b", "a", "b", "a"])
    let scores = try await crossValScore(ShrunkenMean(), x, y, splitter: LeaveOneOut(), scorer: .negLogLoss)
    #expect(scores[4] < -30 && scores[0] > -1)
  }

  @Test func `groups stay together`() async throws {
    let groups = (0..<178).map { "g\($0 % 7)" }
    let found = try await crossValidate(
      ShrunkenMean(),
      Self.wine.x,
      Self.wine.y,
      groups: groups,
      splitter: GroupKFold(nSplits: 3)
    )
    for split in found.splits {
      #expect(Set(split.train.map { groups[$0] }).isDisjoint(with: split.test.map { groups[$0] }))
    }
  }

  @Test func `progress is told of after each division`() async throws {
    let told = Mutex<[[Int]]>([])
    _ = try await crossValidate(ShrunkenMean(), Self.wine.x, Self.wine.y) { done, all in
      told.withLock { $0.append([done, all]) }
    }
    #expect(told.withLock { $0 } == (1...5).map { [$0, 5] })
  }

  @Test func `cancelling ends fits on the way`() async throws {
    struct Endless: ClassifierEstimator {
      func fit(_ x: Tensor<Double>, classes: [Int32], classCount: Int, weights: Tensor<Double>?) throws
        -> ShrunkenMean.Model
      {
        while true { try Task.checkCancellation() }
      }
    }
    let task = Task {
      try await crossValidate(Endless(), Self.wine.x, Self.wine.y) { _, _ in Issue.record("a fit has ended") }
    }
    // Not by a task, which would wait for ever where these fits keep all threads.
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.05)
      task.cancel()
    }
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    let search = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await GridSearchCV(ShrunkenMean(), [.grid(\.shrinkage, [0, 1])]).fit(Self.wine.x, Self.wine.y)
    }
    await #expect(throws: CancellationError.self) { _ = try await search.value }
  }

  @Test func `a scorer of one's own counts`() async throws {
    let errors = ClassificationScorer("errors") { rows in -Double(zip(rows.actual, rows.predicted).count { $0 != $1 }) }
    let found = try await crossValidate(ShrunkenMean(), Self.wine.x, Self.wine.y, scorers: [errors, .accuracy])
    for (errors, accuracy) in zip(found.testScores("errors"), found.testScores("accuracy")) {
      #expect(errors < 0 && errors == errors.rounded() && accuracy < 1)
    }
    #expect(ClassificationScorer(named: "f1_macro") == .f1(.macro) && ClassificationScorer(named: "r2") == nil)
    #expect(RegressionScorer(named: "r2") == .r2 && RegressionScorer(named: "accuracy") == nil)
    #expect(Set(ClassificationScorer.all).count == ClassificationScorer.all.count)
  }

  @Test func `what cannot be validated is told of`() async throws {
    let (x, y) = (Self.wine.x, Self.wine.y)
    await #expect(throws: ModelError.labels(177, rows: 178)) {
      _ = try await crossValidate(ShrunkenMean(), x, Array(y.dropLast()))
    }
    await #expect(throws: ModelError.labels(177, rows: 178)) {
      _ = try await crossValidate(OneColumn(), x, Tensor(zeros: [177]))
    }
    await #expect(throws: ModelError.rows(3, needed: 5)) {
      _ = try await crossValidate(OneColumn(), x[0..<3], Tensor(zeros: [3]))
    }
    for (scorers, reason) in [
      ([], "there is none"), ([.accuracy, .accuracy], "a name is there twice"),
      ([.f1], "of 3 classes, none is the positive one"),
    ] as [([ClassificationScorer], String)] {
      let error = await #expect(throws: ModelError.self) {
        _ = try await crossValidate(ShrunkenMean(), x, y, scorers: scorers)
      }
      #expect("\(error!)".contains(reason))
    }
    var broken = x
    broken[100, 3] = .nan
    await #expect(throws: ModelError.self) { _ = try await crossValidate(ShrunkenMean(), broken, y) }
    let one = await #expect(throws: ModelError.self) {
      _ = try await crossValidate(ShrunkenMean(), x, y.map { _ in 1 })
    }
    #expect("\(one!)".contains("1 are too few"))
    let twice = await #expect(throws: ModelError.self) {
      _ = try await crossValPredict(OneColumn(), x, Tensor(zeros: [178]), splitter: ShuffleSplit())
    }
    #expect("\(twice!)".contains("each must be in one test"))
    await #expect(throws: ModelError.self) { _ = try await crossValidate(ShrunkenMean(), x, y, nJobs: 0) }
    await #expect(throws: ModelError.self) {
      _ = try await crossValidate(ShrunkenMean(), x, y, weights: Tensor(zeros: [178]))
    }
  }

  private func average(_ scores: [Double]) -> Double { scores.reduce(0, +) / Double(scores.count) }
}
