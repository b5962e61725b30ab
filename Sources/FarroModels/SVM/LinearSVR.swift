import Farro
import FarroData

/// Numbers told by a plane from which errors up to ``epsilon`` cost nothing.
///
/// ```swift
/// let model = try LinearSVR(c: 10).fit(x, y)
/// print(model.coefficients, try model.predict(others))
/// ```
///
/// It minimizes 1/2 (|w|² + w'²) + Σ Cᵢ max(0, |yᵢ - zᵢ| - epsilon), or the sum of the squares, with z = w·x + interceptScaling w' and
/// Cᵢ = c × the row's weight. Rows are dense (`Tensor`) or sparse (`CSRMatrix`). Names and defaults are those of scikit-learn's
/// `LinearSVR`. ``LinearSVC`` tells how it works, the loss that is not squared in the hinge's place; coordinate descent is that of
/// C.-H. Ho and C.-J. Lin, JMLR 13, 2012.
public struct LinearSVR<Input: NumericRows>: RegressorEstimator, Equatable {
  /// Errors up to this cost nothing.
  public var epsilon: Double
  /// Of the dual problem, the sum of violations, and of the primal one, the length of the gradient, in parts of the first.
  public var tolerance: Double
  /// How much an error costs, above 0.
  public var c: Double
  /// The loss of a row.
  public var loss: LinearSVRLoss
  /// Whether there is an intercept.
  public var fitIntercept: Bool
  /// The value of the column whose weight the intercept is.
  public var interceptScaling: Double
  /// Whether the dual problem is solved; when nil, it is unless the loss is squared and there are more rows than columns, and
  /// no more than 1000 of these.
  public var dual: Bool?
  /// Of the order in which coordinate descent visits rows.
  public var seed: UInt64
  /// The most passes over the rows, or steps of the other methods.
  public var maxIterations: Int

  public init(
    epsilon: Double = 0,
    tolerance: Double = 1e-4,
    c: Double = 1,
    loss: LinearSVRLoss = .epsilonInsensitive,
    fitIntercept: Bool = true,
    interceptScaling: Double = 1,
    dual: Bool? = nil,
    seed: UInt64 = 0,
    maxIterations: Int = 1000
  ) {
    (self.epsilon, self.tolerance, self.c, self.loss) = (epsilon, tolerance, c, loss)
    (self.fitIntercept, self.interceptScaling, self.dual) = (fitIntercept, interceptScaling, dual)
    (self.seed, self.maxIterations) = (seed, maxIterations)
  }

  /// A model of rows and the numbers that belong to them, shape (n).
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``.
  /// - Complexity: O(n d) for each pass, or O(n d² + d³) for each step.
  public func fit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>?
  ) throws -> LinearSVRModel<Input> {
    try x.checkFinite()
    try checkPositive(c, "c")
    try checkPositive(tolerance, "tolerance")
    try checkPositive(interceptScaling, "interceptScaling")
    try checkRange(epsilon, "epsilon", atLeast: 0)
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    try checkMarginTargets(y, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    let limits = weights.map { $0.scalars.map { $0 * c } } ?? Array(repeating: c, count: x.rowCount)
    let isSquared = loss == .squaredEpsilonInsensitive
    var options = LinearMarginOptions()
    (options.loss, options.epsilon) = (isSquared ? .squaredInsensitive : .insensitive, epsilon)
    (options.tolerance, options.seed, options.maxIterations) = (tolerance, seed, maxIterations)
    options.bias = fitIntercept ? interceptScaling : 0
    options.isDual = try isDual(dual, isSquared: isSquared, x.rowCount, x.columnCount)
    let margin = try linearMargins(x, [Tensor<Double>(casting: y).scalars], [limits], options)[0]
    return LinearSVRModel(
      coefficients: Tensor(margin.weights.dropLast()),
      intercept: margin.weights.last! * options.bias,
      iterations: margin.iterations,
      hasConverged: margin.hasConverged
    )
  }
}

/// What an error costs beyond epsilon.
public enum LinearSVRLoss: String, Sendable, Codable {
  /// max(0, |y - z| - epsilon)
  case epsilonInsensitive
  /// The square of that.
  case squaredEpsilonInsensitive
}

/// A plane that ``LinearSVR`` found.
public struct LinearSVRModel<Input: NumericRows>: Regressor, Equatable {
  public typealias Scalar = Input.Scalar

  /// The weights of the columns. Shape (columns).
  public let coefficients: Tensor<Double>
  /// What is added.
  public let intercept: Double
  /// How many passes, or steps, it took.
  public let iterations: Int
  /// Whether the tolerance was reached.
  public let hasConverged: Bool

  /// The number of each row. Shape (n).
  ///
  /// - Complexity: O(elements).
  public func predict(_ x: Input) throws -> Tensor<Scalar> {
    try linearDecisions(x, coefficients.reshaped([1, coefficients.count]), [intercept]).reshaped([x.rowCount])
  }
}

extension LinearSVRModel: StorableModel {
  public static var fileKind: String { "linear support vector regressor of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard coefficients.rank == 1, coefficients.scalars.allSatisfy(\.isFinite), intercept.isFinite else {
      return "coefficients of the shape \(coefficients.shape), or some of them, or the intercept, are none"
    }
    return nil
  }
}
