import Farro
import FarroData

/// Least squares with a penalty that makes coefficients small, and many of them 0:
/// the sum of (y - x w - b)² / (2 n) plus `alpha` (`l1Ratio` |w|₁ + (1 - `l1Ratio`) |w|² / 2) is the least.
///
/// ```swift
/// let model = try ElasticNet(alpha: 0.1, l1Ratio: 0.7).fit(x, y)
/// print(model.coefficients, model.iterations)
/// ```
///
/// Names and defaults are those of scikit-learn's `ElasticNet`; `precompute` is missing: sums of products of columns are used
/// wherever they take less memory than half the data, and are computed in double for either element type. With weights, n is their
/// sum. Several outputs are fitted one by one.
///
/// Coefficients are set to their minimum one after the other. It ends when none moves by more than `tolerance` times the largest and the
/// duality gap is at most `tolerance` times the mean of (y - mean)².
///
/// Source: J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate Descent",
/// Journal of Statistical Software 33, 2010.
public struct ElasticNet<Input: NumericRows>: RegressorEstimator, Equatable {
  /// How much coefficients cost; 0 is least squares, which ``LinearRegression`` does better.
  public var alpha: Double
  /// The part of |w|₁ in the penalty, from 0 to 1.
  public var l1Ratio: Double
  /// Whether there is an intercept.
  public var fitIntercept: Bool
  /// The most passes over all coefficients.
  public var maxIterations: Int
  /// Of the duality gap, and of a step.
  public var tolerance: Double
  /// Where to begin, shape (columns) or (outputs, columns): scikit-learn's `warm_start`; at 0 when nil.
  public var start: Tensor<Input.Scalar>?
  /// Whether coefficients are at least 0.
  public var positive: Bool
  /// Which coefficient comes next.
  public var selection: CoordinateSelection
  /// Of a random selection.
  public var seed: UInt64

  public init(
    alpha: Double = 1,
    l1Ratio: Double = 0.5,
    fitIntercept: Bool = true,
    maxIterations: Int = 1000,
    tolerance: Double = 1e-4,
    start: Tensor<Input.Scalar>? = nil,
    positive: Bool = false,
    selection: CoordinateSelection = .cyclic,
    seed: UInt64 = 0
  ) {
    (self.alpha, self.l1Ratio, self.fitIntercept) = (alpha, l1Ratio, fitIntercept)
    (self.maxIterations, self.tolerance, self.start) = (maxIterations, tolerance, start)
    (self.positive, self.selection, self.seed) = (positive, selection, seed)
  }

  /// A model of rows and the numbers that belong to them.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: Shape (n), or (n, outputs).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: ``ModelError`` for no rows or columns, shapes and parameters that do not fit, and what is not finite;
  ///   `CancellationError`.
  /// - Complexity: O(n d²) and O(d²) for each iteration, or O(n d) for each; O(elements) of sparse rows.
  public func fit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> ElasticNetModel<Input> {
    try checkRange(alpha, "alpha", atLeast: 0)
    try checkRange(tolerance, "tolerance", atLeast: 0)
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    guard 0...1 ~= l1Ratio, alpha.isFinite else {
      throw ModelError.parameter(
        name: "l1Ratio",
        reason: "must be between 0 and 1, and alpha finite, not \(l1Ratio), \(alpha)"
      )
    }
    let target = try targetMatrix(x, y, weights: weights)
    let outputs = target.shape[1]
    let begin = try startingPoint(shape: y.shape.dropFirst() + [x.columnCount])
    let options = ElasticNetOptions(
      l1: alpha * l1Ratio,
      l2: alpha * (1 - l1Ratio),
      intercept: fitIntercept,
      positive: positive,
      random: selection == .random,
      seed: seed,
      tolerance: tolerance,
      maximumIterations: maxIterations
    )
    var solution = ElasticNetSolution(start: begin, outputs: outputs)
    if let dense = x as? Tensor<Input.Scalar> {
      solution.descend(dense, target, weights: weights, options)
    } else if let sparse = x as? CSRMatrix<Input.Scalar> {
      solution.descend(columns: sparse.transposed(), target, weights: weights, options)
    }
    if solution.isCancelled { throw CancellationError() }
    guard solution.isFinite else { try throwNotFinite(x) }
    return ElasticNetModel(
      function: LinearModel(coefficients: solution.coefficients, intercepts: solution.intercepts, targetShape: y.shape),
      dualGaps: solution.gaps,
      iterations: solution.iterations.map { Int($0) }
    )
  }

