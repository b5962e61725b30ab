import Farro

/// A number for how good a model of numbers is: the more, the better.
///
/// ```swift
/// let scores = try await crossValScore(LinearRegression(), x, y, scorer: .negMeanAbsoluteError)
/// ```
///
/// The names are those of scikit-learn; errors are negative.
public struct RegressionScorer: Sendable, Hashable, CustomStringConvertible {
  /// What it is called in results.
  public let name: String
  /// Gives the score: the more, the better.
  public let score: @Sendable (_ actual: Tensor<Double>, _ predicted: Tensor<Double>) throws -> Double

  /// - Parameters:
  ///   - name: What it is called in results.
  ///   - score: The more, the better.
  public init(
    _ name: String,
    _ score: @escaping @Sendable (_ actual: Tensor<Double>, _ predicted: Tensor<Double>) throws -> Double
  ) {
    (self.name, self.score) = (name, score)
  }

  /// Scorers of one name are taken for the same.
  public static func == (a: Self, b: Self) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
  public var description: String { name }
}

extension RegressionScorer {
  /// The part of the variance that is explained: 1 - MSE / variance.
  public static let r2 = RegressionScorer("r2") { try r2Score($0, predicted: $1) }
  /// The part of the variance that is explained but for a constant.
  public static let explainedVariance = RegressionScorer("explained_variance") {
    try FarroModels.explainedVariance($0, predicted: $1)
  }
  /// The negative of the mean squared error.
  public static let negMeanSquaredError = RegressionScorer("neg_mean_squared_error") {
    -(try meanSquaredError($0, predicted: $1))
  }
  /// The negative of its root.
  public static let negRootMeanSquaredError = RegressionScorer("neg_root_mean_squared_error") {
    -(try rootMeanSquaredError($0, predicted: $1))
  }
  /// The negative of the mean absolute error.
  public static let negMeanAbsoluteError = RegressionScorer("neg_mean_absolute_error") {
    -(try meanAbsoluteError($0, predicted: $1))
  }
  /// The negative of the median absolute error.
  public static let negMedianAbsoluteError = RegressionScorer("neg_median_absolute_error") {
    -(try medianAbsoluteError($0, predicted: $1))
  }
  /// The negative of the largest error.
  public static let negMaxError = RegressionScorer("neg_max_error") { -(try maxError($0, predicted: $1)) }

  /// All that have a name.
  public static let all: [RegressionScorer] = [
    r2, explainedVariance, negMeanSquaredError, negRootMeanSquaredError, negMeanAbsoluteError, negMedianAbsoluteError,
    negMaxError,
  ]

  /// The scorer of scikit-learn's name; nil when there is none.
  public init?(named name: String) {
    guard let scorer = Self.all.first(where: { $0.name == name }) else { return nil }
    self = scorer
  }
}
