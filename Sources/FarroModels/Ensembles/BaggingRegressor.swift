import Farro
import FarroData

/// Regressors of one kind, each of which learns from rows, and columns, drawn at random; their mean counts.
///
/// Names and defaults are those of scikit-learn's `BaggingRegressor`; as ``BaggingClassifier``.
public struct BaggingRegressor<Base: RegressorEstimator>: RegressorEstimator, Bagging {
  /// The estimator that is fitted several times.
  public var estimator: Base
  /// How many times.
  public var nEstimators: Int
  /// The part of the rows that each learns from.
  public var maxSamples: Double
  /// The part of the columns that each learns from.
  public var maxFeatures: Double
  /// Whether a row may be drawn again.
  public var bootstrap: Bool
  /// Whether a column may be drawn again.
  public var bootstrapFeatures: Bool
  /// Whether rows are predicted by those that have not learned from them.
  public var oobScore: Bool
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    _ estimator: Base,
    nEstimators: Int = 10,
    maxSamples: Double = 1,
    maxFeatures: Double = 1,
    bootstrap: Bool = true,
    bootstrapFeatures: Bool = false,
    oobScore: Bool = false,
    seed: UInt64 = 0
  ) {
    (self.estimator, self.nEstimators, self.maxSamples) = (estimator, nEstimators, maxSamples)
    (self.maxFeatures, self.bootstrap, self.bootstrapFeatures) = (maxFeatures, bootstrap, bootstrapFeatures)
    (self.oobScore, self.seed) = (oobScore, seed)
  }

  /// A model of rows and their numbers, shape (n).
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``.
  /// - Complexity: ``nEstimators`` fits.
  public func fit(
    _ x: Base.Input,
    _ y: Tensor<Base.Model.Scalar>,
    weights: Tensor<Double>?
  ) throws -> BaggingRegressorModel<Base.Model> {
    guard y.shape == [x.rowCount] else { throw ModelError.labels(y.count, rows: x.rowCount) }
    let found = try fitMembers(x, weights: weights) { x, rows in try estimator.fit(x, y[rows: rows], weights: nil) }
    var model = BaggingRegressorModel(members: found.members)
    guard oobScore else { return model }
    var (sums, counts) = (Tensor<Double>(zeros: [x.rowCount]), [Double](repeating: 0, count: x.rowCount))
    try forRowsLeftOut(x, found) { model, x, rows in
      let told = try model.predict(x).doubles
      for (place, row) in rows.enumerated() {
        sums[row] += told[place]
        counts[row] += 1
      }
    }
    for row in counts.indices where counts[row] > 0 { sums[row] /= counts[row] }
    model.oobPrediction = sums
    model.oobScore = try r2Score(y.doubles, predicted: sums)
    return model
  }
}

extension BaggingRegressor: Equatable where Base: Equatable {}

/// What a ``BaggingRegressor`` has learned.
public struct BaggingRegressorModel<Base: Regressor>: Regressor {
  let members: [BaggedModel<Base>]
  /// R² of what those tell that have not learned from a row; nil when not asked for.
  public internal(set) var oobScore: Double?
  /// What these tell, 0 for rows that all have learned from; nil when not asked for.
  public internal(set) var oobPrediction: Tensor<Double>?

  init(members: [BaggedModel<Base>]) { self.members = members }

  /// The fitted estimators.
  public var estimators: [Base] { members.map(\.model) }
  /// The columns that each estimator has learned from; nil for all.
  public var estimatorsFeatures: [[Int]?] { members.map(\.columns) }

  /// The mean of the estimators' numbers. Shape (n).
  public func predict(_ x: Base.Input) throws -> Tensor<Base.Scalar> {
    var sum = Tensor<Double>(zeros: [x.rowCount])
    for member in members { sum += try member.model.predict(member.own(x)).doubles }
    return (sum / Double(members.count)).converted()
  }
}

extension BaggingRegressorModel: Encodable where Base: Encodable {}
extension BaggingRegressorModel: Decodable where Base: Decodable {}
extension BaggingRegressorModel: Equatable where Base: Equatable {}

extension BaggingRegressorModel: StorableModel where Base: Codable {
  public static var fileKind: String { "bagging regressor of \(Base.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    members.isEmpty ? "there are no estimators" : members.lazy.compactMap(\.flaw).first
  }
}
