import Farro
import FarroData

/// Estimators of any types that learn the same classes: one, or two groups of them. Written by listing them, as in
/// ``VotingClassifier``.
///
/// A group is a type of its own, made of its members' types, so that what they have learned can be saved and loaded.
public protocol ClassifierGroup: Codable, Sendable {
  /// The rows that all learn from.
  associatedtype ClassRows: Rows
  /// What fitting them makes.
  associatedtype ClassModels: ClassModelGroup where ClassModels.ClassRows == ClassRows

  /// How many estimators.
  var classifierCount: Int { get }

  /// A model of each.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``.
  func fitMembers(
    _ x: ClassRows,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> ClassModels
}

/// What the estimators of a ``ClassifierGroup`` have learned.
public protocol ClassModelGroup<ClassRows>: Sendable {
  associatedtype ClassRows: Rows

  /// How many models.
  var classifierCount: Int { get }

  /// How many classes each model knows.
  var classCounts: [Int] { get }

  /// The numbers of rows' classes, as each model tells them.
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  func memberClasses(_ x: ClassRows) throws -> [[Int32]]

  /// The probabilities of classes, shape (n, classes), as each model tells them; nil of models that tell none.
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  func memberProbabilities(_ x: ClassRows) throws -> [Tensor<Double>?]

  /// What a further model learns from, shape (n, columns), of each model: probabilities, without the first of two; where it tells
  /// none, its decision function; otherwise the numbers of classes.
  ///
  /// - Throws: As ``ClassModel/predictClasses(_:)``.
  func memberFeatures(_ x: ClassRows) throws -> [Tensor<Double>]

  /// What is wrong with models that were read.
  var classFlaw: String? { get }
}

/// Estimators of any types that learn the same numbers; see ``ClassifierGroup``.
public protocol RegressorGroup: Codable, Sendable {
  /// The rows that all learn from.
  associatedtype NumberRows: Rows
  /// What fitting them makes.
  associatedtype NumberModels: NumberModelGroup where NumberModels.NumberRows == NumberRows

  /// How many estimators.
  var regressorCount: Int { get }

  /// A model of each.
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``.
  func fitMembers(_ x: NumberRows, _ y: Tensor<Double>, weights: Tensor<Double>?) throws -> NumberModels
}

/// What the estimators of a ``RegressorGroup`` have learned.
public protocol NumberModelGroup: Sendable {
  associatedtype NumberRows: Rows

  /// How many models.
  var regressorCount: Int { get }

  /// The numbers of rows, shape (n), as each model tells them.
  ///
  /// - Throws: As ``Regressor/predict(_:)``.
  func memberPredictions(_ x: NumberRows) throws -> [Tensor<Double>]

  /// What is wrong with models that were read.
  var numberFlaw: String? { get }
}

/// One estimator of a group.
public struct EnsembleMember<Base: Codable & Sendable>: Codable, Sendable {
  /// The estimator.
  public var base: Base

  public init(_ base: Base) { self.base = base }
}

extension EnsembleMember: Equatable where Base: Equatable {}

/// Two groups of estimators.
public struct EnsemblePair<First: Codable & Sendable, Last: Codable & Sendable>: Codable, Sendable {
  public var first: First
  public var last: Last

  public init(_ first: First, _ last: Last) { (self.first, self.last) = (first, last) }
}

extension EnsemblePair: Equatable where First: Equatable, Last: Equatable {}

/// The model of an ``EnsembleMember``.
public struct EnsembleMemberModel<Base: Sendable>: Sendable {
  /// The model.
  public let base: Base

  public init(_ base: Base) { self.base = base }
}

extension EnsembleMemberModel: Encodable where Base: Encodable {}
extension EnsembleMemberModel: Decodable where Base: Decodable {}
extension EnsembleMemberModel: Equatable where Base: Equatable {}

/// The models of an ``EnsemblePair``.
public struct EnsemblePairModel<First: Sendable, Last: Sendable>: Sendable {
  public let first: First
  public let last: Last
}

extension EnsemblePairModel: Encodable where First: Encodable, Last: Encodable {}
extension EnsemblePairModel: Decodable where First: Decodable, Last: Decodable {}
extension EnsemblePairModel: Equatable where First: Equatable, Last: Equatable {}

// MARK: - Classes

extension EnsembleMember: ClassifierGroup where Base: ClassifierEstimator {
  public var classifierCount: Int { 1 }

  public func fitMembers(
    _ x: Base.Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> EnsembleMemberModel<Base.Model> {
    try Task.checkCancellation()
    return EnsembleMemberModel(try base.fit(x, classes: classes, classCount: classCount, weights: weights))
  }
}

extension EnsembleMemberModel: ClassModelGroup where Base: ClassModel {
  public var classifierCount: Int { 1 }
  public var classCounts: [Int] { [base.classCount] }

  public func memberClasses(_ x: Base.Input) throws -> [[Int32]] { [try base.predictClasses(x)] }

  public func memberProbabilities(_ x: Base.Input) throws -> [Tensor<Double>?] {
    [try probabilities(of: base, x)]
  }

  public func memberFeatures(_ x: Base.Input) throws -> [Tensor<Double>] { [try features(of: base, x)] }

