import CKernels

// Logistic regression, for FarroModels.

/// What logistic regression is fitted to; CKernels' `logistic.h` has the objective.
package struct LogisticProblem: Sendable {
  /// The class of each row, from 0 to below ``classes``.
  package var labels: [Int32]
  package var classes: Int
  /// Shape (n), finite and not negative, not all 0; 1 each when nil.
  package var weights: Tensor<Double>?
  package var hasIntercept = true
  /// Strengths of the penalties, to the mean loss.
  package var l1 = 0.0, l2 = 0.0

  package init(labels: [Int32], classes: Int, weights: Tensor<Double>?) {
    (self.labels, self.classes, self.weights) = (labels, classes, weights)
  }

  /// How many rows of coefficients there are.
  package var outputs: Int { classes == 2 ? 1 : classes }

  private func withProblem<Result>(
    _ rows: Int,
    _ columns: Int,
    _ body: (UnsafePointer<farro_logistic_problem>) -> Result
  ) -> Result {
    require(
      labels.count == rows && (weights?.shape ?? [rows]) == [rows] && classes >= 2,
      "LogisticProblem: \(rows) rows need labels and weights of their own, not \(labels.count) and \(weights?.shape ?? [])"
    )
    return labels.withUnsafeBufferPointer { labels in
      func run(_ weights: UnsafePointer<Double>?) -> Result {
        var problem = farro_logistic_problem()
        (problem.rows, problem.columns, problem.classes) = (rows, columns, classes)
        (problem.labels, problem.weights) = (labels.baseAddress, weights)
        (problem.intercept, problem.l1, problem.l2) = (hasIntercept, l1, l2)
        return body(&problem)
      }
      return weights.map { $0.withUnsafeBufferPointer { run($0.baseAddress!) } } ?? run(nil)
    }
  }

  /// The objective without its l1 term, and its gradient.
  ///
  /// - Parameter coefficients: Shape (``outputs``, d + 1), the intercept last.
  /// - Complexity: O(n d ``outputs``).
  package func loss<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ coefficients: Tensor<Double>
  ) -> (loss: Double, gradient: Tensor<Double>) {
    let d = x.shape[1]
    require(coefficients.shape == [outputs, d + 1], "LogisticProblem: coefficients of \(coefficients.shape)")
    var loss = 0.0
    let gradient = Tensor<Double>(unsafeUninitializedShape: coefficients.shape) { gradient in
      let gradient = gradient.baseAddress!
      let status = withProblem(x.shape[0], d) { problem in
        x.withUnsafeBufferPointer { x in
          coefficients.withUnsafeBufferPointer { w in
            let (x, w) = (x.baseAddress!, w.baseAddress!)
            return switch Scalar.dtype {
            case .f32: farro_logistic_loss_f32(problem, x.f32, d, w, &loss, gradient)
            default: farro_logistic_loss_f64(problem, x.f64, d, w, &loss, gradient)
            }
          }
        }
      }
      check(status, "LogisticProblem.loss")
    }
    return (loss, gradient)
  }

  /// The coefficients that make the objective least.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d).
  ///   - start: Where to begin. Shape (``outputs``, d + 1), the intercept last; zeros when nil.
  /// - Throws: `CancellationError` when the task is cancelled.
  /// - Complexity: O(n d ``outputs``) for each iteration.
  package func fit<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    from start: Tensor<Double>? = nil,
    tolerance: Double,
    maximumIterations: Int
  ) throws -> LogisticFit {
    let (n, d) = (x.shape[0], x.shape[1])
    return try run(d, start, tolerance, maximumIterations) { options, w, result in
      withProblem(n, d) { problem in
        x.withUnsafeBufferPointer { x in
          let x = x.baseAddress!
          return switch Scalar.dtype {
          case .f32: farro_logistic_fit_f32(problem, x.f32, d, options, w, result)
          default: farro_logistic_fit_f64(problem, x.f64, d, options, w, result)
          }
        }
      }
    }
  }

  /// The same for sparse rows.
  package func fit<Scalar: KernelScalar>(
    _ x: CSRMatrix<Scalar>,
    from start: Tensor<Double>? = nil,
    tolerance: Double,
    maximumIterations: Int
  ) throws -> LogisticFit {
    try run(x.columns, start, tolerance, maximumIterations) { options, w, result in
      withProblem(x.rows, x.columns) { problem in
        switch Scalar.dtype {
        case .f32: x.withF32 { farro_logistic_fit_csr_f32(problem, $0, options, w, result) }
        default: x.withF64 { farro_logistic_fit_csr_f64(problem, $0, options, w, result) }
        }
      }
    }
  }

  private func run(
    _ columns: Int,
    _ start: Tensor<Double>?,
    _ tolerance: Double,
    _ maximumIterations: Int,
    _ fit: (
      UnsafePointer<farro_logistic_options>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<farro_logistic_result>
    ) -> farro_status
  ) throws -> LogisticFit {
    var coefficients = start ?? Tensor(zeros: [outputs, columns + 1])
    require(
      coefficients.shape == [outputs, columns + 1],
      "LogisticProblem: \(outputs) rows of \(columns) columns do not begin with coefficients of \(coefficients.shape)"
    )
    var options = farro_logistic_options()
    (options.tolerance, options.maximum_iterations) = (tolerance, maximumIterations)
    options.stops = { _ in Task.isCancelled }
    var result = farro_logistic_result()
    coefficients.withUnsafeMutableBufferPointer { w in
      check(fit(&options, w.baseAddress!, &result), "LogisticProblem.fit")
    }
    try Task.checkCancellation()
    return LogisticFit(
      coefficients: coefficients,
      iterations: result.iterations,
      objective: result.objective,
      isConverged: result.converged
    )
  }
}

/// What ``LogisticProblem/fit(_:from:tolerance:maximumIterations:)`` found.
package struct LogisticFit: Sendable {
  /// Shape (outputs, d + 1), the intercept last.
  package let coefficients: Tensor<Double>
  package let iterations: Int
  package let objective: Double
  /// Whether the gradient is within the tolerance.
  package let isConverged: Bool
}
