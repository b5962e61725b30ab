import Farro

/// What learns from rows alone: parameters, and how a model comes of them and data.
///
/// A fitted model is a type of its own, so that nothing can be predicted before there is a model. Parameters are
/// `Codable`, to be kept beside a model that they made.
public protocol Estimator: Codable, Sendable {
  /// The element type of the rows.
  associatedtype Scalar: KernelScalar
  /// What fitting makes.
  associatedtype Model: Sendable

  /// A model of these rows.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for data or parameters that no model can come of, an estimator's own error for what shows only on
  ///   the way, `CancellationError` when the task is cancelled.
  func fit(_ x: Tensor<Scalar>, weights: Tensor<Scalar>?) throws -> Model
}

extension Estimator {
  /// A model of these rows, of which each counts 1.
  public func fit(_ x: Tensor<Scalar>) throws -> Model { try fit(x, weights: nil) }
}

/// A model that makes other columns of rows.
public protocol Transformer<Scalar>: Sendable {
  associatedtype Scalar: KernelScalar

  /// The same rows in the model's columns.
  ///
  /// - Throws: ``ModelError`` for rows of another length than the model has learned from, or of what is no number.
  func transform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar>
}

/// A model that tells which cluster a row belongs to.
public protocol Clusterer<Scalar>: Sendable {
  associatedtype Scalar: KernelScalar

  /// The number of clusters.
  var nClusters: Int { get }

  /// The cluster of each row, from 0 to below ``nClusters``.
  ///
  /// - Throws: ``ModelError`` for rows of another length than the model has learned from, or of what is no number.
  func predict(_ x: Tensor<Scalar>) throws -> [Int32]
}
