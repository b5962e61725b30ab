import Farro
import FarroData

/// Classes told apart by planes with the widest margin, each class from all others.
///
/// ```swift
/// let classifier = try LinearSVC(c: 0.5).fit(x, labels)
/// print(classifier.coefficients, try classifier.predict(others))
/// ```
///
/// For each class, with y = 1 for its rows and -1 for others, it minimizes
///
///     1/2 (|w|² + w'²) + Σ Cᵢ loss(yᵢ zᵢ),   z = w·x + interceptScaling w',   Cᵢ = c × the row's weight × its class's weight
///
/// with the hinge max(0, 1 - yz) or its square. The penalty ``LinearSVCPenalty/l1`` is |w|₁ + |w'| instead, with the squared hinge
/// alone: many weights are 0 then. Rows are dense (`Tensor`) or sparse (`CSRMatrix`). Names and defaults are those of scikit-learn's
/// `LinearSVC`, without its `crammer_singer`. As there the intercept is part of what is kept small; a larger ``interceptScaling``
/// lessens that.
///
/// The dual problem is solved by coordinate descent (C.-J. Hsieh and others, ICML 2008), or, for the hinge of dense rows that are more
/// than their columns, of which there are up to 1000, by an augmented Lagrangian with Newton's method (Y. Yan and Q. Li, 2020), some 10
/// to 120 steps of O(n d) and O(m d²) for m rows near the margin; the primal one, of the squared hinge, by Newton's method: a few
/// steps of O(n d²) that end at the minimum.
public struct LinearSVC<Input: NumericRows>: ClassifierEstimator, Equatable {
  /// What is kept small.
  public var penalty: LinearSVCPenalty
  /// The loss of a row.
  public var loss: LinearSVCLoss
  /// Whether the dual problem is solved; when nil, it is for ``LinearSVCLoss/hinge``, for no more rows than columns, and for more than
  /// 1000 columns.
  public var dual: Bool?
  /// Of the dual problem, the difference of the greatest and the least violation that is left; of the primal one, the length of
  /// the gradient, in parts of the first, for as many rows of either class; of the penalty L1, the sum of the violations likewise.
  public var tolerance: Double
  /// How much a row on the wrong side costs, above 0.
  public var c: Double
  /// Whether there is an intercept.
  public var fitIntercept: Bool
  /// The value of the column whose weight the intercept is.
  public var interceptScaling: Double
  /// How much classes count; each the same when nil. ``ClassWeight/balanced`` looks at the rows' weights, as scikit-learn's does
  /// here, and not in ``SVC``.
  public var classWeight: ClassWeight?
  /// Of the order in which coordinate descent visits rows.
  public var seed: UInt64
  /// The most passes over the rows, or steps of the other methods.
  public var maxIterations: Int

  public init(
    penalty: LinearSVCPenalty = .l2,
    loss: LinearSVCLoss = .squaredHinge,
    dual: Bool? = nil,
    tolerance: Double = 1e-4,
    c: Double = 1,
    fitIntercept: Bool = true,
    interceptScaling: Double = 1,
    classWeight: ClassWeight? = nil,
    seed: UInt64 = 0,
    maxIterations: Int = 1000
  ) {
    (self.penalty, self.loss, self.dual, self.tolerance, self.c) = (penalty, loss, dual, tolerance, c)
    (self.fitIntercept, self.interceptScaling) = (fitIntercept, interceptScaling)
    (self.classWeight, self.seed, self.maxIterations) = (classWeight, seed, maxIterations)
  }

  /// A model of rows and the numbers of their classes. Classes are fitted several at a time.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``; ``ModelError/classes(_:needed:)`` for one class.
  /// - Complexity: O(n d) for each pass and class, or O(n d² + d³) for each step.
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> LinearSVCModel<Input> {
    try x.checkFinite()
    try checkPositive(c, "c")
    try checkPositive(tolerance, "tolerance")
    try checkPositive(interceptScaling, "interceptScaling")
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    guard classes.count == x.rowCount else { throw ModelError.labels(classes.count, rows: x.rowCount) }
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 2) }
    guard classCount >= 2 else { throw ModelError.classes(classCount, needed: 2) }
    try checkWeights(weights, rows: x.rowCount)
    let all: Tensor<Double>? =
      if let weights, classWeight == .balanced {
        balanced(weights, classes, classCount)
      } else {
        try classWeight?.applied(to: weights, classes, classCount: classCount) ?? weights
      }
    let limits = all.map { $0.scalars.map { $0 * c } } ?? Array(repeating: c, count: x.rowCount)
    var options = LinearMarginOptions()
    (options.loss, options.tolerance, options.seed) = (loss == .hinge ? .hinge : .squaredHinge, tolerance, seed)
    (options.maxIterations, options.bias) = (maxIterations, fitIntercept ? interceptScaling : 0)
    if penalty == .l1 {
      guard loss == .squaredHinge, dual != true else {
        throw ModelError.parameter(name: "penalty", reason: "l1 needs the squared hinge, and not the dual problem")
      }
      (options.isAbsolute, options.isDual) = (true, false)
    } else {
      options.isDual = try isDual(dual, isSquared: loss == .squaredHinge, x.rowCount, x.columnCount)
    }
    let positives = classCount == 2 ? [1] : (0..<Int32(classCount)).map { $0 }
    let targets = positives.map { positive in classes.map { $0 == positive ? 1.0 : -1.0 } }
    let margins = try linearMargins(x, targets, Array(repeating: limits, count: targets.count), options)
    return LinearSVCModel(
      classCount: classCount,
      coefficients: Tensor(margins.flatMap { $0.weights.dropLast() }, shape: [margins.count, x.columnCount]),
      intercept: margins.map { $0.weights.last! * options.bias },
      iterations: margins.map(\.iterations),
      hasConverged: margins.map(\.hasConverged)
    )
  }
}

