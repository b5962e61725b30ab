import CKernels

/// What makes a factorization or a solve impossible, found in the data of a matrix.
public enum LinearAlgebraError: Error, Hashable, Sendable {
  /// The leading square of `leadingMinor` rows and columns is not positive definite, or holds a NaN: the smallest such
  /// one. `item` is the first matrix of the batch for which this is so, in row-major order of the batch axes.
  case notPositiveDefinite(leadingMinor: Int, item: Int = 0)
  /// The diagonal of a triangular matrix has a 0 in `row`, counted from 0: the first one, in the first such matrix.
  case singular(row: Int, item: Int = 0)
}

extension LinearAlgebraError: CustomStringConvertible {
  /// What is wrong and where, in one line.
  public var description: String {
    switch self {
    case .notPositiveDefinite(let minor, let item):
      "matrix \(item) of the batch is not positive definite: its leading minor of order \(minor) is not positive"
    case .singular(let row, let item): "matrix \(item) of the batch is singular: its diagonal is 0 in row \(row)"
    }
  }

  init?(_ status: farro_status, _ place: farro_matrix_place) {
    switch status {
    case FARRO_ERROR_NOT_POSITIVE_DEFINITE:
      self = .notPositiveDefinite(leadingMinor: Int(place.row) + 1, item: Int(place.item))
    case FARRO_ERROR_SINGULAR: self = .singular(row: Int(place.row), item: Int(place.item))
    default: return nil
    }
  }
}

/// Throws what lies in the data, and stops the program for any other failure.
func checkData(
  _ status: farro_status,
  _ place: farro_matrix_place,
  _ function: StaticString
) throws(LinearAlgebraError) {
  if let error = LinearAlgebraError(status, place) { throw error }
  check(status, function)
}
