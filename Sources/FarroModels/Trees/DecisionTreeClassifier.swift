import Farro

/// A tree of yes-or-no questions, each about one column, whose leaves tell how probable the classes are.
///
/// ```swift
/// let tree = try DecisionTreeClassifier(maxDepth: 3).fit(x, species)
/// print(tree.rules(featureNames: names))
/// let answers = try tree.predict(others)
/// ```
///
/// Splits are exact: each threshold between two values is tried, and it lies halfway between them. Names and defaults are
/// those of scikit-learn's `DecisionTreeClassifier`, and so are the trees, but for the choice between splits that are equally
/// good: here the first column's first one counts, so that nothing is random as long as all columns are tried. Thresholds of
/// `Double` are those of `Double`, where scikit-learn rounds data to `Float`. Values that differ by no more than rounding, a part
/// of 2⁻²² (`Float`) or 2⁻⁵¹ (`Double`), count as equal.
/// NaN is a missing value: each split is tried with missing values on either side, and between them and all others.
///
/// Columns of ``categoricalFeatures`` are split into two sets of categories. Of two classes, the best of all such splits is found (L.
/// Breiman et al., "Classification and regression trees", 1984, theorem 4.5) where leaves may have a single row; otherwise, and
/// of more classes, the best of those that order the categories by the part of one class. A category that a node has not seen
/// is treated as a missing value.
public struct DecisionTreeClassifier<Scalar: KernelScalar>: ClassifierEstimator, TreeParameters, Equatable {
  /// How impure a node is.
  public var criterion: ClassCriterion
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
  /// How much classes count, besides the weights of rows; when nil, alike.
  public var classWeight: ClassWeight?
  /// Splits that decrease impurity, for each leaf that they make, by no more are undone.
  public var ccpAlpha: Double
  /// The columns that hold categories: whole numbers from 0 to 32767. (An addition to scikit-learn's parameters.)
  public var categoricalFeatures: [Int]
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    criterion: ClassCriterion = .gini,
    splitter: TreeSplitter = .best,
    maxDepth: Int? = nil,
    minSamplesSplit: MinSamples = 2,
    minSamplesLeaf: MinSamples = 1,
    minWeightFractionLeaf: Double = 0,
    maxFeatures: MaxFeatures = .all,
    maxLeafNodes: Int? = nil,
    minImpurityDecrease: Double = 0,
    classWeight: ClassWeight? = nil,
    ccpAlpha: Double = 0,
    categoricalFeatures: [Int] = [],
    seed: UInt64 = 0
  ) {
    (self.criterion, self.splitter, self.maxDepth) = (criterion, splitter, maxDepth)
    (self.minSamplesSplit, self.minSamplesLeaf) = (minSamplesSplit, minSamplesLeaf)
    (self.minWeightFractionLeaf, self.maxFeatures) = (minWeightFractionLeaf, maxFeatures)
    (self.maxLeafNodes, self.minImpurityDecrease) = (maxLeafNodes, minImpurityDecrease)
    (self.ccpAlpha, self.categoricalFeatures, self.seed) = (ccpAlpha, categoricalFeatures, seed)
    self.classWeight = classWeight
  }

  /// - Complexity: O(n d depth).
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>? = nil
  ) throws -> DecisionTreeClassifierModel<Scalar> {
    let grown = try grow(x, classes, classCount, weights)
    return DecisionTreeClassifierModel(
      tree: TreeNodes(ccpAlpha > 0 ? grown.keeping(grown.pruning(alpha: ccpAlpha).keep) : grown),
      columnCount: x.columnCount,
      classCount: classCount,
      sawMissing: x.hasMissing
    )
  }

  /// What pruning makes of the tree for each ``ccpAlpha``: as scikit-learn's `cost_complexity_pruning_path`.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``.
  /// - Complexity: As fitting.
  public func costComplexityPruningPath<Label: Hashable & Codable & Sendable>(
    _ x: Tensor<Scalar>,
    _ y: [Label],
    weights: Tensor<Double>? = nil
  ) throws -> PruningPath {
    let classes = try Classes(of: y)
    return PruningPath(try grow(x, classes.codes[0], classes.count, weights))
  }

  private func grow(
    _ x: Tensor<Scalar>,
    _ classes: [Int32],
    _ classCount: Int,
    _ weights: Tensor<Double>?
  ) throws -> TreeArrays {
    let table = try table(x, randomThresholds: splitter == .random)
    let growth = try growth(rows: x.rowCount, columns: x.columnCount)
    let targets = try treeTargets(classes, classCount: classCount, rows: x.rowCount, criterion)
    let weights = try treeWeights(weights, classWeight, classes, classCount: classCount)
    return try table.grow(0..<1, targets, weights: weights, growth)
  }
}