  private func startingPoint(shape: some Collection<Int>) throws(ModelError) -> [Double] {
    let count = shape.reduce(1, *)
    guard let start else { return Array(repeating: 0, count: count) }
    guard start.shape == Array(shape), start.scalars.allSatisfy(\.isFinite) else {
      throw .parameter(name: "start", reason: "must be finite, of the shape \(Array(shape)), not \(start.shape)")
    }
    return start.scalars.map { Double($0) }
  }
}

/// In which order coordinate descent takes coefficients.
public enum CoordinateSelection: String, Sendable, Codable, CaseIterable {
  /// One after the other.
  case cyclic
  /// Drawn at random, which often needs fewer passes where the tolerance is small.
  case random
}

/// ``ElasticNet`` with `l1Ratio` 1: the sum of (y - x w - b)² / (2 n) plus `alpha` |w|₁ is the least.
///
/// ```swift
/// let model = try Lasso(alpha: 0.05).fit(x, y)
/// ```
///
/// Source: R. Tibshirani, "Regression Shrinkage and Selection via the Lasso", J. R. Stat. Soc. B 58, 1996.
public struct Lasso<Input: NumericRows>: RegressorEstimator, Equatable {
  /// What it is a special case of.
  private var net: ElasticNet<Input>

  public init(
    alpha: Double = 1,
    fitIntercept: Bool = true,
    maxIterations: Int = 1000,
    tolerance: Double = 1e-4,
    start: Tensor<Input.Scalar>? = nil,
    positive: Bool = false,
    selection: CoordinateSelection = .cyclic,
    seed: UInt64 = 0
  ) {
    net = ElasticNet(
      alpha: alpha,
      l1Ratio: 1,
      fitIntercept: fitIntercept,
      maxIterations: maxIterations,
      tolerance: tolerance,
      start: start,
      positive: positive,
      selection: selection,
      seed: seed
    )
  }

  /// How much coefficients cost.
  public var alpha: Double {
    get { net.alpha }
    set { net.alpha = newValue }
  }
  /// Whether there is an intercept.
  public var fitIntercept: Bool {
    get { net.fitIntercept }
    set { net.fitIntercept = newValue }
  }
  /// The most passes over all coefficients.
  public var maxIterations: Int {
    get { net.maxIterations }
    set { net.maxIterations = newValue }
  }
  /// Of the duality gap, and of a step.
  public var tolerance: Double {
    get { net.tolerance }
    set { net.tolerance = newValue }
  }
  /// Where to begin, as ``ElasticNet/start``.
  public var start: Tensor<Input.Scalar>? {
    get { net.start }
    set { net.start = newValue }
  }
  /// Whether coefficients are at least 0.
  public var positive: Bool {
    get { net.positive }
    set { net.positive = newValue }
  }
  /// Which coefficient comes next.
  public var selection: CoordinateSelection {
    get { net.selection }
    set { net.selection = newValue }
  }
  /// Of a random selection.
  public var seed: UInt64 {
    get { net.seed }
    set { net.seed = newValue }
  }

  /// A model of rows and the numbers that belong to them, as ``ElasticNet/fit(_:_:weights:)``.
  public func fit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> ElasticNetModel<Input> { try net.fit(x, y, weights: weights) }
}

/// What ``ElasticNet`` and ``Lasso`` found.
public struct ElasticNetModel<Input: NumericRows>: Regressor, Equatable {
  public typealias Scalar = Input.Scalar

  let function: LinearModel<Input>
  /// Of each output: how far its objective is from the least, at most.
  public let dualGaps: [Double]
  /// Of each output: how many passes it took.
  public let iterations: [Int]

  /// Shape (columns), or (outputs, columns).
  public var coefficients: Tensor<Scalar> { function.coefficients }
  /// Shape (), or (outputs); 0 where there is none.
  public var intercept: Tensor<Scalar> { function.intercept }

  /// x wᵀ + intercept, of the shape (n), or (n, outputs).
  ///
  /// - Complexity: O(elements of `x` times outputs).
  public func predict(_ x: Input) throws -> Tensor<Scalar> { try function.predict(x) }
}

extension ElasticNetModel: Codable, StorableModel {
  public static var fileKind: String { "elastic net of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    if let flaw = function.flaw { return flaw }
    guard dualGaps.count == intercept.count, iterations.count == intercept.count,
      iterations.allSatisfy({ $0 >= 0 })
    else { return "gaps or iterations are not one for each output" }
    return nil
  }
}
