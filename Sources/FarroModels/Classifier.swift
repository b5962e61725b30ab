import Farro
import FarroData

/// What learns to tell classes apart.
///
/// ```swift
/// let classifier = try GaussianNB().fit(x, species)
/// let answers = try classifier.predict(others)
/// ```
///
/// An estimator sees classes as numbers from 0; ``fit(_:_:weights:)`` numbers the labels of any type and gives a
/// ``Classifier``, which answers with them.
public protocol ClassifierEstimator<Input>: Codable, Sendable {
  /// The rows to learn from.
  associatedtype Input: Rows
  /// What fitting makes.
  associatedtype Model: ClassModel where Model.Input == Input

  /// A model of rows and the numbers of their classes.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - classes: The class of each row, from 0 to below `classCount`.
  ///   - classCount: How many classes there are.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for data or parameters that no model can come of; `CancellationError` when the task is cancelled.
  func fit(_ x: Input, classes: [Int32], classCount: Int, weights: Tensor<Double>?) throws -> Model
}

extension ClassifierEstimator {
  /// A model of rows and the labels of their classes.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: n labels. The classes are those that occur.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for data or parameters that no model can come of; `CancellationError` when the task is cancelled.
  public func fit<Label: Hashable & Codable & Sendable>(
    _ x: Input,
    _ y: [Label],
    weights: Tensor<Double>? = nil
  ) throws -> Classifier<Model, Label> {
    guard y.count == x.rowCount else { throw ModelError.labels(y.count, rows: x.rowCount) }
    let classes = try Classes(of: y)
    return Classifier(
      classes: classes.labels,
      model: try fit(x, classes: classes.codes[0], classCount: classes.count, weights: weights)
    )
  }
}

/// What was learned of classes, which it knows by number; with their labels it is a ``Classifier``.
public protocol ClassModel<Input>: Sendable {
  associatedtype Input: Rows

  /// The number of classes.
  var classCount: Int { get }

  /// The number of each row's class.
  ///
  /// - Throws: ``ModelError`` for rows of another length than the model has learned from, or of what is no number.
  func predictClasses(_ x: Input) throws -> [Int32]
}

/// A model that tells how probable each class is.
public protocol ProbabilisticClassModel<Input>: ClassModel {
  associatedtype Scalar: KernelScalar

  /// The probability of each class for each row. Shape (n, ``ClassModel/classCount``).
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  func predictProbabilities(_ x: Input) throws -> Tensor<Scalar>
}

/// A model that tells on which side of its borders rows lie, and how far from them.
public protocol DecisionModel<Input>: ClassModel {
  associatedtype Scalar: KernelScalar

  /// The score of each class for each row, shape (n, ``ClassModel/classCount``); of two classes one score, positive for
  /// the second, shape (n).
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  func decisionFunction(_ x: Input) throws -> Tensor<Scalar>
}

/// A fitted model and the labels of its classes. What the model itself has, such as its coefficients, is had from it directly.
@dynamicMemberLookup
public struct Classifier<Model: ClassModel, Label: Hashable & Codable & Sendable>: Sendable {
  /// The labels: ascending where they have an order, otherwise in the order in which they first occurred.
  public let classes: [Label]
  /// What was learned.
  public let model: Model

  public init(classes: [Label], model: Model) {
    (self.classes, self.model) = (classes, model)
  }

  /// The label of each row's class.
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  public func predict(_ x: Model.Input) throws -> [Label] {
    try model.predictClasses(x).map { classes[Int($0)] }
  }

  /// What the model has.
  public subscript<Value>(dynamicMember path: KeyPath<Model, Value>) -> Value { model[keyPath: path] }
}

extension Classifier: Encodable where Model: Encodable {}
extension Classifier: Decodable where Model: Decodable {}
extension Classifier: Equatable where Model: Equatable {}

extension Classifier: StorableModel where Model: StorableModel {
  public static var fileKind: String { "\(Model.fileKind), with labels" }
  public static var fileVersion: Int { Model.fileVersion }

  public var flaw: String? {
    guard classes.count == model.classCount else { return "\(classes.count) labels of \(model.classCount) classes" }
    guard Set(classes).count == classes.count else { return "two classes have one label" }
    return model.flaw
  }
}

extension Classifier where Model: ProbabilisticClassModel {
  /// The probability of each class for each row. Shape (n, classes), in the order of ``classes``.
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  public func predictProbabilities(_ x: Model.Input) throws -> Tensor<Model.Scalar> {
    try model.predictProbabilities(x)
  }
}

extension Classifier where Model: DecisionModel {
  /// The scores of classes, as ``DecisionModel/decisionFunction(_:)`` tells.
  public func decisionFunction(_ x: Model.Input) throws -> Tensor<Model.Scalar> { try model.decisionFunction(x) }
}
