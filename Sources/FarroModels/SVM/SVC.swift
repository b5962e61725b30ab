import Farro

/// Classes told apart by support vectors: borders with the widest margin, in the space that a kernel spans.
///
/// ```swift
/// let classifier = try SVC(c: 10, gamma: 0.05).fit(x, labels)
/// print(classifier.nSupport, try classifier.predict(others))
/// ```
///
/// For each pair of classes, with y = 1 for rows of the first and -1 for those of the second, it minimizes
///
///     1/2 |w|² + Σ Cᵢ max(0, 1 - yᵢ (w·φ(xᵢ) + b)),   Cᵢ = c × the row's weight × its class's weight
///
/// in its dual form, until no condition of optimality is violated by more than ``tolerance``: the stopping rule of LIBSVM, whose
/// support vectors these are but for a few at the border. Names and defaults are those of scikit-learn's `SVC`; scale the
/// columns first (``StandardScaler``).
///
/// Rows of the kernel matrix come from products of whole blocks, and are kept as `Float` up to ``cacheSize``. All else is
/// `Double`.
public struct SVC<Scalar: KernelScalar>: ClassifierEstimator, Equatable {
  /// How much a row on the wrong side costs, above 0: the larger, the less regular.
  public var c: Double
  /// How similar rows are.
  public var kernel: SVMKernel<Scalar>
  /// The exponent of ``SVMKernel/polynomial``.
  public var degree: Int
  /// The factor in all kernels but ``SVMKernel/linear``.
  public var gamma: SVMGamma
  /// What ``SVMKernel/polynomial`` and ``SVMKernel/sigmoid`` add.
  public var coef0: Double
  /// Whether rows that stay at their limits may be left out on the way. The result is the same but for rounding.
  public var shrinking: Bool
  /// Whether the model tells probabilities: each pair is then fitted five more times, on four fifths of its rows.
  public var probability: Bool
  /// The greatest violation of the conditions of optimality that is left.
  public var tolerance: Double
  /// Megabytes (2²⁰ bytes) of kernel values that are kept while fitting, in all.
  public var cacheSize: Double
  /// How much classes count; each the same when nil.
  public var classWeight: ClassWeight?
  /// The most steps for each pair of classes, of which each changes two rows' coefficients; when nil LIBSVM's 10⁷,
  /// or 100 for each row where that is more.
  public var maxIterations: Int?
  /// Which classes are told apart.
  public var strategy: SVMStrategy
  /// What ``DecisionModel/decisionFunction(_:)`` gives of more than two classes.
  public var decisionFunctionShape: SVMDecisionShape
  /// Whether classes with as many votes are told apart by their scores, and not by their order.
  public var breakTies: Bool
  /// Of the parts that probabilities come from.
  public var seed: UInt64

  public init(
    c: Double = 1,
    kernel: SVMKernel<Scalar> = .rbf,
    degree: Int = 3,
    gamma: SVMGamma = .scale,
    coef0: Double = 0,
    shrinking: Bool = true,
    probability: Bool = false,
    tolerance: Double = 1e-3,
    cacheSize: Double = 200,
    classWeight: ClassWeight? = nil,
    maxIterations: Int? = nil,
    strategy: SVMStrategy = .oneVsOne,
    decisionFunctionShape: SVMDecisionShape = .ovr,
    breakTies: Bool = false,
    seed: UInt64 = 0
  ) {
    (self.c, self.kernel, self.degree, self.gamma, self.coef0) = (c, kernel, degree, gamma, coef0)
    (self.shrinking, self.probability, self.tolerance) = (shrinking, probability, tolerance)
    (self.cacheSize, self.classWeight, self.maxIterations) = (cacheSize, classWeight, maxIterations)
    (self.strategy, self.decisionFunctionShape) = (strategy, decisionFunctionShape)
    (self.breakTies, self.seed) = (breakTies, seed)
  }

