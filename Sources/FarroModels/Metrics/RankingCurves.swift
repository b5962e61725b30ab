import Farro

/// True positive rates over false positive rates: what a threshold gains and costs.
public struct ROCCurve: Sendable, Equatable, Codable {
  /// The part of the negative rows with the threshold's score or a higher one; from 0 to 1.
  public let falsePositiveRates: [Double]
  /// The part of the positive rows with the threshold's score or a higher one; from 0 to 1.
  public let truePositiveRates: [Double]
  /// Descending scores. The first one, which nothing reaches, is infinite.
  public let thresholds: [Double]

  init<Scalar: KernelScalar>(_ curve: RankingCurve<Scalar>, dropIntermediate: Bool) {
    let (tp, fp) = (curve.truePositives.scalars, curve.falsePositives.scalars)
    let scores = curve.thresholds.inDouble.scalars
    var (rights, wrongs, kept) = ([0.0], [0.0], [Double.infinity])
    for i in tp.indices {
      if dropIntermediate && i > 0 && i + 1 < tp.count {
        // On a line with both neighbours, which are as far away.
        let (bend, other) = (tp[i + 1] - tp[i] - (tp[i] - tp[i - 1]), fp[i + 1] - fp[i] - (fp[i] - fp[i - 1]))
        if bend == 0 && other == 0 { continue }
      }
      rights.append(tp[i] / curve.ranking.positives)
      wrongs.append(fp[i] / curve.ranking.negatives)
      kept.append(scores[i])
    }
    (falsePositiveRates, truePositiveRates, thresholds) = (wrongs, rights, kept)
  }

  /// The area under the curve, by trapezoids.
  public var area: Double { areaUnder(truePositiveRates, over: falsePositiveRates) }

  /// The area up to a false positive rate, scaled from the guess's to 0.5 and from the best to 1.
  func standardizedArea(upTo limit: Double) -> Double {
    let end = falsePositiveRates.firstIndex { $0 > limit } ?? falsePositiveRates.count
    var (x, y) = (Array(falsePositiveRates[..<end]), Array(truePositiveRates[..<end]))
    if end < falsePositiveRates.count {
      let (from, to) = (falsePositiveRates[end - 1], falsePositiveRates[end])
      let slope = (truePositiveRates[end] - truePositiveRates[end - 1]) / (to - from)
      x.append(limit)
      y.append(truePositiveRates[end - 1] + slope * (limit - from))
    }
    let least = 0.5 * limit * limit
    return 0.5 * (1 + (areaUnder(y, over: x) - least) / (limit - least))
  }
}

/// The area under a line through points, by trapezoids.
///
/// - Precondition: there are as many `y` as `x`.
/// - Complexity: O(n).
func areaUnder(_ y: [Double], over x: [Double]) -> Double {
  var area = 0.0
  for i in x.indices.dropFirst() { area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2 }
  return area
}

/// Precision over recall: what a threshold gains and costs where negative rows are many.
public struct PrecisionRecallCurve: Sendable, Equatable, Codable {
  /// Of the rows with the threshold's score or a higher one, the part that is positive. One more than ``thresholds``: the last is
  /// 1, at the recall 0.
  public let precisions: [Double]
  /// Of the positive rows, the part with the threshold's score or a higher one; from 1 to 0.
  public let recalls: [Double]
  /// Ascending scores.
  public let thresholds: [Double]

  init<Scalar: KernelScalar>(_ curve: RankingCurve<Scalar>, dropIntermediate: Bool) {
    let (tp, fp) = (curve.truePositives.scalars, curve.falsePositives.scalars)
    let scores = curve.thresholds.inDouble.scalars
    var (precisions, recalls, kept): ([Double], [Double], [Double]) = ([], [], [])
    for i in tp.indices.reversed() {
      // Between neighbours of the same recall.
      if dropIntermediate && i > 0 && i + 1 < tp.count && tp[i] == tp[i - 1] && tp[i] == tp[i + 1] { continue }
      precisions.append(tp[i] / (tp[i] + fp[i]))
      recalls.append(tp[i] / curve.ranking.positives)
      kept.append(scores[i])
    }
    (self.precisions, self.recalls, thresholds) = (precisions + [1], recalls + [0], kept)
  }

  /// The average of the precisions, each weighted by how much the recall grows there.
  public var averagePrecision: Double {
    thresholds.indices.reduce(0) { $0 + (recalls[$1] - recalls[$1 + 1]) * precisions[$1] }
  }
}

/// The ROC curve of scores.
///
/// - Parameters:
///   - actual: The true labels.
///   - scores: Shape (n). Infinite ones have their place, too.
///   - positive: As in ``rocAUC(_:scores:positive:weights:maxFPR:)``.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil. Scores of rows of weight 0 are no thresholds.
///   - dropIntermediate: Whether points that lie on a line between their neighbours are left out.
/// - Throws: ``MetricError`` as ``rocAUC(_:scores:positive:weights:maxFPR:)``.
/// - Complexity: O(n) for scores that spread over their range smoothly.
public func rocCurve<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  positive: Label? = nil,
  weights: Tensor<Scalar>? = nil,
  dropIntermediate: Bool = true
) throws(MetricError) -> ROCCurve {
  let mask = try checkedRows(actual, scores, positive, weights)
  let curve = try checked(rankingCurve(scores, positive: mask, weights: weights))
  return ROCCurve(curve, dropIntermediate: dropIntermediate)
}

/// The precision-recall curve of scores.
///
/// - Parameters:
///   - actual: The true labels.
///   - scores: Shape (n). Infinite ones have their place, too.
///   - positive: As in ``rocAUC(_:scores:positive:weights:maxFPR:)``.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil. Scores of rows of weight 0 are no thresholds.
///   - dropIntermediate: Whether points between neighbours of the same recall are left out.
/// - Throws: ``MetricError`` as ``averagePrecision(_:scores:positive:weights:)``.
/// - Complexity: O(n) for scores that spread over their range smoothly.
public func precisionRecallCurve<Label: Hashable & Sendable, Scalar: KernelScalar>(
  _ actual: [Label],
  scores: Tensor<Scalar>,
  positive: Label? = nil,
  weights: Tensor<Scalar>? = nil,
  dropIntermediate: Bool = false
) throws(MetricError) -> PrecisionRecallCurve {
  let mask = try checkedRows(actual, scores, positive, weights)
  let curve = rankingCurve(scores, positive: mask, weights: weights)
  try checkRanking(curve.ranking, needsNegatives: false)
  return PrecisionRecallCurve(curve, dropIntermediate: dropIntermediate)
}
