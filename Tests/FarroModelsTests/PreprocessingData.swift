import Farro
import FarroModels

/// The rows of Tests/Golden/preprocessing.py, by the same formulas in exact arithmetic.
enum PreprocessingData {
  static let rows = 30

  static let x = matrix(columns: 4) { i, k in
    k == 3 ? 2.5 : Double((i * 37 + k * 101 + i * i * (k + 3)) % 211 - 105) / 16
  }
  /// Three of four elements are 0.
  static let sparse = matrix(columns: 4) { i, k in (i * 3 + k * 5) % 4 == 0 ? x[i, k] : 0 }
  /// NaN here and there; the last column is nothing but NaN.
  static let holes = matrix(columns: 4) { i, k in k == 3 || (i * 5 + k * 3) % 7 == 0 ? .nan : x[i, k] }
  /// Few different numbers, and NaN.
  static let repeated = matrix(columns: 3) { i, k in (holes[i, k] / 4).rounded(.down) }
  /// Three of four elements are 0; NaN here and there, and nothing but NaN in the last column.
  static let sparseHoles = matrix(columns: 4) { i, k in holes[i, k].isNaN ? .nan : (sparse[i, k] / 4).rounded(.down) }
  static let categories = matrix(columns: 3) { i, k in Double((i * i + k * i * 3 + k) % (3 + 2 * k)) }
  static let weights = Tensor<Double>((0..<rows).map { Double($0 % 4) })

  private static func matrix(columns: Int, _ element: (Int, Int) -> Double) -> Tensor<Double> {
    Tensor((0..<rows).flatMap { i in (0..<columns).map { element(i, $0) } }, shape: [rows, columns])
  }
}

/// The largest difference to golden values, relative to 1 and their size; NaN is equal to NaN.
func goldenDifference<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ golden: [Double]) -> Double {
  guard x.count == golden.count else { return .infinity }
  return zip(x.scalars, golden).map { value, golden in
    value.isNaN && golden.isNaN
      ? 0 : value.isNaN || golden.isNaN ? .infinity : abs(Double(value) - golden) / max(1, abs(golden))
  }.max() ?? 0
}
