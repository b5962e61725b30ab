import Farro

/// Least squares with small coefficients: the sum of (y - x w - b)² over the rows plus `alpha` |w|² is the least.
///
/// ```swift
/// let model = try Ridge(alpha: 0.1).fit(x, y)
/// ```
///
/// Names and defaults are those of scikit-learn's `Ridge`; `solver` is missing. The solution is exact but for rounding
/// where rows are dense, by a Cholesky factorization or, where that loses digits, a singular value decomposition. With more columns than
/// rows it works with products of rows. Sparse rows take conjugate gradients.
///
/// Source: A. Hoerl, R. Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems", Technometrics 12, 1970.
public struct Ridge<Input: NumericRows>: RegressorEstimator, Equatable {
  /// The penalty, at least 0, of all outputs; or one for each.
  public var alphas: [Double]
  /// Whether there is an intercept, which has no penalty.
  public var fitIntercept: Bool
  /// Of sparse rows: ends when the gradient is below this part of its bound. scikit-learn's default of 1e-4 leaves coefficients
  /// with few digits.
  public var tolerance: Double
  /// Of sparse rows: the most iterations; 10 for each column and 100 more when nil.
  public var maxIterations: Int?

  /// Whether coefficients are at least 0, as in ``LinearRegression/positive``.
  public var positive: Bool

  public init(
    alpha: Double = 1,
    fitIntercept: Bool = true,
    tolerance: Double = 1e-10,
    maxIterations: Int? = nil,
    positive: Bool = false
  ) {
    self.init(
      alphas: [alpha],
      fitIntercept: fitIntercept,
      tolerance: tolerance,
      maxIterations: maxIterations,
      positive: positive
    )
  }

  /// With a penalty for each output.
  public init(
    alphas: [Double],
    fitIntercept: Bool = true,
    tolerance: Double = 1e-10,
    maxIterations: Int? = nil,
    positive: Bool = false
  ) {
    (self.alphas, self.fitIntercept, self.positive) = (alphas, fitIntercept, positive)
    (self.tolerance, self.maxIterations) = (tolerance, maxIterations)
  }

  /// A model of rows and the numbers that belong to them.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: Shape (n), or (n, outputs).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for no rows or columns, shapes that do not fit, penalties that are negative or of another number than
  ///   outputs, and what is not finite.
  /// - Complexity: O(n d min(n, d) + min(n, d)³) for d columns of dense rows; O(elements) for each iteration of sparse ones.
  public func fit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> LinearModel<Input> {
    try checkRange(tolerance, "tolerance", atLeast: 0)
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    for alpha in alphas {
      try checkRange(alpha, "alpha", atLeast: 0)
      guard alpha.isFinite else { throw ModelError.parameter(name: "alpha", reason: "must be finite") }
    }
    let target = try targetMatrix(x, y, weights: weights)
    let outputs = target.shape[1]
    guard alphas.count == 1 || alphas.count == outputs else {
      throw ModelError.parameter(name: "alphas", reason: "\(alphas.count) penalties for \(outputs) outputs")
    }
    try Task.checkCancellation()
    let penalties = alphas.count == outputs ? alphas : Array(repeating: alphas[0], count: outputs)
    if positive {
      guard
        let model = try positiveLeastSquares(x, y, weights: weights, penalties: penalties, intercept: fitIntercept)
      else { try throwNotFinite(x) }
      return model
    }
    let solution = x.denseOrSparse(
      {
        solveLeastSquares(
          $0,
          target,
          weights: weights,
          penalties: penalties,
          intercept: fitIntercept,
          tolerance: 1e-15,
          singularValues: false
        )
      },
      {
        solveLeastSquares(
          $0,
          target,
          weights: weights,
          penalties: penalties,
          intercept: fitIntercept,
          tolerance: tolerance,
          maximumIterations: maxIterations ?? 10 * min($0.rows, $0.columns) + 100
        )
      }
    )
    guard solution.isFinite else { try throwNotFinite(x) }
    return LinearModel(coefficients: solution.coefficients, intercepts: solution.intercepts, targetShape: y.shape)
  }
}
