import Farro

/// Many trees whose thresholds are drawn at random, and whose mean probabilities count.
///
/// ```swift
/// let forest = try ExtraTreesClassifier().fit(x, species)
/// ```
///
/// Each node tries ``ForestOptions/maxFeatures`` columns, of each one threshold between its least and greatest value there, and of a column of categories
/// one random set. Names and defaults are those of scikit-learn's `ExtraTreesClassifier`. Trees grow on all threads, and do not
/// depend on their number.
///
/// Source: P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.
public struct ExtraTreesClassifier<Scalar: KernelScalar>: ClassifierEstimator, ForestClassifierEstimator {
  public var criterion = ClassCriterion.gini
  public var classWeight: ClassWeight?
  public var balancedSubsample = false
  public var options = ForestOptions(maxFeatures: .sqrt)

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
    let grown = try options.grow(x, targets, weights, balanced: balancedSubsample, randomThresholds: true)
    return ForestClassifierModel(grown, x, classes, classCount)
  }
}
