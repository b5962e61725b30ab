import CKernels

private typealias Values = @Sendable (_ rows: [Int], _ others: [Int]) -> [Float]?

private final class CustomValues {
  let values: Values
  let order: [Int]
  init(_ values: @escaping Values, _ order: [Int]) { (self.values, self.order) = (values, order) }
}

extension RowSimilarity {
  /// Calls `body` with the function as C has it.
  fileprivate func withC<Result>(order: [Int], _ body: (inout farro_svm_function) -> Result) -> Result {
    var function = farro_svm_function()
    (function.gamma, function.coef0, function.degree) = (gamma, coef0, Int32(clamping: degree))
    switch form {
    case .linear: function.kernel = FARRO_SVM_LINEAR
    case .polynomial: function.kernel = FARRO_SVM_POLYNOMIAL
    case .rbf: function.kernel = FARRO_SVM_RBF
    case .sigmoid: function.kernel = FARRO_SVM_SIGMOID
    case .custom(let values):
      function.kernel = FARRO_SVM_CUSTOM
      let custom = CustomValues(values, order)
      function.context = Unmanaged.passUnretained(custom).toOpaque()
      function.values = { context, count, rows, first, columns, to, ld in
        let custom = Unmanaged<CustomValues>.fromOpaque(context!).takeUnretainedValue()
        let rows = (0..<count).map { rows![$0] }
        guard let values = custom.values(rows, Array(custom.order[first..<first + columns])) else { return false }
        require(values.count == count * columns, "a custom kernel gave \(values.count) values for \(count)×\(columns)")
        for row in 0..<count {
          for column in 0..<columns { to![row * ld + column] = values[row * columns + column] }
        }
        return true
      }
      return withExtendedLifetime(custom) { body(&function) }
    }
    return body(&function)
  }
}

extension RowGroups {
  fileprivate func withC<Result>(rows: Int, columns: Int, _ body: (inout farro_svm_data) -> Result) -> Result {
    require(
      order.count == rows && starts.first == 0 && starts.last == rows,
      "RowGroups: \(order.count) rows in \(count) groups are not those of \(rows)"
    )
    return order.withUnsafeBufferPointer { order in
      starts.withUnsafeBufferPointer { starts in
        var data = farro_svm_data()
        (data.n, data.d, data.ldx, data.groups) = (rows, columns, columns, count)
        (data.order, data.starts) = (order.baseAddress, starts.baseAddress)
        return body(&data)
      }
    }
  }
}

/// Solves dual problems over rows of `x`.
///
/// - Parameter x: Shape (n, d), finite.
/// - Throws: `CancellationError` when the task is cancelled, or a custom kernel gives nothing.
/// - Complexity: `farro_svm_solve_f32` in svm.h tells.
package func solveDualProblems<Scalar: KernelScalar>(
  _ problems: [DualProblem],
  rows x: Tensor<Scalar>,
  groups: RowGroups,
  similarity: RowSimilarity,
  options: DualOptions
) throws -> [DualSolution] {
  func rowCount(_ problem: DualProblem) -> Int {
    problem.groups.map { groups[$0.0].count + groups[$0.1].count } ?? groups.order.count
  }
  let parts = problems.map { problem in
    let n = rowCount(problem)
    require(
      problem.y.count == n && (n == 0 || problem.limits.count % n == 0) && problem.limits.count >= n,
      "DualProblem: \(n) rows cannot have \(problem.y.count) numbers and \(problem.limits.count) limits"
    )
    return ProblemParts(problem, variants: n == 0 ? 1 : problem.limits.count / n, options.wantsDecisions)
  }
  defer { for part in parts { part.release() } }
  var settings = farro_svm_options()
  (settings.tolerance, settings.max_iterations) = (options.tolerance, Int64(options.maxIterations))
  (settings.cache_bytes, settings.shrinks) = (options.cacheBytes, options.shrinks)
  settings.is_cancelled = { _ in Task.isCancelled }
  var end = FARRO_SVM_SOLVED
  var list = parts.map(\.problem)
  let (n, d) = (x.shape[0], x.shape[1])
  let status = groups.withC(rows: n, columns: d) { data in
    similarity.withC(order: groups.order) { function in
      x.withUnsafeBufferPointer { x in
        let x = x.baseAddress!
        return switch Scalar.dtype {
        case .f32: farro_svm_solve_f32(&data, x.f32, &function, &settings, list.count, &list, &end)
        default: farro_svm_solve_f64(&data, x.f64, &function, &settings, list.count, &list, &end)
        }
      }
    }
  }
  check(status, "solveDualProblems")
  if end == FARRO_SVM_CANCELLED { throw CancellationError() }
  return parts.indices.map { parts[$0].solution() }
}

/// The memory of one problem, which C reads and writes.
private struct ProblemParts {
  let problem: farro_svm_problem
  private let y, limits, unknowns, decisions, rho, objective: UnsafeMutableBufferPointer<Double>
  private let iterations: UnsafeMutableBufferPointer<Int64>
  private let hasConverged: UnsafeMutableBufferPointer<Bool>

