import Farro
import FarroData

/// What ``SGDClassifier`` makes small. m is a row's score times 1 for its class and -1 for others.
public enum SGDClassifierLoss: String, Codable, Sendable, CaseIterable {
  /// max(0, 1 - m): a linear support vector machine.
  case hinge
  /// The square of that.
  case squaredHinge = "squared_hinge"
  /// log(1 + e⁻ᵐ): logistic regression.
  case log = "log_loss"
  /// max(0, 1 - m)², and -4 m below -1: probabilities, and outliers that count little.
  case modifiedHuber = "modified_huber"
  /// max(0, -m).
  case perceptron

  fileprivate var loss: StochasticGradient.Loss {
    switch self {
    case .hinge: .hinge
    case .squaredHinge: .squaredHinge
    case .log: .log
    case .modifiedHuber: .modifiedHuber
    case .perceptron: .perceptron
    }
  }
}

/// A linear classifier learned by stochastic gradient descent, each class against the rest.
///
/// ```swift
/// let pipeline = StandardScaler<Tensor<Float>>().then(SGDClassifier(loss: .log, seed: 1))
/// let classifier = try pipeline.fit(x, species)
/// ```
///
/// Fitting makes the mean of sᵢ loss(yᵢ, w·xᵢ + b) + `alpha` penalty(w) small, a row at a time. Columns should have similar
/// scales. Names and defaults are those of scikit-learn's `SGDClassifier`; those that the initializer lacks are properties,
/// as ``SGDParameters`` has them. Passive-aggressive rates are missing, and `batchSize` is new. Classes are learned side by
/// side.
@dynamicMemberLookup
public struct SGDClassifier<Input: NumericRows>: ClassifierEstimator, Equatable {
  /// What is made small.
  public var loss: SGDClassifierLoss
  /// How much classes count; when nil, all the same.
  public var classWeight: ClassWeight?
  /// All other parameters, which are also properties of this.
  public var parameters = SGDParameters()

  public init(
    loss: SGDClassifierLoss = .hinge,
    penalty: SGDPenalty = .l2,
    alpha: Double = 1e-4,
    l1Ratio: Double = 0.15,
    maxIterations: Int = 1000,
    tolerance: Double? = 1e-3,
    classWeight: ClassWeight? = nil,
    seed: UInt64 = 0
  ) {
    (self.loss, self.classWeight) = (loss, classWeight)
    (parameters.penalty, parameters.alpha, parameters.l1Ratio) = (penalty, alpha, l1Ratio)
    (parameters.maxIterations, parameters.tolerance, parameters.seed) = (maxIterations, tolerance, seed)
  }

  /// The other parameters.
  public subscript<Value>(dynamicMember path: WritableKeyPath<SGDParameters, Value>) -> Value {
    get { parameters[keyPath: path] }
    set { parameters[keyPath: path] = newValue }
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: ``ModelError`` for fewer than two classes, for data and parameters that no model can come of, and where steps
  ///   are so long that coefficients grow beyond all numbers.
  /// - Complexity: O(elements times classes) for each pass.
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>? = nil
  ) throws -> SGDClassModel<Input> {
    try learn(x, classes, classCount, weights, parameters, from: nil)
  }

  /// One pass over some rows, which goes on from a model: for rows that come bit by bit.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: n labels of `classes`.
  ///   - classes: All classes that may come. Where `model` is given, its own must be the same.
  ///   - weights: Shape (n): how much each row counts; 1 when nil.
  ///   - model: What was learned before; nothing when nil.
  /// - Throws: As ``fit(_:classes:classCount:weights:)``; ``MetricError/unknownLabel(_:row:)`` for a label of no class; `classWeight` must not be `balanced`, which
  ///   needs all rows.
  /// - Complexity: O(elements times classes).
  public func partialFit<Label: Hashable & Codable & Sendable>(
    _ x: Input,
    _ y: [Label],
    classes: [Label],
    weights: Tensor<Double>? = nil,
    from model: Classifier<SGDClassModel<Input>, Label>? = nil
  ) throws -> Classifier<SGDClassModel<Input>, Label> {
    guard classWeight != .balanced else {
      throw ModelError.parameter(name: "classWeight", reason: "balanced weights need all rows at once")
    }
    guard (model?.classes ?? classes) == classes, Set(classes).count == classes.count else {
      throw ModelError.parameter(name: "classes", reason: "must be different, and those of the model")
    }
    let codes = try Classes(of: y, order: classes).codes[0]
    var once = parameters
    (once.maxIterations, once.tolerance, once.earlyStopping) = (1, nil, false)
    return Classifier(
      classes: classes,
      model: try learn(x, codes, classes.count, weights, once, from: model?.model)
    )
  }