  /// A model of rows and the numbers of their classes. Pairs of classes are fitted several at a time, each by one thread; the
  /// result does not depend on how many threads there are.
  ///
  /// - Throws: As ``ClassifierEstimator/fit(_:classes:classCount:weights:)``; ``ModelError/classes(_:needed:)`` for one class.
  /// - Complexity: O(n s d) for s support vectors, and more the larger ``c`` is. Memory: the data once more, and the cache.
  public func fit(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> SVCModel<Scalar> {
    let limits = try checkedLimits(x, classes, classCount, weights)
    let resolved = ResolvedKernel(kernel: kernel, gamma: try gamma.resolved(x), coef0: coef0, degree: degree)
    let groups = RowGroups(classes: classes, count: classCount)
    let isPaired = strategy == .oneVsOne || classCount == 2
    let pairs = isPaired ? pairsOfClasses(classCount) : (0..<classCount).map { ($0, -1) }
    let folds = pairs.enumerated().map { number, pair -> [Int] in
      guard probability else { return [] }
      let count = isPaired ? groups[pair.0].count + groups[pair.1].count : classes.count
      return foldsOfRows(count, seed: seed &+ UInt64(number))
    }
    let problems = zip(pairs, folds).map { pair, folds -> DualProblem in
      let rows = isPaired ? groups[pair.0] + groups[pair.1] : groups.order[...]
      let y = rows.map { classes[$0] == pair.0 ? 1.0 : -1.0 }
      let own = rows.map { limits[$0] }
      let parts = probability ? (0..<plattFolds).flatMap { fold in zip(own, folds).map { $1 == fold ? 0 : $0 } } : []
      return DualProblem(groups: isPaired ? pair : nil, y: y, limits: own + parts)
    }
    var options = DualOptions(tolerance: tolerance, maxIterations: maxIterations, cacheSize: cacheSize, shrinking)
    options.wantsDecisions = probability
    let solutions = try solveDualProblems(
      problems,
      rows: x,
      groups: groups,
      similarity: resolved.similarity(rows: x),
      options: options
    )
    let sigmoids =
      probability ? zip(zip(problems, folds), solutions).map { PlattSigmoid($0.0, folds: $0.1, $1) } : []
    return SVCModel(self, x, resolved, groups, isPaired ? pairs : nil, solutions, sigmoids)
  }

  /// The limit of each row's coefficient.
  private func checkedLimits(
    _ x: Tensor<Scalar>,
    _ classes: [Int32],
    _ classCount: Int,
    _ weights: Tensor<Double>?
  ) throws(ModelError) -> [Double] {
    try checkSupportVectors(x, c: c, tolerance: tolerance, cacheSize: cacheSize, maxIterations, degree, coef0)
    if breakTies && decisionFunctionShape == .ovo && classCount > 2 {
      throw .parameter(name: "breakTies", reason: "needs the scores of classes: decisionFunctionShape .ovr")
    }
    guard classes.count == x.rowCount else { throw .labels(classes.count, rows: x.rowCount) }
    guard x.rowCount > 0 else { throw .rows(0, needed: 2) }
    guard classCount >= 2 else { throw .classes(classCount, needed: 2) }
    try checkWeights(weights, rows: x.rowCount)
    let all = try classWeight?.applied(to: weights, classes, classCount: classCount) ?? weights
    if let all {
      let count = Set(zip(classes, all.scalars).lazy.filter { $1 > 0 }.map(\.0)).count
      guard count >= 2 else { throw .weights("rows that count are of \(count) classes, and 2 are needed") }
    }
    return all.map { $0.scalars.map { $0 * c } } ?? Array(repeating: c, count: x.rowCount)
  }
}

/// Which classes a support vector machine tells apart.
public enum SVMStrategy: String, Sendable, Codable {
  /// Each pair of classes; the class that most pairs vote for wins. As scikit-learn.
  case oneVsOne
  /// Each class from all others; the highest score wins.
  case oneVsRest
}

/// What the decision function of more than two classes gives.
public enum SVMDecisionShape: String, Sendable, Codable {
  /// A score for each class: its votes, and between -1/3 and 1/3 by how clear they are.
  case ovr
  /// A score for each pair of classes, positive for the first: (0, 1), (0, 2) ... (1, 2) ...
  case ovo
}

func pairsOfClasses(_ count: Int) -> [(Int, Int)] {
  (0..<count).flatMap { first in (first + 1..<max(count, first + 1)).map { (first, $0) } }
}

extension RowGroups {
  /// Rows by class, in their order.
  init(classes: [Int32], count: Int) {
    var starts = [Int](repeating: 0, count: count + 1)
    for number in classes { starts[Int(number) + 1] += 1 }
    for group in 0..<count { starts[group + 1] += starts[group] }
    var (next, order) = (starts, [Int](repeating: 0, count: classes.count))
    for (row, number) in classes.enumerated() {
      order[next[Int(number)]] = row
      next[Int(number)] += 1
    }
    self.init(order: order, starts: starts)
  }
}

extension DualOptions {
  init(tolerance: Double, maxIterations: Int?, cacheSize: Double, _ shrinking: Bool) {
    self.init()
    (self.tolerance, self.maxIterations) = (tolerance, maxIterations ?? -1)
    (cacheBytes, shrinks) = (cacheSize * 1_048_576, shrinking)
  }
}

func checkSupportVectors<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  c: Double,
  tolerance: Double,
  cacheSize: Double,
  _ maxIterations: Int?,
  _ degree: Int,
  _ coef0: Double
) throws(ModelError) {
  try x.checkFinite()
  try checkPositive(c, "c")
  try checkPositive(tolerance, "tolerance")
  try checkPositive(cacheSize, "cacheSize")
  try checkRange(maxIterations, "maxIterations", atLeast: 1)
  try checkRange(degree, "degree", atLeast: 0)
  guard degree <= Int32.max else { throw .parameter(name: "degree", reason: "\(degree) is too large") }
  guard coef0.isFinite else { throw .parameter(name: "coef0", reason: "must be a finite number, not \(coef0)") }
}

func checkPositive(_ value: Double, _ name: String) throws(ModelError) {
  guard !(value > 0 && value.isFinite) else { return }
  throw .parameter(name: name, reason: "must be a number above 0, not \(value)")
}
