import Farro
import FarroData

/// Tells classes apart by planes, which are the best where all classes are normal with one covariance; and finds the directions that
/// separate them.
///
/// ```swift
/// let classifier = try LinearDiscriminantAnalysis().fit(x, species)
/// let plane = try classifier.model.transform(x)  // as many columns as classes but one
/// ```
///
/// Names and defaults are those of scikit-learn's `LinearDiscriminantAnalysis`; `covariance_estimator` is missing. Sums are double for
/// either element type, and directions that columns do not span are left out, by `tolerance`.
///
/// Source: T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", 2nd ed., section 4.3.
public struct LinearDiscriminantAnalysis<Scalar: KernelScalar>: ClassifierEstimator, Equatable {
  /// How the planes are found.
  public enum Solver: String, Sendable, Codable, CaseIterable {
    /// By the principal directions within classes. Works with any columns, without shrinkage.
    case svd
    /// By the inverse of the covariance within classes. Has no ``LinearDiscriminantModel/transform(_:)``.
    case lsqr
    /// By the eigenvectors of the covariance between classes against that within.
    case eigen
  }

  public var solver: Solver
  /// How covariances within classes are shrunk; not with ``Solver/svd``.
  public var shrinkage: Shrinkage?
  /// How probable classes are, in their order; as often as they occur when nil.
  public var priors: [Double]?
  /// The columns that ``LinearDiscriminantModel/transform(_:)`` makes; as many as there are directions when nil.
  public var nComponents: Int?
  /// With ``Solver/svd``: of standardized columns, directions whose deviation is at most this count as none.
  public var tolerance: Double

  public init(
    solver: Solver = .svd,
    shrinkage: Shrinkage? = nil,
    priors: [Double]? = nil,
    nComponents: Int? = nil,
    tolerance: Double = 1e-4
  ) {
    (self.solver, self.shrinkage, self.priors) = (solver, shrinkage, priors)
    (self.nComponents, self.tolerance) = (nComponents, tolerance)
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: ``ModelError`` as ``ClassifierEstimator/fit(_:classes:classCount:weights:)``, for fewer rows than classes and one more,
  ///   classes without rows, and weights, which scikit-learn has none of either.
  /// - Complexity: O(n d² + d³).
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> LinearDiscriminantModel<Scalar> {
    try checkRange(tolerance, "tolerance", atLeast: 0)
    try checkRange(nComponents, "nComponents", atLeast: 1)
    try shrinkage?.check()
    guard solver != .svd || shrinkage == nil else {
      throw ModelError.parameter(name: "shrinkage", reason: "the solver svd has none: use lsqr or eigen")
    }
    guard weights == nil else { throw ModelError.weights("linear discriminant analysis has none") }
    try checkClasses(x, classes, classCount, needed: 2)
    guard x.rowCount > classCount else { throw ModelError.rows(x.rowCount, needed: classCount + 1) }
    let most = min(classCount - 1, x.columnCount)
    guard (nComponents ?? 1) <= most else {
      throw ModelError.parameter(name: "nComponents", reason: "must be at most \(most), not \(nComponents!)")
    }
    let counts = classCounts(classes, classCount)
    guard counts.allSatisfy({ $0 > 0 }) else {
      throw ModelError.parameter(name: "classes", reason: "each needs a row")
    }
    let priors = try classPriors(self.priors, counts: counts)
    let moments = classMoments(x, classes: classes, classCount: classCount, weights: nil)
    guard moments.mean.sum().isFinite else { try throwNotFinite(x) }
    let fitting = DiscriminantFit(x, classes, counts, priors, moments.mean, nComponents ?? most)
    switch solver {
    case .svd: return try fitting.byDirections(tolerance)
    case .lsqr: return try fitting.byInverse(shrinkage)
    case .eigen: return try fitting.byEigenvectors(shrinkage)
    }
  }
}

/// The data of a fit.
private struct DiscriminantFit<Scalar: KernelScalar> {
  let x: Tensor<Scalar>
  let classes: [Int32]
  let counts, priors: [Double]
  /// Shape (classes, d).
  let means: Tensor<Double>
  /// The mean of the means, by priors.
  let center: [Double]
  let components: Int

