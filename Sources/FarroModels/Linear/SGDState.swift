import Farro

/// What stochastic gradient descent learned, and goes on from.
struct SGDState: Codable, Equatable, Sendable {
  /// Shape (outputs, d + 1), the intercept last.
  let last: Tensor<Double>
  /// Their average over steps, where there is one.
  let averages: Tensor<Double>?
  let steps: [Double]
  let iterations: Int

  /// - Throws: where coefficients have grown beyond all numbers.
  init(_ state: StochasticState) throws(ModelError) {
    (last, averages, steps) = (state.coefficients, state.averages, state.steps)
    iterations = state.epochs.max() ?? 0
    guard last.scalars.allSatisfy(\.isFinite), averages?.scalars.allSatisfy(\.isFinite) ?? true else {
      throw .parameter(name: "eta0", reason: "steps are so long that coefficients overflow; columns may need scaling")
    }
  }

  var stochastic: StochasticState { StochasticState(coefficients: last, averages: averages, steps: steps) }

  var columns: Int { last.shape[1] - 1 }

  /// The coefficients that predict.
  func coefficients<Scalar: KernelScalar>() -> Tensor<Scalar> {
    let all = Tensor<Scalar>(casting: averages ?? last)
    let rows = (0..<all.shape[0]).flatMap { all[row: $0].scalars.dropLast() }
    return Tensor(rows, shape: [all.shape[0], columns])
  }

  func intercepts<Scalar: KernelScalar>() -> Tensor<Scalar> {
    let all = averages ?? last
    return Tensor((0..<all.shape[0]).map { Scalar(all[$0, columns]) })
  }

  func flaw(outputs: Int) -> String? {
    guard last.rank == 2, last.shape[0] == outputs, last.shape[1] > 0, steps.count == outputs,
      (averages?.shape ?? last.shape) == last.shape
    else { return "coefficients of \(last.shape) and \(steps.count) counts of steps are not of \(outputs) outputs" }
    let areFinite = last.scalars.allSatisfy(\.isFinite) && averages?.scalars.allSatisfy(\.isFinite) ?? true
    guard areFinite else { return "a coefficient is NaN or infinite" }
    return steps.allSatisfy { $0 >= 0 && $0.isFinite } && iterations >= 0 ? nil : "a count is negative"
  }
}
