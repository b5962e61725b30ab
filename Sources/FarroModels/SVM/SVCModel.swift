import Farro
import FarroData

/// Support vectors that ``SVC`` found, and how they decide.
public struct SVCModel<Scalar: KernelScalar>: ProbabilisticClassModel, DecisionModel, Equatable {
  /// The number of classes.
  public let classCount: Int
  /// The rows that borders rest on, class by class. Shape (vectors, columns).
  public let supportVectors: Tensor<Scalar>
  /// Their numbers among the rows that the model comes from.
  public let support: [Int]
  /// How many of each class.
  public let nSupport: [Int]
  /// y α of each support vector, as scikit-learn's `dual_coef_`. Of pairs, the shape is (classes - 1, vectors): a vector of
  /// class i has its coefficient for the pair with class j in row j, or j - 1 where j > i. One against the rest, it is
  /// (classes, vectors).
  public let dualCoefficients: Tensor<Double>
  /// The constant of each pair's decision, (0, 1), (0, 2) ... (1, 2) ...; one against the rest, of each class's.
  public let intercept: [Double]
  /// The dual objective that each of them reached, to be minimized: 1/2 α'Qα - Σα.
  public let dualObjective: [Double]
  /// How many steps each of them took.
  public let iterations: [Int]
  /// Whether each of them reached the tolerance.
  public let hasConverged: [Bool]
  /// The kernel; to be set after a model with a custom one was loaded.
  public var kernel: SVMKernel<Scalar> {
    get { resolved.kernel }
    set { resolved.kernel = newValue }
  }
  /// The gamma that was used.
  public var gamma: Double { resolved.gamma }

  var resolved: ResolvedKernel<Scalar>
  let isPaired: Bool
  let decisionShape: SVMDecisionShape
  let breakTies: Bool
  let sigmoids: [PlattSigmoid]

  init(
    _ estimator: SVC<Scalar>,
    _ x: Tensor<Scalar>,
    _ resolved: ResolvedKernel<Scalar>,
    _ groups: RowGroups,
    _ pairs: [(Int, Int)]?,
    _ solutions: [DualSolution],
    _ sigmoids: [PlattSigmoid]
  ) {
    classCount = groups.count
    (self.resolved, isPaired, self.sigmoids) = (resolved, pairs != nil, sigmoids)
    (decisionShape, breakTies) = (estimator.decisionFunctionShape, estimator.breakTies)
    // What each solution says of each place in the order of the groups.
    let n = groups.order.count
    let functions = pairs == nil ? groups.count : groups.count - 1
    var coefficients = [[Double]](repeating: Array(repeating: 0, count: n), count: functions)
    for (number, solution) in solutions.enumerated() {
      guard let pair = pairs?[number] else {
        coefficients[number] = Array(solution.unknowns[..<n])
        continue
      }
      let (first, second) = (groups.starts[pair.0], groups.starts[pair.1])
      let count = groups[pair.0].count
      for i in 0..<count { coefficients[pair.1 - 1][first + i] = solution.unknowns[i] }
      for i in 0..<groups[pair.1].count { coefficients[pair.0][second + i] = solution.unknowns[count + i] }
    }
    let places = (0..<n).filter { place in coefficients.contains { $0[place] != 0 } }
    support = places.map { groups.order[$0] }
    supportVectors = x[rows: support]
    nSupport = (0..<groups.count).map { g in
      places.reduce(0) { $0 + (groups.starts[g]..<groups.starts[g + 1] ~= $1 ? 1 : 0) }
    }
    // Of two classes, scores are positive for the second.
    let sign = groups.count == 2 ? -1.0 : 1.0
    dualCoefficients = Tensor(
      coefficients.flatMap { row in places.map { row[$0] * sign } },
      shape: [functions, places.count]
    )
    intercept = solutions.map { -$0.rho[0] * sign }
    dualObjective = solutions.map { $0.objective[0] }
    iterations = solutions.map { Int($0.iterations[0]) }
    hasConverged = solutions.map { $0.hasConverged[0] }
  }

  // MARK: - Decisions

  /// The decision of each pair, positive for its first class, or of each class; row after row.
  private func decisions(_ x: Tensor<Scalar>) throws(ModelError) -> [Double] {
    try x.check(columns: supportVectors.shape[1])
    var starts = [0]
    for count in nSupport { starts.append(starts[starts.count - 1] + count) }
    let functions = dualCoefficients.shape[0]
    let sums = try resolved.sums(x, vectors: supportVectors, starts: starts, coefficients: dualCoefficients).scalars
    let sign = classCount == 2 ? -1.0 : 1.0
    // Where a pair's two sums are among those of a row.
    let places = pairsOfClasses(classCount).map { ($0.0 * functions + $0.1 - 1, $0.1 * functions + $0.0) }
    var decisions = [Double](repeating: 0, count: x.rowCount * intercept.count)
    for row in 0..<x.rowCount {
      let (from, to) = (row * classCount * functions, row * intercept.count)
      for number in intercept.indices {
        var sum = intercept[number]
        if isPaired {
          sum += sums[from + places[number].0] + sums[from + places[number].1]
        } else {
          for group in 0..<classCount { sum += sums[from + group * functions + number] }
        }
        decisions[to + number] = sign * sum
      }
    }
    return decisions
  }

