import Farro

/// What learns from rows alone: parameters, and how a model comes of them and data.
///
/// A fitted model is a type of its own, so that nothing can be predicted before there is a model. Parameters are
/// `Codable`, to be kept beside a model that they made. An estimator whose model is a ``Transformer`` is a step of a
/// ``Pipeline``.
public protocol Estimator<Input>: Codable, Sendable {
  /// The rows to learn from.
  associatedtype Input: Rows
  /// What fitting makes.
  associatedtype Model: Sendable

  /// A model of these rows.
  ///
  /// - Throws: ``ModelError`` for data or parameters that no model can come of, an estimator's own error for what shows only on
  ///   the way, `CancellationError` when the task is cancelled.
  func fit(_ x: Input) throws -> Model
}

/// A model that makes other columns of rows.
public protocol Transformer<Input, Output>: Sendable {
  associatedtype Input: Rows
  associatedtype Output: Rows

  /// The same rows in the model's columns.
  ///
  /// - Throws: ``ModelError`` for rows of another length than the model has learned from, or of what is no number.
  func transform(_ x: Input) throws -> Output
}

/// A model that tells which cluster a row belongs to.
public protocol Clusterer<Input>: Sendable {
  associatedtype Input: Rows

  /// The number of clusters.
  var nClusters: Int { get }

  /// The cluster of each row, from 0 to below ``nClusters``.
  ///
  /// - Throws: ``ModelError`` for rows of another length than the model has learned from, or of what is no number.
  func predict(_ x: Input) throws -> [Int32]
}
