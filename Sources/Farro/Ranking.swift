import CKernels

// How well scores tell one class from the others, for FarroModels' metrics.

/// What scores say of two classes.
package struct ScoreRanking: Sendable, Equatable {
  /// The first row whose score is NaN: nothing else is known then.
  package var firstNaN: Int?
  /// How many rows the classes have, or the sums of their weights.
  package var positives, negatives: Double
  /// The area or the average precision; 0 where a class that it needs has no rows.
  package var value: Double

  fileprivate init(_ ranking: farro_ranking, rows: Int) {
    firstNaN = ranking.first_nan < rows ? Int(ranking.first_nan) : nil
    (positives, negatives, value) = (ranking.positives, ranking.negatives, ranking.value)
  }
}

/// The counts of rows above each threshold.
package struct RankingCurve<Scalar: KernelScalar>: Sendable {
  package var ranking: ScoreRanking
  /// The scores that occur, in descending order.
  package var thresholds: Tensor<Scalar>
  /// The rows of each class with that score or a higher one, or the sums of their weights.
  package var truePositives, falsePositives: Tensor<Double>
}

/// The area under the ROC curve.
///
/// - Parameters:
///   - scores: Shape (n).
///   - positive: Shape (n), 0 for rows of other classes.
///   - weights: Shape (n), finite and not negative.
/// - Precondition: there are fewer than 2³² rows.
/// - Complexity: O(n) for scores that spread over their range smoothly.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
package func rocArea<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  positive: Tensor<UInt8>,
  weights: Tensor<Scalar>? = nil
) -> ScoreRanking {
  measure(scores, positive, weights, "rocArea", farro_roc_area_f32, farro_roc_area_f64)
}

/// The average of the precision at each threshold, weighted by how much the recall grows there. As ``rocArea(_:positive:weights:)``.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
package func averagePrecisionOfScores<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  positive: Tensor<UInt8>,
  weights: Tensor<Scalar>? = nil
) -> ScoreRanking {
  measure(
    scores,
    positive,
    weights,
    "averagePrecisionOfScores",
    farro_average_precision_f32,
    farro_average_precision_f64
  )
}

@inline(__always)
private func measure<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  _ positive: Tensor<UInt8>,
  _ weights: Tensor<Scalar>?,
  _ name: StaticString,
  _ single: Measure<Float>,
  _ double: Measure<Double>
) -> ScoreRanking {
  requireRows(scores, positive, weights, name)
  let n = scores.count
  var ranking = farro_ranking()
  positive.withUnsafeBufferPointer { positive in
    withPointers(scores, weights) { x, weights in
      let (x, p) = (x!, positive.baseAddress!)
      let status =
        switch Scalar.dtype {
        case .f32: single(n, x.f32, p, weights?.f32, &ranking)
        default: double(n, x.f64, p, weights?.f64, &ranking)
        }
      check(status, name)
    }
  }
  return ScoreRanking(ranking, rows: n)
}

private typealias Measure<Scalar> = (
  Int, UnsafePointer<Scalar>?, UnsafePointer<UInt8>?, UnsafePointer<Scalar>?, UnsafeMutablePointer<farro_ranking>?
) -> farro_status

/// What stands above each score that occurs. As ``rocArea(_:positive:weights:)``.
package func rankingCurve<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  positive: Tensor<UInt8>,
  weights: Tensor<Scalar>? = nil
) -> RankingCurve<Scalar> {
  requireRows(scores, positive, weights, "rankingCurve")
  let n = scores.count
  var ranking = farro_ranking()
  var thresholds = Tensor<Scalar>(uninitialized: [n], count: n)
  var truePositives = Tensor<Double>(uninitialized: [n], count: n)
  var falsePositives = Tensor<Double>(uninitialized: [n], count: n)
  thresholds.withUnsafeMutableBufferPointer { thresholds in
    truePositives.withUnsafeMutableBufferPointer { tp in
      falsePositives.withUnsafeMutableBufferPointer { fp in
        positive.withUnsafeBufferPointer { positive in
          withPointers(scores, weights) { x, w in
            let (x, p, to) = (x!, positive.baseAddress!, thresholds.baseAddress!)
            let (tp, fp) = (tp.baseAddress!, fp.baseAddress!)
            let status =
              switch Scalar.dtype {
              case .f32: farro_ranking_curve_f32(n, x.f32, p, w?.f32, to.f32, tp, fp, &ranking)
              default: farro_ranking_curve_f64(n, x.f64, p, w?.f64, to.f64, tp, fp, &ranking)
              }
            check(status, "rankingCurve")
          }
        }
      }
    }
  }
  let count = Int(ranking.thresholds)
  return RankingCurve(
    ranking: ScoreRanking(ranking, rows: n),
    thresholds: thresholds[0..<count],
    truePositives: truePositives[0..<count],
    falsePositives: falsePositives[0..<count]
  )
}

private func requireRows<Scalar>(
  _ scores: Tensor<Scalar>,
  _ positive: Tensor<UInt8>,
  _ weights: Tensor<Scalar>?,
  _ function: StaticString
) {
  require(
    scores.rank == 1 && positive.shape == scores.shape && (weights?.shape ?? scores.shape) == scores.shape,
    "\(function): scores of the shape \(scores.shape) need classes and weights of the same, not \(positive.shape) and \(weights?.shape ?? [])"
  )
  require(scores.count <= Int(UInt32.max), "\(function): \(scores.count) rows are more than are counted")
}