/// Weights of rows of which each class has the same sum, and all the sum that they have.
private func balanced(_ weights: Tensor<Double>, _ classes: [Int32], _ classCount: Int) -> Tensor<Double> {
  let own = weights.scalars
  var sums = [Double](repeating: 0, count: classCount)
  for (number, weight) in zip(classes, own) { sums[Int(number)] += weight }
  let mean = sums.reduce(0, +) / Double(classCount)
  return Tensor(zip(classes, own).map { $1 == 0 ? 0 : $1 * mean / sums[Int($0)] })
}

/// What ``LinearSVC`` keeps small.
public enum LinearSVCPenalty: String, Sendable, Codable {
  /// The sum of the weights' magnitudes.
  case l1
  /// Half the sum of their squares.
  case l2
}

/// What a row costs.
public enum LinearSVCLoss: String, Sendable, Codable {
  /// max(0, 1 - yz)
  case hinge
  /// The square of that.
  case squaredHinge
}

/// Whether the dual problem is to be solved.
func isDual(_ dual: Bool?, isSquared: Bool, _ rows: Int, _ columns: Int) throws(ModelError) -> Bool {
  guard isSquared || dual != false else {
    throw .parameter(name: "dual", reason: "must not be false for a loss that is not squared")
  }
  return dual ?? (!isSquared || rows <= columns || columns > 1000)
}

func linearMargins<Input: NumericRows>(
  _ x: Input,
  _ targets: [[Double]],
  _ limits: [[Double]],
  _ options: LinearMarginOptions
) throws -> [LinearMargin] {
  try x.denseOrSparse(
    { try fitLinearMargins($0, targets: targets, limits: limits, options: options) },
    { try fitLinearMargins($0, targets: targets, limits: limits, options: options) }
  )
}

/// x·w + b for each row w of the coefficients. Shape (n, functions).
func linearDecisions<Input: NumericRows>(
  _ x: Input,
  _ coefficients: Tensor<Double>,
  _ intercept: [Double]
) throws(ModelError) -> Tensor<Input.Scalar> {
  try x.check(columns: coefficients.shape[1])
  return linearScores(x, Tensor(casting: coefficients), Tensor(casting: Tensor(intercept)))
}

/// Planes that ``LinearSVC`` found.
public struct LinearSVCModel<Input: NumericRows>: DecisionModel, Equatable {
  public typealias Scalar = Input.Scalar

  /// The number of classes.
  public let classCount: Int
  /// The weights of the columns for each class, shape (classes, columns); of two classes (1, columns), for the second.
  public let coefficients: Tensor<Double>
  /// What is added, for each row of ``coefficients``.
  public let intercept: [Double]
  /// How many passes, or steps, each took.
  public let iterations: [Int]
  /// Whether each reached the tolerance.
  public let hasConverged: [Bool]

  /// The distance of rows from the plane of each class, times |w|. Shape (n, classes), of two classes (n).
  ///
  /// - Complexity: O(elements × classes).
  public func decisionFunction(_ x: Input) throws -> Tensor<Scalar> {
    let decisions = try linearDecisions(x, coefficients, intercept)
    return classCount == 2 ? decisions.reshaped([x.rowCount]) : decisions
  }

  /// The class with the highest score.
  ///
  /// - Complexity: O(elements × classes).
  public func predictClasses(_ x: Input) throws -> [Int32] {
    let decisions = try decisionFunction(x)
    if classCount == 2 { return decisions.scalars.map { $0 > 0 ? 1 : 0 } }
    return decisions.argmax(axis: 1).scalars.map { Int32(truncatingIfNeeded: $0) }
  }
}

extension LinearSVCModel: StorableModel {
  public static var fileKind: String { "linear support vector classifier of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2 else { return "\(classCount) classes are too few" }
    let functions = classCount == 2 ? 1 : classCount
    guard coefficients.rank == 2, coefficients.shape[0] == functions, coefficients.scalars.allSatisfy(\.isFinite) else {
      return "coefficients of the shape \(coefficients.shape), or some of them, are none of \(classCount) classes"
    }
    guard intercept.count == functions, intercept.allSatisfy(\.isFinite) else { return "intercepts \(intercept)" }
    return iterations.count == functions && hasConverged.count == functions
      ? nil : "what is told of \(functions) fits is of another number"
  }
}
