import Farro

// Shapes are [parameters].

let optimizerKernels = bothTypes(optimizers(of: Float.self), optimizers(of: Double.self))

/// The operations of an element: those of the formulas, a square root and a division as one each, with no weight decay.
private func optimizers<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    optimizerKernel(of: type, named: "sgd", flops: 4, arrays: 5, prepareSGD(type)),
    optimizerKernel(of: type, named: "adagrad", flops: 7, arrays: 5, prepareAdaGrad(type)),
    optimizerKernel(of: type, named: "rmsprop", flops: 9, arrays: 5, prepareRMSProp(type)),
    optimizerKernel(of: type, named: "adamw", flops: 14, arrays: 7, prepareAdamW(type)),
    globalNormKernel(of: type),
  ]
}

/// - Parameter arrays: How many arrays a step reads and writes.
private func optimizerKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  arrays: Int,
  _ prepare: @escaping @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  ProfiledKernel(
    family: "optimizer",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[131], [1 << 14], [1 << 18], [1 << 23]],
    inCache: [1 << 14],
    outOfCache: [1 << 23],
    traffic: .copy,
    flops: { flops * Double($0[0]) },
    bytes: { Double(arrays * $0[0] * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/optimizer.h)
// Nothing cancels without weight decay: c is 1. Each bound has one more rounding, that of the reference.

private typealias Prepare = @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared

/// The worst error of a step, over its state and its parameters.
///
/// - Parameters:
///   - actual: What the step left behind: the state's tensors, then the parameters.
///   - expected: The same of the reference.
///   - before: The parameters before.
///   - magnitudes: Of each expression of the formulas that gives a tensor, at an element: of the state's, then of what was
///     subtracted from the parameters.
private func worstStepError<Scalar: KernelScalar>(
  _ actual: [Tensor<Scalar>],
  _ expected: [Tensor<Scalar>],
  before: Tensor<Scalar>,
  hasRoot: Bool,
  magnitudes: [(Int) -> Double]
) -> Double {
  let u = unitRoundoff(Scalar.self)
  let parameters = doubles(before)
  let last = actual.count - 1
  return actual.indices.map { k in
    let values = doubles(expected[k])
    return worstError(actual[k], expected[k]) { i in
      let terms = k < last ? 16 * u * magnitudes[k](i) : 16 * (hasRoot ? 2 : 1) * u * magnitudes[k](i)
      return terms + (k < last ? 0 : 3 * u * abs(parameters[i])) + u * abs(values[i]) + .leastNormalMagnitude
    }
  }.max()!
}

private func doubles<Scalar: KernelScalar>(_ tensor: Tensor<Scalar>) -> [Double] { tensor.scalars.map { Double($0) } }

private func prepareSGD<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let gradient = operand(type, shape: shape, seed: 1)
    var parameters = operand(type, shape: shape, seed: 2)
    var state = SGDState(for: parameters)
    state.velocity = operand(type, shape: shape, seed: 3)
    let step = { sgdStep(&parameters, gradient: gradient, state: &state, learningRate: 1e-3, momentum: 0.9) }
    return ProfiledKernel.Prepared(
      run: step,
      verify: {
        let (before, velocity) = (parameters, state.velocity)
        let expected = Reference.sgdStep(
          before,
          gradient: gradient,
          velocity: velocity,
          step: state.step + 1,
          learningRate: 1e-3,
          momentum: 0.9
        )
        step()
        let (g, v) = (doubles(gradient), doubles(velocity))
        let sum = { i in 0.9 * abs(v[i]) + abs(g[i]) }
        return worstStepError(
          [state.velocity, parameters],
          expected,
          before: before,
          hasRoot: false,
          magnitudes: [sum, { 1e-3 * sum($0) }]
        )
      }
    )
  }
}

