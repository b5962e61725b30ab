import Farro
import FarroData

/// A linear function of rows: what ``Ridge`` learns, and what other linear models of numbers are made of.
public struct LinearModel<Input: NumericRows>: Regressor, Equatable {
  public typealias Scalar = Input.Scalar

  /// Shape (columns), or (outputs, columns).
  public let coefficients: Tensor<Scalar>
  /// Shape (), or (outputs); 0 where there is none.
  public let intercept: Tensor<Scalar>

  /// - Parameters:
  ///   - targetShape: That of the numbers to learn: (n) or (n, outputs).
  init(coefficients: [Double], intercepts: [Double], targetShape: [Int]) {
    let outputs = Array(targetShape.dropFirst())
    let columns = coefficients.count / max(intercepts.count, 1)
    self.coefficients = Tensor(casting: Tensor(coefficients, shape: outputs + [columns]))
    intercept = Tensor(casting: Tensor(intercepts, shape: outputs))
  }

  /// x wᵀ + intercept, of the shape (n), or (n, outputs).
  ///
  /// - Complexity: O(elements of `x` times outputs).
  public func predict(_ x: Input) throws -> Tensor<Scalar> {
    let columns = coefficients.shape[coefficients.rank - 1]
    guard x.columnCount == columns else {
      try x.checkFinite()
      throw ModelError.columns(x.columnCount, expected: columns)
    }
    let outputs = intercept.count
    let scores = linearScores(x, coefficients.reshaped([outputs, columns]), intercept.reshaped([outputs]))
    let numbers = scores.reshaped([x.rowCount] + intercept.shape)
    if numbers.count > 0 && !numbers.sum().isFinite { try x.checkFinite() }
    return numbers
  }
}

extension LinearModel: Codable, StorableModel {
  public static var fileKind: String { "linear model of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard 1...2 ~= coefficients.rank, intercept.shape == Array(coefficients.shape.dropLast()) else {
      return "coefficients of the shape \(coefficients.shape) have no intercepts of the shape \(intercept.shape)"
    }
    guard coefficients.scalars.allSatisfy(\.isFinite), intercept.scalars.allSatisfy(\.isFinite) else {
      return "a coefficient or intercept is NaN or infinite"
    }
    return nil
  }
}

/// Numbers to learn as a matrix.
///
/// - Throws: for another number of rows, no columns, or what is not finite.
func targetMatrix<Input: NumericRows>(
  _ x: Input,
  _ y: Tensor<Input.Scalar>,
  weights: Tensor<Double>?
) throws(ModelError) -> Tensor<Input.Scalar> {
  if let x = x as? Tensor<Input.Scalar>, x.rank != 2 { throw .notRows(shape: x.shape) }
  guard 1...2 ~= y.rank, y.shape[0] == x.rowCount else { throw .labels(y.shape.first ?? 0, rows: x.rowCount) }
  guard x.rowCount > 0 else { throw .rows(0, needed: 1) }
  let matrix = y.reshaped([y.shape[0], y.rank == 1 ? 1 : y.shape[1]])
  guard x.columnCount > 0 else { throw .columns(0, expected: 1) }
  guard matrix.shape[1] > 0 else { throw .parameter(name: "y", reason: "has no columns") }
  try matrix.checkTarget()
  try checkWeights(weights, rows: x.rowCount)
  return matrix
}

extension Tensor where Scalar: KernelScalar {
  /// - Throws: for a number to learn that is NaN or infinite.
  func checkTarget() throws(ModelError) {
    guard !sum().isFinite, let place = scalars.firstIndex(where: { !$0.isFinite }) else { return }
    throw .parameter(name: "y", reason: "row \(place / shape[1]) holds NaN or an infinity")
  }
}

/// - Throws: what is wrong with rows whose sums are not finite.
func throwNotFinite<Input: NumericRows>(_ x: Input) throws(ModelError) -> Never {
  try x.checkFinite()
  throw .parameter(name: "x", reason: "sums of its elements exceed what double precision holds: scale the columns")
}
