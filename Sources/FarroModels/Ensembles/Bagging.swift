import Farro
import FarroData

/// What both estimators of bagging draw.
struct BaggingDraws {
  var nEstimators: Int
  var maxSamples: Double
  var maxFeatures: Double
  var bootstrap: Bool
  var bootstrapFeatures: Bool
  var seed: UInt64

  /// The rows and columns of one estimator; columns are nil where it takes all.
  struct Draw {
    var rows: [Int]
    var columns: [Int]?
  }

  /// - Throws: for parameters out of range.
  func draws(rows: Int, columns: Int, weights: Tensor<Double>?) throws(ModelError) -> [Draw] {
    try checkRange(nEstimators, "nEstimators", atLeast: 1)
    for (part, name) in [(maxSamples, "maxSamples"), (maxFeatures, "maxFeatures")] where !(part > 0 && part <= 1) {
      throw .parameter(name: name, reason: "must be above 0 and at most 1, not \(part)")
    }
    guard rows > 0 else { throw .rows(0, needed: 1) }
    try checkWeights(weights, rows: rows)
    let (rowCount, columnCount) = (max(1, Int(maxSamples * Double(rows))), max(1, Int(maxFeatures * Double(columns))))
    let sums = weights.map { cumulativeSum($0).scalars }
    let takesAll = columnCount == columns && !bootstrapFeatures
    var seeds = SplitMix64(seed: seed)
    return (0..<nEstimators).map { _ in
      var generator = Xoshiro256(seed: seeds.next())
      return Draw(
        rows: draw(rowCount, of: rows, again: bootstrap, sums, &generator).sorted(),
        columns: takesAll
          ? nil : draw(columnCount, of: columns, again: bootstrapFeatures, nil, &generator).sorted()
      )
    }
  }

  /// Some numbers below `count`, each as likely as its weight, or, if none comes again, all as likely.
  private func draw(
    _ drawn: Int,
    of count: Int,
    again: Bool,
    _ sums: [Double]?,
    _ generator: inout Xoshiro256
  ) -> [Int] {
    guard again else { return Array((0..<count).shuffled(using: &generator).prefix(drawn)) }
    guard let sums else { return (0..<drawn).map { _ in Int.random(in: 0..<count, using: &generator) } }
    return (0..<drawn).map { _ in drawnRow(sums, &generator) }
  }
}

/// A row, as likely as its weight is in the sums of weights.
func drawnRow(_ sums: [Double], _ generator: inout Xoshiro256) -> Int {
  let wanted = Double.random(in: 0..<sums[sums.count - 1], using: &generator)
  var (low, high) = (0, sums.count - 1)
  while low < high {
    let middle = (low + high) / 2
    if sums[middle] > wanted { high = middle } else { low = middle + 1 }
  }
  return low
}

/// Some columns of rows, all when nil.
///
/// - Throws: for rows that have none.
private func chosen<Input: Rows>(_ x: Input, _ columns: [Int]?) throws -> Input {
  guard let columns else { return x }
  let count = columnCount(x)
  if let last = columns.max(), last >= count { throw ModelError.columns(count, expected: last + 1) }
  if let x = x as? Tensor<Double> { return try x.numbers(ofColumns: columns, as: Double.self) as! Input }
  if let x = x as? Tensor<Float> { return try x.numbers(ofColumns: columns, as: Float.self) as! Input }
  if let x = x as? CSRMatrix<Double> { return try x.sparseNumbers(ofColumns: columns, as: Double.self) as! Input }
  if let x = x as? CSRMatrix<Float> { return try x.sparseNumbers(ofColumns: columns, as: Float.self) as! Input }
  throw ModelError.parameter(name: "maxFeatures", reason: "rows of \(Input.self) have no columns to choose from")
}

