import Farro
import FarroData

/// Rows of numbers in one of the two forms that there are: `Tensor` and `CSRMatrix`. What steps make can be had as either.
public protocol MatrixRows<Scalar>: NumericRows {
  /// The elements of a sparse matrix.
  init(csr: CSRMatrix<Scalar>)
  /// The columns of some matrices of `rowCount` rows, side by side.
  init(joining parts: [any MatrixRows], rowCount: Int)
  /// The same numbers with their zeros, each rounded to the nearest of the type. Shape (rows, columns).
  ///
  /// - Complexity: O(rows columns).
  func denseRows<Other: KernelScalar>(as: Other.Type) -> Tensor<Other>
  /// The same numbers without their zeros, each rounded to the nearest of the type.
  ///
  /// - Complexity: O(elements).
  func sparseRows<Other: KernelScalar>(as: Other.Type) -> CSRMatrix<Other>
}

extension Tensor: MatrixRows where Scalar: KernelScalar {
  public init(csr: CSRMatrix<Scalar>) { self = csr.dense() }

  public init(joining parts: [any MatrixRows], rowCount: Int) {
    let parts = parts.map { $0.denseRows(as: Scalar.self) }
    switch parts.count {
    case 0: self.init(zeros: [rowCount, 0])
    case 1: self = parts[0]
    default: self = concatenate(parts, axis: 1)
    }
  }

  public func denseRows<Other: KernelScalar>(as: Other.Type) -> Tensor<Other> {
    self as? Tensor<Other> ?? Tensor<Other>(casting: self)
  }

  public func sparseRows<Other: KernelScalar>(as: Other.Type) -> CSRMatrix<Other> {
    CSRMatrix(denseRows(as: Other.self))
  }
}

extension CSRMatrix: MatrixRows {
  public init(csr: CSRMatrix<Scalar>) { self = csr }

  public init(joining parts: [any MatrixRows], rowCount: Int) {
    let parts = parts.map { $0.sparseRows(as: Scalar.self) }
    if parts.count == 1 {
      self = parts[0]
      return
    }
    let count = parts.reduce(0) { $0 + $1.count }
    var (offsets, indices, values): ([Int64], [Int32], [Scalar]) = ([0], [], [])
    offsets.reserveCapacity(rowCount + 1)
    indices.reserveCapacity(count)
    values.reserveCapacity(count)
    for row in 0..<rowCount {
      var first: Int32 = 0
      for part in parts {
        let places = part.elementsOfRow(row)
        for place in places { indices.append(part.indices[place] + first) }
        values += part.values[places]
        first += Int32(part.columns)
      }
      offsets.append(Int64(values.count))
    }
    let columns = parts.reduce(0) { $0 + $1.columns }
    self.init(unchecked: rowCount, columns, offsets, indices, values)
  }

  public func denseRows<Other: KernelScalar>(as: Other.Type) -> Tensor<Other> { sparseRows(as: Other.self).dense() }

  public func sparseRows<Other: KernelScalar>(as: Other.Type) -> CSRMatrix<Other> {
    self as? CSRMatrix<Other>
      ?? CSRMatrix<Other>(unchecked: rows, columns, offsets, indices, values.map { Other($0) })
  }
}
