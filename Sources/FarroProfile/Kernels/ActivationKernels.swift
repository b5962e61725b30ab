import Farro

// Shapes are [elements].

let activationKernels =
  bothTypes(activations(of: Float.self), activations(of: Double.self))
  + bothTypes(activationGradients(of: Float.self), activationGradients(of: Double.self)) + channelActivationKernels

/// Operations are counted as ElementwiseKernels.swift says.
private func activations<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    mapKernel(
      of: type,
      named: "step",
      flops: (0, 0),
      ulps: (0, 0),
      { step($0, into: &$1) },
      { Reference.activate(.step, $0) }
    ),
    linearKernel(
      of: type,
      named: "linear",
      flops: 2,
      { linear($0, slope: 0.75, offset: 0.25, into: &$1) },
      .linear(0.75, 0.25),
      roundoffs: { x, y in 2 * abs(0.75 * x) + abs(y) }
    ),
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
    linearKernel(
      of: type,
      named: "hard_sigmoid",
      flops: 2,
      { hardSigmoid($0, slope: 0.1875, offset: 0.5, into: &$1) },
      .hardSigmoid(0.1875, 0.5),
      roundoffs: { x, _ in 3 * (abs(0.1875 * x) + 0.5) }
    ),
    linearKernel(
      of: type,
      named: "hard_swish",
      flops: 3,
      { hardSwish($0, into: &$1) },
      .hardSwish,
      roundoffs: { x, _ in 3 * abs(x) }
    ),
  ]
}

/// A function whose error is not one of ulp.
///
/// - Parameter roundoffs: The error that the header allows for x and y, in units of u. The reference's rounding comes to it.
private func linearKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  _ function: Reference.ActivationFunction,
  roundoffs: @escaping @Sendable (_ x: Double, _ y: Double) -> Double
) -> ProfiledKernel {
  elementwiseKernel(of: type, named: name, operands: 1, flops: flops) { shape in
    let x = operand(type, shape: shape, in: -10...10, seed: 1)
    var result = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { kernel(x, &result) },
      error: {
        let expected = Reference.activate(function, x)
        let (elements, values) = (doubles(x), doubles(expected))
        return worstError(result, expected) {
          (roundoffs(elements[$0], values[$0]) + abs(values[$0])) * unitRoundoff(type)
        }
      }
    )
  }
}

/// The derivative and its product with the gradient, counted as above; of functions whose derivative is one of two numbers,
/// the product. That of a step is zeros whatever it is given, and lines of zeros are written at 90 GB/s past the caches of a
/// Zen 5 EPYC, far faster than numbers can be: no bound stands for it, and it has no entry.
private func activationGradients<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    gradientKernel(of: type, named: "relu", flops: (0, 0), { reluBackward($0, $1, into: &$2) }, .relu),
    gradientKernel(
      of: type,
      named: "leaky_relu",
      flops: (1, 1),
      { leakyReLUBackward($0, $1, slope: 0.125, into: &$2) },
      .leakyReLU(0.125)
    ),
    gradientKernel(
      of: type,
      named: "linear",
      flops: (1, 1),
      arrays: 2,
      { linearBackward($0, $1, slope: 0.75, into: &$2) },
      .linear(0.75, 0.25)
    ),
    gradientKernel(
      of: type,
      named: "tanh",
      flops: (3, 3),
      roundoffs: 2,
      saved: -1...1,
      { tanhBackward($0, y: $1, into: &$2) },
      .tanh
    ),
    gradientKernel(
      of: type,
      named: "sigmoid",
      flops: (3, 3),
      roundoffs: 1,
      saved: 0...1,
      { sigmoidBackward($0, y: $1, into: &$2) },
      .sigmoid
    ),
    gradientKernel(
      of: type,
      named: "elu",
      flops: (2, 2),
      roundoffs: 2,
      saved: -1...10,
      { eluBackward($0, y: $1, into: &$2) },
      .elu(1)
    ),
    gradientKernel(
      of: type,
      named: "selu",
      flops: (2, 2),
      roundoffs: 4,
      saved: -1.75...10,
      { seluBackward($0, y: $1, into: &$2) },
      .selu
    ),
    gradientKernel(of: type, named: "silu", flops: (27, 40), roundoffs: 8, { siluBackward($0, $1, into: &$2) }, .silu),
    gradientKernel(of: type, named: "gelu", flops: (41, 77), roundoffs: 8, { geluBackward($0, $1, into: &$2) }, .gelu),
    gradientKernel(
      of: type,
      named: "gelu_tanh",
      flops: (35, 48),
      roundoffs: 8,
      { geluTanhBackward($0, $1, into: &$2) },
      .geluTanh
    ),
    gradientKernel(
      of: type,
      named: "softplus",
      flops: (28, 38),
      roundoffs: 5,
      { softplusBackward($0, $1, into: &$2) },
      .softplus(1, 20)
    ),
    gradientKernel(
      of: type,
      named: "hard_sigmoid",
      flops: (1, 1),
      { hardSigmoidBackward($0, $1, slope: 0.1875, offset: 0.5, into: &$2) },
      .hardSigmoid(0.1875, 0.5)
    ),
    // 3 + |x|, which is at most 10.
    gradientKernel(
      of: type,
      named: "hard_swish",
      flops: (3, 3),
      roundoffs: 13,
      { hardSwishBackward($0, $1, into: &$2) },
      .hardSwish
    ),
  ]
}

/// - Parameters:
///   - arrays: How many it reads and writes.
///   - bound: The error of the derivative that the kernel's header allows, in units of u.
///   - range: Where what the derivative is computed from lies: x, or what a function gives.
private func gradientKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: (f32: Double, f64: Double),
  arrays: Int = 3,
  roundoffs bound: Double = 0,
  saved range: ClosedRange<Double> = -10...10,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  _ function: Reference.ActivationFunction
) -> ProfiledKernel {
  let flops = Scalar.dtype == .f32 ? flops.f32 : flops.f64
  return elementwiseKernel(of: type, named: name + "_backward", operands: arrays - 1, flops: flops) { shape in
    let gradY = operand(type, shape: shape, seed: 1)
    let saved = operand(type, shape: shape, in: range, seed: 2)
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { kernel(gradY, saved, &result) },
      error: {
        let expected = Reference.activateBackward(function, gradY, saved)
        return gradY.withUnsafeBufferPointer { gradients in
          expected.withUnsafeBufferPointer { numbers in
            worstError(result, expected) {
              let (g, e) = (abs(Double(gradients[$0])), abs(Double(numbers[$0])))
              return (bound * g + 3 * e) * unitRoundoff(type) + Double(Scalar.leastNormalMagnitude)
            }
          }
        }
      }
    )
  }
}
