import Farro
import FarroData
import Foundation

/// Classifiers of one kind, fitted one after the other, each with more weight on the rows that the one before it got wrong.
///
/// ```swift
/// let boosting = AdaBoostClassifier(DecisionTreeClassifier<Double>(maxDepth: 1))
/// let model = try boosting.fit(x, species)
/// ```
///
/// An estimator with the weighted error e counts ln((1 - e) / e) + ln(K - 1) for K classes, times ``learningRate``, and the weights of
/// the rows that it got wrong grow by the exponential of that: SAMME. It stops at an estimator without errors, and before one that is no
/// better than chance. The estimator must honour weights of rows. Names and defaults are those of scikit-learn's
/// `AdaBoostClassifier`.
///
/// Source: J. Zhu et al., "Multi-class AdaBoost", Statistics and Its Interface 2 (2009).
public struct AdaBoostClassifier<Base: ClassifierEstimator>: ClassifierEstimator {
  /// The estimator that is fitted several times.
  public var estimator: Base
  /// The most times.
  public var nEstimators: Int
  /// What the estimators' weights are multiplied by.
  public var learningRate: Double

  public init(_ estimator: Base, nEstimators: Int = 50, learningRate: Double = 1) {
    (self.estimator, self.nEstimators, self.learningRate) = (estimator, nEstimators, learningRate)
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``; ``ModelError/parameter(name:reason:)`` when the first estimator
  ///   is no better than chance.
  /// - Complexity: ``nEstimators`` fits and predictions.
  public func fit(
    _ x: Base.Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> AdaBoostClassifierModel<Base.Model> {
    try checkAdaBoost(nEstimators, learningRate)
    guard classes.count == x.rowCount else { throw ModelError.labels(classes.count, rows: x.rowCount) }
    guard classCount >= 2 else { throw ModelError.classes(classCount, needed: 2) }
    try checkWeights(weights, rows: x.rowCount)
    var model = AdaBoostClassifierModel<Base.Model>(classCount: classCount)
    var shares = initialShares(weights, rows: x.rowCount)
    for number in 0..<nEstimators {
      try Task.checkCancellation()
      let member = try estimator.fit(x, classes: classes, classCount: classCount, weights: Tensor(shares))
      let wrong = zip(try member.predictClasses(x), classes).map { $0 != $1 }
      let total = shares.reduce(0, +)
      let error = zip(shares, wrong).reduce(0) { $0 + ($1.1 ? $1.0 : 0) } / total
      if error <= 0 {
        model.append(member, weight: 1, error: 0)
        break
      }
      guard error < 1 - 1 / Double(classCount) else {
        if number > 0 { break }
        throw ModelError.parameter(name: "estimator", reason: "the first one is no better than chance")
      }
      let weight = learningRate * (log((1 - error) / error) + log(Double(classCount - 1)))
      model.append(member, weight: weight, error: error)
      for row in shares.indices where wrong[row] && shares[row] > 0 {
        shares[row] = exp(log(max(shares[row], .ulpOfOne)) + weight)
      }
      let sum = shares.reduce(0, +)
      guard sum.isFinite else { break }
      for row in shares.indices { shares[row] /= sum }
    }
    return model
  }
}

extension AdaBoostClassifier: Equatable where Base: Equatable {}

/// What an ``AdaBoostClassifier`` has learned.
public struct AdaBoostClassifierModel<Base: ClassModel>: ProbabilisticClassModel, DecisionModel {
  public let classCount: Int
  /// The fitted estimators.
  public private(set) var estimators: [Base] = []
  /// How much each counts.
  public private(set) var estimatorWeights: [Double] = []
  /// The weighted part of the rows that each got wrong.
  public private(set) var estimatorErrors: [Double] = []

  init(classCount: Int) { self.classCount = classCount }

  mutating func append(_ estimator: Base, weight: Double, error: Double) {
    estimators.append(estimator)
    estimatorWeights.append(weight)
    estimatorErrors.append(error)
  }

  /// The scores of classes: of each the weights of the estimators that tell it, less those of others by the number of other classes, as
  /// a part of all weights. Shape (n, ``classCount``).
  private func scores(_ x: Base.Input) throws -> Tensor<Double> {
    var sum = Tensor<Double>(zeros: [x.rowCount, classCount])
    let other = 1 / Double(classCount - 1)
    let total = estimatorWeights.reduce(0, +)
    for (estimator, weight) in zip(estimators, estimatorWeights) {
      for (row, number) in try estimator.predictClasses(x).enumerated() {
        sum[row, Int(number)] += weight * (1 + other) / total
      }
    }
    return sum - other
  }

  /// The number of the class of each row with the highest score.
  ///
  /// - Complexity: Predictions of all estimators.
  public func predictClasses(_ x: Base.Input) throws -> [Int32] {
    let scores = try scores(x)
    return scores.count == 0 ? [] : scores.argmax(axis: 1).scalars.map { Int32($0) }
  }

  /// The scores of classes, shape (n, ``classCount``); of two classes, that of the second less that of the first, shape (n).
  public func decisionFunction(_ x: Base.Input) throws -> Tensor<Double> {
    let scores = try scores(x)
    guard classCount == 2 else { return scores }
    let columns = scores.transposed()
    return columns[row: 1] - columns[row: 0]
  }

  /// The softmax of the scores by the number of other classes. Shape (n, ``classCount``).
  public func predictProbabilities(_ x: Base.Input) throws -> Tensor<Double> {
    softmax(try scores(x) / Double(classCount - 1))
  }
}

extension AdaBoostClassifierModel: Encodable where Base: Encodable {}
extension AdaBoostClassifierModel: Decodable where Base: Decodable {}
extension AdaBoostClassifierModel: Equatable where Base: Equatable {}

extension AdaBoostClassifierModel: StorableModel where Base: Codable {
  public static var fileKind: String { "AdaBoost classifier of \(Base.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2, estimators.allSatisfy({ $0.classCount == classCount }) else {
      return "estimators know other classes"
    }
    return flawOfAdaBoost(estimators.count, estimatorWeights, estimatorErrors)
      ?? estimators.lazy.compactMap { flawOfMember($0) }.first
  }
}

/// How an ``AdaBoostRegressor`` measures errors, each as a part e of the largest.
public enum AdaBoostLoss: String, Codable, Sendable, CaseIterable {
  /// e.
  case linear
  /// e².
  case square
  /// 1 - exp(-e).
  case exponential
}

/// Regressors of one kind, fitted one after the other, each to rows drawn with more weight on those that the one before it got wrong.
///
/// The weighted median of the estimators' numbers counts. Rows are drawn, so that the estimator need not honour weights. Names and
/// defaults are those of scikit-learn's `AdaBoostRegressor`.
///
/// Source: H. Drucker, "Improving Regressors using Boosting Techniques", ICML 1997 (AdaBoost.R2).
public struct AdaBoostRegressor<Base: RegressorEstimator>: RegressorEstimator {
  /// The estimator that is fitted several times.
  public var estimator: Base
  /// The most times.
  public var nEstimators: Int
  /// What the estimators' weights are multiplied by.
  public var learningRate: Double
  /// How errors are measured.
  public var loss: AdaBoostLoss
  /// Of the rows that are drawn: the same seed gives the same model.
  public var seed: UInt64

