import Farro
import FarroData

/// What a regressor of boosting makes small, with z the raw prediction.
public enum BoostingRegressionLoss: String, Codable, Sendable, CaseIterable {
  /// (y - z)² / 2; predictions are means.
  case squaredError = "squared_error"
  /// |y - z|; predictions are medians.
  case absoluteError = "absolute_error"
  /// z + y e^-z, for targets above 0; predictions are e^z.
  case gamma
  /// e^z - y z, for targets of at least 0; predictions are e^z.
  case poisson
  /// q (y - z) where y is above z, otherwise (1 - q) (z - y); predictions are the quantiles q.
  case quantile

  var core: BoostingLoss {
    switch self {
    case .squaredError: .squared
    case .absoluteError: .absolute
    case .gamma: .gamma
    case .poisson: .poisson
    case .quantile: .quantile
    }
  }
}

/// Tells numbers by many small trees, each of which corrects those before it.
///
/// ```swift
/// let model = try HistGradientBoostingRegressor<Double>(loss: .absoluteError).fit(x, prices)
/// let medians = try model.predict(others)
/// ```
///
/// How it works is said at ``HistGradientBoostingClassifier``. Names and defaults are those of scikit-learn's
/// `HistGradientBoostingRegressor`, without scores other than the loss.
public struct HistGradientBoostingRegressor<Scalar: KernelScalar>: RegressorEstimator, Equatable {
  /// What is made small.
  public var loss: BoostingRegressionLoss
  /// The quantile of the loss of this name, from 0 to 1, which no other loss has.
  public var quantile: Double?
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
  /// Of each column 1, if predictions must not fall where it grows, -1, if they must not rise, or 0; none when empty.
  public var monotonicConstraints: [Int]
  /// Sets of columns, of which only those that stand in one set may be asked for on the way to a leaf; columns in no set are one more.
  /// All may when empty.
  public var interactionConstraints: [[Int]]
  /// Whether it stops when scores do not improve.
  public var earlyStopping: BoostingEarlyStopping
  /// The part of the rows that is set aside for these scores; when nil, they are those of the rows that are learned from.
  public var validationFraction: Double?
  /// It stops when this many scores are no better than the one before them.
  public var nIterationsNoChange: Int
  /// By how much a score must be better to count.
  public var tolerance: Double
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    loss: BoostingRegressionLoss = .squaredError,
    quantile: Double? = nil,
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
    seed: UInt64 = 0
  ) {
    (self.loss, self.quantile, self.learningRate) = (loss, quantile, learningRate)
    (self.maxIterations, self.maxLeafNodes, self.maxDepth) = (maxIterations, maxLeafNodes, maxDepth)
    (self.minSamplesLeaf, self.l2Regularization, self.maxFeatures) = (minSamplesLeaf, l2Regularization, maxFeatures)
    (self.maxBins, self.categoricalFeatures) = (maxBins, categoricalFeatures)
    (self.monotonicConstraints, self.earlyStopping) = (monotonicConstraints, earlyStopping)
    (self.validationFraction, self.nIterationsNoChange) = (validationFraction, nIterationsNoChange)
    (self.interactionConstraints, self.tolerance, self.seed) = (interactionConstraints, tolerance, seed)
  }

  private func parameters(columns: Int) throws(ModelError) -> BoostingParameters {
    var options = BoostingOptions()
    (options.loss, options.learningRate, options.l2) = (loss.core, learningRate, l2Regularization)
    options.maxLeafNodes = try BoostingParameters.limit(maxLeafNodes, "maxLeafNodes", atLeast: 2)
    options.maxDepth = try BoostingParameters.limit(maxDepth, "maxDepth", atLeast: 1)
    (options.minSamplesLeaf, options.maxFeatures, options.seed) = (minSamplesLeaf, maxFeatures, seed)
    if loss == .quantile {
      guard let quantile, 0...1 ~= quantile else {
        throw .parameter(name: "quantile", reason: "the loss of quantiles needs one from 0 to 1")
      }
      options.quantile = quantile
    }
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

  /// A model of rows and their numbers.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d); NaN is a missing value.
  ///   - y: Shape (n).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for data or parameters that no model can come of, and when steps become so large that the loss has no
  ///   number; `CancellationError` when the task is cancelled.
  /// - Complexity: O(n d log(n)) for bins; O(n d) for each level of a tree, and O(d ``maxBins``) for each node.
  public func fit(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>?
  ) throws -> HistGradientBoostingRegressorModel<Scalar> {
    try fit(x, y, weights: weights, existing: nil)
  }

  /// A model with the trees of another one and further ones, until there are ``maxIterations`` in all. Of the same rows, and with the
  /// same parameters, it is the model that this many iterations make at once.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d), of as many columns as the model knows, with no further categories.
  ///   - y: Shape (n).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  ///   - model: What is continued.
  /// - Throws: As ``fit(_:_:weights:)``, and for a model of another loss, or other columns or categories.
  public func fit(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>? = nil,
    from model: HistGradientBoostingRegressorModel<Scalar>
  ) throws -> HistGradientBoostingRegressorModel<Scalar> {
    try fit(x, y, weights: weights, existing: model)
  }

  private func fit(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>?,
    existing: HistGradientBoostingRegressorModel<Scalar>?
  ) throws -> HistGradientBoostingRegressorModel<Scalar> {
    try checkBoostingRows(x, weights)
    guard y.shape == [x.rowCount] else { throw ModelError.labels(y.count, rows: x.rowCount) }
    let parameters = try parameters(columns: x.columnCount)
    try parameters.check(trees: 1)
    let target = y as? Tensor<Double> ?? Tensor<Double>(casting: y)
    if let row = target.scalars.firstIndex(where: { !$0.isFinite }) {
      throw ModelError.target(row: row, output: 0)
    }
    switch loss {
    case .gamma where target.min() <= 0:
      throw ModelError.parameter(name: "y", reason: "the gamma loss needs numbers above 0, not \(target.min())")
    case .poisson where target.min() < 0 || target.max() == 0:
      throw ModelError.parameter(name: "y", reason: "the Poisson loss needs numbers of at least 0, and not 0 alone")
    default: break
    }
    return HistGradientBoostingRegressorModel(
      boosted: try BoostedModel(
        x,
        target,
        weights,
        trees: 1,
        stratified: false,
        parameters,
        from: existing?.boosted
      )
    )
  }
}

