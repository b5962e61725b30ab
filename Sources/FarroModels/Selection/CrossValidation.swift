import Farro

/// What became of models of parts of the rows, each tested on others.
public struct CrossValidation<Model: Sendable>: Sendable {
  /// What scores are called, in the order in which scorers were given.
  public let scorers: [String]
  /// The divisions of the rows.
  public let splits: [Split]
  /// The model of each division.
  public let models: [Model]
  /// How long each fit took.
  public let fitSeconds: [Double]
  /// How long each test took.
  public let scoreSeconds: [Double]
  /// Of each division, what the first scorer has thrown that could not judge it, where that may be; nil where all could.
  public let failures: [String?]
  private let tests: [[Double]]
  private let trainings: [[Double]]?

  init(_ scorers: [String], _ splits: [Split], _ folds: [FoldResult<Model>]) {
    (self.scorers, self.splits) = (scorers, splits)
    (models, fitSeconds, scoreSeconds) = (folds.map(\.model), folds.map(\.fitSeconds), folds.map(\.scoreSeconds))
    (tests, failures) = (folds.map(\.testScores), folds.map(\.failure))
    trainings = folds.allSatisfy { $0.trainScores != nil } ? folds.map { $0.trainScores! } : nil
  }

  /// The score of each test, of the first scorer unless another is named.
  ///
  /// - Precondition: there is such a scorer.
  public func testScores(_ scorer: String? = nil) -> [Double] { tests.map { $0[place(scorer)] } }

  /// The score on the rows that each model has learned from; nil when they were not asked for.
  ///
  /// - Precondition: there is such a scorer.
  public func trainScores(_ scorer: String? = nil) -> [Double]? { trainings.map { $0.map { $0[place(scorer)] } } }

  private func place(_ scorer: String?) -> Int {
    guard let scorer else { return 0 }
    let place = scorers.firstIndex(of: scorer)
    require(place != nil, "CrossValidation: there is no scorer \(scorer), but \(scorers)")
    return place!
  }
}

// MARK: - Scores

