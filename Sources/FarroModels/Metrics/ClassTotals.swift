import Farro

/// What the scores of classes come from: how many rows of each class there are, were predicted, and were predicted rightly.
struct ClassTotals<Label: Hashable & Sendable> {
  let labels: [Label]
  /// Sums of weights, by class.
  private(set) var right, predicted, actual: [Double]

  init(
    _ actual: [Label],
    _ predicted: [Label],
    labels: [Label]? = nil,
    weights: Tensor<Double>?
  ) throws(MetricError) {
    try checkRows(actual.count, predicted: predicted.count)
    try checkMetricWeights(weights, rows: actual.count)
    let classes = try Classes(of: actual, predicted, order: labels)
    self.init(classes, weights)
  }

  /// One pass over rows; of whole rows, counted as integers.
  init(_ classes: Classes<Label>, _ weights: Tensor<Double>?) {
    labels = classes.labels
    let (ours, theirs) = (classes.codes[0], classes.codes[1])
    if let weights = weights?.scalars {
      var (right, predicted, actual) = ([Double](repeating: 0, count: classes.count), [Double](), [Double]())
      (predicted, actual) = (right, right)
      for row in ours.indices {
        let (mine, other, weight) = (Int(ours[row]), Int(theirs[row]), weights[row])
        actual[mine] += weight
        predicted[other] += weight
        if mine == other { right[mine] += weight }
      }
      (self.right, self.predicted, self.actual) = (right, predicted, actual)
    } else {
      var (right, predicted, actual) = ([Int](repeating: 0, count: classes.count), [Int](), [Int]())
      (predicted, actual) = (right, right)
      for row in ours.indices {
        let (mine, other) = (Int(ours[row]), Int(theirs[row]))
        actual[mine] += 1
        predicted[other] += 1
        right[mine] += mine == other ? 1 : 0
      }
      (self.right, self.predicted, self.actual) = (
        right.map(Double.init), predicted.map(Double.init), actual.map(Double.init)
      )
    }
  }

  var total: Double { actual.reduce(0, +) }
}

// MARK: - Scores of one class

/// The two totals whose quotient a score is.
enum ClassScore: Equatable {
  case precision
  case recall
  /// Of weight `beta` for the recall.
  case f(beta: Double)

  func value(right: Double, predicted: Double, actual: Double, zeroDivision: Double) -> Double {
    switch self {
    case .precision: quotient(right, predicted, zeroDivision)
    case .recall: quotient(right, actual, zeroDivision)
    case .f(let beta) where beta == .infinity: quotient(right, actual, zeroDivision)
    case .f(let beta) where beta == 0: quotient(right, predicted, zeroDivision)
    case .f(let beta): quotient((1 + beta * beta) * right, beta * beta * actual + predicted, zeroDivision)
    }
  }

  func check() throws(MetricError) {
    guard case .f(let beta) = self, !(beta >= 0) else { return }
    throw .parameter(name: "beta", reason: "must be at least 0, not \(beta)")
  }
}

private func quotient(_ numerator: Double, _ denominator: Double, _ zeroDivision: Double) -> Double {
  denominator == 0 ? zeroDivision : numerator / denominator
}

extension ClassTotals {
  func scores(_ score: ClassScore, zeroDivision: Double) -> [Double] {
    labels.indices.map {
      score.value(right: right[$0], predicted: predicted[$0], actual: actual[$0], zeroDivision: zeroDivision)
    }
  }

  func average(_ score: ClassScore, _ average: ClassAverage, zeroDivision: Double) -> Double {
    switch average {
    case .micro:
      score.value(
        right: right.reduce(0, +),
        predicted: predicted.reduce(0, +),
        actual: total,
        zeroDivision: zeroDivision
      )
    case .macro: averageOfNumbers(scores(score, zeroDivision: zeroDivision), weights: nil)
    case .weighted: averageOfNumbers(scores(score, zeroDivision: zeroDivision), weights: actual)
    }
  }
}

/// The average of those that are no NaN; NaN if there is none. Weights that are all 0 count alike.
private func averageOfNumbers(_ values: [Double], weights: [Double]?) -> Double {
  let counted = values.indices.filter { !values[$0].isNaN }
  guard !counted.isEmpty else { return .nan }
  let total = counted.reduce(0.0) { $0 + (weights?[$1] ?? 1) }
  guard let weights, total > 0 else { return counted.reduce(0) { $0 + values[$1] } / Double(counted.count) }
  return counted.reduce(0) { $0 + values[$1] * weights[$1] } / total
}