  public var classFlaw: String? { flawOfMember(base) }
}

extension EnsemblePair: ClassifierGroup
where First: ClassifierGroup, Last: ClassifierGroup, First.ClassRows == Last.ClassRows {
  public var classifierCount: Int { first.classifierCount + last.classifierCount }

  public func fitMembers(
    _ x: First.ClassRows,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> EnsemblePairModel<First.ClassModels, Last.ClassModels> {
    EnsemblePairModel(
      first: try first.fitMembers(x, classes: classes, classCount: classCount, weights: weights),
      last: try last.fitMembers(x, classes: classes, classCount: classCount, weights: weights)
    )
  }
}

extension EnsemblePairModel: ClassModelGroup
where First: ClassModelGroup, Last: ClassModelGroup, First.ClassRows == Last.ClassRows {
  public var classifierCount: Int { first.classifierCount + last.classifierCount }
  public var classCounts: [Int] { first.classCounts + last.classCounts }

  public func memberClasses(_ x: First.ClassRows) throws -> [[Int32]] {
    try first.memberClasses(x) + last.memberClasses(x)
  }

  public func memberProbabilities(_ x: First.ClassRows) throws -> [Tensor<Double>?] {
    try first.memberProbabilities(x) + last.memberProbabilities(x)
  }

  public func memberFeatures(_ x: First.ClassRows) throws -> [Tensor<Double>] {
    try first.memberFeatures(x) + last.memberFeatures(x)
  }

  public var classFlaw: String? { first.classFlaw ?? last.classFlaw }
}

/// The probabilities that a model tells, nil if it tells none.
func probabilities<Model: ClassModel>(of model: Model, _ x: Model.Input) throws -> Tensor<Double>? {
  func told<Some: ProbabilisticClassModel>(_ model: Some) throws -> Tensor<Double> {
    try model.predictProbabilities(x as! Some.Input).doubles
  }
  guard let model = model as? any ProbabilisticClassModel else { return nil }
  return try told(model)
}

/// What a further model learns from.
private func features<Model: ClassModel>(of model: Model, _ x: Model.Input) throws -> Tensor<Double> {
  func told<Some: DecisionModel>(_ model: Some) throws -> Tensor<Double> {
    try model.decisionFunction(x as! Some.Input).doubles
  }
  if let all = try probabilities(of: model, x) {
    return model.classCount == 2 ? Tensor(all.transposed()[row: 1].scalars, shape: [all.shape[0], 1]) : all
  }
  let found =
    if let model = model as? any DecisionModel {
      try told(model)
    } else {
      Tensor<Double>(try model.predictClasses(x).map { Double($0) })
    }
  return found.rank == 2 ? found : found.reshaped([found.count, 1])
}

/// What is wrong with a model that was read, as far as it can tell.
func flawOfMember(_ model: Any) -> String? { (model as? any StorableModel)?.flaw }

extension Tensor where Scalar: KernelScalar {
  /// The same numbers in double precision.
  var doubles: Tensor<Double> { self as? Tensor<Double> ?? Tensor<Double>(casting: self) }
}

// MARK: - Numbers

extension EnsembleMember: RegressorGroup where Base: RegressorEstimator {
  public var regressorCount: Int { 1 }

  public func fitMembers(
    _ x: Base.Input,
    _ y: Tensor<Double>,
    weights: Tensor<Double>?
  ) throws -> EnsembleMemberModel<Base.Model> {
    try Task.checkCancellation()
    return EnsembleMemberModel(try base.fit(x, y.converted(), weights: weights))
  }
}

extension EnsembleMemberModel: NumberModelGroup where Base: Regressor {
  public var regressorCount: Int { 1 }

  public func memberPredictions(_ x: Base.Input) throws -> [Tensor<Double>] { [try base.predict(x).doubles] }

  public var numberFlaw: String? { flawOfMember(base) }
}

extension EnsemblePair: RegressorGroup
where First: RegressorGroup, Last: RegressorGroup, First.NumberRows == Last.NumberRows {
  public var regressorCount: Int { first.regressorCount + last.regressorCount }

  public func fitMembers(
    _ x: First.NumberRows,
    _ y: Tensor<Double>,
    weights: Tensor<Double>?
  ) throws -> EnsemblePairModel<First.NumberModels, Last.NumberModels> {
    EnsemblePairModel(
      first: try first.fitMembers(x, y, weights: weights),
      last: try last.fitMembers(x, y, weights: weights)
    )
  }
}

extension EnsemblePairModel: NumberModelGroup
where First: NumberModelGroup, Last: NumberModelGroup, First.NumberRows == Last.NumberRows {
  public var regressorCount: Int { first.regressorCount + last.regressorCount }

  public func memberPredictions(_ x: First.NumberRows) throws -> [Tensor<Double>] {
    try first.memberPredictions(x) + last.memberPredictions(x)
  }

  public var numberFlaw: String? { first.numberFlaw ?? last.numberFlaw }
}

// MARK: - Lists

/// Lists classifiers' estimators, one per line.
@resultBuilder
public enum ClassifierGroupBuilder {
  public static func buildPartialBlock<Base: ClassifierEstimator>(first: Base) -> EnsembleMember<Base> {
    EnsembleMember(first)
  }

  public static func buildPartialBlock<Group: ClassifierGroup, Base: ClassifierEstimator>(
    accumulated: Group,
    next: Base
  ) -> EnsemblePair<Group, EnsembleMember<Base>> where Group.ClassRows == Base.Input {
    EnsemblePair(accumulated, EnsembleMember(next))
  }
}

/// Lists regressors' estimators, one per line.
@resultBuilder
public enum RegressorGroupBuilder {
  public static func buildPartialBlock<Base: RegressorEstimator>(first: Base) -> EnsembleMember<Base> {
    EnsembleMember(first)
  }

  public static func buildPartialBlock<Group: RegressorGroup, Base: RegressorEstimator>(
    accumulated: Group,
    next: Base
  ) -> EnsemblePair<Group, EnsembleMember<Base>> where Group.NumberRows == Base.Input {
    EnsemblePair(accumulated, EnsembleMember(next))
  }
}
