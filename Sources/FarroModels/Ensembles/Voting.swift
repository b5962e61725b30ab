import Farro
import FarroData

/// How a ``VotingClassifier`` decides.
public enum Voting: String, Codable, Sendable, CaseIterable {
  /// By the class that most models tell.
  case hard
  /// By the mean of the probabilities.
  case soft
}

/// Classifiers of any types that decide together.
///
/// ```swift
/// let voting = VotingClassifier(voting: .soft) {
///   HistGradientBoostingClassifier<Double>(maxIterations: 20)
///   HistGradientBoostingClassifier<Double>(maxIterations: 20, maxDepth: 1)
/// }
/// let model = try voting.fit(x, species)
/// ```
///
/// Names and defaults are those of scikit-learn's `VotingClassifier`. Members have no names: their types and their order tell them apart.
public struct VotingClassifier<Members: ClassifierGroup>: ClassifierEstimator {
  /// The members.
  public var members: Members
  /// How they decide.
  public var voting: Voting
  /// How much each member counts, not negative; the same when nil.
  public var weights: [Double]?

  public init(voting: Voting = .hard, weights: [Double]? = nil, @ClassifierGroupBuilder members: () -> Members) {
    (self.members, self.voting, self.weights) = (members(), voting, weights)
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``; ``ModelError/parameter(name:reason:)`` for weights of another
  ///   number than members, and for soft voting of members without probabilities.
  /// - Complexity: That of the members, one after the other.
  public func fit(
    _ x: Members.ClassRows,
    classes: [Int32],
    classCount: Int,
    weights rowWeights: Tensor<Double>?
  ) throws -> VotingClassifierModel<Members.ClassModels> {
    let shares = try memberShares(weights, members.classifierCount)
    let models = try members.fitMembers(x, classes: classes, classCount: classCount, weights: rowWeights)
    if voting == .soft, try models.memberProbabilities(x[rows: [0]]).contains(where: { $0 == nil }) {
      throw ModelError.parameter(name: "voting", reason: "a member tells no probabilities, which soft voting needs")
    }
    return VotingClassifierModel(models: models, classCount: classCount, voting: voting, shares: shares)
  }
}

extension VotingClassifier: Equatable where Members: Equatable {}

/// What a ``VotingClassifier`` has learned.
public struct VotingClassifierModel<Models: ClassModelGroup>: ProbabilisticClassModel {
  /// The members' models.
  public let models: Models
  public let classCount: Int
  let voting: Voting
  let shares: [Double]

  /// The number of the class that the members decide for, the first of equal ones.
  public func predictClasses(_ x: Models.ClassRows) throws -> [Int32] {
    let all = try predictProbabilities(x)
    return all.count == 0 ? [] : all.argmax(axis: 1).scalars.map { Int32($0) }
  }

  /// Soft: the mean of the members' probabilities; hard: the part of the votes that each class has. Shape (n, ``classCount``).
  public func predictProbabilities(_ x: Models.ClassRows) throws -> Tensor<Double> {
    var sum = Tensor<Double>(zeros: [x.rowCount, classCount])
    if voting == .soft {
      for (told, share) in zip(try models.memberProbabilities(x), shares) {
        guard let told else { continue }
        sum += told * share
      }
      return sum
    }
    for (numbers, share) in zip(try models.memberClasses(x), shares) {
      for (row, number) in numbers.enumerated() { sum[row, Int(number)] += share }
    }
    return sum
  }
}

extension VotingClassifierModel: Encodable where Models: Encodable {}
extension VotingClassifierModel: Decodable where Models: Decodable {}
extension VotingClassifierModel: Equatable where Models: Equatable {}

extension VotingClassifierModel: StorableModel where Models: Codable {
  public static var fileKind: String { "voting classifier of \(Models.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard models.classCounts.allSatisfy({ $0 == classCount }) else { return "members know other numbers of classes" }
    return flawOfShares(shares, models.classifierCount) ?? models.classFlaw
  }
}

/// Regressors of any types, of which the mean counts.
///
/// Names and defaults are those of scikit-learn's `VotingRegressor`; members are listed as in ``VotingClassifier``.
public struct VotingRegressor<Members: RegressorGroup>: RegressorEstimator {
  /// The members.
  public var members: Members
  /// How much each member counts, not negative; the same when nil.
  public var weights: [Double]?

  public init(weights: [Double]? = nil, @RegressorGroupBuilder members: () -> Members) {
    (self.members, self.weights) = (members(), weights)
  }

  /// A model of rows and their numbers, shape (n).
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``; ``ModelError/parameter(name:reason:)`` for weights of another number than members.
  /// - Complexity: That of the members, one after the other.
  public func fit(
    _ x: Members.NumberRows,
    _ y: Tensor<Double>,
    weights rowWeights: Tensor<Double>?
  ) throws -> VotingRegressorModel<Members.NumberModels> {
    guard y.shape == [x.rowCount] else { throw ModelError.labels(y.count, rows: x.rowCount) }
    let shares = try memberShares(weights, members.regressorCount)
    return VotingRegressorModel(models: try members.fitMembers(x, y, weights: rowWeights), shares: shares)
  }
}

extension VotingRegressor: Equatable where Members: Equatable {}

/// What a ``VotingRegressor`` has learned.
public struct VotingRegressorModel<Models: NumberModelGroup>: Regressor {
  /// The members' models.
  public let models: Models
  let shares: [Double]

  /// The weighted mean of the members' numbers. Shape (n).
  public func predict(_ x: Models.NumberRows) throws -> Tensor<Double> {
    var sum = Tensor<Double>(zeros: [x.rowCount])
    for (numbers, share) in zip(try models.memberPredictions(x), shares) { sum += numbers * share }
    return sum
  }
}

extension VotingRegressorModel: Encodable where Models: Encodable {}
extension VotingRegressorModel: Decodable where Models: Decodable {}
extension VotingRegressorModel: Equatable where Models: Equatable {}

extension VotingRegressorModel: StorableModel where Models: Codable {
  public static var fileKind: String { "voting regressor of \(Models.self)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? { flawOfShares(shares, models.regressorCount) ?? models.numberFlaw }
}

/// What part of the votes each member has.
private func memberShares(_ weights: [Double]?, _ count: Int) throws(ModelError) -> [Double] {
  let weights = weights ?? Array(repeating: 1, count: count)
  let sum = weights.reduce(0, +)
  guard weights.count == count, weights.allSatisfy({ $0 >= 0 }), sum > 0, sum.isFinite else {
    throw .parameter(
      name: "weights",
      reason: "\(count) members need as many weights of at least 0, and not 0 alone: not \(weights)"
    )
  }
  return weights.map { $0 / sum }
}

private func flawOfShares(_ shares: [Double], _ count: Int) -> String? {
  shares.count == count && shares.allSatisfy { $0 >= 0 } && abs(shares.reduce(0, +) - 1) < 1e-6
    ? nil : "members have no parts of the votes"
}