private func columnCount(_ x: some Rows) -> Int { (x as? any NumericRows)?.columnCount ?? 1 }

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
public struct BaggingClassifier<Base: ClassifierEstimator>: ClassifierEstimator {
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
    let draws = try baggingDraws(bootstrap, oobScore, weights) {
      BaggingDraws(
        nEstimators: nEstimators,
        maxSamples: maxSamples,
        maxFeatures: maxFeatures,
        bootstrap: bootstrap,
        bootstrapFeatures: bootstrapFeatures,
        seed: seed
      )
    }.draws(rows: x.rowCount, columns: columnCount(x), weights: weights)
    var members: [BaggingClassifierModel<Base.Model>.Member] = []
    for draw in draws {
      try Task.checkCancellation()
      // Classes that are not drawn do not exist for the estimator.
      let own = draw.rows.map { classes[$0] }
      let present = Set(own).sorted()
      let numbers = Dictionary(uniqueKeysWithValues: zip(present, Int32(0)...))
      let model =
        present.count < 2
        ? nil
        : try estimator.fit(
          chosen(x[rows: draw.rows], draw.columns),
          classes: own.map { numbers[$0]! },
          classCount: present.count,
          weights: nil
        )
      members.append(.init(model: model, classes: present, columns: draw.columns))
    }
    var model = BaggingClassifierModel(members: members, classCount: classCount)
    guard oobScore else { return model }
    var sums = Tensor<Double>(zeros: [x.rowCount, classCount])
    try forRowsLeftOut(draws, rows: x.rowCount) { number, rows in
      let told = try model.probabilities(of: members[number], x[rows: rows])
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
  struct Member: Sendable {
    /// nil: all drawn rows were of one class.
    let model: Base?
    /// The classes that it knows.
    let classes: [Int32]
    let columns: [Int]?
  }

  let members: [Member]
  public let classCount: Int
  /// The part of the rows whose class those tell that have not learned from them; nil when not asked for.
  public internal(set) var oobScore: Double?
  /// The probabilities that these tell, 0 for rows that all have learned from. Shape (n, ``classCount``); nil when not asked for.
  public internal(set) var oobDecisionFunction: Tensor<Double>?

  init(members: [Member], classCount: Int) { (self.members, self.classCount) = (members, classCount) }

  /// The fitted estimators, without those that saw one class alone.
  public var estimators: [Base] { members.compactMap(\.model) }
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
    for member in members { sum += try probabilities(of: member, x) }
    return sum / Double(members.count)
  }

  func probabilities(of member: Member, _ x: Base.Input) throws -> Tensor<Double> {
    var result = Tensor<Double>(zeros: [x.rowCount, classCount])
    guard let model = member.model else {
      for row in 0..<x.rowCount { result[row, Int(member.classes[0])] = 1 }
      return result
    }
    let x = try chosen(x, member.columns)
    if let told = try FarroModels.probabilities(of: model, x) {
      if member.classes.count == classCount { return told }
      for row in 0..<x.rowCount {
        for (k, number) in member.classes.enumerated() { result[row, Int(number)] = told[row, k] }
      }
    } else {
      for (row, k) in try model.predictClasses(x).enumerated() { result[row, Int(member.classes[Int(k)])] = 1 }
    }
    return result
  }
}

extension BaggingClassifierModel.Member: Encodable where Base: Encodable {}
extension BaggingClassifierModel.Member: Decodable where Base: Decodable {}
extension BaggingClassifierModel.Member: Equatable where Base: Equatable {}
extension BaggingClassifierModel: Encodable where Base: Encodable {}
extension BaggingClassifierModel: Decodable where Base: Decodable {}
extension BaggingClassifierModel: Equatable where Base: Equatable {}

extension BaggingClassifierModel: StorableModel where Base: Codable {
  public static var fileKind: String { "bagging classifier of \(Base.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2, !members.isEmpty else { return "there are no estimators, or no two classes" }
    for member in members {
      guard member.classes.allSatisfy({ 0..<Int32(clamping: classCount) ~= $0 }), !member.classes.isEmpty,
        member.model.map({ $0.classCount == member.classes.count }) ?? true
      else { return "an estimator knows other classes" }
      guard member.columns?.allSatisfy({ $0 >= 0 }) ?? true else { return "an estimator knows other columns" }
      if let model = member.model, let flaw = flawOfMember(model) { return flaw }
    }
    return nil
  }
}