  init(
    _ x: Tensor<Scalar>,
    _ classes: [Int32],
    _ counts: [Double],
    _ priors: [Double],
    _ means: Tensor<Double>,
    _ components: Int
  ) {
    (self.x, self.classes, self.counts, self.priors, self.means) = (x, classes, counts, priors, means)
    self.components = components
    center = matmul(Tensor(priors), means).scalars
  }

  var columns: Int { means.shape[1] }

  /// The means, less their mean.
  var shifts: Tensor<Double> { means - Tensor(center) }

  func model(
    coefficients: Tensor<Double>,
    intercepts: [Double],
    scalings: Tensor<Double>?,
    ratio: [Double],
    offset: [Double]
  ) -> LinearDiscriminantModel<Scalar> {
    var (coefficients, intercepts) = (coefficients, intercepts)
    if counts.count == 2 {
      coefficients = coefficients[1..<2] - coefficients[0..<1]
      intercepts = [intercepts[1] - intercepts[0]]
    }
    return LinearDiscriminantModel(
      coefficients: Tensor(casting: coefficients),
      intercept: Tensor(casting: Tensor(intercepts)),
      means: Tensor(casting: means),
      priors: priors,
      scalings: scalings.map { Tensor(casting: $0[0..<min(components, $0.shape[0])]) },
      explainedVarianceRatio: ratio,
      center: offset.map { Scalar($0) }
    )
  }

  func byDirections(_ tolerance: Double) throws -> LinearDiscriminantModel<Scalar> {
    let n = Double(x.shape[0])
    let within = centeredProducts(x, weights: nil, groups: classes, centers: means.scalars) * (1 / n)
    let deviation = (0..<columns).map { within[$0, $0] > 0 ? within[$0, $0].squareRoot() : 1 }
    let unit = Tensor(deviation.map { 1 / $0 })
    let eigen = symmetricEigen(within * unit * unit.reshaped([columns, 1]))
    let kept = eigen.values.indices.filter { eigen.values[$0] > 0 && eigen.values[$0].squareRoot() > tolerance }
      .reversed()
    guard !kept.isEmpty else {
      throw ModelError.parameter(name: "x", reason: "rows of a class do not differ")
    }
    // Rows: directions in which rows of a class have the deviation 1.
    let lengths = Tensor(kept.map { 1 / eigen.values[$0].squareRoot() }, shape: [kept.count, 1])
    let spheres = eigen.vectors[rows: Array(kept)] * lengths * unit
    let k = counts.count
    let roots = Tensor(priors.map { (n * $0 / Double(max(k - 1, 1))).squareRoot() }, shape: [k, 1])
    let between = matmul(shifts * roots, spheres, transposeB: true)
    let separations = symmetricEigen(matmul(between, between, transposeB: true))
    let squares = separations.values.map { max($0, 0) }.reversed().map { $0 }
    let total = squares.reduce(0, +)
    let rank = squares.prefix(min(k, kept.count)).filter {
      $0 > 0 && $0.squareRoot() > tolerance * squares[0].squareRoot()
    }
    .count
    // Right singular vectors, from the left ones: uᵀ m / s.
    let left = separations.vectors[rows: (0..<rank).map { k - 1 - $0 }]
    let inverse = Tensor((0..<rank).map { 1 / squares[$0].squareRoot() }, shape: [rank, 1])
    let scalings = matmul(matmul(left, between) * inverse, spheres)
    let scores = matmul(shifts, scalings, transposeB: true)
    let coefficients = matmul(scores, scalings)
    let offsets = matmul(coefficients, Tensor(center)).scalars
    let lengthsOfScores = (scores * scores).sum(axis: 1).scalars
    return model(
      coefficients: coefficients,
      intercepts: (0..<k).map { -0.5 * lengthsOfScores[$0] + logarithm(priors[$0]) - offsets[$0] },
      scalings: scalings,
      ratio: total > 0 ? squares.prefix(components).map { $0 / total } : [],
      offset: center
    )
  }

