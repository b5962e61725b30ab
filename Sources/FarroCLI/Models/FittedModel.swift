import ArgumentParser
import Farro
import FarroData
import FarroModels

/// What a model says of rows.
struct Predictions: Sendable {
  enum Values: Sendable {
    case labels([String])
    case numbers([Double])
  }
  let values: Values
  /// Shape (rows, classes).
  let probabilities: Tensor<Double>?

  var count: Int {
    switch values {
    case .labels(let labels): labels.count
    case .numbers(let numbers): numbers.count
    }
  }
}

/// A model that was fitted or loaded, whatever its type.
protocol FittedModel: Sendable {
  var name: String { get }
  var parameters: [SearchedParameter] { get }
  var target: String { get }
  /// The labels of classes; nil for a model of numbers.
  var classes: [String]? { get }
  /// What columns of tables become; nil for sparse rows.
  var features: TableFeaturesModel? { get }
  /// How many columns sparse rows have; nil for tables.
  var sparseColumns: Int? { get }

  func save(to path: String) throws
  /// - Parameter probabilities: Whether they are wanted.
  /// - Throws: `ValidationError` when the model has none.
  func predict(_ x: any CommandRows, probabilities: Bool) throws -> Predictions
  /// For the ROC curve: shape (rows), of the second class, or (rows, classes); nil when the model tells classes alone.
  func scores(_ x: any CommandRows) throws -> Tensor<Double>?
}

extension FittedModel {
  /// Rows as the model takes them, and, when they are there or wanted, their targets.
  ///
  /// - Throws: `FileError`, `CSVError`, `SVMLightError`, ``ModelDataError``.
  func read(_ path: String, _ arguments: DataArguments, withTarget: Bool) throws -> (
    x: any CommandRows, y: TargetValues?
  ) {
    guard let features else {
      guard arguments.isSparse(path) else {
        throw ModelDataError(
          description: "\(path): the model has learned from svmlight rows; say --svmlight if these are such"
        )
      }
      let rows = try SVMLight.read(path, as: Double.self, options: .init(columns: sparseColumns))
      let y: TargetValues = classes == nil ? .numbers(Tensor(rows.y)) : .labels(rows.y.map(shortText))
      return (rows.x, y)
    }
    guard !arguments.isSparse(path) else {
      throw ModelDataError(
        description: "\(path): the model has learned from the columns of a table, and this is an svmlight file"
      )
    }
    var types: [String: CSV.ColumnType] = [:]
    for name in features.numbers { types[name] = .numbers }
    for name in features.categories { types[name] = .categories }
    if withTarget { types[target] = classes == nil ? .numbers : .categories }
    let table = try arguments.table(path, types: types)
    let x = try reading(path) { try table.selecting(features.numbers + features.categories) }
    try checkFinite(x, path)
    guard withTarget else { return (x, nil) }
    let values = try reading(path) { try table.column(target).values }
    return (x, try TargetValues(values, target, path: path))
  }
}

struct FittedClassifier<Model: ClassModel & StorableModel>: FittedModel where Model.Input: CommandRows {
  let saved: SavedClassifier<Model>

  var name: String { saved.name }
  var parameters: [SearchedParameter] { saved.parameters }
  var target: String { saved.target }
  var classes: [String]? { saved.classifier.classes }
  var features: TableFeaturesModel? { (saved.classifier.model as? any HasTableFeatures)?.tableFeatures }
  var sparseColumns: Int? { saved.columns }

  func save(to path: String) throws { try saved.save(to: path) }

  func predict(_ x: any CommandRows, probabilities: Bool) throws -> Predictions {
    let x = x as! Model.Input
    var found: Tensor<Double>?
    if probabilities {
      found = try self.probabilities(x)
      guard found != nil else { throw ValidationError("\(name): this model tells no probabilities.") }
    }
    return Predictions(values: .labels(try saved.classifier.predict(x)), probabilities: found)
  }

  private func probabilities(_ x: Model.Input) throws -> Tensor<Double>? {
    func predict(_ model: some ProbabilisticClassModel<Model.Input>) throws -> Tensor<Double> {
      try inDouble(model.predictProbabilities(x))
    }
    guard let model = saved.classifier.model as? any ProbabilisticClassModel<Model.Input> else { return nil }
    return try predict(model)
  }

  func scores(_ x: any CommandRows) throws -> Tensor<Double>? {
    try saved.classifier.model.rankingScores(x as! Model.Input)
  }
}

struct FittedRegressor<Model: Regressor & StorableModel>: FittedModel where Model.Input: CommandRows {
  let saved: SavedRegressor<Model>

  var name: String { saved.name }
  var parameters: [SearchedParameter] { saved.parameters }
  var target: String { saved.target }
  var classes: [String]? { nil }
  var features: TableFeaturesModel? { (saved.model as? any HasTableFeatures)?.tableFeatures }
  var sparseColumns: Int? { saved.columns }

  func save(to path: String) throws { try saved.save(to: path) }

  func predict(_ x: any CommandRows, probabilities: Bool) throws -> Predictions {
    guard !probabilities else { throw ValidationError("\(name): a model of numbers has no probabilities.") }
    return Predictions(
      values: .numbers(try inDouble(saved.model.predict(x as! Model.Input)).scalars),
      probabilities: nil
    )
  }

  func scores(_ x: any CommandRows) throws -> Tensor<Double>? { nil }
}

/// A model of tables, or one that is made of such.
protocol HasTableFeatures {
  /// What columns become; nil where no model has learned from any.
  var tableFeatures: TableFeaturesModel? { get }
}

extension TableModel: HasTableFeatures { var tableFeatures: TableFeaturesModel? { features } }

private func inDouble<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Double> { Tensor<Double>(casting: x) }

/// Loads a model of any kind that the command line knows.
///
/// - Throws: `FileError`, `ModelFileError`; ``ModelDataError`` for a file of another kind.
func loadModel(_ path: String) throws -> any FittedModel {
  let kind = try ModelFile(path).kind
  for entry in ModelEntry.all {
    for spec in entry.specs where spec.fileKind == kind { return try spec.load(path) }
  }
  throw ModelDataError(description: "\(path): this file holds \(kind.debugDescription), which farro fit does not write")
}