  private func learn(
    _ x: Input,
    _ classes: [Int32],
    _ classCount: Int,
    _ weights: Tensor<Double>?,
    _ parameters: SGDParameters,
    from start: SGDClassModel<Input>?
  ) throws -> SGDClassModel<Input> {
    try parameters.check()
    try x.checkFinite()
    try checkClasses(classes, classCount, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    if let start { try x.check(columns: start.state.columns) }
    var problem = parameters.problem()
    (problem.labels, problem.weights, problem.loss) = (classes, weights, loss.loss)
    problem.outputs = classCount == 2 ? 1 : classCount
    problem.labelWeights = try labelWeights(classes, classCount)
    problem.heldOut = try parameters.heldOut(classes, rows: x.rowCount)
    let before =
      start?.state.stochastic
      ?? StochasticState(outputs: problem.outputs, columns: x.columnCount, isAveraged: parameters.average != nil)
    let state = try x.denseOrSparse(
      { try problem.fit($0, from: before) },
      { try problem.fit($0, from: before) }
    )
    return SGDClassModel(state: try SGDState(state), classCount: classCount, loss: loss)
  }

  /// Of two classes, the weights of both; of more, each one's own, the rest counting 1.
  private func labelWeights(_ classes: [Int32], _ classCount: Int) throws -> [Double]? {
    guard classWeight != nil else { return nil }
    // The weight of each class is that of one of its rows.
    let representatives = (0..<Int32(classCount)).map { number in classes.firstIndex(of: number) }
    let rows = try classWeight.rowWeights(classes, classCount, nil)?.scalars ?? []
    let factors = representatives.map { $0.map { rows[$0] } ?? 1 }
    return classCount == 2 ? factors : factors.flatMap { [1, $0] }
  }
}

/// What ``SGDClassifier`` and ``Perceptron`` learned.
public struct SGDClassModel<Input: NumericRows>: ProbabilisticClassModel, DecisionModel, Equatable, Codable {
  public typealias Scalar = Input.Scalar

  let state: SGDState
  public let classCount: Int
  /// What was made small.
  public let loss: SGDClassifierLoss

  /// Of two classes the second one's, shape (1, d); of more, each one's against the rest, shape (`classCount`, d).
  public var coefficients: Tensor<Scalar> { state.coefficients() }
  /// Shape (1) or (`classCount`).
  public var intercepts: Tensor<Scalar> { state.intercepts() }
  /// The most passes that any class took in the last call.
  public var iterations: Int { state.iterations }

  private func scores(_ x: Input) throws -> Tensor<Scalar> {
    try x.check(columns: state.columns)
    return linearScores(x, coefficients, intercepts)
  }

  /// The class of the highest score.
  ///
  /// - Complexity: O(elements times `classCount`).
  public func predictClasses(_ x: Input) throws -> [Int32] { classesOfScores(try scores(x)) }

  /// - Complexity: O(elements times `classCount`).
  public func decisionFunction(_ x: Input) throws -> Tensor<Scalar> {
    let scores = try scores(x)
    return classCount == 2 ? scores.reshaped([x.rowCount]) : scores
  }

  /// Of the logistic loss 1 / (1 + e⁻ᶻ), of the modified Huber loss (1 + z) / 2 between 0 and 1; of more than two classes by
  /// their sum, or the same for all where that is 0.
  ///
  /// - Throws: As ``predictClasses(_:)``; ``ModelError/parameter(name:reason:)`` where the loss tells no probabilities.
  /// - Complexity: O(elements times `classCount`).
  public func predictProbabilities(_ x: Input) throws -> Tensor<Scalar> {
    guard loss == .log || loss == .modifiedHuber else {
      throw ModelError.parameter(name: "loss", reason: "\(loss.rawValue) tells no probabilities")
    }
    let scores = try scores(x).scalars.map { score -> Scalar in
      if loss == .modifiedHuber { return (min(max(score, -1), 1) + 1) / 2 }
      return Scalar(1 / (1 + exponential(-Double(score))))
    }
    if classCount == 2 { return Tensor(scores.flatMap { [1 - $0, $0] }, shape: [x.rowCount, 2]) }
    var shares = scores
    for first in stride(from: 0, to: scores.count, by: classCount) {
      let total = scores[first..<first + classCount].reduce(0, +)
      for number in first..<first + classCount {
        shares[number] = total > 0 ? scores[number] / total : 1 / Scalar(classCount)
      }
    }
    return Tensor(shares, shape: [x.rowCount, classCount])
  }
}

extension SGDClassModel: StorableModel {
  public static var fileKind: String { "stochastic linear classes of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2 else { return "\(classCount) classes cannot be told apart" }
    return state.flaw(outputs: classCount == 2 ? 1 : classCount)
  }
}
