import Farro

/// Many trees whose thresholds are drawn at random, and whose mean numbers count.
///
/// ```swift
/// let forest = try ExtraTreesRegressor().fit(x, y)
/// ```
///
/// Each node tries ``ForestOptions/maxFeatures`` columns, of each one threshold between its least and greatest value there, and of a column of categories
/// one random set. Names and defaults are those of scikit-learn's `ExtraTreesRegressor`. Trees grow on all threads, and do not
/// depend on their number.
///
/// Source: P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.
public struct ExtraTreesRegressor<Scalar: KernelScalar>: RegressorEstimator, ForestRegressorEstimator {
  public var criterion = RegressionCriterion.squaredError
  public var options = ForestOptions()

  public init() {}

  /// - Complexity: O(`nEstimators` n `maxFeatures` depth).
  public func fit(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> ForestRegressorModel<Scalar> {
    let targets = try treeTargets(y, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    let grown = try options.grow(x, targets, weights, balanced: false, randomThresholds: true)
    return ForestRegressorModel(grown, x, y)
  }
}