  public init(
    _ estimator: Base,
    nEstimators: Int = 50,
    learningRate: Double = 1,
    loss: AdaBoostLoss = .linear,
    seed: UInt64 = 0
  ) {
    (self.estimator, self.nEstimators, self.learningRate) = (estimator, nEstimators, learningRate)
    (self.loss, self.seed) = (loss, seed)
  }

  /// A model of rows and their numbers, shape (n).
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``.
  /// - Complexity: ``nEstimators`` fits and predictions.
  public func fit(
    _ x: Base.Input,
    _ y: Tensor<Base.Model.Scalar>,
    weights: Tensor<Double>?
  ) throws -> AdaBoostRegressorModel<Base.Model> {
    try checkAdaBoost(nEstimators, learningRate)
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    guard y.shape == [x.rowCount] else { throw ModelError.labels(y.count, rows: x.rowCount) }
    try checkWeights(weights, rows: x.rowCount)
    let actual = y.doubles.scalars
    var model = AdaBoostRegressorModel<Base.Model>()
    var shares = initialShares(weights, rows: x.rowCount)
    var generator = Xoshiro256(seed: seed)
    for number in 0..<nEstimators {
      try Task.checkCancellation()
      let sums = cumulativeSum(Tensor<Double>(shares)).scalars
      let rows = (0..<x.rowCount).map { _ in drawnRow(sums, &generator) }
      let member = try estimator.fit(x[rows: rows], y[rows: rows], weights: nil)
      let errors = zip(try member.predict(x).doubles.scalars, actual).map { abs($0 - $1) }
      let largest = zip(errors, shares).reduce(0) { $1.1 > 0 ? max($0, $1.0) : $0 }
      let parts = errors.map { error in
        let part = largest > 0 ? error / largest : 0
        return switch loss {
        case .linear: part
        case .square: part * part
        case .exponential: 1 - exp(-part)
        }
      }
      let error = zip(parts, shares).reduce(0) { $0 + $1.0 * $1.1 }
      guard error > 0, error < 0.5 else {
        // The first one counts, whatever it is.
        if error <= 0 || number == 0 { model.append(member, weight: 1, error: max(0, error)) }
        break
      }
      let beta = error / (1 - error)
      model.append(member, weight: learningRate * log(1 / beta), error: error)
      for row in shares.indices where shares[row] > 0 { shares[row] *= pow(beta, (1 - parts[row]) * learningRate) }
      let sum = shares.reduce(0, +)
      guard sum > 0, sum.isFinite else { break }
      for row in shares.indices { shares[row] /= sum }
    }
    return model
  }
}

extension AdaBoostRegressor: Equatable where Base: Equatable {}

/// What an ``AdaBoostRegressor`` has learned.
public struct AdaBoostRegressorModel<Base: Regressor>: Regressor {
  /// The fitted estimators.
  public private(set) var estimators: [Base] = []
  /// How much each counts.
  public private(set) var estimatorWeights: [Double] = []
  /// The weighted mean of each one's errors.
  public private(set) var estimatorErrors: [Double] = []

