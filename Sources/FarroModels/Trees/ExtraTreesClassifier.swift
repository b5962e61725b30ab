import Farro

/// Many trees whose thresholds are drawn at random, and whose mean probabilities count.
///
/// ```swift
/// let forest = try ExtraTreesClassifier().fit(x, species)
/// ```
///
/// Each node tries ``maxFeatures`` columns, of each one threshold between its least and greatest value there, and of a column of categories
/// one random set. Names and defaults are those of scikit-learn's `ExtraTreesClassifier`. Trees grow on all threads, and do not
/// depend on their number.
///
/// Source: P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.
public struct ExtraTreesClassifier<Scalar: KernelScalar>: ClassifierEstimator, ForestParameters, Equatable {
  /// How many trees.
  public var nEstimators: Int
  /// How impure a node is.
  public var criterion: ClassCriterion
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
  /// How much classes count, besides the weights of rows; when nil, alike.
  public var classWeight: ClassWeight?
  /// Whether in each tree, of the rows that are drawn for it, each class counts as much as any other: scikit-learn's class
  /// weight `balanced_subsample`.
  public var balancedSubsample: Bool
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
    criterion: ClassCriterion = .gini,
    maxDepth: Int? = nil,
    minSamplesSplit: Int = 2,
    minSamplesLeaf: Int = 1,
    minWeightFractionLeaf: Double = 0,
    maxFeatures: MaxFeatures = .sqrt,
    maxLeafNodes: Int? = nil,
    minImpurityDecrease: Double = 0,
    bootstrap: Bool = false,
    oobScore: Bool = false,
    classWeight: ClassWeight? = nil,
    balancedSubsample: Bool = false,
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
    (self.classWeight, self.balancedSubsample) = (classWeight, balancedSubsample)
  }

  /// - Complexity: O(`nEstimators` n `maxFeatures` depth).
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>? = nil
  ) throws -> ForestClassifierModel<Scalar> {
    let targets = try treeTargets(classes, classCount: classCount, rows: x.rowCount, criterion)
    let weights = try treeWeights(weights, classWeight, classes, classCount: classCount)
    let grown = try grow(
      x,
      targets,
      weights,
      balanced: balancedSubsample,
      randomThresholds: true
    )
    return ForestClassifierModel(grown, x, classes, classCount)
  }
}
