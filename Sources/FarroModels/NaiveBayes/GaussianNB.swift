import Farro
import FarroData

/// Naive Bayes of numbers: within a class, columns are normal and independent of each other.
///
/// ```swift
/// let classifier = try GaussianNB().fit(x, species)
/// let answers = try classifier.predict(others)
/// ```
///
/// Names and defaults are those of scikit-learn's `GaussianNB`. Fitting reads the rows once, and predicting too: both are as fast as memory.
///
/// Source: T. Chan, G. Golub, R. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.
public struct GaussianNB<Scalar: KernelScalar>: ClassifierEstimator, Equatable {
  /// How probable classes are, in their order, of which the sum is divided out; as often as they occur when nil.
  public var priors: [Double]?
  /// The part of the largest variance of a column that is added to all variances, so that none is 0.
  public var varSmoothing: Double

  public init(priors: [Double]? = nil, varSmoothing: Double = 1e-9) {
    (self.priors, self.varSmoothing) = (priors, varSmoothing)
  }

  /// A model of rows and the numbers of their classes. A class may have no rows; it is then never predicted.
  ///
  /// - Throws: ``ModelError`` for no rows or columns, what is not finite, and priors that do not fit.
  /// - Complexity: O(n d), one pass over memory; with weights two.
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> GaussianNBModel<Scalar> {
    try checkRange(varSmoothing, "varSmoothing", atLeast: 0)
    try checkClasses(x, classes, classCount, weights: weights)
    let empty = Tensor<Double>(zeros: [classCount, x.columnCount])
    var model = GaussianNBModel<Scalar>(
      means: empty,
      variances: empty,
      classWeights: Array(repeating: 0, count: classCount),
      classPriors: Array(repeating: 1 / Double(classCount), count: classCount),
      epsilon: 0,
      givenPriors: try priors.map { try classPriors($0, counts: empty.sum(axis: 1).scalars) },
      varSmoothing: varSmoothing
    )
    try model.learn(x, classes, weights)
    return model
  }
}

/// What ``GaussianNB`` found.
public struct GaussianNBModel<Scalar: KernelScalar>: ProbabilisticClassModel, UpdatableClassModel, Equatable {
  /// The mean of each column for each class, shape (classes, columns): scikit-learn's `theta_`.
  public private(set) var means: Tensor<Double>
  /// The variance of each column for each class, with ``epsilon``: scikit-learn's `var_`.
  public private(set) var variances: Tensor<Double>
  /// The sum of the weights of each class's rows: scikit-learn's `class_count_`.
  public private(set) var classWeights: [Double]
  /// How probable each class is.
  public private(set) var classPriors: [Double]
  /// What was added to variances.
  public private(set) var epsilon: Double
  let givenPriors: [Double]?
  let varSmoothing: Double

  init(
    means: Tensor<Double>,
    variances: Tensor<Double>,
    classWeights: [Double],
    classPriors: [Double],
    epsilon: Double,
    givenPriors: [Double]?,
    varSmoothing: Double
  ) {
    (self.means, self.variances, self.classWeights) = (means, variances, classWeights)
    (self.classPriors, self.epsilon, self.givenPriors) = (classPriors, epsilon, givenPriors)
    self.varSmoothing = varSmoothing
  }

  public var classCount: Int { classWeights.count }

  /// Learns from further rows. What is added to variances comes from the variances of these rows, as scikit-learn does.
  ///
  /// - Complexity: O(n d), one pass over memory; with weights two.
  public mutating func update(_ x: Tensor<Scalar>, classes: [Int32], weights: Tensor<Double>? = nil) throws {
    try checkClasses(x, classes, classCount, weights: weights)
    guard x.columnCount == means.shape[1] else { throw ModelError.columns(x.columnCount, expected: means.shape[1]) }
    try learn(x, classes, weights)
  }

