import Farro
import FarroData

/// Least squares: the coefficients w and the intercept b for which the sum of (y - x w - b)² over the rows is the least.
///
/// ```swift
/// let model = try LinearRegression().fit(x, y)
/// print(model.coefficients, model.intercept, model.rank!)
/// let answers = try model.predict(others)
/// ```
///
/// Names and defaults are those of scikit-learn's `LinearRegression`. Of several solutions, as with more columns than rows or columns
/// that depend on others, it is that of the least norm, as LAPACK's gelsd finds it.
///
/// Dense rows are read once, for the sums of products of their columns. Where these are not accurate enough, because columns
/// nearly depend on each other, an orthogonal factorization of the rows takes their place: results are as good as those of a
/// singular value decomposition. Sparse rows are never made dense: conjugate gradients take many passes over them.
///
/// Source: Å. Björck, "Numerical Methods for Least Squares Problems", SIAM 1996.
public struct LinearRegression<Input: NumericRows>: RegressorEstimator, Equatable {
  /// Whether there is an intercept.
  public var fitIntercept: Bool
  /// Of dense rows: singular values of at most this part of the largest count as 0. Of sparse ones, the solution's relative gradient,
  /// which is at most 1e-10: scikit-learn's 1e-6 leaves coefficients with few digits.
  public var tolerance: Double

  /// Whether coefficients are at least 0. Of several solutions it is then any; there are no rank and no singular values. Dense rows
  /// need O(d²) memory for up to 4096 columns; sparse ones, and more columns, take up to 10 000 passes of coordinate descent.
  public var positive: Bool

  public init(fitIntercept: Bool = true, tolerance: Double = 1e-6, positive: Bool = false) {
    (self.fitIntercept, self.tolerance, self.positive) = (fitIntercept, tolerance, positive)
  }

  /// A model of rows and the numbers that belong to them.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: Shape (n), or (n, outputs).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for no rows or columns, shapes that do not fit, and what is not finite.
  /// - Complexity: O(n d² + d³) for d columns of dense rows; O(elements) for each of up to 10 d + 100 iterations of sparse ones.
  public func fit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> LinearRegressionModel<Input> {
    try checkRange(tolerance, "tolerance", atLeast: 0)
    let target = try targetMatrix(x, y, weights: weights)
    try Task.checkCancellation()
    if positive {
      let zeros = Array(repeating: 0.0, count: target.shape[1])
      guard
        let function = try positiveLeastSquares(x, y, weights: weights, penalties: zeros, intercept: fitIntercept)
      else { try throwNotFinite(x) }
      return LinearRegressionModel(function: function, rank: nil, singularValues: [])
    }
    let isDense = x is Tensor<Input.Scalar>
    let solution = x.denseOrSparse(
      {
        solveLeastSquares(
          $0,
          target,
          weights: weights,
          penalties: nil,
          intercept: fitIntercept,
          tolerance: tolerance,
          singularValues: true
        )
      },
      {
        solveLeastSquares(
          $0,
          target,
          weights: weights,
          penalties: nil,
          intercept: fitIntercept,
          tolerance: min(tolerance, 1e-10),
          maximumIterations: 10 * min($0.rows, $0.columns) + 100
        )
      }
    )
    guard solution.isFinite else { try throwNotFinite(x) }
    return LinearRegressionModel(
      function: LinearModel(
        coefficients: solution.coefficients,
        intercepts: solution.intercepts,
        targetShape: y.shape
      ),
      rank: isDense ? solution.rank : nil,
      singularValues: solution.singularValues.map { Input.Scalar($0) }
    )
  }
}

/// What ``LinearRegression`` found.
public struct LinearRegressionModel<Input: NumericRows>: Regressor, Equatable {
  public typealias Scalar = Input.Scalar

  let function: LinearModel<Input>
  /// How many singular values of the centred rows exceed the tolerance; nil for sparse rows and positive coefficients.
  public let rank: Int?
  /// Those of the rows without their mean, times the roots of weights, descending; empty where the rank is nil.
  public let singularValues: [Scalar]

  /// Shape (columns), or (outputs, columns).
  public var coefficients: Tensor<Scalar> { function.coefficients }
  /// Shape (), or (outputs); 0 where there is none.
  public var intercept: Tensor<Scalar> { function.intercept }

  /// x wᵀ + intercept, of the shape (n), or (n, outputs).
  ///
  /// - Complexity: O(elements of `x` times outputs).
  public func predict(_ x: Input) throws -> Tensor<Scalar> { try function.predict(x) }
}

extension LinearRegressionModel: Codable, StorableModel {
  public static var fileKind: String { "least squares of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    if let flaw = function.flaw { return flaw }
    guard (rank ?? 0) >= 0, singularValues.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      return "the rank or a singular value is negative"
    }
    return nil
  }
}