/// What ``HistGradientBoostingRegressor`` has learned.
public struct HistGradientBoostingRegressorModel<Scalar: KernelScalar>: Regressor, Equatable {
  let boosted: BoostedModel<Scalar>

  /// How many iterations there are.
  public var nIterations: Int { boosted.trees.iterations }
  /// The negative mean loss of the rows that were learned from, before the first iteration and after each; empty without early stopping.
  public var trainScore: [Double] { boosted.trainScore }
  /// The same of the rows that were set aside; empty without them.
  public var validationScore: [Double] { boosted.validationScore }
  /// By how much the splits of each column lessened the loss, as a part of all. (scikit-learn's model has no importances.)
  public var featureImportances: [Double] { boosted.featureImportances }

  /// The number of each row. Shape (n).
  ///
  /// - Complexity: O(n trees depth).
  public func predict(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> { predictions(try boosted.raw(x)) }

  /// The numbers of rows after each iteration.
  ///
  /// - Complexity: As ``predict(_:)``, and O(n `nIterations`).
  public func stagedPredictions(_ x: Tensor<Scalar>) throws -> [Tensor<Scalar>] {
    try boosted.staged(x) { predictions($0) }
  }

  private func predictions(_ raw: Tensor<Double>) -> Tensor<Scalar> {
    let hasLog = boosted.loss == .poisson || boosted.loss == .gamma
    return (hasLog ? exp(raw[row: 0]) : raw[row: 0]).converted()
  }
}

extension HistGradientBoostingRegressorModel: StorableModel {
  public static var fileKind: String { "histogram boosting regressor of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard boosted.loss != .binomial, boosted.loss != .multinomial else { return "the loss is of classes" }
    return boosted.flaw(trees: 1)
  }
}