  /// The same of rows and classes that fit.
  fileprivate mutating func learn(_ x: Tensor<Scalar>, _ classes: [Int32], _ weights: Tensor<Double>?) throws {
    let new = classMoments(x, classes: classes, classCount: classCount, weights: weights)
    guard new.mean.sum().isFinite && new.variance.sum().isFinite else { try throwNotFinite(x) }
    let unweighted = weights == nil ? new : classMoments(x, classes: classes, classCount: classCount, weights: nil)
    let smoothing = varSmoothing * largestVariance(unweighted.mean, unweighted.variance, unweighted.total)
    let (columns, old) = (means.shape[1], epsilon)
    var (mean, variance) = (means.scalars, variances.scalars)
    let (newMean, newVariance) = (new.mean.scalars, new.variance.scalars)
    for number in 0..<classCount {
      let (past, added) = (classWeights[number], new.total[number])
      for place in number * columns..<(number + 1) * columns {
        variance[place] -= old
        if added > 0 {
          let total = past + added
          let shift = newMean[place] - mean[place]
          let spread = past * variance[place] + added * newVariance[place] + added * past / total * shift * shift
          mean[place] = past == 0 ? newMean[place] : (past * mean[place] + added * newMean[place]) / total
          variance[place] = spread / total
        }
        variance[place] += smoothing
      }
      classWeights[number] += added
    }
    (means, variances) = (Tensor(mean, shape: means.shape), Tensor(variance, shape: means.shape))
    epsilon = smoothing
    classPriors = givenPriors ?? classWeights.map { $0 / classWeights.reduce(0, +) }
  }

  /// The largest variance of a column over all classes.
  private func largestVariance(_ mean: Tensor<Double>, _ variance: Tensor<Double>, _ total: [Double]) -> Double {
    let weights = Tensor(total.map { $0 / total.reduce(0, +) })
    let shifts = mean - matmul(weights, mean)
    return matmul(weights, variance + shifts * shifts).max()
  }

  private var likelihood: ClassLikelihood<Scalar> {
    let logs = (0..<classCount).map { number in
      variances[row: number].scalars.reduce(0) { $0 + logarithm(2 * .pi * $1) }
    }
    return ClassLikelihood(
      .normal(means: Tensor(casting: means)),
      factors: Tensor(casting: Tensor(variances.scalars.map { 1 / $0.squareRoot() }, shape: variances.shape)),
      constants: (0..<classCount).map { logarithm(classPriors[$0]) - 0.5 * logs[$0] }
    )
  }

  private func checkRows(_ x: Tensor<Scalar>) throws {
    guard x.rank == 2 else { throw ModelError.notRows(shape: x.shape) }
    guard x.columnCount == means.shape[1] else {
      try x.checkFinite()
      throw ModelError.columns(x.columnCount, expected: means.shape[1])
    }
  }

  /// The logarithm of each class's prior and density for each row, shape (n, classes).
  ///
  /// - Complexity: O(n d classes), one pass over memory.
  public func jointLogLikelihood(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try checkRows(x)
    let (values, finding) = likelihood.values(of: x)
    if !finding.isFinite { try x.checkFinite() }
    return values
  }

  /// - Complexity: O(n d classes), one pass over memory.
  public func predictClasses(_ x: Tensor<Scalar>) throws -> [Int32] {
    try checkRows(x)
    let (best, finding) = likelihood.best(of: x)
    return finding.isFinite ? best : highestScores(try jointLogLikelihood(x))
  }

  /// - Complexity: O(n d classes), one pass over memory.
  public func predictProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    softmax(try jointLogLikelihood(x), axis: 1)
  }

  /// The logarithm of the probability of each class for each row, shape (n, classes).
  ///
  /// - Complexity: O(n d classes), one pass over memory.
  public func predictLogProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    logSoftmax(try jointLogLikelihood(x), axis: 1)
  }
}

extension GaussianNBModel: StorableModel {
  public static var fileKind: String { "Gaussian naive Bayes of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    let count = classWeights.count
    guard count > 0, means.rank == 2, means.shape[0] == count, variances.shape == means.shape,
      classPriors.count == count,
      givenPriors.map({ $0.count == count }) ?? true
    else { return "\(count) classes cannot have means of the shape \(means.shape)" }
    guard means.scalars.allSatisfy(\.isFinite), variances.scalars.allSatisfy({ $0 >= 0 && $0.isFinite }),
      (classWeights + classPriors + (givenPriors ?? [])).allSatisfy({ $0 >= 0 && $0.isFinite }), epsilon >= 0,
      varSmoothing >= 0
    else { return "a number is NaN or infinite, or a variance or prior negative" }
    return nil
  }
}
