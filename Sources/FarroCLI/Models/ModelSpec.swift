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

/// What cross-validation says of a model, fold by fold.
struct ValidationFacts: Sendable {
  let scores, fitSeconds, scoreSeconds: [Double]
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

typealias Progress = @Sendable (_ done: Int, _ of: Int) -> Void

/// Rows to learn from, how they are divided, and what counts.
struct Trial: Sendable {
  let data: TrainingData
  let splitter: any Splitter
  /// By scikit-learn's name.
  let scorer: String
}

/// A model that the command line knows, for one form of data.
protocol ModelSpec: Sendable {
  var task: ModelTask { get }
  /// What ``SavedClassifier`` or ``SavedRegressor`` calls its files.
  var fileKind: String { get }
  var parameters: [ParameterFacts] { get }

  /// Sets parameters.
  ///
  /// - Throws: `ValidationError` for a parameter that it has not, or a value that cannot be.
  func setting(_ parameters: [(name: String, value: String)]) throws -> Self
  func fit(_ data: TrainingData) throws -> any FittedModel
  func validate(_ trial: Trial, _ progress: @escaping Progress) async throws -> ValidationFacts
  func search(
    _ combinations: [[(name: String, value: String)]],
    _ trial: Trial,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> TuningFacts
  func load(_ path: String) throws -> any FittedModel
}

/// Parameters whose names scikit-learn, and the command line, shorten.
private let shortNames = [
  "tolerance": "tol", "maxIterations": "max_iter", "nIterationsNoChange": "n_iter_no_change",
]

/// An estimator and its parameters.
struct Spec<Task: LearningTask>: ModelSpec {
  let name: String
  var estimator: Task.Estimator
  let standard: Task.Estimator
  let known: [ModelParameter<Task.Estimator>]

  init(_ name: String, _ estimator: Task.Estimator, _ known: [ModelParameter<Task.Estimator>]) {
    (self.name, self.estimator, standard, self.known) = (name, estimator, estimator, known)
  }

  var task: ModelTask { Task.task }
  var fileKind: String { Task.fileKind }

  var parameters: [ParameterFacts] {
    known.map { ParameterFacts(name: $0.name, value: $0.text(estimator), values: $0.values, help: $0.help) }
  }

  private func parameter(_ name: String) -> ModelParameter<Task.Estimator>? {
    known.first { plainName($0.name) == plainName(name) }
  }

  func setting(_ parameters: [(name: String, value: String)]) throws -> Self {
    var result = self
    for (name, value) in parameters {
      guard let parameter = parameter(name) else {
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
  private var changed: [SearchedParameter] {
    known.compactMap { parameter in
      let text = parameter.text(estimator)
      return text == parameter.text(standard) ? nil : SearchedParameter(name: parameter.name, value: text)
    }
  }

  /// The error with the names that the command line has for parameters; of one that was set, a `ValidationError`.
  private func renamed(_ error: any Error) -> any Error {
    guard case ModelError.parameter(let name, let reason) = error else { return error }
    if name == "nSplits" { return ModelError.parameter(name: "--folds", reason: reason) }
    guard let parameter = parameter(shortNames[name] ?? name) else { return error }
    guard changed.contains(where: { $0.name == parameter.name }) else {
      return ModelError.parameter(name: parameter.name, reason: reason)
    }
    return ValidationError("\(self.name): \(parameter.name): \(reason).")
  }

  private func fitted(_ model: Task.Model, _ data: TrainingData) -> any FittedModel {
    Task.fitted(
      model,
      name: name,
      parameters: changed,
      target: data.target,
      columns: data.x is Table ? nil : data.x.width
    )
  }

  func fit(_ data: TrainingData) throws -> any FittedModel {
    do {
      return fitted(try Task.fit(estimator, data.x as! Task.Input, Task.target(data.y)), data)
    } catch { throw renamed(error) }
  }

  func validate(_ trial: Trial, _ progress: @escaping Progress) async throws -> ValidationFacts {
    do {
      let found = try await Task.validate(estimator, trial, progress)
      return ValidationFacts(
        scores: found.testScores(),
        fitSeconds: found.fitSeconds,
        scoreSeconds: found.scoreSeconds
      )
    } catch { throw renamed(error) }
  }

  func search(
    _ combinations: [[(name: String, value: String)]],
    _ trial: Trial,
    refit: Bool,
    _ progress: @escaping Progress
  ) async throws -> TuningFacts {
    let given = GivenCombinations(
      all: try combinations.map { combination in
        (try setting(combination).estimator, combination.map { SearchedParameter(name: $0.name, value: $0.value) })
      }
    )
    let found: SearchResults<Task.Estimator, Task.Model>
    do { found = try await Task.search(given, trial, refit: refit, progress) } catch { throw renamed(error) }
    var best = self
    best.estimator = found.bestEstimator
    return TuningFacts(
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
      model: found.bestModel.map { best.fitted($0, trial.data) }
    )
  }

  func load(_ path: String) throws -> any FittedModel { try Task.load(path) }
}

/// Combinations of parameters that were given as texts.
struct GivenCombinations<Estimator: Sendable>: ParameterSearch {
  let all: [(estimator: Estimator, parameters: [SearchedParameter])]
  func combinations() -> [(estimator: Estimator, parameters: [SearchedParameter])] { all }
}
