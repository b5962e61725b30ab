import Farro
import FarroData

/// Tells classes apart by probabilities that are linear in log odds.
///
/// ```swift
/// let classifier = try LogisticRegression().fit(x, species)
/// let probabilities = try classifier.predictProbabilities(others)
/// ```
///
/// Of two classes, the second has the probability 1 / (1 + e⁻ᶻ) with z = w·x + b; of more, class c has e^z_c by the sum of
/// all, with one row of coefficients for each. Fitting makes
///
///   C Σᵢ sᵢ lossᵢ + `l1Ratio` |W|₁ + (1 - `l1Ratio`) / 2 |W|₂²
///
/// least, where a row's loss is -log of its own class's probability, s are weights, and intercepts are not penalized.
///
/// Names and defaults are those of scikit-learn's `LogisticRegression`, whose C is ``c`` here; `penalty="none"` is an infinite
/// ``c``. The solver is chosen by what is asked: without an L1 part L-BFGS that begins with a guess of the Hessian from the
/// rows' own products, so that the columns' scales do not matter; with it Newton's method and coordinate descent for up to
/// 1024 coefficients, orthant-wise L-BFGS for more (CKernels' `logistic.h` has the sources). There is no seed, because
/// nothing is random.
public struct LogisticRegression<Input: NumericRows>: ClassifierEstimator, Equatable {
  /// The inverse of the penalty's strength; infinite for none.
  public var c: Double
  /// The part of the penalty that is L1, from 0 to 1.
  public var l1Ratio: Double
  /// It ends when no derivative of the objective, by ``c`` and the sum of the weights, is larger.
  public var tolerance: Double
  /// Whether there are intercepts.
  public var fitIntercept: Bool
  /// How much classes count; when nil, all the same. Balanced ones are counted by the weights of their rows.
  public var classWeight: ClassWeight?
  /// The most iterations.
  public var maxIterations: Int

  public init(
    c: Double = 1,
    l1Ratio: Double = 0,
    tolerance: Double = 1e-4,
    fitIntercept: Bool = true,
    classWeight: ClassWeight? = nil,
    maxIterations: Int = 100
  ) {
    (self.c, self.l1Ratio, self.tolerance, self.fitIntercept) = (c, l1Ratio, tolerance, fitIntercept)
    (self.classWeight, self.maxIterations) = (classWeight, maxIterations)
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: ``ModelError`` for fewer than two classes, and for data and parameters that no model can come of.
  /// - Complexity: O(elements times classes) for each iteration, of which there are some tens, and O(n d²) once for up to 512
  ///   dense columns. With an L1 part and up to 1024 coefficients O(n (d classes)²) for each of some ten iterations.
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>? = nil
  ) throws -> LogisticRegressionModel<Input> {
    try fit(x, classes, classCount, weights, nil)
  }

  /// A model that begins where another one ended, as scikit-learn's with `warm_start` does.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: n labels, of classes that `start` knows.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  ///   - start: A model of the same classes and columns.
  /// - Throws: As ``fit(_:classes:classCount:weights:)``; ``MetricError/unknownLabel(_:row:)`` for a label that `start` lacks.
  public func fit<Label: Hashable & Codable & Sendable>(
    _ x: Input,
    _ y: [Label],
    weights: Tensor<Double>? = nil,
    from start: Classifier<Model, Label>
  ) throws -> Classifier<Model, Label> {
    let classes = try Classes(of: y, order: start.classes).codes[0]
    return Classifier(
      classes: start.classes,
      model: try fit(x, classes, start.classes.count, weights, start.model)
    )
  }

  private func fit(
    _ x: Input,
    _ classes: [Int32],
    _ classCount: Int,
    _ weights: Tensor<Double>?,
    _ start: Model?
  ) throws -> Model {
    try checkParameters()
    try x.checkFinite()
    try checkClasses(classes, classCount, rows: x.rowCount)
    if let start { try x.check(columns: start.coefficients.shape[1]) }
    let weights = try classWeight.rowWeights(classes, classCount, weights)
    var problem = LogisticProblem(labels: classes, classes: classCount, weights: weights)
    let strength = 1 / (c * (weights?.sum() ?? Double(x.rowCount)))
    (problem.hasIntercept, problem.l1, problem.l2) = (fitIntercept, strength * l1Ratio, strength * (1 - l1Ratio))
    let found = try x.denseOrSparse(
      { try problem.fit($0, from: start?.start, tolerance: tolerance, maximumIterations: maxIterations) },
      { try problem.fit($0, from: start?.start, tolerance: tolerance, maximumIterations: maxIterations) }
    )
    return LogisticRegressionModel(found, classCount: classCount)
  }

