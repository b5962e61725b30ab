import Farro

// Metrics of scores of several classes, one against the rest: averaged, or (with a name in the plural) each.

/// The area under the ROC curve of each class against the rest, averaged.
///
/// - Parameters:
///   - actual: The true labels.
///   - scores: Shape (n, classes), a column for each class. They need not be probabilities.
///   - average: How classes are averaged. Micro: every element is a row of its own, positive where the column is the row's
///     class.
///   - labels: All classes, in the order of the columns. When nil, those that occur, in ascending order where labels are
///     `Comparable` (`false` before `true`), otherwise as they first occur.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` for no rows, different numbers of rows, weights that do not fit, a score that is NaN, another number of
///   columns than of classes, a label that `labels` lacks, and, unless classes are weighted, a class that no row or every row has.
/// - Complexity: O(n classes) for scores that spread over their range smoothly.
public func rocAUC<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  average: ClassAverage,
  labels: [Label]? = nil,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> Double {
  try OneAgainstRest(actual, scores, labels, weights).average(average, needsNegatives: true, rocArea)
}

/// The area under the ROC curve of each class against the rest, as ``rocAUC(_:scores:average:labels:weights:)``; NaN for a class
/// that no row or every row has.
///
/// - Complexity: O(n classes) for scores that spread over their range smoothly.
public func rocAUCs<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  labels: [Label]? = nil,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> [Label: Double] {
  try OneAgainstRest(actual, scores, labels, weights).byLabel(needsNegatives: true, rocArea)
}

/// The average precision of each class against the rest, averaged, as ``rocAUC(_:scores:average:labels:weights:)``; but every row
/// may have the class.
///
/// - Complexity: O(n classes) for scores that spread over their range smoothly.
public func averagePrecision<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  average: ClassAverage,
  labels: [Label]? = nil,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> Double {
  try OneAgainstRest(actual, scores, labels, weights)
    .average(average, needsNegatives: false, averagePrecisionOfScores)
}

/// The average precision of each class against the rest, as ``rocAUC(_:scores:average:labels:weights:)``; NaN for a class that no row
/// has.
///
/// - Complexity: O(n classes) for scores that spread over their range smoothly.
public func averagePrecisions<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  labels: [Label]? = nil,
  weights: Tensor<Scalar>? = nil
) throws(MetricError) -> [Label: Double] {
  try OneAgainstRest(actual, scores, labels, weights).byLabel(needsNegatives: false, averagePrecisionOfScores)
}

private struct OneAgainstRest<Label: Hashable & Sendable, Scalar: KernelScalar> {
  typealias Metric = (Tensor<Scalar>, Tensor<UInt8>, Tensor<Scalar>?) -> ScoreRanking

  let classes: Classes<Label>
  /// Shape (classes, n).
  let columns: Tensor<Scalar>
  let weights: Tensor<Scalar>?

  init(
    _ actual: [Label],
    _ scores: Tensor<Scalar>,
    _ labels: [Label]?,
    _ weights: Tensor<Scalar>?
  ) throws(MetricError) {
    guard scores.rank == 2 else {
      throw .shape(scores.shape, reason: "scores of several classes have the shape (rows, classes)")
    }
    try checkRows(actual.count, predicted: scores.shape[0])
    try checkMetricWeights(weights, rows: actual.count)
    classes = try Classes(of: actual, order: labels)
    guard classes.count == scores.shape[1] else {
      throw .classes(classes.labels, "there are scores of \(scores.shape[1]) classes: name all in `labels`")
    }
    columns = scores.transposed()
    self.weights = weights
  }

  private func ranking(_ column: Int, _ metric: Metric) throws(MetricError) -> ScoreRanking {
    let ranking = metric(columns[row: column], mask(classes.codes[0], Int32(column)), weights)
    if let row = ranking.firstNaN { throw .scoreIsNaN(row: row, column: column) }
    return ranking
  }

  private static func isKnown(_ ranking: ScoreRanking, _ needsNegatives: Bool) -> Bool {
    ranking.positives > 0 && (ranking.negatives > 0 || !needsNegatives)
  }

  func byLabel(needsNegatives: Bool, _ metric: Metric) throws(MetricError) -> [Label: Double] {
    var values: [Label: Double] = [:]
    for (column, label) in classes.labels.enumerated() {
      let ranking = try ranking(column, metric)
      values[label] = Self.isKnown(ranking, needsNegatives) ? ranking.value : .nan
    }
    return values
  }

  func average(_ average: ClassAverage, needsNegatives: Bool, _ metric: Metric) throws(MetricError) -> Double {
    if average == .micro { return try together(needsNegatives: needsNegatives, metric) }
    var (sum, total) = (0.0, 0.0)
    for (column, label) in classes.labels.enumerated() {
      let ranking = try ranking(column, metric)
      let weight = average == .macro ? 1 : ranking.positives
      if weight == 0 { continue }
      guard Self.isKnown(ranking, needsNegatives) else {
        throw .classes(
          [label],
          "no row or every row has it, so that it has no score: average by weight, or name fewer labels"
        )
      }
      sum += weight * ranking.value
      total += weight
    }
    return sum / total
  }

  private func together(needsNegatives: Bool, _ metric: Metric) throws(MetricError) -> Double {
    let (rows, count) = (columns.shape[1], columns.count)
    let masks = classes.labels.indices.flatMap { mask(classes.codes[0], Int32($0)).scalars }
    let repeated = weights.map { weights in
      Tensor((0..<classes.count).flatMap { _ in weights.scalars }, shape: [count])
    }
    let ranking = metric(columns.reshaped([count]), Tensor(masks), repeated)
    if let place = ranking.firstNaN { throw .scoreIsNaN(row: place % rows, column: place / rows) }
    guard Self.isKnown(ranking, needsNegatives) else {
      throw .classes(classes.labels, "one class alone cannot be told from others")
    }
    return ranking.value
  }
}
