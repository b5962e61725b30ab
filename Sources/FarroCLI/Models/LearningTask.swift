import ArgumentParser
import Farro
import FarroData
import FarroModels

/// What is different when classes are learned and when numbers are.
protocol LearningTask: Sendable {
  associatedtype Estimator: Codable & Sendable
  associatedtype Input: CommandRows
  associatedtype Target
  /// What fitting makes.
  associatedtype Model: Sendable

  static var task: ModelTask { get }
  /// What files of models are called.
  static var fileKind: String { get }

  /// - Throws: `ValidationError` for a target of the other kind.
  static func target(_ y: TargetValues) throws -> Target
  static func fit(_ estimator: Estimator, _ x: Input, _ y: Target) throws -> Model
  static func validate(_ estimator: Estimator, _ trial: Trial, _ progress: @escaping Progress) async throws
    -> CrossValidation<Model>
  static func search(
    _ combinations: GivenCombinations<Estimator>,
    _ trial: Trial,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> SearchResults<Estimator, Model>
  static func fitted(
    _ model: Model,
    name: String,
    parameters: [SearchedParameter],
    target: String,
    columns: Int?
  ) -> any FittedModel
  static func load(_ path: String) throws -> any FittedModel
}

extension LearningTask {
  fileprivate static func rows(_ trial: Trial) -> Input { trial.data.x as! Input }
}

enum ClassTask<Estimator: ClassifierEstimator>: LearningTask
where Estimator.Input: CommandRows, Estimator.Model: StorableModel {
  typealias Input = Estimator.Input

  static var task: ModelTask { .classes }
  static var fileKind: String { SavedClassifier<Estimator.Model>.fileKind }

  static func target(_ y: TargetValues) throws -> [String] {
    guard case .labels(let labels) = y else { throw ValidationError("The model learns classes, not numbers.") }
    return labels
  }

  static func fit(_ estimator: Estimator, _ x: Input, _ y: [String]) throws -> Classifier<Estimator.Model, String> {
    try estimator.fit(x, y)
  }

  static func validate(_ estimator: Estimator, _ trial: Trial, _ progress: @escaping Progress) async throws
    -> CrossValidation<Classifier<Estimator.Model, String>>
  {
    try await crossValidate(
      estimator,
      rows(trial),
      target(trial.data.y),
      groups: trial.data.groups,
      splitter: trial.splitter,
      scorers: [named(trial.scorer)],
      progress: progress
    )
  }

  static func search(
    _ combinations: GivenCombinations<Estimator>,
    _ trial: Trial,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> SearchResults<Estimator, Classifier<Estimator.Model, String>> {
    try await combinations.fit(
      rows(trial),
      target(trial.data.y),
      groups: trial.data.groups,
      splitter: trial.splitter,
      scorers: [named(trial.scorer)],
      refit: refit,
      progress: progress
    )
  }

  private static func named(_ scorer: String) throws -> ClassificationScorer {
    try task.scorer(scorer, among: ClassificationScorer.all, \.name)
  }

  static func fitted(
    _ model: Classifier<Estimator.Model, String>,
    name: String,
    parameters: [SearchedParameter],
    target: String,
    columns: Int?
  ) -> any FittedModel {
    FittedClassifier(
      saved: SavedClassifier(name: name, parameters: parameters, target: target, columns: columns, classifier: model)
    )
  }

  static func load(_ path: String) throws -> any FittedModel {
    FittedClassifier(saved: try SavedClassifier<Estimator.Model>(contentsOf: path))
  }
}

enum NumberTask<Estimator: RegressorEstimator>: LearningTask
where Estimator.Input: CommandRows, Estimator.Model: StorableModel, Estimator.Model.Scalar == Double {
  typealias Input = Estimator.Input

  static var task: ModelTask { .numbers }
  static var fileKind: String { SavedRegressor<Estimator.Model>.fileKind }

  static func target(_ y: TargetValues) throws -> Tensor<Double> {
    guard case .numbers(let numbers) = y else { throw ValidationError("The model learns numbers, not classes.") }
    return numbers
  }

  static func fit(_ estimator: Estimator, _ x: Input, _ y: Tensor<Double>) throws -> Estimator.Model {
    try estimator.fit(x, y)
  }

  static func validate(_ estimator: Estimator, _ trial: Trial, _ progress: @escaping Progress) async throws
    -> CrossValidation<Estimator.Model>
  {
    try await crossValidate(
      estimator,
      rows(trial),
      target(trial.data.y),
      groups: trial.data.groups,
      splitter: trial.splitter,
      scorers: [named(trial.scorer)],
      progress: progress
    )
  }

  static func search(
    _ combinations: GivenCombinations<Estimator>,
    _ trial: Trial,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> SearchResults<Estimator, Estimator.Model> {
    try await combinations.fit(
      rows(trial),
      target(trial.data.y),
      groups: trial.data.groups,
      splitter: trial.splitter,
      scorers: [named(trial.scorer)],
      refit: refit,
      progress: progress
    )
  }

  private static func named(_ scorer: String) throws -> RegressionScorer {
    try task.scorer(scorer, among: RegressionScorer.all, \.name)
  }

  static func fitted(
    _ model: Estimator.Model,
    name: String,
    parameters: [SearchedParameter],
    target: String,
    columns: Int?
  ) -> any FittedModel {
    FittedRegressor(
      saved: SavedRegressor(name: name, parameters: parameters, target: target, columns: columns, model: model)
    )
  }

  static func load(_ path: String) throws -> any FittedModel {
    FittedRegressor(saved: try SavedRegressor<Estimator.Model>(contentsOf: path))
  }
}

extension ModelTask {
  /// - Throws: `ValidationError` when there is none of that name.
  func scorer<Scorer>(_ wanted: String, among all: [Scorer], _ name: (Scorer) -> String) throws -> Scorer {
    guard let scorer = all.first(where: { name($0) == wanted }) else {
      throw ValidationError("There is no score \(wanted) of \(rawValue), but \(all.map(name).joined(separator: ", ")).")
    }
    return scorer
  }

  /// - Throws: `ValidationError` for a name that the task has not.
  func checkScorer(_ name: String) throws {
    switch self {
    case .classes: _ = try scorer(name, among: ClassificationScorer.all, \.name)
    case .numbers: _ = try scorer(name, among: RegressionScorer.all, \.name)
    }
  }
}
