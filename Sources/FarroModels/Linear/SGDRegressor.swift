import Farro
import FarroData

/// What ``SGDRegressor`` makes small; r is what a row's number is predicted too high.
public enum SGDRegressorLoss: String, Codable, Sendable, CaseIterable {
  /// r² / 2.
  case squaredError = "squared_error"
  /// r² / 2 up to |r| = `epsilon`, linear beyond: outliers count less.
  case huber
  /// max(0, |r| - `epsilon`): linear support vector regression.
  case epsilonInsensitive = "epsilon_insensitive"
  /// The square of that.
  case squaredEpsilonInsensitive = "squared_epsilon_insensitive"

  fileprivate var loss: StochasticGradient.Loss {
    switch self {
    case .squaredError: .squaredError
    case .huber: .huber
    case .epsilonInsensitive: .epsilonInsensitive
    case .squaredEpsilonInsensitive: .squaredEpsilonInsensitive
    }
  }
}

/// A linear regression learned by stochastic gradient descent.
///
/// ```swift
/// let model = try StandardScaler<Tensor<Float>>().then(SGDRegressor(seed: 1)).fit(x, y)
/// ```
///
/// Fitting makes the mean of sᵢ loss(w·xᵢ + b - yᵢ) + `alpha` penalty(w) small, a row at a time. Columns should have similar
/// scales. Names and defaults are those of scikit-learn's `SGDRegressor`; those that the initializer lacks are properties, as
/// ``SGDParameters`` has them, of which this begins with `learningRate` `invscaling` and `powerT` 1/4.
@dynamicMemberLookup
public struct SGDRegressor<Input: NumericRows>: RegressorEstimator, Hashable {
  /// What is made small.
  public var loss: SGDRegressorLoss
  /// All other parameters, which are also properties of this.
  public var parameters = SGDParameters()

  public init(
    loss: SGDRegressorLoss = .squaredError,
    penalty: SGDPenalty = .l2,
    alpha: Double = 1e-4,
    l1Ratio: Double = 0.15,
    maxIterations: Int = 1000,
    tolerance: Double? = 1e-3,
    seed: UInt64 = 0
  ) {
    self.loss = loss
    (parameters.penalty, parameters.alpha, parameters.l1Ratio) = (penalty, alpha, l1Ratio)
    (parameters.maxIterations, parameters.tolerance, parameters.seed) = (maxIterations, tolerance, seed)
    (parameters.learningRate, parameters.powerT) = (.invscaling, 0.25)
  }

  /// The other parameters.
  public subscript<Value>(dynamicMember path: WritableKeyPath<SGDParameters, Value>) -> Value {
    get { parameters[keyPath: path] }
    set { parameters[keyPath: path] = newValue }
  }

  /// A model of rows and the numbers that belong to them.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: Shape (n).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for data and parameters that no model can come of, and where steps are so long that coefficients
  ///   grow beyond all numbers.
  /// - Complexity: O(elements) for each pass.
  public func fit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> SGDRegressionModel<Input> {
    try learn(x, y, weights, parameters, from: nil)
  }

  /// One pass over some rows, which goes on from a model: for rows that come bit by bit.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: Shape (n).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  ///   - model: What was learned before; nothing when nil.
  /// - Throws: As ``fit(_:_:weights:)``.
  /// - Complexity: O(elements).
  public func partialFit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>? = nil,
    from model: SGDRegressionModel<Input>? = nil
  ) throws -> SGDRegressionModel<Input> {
    var once = parameters
    (once.maxIterations, once.tolerance, once.earlyStopping) = (1, nil, false)
    return try learn(x, y, weights, once, from: model)
  }

  private func learn(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    _ weights: Tensor<Double>?,
    _ parameters: SGDParameters,
    from start: SGDRegressionModel<Input>?
  ) throws -> SGDRegressionModel<Input> {
    try parameters.check()
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    guard y.rank == 1 else { throw ModelError.parameter(name: "y", reason: "must have the shape (n), not \(y.shape)") }
    try checkTargets(y, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    if let start { try x.check(columns: start.state.columns) }
    var problem = parameters.problem()
    (problem.targets, problem.weights, problem.loss) = (Tensor(casting: y), weights, loss.loss)
    problem.heldOut = try parameters.heldOut(nil, rows: x.rowCount)
    let before =
      start?.state.stochastic
      ?? StochasticState(outputs: 1, columns: x.columnCount, isAveraged: parameters.average != nil)
    let state = try x.denseOrSparse(
      { try problem.fit($0, from: before) },
      { try problem.fit($0, from: before) }
    )
    return SGDRegressionModel(state: try SGDState(state))
  }
}

/// What ``SGDRegressor`` learned.
public struct SGDRegressionModel<Input: NumericRows>: Regressor, Equatable, Codable {
  public typealias Scalar = Input.Scalar

  let state: SGDState

  /// Shape (d).
  public var coefficients: Tensor<Scalar> { state.coefficients().reshaped([state.columns]) }
  public var intercept: Scalar { state.intercepts()[0] }
  /// The passes of the last call.
  public var iterations: Int { state.iterations }

  /// - Complexity: O(elements).
  public func predict(_ x: Input) throws -> Tensor<Scalar> {
    try x.check(columns: state.columns)
    return linearScores(x, state.coefficients(), state.intercepts()).reshaped([x.rowCount])
  }
}

extension SGDRegressionModel: StorableModel {
  public static var fileKind: String { "stochastic linear regression of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? { state.flaw(outputs: 1) }
}