  private func checkParameters() throws(ModelError) {
    guard c > 0 else { throw .parameter(name: "c", reason: "must be above 0, not \(c)") }
    guard 0...1 ~= l1Ratio else { throw .parameter(name: "l1Ratio", reason: "must be from 0 to 1, not \(l1Ratio)") }
    try checkRange(tolerance, "tolerance", atLeast: 0)
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
  }
}

/// What ``LogisticRegression`` learned.
public struct LogisticRegressionModel<Input: NumericRows>: ProbabilisticClassModel, DecisionModel, Equatable, Codable {
  public typealias Scalar = Input.Scalar

  /// Of two classes the second one's, shape (1, d); of more, each one's, shape (`classCount`, d).
  public let coefficients: Tensor<Scalar>
  /// Shape (1) or (`classCount`), then of the mean 0.
  public let intercepts: Tensor<Scalar>
  public let classCount: Int
  /// How many iterations it took.
  public let iterations: Int
  /// Whether it ended within the tolerance; otherwise it had no more iterations, or rounding hid all progress. Classes that a
  /// plane separates have no best coefficients without a penalty: these grow until derivatives are within the tolerance.
  public let isConverged: Bool

  init(_ fit: LogisticFit, classCount: Int) {
    let (outputs, d) = (fit.coefficients.shape[0], fit.coefficients.shape[1] - 1)
    let all = Tensor<Scalar>(casting: fit.coefficients).scalars
    coefficients = Tensor((0..<outputs).flatMap { all[$0 * (d + 1)..<$0 * (d + 1) + d] }, shape: [outputs, d])
    intercepts = Tensor((0..<outputs).map { all[$0 * (d + 1) + d] })
    (self.classCount, iterations, isConverged) = (classCount, fit.iterations, fit.isConverged)
  }

  /// Coefficients as the solver has them.
  fileprivate var start: Tensor<Double> {
    let (outputs, d) = (coefficients.shape[0], coefficients.shape[1])
    let (w, b) = (coefficients.scalars, intercepts.scalars)
    let rows = (0..<outputs).flatMap { w[$0 * d..<($0 + 1) * d] + [b[$0]] }
    return Tensor(casting: Tensor(rows, shape: [outputs, d + 1]))
  }

  private func scores(_ x: Input) throws -> Tensor<Scalar> {
    try x.check(columns: coefficients.shape[1])
    return linearScores(x, coefficients, intercepts)
  }

  /// The class of the highest probability.
  ///
  /// - Complexity: O(elements times `classCount`).
  public func predictClasses(_ x: Input) throws -> [Int32] { classesOfScores(try scores(x)) }

  /// - Complexity: O(elements times `classCount`).
  public func decisionFunction(_ x: Input) throws -> Tensor<Scalar> {
    let scores = try scores(x)
    return classCount == 2 ? scores.reshaped([x.rowCount]) : scores
  }

  /// - Complexity: O(elements times `classCount`).
  public func predictProbabilities(_ x: Input) throws -> Tensor<Scalar> {
    if classCount > 2 { return softmax(try scores(x)) }
    // Of scores -z/2 and z/2, the second share is 1 / (1 + e^-z).
    return softmax(try scores(x) * Tensor<Scalar>([-0.5, 0.5]))
  }
}

extension LogisticRegressionModel: StorableModel {
  public static var fileKind: String { "logistic regression of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2 else { return "\(classCount) classes cannot be told apart" }
    return linearFlaw(coefficients, intercepts, outputs: classCount == 2 ? 1 : classCount)
      ?? (iterations >= 0 ? nil : "\(iterations) iterations")
  }
}
