import Farro

/// What a search has found: the scores of all combinations, and the best one with a model of all rows.
public struct SearchResults<Estimator: Sendable, Model: Sendable>: Sendable {
  /// A combination of parameters and its scores.
  public struct Candidate: Sendable {
    /// The parameters that were tried.
    public let parameters: [SearchedParameter]
    /// The estimator that has them.
    public let estimator: Estimator
    /// The scores of the tests, those of each scorer together; NaN where `failure` says why.
    public let testScores: [[Double]]
    /// The means of ``testScores``.
    public let meanTestScores: [Double]
    /// The standard deviations of ``testScores``, of whole populations as scikit-learn has them.
    public let testScoreDeviations: [Double]
    /// The place in the order of the first scorer's means, from 1; equal ones have the same.
    public let rank: Int
    /// How long fits and tests took on average.
    public let meanFitSeconds, meanScoreSeconds: Double
    /// Why it has no scores: what the first fit, prediction or scorer that failed has thrown.
    public let failure: String?
  }

  /// What scores are called, in the order in which scorers were given.
  public let scorers: [String]
  /// All combinations, in the order in which they were made.
  public let candidates: [Candidate]
  /// Which of ``candidates`` is the best: the first of rank 1.
  public let bestIndex: Int
  /// A model of all rows by the best combination; nil when it was not to be made.
  public let bestModel: Model?
  /// How long that took.
  public let refitSeconds: Double?

  /// The best combination.
  public var best: Candidate { candidates[bestIndex] }
  /// Its mean score, of the first scorer.
  public var bestScore: Double { best.meanTestScores[0] }
  /// Its parameters.
  public var bestParameters: [SearchedParameter] { best.parameters }
  /// The estimator that has them.
  public var bestEstimator: Estimator { best.estimator }
}

extension SearchResults: CustomStringConvertible {
  /// A line for each combination, the best first.
  public var description: String {
    let lines = candidates.sorted { $0.rank < $1.rank }
      .map { candidate in
        let score = candidate.failure ?? "\(candidate.meanTestScores[0]) +- \(candidate.testScoreDeviations[0])"
        return "\(candidate.rank). \(candidate.parameters.map(\.description).joined(separator: ", ")): \(score)"
      }
    return lines.joined(separator: "\n")
  }
}

/// Scores combinations on all divisions, and fits the best to all rows.
///
/// - Parameters:
///   - scorers: What scores are called.
///   - errorScore: Whether what is thrown of a combination is thrown, or the score of that combination is NaN.
///   - fold: Fits and scores a combination on a division.
///   - refit: Fits a combination to all rows; nil when that is not wanted.
func search<Estimator: Sendable, Model: Sendable>(
  _ candidates: [SearchCandidate<Estimator>],
  _ splits: [Split],
  scorers: [String],
  errorScore: ErrorScore,
  nJobs: Int?,
  progress: (@Sendable (_ done: Int, _ of: Int) -> Void)?,
  fold: @escaping @Sendable (Estimator, Split) throws -> FoldResult<Model>,
  refit: (@Sendable (Estimator) throws -> Model)?
) async throws -> SearchResults<Estimator, Model> {
  try checkScorers(scorers)
  let outcomes = try await inParallel(candidates.count * splits.count, nJobs: nJobs, progress: progress) { job in
    let (candidate, split) = job.quotientAndRemainder(dividingBy: splits.count)
    do {
      let result = try fold(candidates[candidate].estimator, splits[split])
      return Outcome(scores: result.testScores, fitSeconds: result.fitSeconds, scoreSeconds: result.scoreSeconds)
    } catch {
      if errorScore == .raise || error is CancellationError { throw error }
      return Outcome(failure: error)
    }
  }
  // When nothing can be fitted, the data is to blame.
  if outcomes.allSatisfy({ $0.failure != nil }), let failure = outcomes.first?.failure { throw failure }

  let perCandidate = candidates.indices.map { Array(outcomes[$0 * splits.count..<($0 + 1) * splits.count]) }
  let scores = perCandidate.map { folds in
    scorers.indices.map { scorer in
      folds.allSatisfy { $0.failure == nil } ? folds.map { $0.scores![scorer] } : folds.map { _ in Double.nan }
    }
  }
  let means = scores.map { $0.map(average) }
  let ranks = descendingRanks(means.map { $0[0] })
  let found = candidates.indices.map { number in
    SearchResults<Estimator, Model>.Candidate(
      parameters: candidates[number].parameters,
      estimator: candidates[number].estimator,
      testScores: scores[number],
      meanTestScores: means[number],
      testScoreDeviations: scores[number].map(spread),
      rank: ranks[number],
      meanFitSeconds: average(perCandidate[number].map(\.fitSeconds)),
      meanScoreSeconds: average(perCandidate[number].map(\.scoreSeconds)),
      failure: perCandidate[number].lazy.compactMap { $0.failure.map { "\($0)" } }.first
    )
  }
  let best = ranks.firstIndex(of: 1)!
  var model: Refitted<Model>?
  if let refit {
    // In a child task, as fits before it.
    model = try await inParallel(1, nJobs: 1, progress: nil) { _ in
      let (seconds, model) = try timed { try refit(found[best].estimator) }
      return Refitted(seconds: seconds, model: model)
    }[0]
  }
  return SearchResults(
    scorers: scorers,
    candidates: found,
    bestIndex: best,
    bestModel: model?.model,
    refitSeconds: model?.seconds
  )
}

/// What became of a combination on a division: its scores, or why there are none.
private struct Outcome: Sendable {
  var scores: [Double]?
  var fitSeconds = 0.0
  var scoreSeconds = 0.0
  var failure: (any Error)?
}

private struct Refitted<Model: Sendable>: Sendable {
  let seconds: Double
  let model: Model
}

/// The place of each score in their descending order, from 1: equal ones have the same, and NaN the last.
func descendingRanks(_ scores: [Double]) -> [Int] {
  scores.map { score in
    1 + scores.count { score.isNaN ? !$0.isNaN : $0 > score }
  }
}

func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// The standard deviation, of a whole population.
func spread(_ values: [Double]) -> Double {
  let mean = average(values)
  return average(values.map { ($0 - mean) * ($0 - mean) }).squareRoot()
}
