import CKernels

// Linear support vector machines, for FarroModels.

/// What a row with the decision z costs.
package enum MarginLoss: Sendable {
  /// max(0, 1 - y z)
  case hinge
  /// Its square.
  case squaredHinge
  /// max(0, |y - z| - epsilon)
  case insensitive
  /// Its square.
  case squaredInsensitive

  fileprivate var code: farro_linear_svm_loss {
    switch self {
    case .hinge: FARRO_LOSS_HINGE
    case .squaredHinge: FARRO_LOSS_SQUARED_HINGE
    case .insensitive: FARRO_LOSS_INSENSITIVE
    case .squaredInsensitive: FARRO_LOSS_SQUARED_INSENSITIVE
    }
  }
}

package struct LinearMarginOptions: Sendable {
  package var loss = MarginLoss.squaredHinge
  package var epsilon = 0.0
  package var isDual = true
  /// Whether |w|₁ takes the place of half the square; of the squared hinge, when it is not dual.
  package var isAbsolute = false
  package var tolerance = 1e-4
  package var maxIterations = 1000
  package var seed: UInt64 = 0
  /// The value of one more column; 0: there is none.
  package var bias = 0.0

  package init() {}
}

package struct LinearMargin: Sendable {
  /// One for each column, and that of the bias.
  package var weights: [Double]
  package var iterations: Int
  package var hasConverged: Bool
}

/// Minimizes 1/2 |w|², or |w|₁, + the sum of limits × losses for each array of `targets`.
///
/// - Parameters:
///   - x: n rows, finite.
///   - targets: n numbers each, 1 or -1 for the hinges.
///   - limits: For each array of `targets`, n numbers of at least 0.
/// - Throws: `CancellationError`.
/// - Complexity: `farro_linear_svm_f32` in linear_svm.h tells.
package func fitLinearMargins<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  targets: [[Double]],
  limits: [[Double]],
  options: LinearMarginOptions
) throws -> [LinearMargin] {
  try x.withUnsafeBufferPointer { elements in
    var rows = farro_linear_svm_rows()
    (rows.n, rows.d, rows.ldx) = (x.shape[0], x.shape[1], x.shape[1])
    rows.x = UnsafeRawPointer(elements.baseAddress)
    return try fit(&rows, Scalar.dtype, targets, limits, options)
  }
}

/// The same for sparse rows.
package func fitLinearMargins<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  targets: [[Double]],
  limits: [[Double]],
  options: LinearMarginOptions
) throws -> [LinearMargin] {
  try x.offsets.withUnsafeBufferPointer { offsets in
    try x.indices.withUnsafeBufferPointer { indices in
      try x.values.withUnsafeBufferPointer { values in
        var rows = farro_linear_svm_rows()
        (rows.n, rows.d, rows.x) = (x.rows, x.columns, UnsafeRawPointer(values.baseAddress))
        (rows.offsets, rows.indices) = (offsets.baseAddress, indices.baseAddress)
        return try fit(&rows, Scalar.dtype, targets, limits, options)
      }
    }
  }
}

private func fit(
  _ rows: inout farro_linear_svm_rows,
  _ dtype: DType,
  _ targets: [[Double]],
  _ limits: [[Double]],
  _ options: LinearMarginOptions
) throws -> [LinearMargin] {
  let (n, width) = (rows.n, rows.d + 1)
  require(
    targets.count == limits.count && targets.allSatisfy { $0.count == n } && limits.allSatisfy { $0.count == n },
    "fitLinearMargins: each of \(n) rows needs a target and a limit"
  )
  rows.bias = options.bias
  var settings = farro_linear_svm_options()
  (settings.loss, settings.epsilon, settings.is_dual) = (options.loss.code, options.epsilon, options.isDual)
  (settings.tolerance, settings.max_iterations) = (options.tolerance, Int64(options.maxIterations))
  (settings.seed, settings.is_absolute) = (options.seed, options.isAbsolute)
  settings.is_cancelled = { _ in Task.isCancelled }
  let (y, c) = (targets.flatMap { $0 }, limits.flatMap { $0 })
  var weights = [Double](repeating: 0, count: targets.count * width)
  var problems = [farro_linear_svm_problem](repeating: farro_linear_svm_problem(), count: targets.count)
  let status = y.withUnsafeBufferPointer { y in
    c.withUnsafeBufferPointer { c in
      weights.withUnsafeMutableBufferPointer { w in
        for i in problems.indices {
          problems[i].y = y.baseAddress.map { $0 + i * n }
          problems[i].limits = c.baseAddress.map { $0 + i * n }
          problems[i].w = w.baseAddress.map { $0 + i * width }
        }
        return switch dtype {
        case .f32: farro_linear_svm_f32(&rows, &settings, problems.count, &problems)
        default: farro_linear_svm_f64(&rows, &settings, problems.count, &problems)
        }
      }
    }
  }
  check(status, "fitLinearMargins")
  if problems.contains(where: \.was_cancelled) { throw CancellationError() }
  return problems.indices.map { i in
    LinearMargin(
      weights: Array(weights[i * width..<(i + 1) * width]),
      iterations: Int(problems[i].iterations),
      hasConverged: problems[i].has_converged
    )
  }
}
