import Farro
import FarroData

/// Tells classes apart by many small trees, each of which corrects those before it.
///
/// ```swift
/// let model = try HistGradientBoostingClassifier<Double>(maxIterations: 50).fit(x, species)
/// let answers = try model.predict(others)
/// let probabilities = try model.predictProbabilities(others)
/// ```
///
/// With z the raw prediction of a row, the loss is log(1 + e^z) - y z for two classes, and for more log(Σ e^z_k) - z_y, with a tree for
/// each class in every iteration. Trees are grown from the first and second derivatives of the loss, a leaf at a time, and the
/// leaf first whose split lessens the loss most. Columns are cut into at most ``maxBins`` bins, at quantiles, and a split is a border
/// between two of them. NaN is a missing value: at each split, missing ones go to the side where they lessen the loss more, or, where
/// none was missing, to the side with more rows.
///
/// Names and defaults are those of scikit-learn's `HistGradientBoostingClassifier`, without scores other than the loss. What
/// `warm_start` does there, ``fit(_:_:weights:from:)`` does here. Columns of categories are told by number; scikit-learn can take
/// them from a data frame. The same seed gives the same model for any number of threads.
///
/// Sources: J. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", 2001; G. Ke et al., "LightGBM: A Highly Efficient
/// Gradient Boosting Decision Tree", 2017.
public struct HistGradientBoostingClassifier<Scalar: KernelScalar>: ClassifierEstimator, Equatable {
  /// What each tree's leaves are multiplied by.
  public var learningRate: Double
  /// The most iterations.
  public var maxIterations: Int
  /// The most leaves of a tree; no limit when nil.
  public var maxLeafNodes: Int?
  /// The most splits from the root to a leaf; no limit when nil.
  public var maxDepth: Int?
  /// The least rows of a leaf.
  public var minSamplesLeaf: Int
  /// Added to the sum of second derivatives of a leaf, so that small ones say less.
  public var l2Regularization: Double
  /// The part of the columns that each split considers, drawn at random.
  public var maxFeatures: Double
  /// The most bins of a column, besides one for missing values: 2 to 255.
  public var maxBins: Int
  /// Columns whose numbers stand for categories, of which each has at most ``maxBins``. Categories that were not learned from are as
  /// missing ones.
  public var categoricalFeatures: [Int]
  /// Of each column 1, if the probability of the second class must not fall where it grows, -1, if it must not rise, or 0; none when
  /// empty. For two classes only.
  public var monotonicConstraints: [Int]
  /// Sets of columns, of which only those that stand in one set may be asked for on the way to a leaf; columns in no set are one more.
  /// All may when empty.
  public var interactionConstraints: [[Int]]
  /// Whether it stops when scores do not improve.
  public var earlyStopping: BoostingEarlyStopping
  /// The part of the rows that is set aside for these scores, of each class as much; when nil, they are those of the rows that are learned
  /// from.
  public var validationFraction: Double?
  /// It stops when this many scores are no better than the one before them.
  public var nIterationsNoChange: Int
  /// By how much a score must be better to count.
  public var tolerance: Double
  /// How much classes count, besides the weights of rows; the same when nil.
  public var classWeight: ClassWeight?
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    learningRate: Double = 0.1,
    maxIterations: Int = 100,
    maxLeafNodes: Int? = 31,
    maxDepth: Int? = nil,
    minSamplesLeaf: Int = 20,
    l2Regularization: Double = 0,
    maxFeatures: Double = 1,
    maxBins: Int = 255,
    categoricalFeatures: [Int] = [],
    monotonicConstraints: [Int] = [],
    interactionConstraints: [[Int]] = [],
    earlyStopping: BoostingEarlyStopping = .automatic,
    validationFraction: Double? = 0.1,
    nIterationsNoChange: Int = 10,
    tolerance: Double = 1e-7,
    classWeight: ClassWeight? = nil,
    seed: UInt64 = 0
  ) {
    (self.learningRate, self.maxIterations, self.maxLeafNodes) = (learningRate, maxIterations, maxLeafNodes)
    (self.maxDepth, self.minSamplesLeaf, self.l2Regularization) = (maxDepth, minSamplesLeaf, l2Regularization)
    (self.maxFeatures, self.maxBins, self.categoricalFeatures) = (maxFeatures, maxBins, categoricalFeatures)
    (self.monotonicConstraints, self.earlyStopping) = (monotonicConstraints, earlyStopping)
    (self.validationFraction, self.nIterationsNoChange) = (validationFraction, nIterationsNoChange)
    (self.interactionConstraints, self.tolerance) = (interactionConstraints, tolerance)
    (self.classWeight, self.seed) = (classWeight, seed)
  }

  private func parameters(_ loss: BoostingLoss, columns: Int) throws(ModelError) -> BoostingParameters {
    var options = BoostingOptions()
    (options.loss, options.learningRate, options.l2) = (loss, learningRate, l2Regularization)
    options.maxLeafNodes = try BoostingParameters.limit(maxLeafNodes, "maxLeafNodes", atLeast: 2)
    options.maxDepth = try BoostingParameters.limit(maxDepth, "maxDepth", atLeast: 1)
    (options.minSamplesLeaf, options.maxFeatures, options.seed) = (minSamplesLeaf, maxFeatures, seed)
    return BoostingParameters(
      options: options,
      maxIterations: maxIterations,
      maxBins: maxBins,
      columns: columns,
      categoricalFeatures: categoricalFeatures,
      monotonicConstraints: monotonicConstraints,
      interactionConstraints: interactionConstraints,
      earlyStopping: earlyStopping,
      validationFraction: validationFraction,
      nIterationsNoChange: nIterationsNoChange,
      tolerance: tolerance
    )
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d); NaN is a missing value.
  ///   - classes: The class of each row, from 0 to below `classCount`.
  ///   - classCount: At least 2.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for data or parameters that no model can come of; `CancellationError` when the task is cancelled.
  /// - Complexity: O(n d log(n)) for bins; O(n d) for each level of a tree, and O(d ``maxBins``) for each node.
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> HistGradientBoostingClassifierModel<Scalar> {
    try fit(x, classes: classes, classCount: classCount, weights: weights, from: nil)
  }

  /// A model with the trees of another one and further ones, until there are ``maxIterations`` in all. Of the same rows, and with the
  /// same parameters, it is the model that this many iterations make at once.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d), of as many columns as the model knows, with no further categories.
  ///   - y: n labels, of the model's classes.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  ///   - model: What is continued.
  /// - Throws: As ``ClassifierEstimator/fit(_:_:weights:)``, and for a model of other columns or categories;
  ///   ``MetricError/unknownLabel(_:row:)`` for a label that it lacks.
  public func fit<Label>(
    _ x: Tensor<Scalar>,
    _ y: [Label],
    weights: Tensor<Double>? = nil,
    from model: Classifier<HistGradientBoostingClassifierModel<Scalar>, Label>
  ) throws -> Classifier<HistGradientBoostingClassifierModel<Scalar>, Label> {
    let classes = try Classes(of: y, order: model.classes).codes[0]
    return Classifier(
      classes: model.classes,
      model: try fit(x, classes: classes, classCount: model.classCount, weights: weights, from: model.model)
    )
  }

  private func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?,
    from model: HistGradientBoostingClassifierModel<Scalar>?
  ) throws -> HistGradientBoostingClassifierModel<Scalar> {
    try checkBoostingRows(x, weights)
    guard classes.count == x.rowCount else { throw ModelError.labels(classes.count, rows: x.rowCount) }
    guard classCount >= 2 else { throw ModelError.classes(classCount, needed: 2) }
    let weights = try classWeight.map { try $0.applied(to: weights, classes, classCount: classCount) } ?? weights
    try checkWeights(weights, rows: x.rowCount)
    let trees = classCount == 2 ? 1 : classCount
    let parameters = try parameters(trees == 1 ? .binomial : .multinomial, columns: x.columnCount)
    try parameters.check(trees: trees)
    let y = Tensor<Double>(classes.map { Double($0) })
    return HistGradientBoostingClassifierModel(
      classCount: classCount,
      boosted: try BoostedModel(
        x,
        y,
        weights,
        trees: trees,
        stratified: true,
        parameters,
        from: model?.boosted
      )
    )
  }
}

