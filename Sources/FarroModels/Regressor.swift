import Farro

/// What learns to tell a number, or several, of each row.
public protocol RegressorEstimator<Input>: Codable, Sendable {
  /// The rows to learn from.
  associatedtype Input: Rows
  /// What fitting makes.
  associatedtype Model: Regressor where Model.Input == Input

  /// A model of rows and the numbers that belong to them.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: Shape (n), or (n, outputs).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for data or parameters that no model can come of; `CancellationError` when the task is cancelled.
  func fit(_ x: Input, _ y: Tensor<Model.Scalar>, weights: Tensor<Double>?) throws -> Model
}

extension RegressorEstimator {
  /// A model of these rows, of which each counts 1.
  public func fit(_ x: Input, _ y: Tensor<Model.Scalar>) throws -> Model { try fit(x, y, weights: nil) }
}

/// A model that tells numbers of rows.
public protocol Regressor<Input>: Sendable {
  associatedtype Input: Rows
  associatedtype Scalar: KernelScalar

  /// The number of each row, shape (n), or its numbers, shape (n, outputs), as they were when it was fitted.
  ///
  /// - Throws: ``ModelError`` for rows of another length than the model has learned from, or of what is no number.
  func predict(_ x: Input) throws -> Tensor<Scalar>
}
