import Farro

// How mixed classes are.

/// The entropy of labels, in nats: 0 where all are the same, the logarithm of the number of classes where all are as frequent.
///
/// - Parameters:
///   - labels: At least one.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` for no labels and weights that do not fit.
/// - Complexity: O(n).
public func entropy<Label: Hashable & Sendable>(
  of labels: [Label],
  weights: Tensor<Double>? = nil
) throws(MetricError) -> Double {
  try entropy(counts: classCounts(labels, weights))
}

/// The entropy of classes of which there are so many, in nats.
///
/// - Parameter counts: Whole numbers or sums of weights, not negative, not all 0.
/// - Throws: ``MetricError/parameter(name:reason:)`` for other counts.
/// - Complexity: O(classes).
public func entropy(counts: [Double]) throws(MetricError) -> Double {
  let total = try checkedTotal(counts)
  // An entropy of one class is 0 and not -0.
  return max(0, -counts.reduce(0) { $1 > 0 ? $0 + $1 / total * (logarithm($1) - logarithm(total)) : $0 })
}

/// The Gini impurity of labels: how probable it is that two of them, drawn with putting back, differ.
///
/// - Parameters:
///   - labels: At least one.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` for no labels and weights that do not fit.
/// - Complexity: O(n).
public func giniImpurity<Label: Hashable & Sendable>(
  of labels: [Label],
  weights: Tensor<Double>? = nil
) throws(MetricError) -> Double {
  try giniImpurity(counts: classCounts(labels, weights))
}

/// The Gini impurity of classes of which there are so many.
///
/// - Parameter counts: Whole numbers or sums of weights, not negative, not all 0.
/// - Throws: ``MetricError/parameter(name:reason:)`` for other counts.
/// - Complexity: O(classes).
public func giniImpurity(counts: [Double]) throws(MetricError) -> Double {
  let total = try checkedTotal(counts)
  return 1 - counts.reduce(0) { $0 + ($1 / total) * ($1 / total) }
}

private func checkedTotal(_ counts: [Double]) throws(MetricError) -> Double {
  let total = counts.reduce(0, +)
  guard total > 0, total.isFinite, counts.allSatisfy({ $0 >= 0 }) else {
    throw .parameter(name: "counts", reason: "must be finite and not negative, and not all 0")
  }
  return total
}

private func classCounts<Label: Hashable & Sendable>(
  _ labels: [Label],
  _ weights: Tensor<Double>?
) throws(MetricError) -> [Double] {
  guard !labels.isEmpty else { throw .empty }
  try checkMetricWeights(weights, rows: labels.count)
  let classes = try Classes(of: labels)
  var counts = [Double](repeating: 0, count: classes.count)
  if let weights = weights?.scalars {
    for (row, code) in classes.codes[0].enumerated() { counts[Int(code)] += weights[row] }
  } else {
    for code in classes.codes[0] { counts[Int(code)] += 1 }
  }
  return counts
}
