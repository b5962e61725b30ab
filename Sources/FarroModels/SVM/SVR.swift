import Farro
import FarroData

/// Numbers told by support vectors: a function as flat as can be that stays near those to learn.
///
/// ```swift
/// let model = try SVR(c: 10, epsilon: 0.1).fit(x, y)
/// print(model.support.count, try model.predict(others))
/// ```
///
/// It minimizes 1/2 |w|² + Σ Cᵢ max(0, |yᵢ - w·φ(xᵢ) - b| - epsilon) in its dual form, until no condition of optimality is violated by
/// more than ``tolerance``, as LIBSVM; Cᵢ = c × the row's weight. Names and defaults are those of scikit-learn's `SVR`. ``SVC``
/// tells how it works.
public struct SVR<Scalar: KernelScalar>: RegressorEstimator, Equatable {
  /// How similar rows are.
  public var kernel: SVMKernel<Scalar>
  /// The exponent of ``SVMKernel/polynomial``.
  public var degree: Int
  /// The factor in all kernels but ``SVMKernel/linear``.
  public var gamma: SVMGamma
  /// What ``SVMKernel/polynomial`` and ``SVMKernel/sigmoid`` add.
  public var coef0: Double
  /// The greatest violation of the conditions of optimality that is left.
  public var tolerance: Double
  /// How much an error costs, above 0.
  public var c: Double
  /// Errors up to this cost nothing.
  public var epsilon: Double
  /// Whether rows that stay at their limits may be left out on the way. The result is the same but for rounding.
  public var shrinking: Bool
  /// Megabytes (2²⁰ bytes) of kernel values that are kept while fitting.
  public var cacheSize: Double
  /// The most steps, of which each changes two coefficients; when nil LIBSVM's 10⁷, or 100 for each row where that is more.
  public var maxIterations: Int?

  public init(
    kernel: SVMKernel<Scalar> = .rbf,
    degree: Int = 3,
    gamma: SVMGamma = .scale,
    coef0: Double = 0,
    tolerance: Double = 1e-3,
    c: Double = 1,
    epsilon: Double = 0.1,
    shrinking: Bool = true,
    cacheSize: Double = 200,
    maxIterations: Int? = nil
  ) {
    (self.kernel, self.degree, self.gamma, self.coef0) = (kernel, degree, gamma, coef0)
    (self.tolerance, self.c, self.epsilon, self.shrinking) = (tolerance, c, epsilon, shrinking)
    (self.cacheSize, self.maxIterations) = (cacheSize, maxIterations)
  }

  /// A model of rows and the numbers that belong to them, shape (n).
  ///
  /// - Throws: As ``RegressorEstimator/fit(_:_:weights:)``.
  /// - Complexity: O(n s d) for s support vectors, and more the larger ``c`` is. Memory: the data once more, and the cache.
  public func fit(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, weights: Tensor<Double>?) throws -> SVRModel<Scalar> {
    try checkSupportVectors(x, c: c, tolerance: tolerance, cacheSize: cacheSize, maxIterations, degree, coef0)
    try checkRange(epsilon, "epsilon", atLeast: 0)
    try checkMarginTargets(y, rows: x.rowCount)
    try checkWeights(weights, rows: x.rowCount)
    let n = x.rowCount
    let resolved = ResolvedKernel(kernel: kernel, gamma: try gamma.resolved(x), coef0: coef0, degree: degree)
    let limits = weights.map { $0.scalars.map { $0 * c } } ?? Array(repeating: c, count: n)
    var problem = DualProblem(groups: nil, y: Tensor<Double>(casting: y).scalars, limits: limits)
    (problem.isRegression, problem.epsilon) = (true, epsilon)
    let solution = try solveDualProblems(
      [problem],
      rows: x,
      groups: RowGroups(order: Array(0..<n), starts: [0, n]),
      similarity: resolved.similarity(rows: x),
      options: DualOptions(tolerance: tolerance, maxIterations: maxIterations, cacheSize: cacheSize, shrinking)
    )[0]
    let support = (0..<n).filter { solution.unknowns[$0] != 0 }
    return SVRModel(
      supportVectors: x[rows: support],
      support: support,
      dualCoefficients: Tensor(support.map { solution.unknowns[$0] }),
      intercept: -solution.rho[0],
      dualObjective: solution.objective[0],
      iterations: Int(solution.iterations[0]),
      hasConverged: solution.hasConverged[0],
      resolved: resolved
    )
  }
}

/// One finite number for each row.
func checkMarginTargets<Scalar: KernelScalar>(_ y: Tensor<Scalar>, rows: Int) throws(ModelError) {
  guard rows > 0 else { throw .rows(0, needed: 1) }
  guard y.shape == [rows] else {
    guard y.rank == 1 else { throw .parameter(name: "y", reason: "must be one number for each row, not \(y.shape)") }
    throw .labels(y.count, rows: rows)
  }
  guard let row = y.scalars.firstIndex(where: { !$0.isFinite }) else { return }
  throw .target(row: row, output: 0)
}

/// Support vectors that ``SVR`` found.
public struct SVRModel<Scalar: KernelScalar>: Regressor, Equatable {
  /// The rows that the function rests on. Shape (vectors, columns).
  public let supportVectors: Tensor<Scalar>
  /// Their numbers among the rows that the model comes from.
  public let support: [Int]
  /// The coefficient of each. Shape (vectors).
  public let dualCoefficients: Tensor<Double>
  /// What is added.
  public let intercept: Double
  /// The dual objective that was reached, to be minimized.
  public let dualObjective: Double
  /// How many steps it took.
  public let iterations: Int
  /// Whether the tolerance was reached.
  public let hasConverged: Bool
  /// The kernel; to be set after a model with a custom one was loaded.
  public var kernel: SVMKernel<Scalar> {
    get { resolved.kernel }
    set { resolved.kernel = newValue }
  }
  /// The gamma that was used.
  public var gamma: Double { resolved.gamma }

  var resolved: ResolvedKernel<Scalar>

  /// The number of each row. Shape (n).
  ///
  /// - Complexity: O(n v d) for v support vectors.
  public func predict(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.check(columns: supportVectors.shape[1])
    let count = support.count
    let coefficients = dualCoefficients.reshaped([1, count])
    let sums = try resolved.sums(x, vectors: supportVectors, starts: [0, count], coefficients: coefficients)
    return Tensor(casting: sums.reshaped([x.rowCount]) + intercept)
  }
}

extension SVRModel: StorableModel {
  public static var fileKind: String { "support vector regressor of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard supportVectors.rank == 2, supportVectors.scalars.allSatisfy(\.isFinite) else {
      return "support vectors of the shape \(supportVectors.shape), or some of them, are none"
    }
    let vectors = supportVectors.shape[0]
    guard support.count == vectors, support.allSatisfy({ $0 >= 0 }) else {
      return "\(support.count) numbers are not those of \(vectors) support vectors"
    }
    guard dualCoefficients.shape == [vectors], dualCoefficients.scalars.allSatisfy(\.isFinite), intercept.isFinite
    else {
      return "dual coefficients of the shape \(dualCoefficients.shape), or some of them, are none"
    }
    return resolved.flaw
  }
}
