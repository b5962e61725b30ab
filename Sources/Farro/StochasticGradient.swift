import CKernels

// Stochastic gradient descent, for FarroModels. CKernels' `sgd.h` says what all this means.

/// What is to be learned, and how.
package struct StochasticGradient: Sendable {
  package enum Loss: UInt32, Sendable {
    case hinge, squaredHinge, log, modifiedHuber, perceptron, squaredError, huber, epsilonInsensitive
    case squaredEpsilonInsensitive
  }

  package enum Rate: UInt32, Sendable {
    case constant, optimal, inverseScaling, adaptive
  }

  /// The class of each row; empty for targets.
  package var labels: [Int32] = []
  /// Shape (n); nil for labels.
  package var targets: Tensor<Double>?
  package var outputs = 1
  /// Shape (n); 1 each when nil.
  package var weights: Tensor<Double>?
  /// Of each output, what its negative and its positive rows count.
  package var labelWeights: [Double]?
  /// Not 0 for rows that are not learned from.
  package var heldOut: [UInt8]?
  package var loss = Loss.hinge
  package var rate = Rate.optimal
  package var epsilon = 0.0, alpha = 0.0, l1Ratio = 0.0, initialRate = 0.0, rateExponent = 0.0
  package var batch = 1, average = 0
  package var hasIntercept = true, shuffles = true, isPenalized = true
  package var seed: UInt64 = 0
  package var epochs = 1, patience = 1
  /// All epochs when nil.
  package var tolerance: Double?

  package init() {}

  /// What was learned, from what was before.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  /// - Complexity: O(elements times outputs) for each epoch.
  package func fit<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    from state: StochasticState
  ) throws -> StochasticState {
    try run(x.shape[0], x.shape[1], state) { problem, state in
      x.withUnsafeBufferPointer { x in
        let x = x.baseAddress!
        return switch Scalar.dtype {
        case .f32: farro_sgd_f32(problem, x.f32, problem.pointee.columns, state)
        default: farro_sgd_f64(problem, x.f64, problem.pointee.columns, state)
        }
      }
    }
  }

  /// The same of sparse rows.
  package func fit<Scalar: KernelScalar>(
    _ x: CSRMatrix<Scalar>,
    from state: StochasticState
  ) throws -> StochasticState {
    try run(x.rows, x.columns, state) { problem, state in
      switch Scalar.dtype {
      case .f32: x.withF32 { farro_sgd_csr_f32(problem, $0, state) }
      default: x.withF64 { farro_sgd_csr_f64(problem, $0, state) }
      }
    }
  }

  private func run(
    _ rows: Int,
    _ columns: Int,
    _ before: StochasticState,
    _ body: (UnsafePointer<farro_sgd_problem>, UnsafeMutablePointer<farro_sgd_state>) -> farro_status
  ) throws -> StochasticState {
    require(
      (targets?.shape ?? [labels.count]) == [rows] && (weights?.shape ?? [rows]) == [rows]
        && (heldOut?.count ?? rows) == rows && (labelWeights?.count ?? 2 * outputs) == 2 * outputs
        && before.coefficients.shape == [outputs, columns + 1] && before.steps.count == outputs,
      "StochasticGradient: \(rows) rows of \(columns) columns and \(outputs) outputs do not fit what is to be learned"
    )
    var state = before
    state.epochs = [Int](repeating: 0, count: outputs)
    var problem = farro_sgd_problem()
    (problem.rows, problem.columns, problem.outputs) = (rows, columns, outputs)
    (problem.loss, problem.rate) = (farro_sgd_loss(loss.rawValue), farro_sgd_rate(rate.rawValue))
    (problem.epsilon, problem.alpha, problem.l1_ratio, problem.penalized) = (epsilon, alpha, l1Ratio, isPenalized)
    (problem.eta0, problem.power_t, problem.batch, problem.average) = (initialRate, rateExponent, batch, average)
    (problem.intercept, problem.shuffle, problem.seed) = (hasIntercept, shuffles, seed)
    (problem.epochs, problem.patience, problem.tolerance) = (epochs, patience, tolerance ?? .nan)
    problem.stops = { _ in Task.isCancelled }
    let status = withInputs(&problem) { problem in state.withPointers { body(problem, $0) } }
    check(status, "StochasticGradient.fit")
    try Task.checkCancellation()
    return state
  }

  private func withInputs<Result>(
    _ problem: inout farro_sgd_problem,
    _ body: (UnsafePointer<farro_sgd_problem>) -> Result
  ) -> Result {
    labels.withUnsafeBufferPointer { labels in
      (labelWeights ?? []).withUnsafeBufferPointer { labelWeights in
        (heldOut ?? []).withUnsafeBufferPointer { heldOut in
          withPointers(targets, weights) { targets, weights in
            problem.labels = self.targets == nil ? labels.baseAddress : nil
            (problem.targets, problem.weights) = (targets, weights)
            problem.label_weights = self.labelWeights == nil ? nil : labelWeights.baseAddress
            problem.held_out = self.heldOut == nil ? nil : heldOut.baseAddress
            return body(&problem)
          }
        }
      }
    }
  }
}

/// What was learned so far.
package struct StochasticState: Sendable, Equatable {
  /// Shape (outputs, d + 1), the intercept last.
  package var coefficients: Tensor<Double>
  /// The same, where there is an average.
  package var averages: Tensor<Double>?
  /// How many steps each output took, and how many epochs in the last call.
  package var steps: [Double]
  package var epochs: [Int]

  /// Nothing yet.
  package init(outputs: Int, columns: Int, isAveraged: Bool) {
    coefficients = Tensor(zeros: [outputs, columns + 1])
    averages = isAveraged ? coefficients : nil
    (steps, epochs) = ([Double](repeating: 0, count: outputs), [Int](repeating: 0, count: outputs))
  }

  /// What earlier calls learned.
  package init(coefficients: Tensor<Double>, averages: Tensor<Double>?, steps: [Double]) {
    (self.coefficients, self.averages, self.steps) = (coefficients, averages, steps)
    epochs = steps.map { _ in 0 }
  }

  fileprivate mutating func withPointers<Result>(
    _ body: (UnsafeMutablePointer<farro_sgd_state>) -> Result
  ) -> Result {
    coefficients.withUnsafeMutableBufferPointer { coefficients in
      steps.withUnsafeMutableBufferPointer { steps in
        epochs.withUnsafeMutableBufferPointer { epochs in
          withMutablePointer(&averages) { averages in
            var state = farro_sgd_state()
            (state.coefficients, state.averages) = (coefficients.baseAddress, averages)
            state.steps = steps.baseAddress
            return epochs.withMemoryRebound(to: size_t.self) { epochs in
              state.epochs = epochs.baseAddress
              return body(&state)
            }
          }
        }
      }
    }
  }
}