/// Regressors of one kind, each of which learns from rows, and columns, drawn at random; their mean counts.
///
/// Names and defaults are those of scikit-learn's `BaggingRegressor`; as ``BaggingClassifier``.
public struct BaggingRegressor<Base: RegressorEstimator>: RegressorEstimator {
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
    let draws = try baggingDraws(bootstrap, oobScore, weights) {
      BaggingDraws(
        nEstimators: nEstimators,
        maxSamples: maxSamples,
        maxFeatures: maxFeatures,
        bootstrap: bootstrap,
        bootstrapFeatures: bootstrapFeatures,
        seed: seed
      )
    }.draws(rows: x.rowCount, columns: columnCount(x), weights: weights)
    var members: [BaggingRegressorModel<Base.Model>.Member] = []
    for draw in draws {
      try Task.checkCancellation()
      let model = try estimator.fit(chosen(x[rows: draw.rows], draw.columns), y[rows: draw.rows], weights: nil)
      members.append(.init(model: model, columns: draw.columns))
    }
    var model = BaggingRegressorModel(members: members)
    guard oobScore else { return model }
    var (sums, counts) = (Tensor<Double>(zeros: [x.rowCount]), [Double](repeating: 0, count: x.rowCount))
    try forRowsLeftOut(draws, rows: x.rowCount) { number, rows in
      let told = try members[number].model.predict(chosen(x[rows: rows], members[number].columns)).doubles
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
  struct Member: Sendable {
    let model: Base
    let columns: [Int]?
  }

  let members: [Member]
  /// R² of what those tell that have not learned from a row; nil when not asked for.
  public internal(set) var oobScore: Double?
  /// What these tell, 0 for rows that all have learned from; nil when not asked for.
  public internal(set) var oobPrediction: Tensor<Double>?

  init(members: [Member]) { self.members = members }

  /// The fitted estimators.
  public var estimators: [Base] { members.map(\.model) }
  /// The columns that each estimator has learned from; nil for all.
  public var estimatorsFeatures: [[Int]?] { members.map(\.columns) }

  /// The mean of the estimators' numbers. Shape (n).
  public func predict(_ x: Base.Input) throws -> Tensor<Base.Scalar> {
    var sum = Tensor<Double>(zeros: [x.rowCount])
    for member in members { sum += try member.model.predict(chosen(x, member.columns)).doubles }
    return (sum / Double(members.count)).converted()
  }
}

extension BaggingRegressorModel.Member: Encodable where Base: Encodable {}
extension BaggingRegressorModel.Member: Decodable where Base: Decodable {}
extension BaggingRegressorModel.Member: Equatable where Base: Equatable {}
extension BaggingRegressorModel: Encodable where Base: Encodable {}
extension BaggingRegressorModel: Decodable where Base: Decodable {}
extension BaggingRegressorModel: Equatable where Base: Equatable {}

extension BaggingRegressorModel: StorableModel where Base: Codable {
  public static var fileKind: String { "bagging regressor of \(Base.self)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard !members.isEmpty else { return "there are no estimators" }
    for member in members {
      guard member.columns?.allSatisfy({ $0 >= 0 }) ?? true else { return "an estimator knows other columns" }
      if let flaw = flawOfMember(member.model) { return flaw }
    }
    return nil
  }
}

/// - Throws: for what needs rows to be drawn again.
private func baggingDraws(
  _ bootstrap: Bool,
  _ oobScore: Bool,
  _ weights: Tensor<Double>?,
  _ draws: () -> BaggingDraws
) throws(ModelError) -> BaggingDraws {
  guard bootstrap || (!oobScore && weights == nil) else {
    throw .parameter(
      name: "bootstrap",
      reason: "must be true for \(oobScore ? "oobScore, as otherwise no rows are left out" : "weights of rows")"
    )
  }
  return draws()
}

/// Calls `body` with the number of each draw and the rows that it lacks.
private func forRowsLeftOut(_ draws: [BaggingDraws.Draw], rows: Int, _ body: (Int, [Int]) throws -> Void) throws {
  for (number, draw) in draws.enumerated() {
    let drawn = Set(draw.rows)
    let left = (0..<rows).filter { !drawn.contains($0) }
    if !left.isEmpty { try body(number, left) }
  }
}
