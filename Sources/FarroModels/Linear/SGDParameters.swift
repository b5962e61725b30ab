import Farro

/// How coefficients that are large are penalized.
public enum SGDPenalty: String, Codable, Sendable, CaseIterable {
  /// Their squares.
  case l2
  /// Their magnitudes.
  case l1
  /// Both, by `l1Ratio`.
  case elasticNet = "elasticnet"
  /// They are not.
  case none
}

/// How long steps are; t counts them from 1.
public enum SGDLearningRate: String, Codable, Sendable, CaseIterable {
  /// `eta0`.
  case constant
  /// 1 / (alpha (t + t₀)), where t₀ makes first steps as long as coefficients will be (L. Bottou).
  case optimal
  /// `eta0` / t to the power `powerT`.
  case invscaling
  /// `eta0`, and a fifth of it each time that there is no progress.
  case adaptive
}

/// The parameters that models by stochastic gradient descent have in common.
public struct SGDParameters: Codable, Sendable, Hashable {
  /// How large coefficients are penalized.
  public var penalty = SGDPenalty.l2
  /// The penalty's strength, and the rate's of ``SGDLearningRate/optimal``.
  public var alpha = 1e-4
  /// The part of ``SGDPenalty/elasticNet`` that is L1, from 0 to 1.
  public var l1Ratio = 0.15
  /// Whether there are intercepts.
  public var fitIntercept = true
  /// The most passes over the rows.
  public var maxIterations = 1000
  /// What the mean loss must fall by, or the score of rows held out rise by, to be progress; nil: all passes are made.
  public var tolerance: Double? = 1e-3
  /// Whether rows come in another order in each pass.
  public var shuffle = true
  /// Of losses that have one: below it, errors do not count, or count as squares.
  public var epsilon = 0.1
  /// Of the order of rows, and of the choice of those held out.
  public var seed: UInt64 = 0
  /// How long steps are.
  public var learningRate = SGDLearningRate.optimal
  /// The first step's length, where ``learningRate`` does not know itself.
  public var eta0 = 0.01
  /// The exponent of ``SGDLearningRate/invscaling``.
  public var powerT = 0.5
  /// Whether progress is told by rows held out.
  public var earlyStopping = false
  /// Which part of the rows that is.
  public var validationFraction = 0.1
  /// The passes without progress after which it ends.
  public var nIterationsNoChange = 5
  /// The step from which coefficients are averaged, 1 for all; nil: they are those of the last step.
  public var average: Int?
  /// The rows of a step. scikit-learn has 1, and so has this; more make steps of their mean gradient.
  public var batchSize = 1

  public init() {}

  func check() throws(ModelError) {
    try checkRange(alpha, "alpha", atLeast: 0)
    guard 0...1 ~= l1Ratio else { throw .parameter(name: "l1Ratio", reason: "must be from 0 to 1, not \(l1Ratio)") }
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    try checkRange(epsilon, "epsilon", atLeast: 0)
    try checkRange(nIterationsNoChange, "nIterationsNoChange", atLeast: 1)
    try checkRange(average, "average", atLeast: 1)
    try checkRange(batchSize, "batchSize", atLeast: 1)
    guard tolerance.map({ !$0.isNaN }) ?? true else { throw .parameter(name: "tolerance", reason: "must be a number") }
    guard powerT.isFinite else { throw .parameter(name: "powerT", reason: "must be finite, not \(powerT)") }
    guard learningRate != .optimal || alpha > 0 else {
      throw .parameter(name: "alpha", reason: "the optimal learning rate needs one above 0")
    }
    guard learningRate == .optimal || (eta0 > 0 && eta0.isFinite) else {
      throw .parameter(name: "eta0", reason: "must be above 0, not \(eta0)")
    }
    guard !earlyStopping || (validationFraction > 0 && validationFraction < 1) else {
      throw .parameter(name: "validationFraction", reason: "must be between 0 and 1, not \(validationFraction)")
    }
  }

  /// What C is asked for, but for what is to be learned.
  func problem() -> StochasticGradient {
    var problem = StochasticGradient()
    (problem.epsilon, problem.initialRate, problem.rateExponent) = (epsilon, eta0, powerT)
    problem.rate =
      switch learningRate {
      case .constant: .constant
      case .optimal: .optimal
      case .invscaling: .inverseScaling
      case .adaptive: .adaptive
      }
    problem.alpha = alpha
    problem.l1Ratio =
      switch penalty {
      case .l1: 1
      case .l2: 0
      case .elasticNet: l1Ratio
      case .none: 0
      }
    problem.isPenalized = penalty != .none
    (problem.batch, problem.average, problem.hasIntercept) = (batchSize, average ?? 0, fitIntercept)
    (problem.shuffles, problem.seed, problem.epochs) = (shuffle, seed, maxIterations)
    (problem.patience, problem.tolerance) = (nIterationsNoChange, tolerance)
    return problem
  }

  /// Which rows are held out, of each class its part; nil where none are.
  ///
  /// - Throws: when there are too few rows.
  func heldOut(_ classes: [Int32]?, rows: Int) throws(ModelError) -> [UInt8]? {
    guard earlyStopping else { return nil }
    var random = Xoshiro256(seed: seed)
    var marks = [UInt8](repeating: 0, count: rows)
    let groups = classes.map { codes in Dictionary(grouping: codes.indices) { codes[$0] }.sorted { $0.key < $1.key } }
    for group in groups?.map(\.value) ?? [Array(0..<rows)] {
      let count = max(1, Int((Double(group.count) * validationFraction).rounded()))
      guard count < group.count else { throw .rows(rows, needed: 2 * (groups?.count ?? 1)) }
      for row in group.shuffled(using: &random)[..<count] { marks[row] = 1 }
    }
    return marks
  }
}
