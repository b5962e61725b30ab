import ArgumentParser
import Farro
import FarroData
import FarroModels

/// A parameter, as `farro fit --list` tells of it.
struct ParameterFacts: Encodable, Sendable {
  let name, value, values, help: String

  enum CodingKeys: String, CodingKey {
    case name, values, help
    case value = "default"
  }
}

/// What cross-validation says of a model.
struct ValidationFacts: Sendable {
  /// For each scorer, the score of each fold.
  let scores: [[Double]]
  let fitSeconds, scoreSeconds: [Double]
}

/// What a search says of a model.
struct TuningFacts: Sendable {
  struct Candidate: Sendable {
    let parameters: [SearchedParameter]
    let mean, deviation: Double
    let rank: Int
    let fitSeconds: Double
    let failure: String?
  }
  let candidates: [Candidate]
  let best: Int
  let model: (any FittedModel)?
}

/// Scorers of a task, by name.
enum Scorers: Sendable {
  case classes([ClassificationScorer])
  case numbers([RegressionScorer])

  /// - Throws: `ValidationError` for a name that the task has not.
  init(_ names: [String], _ task: ModelTask) throws {
    func find<Scorer>(_ all: [Scorer], _ name: (Scorer) -> String) throws -> [Scorer] {
      try names.map { wanted in
        guard let scorer = all.first(where: { name($0) == wanted }) else {
          throw ValidationError(
            "There is no score \(wanted) of \(task.rawValue), but \(all.map(name).joined(separator: ", "))."
          )
        }
        return scorer
      }
    }
    switch task {
    case .classes: self = .classes(try find(ClassificationScorer.all, \.name))
    case .numbers: self = .numbers(try find(RegressionScorer.all, \.name))
    }
  }

  var names: [String] {
    switch self {
    case .classes(let scorers): scorers.map(\.name)
    case .numbers(let scorers): scorers.map(\.name)
    }
  }
}

typealias Progress = @Sendable (_ done: Int, _ of: Int) -> Void

/// A model that the command line knows, for one form of data.
protocol ModelSpec: Sendable {
  var task: ModelTask { get }
  /// What ``SavedClassifier`` or ``SavedRegressor`` calls its files.
  var fileKind: String { get }
  var parameters: [ParameterFacts] { get }

  /// Sets parameters.
  ///
  /// - Throws: `ValidationError` for a parameter that it has not, ``ModelParameterError`` for a value that cannot be.
  func setting(_ parameters: [(name: String, value: String)]) throws -> Self
  func fit(_ data: TrainingData) throws -> any FittedModel
  func validate(_ data: TrainingData, _ splitter: any Splitter, _ scorers: Scorers, _ progress: @escaping Progress)
    async throws -> ValidationFacts
  func search(
    _ combinations: [[(name: String, value: String)]],
    _ data: TrainingData,
    _ splitter: any Splitter,
    _ scorers: Scorers,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> TuningFacts
  func load(_ path: String) throws -> any FittedModel
}

/// What classifiers and regressors have in common here.
protocol EstimatorSpec: ModelSpec {
  associatedtype Estimator: Codable & Sendable
  var name: String { get }
  var estimator: Estimator { get set }
  var known: [ModelParameter<Estimator>] { get }
}

extension EstimatorSpec {
  var parameters: [ParameterFacts] {
    known.map { ParameterFacts(name: $0.name, value: $0.text(estimator), values: $0.values, help: $0.help) }
  }

  func setting(_ parameters: [(name: String, value: String)]) throws -> Self {
    var result = self
    for (name, value) in parameters {
      guard let parameter = known.first(where: { plainName($0.name) == plainName(name) }) else {
        let names = known.map(\.name).joined(separator: ", ")
        throw ValidationError("\(self.name) has no parameter \(name)\(names.isEmpty ? "" : ", but \(names)").")
      }
      do { try parameter.set(&result.estimator, value) } catch let error as ModelParameterError {
        throw ValidationError("\(self.name): \(error).")
      }
    }
    return result
  }

  /// All parameters that differ from what the model has by itself.
  func changed(from standard: Estimator) -> [SearchedParameter] {
    known.compactMap { parameter in
      let text = parameter.text(estimator)
      return text == parameter.text(standard) ? nil : SearchedParameter(name: parameter.name, value: text)
    }
  }

  fileprivate func rows<Rows>(of data: TrainingData, as: Rows.Type) -> Rows { data.x as! Rows }
}

/// Combinations of parameters that were given as texts.
private struct GivenCombinations<Estimator: Sendable>: ParameterSearch {
  let all: [(estimator: Estimator, parameters: [SearchedParameter])]
  func combinations() -> [(estimator: Estimator, parameters: [SearchedParameter])] { all }
}

extension EstimatorSpec {
  fileprivate func given(_ combinations: [[(name: String, value: String)]]) throws -> GivenCombinations<Estimator> {
    GivenCombinations(
      all: try combinations.map { combination in
        (try setting(combination).estimator, combination.map { SearchedParameter(name: $0.name, value: $0.value) })
      }
    )
  }

