import Farro

// Metrics of predicted probabilities.

/// The mean negative logarithm of the probability that was predicted for the true class: the cross-entropy.
///
/// - Parameters:
///   - actual: The true labels.
///   - probabilities: Shape (n, classes), a column for each class; or (n) of two classes, of the last one in their order.
///     Probabilities are taken to lie at least the type's epsilon from 0 and 1. Those of a row should have the sum 1, which is
///     not checked.
///   - labels: All classes, in the order of the columns. When nil, those that occur, in ascending order where labels are
///     `Comparable` (`false` before `true`), otherwise as they first occur.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` for no rows, different numbers of rows, weights that do not fit, a number that is no probability,
///   one class only, another number of columns than of classes, and a label that `labels` lacks.
/// - Complexity: O(n classes).
public func logLoss<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  probabilities: Tensor<Scalar>,
  labels: [Label]? = nil,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> Double {
  let (codes, columns) = try checkedProbabilities(actual, probabilities, labels, weights)
  let least = Double(Scalar.ulpOfOne)
  let most = 1 - least
  let values = probabilities.inDouble.scalars
  var losses = [Double](repeating: 0, count: actual.count)
  for row in losses.indices {
    let code = Int(codes[row])
    let probability =
      columns == 1 ? (code == 1 ? values[row] : 1 - values[row]) : values[row * columns + code]
    losses[row] = -logarithm(min(max(probability, least), most))
  }
  return mean(losses, weights)
}

/// The mean squared difference between predicted probabilities and what is true: 1 for the true class, 0 for all others.
///
/// - Parameters:
///   - actual: The true labels.
///   - probabilities: Shape (n), of the positive class of two; or (n, classes), a column for each class.
///   - positive: The class that probabilities of the shape (n) are of; all others are negative. When nil, `true`, or 1 where there
///     are -1, 0 and 1 only, or else the last of two classes in their order. Of no use for (n, classes).
///   - labels: All classes, in the order of the columns of (n, classes), as in ``logLoss(_:probabilities:labels:weights:)``.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - halved: Whether the sum over columns is halved, so that the worst is 1 and not 2; when nil, for up to two classes.
/// - Throws: ``MetricError`` as ``logLoss(_:probabilities:labels:weights:)``, and where `positive` is nil and cannot be told.
/// - Complexity: O(n classes).
public func brierScore<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  probabilities: Tensor<Scalar>,
  positive: Label? = nil,
  labels: [Label]? = nil,
  weights: Tensor<Scalar>? = nil,
  halved: Bool? = nil
) throws(MetricError) -> Double {
  var errors = [Double](repeating: 0, count: actual.count)
  let values: [Double]
  if probabilities.rank == 1 {
    try checkProbabilities(actual.count, probabilities, weights)
    let truth = try positiveRows(actual, positive).scalars
    values = probabilities.inDouble.scalars
    for row in errors.indices {
      let error = Double(truth[row]) - values[row]
      errors[row] = 2 * error * error
    }
  } else {
    let (codes, columns) = try checkedProbabilities(actual, probabilities, labels, weights)
    values = probabilities.inDouble.scalars
    for row in errors.indices {
      for column in 0..<columns {
        let error = (column == Int(codes[row]) ? 1 : 0) - values[row * columns + column]
        errors[row] += error * error
      }
      // One column stands for two.
      if columns == 1 {
        let error = Double(codes[row]) - values[row]
        errors[row] = 2 * error * error
      }
    }
  }
  let isHalved = halved ?? (probabilities.rank == 1 || probabilities.shape[1] < 3)
  return mean(errors, weights) * (isHalved ? 0.5 : 1)
}

// MARK: - Checks

private func checkedProbabilities<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  _ probabilities: Tensor<Scalar>,
  _ labels: [Label]?,
  _ weights: Tensor<Scalar>?
) throws(MetricError) -> (codes: [Int32], columns: Int) {
  try checkProbabilities(actual.count, probabilities, weights)
  let classes = try Classes(of: actual, order: labels ?? (Label.self == Bool.self ? [false, true] as? [Label] : nil))
  guard classes.count > 1 else {
    throw .classes(classes.labels, "one class alone has no probabilities to compare: name all in `labels`")
  }
  let columns = probabilities.rank == 1 ? 1 : probabilities.shape[1]
  guard classes.count == max(columns, 2) else {
    throw .classes(classes.labels, "there are probabilities of \(max(columns, 2)) classes: name all in `labels`")
  }
  return (classes.codes[0], columns)
}

private func checkProbabilities<Scalar: KernelScalar>(
  _ rows: Int,
  _ probabilities: Tensor<Scalar>,
  _ weights: Tensor<Scalar>?
) throws(MetricError) {
  guard (1...2).contains(probabilities.rank), probabilities.shape.last! > 0 || probabilities.rank == 1 else {
    throw .shape(probabilities.shape, reason: "probabilities are (rows) or (rows, classes)")
  }
  try checkRows(rows, predicted: probabilities.shape[0])
  try checkMetricWeights(weights, rows: rows)
  // A NaN is the smallest or largest of nothing.
  if probabilities.min() >= 0 && probabilities.max() <= 1 { return }
  let columns = probabilities.count / rows
  for (place, value) in probabilities.inDouble.scalars.enumerated() where !(0...1).contains(value) {
    throw .probability(value, row: place / columns, column: place % columns)
  }
}
