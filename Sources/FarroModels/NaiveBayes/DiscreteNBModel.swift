import Farro
import FarroData

/// What ``MultinomialNB``, ``BernoulliNB`` and ``ComplementNB`` found.
public struct DiscreteNBModel<Input: NumericRows>: ProbabilisticClassModel, UpdatableClassModel, Equatable {
  public typealias Scalar = Input.Scalar

  /// The sums of the columns for each class, shape (classes, columns).
  public private(set) var featureCounts: Tensor<Double>
  /// The sum of the weights of each class's rows.
  public private(set) var classWeights: [Double]
  /// The logarithm of each column's probability within each class; of ``ComplementNB`` its weights. Shape (classes, columns).
  public private(set) var featureLogProbabilities: Tensor<Double>
  /// The logarithm of each class's prior.
  public private(set) var classLogPriors: [Double]
  let options: DiscreteNBOptions
  let rule: CountRule

  init(
    _ x: Input,
    _ classes: [Int32],
    _ classCount: Int,
    _ weights: Tensor<Double>?,
    _ options: DiscreteNBOptions,
    _ rule: CountRule
  ) throws {
    try checkClasses(x, classes, classCount, weights: weights)
    try options.check(classCount, x.columnCount)
    featureCounts = Tensor(zeros: [classCount, x.columnCount])
    classWeights = Array(repeating: 0, count: classCount)
    (featureLogProbabilities, classLogPriors) = (featureCounts, classWeights)
    (self.options, self.rule) = (options, rule)
    try learn(x, classes, weights)
  }

  public var classCount: Int { classWeights.count }

  /// Of the elements' type, as they are compared with it.
  private var threshold: Double? { rule.threshold.map { Double(Scalar($0)) } }

  /// - Complexity: O(elements + classes d).
  public mutating func update(_ x: Input, classes: [Int32], weights: Tensor<Double>? = nil) throws {
    try checkClasses(x, classes, classCount, weights: weights)
    let columns = featureCounts.shape[1]
    guard x.columnCount == columns else { throw ModelError.columns(x.columnCount, expected: columns) }
    try learn(x, classes, weights)
  }

  /// The same of rows and classes that fit.
  private mutating func learn(_ x: Input, _ classes: [Int32], _ weights: Tensor<Double>?) throws {
    let (count, threshold) = (classCount, self.threshold)
    let (sums, total, least) = x.denseOrSparse(
      { classSums($0, classes: classes, classCount: count, weights: weights, threshold: threshold) },
      { classSums($0, classes: classes, classCount: count, weights: weights, threshold: threshold) }
    )
    if rule.isOfCounts && least < 0 { try x.checkCounts() }
    guard sums.sum().isFinite else { try throwNotFinite(x) }
    featureCounts = featureCounts + sums
    classWeights = zip(classWeights, total).map { $0 + $1 }
    featureLogProbabilities = logProbabilities()
    let all = classWeights.reduce(0, +)
    classLogPriors =
      if let given = options.classPrior {
        given.map { logarithm($0) }
      } else {
        classWeights.map { options.fitPrior ? logarithm($0) - logarithm(all) : -logarithm(Double(count)) }
      }
  }

  private func logProbabilities() -> Tensor<Double> {
    let (k, alpha) = (classCount, options.smoothing(featureCounts.shape[1]))
    switch rule {
    case .multinomial:
      let smoothed = featureCounts + alpha
      return log(smoothed) - log(smoothed.sum(axis: 1)).reshaped([k, 1])
    case .bernoulli:
      return log(featureCounts + alpha) - log(Tensor(classWeights, shape: [k, 1]) + alpha * 2)
    case .complement(let norm):
      let others = featureCounts.sum(axis: 0) + alpha - featureCounts
      let logs = log(others / others.sum(axis: 1).reshaped([k, 1]))
      return norm ? logs / logs.sum(axis: 1).reshaped([k, 1]) : logs * -1
    }
  }

  /// The factors of elements, shape (classes, columns), or of those above a threshold, and the constants of classes.
  private var terms: (factors: Tensor<Double>, constants: [Double]) {
    switch rule {
    case .multinomial: return (featureLogProbabilities, classLogPriors)
    case .bernoulli:
      // What is not there counts too: its probability is one minus the other.
      let absent = log(1 - exp(featureLogProbabilities))
      let sums = absent.sum(axis: 1).scalars
      return (featureLogProbabilities - absent, zip(classLogPriors, sums).map { $0 + $1 })
    case .complement: return (featureLogProbabilities, classCount > 1 ? classLogPriors.map { _ in 0 } : classLogPriors)
    }
  }

