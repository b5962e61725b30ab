import CKernels

/// What coordinate descent is to minimize, and when it ends.
package struct ElasticNetOptions {
  package var l1, l2: Double
  package var intercept, positive, random: Bool
  package var seed: UInt64
  package var tolerance: Double
  package var maximumIterations: Int

  package init(
    l1: Double,
    l2: Double,
    intercept: Bool,
    positive: Bool,
    random: Bool,
    seed: UInt64,
    tolerance: Double,
    maximumIterations: Int
  ) {
    (self.l1, self.l2, self.intercept, self.positive, self.random) = (l1, l2, intercept, positive, random)
    (self.seed, self.tolerance, self.maximumIterations) = (seed, tolerance, maximumIterations)
  }

  fileprivate var kernelOptions: farro_elastic_net_options {
    farro_elastic_net_options(
      l1: l1,
      l2: l2,
      intercept: intercept,
      positive: positive,
      random: random,
      seed: seed,
      tolerance: tolerance,
      most_iterations: maximumIterations,
      cancelled: { Task.isCancelled }
    )
  }
}

/// What coordinate descent found, in double for every element type.
package struct ElasticNetSolution {
  /// Coefficients of one output after another; to begin with, where the descent begins.
  package var coefficients: [Double]
  /// One for each output.
  package var intercepts, gaps: [Double]
  /// One for each output.
  package var iterations: [Int64]
  /// Whether all elements, and their sums, are finite; if not, nothing else was computed.
  package var isFinite = true
  /// Whether the task was cancelled.
  package var isCancelled = false

  package init(start coefficients: [Double], outputs: Int) {
    self.coefficients = coefficients
    (intercepts, gaps) = ([Double](repeating: 0, count: outputs), [Double](repeating: 0, count: outputs))
    iterations = [Int64](repeating: 0, count: outputs)
  }

  /// Descends from the coefficients that are there, for `x` of shape (n, d) and `y` of shape (n, outputs).
  package mutating func descend<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>?,
    _ options: ElasticNetOptions
  ) {
    let (rows, columns, outputs) = (x.shape[0], x.shape[1], y.shape[1])
    var (options, result) = (options.kernelOptions, farro_elastic_net_result())
    let status = withPointers(weights, nil) { weights, _ in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          let (x, y) = (x.baseAddress!, y.baseAddress!)
          return switch Scalar.dtype {
          case .f32:
            farro_elastic_net_f32(
              rows,
              columns,
              outputs,
              x.f32,
              columns,
              y.f32,
              outputs,
              weights,
              &options,
              &coefficients,
              &intercepts,
              &gaps,
              &iterations,
              &result
            )
          default:
            farro_elastic_net_f64(
              rows,
              columns,
              outputs,
              x.f64,
              columns,
              y.f64,
              outputs,
              weights,
              &options,
              &coefficients,
              &intercepts,
              &gaps,
              &iterations,
              &result
            )
          }
        }
      }
    }
    check(status, "descend")
    (isFinite, isCancelled) = (result.finite, result.cancelled)
  }

  /// The same for sparse rows, given as columns: shape (d, n).
  package mutating func descend<Scalar: KernelScalar>(
    columns x: CSRMatrix<Scalar>,
    _ y: Tensor<Scalar>,
    weights: Tensor<Double>?,
    _ options: ElasticNetOptions
  ) {
    let outputs = y.shape[1]
    var (options, result) = (options.kernelOptions, farro_elastic_net_result())
    let status = withPointers(weights, nil) { weights, _ in
      x.values.withUnsafeBufferPointer { values in
        y.withUnsafeBufferPointer { y in
          let (values, y) = (values.baseAddress, y.baseAddress!)
          return switch Scalar.dtype {
          case .f32:
            farro_sparse_elastic_net_f32(
              x.columns,
              x.rows,
              outputs,
              x.offsets,
              x.indices,
              values?.f32,
              y.f32,
              outputs,
              weights,
              &options,
              &coefficients,
              &intercepts,
              &gaps,
              &iterations,
              &result
            )
          default:
            farro_sparse_elastic_net_f64(
              x.columns,
              x.rows,
              outputs,
              x.offsets,
              x.indices,
              values?.f64,
              y.f64,
              outputs,
              weights,
              &options,
              &coefficients,
              &intercepts,
              &gaps,
              &iterations,
              &result
            )
          }
        }
      }
    }
    check(status, "descend")
    (isFinite, isCancelled) = (result.finite, result.cancelled)
  }
}
