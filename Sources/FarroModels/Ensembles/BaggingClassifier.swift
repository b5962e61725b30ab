import Farro
import FarroData

/// Classifiers of one kind, each of which learns from rows, and columns, drawn at random, and that decide together.
///
/// ```swift
/// let bagging = BaggingClassifier(HistGradientBoostingClassifier<Double>(maxIterations: 10), maxFeatures: 0.5)
/// let model = try bagging.fit(x, species)
/// ```
///
/// Names and defaults are those of scikit-learn's `BaggingClassifier`; sizes are parts of all, and weights of rows are how likely each
/// is drawn, which needs ``bootstrap``. An estimator that sees one class alone of those drawn is replaced by that class. Estimators are
/// fitted one after the other, each with all threads.
///
/// Source: L. Breiman, "Bagging predictors", Machine Learning 24 (1996).
public struct BaggingClassifier<Base: ClassifierEstimator>: ClassifierEstimator, Bagging {
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

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``.
  /// - Complexity: ``nEstimators`` fits.
  public func fit(
    _ x: Base.Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> BaggingClassifierModel<Base.Model> {
    guard classes.count == x.rowCount else { throw ModelError.labels(classes.count, rows: x.rowCount) }
    guard classCount >= 2 else { throw ModelError.classes(classCount, needed: 2) }
    let found = try fitMembers(x, weights: weights) { x, rows in
      // Classes that are not drawn do not exist for the estimator.
      let own = rows.map { classes[$0] }
      let present = Set(own).sorted()
      guard present.count > 1 else { return BaggedClasses<Base.Model>(model: nil, classes: present) }
      let numbers = Dictionary(uniqueKeysWithValues: zip(present, Int32(0)...))
      let codes = own.map { numbers[$0]! }
      return BaggedClasses(
        model: try estimator.fit(x, classes: codes, classCount: present.count, weights: nil),
        classes: present
      )
    }
    var model = BaggingClassifierModel(members: found.members, classCount: classCount)
    guard oobScore else { return model }
    var sums = Tensor<Double>(zeros: [x.rowCount, classCount])
    try forRowsLeftOut(x, found) { model, x, rows in
      let told = try model.probabilities(x, classCount: classCount)
      for (place, row) in rows.enumerated() {
        for k in 0..<classCount { sums[row, k] += told[place, k] }
      }
    }
    let totals = sums.sum(axis: 1)
    var right = 0
    for row in 0..<x.rowCount where totals[row] > 0 {
      for k in 0..<classCount { sums[row, k] /= totals[row] }
      right += Int32(sums[row: row].argmax()) == classes[row] ? 1 : 0
    }
    model.oobDecisionFunction = sums
    model.oobScore = Double(right) / Double(x.rowCount)
    return model
  }
}

extension BaggingClassifier: Equatable where Base: Equatable {}

/// What a ``BaggingClassifier`` has learned.
public struct BaggingClassifierModel<Base: ClassModel>: ProbabilisticClassModel {
  let members: [BaggedModel<BaggedClasses<Base>>]
  public let classCount: Int
  /// The part of the rows whose class those tell that have not learned from them; nil when not asked for.
  public internal(set) var oobScore: Double?
  /// The probabilities that these tell, 0 for rows that all have learned from. Shape (n, ``classCount``); nil when not asked for.
  public internal(set) var oobDecisionFunction: Tensor<Double>?

  init(members: [BaggedModel<BaggedClasses<Base>>], classCount: Int) {
    (self.members, self.classCount) = (members, classCount)
  }

  /// The fitted estimators, without those that saw one class alone.
  public var estimators: [Base] { members.compactMap(\.model.model) }
  /// The columns that each estimator has learned from; nil for all.
  public var estimatorsFeatures: [[Int]?] { members.map(\.columns) }

  /// The number of each row's class, the first of equally probable ones.
  public func predictClasses(_ x: Base.Input) throws -> [Int32] {
    let all = try predictProbabilities(x)
    return all.count == 0 ? [] : all.argmax(axis: 1).scalars.map { Int32($0) }
  }

  /// The mean of the probabilities that estimators tell, or of votes, where they tell none. Shape (n, ``classCount``).
  public func predictProbabilities(_ x: Base.Input) throws -> Tensor<Double> {
    var sum = Tensor<Double>(zeros: [x.rowCount, classCount])
    for member in members { sum += try member.model.probabilities(member.own(x), classCount: classCount) }
    return sum / Double(members.count)
  }
}

extension BaggingClassifierModel: Encodable where Base: Encodable {}
extension BaggingClassifierModel: Decodable where Base: Decodable {}
extension BaggingClassifierModel: Equatable where Base: Equatable {}

extension BaggingClassifierModel: StorableModel where Base: Codable {
  public static var fileKind: String { "bagging classifier of \(Base.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2, !members.isEmpty else { return "there are no estimators, or no two classes" }
    for member in members {
      guard member.model.isComplete(classCount: classCount) else { return "an estimator knows other classes" }
      if let flaw = member.flaw ?? member.model.model.flatMap({ flawOfMember($0) }) { return flaw }
    }
    return nil
  }
}

/// What an estimator tells apart that has seen some classes alone.
struct BaggedClasses<Base: Sendable>: Sendable {
  /// nil: all drawn rows were of one class.
  let model: Base?
  /// The classes that it knows.
  let classes: [Int32]
}

extension BaggedClasses: Encodable where Base: Encodable {}
extension BaggedClasses: Decodable where Base: Decodable {}
extension BaggedClasses: Equatable where Base: Equatable {}

extension BaggedClasses where Base: ClassModel {
  func isComplete(classCount: Int) -> Bool {
    classes.allSatisfy { 0..<Int32(clamping: classCount) ~= $0 } && Set(classes).count == classes.count
      && classes.count == model?.classCount ?? 1
  }

  /// Among all classes.
  func probabilities(_ x: Base.Input, classCount: Int) throws -> Tensor<Double> {
    var result = Tensor<Double>(zeros: [x.rowCount, classCount])
    guard let model else {
      for row in 0..<x.rowCount { result[row, Int(classes[0])] = 1 }
      return result
    }
    if let told = try FarroModels.probabilities(of: model, x) {
      if classes.count == classCount { return told }
      for row in 0..<x.rowCount {
        for (k, number) in classes.enumerated() { result[row, Int(number)] = told[row, k] }
      }
    } else {
      for (row, k) in try model.predictClasses(x).enumerated() { result[row, Int(classes[Int(k)])] = 1 }
    }
    return result
  }
}