  private var likelihood: ClassLikelihood<Scalar> {
    let (factors, constants) = terms
    let kind = threshold.map { ClassLikelihood<Scalar>.Terms.flags(threshold: $0) } ?? .products
    return ClassLikelihood(kind, factors: Tensor(casting: factors), constants: constants)
  }

  private func checkRows(_ x: Input) throws {
    if let x = x as? Tensor<Scalar>, x.rank != 2 { throw ModelError.notRows(shape: x.shape) }
    guard x.columnCount == featureCounts.shape[1] else {
      try x.checkFinite()
      throw ModelError.columns(x.columnCount, expected: featureCounts.shape[1])
    }
  }

  /// The logarithm of each class's prior and probability for each row, shape (n, classes).
  ///
  /// - Complexity: O(elements times classes); of dense rows one pass over memory.
  public func jointLogLikelihood(_ x: Input) throws -> Tensor<Scalar> {
    try checkRows(x)
    return try x.denseOrSparse(
      { x in
        let (values, finding) = likelihood.values(of: x)
        // What was found on the way tells whether there may be something that rows must not hold.
        if rule.isOfCounts && finding.least < 0 { try x.checkCounts() }
        if !finding.isFinite { try x.checkFinite() }
        return values
      },
      { x in
        if rule.isOfCounts { try x.checkCounts() }
        let (factors, constants) = terms
        let values: Tensor<Scalar> = sparseProduct(x, factors.transposed(), constants: constants, threshold: threshold)
        if values.count > 0 && !values.sum().isFinite { try x.checkFinite() }
        return values
      }
    )
  }

  /// - Complexity: O(elements times classes); of dense rows one pass over memory.
  public func predictClasses(_ x: Input) throws -> [Int32] {
    try checkRows(x)
    if let x = x as? Tensor<Scalar> {
      let (best, finding) = likelihood.best(of: x)
      if finding.isFinite && !(rule.isOfCounts && finding.least < 0) { return best }
    }
    return highestScores(try jointLogLikelihood(x))
  }

  /// - Complexity: O(elements times classes).
  public func predictProbabilities(_ x: Input) throws -> Tensor<Scalar> { softmax(try jointLogLikelihood(x), axis: 1) }

  /// The logarithm of the probability of each class for each row, shape (n, classes).
  ///
  /// - Complexity: O(elements times classes).
  public func predictLogProbabilities(_ x: Input) throws -> Tensor<Scalar> {
    logSoftmax(try jointLogLikelihood(x), axis: 1)
  }
}

extension NumericRows {
  /// - Throws: for an element that is negative, where counts are needed.
  fileprivate func checkCounts() throws(ModelError) {
    var place: (row: Int, column: Int)?
    if let x = self as? Tensor<Scalar>, x.count > 0, x.min() < 0 {
      let first = x.scalars.firstIndex { $0 < 0 }!
      place = (first / x.shape[1], first % x.shape[1])
    } else if let x = self as? CSRMatrix<Scalar>, let first = x.values.firstIndex(where: { $0 < 0 }) {
      place = (x.offsets.firstIndex { $0 > Int64(first) }! - 1, Int(x.indices[first]))
    }
    guard let place else { return }
    throw .parameter(name: "x", reason: "row \(place.row) is negative in column \(place.column): counts are needed")
  }
}

extension DiscreteNBModel: Codable, StorableModel {
  public static var fileKind: String { "naive Bayes of counts, of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    let count = classWeights.count
    guard count > 0, featureCounts.rank == 2, featureCounts.shape[0] == count,
      featureLogProbabilities.shape == featureCounts.shape, classLogPriors.count == count,
      options.classPrior.map({ $0.count == count }) ?? true,
      options.columnAlphas.map({ $0.count == featureCounts.shape[1] }) ?? true
    else { return "\(count) classes cannot have counts of the shape \(featureCounts.shape)" }
    // The logarithm of 0 is minus infinity.
    guard featureCounts.scalars.allSatisfy(\.isFinite), classWeights.allSatisfy({ $0 >= 0 && $0.isFinite }),
      !featureLogProbabilities.scalars.contains(where: \.isNaN), !classLogPriors.contains(where: \.isNaN),
      options.alpha >= 0, (options.columnAlphas ?? []).allSatisfy({ $0 >= 0 && $0.isFinite }),
      rule.threshold.map({ $0 >= 0 }) ?? true
    else { return "a count is negative, or a number NaN" }
    return nil
  }
}