  init() {}

  mutating func append(_ estimator: Base, weight: Double, error: Double) {
    estimators.append(estimator)
    estimatorWeights.append(weight)
    estimatorErrors.append(error)
  }

  /// The weighted median of the estimators' numbers: the first, in ascending order, that reaches half of the weights. Shape (n).
  ///
  /// - Complexity: Predictions of all estimators, and O(n `estimators` log(`estimators`)).
  public func predict(_ x: Base.Input) throws -> Tensor<Base.Scalar> {
    let told = try estimators.map { try $0.predict(x).scalars }
    let half = estimatorWeights.reduce(0, +) / 2
    let medians = (0..<x.rowCount).map { row in
      let order = told.indices.sorted { told[$0][row] < told[$1][row] }
      var sum = 0.0
      let place = order.first { number in
        sum += estimatorWeights[number]
        return sum >= half
      }
      return told[place ?? order[order.count - 1]][row]
    }
    return Tensor(medians)
  }
}

extension AdaBoostRegressorModel: Encodable where Base: Encodable {}
extension AdaBoostRegressorModel: Decodable where Base: Decodable {}
extension AdaBoostRegressorModel: Equatable where Base: Equatable {}

extension AdaBoostRegressorModel: StorableModel where Base: Codable {
  public static var fileKind: String { "AdaBoost regressor of \(Base.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    flawOfAdaBoost(estimators.count, estimatorWeights, estimatorErrors)
      ?? estimators.lazy.compactMap { flawOfMember($0) }.first
  }
}

private func checkAdaBoost(_ nEstimators: Int, _ learningRate: Double) throws(ModelError) {
  try checkRange(nEstimators, "nEstimators", atLeast: 1)
  guard learningRate > 0, learningRate.isFinite else {
    throw .parameter(name: "learningRate", reason: "must be above 0, not \(learningRate)")
  }
}

private func initialShares(_ weights: Tensor<Double>?, rows: Int) -> [Double] {
  guard let weights else { return Array(repeating: 1 / Double(rows), count: rows) }
  return (weights / weights.sum()).scalars
}

private func flawOfAdaBoost(_ count: Int, _ weights: [Double], _ errors: [Double]) -> String? {
  guard count > 0, weights.count == count, errors.count == count else { return "estimators are incomplete" }
  guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), weights.contains(where: { $0 > 0 }) else {
    return "estimators do not count"
  }
  return nil
}
