import Farro

/// A model of classes that can go on learning: scikit-learn's `partial_fit`.
///
/// ```swift
/// var classifier = try GaussianNB().fit(first, labels, classes: ["a", "b", "c"])
/// try classifier.update(next, nextLabels)
/// ```
public protocol UpdatableClassModel<Input>: ClassModel {
  /// Learns from further rows, as if they had been there from the beginning.
  ///
  /// - Parameters:
  ///   - x: Rows of the same columns.
  ///   - classes: The class of each row, from 0 to below ``ClassModel/classCount``.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError``; the model is then as it was.
  mutating func update(_ x: Input, classes: [Int32], weights: Tensor<Double>?) throws
}

extension ClassifierEstimator where Model: UpdatableClassModel {
  /// A model of some rows and of all classes that there are, of which some may only come later.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: n labels, all of them among `classes`.
  ///   - classes: All labels, each once, in the order of the model's classes.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError``; ``MetricError/unknownLabel(_:row:)`` for a label that `classes` lacks.
  public func fit<Label: Hashable & Codable & Sendable>(
    _ x: Input,
    _ y: [Label],
    classes: [Label],
    weights: Tensor<Double>? = nil
  ) throws -> Classifier<Model, Label> {
    guard y.count == x.rowCount else { throw ModelError.labels(y.count, rows: x.rowCount) }
    let codes = try Classes(of: y, order: classes).codes[0]
    return Classifier(
      classes: classes,
      model: try fit(x, classes: codes, classCount: classes.count, weights: weights)
    )
  }
}

extension Classifier where Model: UpdatableClassModel {
  /// Learns from further rows, as if they had been there from the beginning.
  ///
  /// - Parameters:
  ///   - x: Rows of the same columns.
  ///   - y: n labels, all of them among ``classes``.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError``; ``MetricError/unknownLabel(_:row:)`` for another label. The classifier is then as it was.
  public mutating func update(_ x: Model.Input, _ y: [Label], weights: Tensor<Double>? = nil) throws {
    guard y.count == x.rowCount else { throw ModelError.labels(y.count, rows: x.rowCount) }
    let codes = try Classes(of: y, order: classes).codes[0]
    var model = self.model
    try model.update(x, classes: codes, weights: weights)
    self = Classifier(classes: classes, model: model)
  }
}
