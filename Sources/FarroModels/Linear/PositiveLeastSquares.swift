import Farro
import FarroData

/// Coefficients of at least 0 for which the sum of (y - x w - b)² plus a penalty |w|² for each output is the least: of dense rows
/// by an active set of coefficients; of sparse ones, and of many columns, by coordinate descent.
func positiveLeastSquares<Input: NumericRows>(
  _ x: Input,
  _ y: Tensor<Input.Scalar>,
  weights: Tensor<Double>?,
  penalties: [Double],
  intercept: Bool
) throws -> LinearModel<Input>? {
  let (columns, outputs) = (x.columnCount, y.count / x.rowCount)
  let target = y.reshaped([x.rowCount, outputs])
  if let dense = x as? Tensor<Input.Scalar>, columns <= max(4096, x.rowCount / 4) {
    let solution = solveLeastSquares(
      dense,
      target,
      weights: weights,
      penalties: penalties,
      intercept: intercept,
      positive: true,
      tolerance: 0,
      singularValues: false
    )
    guard solution.isFinite else { return nil }
    return LinearModel(coefficients: solution.coefficients, intercepts: solution.intercepts, targetShape: y.shape)
  }
  let sum = weights?.scalars.reduce(0, +) ?? Double(x.rowCount)
  var (coefficients, intercepts): ([Double], [Double]) = ([], [])
  let transposed = (x as? CSRMatrix<Input.Scalar>)?.transposed()
  for output in 0..<outputs {
    let options = ElasticNetOptions(
      l1: 0,
      l2: penalties[output] / sum,
      intercept: intercept,
      positive: true,
      random: false,
      seed: 0,
      tolerance: 1e-12,
      maximumIterations: 10_000
    )
    var solution = ElasticNetSolution(start: Array(repeating: 0, count: columns), outputs: 1)
    let own = Tensor((0..<x.rowCount).map { target[$0, output] }, shape: [x.rowCount, 1])
    if let transposed {
      solution.descend(columns: transposed, own, weights: weights, options)
    } else {
      solution.descend(x as! Tensor<Input.Scalar>, own, weights: weights, options)
    }
    if solution.isCancelled { throw CancellationError() }
    guard solution.isFinite else { return nil }
    coefficients += solution.coefficients
    intercepts += solution.intercepts
  }
  return LinearModel(coefficients: coefficients, intercepts: intercepts, targetShape: y.shape)
}