  init(_ dual: DualProblem, variants: Int, _ wantsDecisions: Bool) {
    func array(_ count: Int) -> UnsafeMutableBufferPointer<Double> {
      let array = UnsafeMutableBufferPointer<Double>.allocate(capacity: max(count, 1))
      array.initialize(repeating: 0)
      return array
    }
    let count = dual.limits.count
    (y, limits, unknowns) = (array(dual.y.count), array(count), array(count))
    (decisions, rho, objective) = (array(wantsDecisions ? count : 0), array(variants), array(variants))
    _ = y.update(fromContentsOf: dual.y)
    _ = limits.update(fromContentsOf: dual.limits)
    iterations = .allocate(capacity: variants)
    iterations.initialize(repeating: 0)
    hasConverged = .allocate(capacity: variants)
    hasConverged.initialize(repeating: false)
    var problem = farro_svm_problem()
    (problem.first_group, problem.second_group) = dual.groups ?? (0, Int.max)
    (problem.is_regression, problem.epsilon) = (dual.isRegression, dual.epsilon)
    (problem.y, problem.limits) = (UnsafePointer(y.baseAddress), UnsafePointer(limits.baseAddress))
    (problem.variants, problem.b) = (variants, unknowns.baseAddress)
    problem.sums = wantsDecisions ? decisions.baseAddress : nil
    (problem.rho, problem.objective) = (rho.baseAddress, objective.baseAddress)
    (problem.iterations, problem.has_converged) = (iterations.baseAddress, hasConverged.baseAddress)
    self.problem = problem
    self.count = count
    hasDecisions = wantsDecisions
  }

  private let count: Int
  private let hasDecisions: Bool

  func solution() -> DualSolution {
    DualSolution(
      unknowns: Array(unknowns[..<count]),
      decisions: hasDecisions ? Array(decisions[..<count]) : [],
      rho: Array(rho),
      objective: Array(objective),
      iterations: Array(iterations),
      hasConverged: Array(hasConverged)
    )
  }

  func release() {
    for array in [y, limits, unknowns, decisions, rho, objective] { array.deallocate() }
    iterations.deallocate()
    hasConverged.deallocate()
  }
}

/// Weighted sums of similarities to some vectors, group by group. Shape (queries, groups, functions).
///
/// - Parameters:
///   - queries: Shape (m, d).
///   - vectors: Shape (n, d), group by group.
///   - starts: Where groups begin, and where the last one ends.
///   - coefficients: Shape (functions, n).
/// - Precondition: the similarity is not custom.
/// - Complexity: O(m n d).
package func similaritySums<Scalar: KernelScalar>(
  _ queries: Tensor<Scalar>,
  vectors: Tensor<Scalar>,
  starts: [Int],
  coefficients: Tensor<Double>,
  similarity: RowSimilarity
) -> Tensor<Double> {
  let (sums, status) = sums(queries, vectors, starts, coefficients, similarity, isReference: false)
  check(status, "similaritySums")
  return sums
}

extension Reference {
  /// As ``similaritySums(_:vectors:starts:coefficients:similarity:)``.
  package static func similaritySums<Scalar: KernelScalar>(
    _ queries: Tensor<Scalar>,
    vectors: Tensor<Scalar>,
    starts: [Int],
    coefficients: Tensor<Double>,
    similarity: RowSimilarity
  ) -> Tensor<Double> {
    let (sums, status) = sums(queries, vectors, starts, coefficients, similarity, isReference: true)
    check(status, "Reference.similaritySums")
    return sums
  }
}

private func sums<Scalar: KernelScalar>(
  _ queries: Tensor<Scalar>,
  _ vectors: Tensor<Scalar>,
  _ starts: [Int],
  _ coefficients: Tensor<Double>,
  _ similarity: RowSimilarity,
  isReference: Bool
) -> (Tensor<Double>, farro_status) {
  let (m, n, d, functions) = (queries.shape[0], vectors.shape[0], vectors.shape[1], coefficients.shape[0])
  require(
    queries.shape[1] == d && coefficients.shape == [functions, n] && starts.last == n,
    "similaritySums: \(queries.shape), \(vectors.shape) and \(coefficients.shape) do not belong together"
  )
  var status = FARRO_OK
  let sums = Tensor<Double>(unsafeUninitializedShape: [m, starts.count - 1, functions]) { out in
    status = starts.withUnsafeBufferPointer { starts in
      var data = farro_svm_data()
      (data.n, data.d, data.ldx, data.groups, data.starts) = (n, d, d, starts.count - 1, starts.baseAddress)
      return similarity.withC(order: []) { f in
        withPointers(queries, vectors) { q, v in
          coefficients.withUnsafeBufferPointer { c in
            let (q, v, c, out) = (q!, v!, c.baseAddress!, out.baseAddress!)
            return switch (Scalar.dtype, isReference) {
            case (.f32, false): farro_svm_sums_f32(&data, v.f32, &f, functions, c, m, q.f32, d, out)
            case (.f32, true): farro_svm_sums_reference_f32(&data, v.f32, &f, functions, c, m, q.f32, d, out)
            case (_, false): farro_svm_sums_f64(&data, v.f64, &f, functions, c, m, q.f64, d, out)
            case (_, true): farro_svm_sums_reference_f64(&data, v.f64, &f, functions, c, m, q.f64, d, out)
            }
          }
        }
      }
    }
  }
  return (sums, status)
}
