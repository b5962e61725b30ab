import Farro

// Metrics of scores: how well they put rows of one class above all others. A score is any number that is larger for rows
// that are more likely positive: a probability, or the value of a decision function.

/// The area under the ROC curve: how probable it is that a positive row has a higher score than a negative one, where half of
/// the pairs with equal scores count.
///
/// ```swift
/// let area = try rocAUC([true, false, true, false], scores: Tensor([0.9, 0.4, 0.35, 0.1]))  // 0.75
/// ```
///
/// - Parameters:
///   - actual: The true labels.
///   - scores: Shape (n). Infinite ones have their place, too.
///   - positive: The class in question; all others are negative. When nil, `true`, or 1 where there are -1, 0 and 1 only, or else
///     the last of two classes in their order.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - maxFPR: Above 0 and at most 1: of the curve, only the part up to this false positive rate counts, and its area is scaled so
///     that guessing gives 0.5 and the best 1 (D. McClish, "Analyzing a portion of the ROC curve", 1989).
/// - Throws: ``MetricError`` for no rows, different numbers of rows, weights that do not fit, a score that is NaN, rows of one class
///   only, a `maxFPR` out of range, and where `positive` is nil and which class it is cannot be told.
/// - Complexity: O(n) for scores that spread over their range smoothly; with `maxFPR` as ``rocCurve(_:scores:positive:weights:dropIntermediate:)``.
public func rocAUC<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  positive: Label? = nil,
  weights: Tensor<Scalar>? = nil,
  maxFPR: Double = 1
) throws(MetricError) -> Double {
  guard maxFPR > 0 && maxFPR <= 1 else {
    throw .parameter(name: "maxFPR", reason: "must be above 0 and at most 1, not \(maxFPR)")
  }
  let mask = try checkedRows(actual, scores, positive, weights)
  if maxFPR < 1 {
    return try ROCCurve(checked(rankingCurve(scores, positive: mask, weights: weights)), dropIntermediate: false)
      .standardizedArea(upTo: maxFPR)
  }
  let ranking = rocArea(scores, positive: mask, weights: weights)
  try checkRanking(ranking, needsNegatives: true)
  return ranking.value
}

/// The average of the precision at each score, weighted by how much the recall grows there: the area under the
/// precision-recall curve as steps.
///
/// - Parameters:
///   - actual: The true labels.
///   - scores: Shape (n).
///   - positive: As in ``rocAUC(_:scores:positive:weights:maxFPR:)``.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` as ``rocAUC(_:scores:positive:weights:maxFPR:)``; but all rows may be positive.
/// - Complexity: O(n) for scores that spread over their range smoothly.
public func averagePrecision<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  positive: Label? = nil,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> Double {
  let mask = try checkedRows(actual, scores, positive, weights)
  let ranking = averagePrecisionOfScores(scores, positive: mask, weights: weights)
  try checkRanking(ranking, needsNegatives: false)
  return ranking.value
}

// MARK: - Checks

func checkedRows<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  _ scores: Tensor<Scalar>,
  _ positive: Label?,
  _ weights: Tensor<Scalar>?
) throws(MetricError) -> Tensor<UInt8> {
  guard scores.rank == 1 else {
    throw .shape(scores.shape, reason: "scores of one class have the shape (rows); those of several need an average")
  }
  try checkRows(actual.count, predicted: scores.count)
  try checkMetricWeights(weights, rows: actual.count)
  return try positiveRows(actual, positive)
}

func checked<Scalar: KernelScalar>(_ curve: RankingCurve<Scalar>) throws(MetricError) -> RankingCurve<Scalar> {
  try checkRanking(curve.ranking, needsNegatives: true)
  return curve
}

func checkRanking(_ ranking: ScoreRanking, needsNegatives: Bool, column: Int = 0) throws(MetricError) {
  if let row = ranking.firstNaN { throw .scoreIsNaN(row: row, column: column) }
  guard ranking.positives > 0 else { throw .classes([], reason: "no row of the positive class counts") }
  guard ranking.negatives > 0 || !needsNegatives else {
    throw .classes([], reason: "all rows that count are of the positive class")
  }
}