/// What ``HistGradientBoostingClassifier`` has learned.
public struct HistGradientBoostingClassifierModel<Scalar: KernelScalar>: ProbabilisticClassModel, DecisionModel,
  Equatable
{
  public let classCount: Int
  let boosted: BoostedModel<Scalar>

  /// How many iterations there are.
  public var nIterations: Int { boosted.trees.iterations }
  /// The negative mean loss of the rows that were learned from, before the first iteration and after each; empty without early stopping.
  public var trainScore: [Double] { boosted.trainScore }
  /// The same of the rows that were set aside; empty without them.
  public var validationScore: [Double] { boosted.validationScore }
  /// By how much the splits of each column lessened the loss, as a part of all. (scikit-learn's model has no importances.)
  public var featureImportances: [Double] { boosted.featureImportances }

  /// The number of the most probable class of each row, the first of equally probable ones.
  ///
  /// - Complexity: O(n trees depth).
  public func predictClasses(_ x: Tensor<Scalar>) throws -> [Int32] { classes(try boosted.raw(x)) }

  /// The probability of each class for each row. Shape (n, ``classCount``).
  ///
  /// - Complexity: O(n trees depth).
  public func predictProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    probabilities(try boosted.raw(x)).converted()
  }

  /// The raw predictions of classes, whose softmax, or of two classes whose sigmoid, the probabilities are.
  ///
  /// - Complexity: O(n trees depth).
  public func decisionFunction(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let raw = try boosted.raw(x)
    return (classCount == 2 ? raw[row: 0] : raw.transposed()).converted()
  }

  /// The probabilities of classes after each iteration.
  ///
  /// - Complexity: As ``predictProbabilities(_:)``, and O(n `nIterations`).
  public func stagedProbabilities(_ x: Tensor<Scalar>) throws -> [Tensor<Scalar>] {
    try boosted.staged(x) { probabilities($0).converted() }
  }

  /// The numbers of classes after each iteration.
  ///
  /// - Complexity: As ``predictClasses(_:)``, and O(n `nIterations`).
  public func stagedClasses(_ x: Tensor<Scalar>) throws -> [[Int32]] { try boosted.staged(x) { classes($0) } }

  private func probabilities(_ raw: Tensor<Double>) -> Tensor<Double> {
    classCount == 2 ? stack([sigmoid(-raw[row: 0]), sigmoid(raw[row: 0])], axis: 1) : softmax(raw.transposed())
  }

  private func classes(_ raw: Tensor<Double>) -> [Int32] {
    guard raw.shape[1] > 0 else { return [] }
    if classCount == 2 { return raw.scalars.map { $0 > 0 ? 1 : 0 } }
    return raw.argmax(axis: 0).scalars.map { Int32($0) }
  }
}

extension Classifier {
  /// The labels of rows after each iteration of boosting.
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  public func stagedPredictions<Scalar>(_ x: Tensor<Scalar>) throws -> [[Label]]
  where Model == HistGradientBoostingClassifierModel<Scalar> {
    try model.stagedClasses(x).map { numbers in numbers.map { classes[Int($0)] } }
  }
}

extension HistGradientBoostingClassifierModel: StorableModel {
  public static var fileKind: String { "histogram boosting classifier of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2 else { return "there are no two classes" }
    guard boosted.loss == (classCount == 2 ? .binomial : .multinomial) else { return "the loss is of no classes" }
    return boosted.flaw(trees: classCount == 2 ? 1 : classCount)
  }
}

/// - Throws: for what are no rows, or no weights of them. NaN and infinities may be in rows.
func checkBoostingRows<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ weights: Tensor<Double>?) throws(ModelError) {
  guard x.rank == 2 else { throw .notRows(shape: x.shape) }
  guard x.rowCount > 0 else { throw .rows(0, needed: 1) }
  guard x.columnCount > 0 else { throw .columns(0, expected: 1) }
  try checkWeights(weights, rows: x.rowCount)
}
