import Farro

/// Many trees whose thresholds are drawn at random, and whose mean numbers count.
///
/// ```swift
/// let forest = try ExtraTreesRegressor().fit(x, y)
/// ```
///
/// Each node tries ``maxFeatures`` columns, of each one threshold between its least and greatest value there, and of a column of categories
/// one random set. Names and defaults are those of scikit-learn's `ExtraTreesRegressor`. Trees grow on all threads, and do not
/// depend on their number.
///
/// Source: P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.
public struct ExtraTreesRegressor<Scalar: KernelScalar>: RegressorEstimator, ForestParameters, Equatable {
  /// How many trees.
  public var nEstimators: Int
  /// How impure a node is.
  public var criterion: RegressionCriterion
  /// The most splits between the root and a leaf; when nil, any number.
  public var maxDepth: Int?
  /// A node of fewer rows is not split.
  public var minSamplesSplit: Int
  /// How many rows each leaf has at least.
  public var minSamplesLeaf: Int
  /// The part of all weight that each leaf has at least, up to 0.5.
  public var minWeightFractionLeaf: Double
  /// How many columns each node tries, drawn at random; if all of them are constant there, more, until one is not.
  public var maxFeatures: MaxFeatures
  /// The most leaves; when nil, any number. With a limit, nodes are split in the order of what that gains.
  public var maxLeafNodes: Int?
  /// A node is not split where that decreases the impurity, times the node's part of all weight, by less.
  public var minImpurityDecrease: Double
  /// Whether each tree is grown from rows that are drawn with replacement; otherwise from all rows.
  public var bootstrap: Bool
  /// Whether each row is predicted by the trees that were not grown from it; needs ``bootstrap``.
  public var oobScore: Bool
  /// Splits that decrease impurity, for each leaf that they make, by no more are undone.
  public var ccpAlpha: Double
  /// The columns that hold categories: whole numbers from 0 to 32767. (An addition to scikit-learn's parameters.)
  public var categoricalFeatures: [Int]
  /// How many rows are drawn for each tree; when nil, as many as there are. Needs ``bootstrap``.
  public var maxSamples: MaxSamples?
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    nEstimators: Int = 100,
    criterion: RegressionCriterion = .squaredError,
    maxDepth: Int? = nil,
    minSamplesSplit: Int = 2,
    minSamplesLeaf: Int = 1,
    minWeightFractionLeaf: Double = 0,
    maxFeatures: MaxFeatures = .all,
    maxLeafNodes: Int? = nil,
    minImpurityDecrease: Double = 0,
    bootstrap: Bool = false,
    oobScore: Bool = false,
    ccpAlpha: Double = 0,
    categoricalFeatures: [Int] = [],
    maxSamples: MaxSamples? = nil,
    seed: UInt64 = 0
  ) {
    (self.nEstimators, self.criterion, self.maxDepth) = (nEstimators, criterion, maxDepth)
    (self.minSamplesSplit, self.minSamplesLeaf) = (minSamplesSplit, minSamplesLeaf)
    (self.minWeightFractionLeaf, self.maxFeatures) = (minWeightFractionLeaf, maxFeatures)
    (self.maxLeafNodes, self.minImpurityDecrease) = (maxLeafNodes, minImpurityDecrease)
    (self.bootstrap, self.oobScore, self.maxSamples) = (bootstrap, oobScore, maxSamples)
    (self.ccpAlpha, self.categoricalFeatures, self.seed) = (ccpAlpha, categoricalFeatures, seed)
  }

  /// - Complexity: O(`nEstimators` n `maxFeatures` depth).
  public func fit(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> ForestRegressorModel<Scalar> {
    let targets = try treeTargets(y, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    let grown = try grow(x, targets, weights, balanced: false, randomThresholds: true)
    return ForestRegressorModel(grown, x, y)
  }
}
