import Farro

// Shapes are [parameters].

let optimizerKernels = bothTypes(optimizers(of: Float.self), optimizers(of: Double.self))

/// The operations of an element: those of the formulas, a square root and a division as one each, with no weight decay.
private func optimizers<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    optimizerKernel(of: type, named: "sgd", flops: 4, arrays: 5, prepareSGD(type, nesterov: false)),
    optimizerKernel(of: type, named: "sgd_nesterov", flops: 6, arrays: 5, prepareSGD(type, nesterov: true)),
    optimizerKernel(of: type, named: "sgd_plain", flops: 2, arrays: 3, prepareDescent(type)),
    optimizerKernel(of: type, named: "adagrad", flops: 7, arrays: 5, prepareAdaGrad(type)),
    optimizerKernel(of: type, named: "rmsprop", flops: 9, arrays: 5, prepareRMSProp(type)),
    optimizerKernel(of: type, named: "adam", flops: 13, arrays: 7, prepareAdam(type)),
    optimizerKernel(of: type, named: "adamw", flops: 14, arrays: 7, prepareAdam(type, weightDecay: 1e-2)),
    // A square and an addition for each element.
    optimizerKernel(of: type, named: "global_norm", flops: 2, arrays: 1, prepareGlobalNorm(type)),
    // And a product. The norm is known only when all elements have been read, so that out of cache they are read twice, and
    // two thirds of the bound is as far as it goes.
    optimizerKernel(of: type, named: "clip_global_norm", flops: 3, arrays: 2, prepareClip(type)),
  ]
}

/// - Parameter arrays: How many arrays are read and written.
private func optimizerKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  arrays: Int,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  // 128 MiB at least.
  let outOfCache = [1 << (arrays < 3 ? 25 : arrays < 5 ? 24 : 23)]
  return ProfiledKernel(
    family: "optimizer",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[131], [1 << 14], [1 << 18], outOfCache],
    inCache: [1 << 14],
    outOfCache: outOfCache,
    traffic: arrays == 1 ? .read : .copy,
    flops: { flops * Double($0[0]) },
    bytes: { Double(arrays * $0[0] * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/optimizer.h)
// Nothing cancels without weight decay: c is 1. Each bound has one more rounding, that of the reference.

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

private func prepareSGD<Scalar: KernelScalar>(_ type: Scalar.Type, nesterov: Bool) -> Prepare {
  { shape in
    let gradient = operand(type, shape: shape, seed: 1)
    var parameters = operand(type, shape: shape, seed: 2)
    var state = SGDState(for: parameters)
    state.velocity = operand(type, shape: shape, seed: 3)
    let step = {
      sgdStep(
        &parameters,
        gradient: gradient,
        state: &state,
        learningRate: 1e-3,
        momentum: 0.9,
        nesterov: nesterov
      )
    }
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
          momentum: 0.9,
          nesterov: nesterov
        )
        step()
        let (g, v) = (doubles(gradient), doubles(velocity))
        let sum = { i in 0.9 * abs(v[i]) + abs(g[i]) }
        return worstStepError(
          [state.velocity, parameters],
          expected,
          before: before,
          hasRoot: false,
          magnitudes: [sum, { 1e-3 * (nesterov ? abs(g[$0]) + 0.9 * sum($0) : sum($0)) }]
        )
      }
    )
  }
}

/// Without momentum.
private func prepareDescent<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let gradient = operand(type, shape: shape, seed: 1)
    var parameters = operand(type, shape: shape, seed: 2)
    let step = { sgdStep(&parameters, gradient: gradient, learningRate: 1e-3) }
    return ProfiledKernel.Prepared(
      run: step,
      verify: {
        let before = parameters
        step()
        let g = doubles(gradient)
        return worstStepError(
          [parameters],
          [Reference.sgdStep(before, gradient: gradient, learningRate: 1e-3)],
          before: before,
          hasRoot: false,
          magnitudes: [{ 1e-3 * abs(g[$0]) }]
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

/// - Parameter weightDecay: That of AdamW; without, Adam.
private func prepareAdam<Scalar: KernelScalar>(_ type: Scalar.Type, weightDecay: Double? = nil) -> Prepare {
  { shape in
    let gradient = operand(type, shape: shape, seed: 1)
    var parameters = operand(type, shape: shape, seed: 2)
    var state = AdamState(for: parameters)
    state.step = 9
    state.mean = operand(type, shape: shape, seed: 3)
    state.squareMean = operand(type, shape: shape, in: 0.1...1, seed: 4)
    let step = {
      if let weightDecay {
        adamWStep(&parameters, gradient: gradient, state: &state, weightDecay: weightDecay)
      } else {
        adamStep(&parameters, gradient: gradient, state: &state)
      }
    }
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
          decoupledWeightDecay: weightDecay ?? 0
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

// MARK: - The norm of all gradients

/// The relative error that the header allows.
private func normError(_ shape: [Int]) -> Double { (1101 + Double((shape[0] + 16_383) / 16_384)) * 0x1p-53 }

private func prepareGlobalNorm<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let gradients = [operand(type, shape: shape, seed: 1)]
    return ProfiledKernel.Prepared(
      run: { blackHole(globalNorm(gradients)) },
      verify: {
        let expected = Reference.globalNorm(gradients)
        return abs(globalNorm(gradients) - expected) / (normError(shape) * expected)
      }
    )
  }
}

/// Each call asks for a norm that is a little smaller than what the one before left, so that there is always something to
/// clip; so little that elements do not vanish in millions of calls.
private func prepareClip<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    var gradients = [operand(type, shape: shape, seed: 1)]
    var most = globalNorm(gradients)
    let clip = {
      most *= 1 - 0x1p-20
      clipGlobalNorm(&gradients, to: most)
    }
    return ProfiledKernel.Prepared(
      run: clip,
      verify: {
        let before = gradients[0]
        clip()
        let factor = most / (Reference.globalNorm([before]) + 1e-6)
        let exact = doubles(before).map { $0 * factor }
        // The factor and the product are rounded, and what they are compared with.
        return worstError(gradients[0], Tensor(exact.map { Scalar($0) }, shape: shape)) {
          (3.01 * unitRoundoff(type) + normError(shape)) * abs(exact[$0])
        }
      }
    )
  }
}