  /// The covariance within classes: each class's counts by its prior.
  private func covarianceWithin(_ shrinkage: Shrinkage?) -> Tensor<Double> {
    guard shrinkage == .automatic else {
      let weights = Tensor(classes.map { priors[Int($0)] / counts[Int($0)] })
      let within = centeredProducts(x, weights: weights, groups: classes, centers: means.scalars)
      guard case .fixed(let part) = shrinkage else { return within }
      return shrunk(within, by: part)
    }
    var within = Tensor<Double>(zeros: [columns, columns])
    for number in counts.indices {
      let rows = x[rows: classes.indices.filter { classes[$0] == number }]
      within = within + covariance(of: rows, mean: means[row: number].scalars, shrinkage) * priors[number]
    }
    return within
  }

  /// The means times the inverse of the covariance, if that has one. Columns are scaled to deviation 1 before: scales that differ
  /// cost no digits.
  private func solveScaled(_ within: Tensor<Double>) -> Tensor<Double>? {
    guard (0..<columns).allSatisfy({ within[$0, $0] > 0 }) else { return nil }
    let unit = Tensor((0..<columns).map { 1 / within[$0, $0].squareRoot() })
    let correlation = within * unit * unit.reshaped([columns, 1])
    let eigenvalues = symmetricEigen(correlation).values
    guard eigenvalues[0] > Double(columns) * Double.ulpOfOne * eigenvalues[columns - 1],
      let factor = try? cholesky(correlation),
      let solution = try? choleskySolve((means * unit).transposed(), factor: factor)
    else { return nil }
    return solution.transposed() * unit
  }

  /// The same in the range of a covariance that has no inverse.
  private func solveInRange(_ within: Tensor<Double>) throws -> Tensor<Double> {
    let eigen = symmetricEigen(within)
    let least = (eigen.values.last ?? 0) * Double(columns) * Double.ulpOfOne
    let kept = eigen.values.indices.filter { eigen.values[$0] > least }
    guard !kept.isEmpty else { throw ModelError.parameter(name: "x", reason: "rows of a class do not differ") }
    let vectors = eigen.vectors[rows: kept]
    let inverse = Tensor(kept.map { 1 / eigen.values[$0] })
    return matmul(matmul(means, vectors, transposeB: true) * inverse, vectors)
  }

  private func intercepts(_ coefficients: Tensor<Double>) -> [Double] {
    let squares = (means * coefficients).sum(axis: 1).scalars
    return squares.indices.map { -0.5 * squares[$0] + logarithm(priors[$0]) }
  }

  func byInverse(_ shrinkage: Shrinkage?) throws -> LinearDiscriminantModel<Scalar> {
    let within = covarianceWithin(shrinkage)
    let coefficients = try solveScaled(within) ?? solveInRange(within)
    return model(
      coefficients: coefficients,
      intercepts: intercepts(coefficients),
      scalings: nil,
      ratio: [],
      offset: []
    )
  }

