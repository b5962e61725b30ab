import Farro

// Metrics of predicted labels. A label is of any type that is Hashable and Sendable.

/// How scores of several classes become one.
public enum ClassAverage: String, Sendable, Codable, CaseIterable {
  /// All rows together: large classes count more.
  case micro
  /// Each class counts the same.
  case macro
  /// Each class counts by the rows that truly belong to it.
  case weighted
}

/// The part of the rows whose label was predicted.
///
/// ```swift
/// let share = try accuracy(["ham", "spam", "ham"], predicted: ["ham", "spam", "spam"])  // 0.667
/// ```
///
/// - Parameters:
///   - actual: The true labels.
///   - predicted: As many labels.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` for no rows, different numbers of rows, and weights that do not fit.
/// - Complexity: O(n).
public func accuracy<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  weights: Tensor<Double>? = nil
) throws(MetricError) -> Double {
  try checkRows(actual.count, predicted: predicted.count)
  try checkMetricWeights(weights, rows: actual.count)
  let right = matches(actual, predicted).scalars
  if let weights { return mean(right.map(Double.init), weights) }
  return Double(right.reduce(0) { $0 + Int($1) }) / Double(actual.count)
}

/// The average over classes of the part of their rows that was predicted, so that rare classes count as much as frequent ones.
///
/// - Parameters:
///   - actual: The true labels. Classes that occur in predictions only do not count.
///   - predicted: As many labels.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - adjusted: Whether 0 is what guessing gives, instead of 1 / classes. NaN, if there is one class only.
/// - Throws: ``MetricError`` as ``accuracy(_:predicted:weights:)``.
/// - Complexity: O(n).
public func balancedAccuracy<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  weights: Tensor<Double>? = nil,
  adjusted: Bool = false
) throws(MetricError) -> Double {
  let totals = try ClassTotals(actual, predicted, weights: weights)
  let recalls = totals.scores(.recall, zeroDivision: .nan).filter { !$0.isNaN }
  let score = recalls.reduce(0, +) / Double(recalls.count)
  guard adjusted else { return score }
  let chance = 1 / Double(recalls.count)
  return (score - chance) / (1 - chance)
}

/// The correlation of Matthews between labels and predictions, of any number of classes: 1 when all are right, about 0 for
/// guesses; 0 also where either has one class only.
///
/// Source: J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004.
///
/// - Parameters:
///   - actual: The true labels.
///   - predicted: As many labels.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` as ``accuracy(_:predicted:weights:)``.
/// - Complexity: O(n).
public func matthewsCorrelation<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  weights: Tensor<Double>? = nil
) throws(MetricError) -> Double {
  let totals = try ClassTotals(actual, predicted, weights: weights)
  let (total, right) = (totals.total, totals.right.reduce(0, +))
  func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  let together = right * total - product(totals.actual, totals.predicted)
  let spread =
    (total * total - product(totals.predicted, totals.predicted))
    * (total * total - product(totals.actual, totals.actual))
  return spread == 0 ? 0 : together / spread.squareRoot()
}

// MARK: - Precision, recall and their mean

/// Of the rows predicted as `positive`, the part that is.
///
/// - Parameters:
///   - actual: The true labels.
///   - predicted: As many labels.
///   - positive: The class in question; all others are negative. When nil, `true`, or 1 where there are -1, 0 and 1 only, or else
///     the last of two classes in their order.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - zeroDivision: The value where there is nothing to divide by: 0, 1 or NaN.
/// - Throws: ``MetricError`` as ``accuracy(_:predicted:weights:)``, for a `zeroDivision` of another value, and where `positive` is
///   nil and which class it is cannot be told.
/// - Complexity: O(n).
public func precision<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  positive: Label? = nil,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> Double {
  try score(.precision, actual, predicted, positive, weights, zeroDivision)
}

/// Of the rows that are `positive`, the part that was predicted as such. Parameters and errors as
/// ``precision(_:predicted:positive:weights:zeroDivision:)``.
///
/// - Complexity: O(n).
public func recall<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  positive: Label? = nil,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> Double {
  try score(.recall, actual, predicted, positive, weights, zeroDivision)
}

/// The harmonic mean of precision and recall, of which the recall weighs `beta`² as much; `beta` is at least 0, and
/// scikit-learn's `f1_score` is that of 1. Other parameters and errors as
/// ``precision(_:predicted:positive:weights:zeroDivision:)``.
///
/// - Complexity: O(n).
public func fScore<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  beta: Double = 1,
  positive: Label? = nil,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> Double {
  try score(.f(beta: beta), actual, predicted, positive, weights, zeroDivision)
}

private func score<Label: Hashable & Sendable>(
  _ score: ClassScore,
  _ actual: [Label],
  _ predicted: [Label],
  _ positive: Label?,
  _ weights: Tensor<Double>?,
  _ zeroDivision: Double
) throws(MetricError) -> Double {
  try score.check()
  try checkZeroDivision(zeroDivision)
  let totals = try ClassTotals(actual, predicted, weights: weights)
  let label = if let positive { positive } else { try positiveClass(of: totals.labels) }
  // A class that does not occur is neither there nor predicted.
  guard let place = totals.labels.firstIndex(of: label) else {
    return score.value(right: 0, predicted: 0, actual: 0, zeroDivision: zeroDivision)
  }
  return score.value(
    right: totals.right[place],
    predicted: totals.predicted[place],
    actual: totals.actual[place],
    zeroDivision: zeroDivision
  )
}
