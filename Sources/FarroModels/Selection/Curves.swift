import Farro

/// Scores by the number of rows that were learned from: whether more data would help.
///
/// Scores of tests that still rise at the end want more rows; scores of training and test that have met want another model.
public struct LearningCurve: Sendable, Equatable, Codable {
  /// What the scores are.
  public let scorer: String
  /// How many rows were learned from, ascending.
  public let trainSizes: [Int]
  /// For each size, the score of each division on the rows that were learned from.
  public let trainScores: [[Double]]
  /// For each size, the score of each division's test.
  public let testScores: [[Double]]
  /// For each size, the mean time of a fit.
  public let fitSeconds: [Double]
}

/// Scores by the value of one parameter: where a model begins to learn too little or too much.
public struct ValidationCurve: Sendable, Equatable, Codable {
  /// What the scores are.
  public let scorer: String
  /// What the parameter is called.
  public let parameter: String
  /// The values that it had, as text.
  public let values: [String]
  /// The values as numbers; NaN for what is none.
  public let numbers: [Double]
  /// For each value, the score of each division on the rows that were learned from.
  public let trainScores: [[Double]]
  /// For each value, the score of each division's test.
  public let testScores: [[Double]]
}

/// Fits a model of classes to ever more rows, and scores each on rows of tests and on its own.
///
/// - Parameters:
///   - estimator: What is fitted.
///   - x: n rows.
///   - y: n labels.
///   - trainSizes: How many rows are learned from, of those that each division has for it: parts, or numbers.
///   - splitter: Makes the divisions.
///   - scorer: Judges the models.
///   - shuffle: Whether these rows are shuffled before the first of them are taken. scikit-learn does not unless it is told to; in
///     data that is ordered by class, the first rows are of one class.
///   - seed: Of the shuffling.
///   - nJobs: How many fits run at once; nil for as many as there are threads.
///   - progress: Is told how many fits of how many are done.
/// - Throws: As `crossValidate`.
/// - Complexity: That of a fit and two predictions for each division and size.
public func learningCurve<E: ClassifierEstimator, Label: Hashable & Codable & Sendable>(
  _ estimator: E,
  _ x: E.Input,
  _ y: [Label],
  trainSizes: [RowShare] = defaultTrainSizes,
  splitter: any Splitter = StratifiedKFold(),
  scorer: ClassificationScorer = .accuracy,
  shuffle: Bool = true,
  seed: UInt64 = 0,
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> LearningCurve {
  let problem = try ClassValidation(x, y, weights: nil)
  let splits = try splitter.splits(rows: y.count, classes: problem.codes, groups: nil)
  let plan = try SizePlan(splits, trainSizes, shuffle: shuffle, seed: seed)
  let folds = try await inParallel(plan.splits.count, nJobs: nJobs, progress: progress) { job in
    try problem.fold(estimator, plan.splits[job], [scorer], trainScores: true).withoutModel
  }
  return plan.curve(scorer.name, folds)
}

/// Fits a model of numbers to ever more rows, and scores each on rows of tests and on its own.
///
/// All is as for classes.
public func learningCurve<E: RegressorEstimator>(
  _ estimator: E,
  _ x: E.Input,
  _ y: Tensor<E.Model.Scalar>,
  trainSizes: [RowShare] = defaultTrainSizes,
  splitter: any Splitter = KFold(),
  scorer: RegressionScorer = .r2,
  shuffle: Bool = true,
  seed: UInt64 = 0,
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> LearningCurve {
  let problem = try NumberValidation(x, y, weights: nil)
  let splits = try splitter.splits(rows: x.rowCount, classes: nil, groups: nil)
  let plan = try SizePlan(splits, trainSizes, shuffle: shuffle, seed: seed)
  let folds = try await inParallel(plan.splits.count, nJobs: nJobs, progress: progress) { job in
    try problem.fold(estimator, plan.splits[job], [scorer], trainScores: true).withoutModel
  }
  return plan.curve(scorer.name, folds)
}

/// A tenth of the rows, all, and three parts between, as scikit-learn has it.
public let defaultTrainSizes: [RowShare] = [0.1, 0.325, 0.55, 0.775, 1.0]

/// Fits a model of classes with each value of a parameter, and scores each on rows of tests and on its own.
///
/// ```swift
/// let curve = try await validationCurve(SVC<Double>(), .grid(\.c, [0.01, 0.1, 1, 10, 100]), x, species)
/// try curve.drawing().write(to: "c.svg")
/// ```
///
/// - Parameters: As of `crossValidate`, and `values`: the parameter's.
/// - Throws: As `crossValidate`.
/// - Complexity: That of a fit and two predictions for each division and value.
public func validationCurve<E: ClassifierEstimator, Label: Hashable & Codable & Sendable>(
  _ estimator: E,
  _ values: ParameterValues<E>,
  _ x: E.Input,
  _ y: [Label],
  splitter: any Splitter = StratifiedKFold(),
  scorer: ClassificationScorer = .accuracy,
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> ValidationCurve {
  let problem = try ClassValidation(x, y, weights: nil)
  let splits = try splitter.splits(rows: y.count, classes: problem.codes, groups: nil)
  let candidates = try gridCandidates(estimator, [[values]])
  let folds = try await inParallel(candidates.count * splits.count, nJobs: nJobs, progress: progress) { job in
    let (candidate, split) = job.quotientAndRemainder(dividingBy: splits.count)
    return try problem.fold(candidates[candidate].estimator, splits[split], [scorer], trainScores: true).withoutModel
  }
  return ValidationCurve(scorer.name, values, folds, divisions: splits.count)
}

/// Fits a model of numbers with each value of a parameter, and scores each on rows of tests and on its own.
///
/// All is as for classes.
public func validationCurve<E: RegressorEstimator>(
  _ estimator: E,
  _ values: ParameterValues<E>,
  _ x: E.Input,
  _ y: Tensor<E.Model.Scalar>,
  splitter: any Splitter = KFold(),
  scorer: RegressionScorer = .r2,
  nJobs: Int? = nil,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
) async throws -> ValidationCurve {
  let problem = try NumberValidation(x, y, weights: nil)
  let splits = try splitter.splits(rows: x.rowCount, classes: nil, groups: nil)
  let candidates = try gridCandidates(estimator, [[values]])
  let folds = try await inParallel(candidates.count * splits.count, nJobs: nJobs, progress: progress) { job in
    let (candidate, split) = job.quotientAndRemainder(dividingBy: splits.count)
    return try problem.fold(candidates[candidate].estimator, splits[split], [scorer], trainScores: true).withoutModel
  }
  return ValidationCurve(scorer.name, values, folds, divisions: splits.count)
}

// MARK: - What curves are made of

private struct NoModel: Sendable {}

extension FoldResult {
  fileprivate var withoutModel: FoldResult<NoModel> {
    FoldResult<NoModel>(
      model: NoModel(),
      fitSeconds: fitSeconds,
      scoreSeconds: scoreSeconds,
      testScores: testScores,
      trainScores: trainScores,
      failure: failure
    )
  }
}

/// Divisions that learn from ever more rows.
private struct SizePlan {
  let sizes: [Int]
  /// All divisions of the first size, then those of the next.
  let splits: [Split]

  init(_ divisions: [Split], _ shares: [RowShare], shuffle: Bool, seed: UInt64) throws(ModelError) {
    let most = divisions.map(\.train.count).min() ?? 0
    var sizes: Set<Int> = []
    for share in shares {
      switch share {
      case .fraction(let part) where part > 0 && part <= 1: sizes.insert(Int(part * Double(most)))
      case .count(let count) where 1...max(1, most) ~= count: sizes.insert(count)
      default:
        throw .parameter(
          name: "trainSizes",
          reason: "each must be a part above 0 and up to 1, or a number from 1 to \(most)"
        )
      }
    }
    guard let least = sizes.min(), least > 0 else {
      throw .parameter(name: "trainSizes", reason: sizes.isEmpty ? "there is none" : "one is of less than one row")
    }
    var generator = Xoshiro256(seed: seed)
    let orders = divisions.map { shuffle ? $0.train.shuffled(using: &generator) : $0.train }
    self.sizes = sizes.sorted()
    splits = self.sizes.flatMap { size in
      zip(orders, divisions).map { Split(train: Array($0.prefix(size)), test: $1.test) }
    }
  }

  func curve(_ scorer: String, _ folds: [FoldResult<NoModel>]) -> LearningCurve {
    let perSize = parts(folds, of: folds.count / sizes.count)
    return LearningCurve(
      scorer: scorer,
      trainSizes: sizes,
      trainScores: perSize.map { $0.map { $0.trainScores![0] } },
      testScores: perSize.map { $0.map { $0.testScores[0] } },
      fitSeconds: perSize.map { average($0.map(\.fitSeconds)) }
    )
  }
}

extension ValidationCurve {
  fileprivate init<E>(
    _ scorer: String,
    _ values: ParameterValues<E>,
    _ folds: [FoldResult<NoModel>],
    divisions: Int
  ) {
    let perValue = parts(folds, of: divisions)
    self.init(
      scorer: scorer,
      parameter: values.name,
      values: values.choices.map(\.text),
      numbers: values.choices.map { $0.number ?? .nan },
      trainScores: perValue.map { $0.map { $0.trainScores![0] } },
      testScores: perValue.map { $0.map { $0.testScores[0] } }
    )
  }
}

private func parts<Element>(_ elements: [Element], of size: Int) -> [[Element]] {
  stride(from: 0, to: elements.count, by: size).map { Array(elements[$0..<$0 + size]) }
}
