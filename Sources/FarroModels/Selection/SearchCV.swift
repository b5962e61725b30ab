import Farro

/// Tries all combinations of values of parameters, each by cross-validation, and fits the best to all rows.
///
/// ```swift
/// let search = GridSearchCV(SVC<Double>(), [.grid(\.c, [0.1, 1, 10]), .grid(\.kernel, [.linear, .rbf()])])
/// let found = try await search.fit(x, species) { done, all in print(done, "of", all) }
/// print(found.bestParameters, found.bestScore)
/// let answers = try found.bestModel!.predict(others)
/// ```
///
/// The splitter and the scorers, which depend on what is learned, are given to `fit`. A combination that cannot be fitted, or
/// scored, has NaN as its score and says why; if that is so of all, or with `errorScore: .raise`, the first error is thrown.
public struct GridSearchCV<Estimator: Sendable>: Sendable {
  /// What learns.
  public var estimator: Estimator
  /// The values that are combined, in each grid those of all its parameters.
  public var grids: [[ParameterValues<Estimator>]]

  /// One grid.
  public init(_ estimator: Estimator, _ grid: [ParameterValues<Estimator>]) {
    (self.estimator, grids) = (estimator, [grid])
  }

  /// Several grids, one after the other: so a parameter is tried only with such others as it has a meaning with.
  public init(_ estimator: Estimator, grids: [[ParameterValues<Estimator>]]) {
    (self.estimator, self.grids) = (estimator, grids)
  }
}

/// Tries combinations of values that are drawn at random, each by cross-validation, and fits the best to all rows.
///
/// ```swift
/// let search = RandomizedSearchCV(SVC<Double>(), [.logUniform(\.c, 1e-2...1e3)], nIter: 20)
/// let found = try await search.fit(x, species)
/// ```
///
/// All else is as for ``GridSearchCV``. When all parameters have a list of values, no combination is drawn twice.
///
/// Source: J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", Journal of Machine Learning Research 13
/// (2012).
public struct RandomizedSearchCV<Estimator: Sendable>: Sendable {
  /// What learns.
  public var estimator: Estimator
  /// Where the values of parameters are drawn from.
  public var distributions: [ParameterDistribution<Estimator>]
  /// How many combinations.
  public var nIter: Int
  /// Of the drawing: the same seed gives the same combinations.
  public var seed: UInt64

  public init(
    _ estimator: Estimator,
    _ distributions: [ParameterDistribution<Estimator>],
    nIter: Int = 10,
    seed: UInt64 = 0
  ) {
    (self.estimator, self.distributions, self.nIter, self.seed) = (estimator, distributions, nIter, seed)
  }
}

/// A way to make combinations of parameters.
public protocol ParameterSearch<Estimator>: Sendable {
  associatedtype Estimator: Sendable

  /// How many combinations it tries.
  ///
  /// - Throws: ``ModelError`` for parameters without values, or values that cannot be.
  func combinationCount() throws -> Int

  /// The estimators with their parameters set, and what these were set to.
  ///
  /// - Throws: As ``combinationCount()``.
  func combinations() throws -> [(estimator: Estimator, parameters: [SearchedParameter])]
}

extension ParameterSearch {
  public func combinationCount() throws -> Int { try combinations().count }

  private func candidates() throws -> [SearchCandidate<Estimator>] {
    try combinations().map { SearchCandidate(estimator: $0.estimator, parameters: $0.parameters) }
  }
}

extension GridSearchCV: ParameterSearch {
  public func combinations() throws -> [(estimator: Estimator, parameters: [SearchedParameter])] {
    try gridCandidates(estimator, grids).map { ($0.estimator, $0.parameters) }
  }
}

extension RandomizedSearchCV: ParameterSearch {
  public func combinations() throws -> [(estimator: Estimator, parameters: [SearchedParameter])] {
    try drawnCandidates(estimator, distributions, count: nIter, seed: seed).map { ($0.estimator, $0.parameters) }
  }
}

// MARK: - Fitting

extension ParameterSearch where Estimator: ClassifierEstimator {
  /// Scores all combinations on rows of classes.
  ///
  /// - Parameters: As of `crossValidate`. The first of the scorers decides. `nJobs` is how many fits run at once, of whatever
  ///   combination. `refit` is whether the best combination is fitted to all rows.
  /// - Throws: As `crossValidate`, and ``ModelError`` for parameters without values, or values that cannot be.
  /// - Complexity: That of a fit and a prediction for each combination and division.
  public func fit<Label: Hashable & Codable & Sendable, Group: Hashable & Sendable>(
    _ x: Estimator.Input,
    _ y: [Label],
    groups: [Group]? = nil as [Int]?,
    weights: Tensor<Double>? = nil,
    splitter: any Splitter = StratifiedKFold(),
    scorers: [ClassificationScorer] = [.accuracy],
    refit: Bool = true,
    errorScore: ErrorScore = .nan,
    nJobs: Int? = nil,
    progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
  ) async throws -> SearchResults<Estimator, Classifier<Estimator.Model, Label>> {
    let problem = try ClassValidation(x, y, weights: weights)
    let fitAll: @Sendable (Estimator) throws -> Classifier<Estimator.Model, Label> = { estimator in
      try estimator.fit(x, y, weights: weights)
    }
    let splits = try splitter.splits(rows: y.count, classes: problem.codes, groups: codes(groups))
    let fold: @Sendable (Estimator, Split) throws -> FoldResult<Classifier<Estimator.Model, Label>> = {
      estimator,
      split in
      try problem.fold(estimator, split, scorers, trainScores: false)
    }
    return try await search(
      try candidates(),
      splits,
      scorers: scorers.map(\.name),
      errorScore: errorScore,
      nJobs: nJobs,
      progress: progress,
      fold: fold,
      refit: refit ? fitAll : nil
    )
  }
}

extension ParameterSearch where Estimator: RegressorEstimator {
  /// Scores all combinations on rows of numbers.
  ///
  /// - Parameters: As for classes.
  /// - Throws: As for classes.
  /// - Complexity: That of a fit and a prediction for each combination and division.
  public func fit<Group: Hashable & Sendable>(
    _ x: Estimator.Input,
    _ y: Tensor<Estimator.Model.Scalar>,
    groups: [Group]? = nil as [Int]?,
    weights: Tensor<Double>? = nil,
    splitter: any Splitter = KFold(),
    scorers: [RegressionScorer] = [.r2],
    refit: Bool = true,
    errorScore: ErrorScore = .nan,
    nJobs: Int? = nil,
    progress: (@Sendable (_ done: Int, _ of: Int) -> Void)? = nil
  ) async throws -> SearchResults<Estimator, Estimator.Model> {
    let problem = try NumberValidation(x, y, weights: weights)
    let fitAll: @Sendable (Estimator) throws -> Estimator.Model = { estimator in
      try estimator.fit(x, y, weights: weights)
    }
    let splits = try splitter.splits(rows: x.rowCount, classes: nil, groups: codes(groups))
    let fold: @Sendable (Estimator, Split) throws -> FoldResult<Estimator.Model> = { estimator, split in
      try problem.fold(estimator, split, scorers, trainScores: false)
    }
    return try await search(
      try candidates(),
      splits,
      scorers: scorers.map(\.name),
      errorScore: errorScore,
      nJobs: nJobs,
      progress: progress,
      fold: fold,
      refit: refit ? fitAll : nil
    )
  }
}