  /// The scores of classes: their votes, and how clear they were; row after row.
  private func scores(_ decisions: [Double], rows: Int) -> [Double] {
    guard isPaired else { return decisions }
    let pairs = pairsOfClasses(classCount)
    var votes = [Double](repeating: 0, count: rows * classCount)
    var sums = votes
    for row in 0..<rows {
      for (number, pair) in pairs.enumerated() {
        let decision = decisions[row * pairs.count + number]
        votes[row * classCount + (decision < 0 ? pair.1 : pair.0)] += 1
        sums[row * classCount + pair.0] += decision
        sums[row * classCount + pair.1] -= decision
      }
    }
    for i in votes.indices { votes[i] += sums[i] / (3 * (abs(sums[i]) + 1)) }
    return votes
  }

  /// The class of each row: that with the most votes, or the highest score.
  ///
  /// - Complexity: O(n v d) for v support vectors.
  public func predictClasses(_ x: Tensor<Scalar>) throws -> [Int32] {
    let (decisions, rows) = (try decisions(x), x.rowCount)
    if !isPaired || (breakTies && classCount > 2) {
      return firstGreatest(scores(decisions, rows: rows), of: classCount)
    }
    let pairs = pairsOfClasses(classCount)
    var votes = [Double](repeating: 0, count: rows * classCount)
    for row in 0..<rows {
      for (number, pair) in pairs.enumerated() {
        votes[row * classCount + (decisions[row * pairs.count + number] > 0 ? pair.0 : pair.1)] += 1
      }
    }
    return firstGreatest(votes, of: classCount)
  }

  /// The scores of rows, in the shape that ``SVC/decisionFunctionShape`` says.
  ///
  /// - Complexity: O(n v d) for v support vectors.
  public func decisionFunction(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    let (decisions, rows) = (try decisions(x), x.rowCount)
    if classCount == 2 { return Tensor(casting: Tensor(decisions.map { -$0 })) }
    let values = decisionShape == .ovr ? scores(decisions, rows: rows) : decisions
    let columns = decisionShape == .ovr ? classCount : intercept.count
    return Tensor(casting: Tensor(values, shape: [rows, columns]))
  }

  /// The probability of each class for each row, by sigmoids of the decisions, of pairs coupled. They need not agree with
  /// ``predictClasses(_:)``.
  ///
  /// - Throws: As ``predictClasses(_:)``; ``ModelError/parameter(name:reason:)`` unless ``SVC/probability`` was set.
  /// - Complexity: O(n v d) for v support vectors.
  public func predictProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    guard !sigmoids.isEmpty else {
      throw ModelError.parameter(name: "probability", reason: "must be true when the model is fitted")
    }
    let (decisions, width) = (try decisions(x), intercept.count)
    var values: [Double] = []
    for row in 0..<x.rowCount {
      let each = (0..<width).map { sigmoids[$0].probability(decisions[row * width + $0]) }
      if isPaired {
        values += coupledProbabilities(each, classes: classCount)
      } else {
        let total = each.reduce(0, +)
        values += each.map { total > 0 ? $0 / total : 1 / Double(classCount) }
      }
    }
    return Tensor(casting: Tensor(values, shape: [x.rowCount, classCount]))
  }
}

/// The place of the first greatest value of each row of `width`.
private func firstGreatest(_ values: [Double], of width: Int) -> [Int32] {
  (0..<values.count / max(width, 1)).map { row in
    var best = 0
    for i in 1..<width where values[row * width + i] > values[row * width + best] { best = i }
    return Int32(best)
  }
}

extension SVCModel: StorableModel {
  public static var fileKind: String { "support vector classifier of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classCount >= 2, classCount <= nSupport.count, isPaired || classCount > 2 else {
      return "\(classCount) classes are too few, or more than counts of vectors"
    }
    let decisions = isPaired ? classCount * (classCount - 1) / 2 : classCount
    guard supportVectors.rank == 2, supportVectors.scalars.allSatisfy(\.isFinite) else {
      return "support vectors of the shape \(supportVectors.shape), or some of them, are none"
    }
    let vectors = supportVectors.shape[0]
    guard nSupport.count == classCount, nSupport.allSatisfy({ 0...vectors ~= $0 }), nSupport.reduce(0, +) == vectors,
      support.count == vectors, support.allSatisfy({ $0 >= 0 })
    else { return "\(vectors) support vectors are not those of \(nSupport) and of as many rows" }
    guard dualCoefficients.shape == [isPaired ? classCount - 1 : classCount, vectors],
      dualCoefficients.scalars.allSatisfy(\.isFinite)
    else { return "dual coefficients of the shape \(dualCoefficients.shape), or some of them, are none" }
    guard intercept.count == decisions, intercept.allSatisfy(\.isFinite) else { return "intercepts \(intercept)" }
    guard [dualObjective.count, iterations.count, hasConverged.count].allSatisfy({ $0 == decisions }) else {
      return "what is told of \(decisions) fits is of another number"
    }
    guard sigmoids.isEmpty || sigmoids.count == decisions, sigmoids.allSatisfy({ $0.a.isFinite && $0.b.isFinite })
    else {
      return "the sigmoids of probabilities are not \(decisions), or no numbers"
    }
    return resolved.flaw
  }
}
