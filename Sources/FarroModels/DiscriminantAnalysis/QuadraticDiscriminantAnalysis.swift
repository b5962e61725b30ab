import Farro
import FarroData

/// Tells classes apart that are normal, each with a covariance of its own.
///
/// ```swift
/// let classifier = try QuadraticDiscriminantAnalysis(regParam: 0.1).fit(x, species)
/// let probabilities = try classifier.predictProbabilities(x)
/// ```
///
/// Names and defaults are those of scikit-learn's `QuadraticDiscriminantAnalysis`; `covariance_estimator` is missing. Its solver follows from
/// the parameters: `shrinkage` is that of `eigen`, `regParam` that of `svd`. Variances are those of the population, as scikit-learn's
/// since 1.8.
///
/// Source: T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2nd ed., section 4.3.
public struct QuadraticDiscriminantAnalysis<Scalar: KernelScalar>: ClassifierEstimator, Equatable {
  /// How probable classes are, in their order; as often as they occur when nil.
  public var priors: [Double]?
  /// How far the variances of a class are drawn towards 1, from 0 to 1.
  public var regParam: Double
  /// How covariances of classes are shrunk.
  public var shrinkage: Shrinkage?
  /// A class whose least variance in any direction is at most this is an error.
  public var tolerance: Double

  public init(
    priors: [Double]? = nil,
    regParam: Double = 0,
    shrinkage: Shrinkage? = nil,
    tolerance: Double = 1e-4
  ) {
    (self.priors, self.regParam, self.shrinkage, self.tolerance) = (priors, regParam, shrinkage, tolerance)
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: ``ModelError`` as ``ClassifierEstimator/fit(_:classes:classCount:weights:)``, for a class of fewer than two rows, one whose
  ///   rows do not differ in every direction, and weights, which scikit-learn has none of either.
  /// - Complexity: O(n d² + classes d³).
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> QuadraticDiscriminantModel<Scalar> {
    try checkRange(tolerance, "tolerance", atLeast: 0)
    try shrinkage?.check()
    guard 0...1 ~= regParam else {
      throw ModelError.parameter(name: "regParam", reason: "must be between 0 and 1, not \(regParam)")
    }
    guard shrinkage == nil || regParam == 0 else {
      throw ModelError.parameter(name: "shrinkage", reason: "takes the place of regParam, which must be 0")
    }
    guard weights == nil else { throw ModelError.weights("quadratic discriminant analysis has none") }
    try checkClasses(x, classes, classCount, needed: 2)
    let counts = classCounts(classes, classCount)
    let priors = try classPriors(self.priors, counts: counts)
    guard counts.allSatisfy({ $0 >= 2 }) else {
      throw ModelError.parameter(name: "classes", reason: "each needs two rows at least")
    }
    let means = classMoments(x, classes: classes, classCount: classCount, weights: nil).mean
    guard means.sum().isFinite else { try throwNotFinite(x) }
    var (scalings, rotations): ([Tensor<Double>], [Tensor<Double>]) = ([], [])
    for number in 0..<classCount {
      try Task.checkCancellation()
      let rows = x[rows: classes.indices.filter { classes[$0] == number }]
      let eigen = symmetricEigen(covariance(of: rows, mean: means[row: number].scalars, shrinkage))
      let variances = eigen.values.reversed().map { (1 - regParam) * max($0, 0) + regParam }
      guard variances.allSatisfy({ $0 > tolerance }) else {
        throw ModelError.parameter(
          name: shrinkage == nil ? "regParam" : "shrinkage",
          reason: "rows of class \(number) do not differ in every direction: increase it"
        )
      }
      scalings.append(Tensor(variances))
      rotations.append(eigen.vectors[rows: Array((0..<x.columnCount).reversed())])
    }
    return QuadraticDiscriminantModel(
      means: Tensor(casting: means),
      priors: priors,
      scalings: stack(scalings),
      rotations: Tensor(casting: stack(rotations))
    )
  }
}

/// What ``QuadraticDiscriminantAnalysis`` found.
public struct QuadraticDiscriminantModel<Scalar: KernelScalar>: ProbabilisticClassModel, DecisionModel, Equatable {
  /// The mean of each class, shape (classes, columns).
  public let means: Tensor<Scalar>
  /// How probable each class is.
  public let priors: [Double]
  /// The variances of each class along its axes, descending: shape (classes, columns).
  public let scalings: Tensor<Double>
  /// The axes of each class as rows: shape (classes, columns, columns), the transposes of scikit-learn's `rotations_`. Their signs are
  /// of no meaning.
  public let rotations: Tensor<Scalar>

  public var classCount: Int { priors.count }

  /// The logarithm of each class's density and prior, but for a term of all classes: shape (n, classes).
  private func logDensities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let (d, blockRows) = (means.shape[1], 1024)
    try x.check(columns: d)
    var scores = Tensor<Scalar>(zeros: [x.shape[0], classCount])
    for number in 0..<classCount {
      let variances = scalings[row: number]
      let roots = Tensor(variances.scalars.map { Scalar(1 / $0.squareRoot()) }, shape: [d, 1])
      let axes = rotations[row: number] * roots
      let center = ColumnScaling(
        center: means[row: number].scalars.map { Double($0) },
        factor: Array(repeating: 1, count: d),
        shift: Array(repeating: 0, count: d)
      )
      let constant = Scalar(logarithm(priors[number]) - 0.5 * variances.scalars.reduce(0) { $0 + logarithm($1) })
      for first in stride(from: 0, to: x.shape[0], by: blockRows) {
        let last = min(first + blockRows, x.shape[0])
        let z = matmul(scaleColumns(x[first..<last], by: center), axes, transposeB: true)
        let squares = (z * z).sum(axis: 1).scalars
        for row in first..<last { scores[row, number] = constant - 0.5 * squares[row - first] }
      }
    }
    return scores
  }

  /// The scores of the classes; of two the difference of the second's and the first's, shape (n).
  ///
  /// - Complexity: O(n d² classes).
  public func decisionFunction(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let scores = try logDensities(x)
    guard classCount == 2 else { return scores }
    return Tensor((0..<x.shape[0]).map { scores[$0, 1] - scores[$0, 0] })
  }

  /// - Complexity: O(n d² classes).
  public func predictClasses(_ x: Tensor<Scalar>) throws -> [Int32] { highestScores(try logDensities(x)) }

  /// - Complexity: O(n d² classes).
  public func predictProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    softmax(try logDensities(x), axis: 1)
  }
}

extension QuadraticDiscriminantModel: StorableModel {
  public static var fileKind: String { "quadratic discriminants of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard priors.count >= 2, means.rank == 2, means.shape[0] == priors.count, scalings.shape == means.shape,
      rotations.shape == [priors.count, means.shape[1], means.shape[1]]
    else { return "\(priors.count) classes cannot have means of the shape \(means.shape)" }
    guard means.scalars.allSatisfy(\.isFinite), rotations.scalars.allSatisfy(\.isFinite),
      scalings.scalars.allSatisfy({ $0 > 0 && $0.isFinite }), priors.allSatisfy({ $0 >= 0 })
    else { return "a number is NaN or infinite, a variance not positive or a prior negative" }
    return nil
  }
}
