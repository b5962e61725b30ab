import Farro
import FarroData

/// A classifier as `farro fit` writes it, with what it was told of the data.
///
/// ```swift
/// let saved = try SavedClassifier<TableModel<GaussianNBModel<Tensor<Double>>>>(contentsOf: "iris.farro")
/// print(saved.target, saved.classifier.classes)
/// let species = try saved.classifier.predict(Table(contentsOfCSVFile: "new.csv"))
/// ```
///
/// The model is a ``TableModel`` of what the estimator makes, or, of sparse rows in svmlight files, what it makes itself.
public struct SavedClassifier<Model: ClassModel & StorableModel>: StorableModel {
  /// What the command line calls the model.
  public let name: String
  /// The parameters that it was given, as text.
  public let parameters: [SearchedParameter]
  /// The column that is predicted; empty for sparse rows.
  public let target: String
  /// How many columns sparse rows have; nil for tables.
  public let columns: Int?
  /// The model and the labels of its classes.
  public let classifier: Classifier<Model, String>

  public init(
    name: String,
    parameters: [SearchedParameter] = [],
    target: String,
    columns: Int? = nil,
    classifier: Classifier<Model, String>
  ) {
    (self.name, self.parameters, self.target) = (name, parameters, target)
    (self.columns, self.classifier) = (columns, classifier)
  }

  public static var fileKind: String { "classifier: \(Model.fileKind)" }
  public static var fileVersion: Int { Model.fileVersion }

  public var flaw: String? {
    guard columns ?? 0 >= 0 else { return "there are fewer than no columns" }
    return classifier.flaw
  }
}

/// A model of numbers as `farro fit` writes it, with what it was told of the data.
///
/// All is as for ``SavedClassifier``.
public struct SavedRegressor<Model: Regressor & StorableModel>: StorableModel {
  /// What the command line calls the model.
  public let name: String
  /// The parameters that it was given, as text.
  public let parameters: [SearchedParameter]
  /// The column that is predicted; empty for sparse rows.
  public let target: String
  /// How many columns sparse rows have; nil for tables.
  public let columns: Int?
  /// The model.
  public let model: Model

  public init(
    name: String,
    parameters: [SearchedParameter] = [],
    target: String,
    columns: Int? = nil,
    model: Model
  ) {
    (self.name, self.parameters, self.target) = (name, parameters, target)
    (self.columns, self.model) = (columns, model)
  }

  public static var fileKind: String { "regressor: \(Model.fileKind)" }
  public static var fileVersion: Int { Model.fileVersion }

  public var flaw: String? { columns ?? 0 >= 0 ? model.flaw : "there are fewer than no columns" }
}