/// Fits a model of classes to parts of the rows, and scores each on the others.
///
/// ```swift
/// let results = try await crossValidate(
///   StandardScaler().then(GaussianNB()), x, species, scorers: [.accuracy, .negLogLoss]
/// )
/// print(results.testScores(), results.testScores("neg_log_loss"), results.fitSeconds)
/// ```
///
/// Divisions run beside one another, each in a child task: it is an `async` function so that cancelling the task reaches the
/// fits themselves. Results do not depend on how many run at once. A class that does not occur where a model learned has the
/// probability 0 for it.
///
/// - Parameters:
///   - estimator: What learns, a pipeline for example.
///   - x: n rows.
///   - y: n labels.
///   - groups: n groups, for splitters that keep groups together.
///   - weights: Shape (n): how much each row counts when models are fitted. Scores count all rows alike.
///   - splitter: What divides the rows; 5 stratified folds unless another is given.
///   - scorers: What is measured.
///   - trainScores: Whether rows that were learned from are scored as well.
///   - errorScore: What is done when a scorer cannot judge a division. scikit-learn warns, and its score is NaN; here, what is
///     wrong is told at once unless NaN is asked for, and what a fit or a prediction throws always is.
///   - nJobs: How many divisions run at once; nil for as many as there are threads. Each takes a copy of its rows.
///   - progress: Called after each division with how many are done and how many there are.
/// - Throws: ``ModelError`` for data that cannot be divided so, what a fit, a prediction or a scorer throws, `CancellationError` when
///   the task is cancelled.
/// - Complexity: That of a fit and a prediction for each division.
public func crossValidate<E: ClassifierEstimator, Label: Hashable & Codable & Sendable, Group: Hashable & Sendable>(
  _ estimator: E,
  _ x: E.Input,
  _ y: [Label],
  groups: [Group]? = nil as [Int]?,
  weights: Tensor<Double>? = nil,
  splitter: any Splitter = StratifiedKFold(),
  scorers: [ClassificationScorer] = [.accuracy],
  trainScores: Bool = false,
  errorScore: ErrorScore = .raise,
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> CrossValidation<Classifier<E.Model, Label>> {
  let problem = try ClassValidation(x, y, weights: weights)
  try checkScorers(scorers.map(\.name))
  let splits = try splitter.splits(rows: y.count, classes: problem.codes, groups: codes(groups))
  let folds = try await inParallel(splits.count, nJobs: nJobs, progress: progress) { fold in
    try problem.fold(estimator, splits[fold], scorers, trainScores: trainScores, errorScore: errorScore)
  }
  return CrossValidation(scorers.map(\.name), splits, folds)
}

/// Fits a model of numbers to parts of the rows, and scores each on the others.
///
/// All is as for classes, but that the folds are not stratified; ``KFold`` does not shuffle unless it is told to.
public func crossValidate<E: RegressorEstimator, Group: Hashable & Sendable>(
  _ estimator: E,
  _ x: E.Input,
  _ y: Tensor<E.Model.Scalar>,
  groups: [Group]? = nil as [Int]?,
  weights: Tensor<Double>? = nil,
  splitter: any Splitter = KFold(),
  scorers: [RegressionScorer] = [.r2],
  trainScores: Bool = false,
  errorScore: ErrorScore = .raise,
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> CrossValidation<E.Model> {
  let problem = try NumberValidation(x, y, weights: weights)
  try checkScorers(scorers.map(\.name))
  let splits = try splitter.splits(rows: x.rowCount, classes: nil, groups: codes(groups))
  let folds = try await inParallel(splits.count, nJobs: nJobs, progress: progress) { fold in
    try problem.fold(estimator, splits[fold], scorers, trainScores: trainScores, errorScore: errorScore)
  }
  return CrossValidation(scorers.map(\.name), splits, folds)
}

/// The score of each test of a model of classes.
///
/// - Throws: As `crossValidate` does.
public func crossValScore<E: ClassifierEstimator, Label: Hashable & Codable & Sendable>(
  _ estimator: E,
  _ x: E.Input,
  _ y: [Label],
  splitter: any Splitter = StratifiedKFold(),
  scorer: ClassificationScorer = .accuracy
) async throws -> [Double] {
  try await crossValidate(estimator, x, y, splitter: splitter, scorers: [scorer]).testScores()
}

/// The score of each test of a model of numbers.
///
/// - Throws: As `crossValidate` does.
public func crossValScore<E: RegressorEstimator>(
  _ estimator: E,
  _ x: E.Input,
  _ y: Tensor<E.Model.Scalar>,
  splitter: any Splitter = KFold(),
  scorer: RegressionScorer = .r2
) async throws -> [Double] {
  try await crossValidate(estimator, x, y, splitter: splitter, scorers: [scorer]).testScores()
}

// MARK: - Predictions

/// What models say of rows that they have not learned from: each row is predicted by the model of the division that tests it.
///
/// - Parameters: As of `crossValidate`.
/// - Throws: As there, and ``ModelError`` for a splitter that does not test each row once.
public func crossValPredict<E: ClassifierEstimator, Label: Hashable & Codable & Sendable, Group: Hashable & Sendable>(
  _ estimator: E,
  _ x: E.Input,
  _ y: [Label],
  groups: [Group]? = nil as [Int]?,
  weights: Tensor<Double>? = nil,
  splitter: any Splitter = StratifiedKFold(),
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> [Label] {
  let problem = try ClassValidation(x, y, weights: weights)
  let splits = try splitter.splits(rows: y.count, classes: problem.codes, groups: codes(groups))
  let order = try placeOfRow(splits, rows: y.count)
  let parts = try await inParallel(splits.count, nJobs: nJobs, progress: progress) { fold in
    try problem.fit(estimator, splits[fold].train).classifier.predict(x[rows: splits[fold].test])
  }
  let predictions = parts.flatMap { $0 }
  return order.map { predictions[$0] }
}

/// The probabilities of classes that models tell of rows that they have not learned from. Shape (n, classes), in the order of
/// ``Classifier/classes``.
///
/// - Parameters: As of `crossValidate`.
/// - Throws: As there, and ``ModelError`` for a splitter that does not test each row once.
public func crossValPredictProbabilities<
  E: ClassifierEstimator,
  Label: Hashable & Codable & Sendable,
  Group: Hashable & Sendable
>(
  _ estimator: E,
  _ x: E.Input,
  _ y: [Label],
  groups: [Group]? = nil as [Int]?,
  weights: Tensor<Double>? = nil,
  splitter: any Splitter = StratifiedKFold(),
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> Tensor<Double> where E.Model: ProbabilisticClassModel {
  let problem = try ClassValidation(x, y, weights: weights)
  let splits = try splitter.splits(rows: y.count, classes: problem.codes, groups: codes(groups))
  let order = try placeOfRow(splits, rows: y.count)
  let parts = try await inParallel(splits.count, nJobs: nJobs, progress: progress) { fold in
    try problem.fit(estimator, splits[fold].train).probabilities(x[rows: splits[fold].test])!.scalars
  }
  return Tensor(parts.flatMap { $0 }, shape: [y.count, problem.labels.count])[rows: order]
}

/// What models of numbers say of rows that they have not learned from.
///
/// - Parameters: As of `crossValidate`.
/// - Throws: As there, and ``ModelError`` for a splitter that does not test each row once.
public func crossValPredict<E: RegressorEstimator, Group: Hashable & Sendable>(
  _ estimator: E,
  _ x: E.Input,
  _ y: Tensor<E.Model.Scalar>,
  groups: [Group]? = nil as [Int]?,
  weights: Tensor<Double>? = nil,
  splitter: any Splitter = KFold(),
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> Tensor<E.Model.Scalar> {
  let problem = try NumberValidation(x, y, weights: weights)
  let splits = try splitter.splits(rows: x.rowCount, classes: nil, groups: codes(groups))
  let order = try placeOfRow(splits, rows: x.rowCount)
  let parts = try await inParallel(splits.count, nJobs: nJobs, progress: progress) { fold in
    try problem.fit(estimator, splits[fold].train).predict(x[rows: splits[fold].test]).scalars
  }
  return Tensor(parts.flatMap { $0 }, shape: y.shape)[rows: order]
}

// MARK: - Checks

/// Of each row, where it stands among the tests' rows.
private func placeOfRow(_ splits: [Split], rows: Int) throws(ModelError) -> [Int] {
  var place = [Int](repeating: -1, count: rows)
  let tested = splits.flatMap(\.test)
  for (number, row) in tested.enumerated() { place[row] = number }
  guard tested.count == rows, !place.contains(-1) else {
    throw .parameter(name: "splitter", reason: "to predict each row once, each must be in one test, as with folds")
  }
  return place
}

func checkScorers(_ names: [String]) throws(ModelError) {
  guard !names.isEmpty else { throw .parameter(name: "scorers", reason: "there is none") }
  guard Set(names).count == names.count else {
    throw .parameter(name: "scorers", reason: "a name is there twice: \(names)")
  }
}

func codes<Group: Hashable & Sendable>(_ groups: [Group]?) throws -> [Int32]? {
  try groups.map { try Classes(of: $0).codes[0] }
}
