import Farro

// The part of the variance that predictions explain.

/// The coefficient of determination: 1 where all predictions are right, 0 for predicting the mean, and less for worse.
///
/// - Parameters:
///   - actual: Shape (n) or (n, outputs), at least two rows: what is true.
///   - predicted: The same shape.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - outputs: How outputs are averaged.
///   - forceFinite: Of an output whose true values are all the same, 1 if predictions are right and 0 if not; NaN and -infinity
///     otherwise.
/// - Throws: ``MetricError`` as ``meanSquaredError(_:predicted:weights:outputWeights:)``, and for one row.
/// - Complexity: O(elements).
public func r2Score<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  outputs: OutputAverage = .uniform,
  forceFinite: Bool = true
) throws(MetricError) -> Double {
  try determination(actual, predicted, weights).average(outputs, forceFinite)
}

/// ``r2Score(_:predicted:weights:outputs:forceFinite:)`` of each output.
///
/// - Complexity: O(elements).
public func r2Scores<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  forceFinite: Bool = true
) throws(MetricError) -> [Double] {
  try determination(actual, predicted, weights).scores(forceFinite)
}

/// As ``r2Score(_:predicted:weights:outputs:forceFinite:)``, but errors that are the same everywhere cost nothing, and one row is
/// enough.
///
/// - Complexity: O(elements).
public func explainedVariance<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  outputs: OutputAverage = .uniform,
  forceFinite: Bool = true
) throws(MetricError) -> Double {
  try explained(actual, predicted, weights).average(outputs, forceFinite)
}

/// ``explainedVariance(_:predicted:weights:outputs:forceFinite:)`` of each output.
///
/// - Complexity: O(elements).
public func explainedVariances<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  forceFinite: Bool = true
) throws(MetricError) -> [Double] {
  try explained(actual, predicted, weights).scores(forceFinite)
}

/// What is left of each output's variance, and what there was.
private struct Deviance {
  let left, whole: [Double]

  func scores(_ forceFinite: Bool) -> [Double] {
    zip(left, whole).map { left, whole in
      if !forceFinite { return 1 - left / whole }
      return left == 0 ? 1 : whole == 0 ? 0 : 1 - left / whole
    }
  }

  func average(_ outputs: OutputAverage, _ forceFinite: Bool) throws(MetricError) -> Double {
    let scores = scores(forceFinite)
    switch outputs {
    case .uniform: return try averageOutputs(scores, nil)
    case .varianceWeighted: return try averageOutputs(scores, whole.contains { $0 != 0 } ? whole : nil)
    case .weighted(let weights): return try averageOutputs(scores, weights)
    }
  }
}

private func determination<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  _ predicted: Tensor<Scalar>,
  _ weights: Tensor<Scalar>?
) throws(MetricError) -> Deviance {
  let residuals = try Residuals(actual, predicted, weights)
  guard actual.shape[0] > 1 else {
    throw .shape(actual.shape, reason: "one row has no variance: R2 needs two")
  }
  return Deviance(
    left: residuals.outputs.map { meanSquare($0, around: 0, residuals.weights) },
    whole: residuals.actual.map { meanSquare($0, around: mean($0, residuals.weights), residuals.weights) }
  )
}

private func explained<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  _ predicted: Tensor<Scalar>,
  _ weights: Tensor<Scalar>?
) throws(MetricError) -> Deviance {
  let residuals = try Residuals(actual, predicted, weights)
  func variances(_ columns: [[Double]]) -> [Double] {
    columns.map { meanSquare($0, around: mean($0, residuals.weights), residuals.weights) }
  }
  return Deviance(left: variances(residuals.outputs), whole: variances(residuals.actual))
}

private func meanSquare(_ values: [Double], around center: Double, _ weights: Tensor<Double>?) -> Double {
  mean(values.map { ($0 - center) * ($0 - center) }, weights)
}