  func byEigenvectors(_ shrinkage: Shrinkage?) throws -> LinearDiscriminantModel<Scalar> {
    let within = covarianceWithin(shrinkage)
    let total = covariance(of: x, mean: columnMoments(x).mean, shrinkage)
    let factor: Tensor<Double>
    do { factor = try cholesky(within) } catch {
      throw ModelError.parameter(
        name: "solver",
        reason: "columns depend on each other within classes: eigen needs shrinkage, and svd does not"
      )
    }
    // l⁻¹ between l⁻ᵀ has the same eigenvalues, and is symmetric.
    let half = try solveTriangular(factor, total - within)
    let whole = try solveTriangular(factor, half.transposed())
    let eigen = symmetricEigen((whole + whole.transposed()) * 0.5)
    let order = Array(eigen.values.indices.reversed())
    let vectors = try solveTriangular(factor, eigen.vectors[rows: order].transposed(), transpose: true).transposed()
    let coefficients = matmul(matmul(means, vectors, transposeB: true), vectors)
    let sum = eigen.values.reduce(0, +)
    return model(
      coefficients: coefficients,
      intercepts: intercepts(coefficients),
      scalings: vectors,
      ratio: sum > 0 ? order.prefix(components).map { eigen.values[$0] / sum } : [],
      offset: []
    )
  }
}

/// What ``LinearDiscriminantAnalysis`` found.
public struct LinearDiscriminantModel<Scalar: KernelScalar>: ProbabilisticClassModel, DecisionModel, Transformer,
  Equatable
{
  /// Shape (classes, columns); of two classes (1, columns), for the second.
  public let coefficients: Tensor<Scalar>
  /// Shape (classes), or (1) of two.
  public let intercept: Tensor<Scalar>
  /// The mean of each class, shape (classes, columns).
  public let means: Tensor<Scalar>
  /// How probable each class is.
  public let priors: [Double]
  /// The directions that separate classes best, as rows: shape (components, columns), the transpose of scikit-learn's `scalings_`.
  /// Their signs are of no meaning. Nil of the solver `lsqr`.
  public let scalings: Tensor<Scalar>?
  /// The part of the variance between classes that each direction explains.
  public let explainedVarianceRatio: [Double]
  /// What is taken from rows before they are transformed; empty for nothing.
  let center: [Scalar]

  public var classCount: Int { priors.count }

  /// The scores of the classes; of two the second's, shape (n).
  ///
  /// - Complexity: O(n d classes).
  public func decisionFunction(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.check(columns: coefficients.shape[1])
    let scores = linearScores(x, coefficients, intercept)
    return classCount == 2 ? scores.reshaped([x.shape[0]]) : scores
  }

  /// - Complexity: O(n d classes).
  public func predictClasses(_ x: Tensor<Scalar>) throws -> [Int32] {
    let scores = try decisionFunction(x)
    return classCount == 2 ? scores.scalars.map { $0 > 0 ? 1 : 0 } : highestScores(scores)
  }

  /// - Complexity: O(n d classes).
  public func predictProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let scores = try decisionFunction(x)
    guard classCount == 2 else { return softmax(scores, axis: 1) }
    return stack([sigmoid(scores * -1), sigmoid(scores)], axis: 1)
  }

  /// Rows by the directions that separate classes best: shape (n, components).
  ///
  /// - Throws: ``ModelError``, also for a model of the solver `lsqr`, which has no directions.
  /// - Complexity: O(n d components).
  public func transform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    guard let scalings else {
      throw ModelError.parameter(name: "solver", reason: "lsqr finds no directions: use svd or eigen")
    }
    try x.check(columns: scalings.shape[1])
    guard !center.isEmpty else { return matmul(x, scalings, transposeB: true) }
    let offset = matmul(Tensor<Double>(casting: scalings), Tensor(center.map { -Double($0) }))
    return matmul(x, scalings, transposeB: true, epilogue: Epilogue(bias: Tensor(casting: offset)))
  }
}

extension LinearDiscriminantModel: StorableModel {
  public static var fileKind: String { "linear discriminants of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    let (k, rows) = (priors.count, priors.count == 2 ? 1 : priors.count)
    guard k >= 2, coefficients.rank == 2, coefficients.shape[0] == rows, intercept.shape == [rows] else {
      return "\(k) classes cannot have coefficients of the shape \(coefficients.shape)"
    }
    let columns = coefficients.shape[1]
    guard means.shape == [k, columns], scalings.map({ $0.rank == 2 && $0.shape[1] == columns }) ?? true,
      center.isEmpty || center.count == columns
    else { return "means or directions are not of \(columns) columns" }
    guard [coefficients, intercept, means, scalings ?? means].allSatisfy({ $0.scalars.allSatisfy(\.isFinite) }),
      center.allSatisfy(\.isFinite), priors.allSatisfy({ $0 >= 0 }), explainedVarianceRatio.allSatisfy(\.isFinite)
    else { return "a number is NaN or infinite, or a prior negative" }
    return nil
  }
}
