import Farro
import FarroData

/// Predicts the most frequent class, whatever the row: what any model must do better than.
///
/// Probabilities are the parts of the rows that classes have. scikit-learn's `DummyClassifier` with its default strategy.
public struct DummyClassifier<Input: NumericRows>: ClassifierEstimator, Hashable {
  public init() {}

  /// - Throws: ``ModelError`` for no rows, and for weights that do not fit.
  /// - Complexity: O(rows).
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> DummyClassModel<Input> {
    guard x.rowCount > 0, classCount > 0 else { throw ModelError.rows(x.rowCount, needed: 1) }
    try checkWeights(weights, rows: x.rowCount)
    var sums = [Double](repeating: 0, count: classCount)
    for (row, code) in classes.enumerated() { sums[Int(code)] += weights?[row] ?? 1 }
    let total = sums.reduce(0, +)
    return DummyClassModel(priors: sums.map { $0 / total })
  }
}

/// What ``DummyClassifier`` has learned.
public struct DummyClassModel<Input: NumericRows>: ProbabilisticClassModel, StorableModel, Equatable {
  public typealias Scalar = Input.Scalar

  /// The part of the rows that each class has.
  public let priors: [Double]

  public var classCount: Int { priors.count }

  public func predictClasses(_ x: Input) throws -> [Int32] {
    let most = Int32(priors.firstIndex(of: priors.max()!)!)
    return [Int32](repeating: most, count: x.rowCount)
  }

  public func predictProbabilities(_ x: Input) throws -> Tensor<Scalar> {
    let row = priors.map { Scalar($0) }
    return Tensor((0..<x.rowCount).flatMap { _ in row }, shape: [x.rowCount, classCount])
  }

  public static var fileKind: String { "most frequent class" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? {
    priors.allSatisfy { 0...1 ~= $0 } && priors.contains { $0 > 0 } ? nil : "the parts of classes are none"
  }
}

/// Predicts the mean, whatever the row: what any model must do better than.
///
/// scikit-learn's `DummyRegressor` with its default strategy.
public struct DummyRegressor<Input: NumericRows>: RegressorEstimator, Hashable {
  public init() {}

  /// - Throws: ``ModelError`` for no rows, numbers of another count, and weights that do not fit.
  /// - Complexity: O(rows).
  public func fit(_ x: Input, _ y: Tensor<Input.Scalar>, weights: Tensor<Double>?) throws -> DummyRegressionModel<Input>
  {
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    guard y.shape == [x.rowCount] else { throw ModelError.labels(y.count, rows: x.rowCount) }
    try checkWeights(weights, rows: x.rowCount)
    let average = mean(y.inDouble.scalars, weights)
    guard average.isFinite else { throw ModelError.parameter(name: "y", reason: "it holds NaN or an infinity") }
    return DummyRegressionModel(mean: average)
  }
}

/// What ``DummyRegressor`` has learned.
public struct DummyRegressionModel<Input: NumericRows>: Regressor, StorableModel, Equatable {
  public typealias Scalar = Input.Scalar

  /// The mean of the numbers.
  public let mean: Double

  public func predict(_ x: Input) throws -> Tensor<Scalar> { Tensor(repeating: Scalar(mean), shape: [x.rowCount]) }

  public static var fileKind: String { "mean" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? { mean.isFinite ? nil : "the mean is no number" }
}
