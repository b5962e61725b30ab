import Farro
import FarroData

/// What models learn from and predict, row by row: a matrix, dense or sparse, a table, or texts.
public protocol Rows: RowCollection, Sendable {}

/// What has rows that are known by number, from 0 on: ``Rows``, and arrays of labels.
public protocol RowCollection {
  /// How many rows there are.
  var rowCount: Int { get }

  /// The rows of these numbers, in this order; a row may be named again.
  ///
  /// - Precondition: there are such rows.
  /// - Complexity: O(elements of the result).
  subscript(rows indices: [Int]) -> Self { get }
}

/// Rows of numbers: `Tensor` with two axes, and `CSRMatrix`.
public protocol NumericRows<Scalar>: Rows {
  associatedtype Scalar: KernelScalar

  /// How many columns each row has.
  var columnCount: Int { get }

  /// Finds what no model can learn from.
  ///
  /// - Throws: ``ModelError/notRows(shape:)`` for what is no matrix, ``ModelError/notFinite(row:column:)`` for the first
  ///   element that is NaN or infinite.
  /// - Complexity: O(elements).
  func checkFinite() throws(ModelError)
}

extension NumericRows {
  /// - Throws: ``ModelError`` for rows that a model of `columns` columns cannot predict.
  func check(columns: Int) throws(ModelError) {
    try checkFinite()
    guard columnCount == columns else { throw .columns(columnCount, expected: columns) }
  }

  /// One of two functions of these rows, which are dense or sparse.
  func denseOrSparse<Result>(
    _ dense: (Tensor<Scalar>) throws -> Result,
    _ sparse: (CSRMatrix<Scalar>) throws -> Result
  ) rethrows -> Result {
    if let x = self as? Tensor<Scalar> { return try dense(x) }
    guard let x = self as? CSRMatrix<Scalar> else { stop("rows of \(Self.self) are neither dense nor sparse") }
    return try sparse(x)
  }
}

extension Tensor: RowCollection, Rows, NumericRows where Scalar: KernelScalar {
  public var rowCount: Int { shape.first ?? 0 }
  public var columnCount: Int { rank == 2 ? shape[1] : 0 }

  public func checkFinite() throws(ModelError) {
    guard rank == 2 else { throw .notRows(shape: shape) }
    // NaN and infinity stay in sums; a sum may also overflow where no element does.
    guard count > 0 && !sum().isFinite else { return }
    if let position = scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: position / shape[1], column: position % shape[1])
    }
  }
}

extension CSRMatrix: NumericRows {
  public var rowCount: Int { rows }
  public var columnCount: Int { columns }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func checkFinite() throws(ModelError) {
    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
    let row = offsets.firstIndex { $0 > Int64(place) }! - 1
    throw .notFinite(row: row, column: Int(indices[place]))
  }
}

/// An element is a row: a text, or a label.
extension Array: RowCollection {
  public var rowCount: Int { count }
  public subscript(rows indices: [Int]) -> [Element] { indices.map { self[$0] } }
}

extension Array: Rows where Element == String {}

extension Table: Rows {}
