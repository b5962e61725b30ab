import Farro

/// A tree of yes-or-no questions, each about one column, whose leaves tell a number.
///
/// ```swift
/// let tree = try DecisionTreeRegressor(maxDepth: 4).fit(x, y)
/// let numbers = try tree.predict(others)
/// ```
///
/// How it is grown is said at ``DecisionTreeClassifier``; names and defaults are those of scikit-learn's
/// `DecisionTreeRegressor`. Of several outputs, shape (n, outputs), a split serves all at once: the mean of their variances counts. The best split
/// of categories is found for one output (W. Fisher, "On grouping for maximum homogeneity", JASA 53, 1958) where leaves may have a single
/// row; otherwise, and of more outputs, the best of those that order them by one output's mean.
public struct DecisionTreeRegressor<Scalar: KernelScalar>: RegressorEstimator, TreeParameters, Equatable {
  /// How impure a node is.
  public var criterion: RegressionCriterion
  /// Where a node is split.
  public var splitter: TreeSplitter
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
  /// Splits that decrease impurity, for each leaf that they make, by no more are undone.
  public var ccpAlpha: Double
  /// The columns that hold categories: whole numbers from 0 to 32767. (An addition to scikit-learn's parameters.)
  public var categoricalFeatures: [Int]
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    criterion: RegressionCriterion = .squaredError,
    splitter: TreeSplitter = .best,
    maxDepth: Int? = nil,
    minSamplesSplit: MinSamples = 2,
    minSamplesLeaf: MinSamples = 1,
    minWeightFractionLeaf: Double = 0,
    maxFeatures: MaxFeatures = .all,
    maxLeafNodes: Int? = nil,
    minImpurityDecrease: Double = 0,
    ccpAlpha: Double = 0,
    categoricalFeatures: [Int] = [],
    seed: UInt64 = 0
  ) {
    (self.criterion, self.splitter, self.maxDepth) = (criterion, splitter, maxDepth)
    (self.minSamplesSplit, self.minSamplesLeaf) = (minSamplesSplit, minSamplesLeaf)
    (self.minWeightFractionLeaf, self.maxFeatures) = (minWeightFractionLeaf, maxFeatures)
    (self.maxLeafNodes, self.minImpurityDecrease) = (maxLeafNodes, minImpurityDecrease)
    (self.ccpAlpha, self.categoricalFeatures, self.seed) = (ccpAlpha, categoricalFeatures, seed)
  }

  /// - Complexity: O(n d depth).
  public func fit(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> DecisionTreeRegressorModel<Scalar> {
    let grown = try grow(x, y, weights)
    return DecisionTreeRegressorModel(
      tree: TreeNodes(ccpAlpha > 0 ? grown.keeping(grown.pruning(alpha: ccpAlpha).keep) : grown),
      columnCount: x.columnCount,
      outputCount: y.rank == 1 ? nil : y.shape[1],
      sawMissing: x.hasMissing
    )
  }

  /// What pruning makes of the tree for each ``ccpAlpha``: as scikit-learn's `cost_complexity_pruning_path`.
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``.
  /// - Complexity: As fitting.
  public func costComplexityPruningPath(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> PruningPath {
    PruningPath(try grow(x, y, weights))
  }

  private func grow(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ weights: Tensor<Double>?) throws -> TreeArrays {
    let table = try table(x, randomThresholds: splitter == .random)
    let growth = try growth(rows: x.rowCount, columns: x.columnCount)
    let targets = try treeTargets(y, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    return try table.grow(0..<1, targets, weights: weights, growth)
  }
}
