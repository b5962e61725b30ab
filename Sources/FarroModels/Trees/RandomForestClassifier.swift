import Farro

/// Many trees, each grown from rows that are drawn at random, whose mean probabilities count.
///
/// ```swift
/// let forest = try RandomForestClassifier(oobScore: true).fit(x, species)
/// print(forest.outOfBagScore!)
/// ```
///
/// Each node tries ``ForestOptions/maxFeatures`` columns. How trees are grown is said at ``DecisionTreeClassifier``; names and defaults are
/// those of scikit-learn's `RandomForestClassifier`. A row that is drawn k times has k times its weight. Trees grow on all threads, and do not depend
/// on their number.
///
/// Source: L. Breiman, "Random forests", Machine Learning 45, 2001.
public struct RandomForestClassifier<Scalar: KernelScalar>: ClassifierEstimator, ForestClassifierEstimator {
  public var criterion = ClassCriterion.gini
  public var classWeight: ClassWeight?
  public var balancedSubsample = false
  public var options = ForestOptions(maxFeatures: .sqrt, bootstrap: true)

  public init() {}

  /// - Complexity: O(`nEstimators` n `maxFeatures` depth).
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>? = nil
  ) throws -> ForestClassifierModel<Scalar> {
    let targets = try treeTargets(classes, classCount: classCount, rows: x.rowCount, criterion)
    let weights = try treeWeights(weights, classWeight, classes, classCount: classCount)
    let grown = try options.grow(x, targets, weights, balanced: balancedSubsample, randomThresholds: false)
    return ForestClassifierModel(grown, x, classes, classCount)
  }
}
