import Farro
import FarroData

/// A classifier that learns from what other classifiers, of any types, tell of rows that they have not learned from.
///
/// ```swift
/// let stacking = StackingClassifier(finalEstimator: HistGradientBoostingClassifier<Double>()) {
///   GaussianNB<Double>()
///   HistGradientBoostingClassifier<Double>(maxDepth: 1)
/// }
/// let model = try stacking.fit(x, species)
/// ```
///
/// Members are fitted to ``cv`` parts of the rows, in turn, and the last estimator learns from what they tell of the others: of each
/// member probabilities, without those of the first of two classes; where it tells none, its decision function; otherwise numbers of
/// classes. Then the members are fitted to all rows. Names and defaults are those of scikit-learn's `StackingClassifier`.
///
/// Source: D. Wolpert, "Stacked generalization", Neural Networks 5 (1992).
public struct StackingClassifier<Members: ClassifierGroup, Final: ClassifierEstimator>: ClassifierEstimator
where Final.Input == Tensor<Double> {
  /// The members.
  public var members: Members
  /// Learns from what the members tell.
  public var finalEstimator: Final
  /// In how many folds rows are divided, of each class as many.
  public var cv: Int
  /// Whether the last estimator also gets the columns of the rows.
  public var passthrough: Bool

  public init(
    finalEstimator: Final,
    cv: Int = 5,
    passthrough: Bool = false,
    @ClassifierGroupBuilder members: () -> Members
  ) {
    (self.members, self.finalEstimator) = (members(), finalEstimator)
    (self.cv, self.passthrough) = (cv, passthrough)
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``, and for fewer rows of each class than folds.
  /// - Complexity: ``cv`` + 1 fits of the members, one after the other, and one of the last estimator.
  public func fit(
    _ x: Members.ClassRows,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> StackingClassifierModel<Members.ClassModels, Final.Model> {
    guard classes.count == x.rowCount else { throw ModelError.labels(classes.count, rows: x.rowCount) }
    guard classCount >= 2 else { throw ModelError.classes(classCount, needed: 2) }
    try checkWeights(weights, rows: x.rowCount)
    let splits = try StratifiedKFold(nSplits: cv).splits(rows: x.rowCount, classes: classes, groups: nil)
    let told = try outOfFold(splits) { train, test in
      let models = try members.fitMembers(
        x[rows: train],
        classes: train.map { classes[$0] },
        classCount: classCount,
        weights: weights?[rows: train]
      )
      return concatenate(try models.memberFeatures(x[rows: test]), axis: 1)
    }
    return StackingClassifierModel(
      models: try members.fitMembers(x, classes: classes, classCount: classCount, weights: weights),
      finalModel: try finalEstimator.fit(
        try stacked(told, x, passthrough),
        classes: classes,
        classCount: classCount,
        weights: weights
      ),
      passthrough: passthrough
    )
  }
}

extension StackingClassifier: Equatable where Members: Equatable, Final: Equatable {}

/// What a ``StackingClassifier`` has learned.
public struct StackingClassifierModel<Models: ClassModelGroup, Final: ClassModel>: ClassModel
where Final.Input == Tensor<Double> {
  /// The members' models.
  public let models: Models
  /// What was learned from what they tell.
  public let finalModel: Final
  let passthrough: Bool

  public var classCount: Int { finalModel.classCount }

  /// What the last model learns from: what the members tell, and the rows' columns behind it. Shape (n, columns).
  public func transform(_ x: Models.ClassRows) throws -> Tensor<Double> {
    try stacked(concatenate(models.memberFeatures(x), axis: 1), x, passthrough)
  }

  public func predictClasses(_ x: Models.ClassRows) throws -> [Int32] {
    try finalModel.predictClasses(transform(x))
  }
}

extension StackingClassifierModel: ProbabilisticClassModel where Final: ProbabilisticClassModel {
  public func predictProbabilities(_ x: Models.ClassRows) throws -> Tensor<Final.Scalar> {
    try finalModel.predictProbabilities(transform(x))
  }
}

extension StackingClassifierModel: Encodable where Models: Encodable, Final: Encodable {}
extension StackingClassifierModel: Decodable where Models: Decodable, Final: Decodable {}
extension StackingClassifierModel: Equatable where Models: Equatable, Final: Equatable {}

extension StackingClassifierModel: StorableModel where Models: Codable, Final: Codable {
  public static var fileKind: String { "stacking classifier of \(Models.self) and \(Final.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard models.classCounts.allSatisfy({ $0 == classCount }) else { return "members know other numbers of classes" }
    return models.classFlaw ?? flawOfMember(finalModel)
  }
}

/// A regressor that learns from what other regressors, of any types, tell of rows that they have not learned from; as
/// ``StackingClassifier``, with folds of rows in their order.
///
/// Names and defaults are those of scikit-learn's `StackingRegressor`, but for the penalty of the last estimator's default.
public struct StackingRegressor<Members: RegressorGroup, Final: RegressorEstimator>: RegressorEstimator
where Final.Input == Tensor<Double> {
  /// The members.
  public var members: Members
  /// Learns from what the members tell.
  public var finalEstimator: Final
  /// In how many folds rows are divided.
  public var cv: Int
  /// Whether the last estimator also gets the columns of the rows.
  public var passthrough: Bool

  public init(
    finalEstimator: Final,
    cv: Int = 5,
    passthrough: Bool = false,
    @RegressorGroupBuilder members: () -> Members
  ) {
    (self.members, self.finalEstimator) = (members(), finalEstimator)
    (self.cv, self.passthrough) = (cv, passthrough)
  }

  /// A model of rows and their numbers, shape (n).
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``, and for fewer rows than folds.
  /// - Complexity: ``cv`` + 1 fits of the members, one after the other, and one of the last estimator.
  public func fit(
    _ x: Members.NumberRows,
    _ y: Tensor<Final.Model.Scalar>,
    weights: Tensor<Double>?
  ) throws -> StackingRegressorModel<Members.NumberModels, Final.Model> {
    guard y.shape == [x.rowCount] else { throw ModelError.labels(y.count, rows: x.rowCount) }
    try checkWeights(weights, rows: x.rowCount)
    let targets = y.doubles
    let splits = try KFold(nSplits: cv).splits(rows: x.rowCount, classes: nil, groups: nil)
    let told = try outOfFold(splits) { train, test in
      let models = try members.fitMembers(x[rows: train], targets[rows: train], weights: weights?[rows: train])
      return stack(try models.memberPredictions(x[rows: test]), axis: 1)
    }
    return StackingRegressorModel(
      models: try members.fitMembers(x, targets, weights: weights),
      finalModel: try finalEstimator.fit(try stacked(told, x, passthrough), y, weights: weights),
      passthrough: passthrough
    )
  }
}

extension StackingRegressor: Equatable where Members: Equatable, Final: Equatable {}

/// What a ``StackingRegressor`` has learned.
public struct StackingRegressorModel<Models: NumberModelGroup, Final: Regressor>: Regressor
where Final.Input == Tensor<Double> {
  /// The members' models.
  public let models: Models
  /// What was learned from what they tell.
  public let finalModel: Final
  let passthrough: Bool

  /// What the last model learns from: what the members tell, and the rows' columns behind it. Shape (n, columns).
  public func transform(_ x: Models.NumberRows) throws -> Tensor<Double> {
    try stacked(stack(models.memberPredictions(x), axis: 1), x, passthrough)
  }

  public func predict(_ x: Models.NumberRows) throws -> Tensor<Final.Scalar> { try finalModel.predict(transform(x)) }
}

extension StackingRegressorModel: Encodable where Models: Encodable, Final: Encodable {}
extension StackingRegressorModel: Decodable where Models: Decodable, Final: Decodable {}
extension StackingRegressorModel: Equatable where Models: Equatable, Final: Equatable {}

extension StackingRegressorModel: StorableModel where Models: Codable, Final: Codable {
  public static var fileKind: String { "stacking regressor of \(Models.self) and \(Final.self)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? { models.numberFlaw ?? flawOfMember(finalModel) }
}

/// What is told of each row by the models that have not learned from it, in the order of the rows.
private func outOfFold(
  _ splits: [Split],
  _ told: (_ train: [Int], _ test: [Int]) throws -> Tensor<Double>
) throws -> Tensor<Double> {
  let parts = try splits.map { split in
    try Task.checkCancellation()
    return try told(split.train, split.test)
  }
  let order = splits.flatMap(\.test)
  var places = [Int](repeating: 0, count: order.count)
  for (place, row) in order.enumerated() { places[row] = place }
  return concatenate(parts)[rows: places]
}

/// - Throws: when rows that are not numbers are to be passed on.
private func stacked(_ told: Tensor<Double>, _ x: some Rows, _ passthrough: Bool) throws(ModelError) -> Tensor<Double> {
  guard passthrough else { return told }
  guard let x = x as? any MatrixRows else {
    throw .parameter(name: "passthrough", reason: "rows of \(type(of: x)) are no numbers")
  }
  return concatenate([told, x.denseRows(as: Double.self)], axis: 1)
}
