import Farro

// Shapes are [elements], or [outer, channels, inner].

let activationKernels = bothTypes(activations(of: Float.self), activations(of: Double.self))

/// Operations are counted as ElementwiseKernels.swift says.
private func activations<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let u = unitRoundoff(type)
  return [
    mapKernel(
      of: type,
      named: "leaky_relu",
      flops: (1, 1),
      ulps: (1, 1),
      { leakyReLU($0, slope: 0.125, into: &$1) },
      { Reference.activate(.leakyReLU(0.125), $0) }
    ),
    mapKernel(
      of: type,
      named: "elu",
      flops: (22, 32),
      ulps: (4, 4),
      { elu($0, into: &$1) },
      { Reference.activate(.elu(1), $0) }
    ),
    mapKernel(
      of: type,
      named: "selu",
      flops: (23, 33),
      ulps: (4, 4),
      { selu($0, into: &$1) },
      { Reference.activate(.selu, $0) }
    ),
    mapKernel(
      of: type,
      named: "softplus",
      flops: (48, 62),
      ulps: (4, 4),
      { softplus($0, into: &$1) },
      { Reference.activate(.softplus(1, 20), $0) }
    ),
    gradientKernel(of: type, named: "relu", flops: (0, 0), within: 0, { reluBackward($0, $1, into: &$2) }, .relu),
    gradientKernel(of: type, named: "tanh", flops: (3, 3), within: 2 * u, { tanhBackward($0, $1, into: &$2) }, .tanh),
    gradientKernel(
      of: type,
      named: "sigmoid",
      flops: (3, 3),
      within: u,
      { sigmoidBackward($0, $1, into: &$2) },
      .sigmoid
    ),
    gradientKernel(of: type, named: "silu", flops: (27, 40), within: 8 * u, { siluBackward($0, $1, into: &$2) }, .silu),
    gradientKernel(of: type, named: "gelu", flops: (41, 77), within: 8 * u, { geluBackward($0, $1, into: &$2) }, .gelu),
    gradientKernel(
      of: type,
      named: "gelu_tanh",
      flops: (35, 48),
      within: 8 * u,
      { geluTanhBackward($0, $1, into: &$2) },
      .geluTanh
    ),
    gradientKernel(
      of: type,
      named: "softplus",
      flops: (28, 38),
      within: 5 * u,
      { softplusBackward($0, $1, into: &$2) },
      .softplus(1, 20)
    ),
    hardSwishKernel(of: type),
    preluKernel(of: type),
    preluGradientKernel(of: type),
    maxoutKernel(of: type),
  ]
}

private func hardSwishKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  elementwiseKernel(of: type, named: "hard_swish", operands: 1, flops: 3) { shape in
    let x = operand(type, shape: shape, in: -10...10, seed: 1)
    var result = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { hardSwish(x, into: &result) },
      verify: {
        hardSwish(x, into: &result)
        return worstError(result, Reference.activate(.hardSwish, x)) { _ in 30 * unitRoundoff(type) }
      }
    )
  }
}

/// - Parameter within: the error of the derivative that the kernel's header allows.
private func gradientKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: (f32: Double, f64: Double),
  within bound: Double,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  _ function: Reference.ActivationFunction
) -> ProfiledKernel {
  let flops = Scalar.dtype == .f32 ? flops.f32 : flops.f64
  return elementwiseKernel(of: type, named: name + "_backward", operands: 2, flops: flops) { shape in
    let gradY = operand(type, shape: shape, seed: 1)
    // What a bounded function gives, or what functions are given.
    let saved = operand(type, shape: shape, in: name == "tanh" || name == "sigmoid" ? -1...1 : -10...10, seed: 2)
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { kernel(gradY, saved, &result) },
      verify: {
        kernel(gradY, saved, &result)
        let expected = Reference.activateBackward(function, gradY, saved)
        return gradY.withUnsafeBufferPointer { gradients in
          expected.withUnsafeBufferPointer { numbers in
            worstError(result, expected) {
              let (g, e) = (abs(Double(gradients[$0])), abs(Double(numbers[$0])))
              return bound * g + 3 * unitRoundoff(type) * e + Double(Scalar.leastNormalMagnitude)
            }
          }
        }
      }
    )
  }
}

private func channelKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  moved elements: Double,
  flops: Double,
  prepare: @escaping @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  ProfiledKernel(
    family: "elementwise",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[3, 10, 7], [64, 384, 1], [8, 64, 196], [128, 256, 1024]],
    inCache: [64, 384, 1],
    outOfCache: [128, 256, 1024],
    traffic: .copy,
    flops: { flops * Double($0[0] * $0[1] * $0[2]) },
    bytes: { elements * Double($0[0] * $0[1] * $0[2] * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

private func preluKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  channelKernel(of: type, named: "prelu", moved: 2, flops: 1) { shape in
    let (x, slope) = (operand(type, shape: shape, seed: 1), operand(type, shape: [shape[1]], seed: 2))
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { prelu(x, slope: slope, axis: 1, into: &result) },
      verify: {
        prelu(x, slope: slope, axis: 1, into: &result)
        return worstError(result, Reference.prelu(x, slope: slope), ulps: 0)
      }
    )
  }
}

private func preluGradientKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  channelKernel(of: type, named: "prelu_backward", moved: 3, flops: 3) { shape in
    let (gradY, x) = (operand(type, shape: shape, seed: 1), operand(type, shape: shape, seed: 2))
    let slope = operand(type, shape: [shape[1]], seed: 3)
    var (gradX, gradSlope) = (operand(type, shape: shape, seed: 4), operand(type, shape: [shape[1]], seed: 5))
    return ProfiledKernel.Prepared(
      run: { preluBackward(gradY, x, slope: slope, axis: 1, into: &gradX, &gradSlope) },
      verify: {
        preluBackward(gradY, x, slope: slope, axis: 1, into: &gradX, &gradSlope)
        let expected = Reference.preluBackward(gradY, x, slope: slope)
        // Products are below 1.
        let count = Double(shape[0] * shape[2])
        let bound = min(count + 2, 4100) * unitRoundoff(type) * count
        return max(worstError(gradX, expected.x, ulps: 0), worstError(gradSlope, expected.slope) { _ in bound })
      }
    )
  }
}

private func maxoutKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  channelKernel(of: type, named: "maxout", moved: 1.5, flops: 0) { shape in
    let x = operand(type, shape: shape, seed: 1)
    var result = operand(type, shape: [shape[0], shape[1] / 2, shape[2]], seed: 2)
    return ProfiledKernel.Prepared(
      run: { maxout(x, pieces: 2, axis: 1, into: &result) },
      verify: {
        maxout(x, pieces: 2, axis: 1, into: &result)
        return worstError(result, Reference.maxout(x, pieces: 2), ulps: 0)
      }
    )
  }
}
