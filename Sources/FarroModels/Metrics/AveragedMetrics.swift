import Farro

// Precision, recall and F-score of all classes: averaged, or (with a name in the plural) each.

/// The precision of all classes, averaged.
///
/// - Parameters:
///   - actual: The true labels.
///   - predicted: As many labels.
///   - average: How classes are averaged.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - zeroDivision: The value of a class where there is nothing to divide by: 0, 1 or NaN. NaN leaves the class out of the
///     average.
/// - Throws: ``MetricError`` for no rows, different numbers of rows, weights that do not fit, and a `zeroDivision` of another value.
/// - Complexity: O(n).
public func precision<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  average: ClassAverage,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> Double {
  try checked(.precision, actual, predicted, weights, zeroDivision)
    .average(.precision, average, zeroDivision: zeroDivision)
}

/// The recall of all classes, averaged, as ``precision(_:predicted:average:weights:zeroDivision:)``.
///
/// - Complexity: O(n).
public func recall<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  average: ClassAverage,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> Double {
  try checked(.recall, actual, predicted, weights, zeroDivision).average(.recall, average, zeroDivision: zeroDivision)
}

/// The F-score of all classes, averaged, as ``precision(_:predicted:average:weights:zeroDivision:)``. The recall
/// weighs `beta`² as much as the precision; `beta` is at least 0.
///
/// - Complexity: O(n).
public func fScore<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  beta: Double = 1,
  average: ClassAverage,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> Double {
  try checked(.f(beta: beta), actual, predicted, weights, zeroDivision)
    .average(.f(beta: beta), average, zeroDivision: zeroDivision)
}

/// The precision of each class that occurs, as ``precision(_:predicted:average:weights:zeroDivision:)``.
///
/// - Complexity: O(n).
public func precisions<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> [Label: Double] {
  try checked(.precision, actual, predicted, weights, zeroDivision).byLabel(.precision, zeroDivision)
}

/// The recall of each class that occurs, as ``precision(_:predicted:average:weights:zeroDivision:)``.
///
/// - Complexity: O(n).
public func recalls<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> [Label: Double] {
  try checked(.recall, actual, predicted, weights, zeroDivision).byLabel(.recall, zeroDivision)
}

/// The F-score of each class that occurs, as ``precision(_:predicted:average:weights:zeroDivision:)``. The recall
/// weighs `beta`² as much as the precision; `beta` is at least 0.
///
/// - Complexity: O(n).
public func fScores<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  beta: Double = 1,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> [Label: Double] {
  try checked(.f(beta: beta), actual, predicted, weights, zeroDivision).byLabel(.f(beta: beta), zeroDivision)
}

private func checked<Label: Hashable & Sendable>(
  _ score: ClassScore,
  _ actual: [Label],
  _ predicted: [Label],
  _ weights: Tensor<Double>?,
  _ zeroDivision: Double
) throws(MetricError) -> ClassTotals<Label> {
  try score.check()
  try checkZeroDivision(zeroDivision)
  return try ClassTotals(actual, predicted, weights: weights)
}

extension ClassTotals {
  fileprivate func byLabel(_ score: ClassScore, _ zeroDivision: Double) -> [Label: Double] {
    Dictionary(uniqueKeysWithValues: zip(labels, scores(score, zeroDivision: zeroDivision)))
  }
}