  fileprivate func facts<Model>(
    _ found: SearchResults<Estimator, Model>,
    _ model: (any FittedModel)?
  ) -> TuningFacts {
    TuningFacts(
      candidates: found.candidates.map {
        TuningFacts.Candidate(
          parameters: $0.parameters,
          mean: $0.meanTestScores[0],
          deviation: $0.testScoreDeviations[0],
          rank: $0.rank,
          fitSeconds: $0.meanFitSeconds,
          failure: $0.failure
        )
      },
      best: found.bestIndex,
      model: model
    )
  }
}

// MARK: - Classes

/// An estimator of classes.
struct ClassSpec<Estimator: ClassifierEstimator>: EstimatorSpec
where Estimator.Input: CommandRows, Estimator.Model: StorableModel {
  let name: String
  var estimator: Estimator
  let standard: Estimator
  let known: [ModelParameter<Estimator>]

  var task: ModelTask { .classes }
  var fileKind: String { SavedClassifier<Estimator.Model>.fileKind }

  private func labels(_ data: TrainingData) throws -> [String] {
    guard case .labels(let labels) = data.y else { throw ValidationError("\(name) learns classes, not numbers.") }
    return labels
  }

  private func fitted(_ classifier: Classifier<Estimator.Model, String>, _ data: TrainingData) -> FittedClassifier<
    Estimator.Model
  > {
    let parameters = changed(from: standard)
    let columns = data.x is Table ? nil : data.x.width
    return FittedClassifier(
      saved: SavedClassifier(
        name: name,
        parameters: parameters,
        target: data.target,
        columns: columns,
        classifier: classifier
      )
    )
  }

  func fit(_ data: TrainingData) throws -> any FittedModel {
    fitted(try estimator.fit(rows(of: data, as: Estimator.Input.self), labels(data)), data)
  }

  func validate(
    _ data: TrainingData,
    _ splitter: any Splitter,
    _ scorers: Scorers,
    _ progress: @escaping Progress
  ) async throws -> ValidationFacts {
    guard case .classes(let scorers) = scorers else {
      return ValidationFacts(scores: [], fitSeconds: [], scoreSeconds: [])
    }
    let x = rows(of: data, as: Estimator.Input.self)
    let found = try await crossValidate(
      estimator,
      x,
      labels(data),
      splitter: splitter,
      scorers: scorers,
      progress: progress
    )
    return ValidationFacts(
      scores: scorers.map { found.testScores($0.name) },
      fitSeconds: found.fitSeconds,
      scoreSeconds: found.scoreSeconds
    )
  }

  func search(
    _ combinations: [[(name: String, value: String)]],
    _ data: TrainingData,
    _ splitter: any Splitter,
    _ scorers: Scorers,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> TuningFacts {
    guard case .classes(let scorers) = scorers else { return TuningFacts(candidates: [], best: 0, model: nil) }
    let found = try await given(combinations).fit(
      rows(of: data, as: Estimator.Input.self),
      labels(data),
      splitter: splitter,
      scorers: scorers,
      refit: refit,
      progress: progress
    )
    var best = self
    best.estimator = found.bestEstimator
    return facts(found, found.bestModel.map { best.fitted($0, data) })
  }

  func load(_ path: String) throws -> any FittedModel {
    FittedClassifier(saved: try SavedClassifier<Estimator.Model>(contentsOf: path))
  }
}

// MARK: - Numbers

/// An estimator of numbers.
struct NumberSpec<Estimator: RegressorEstimator>: EstimatorSpec
where Estimator.Input: CommandRows, Estimator.Model: StorableModel, Estimator.Model.Scalar == Double {
  let name: String
  var estimator: Estimator
  let standard: Estimator
  let known: [ModelParameter<Estimator>]

  var task: ModelTask { .numbers }
  var fileKind: String { SavedRegressor<Estimator.Model>.fileKind }

  private func numbers(_ data: TrainingData) throws -> Tensor<Double> {
    guard case .numbers(let numbers) = data.y else { throw ValidationError("\(name) learns numbers, not classes.") }
    return numbers
  }

  private func fitted(_ model: Estimator.Model, _ data: TrainingData) -> FittedRegressor<Estimator.Model> {
    let parameters = changed(from: standard)
    let columns = data.x is Table ? nil : data.x.width
    return FittedRegressor(
      saved: SavedRegressor(name: name, parameters: parameters, target: data.target, columns: columns, model: model)
    )
  }

  func fit(_ data: TrainingData) throws -> any FittedModel {
    fitted(try estimator.fit(rows(of: data, as: Estimator.Input.self), numbers(data)), data)
  }

  func validate(
    _ data: TrainingData,
    _ splitter: any Splitter,
    _ scorers: Scorers,
    _ progress: @escaping Progress
  ) async throws -> ValidationFacts {
    guard case .numbers(let scorers) = scorers else {
      return ValidationFacts(scores: [], fitSeconds: [], scoreSeconds: [])
    }
    let x = rows(of: data, as: Estimator.Input.self)
    let found = try await crossValidate(
      estimator,
      x,
      numbers(data),
      splitter: splitter,
      scorers: scorers,
      progress: progress
    )
    return ValidationFacts(
      scores: scorers.map { found.testScores($0.name) },
      fitSeconds: found.fitSeconds,
      scoreSeconds: found.scoreSeconds
    )
  }

  func search(
    _ combinations: [[(name: String, value: String)]],
    _ data: TrainingData,
    _ splitter: any Splitter,
    _ scorers: Scorers,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> TuningFacts {
    guard case .numbers(let scorers) = scorers else { return TuningFacts(candidates: [], best: 0, model: nil) }
    let found = try await given(combinations).fit(
      rows(of: data, as: Estimator.Input.self),
      numbers(data),
      splitter: splitter,
      scorers: scorers,
      refit: refit,
      progress: progress
    )
    var best = self
    best.estimator = found.bestEstimator
    return facts(found, found.bestModel.map { best.fitted($0, data) })
  }

  func load(_ path: String) throws -> any FittedModel {
    FittedRegressor(saved: try SavedRegressor<Estimator.Model>(contentsOf: path))
  }
}
