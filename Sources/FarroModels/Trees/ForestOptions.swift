import Farro

/// The parameters that forests have in common.
public struct ForestOptions: TreeParameters, Codable, Sendable, Equatable {
  /// How many trees.
  public var nEstimators: Int
  /// The most splits between the root and a leaf; when nil, any number.
  public var maxDepth: Int?
  /// A node of fewer rows is not split.
  public var minSamplesSplit: MinSamples
  /// How many rows each leaf has at least.
  public var minSamplesLeaf: MinSamples
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
    maxDepth: Int? = nil,
    minSamplesSplit: MinSamples = 2,
    minSamplesLeaf: MinSamples = 1,
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
    (self.nEstimators, self.maxDepth, self.seed) = (nEstimators, maxDepth, seed)
    (self.minSamplesSplit, self.minSamplesLeaf) = (minSamplesSplit, minSamplesLeaf)
    (self.minWeightFractionLeaf, self.maxFeatures) = (minWeightFractionLeaf, maxFeatures)
    (self.maxLeafNodes, self.minImpurityDecrease, self.ccpAlpha) = (maxLeafNodes, minImpurityDecrease, ccpAlpha)
    (self.bootstrap, self.oobScore, self.maxSamples) = (bootstrap, oobScore, maxSamples)
    self.categoricalFeatures = categoricalFeatures
  }
}

/// What estimators of forests have in common; what ``ForestOptions`` has are also properties of each.
@dynamicMemberLookup
public protocol ForestEstimator: Codable, Sendable, Equatable {
  /// With scikit-learn's defaults.
  init()
  /// How many trees there are, and how they grow.
  var options: ForestOptions { get set }
}

extension ForestEstimator {
  /// One of ``options``.
  public subscript<Value>(dynamicMember path: WritableKeyPath<ForestOptions, Value>) -> Value {
    get { options[keyPath: path] }
    set { options[keyPath: path] = newValue }
  }

  /// The columns that hold categories, as in ``ForestOptions``.
  public var categoricalFeatures: [Int] {
    get { options.categoricalFeatures }
    set { options.categoricalFeatures = newValue }
  }
}

/// ``RandomForestClassifier`` and ``ExtraTreesClassifier``.
public protocol ForestClassifierEstimator: ForestEstimator {
  /// How impure a node is.
  var criterion: ClassCriterion { get set }
  /// How much classes count, besides the weights of rows; when nil, alike.
  var classWeight: ClassWeight? { get set }
  /// Whether in each tree, of the rows that are drawn for it, each class counts as much as any other: scikit-learn's class
  /// weight `balanced_subsample`.
  var balancedSubsample: Bool { get set }
}

extension ForestClassifierEstimator {
  /// The names of scikit-learn's parameters; where `maxFeatures` or `bootstrap` are nil, they are the estimator's own.
  public init(
    nEstimators: Int = 100,
    criterion: ClassCriterion = .gini,
    maxDepth: Int? = nil,
    minSamplesSplit: MinSamples = 2,
    minSamplesLeaf: MinSamples = 1,
    minWeightFractionLeaf: Double = 0,
    maxFeatures: MaxFeatures? = nil,
    maxLeafNodes: Int? = nil,
    minImpurityDecrease: Double = 0,
    bootstrap: Bool? = nil,
    oobScore: Bool = false,
    classWeight: ClassWeight? = nil,
    balancedSubsample: Bool = false,
    ccpAlpha: Double = 0,
    categoricalFeatures: [Int] = [],
    maxSamples: MaxSamples? = nil,
    seed: UInt64 = 0
  ) {
    self.init()
    options = ForestOptions(
      nEstimators: nEstimators,
      maxDepth: maxDepth,
      minSamplesSplit: minSamplesSplit,
      minSamplesLeaf: minSamplesLeaf,
      minWeightFractionLeaf: minWeightFractionLeaf,
      maxFeatures: maxFeatures ?? options.maxFeatures,
      maxLeafNodes: maxLeafNodes,
      minImpurityDecrease: minImpurityDecrease,
      bootstrap: bootstrap ?? options.bootstrap,
      oobScore: oobScore,
      ccpAlpha: ccpAlpha,
      categoricalFeatures: categoricalFeatures,
      maxSamples: maxSamples,
      seed: seed
    )
    (self.criterion, self.classWeight, self.balancedSubsample) = (criterion, classWeight, balancedSubsample)
  }
}

/// ``RandomForestRegressor`` and ``ExtraTreesRegressor``.
public protocol ForestRegressorEstimator: ForestEstimator {
  /// How impure a node is.
  var criterion: RegressionCriterion { get set }
}

extension ForestRegressorEstimator {
  /// The names of scikit-learn's parameters; where `maxFeatures` or `bootstrap` are nil, they are the estimator's own.
  public init(
    nEstimators: Int = 100,
    criterion: RegressionCriterion = .squaredError,
    maxDepth: Int? = nil,
    minSamplesSplit: MinSamples = 2,
    minSamplesLeaf: MinSamples = 1,
    minWeightFractionLeaf: Double = 0,
    maxFeatures: MaxFeatures? = nil,
    maxLeafNodes: Int? = nil,
    minImpurityDecrease: Double = 0,
    bootstrap: Bool? = nil,
    oobScore: Bool = false,
    ccpAlpha: Double = 0,
    categoricalFeatures: [Int] = [],
    maxSamples: MaxSamples? = nil,
    seed: UInt64 = 0
  ) {
    self.init()
    options = ForestOptions(
      nEstimators: nEstimators,
      maxDepth: maxDepth,
      minSamplesSplit: minSamplesSplit,
      minSamplesLeaf: minSamplesLeaf,
      minWeightFractionLeaf: minWeightFractionLeaf,
      maxFeatures: maxFeatures ?? options.maxFeatures,
      maxLeafNodes: maxLeafNodes,
      minImpurityDecrease: minImpurityDecrease,
      bootstrap: bootstrap ?? options.bootstrap,
      oobScore: oobScore,
      ccpAlpha: ccpAlpha,
      categoricalFeatures: categoricalFeatures,
      maxSamples: maxSamples,
      seed: seed
    )
    self.criterion = criterion
  }
}