private func prepareAdaGrad<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let gradient = operand(type, shape: shape, seed: 1)
    var parameters = operand(type, shape: shape, seed: 2)
    var state = AdaGradState(for: parameters)
    state.squareSum = operand(type, shape: shape, in: 0.1...1, seed: 3)
    let step = { adaGradStep(&parameters, gradient: gradient, state: &state, learningRate: 1e-2, epsilon: 1e-10) }
    return ProfiledKernel.Prepared(
      run: step,
      verify: {
        let (before, squareSum) = (parameters, state.squareSum)
        let expected = Reference.adaGradStep(
          before,
          gradient: gradient,
          squareSum: squareSum,
          learningRate: 1e-2,
          epsilon: 1e-10
        )
        step()
        let (g, s) = (doubles(gradient), doubles(squareSum))
        let sum = { i in s[i] + g[i] * g[i] }
        return worstStepError(
          [state.squareSum, parameters],
          expected,
          before: before,
          hasRoot: true,
          magnitudes: [sum, { 1e-2 * abs(g[$0]) / (sum($0).squareRoot() + 1e-10) }]
        )
      }
    )
  }
}

private func prepareRMSProp<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let gradient = operand(type, shape: shape, seed: 1)
    var parameters = operand(type, shape: shape, seed: 2)
    var state = RMSPropState(for: parameters)
    state.squareMean = operand(type, shape: shape, in: 0.1...1, seed: 3)
    let step = { rmsPropStep(&parameters, gradient: gradient, state: &state, learningRate: 1e-2) }
    return ProfiledKernel.Prepared(
      run: step,
      verify: {
        let (before, squareMean) = (parameters, state.squareMean)
        let expected = Reference.rmsPropStep(
          before,
          gradient: gradient,
          squareMean: squareMean,
          learningRate: 1e-2,
          smoothing: 0.99,
          epsilon: 1e-8
        )
        step()
        let (g, s) = (doubles(gradient), doubles(squareMean))
        let mean = { i in 0.99 * s[i] + 0.01 * g[i] * g[i] }
        return worstStepError(
          [state.squareMean, parameters],
          expected,
          before: before,
          hasRoot: true,
          magnitudes: [mean, { 1e-2 * abs(g[$0]) / (mean($0).squareRoot() + 1e-8) }]
        )
      }
    )
  }
}

private func prepareAdamW<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let gradient = operand(type, shape: shape, seed: 1)
    var parameters = operand(type, shape: shape, seed: 2)
    var state = AdamState(for: parameters)
    state.step = 9
    state.mean = operand(type, shape: shape, seed: 3)
    state.squareMean = operand(type, shape: shape, in: 0.1...1, seed: 4)
    let step = { adamWStep(&parameters, gradient: gradient, state: &state) }
    return ProfiledKernel.Prepared(
      run: step,
      verify: {
        let (before, mean, squareMean) = (parameters, state.mean, state.squareMean)
        let expected = Reference.adamStep(
          before,
          gradient: gradient,
          mean: mean,
          squareMean: squareMean,
          step: state.step + 1,
          learningRate: 1e-3,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          decoupledWeightDecay: 1e-2
        )
        step()
        let (g, m, s) = (doubles(gradient), doubles(mean), doubles(squareMean))
        // 1 - beta^step, term by term.
        let (first, second) = (1 - power(0.9, state.step), 1 - power(0.999, state.step))
        let means = { i in 0.9 * abs(m[i]) + 0.1 * abs(g[i]) }
        let squares = { i in 0.999 * s[i] + 0.001 * g[i] * g[i] }
        return worstStepError(
          [state.mean, state.squareMean, parameters],
          expected,
          before: before,
          hasRoot: true,
          magnitudes: [means, squares, { 1e-3 / first * means($0) / ((squares($0) / second).squareRoot() + 1e-8) }]
        )
      }
    )
  }
}

private func power(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { power, _ in power * base } }

/// A square and an addition for each element.
private func globalNormKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "optimizer",
    name: "global_norm",
    dtype: Scalar.dtype,
    shapes: [[131], [1 << 15], [1 << 18], [1 << 25]],
    inCache: [1 << 15],
    outOfCache: [1 << 25],
    traffic: .read,
    flops: { 2 * Double($0[0]) },
    bytes: { Double($0[0] * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let gradients = [operand(type, shape: shape, seed: 1)]
      return ProfiledKernel.Prepared(
        run: { blackHole(globalNorm(gradients)) },
        verify: {
          let expected = Reference.globalNorm(gradients)
          let blocks = Double((shape[0] + 16_383) / 16_384)
          return abs(globalNorm(gradients) - expected) / ((1101 + blocks) * 0x1p-53 * expected)
        }
      )
    }
  )
}
