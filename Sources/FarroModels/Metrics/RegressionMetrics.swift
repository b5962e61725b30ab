import Farro

// Metrics of predicted numbers: one output, shape (n), or several, shape (n, outputs). A name in the plural gives one number
// for each output, the others average them.

/// How scores of several outputs become one.
public enum OutputAverage: Sendable, Equatable {
  /// Each output counts the same.
  case uniform
  /// Each output counts by the variance of its true values.
  case varianceWeighted
  /// Each output counts by a weight of its own.
  case weighted([Double])
}

/// The mean of squared differences.
///
/// - Parameters:
///   - actual: Shape (n) or (n, outputs): what is true.
///   - predicted: The same shape.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - outputWeights: How much each output counts; 1 when nil.
/// - Throws: ``MetricError`` for no rows, different shapes, weights that do not fit, and a number that is NaN or infinite.
/// - Complexity: O(elements).
public func meanSquaredError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  outputWeights: [Double]? = nil
) throws(MetricError) -> Double {
  try averageOutputs(meanSquaredErrors(actual, predicted: predicted, weights: weights), outputWeights)
}

/// ``meanSquaredError(_:predicted:weights:outputWeights:)`` of each output.
///
/// - Complexity: O(elements).
public func meanSquaredErrors<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> [Double] {
  try Residuals(actual, predicted, weights).means { $0 * $0 }
}

/// The root of the mean of squared differences, of each output before they are averaged. As
/// ``meanSquaredError(_:predicted:weights:outputWeights:)``.
///
/// - Complexity: O(elements).
public func rootMeanSquaredError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  outputWeights: [Double]? = nil
) throws(MetricError) -> Double {
  try averageOutputs(rootMeanSquaredErrors(actual, predicted: predicted, weights: weights), outputWeights)
}

/// ``rootMeanSquaredError(_:predicted:weights:outputWeights:)`` of each output.
///
/// - Complexity: O(elements).
public func rootMeanSquaredErrors<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> [Double] {
  try meanSquaredErrors(actual, predicted: predicted, weights: weights).map { $0.squareRoot() }
}

/// The mean of differences without their signs. As ``meanSquaredError(_:predicted:weights:outputWeights:)``.
///
/// - Complexity: O(elements).
public func meanAbsoluteError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  outputWeights: [Double]? = nil
) throws(MetricError) -> Double {
  try averageOutputs(meanAbsoluteErrors(actual, predicted: predicted, weights: weights), outputWeights)
}

/// ``meanAbsoluteError(_:predicted:weights:outputWeights:)`` of each output.
///
/// - Complexity: O(elements).
public func meanAbsoluteErrors<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> [Double] {
  try Residuals(actual, predicted, weights).means { abs($0) }
}

/// The median of differences without their signs; of two in the middle, or where weights are halved exactly, their mean. As
/// ``meanSquaredError(_:predicted:weights:outputWeights:)``.
///
/// - Complexity: O(elements).
public func medianAbsoluteError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil,
  outputWeights: [Double]? = nil
) throws(MetricError) -> Double {
  try averageOutputs(medianAbsoluteErrors(actual, predicted: predicted, weights: weights), outputWeights)
}

/// ``medianAbsoluteError(_:predicted:weights:outputWeights:)`` of each output.
///
/// - Complexity: O(elements).
public func medianAbsoluteErrors<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> [Double] {
  let residuals = try Residuals(actual, predicted, weights)
  return residuals.outputs.map { weightedMedian($0.map { abs($0) }, residuals.weights) }
}

/// The largest difference, without its sign.
///
/// - Parameters:
///   - actual: Shape (n) or (n, 1): what is true.
///   - predicted: The same shape.
/// - Throws: ``MetricError`` as ``meanSquaredError(_:predicted:weights:outputWeights:)``, and for several outputs.
/// - Complexity: O(n).
public func maxError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  predicted: Tensor<Scalar>
) throws(MetricError) -> Double {
  let residuals = try Residuals(actual, predicted, nil)
  guard residuals.outputs.count == 1 else {
    throw .shape(actual.shape, reason: "the largest error is that of one output")
  }
  return residuals.outputs[0].reduce(0) { max($0, abs($1)) }
}

// MARK: - Helpers

/// Differences between what is true and what was predicted.
struct Residuals {
  /// By output.
  let outputs: [[Double]]
  /// What is true, by output.
  let actual: [[Double]]
  let weights: Tensor<Double>?

  init<Scalar: KernelScalar>(
    _ actual: Tensor<Scalar>,
    _ predicted: Tensor<Scalar>,
    _ weights: Tensor<Scalar>?
  ) throws(MetricError) {
    guard (1...2).contains(actual.rank), (1...2).contains(predicted.rank) else {
      throw .shape(
        actual.rank > 2 || actual.rank == 0 ? actual.shape : predicted.shape,
        reason: "targets are (rows) or (rows, outputs)"
      )
    }
    try checkRows(actual.shape[0], predicted: predicted.shape[0])
    let columns = actual.count / actual.shape[0]
    guard columns > 0, predicted.count == actual.count else {
      throw .shape(predicted.shape, reason: "targets have the shape \(actual.shape)")
    }
    try checkMetricWeights(weights, rows: actual.shape[0])
    try checkNumbers(actual, columns)
    try checkNumbers(predicted, columns)
    self.actual = split(actual, columns)
    outputs = zip(self.actual, split(predicted, columns)).map { truth, guess in
      var differences = truth
      for row in differences.indices { differences[row] -= guess[row] }
      return differences
    }
    self.weights = weights?.inDouble
  }

  func means(_ body: (Double) -> Double) -> [Double] { outputs.map { mean($0.map(body), weights) } }
}

/// The columns of (rows) or (rows, columns).
private func split<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ columns: Int) -> [[Double]] {
  if columns == 1 { return [x.inDouble.scalars] }
  let transposed = x.transposed().inDouble
  return (0..<columns).map { transposed[row: $0].scalars }
}

private func checkNumbers<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ columns: Int) throws(MetricError) {
  // NaN and infinity stay in sums; a sum may also overflow where no element does.
  guard !x.sum().isFinite, let place = x.scalars.firstIndex(where: { !$0.isFinite }) else { return }
  throw .notFinite(row: place / columns, column: place % columns)
}

func averageOutputs(_ values: [Double], _ weights: [Double]?) throws(MetricError) -> Double {
  guard let weights else { return values.reduce(0, +) / Double(values.count) }
  let total = weights.reduce(0, +)
  guard weights.count == values.count, total != 0, total.isFinite else {
    throw .parameter(name: "outputWeights", reason: "must be a number for each of \(values.count) outputs, not all 0")
  }
  return zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
}

private func weightedMedian(_ values: [Double], _ weights: Tensor<Double>?) -> Double {
  let (sorted, order) = sortWithIndices(Tensor(values))
  guard let weights else {
    let middle = values.count / 2
    return values.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
  var sums = order.scalars.map { weights[$0] }
  for i in sums.indices.dropFirst() { sums[i] += sums[i - 1] }
  let half = 0.5 * sums.last!
  let place = sums.firstIndex { $0 >= half } ?? sums.count - 1
  guard sums[place] - half <= .ulpOfOne, let next = sums.firstIndex(where: { $0 > sums[place] }) else {
    return sorted[place]
  }
  return (sorted[place] + sorted[next]) / 2
}
