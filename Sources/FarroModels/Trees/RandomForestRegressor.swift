import Farro

/// Many trees, each grown from rows that are drawn at random, whose mean numbers count.
///
/// ```swift
/// let forest = try RandomForestRegressor(minSamplesLeaf: 3).fit(x, y)
/// print(forest.featureImportances)
/// ```
///
/// Each node tries ``ForestOptions/maxFeatures`` columns. How trees are grown is said at ``DecisionTreeRegressor``; names and defaults are
/// those of scikit-learn's `RandomForestRegressor`. A row that is drawn k times has k times its weight. Trees grow on all threads, and do not depend
/// on their number.
///
/// Source: L. Breiman, "Random forests", Machine Learning 45, 2001.
public struct RandomForestRegressor<Scalar: KernelScalar>: RegressorEstimator, ForestRegressorEstimator {
  public var criterion = RegressionCriterion.squaredError
  public var options = ForestOptions(bootstrap: true)

  public init() {}

  /// - Complexity: O(`nEstimators` n `maxFeatures` depth).
  public func fit(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> ForestRegressorModel<Scalar> {
    let targets = try treeTargets(y, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    let grown = try options.grow(x, targets, weights, balanced: false, randomThresholds: false)
    return ForestRegressorModel(grown, x, y)
  }
}
