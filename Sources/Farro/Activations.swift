import CKernels

// Functions of one element that layers of a model end with; sigmoid, tanh, ReLU, GELU and SiLU stand in
// Elementwise.swift, gradients in ActivationGradients.swift.

/// 1 where an element is above 0, 0 elsewhere; NaN for NaN.
///
/// - Complexity: O(`x.count`).
public func step<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_STEP, 0, 0, "step").apply(x)
}

/// ``step(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func step<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  ActivationKernel(FARRO_ACTIVATION_STEP, 0, 0, "step").apply(x, into: &result)
}

/// ``step(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func step<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  ActivationKernel(FARRO_ACTIVATION_STEP, 0, 0, "step").apply(inPlace: &x)
}

/// `slope * x + offset` of each element, rounded once where the instruction set fuses (see ``InstructionSet``).
///
/// - Parameters:
///   - x: Any shape.
///   - slope: What each element is multiplied by.
///   - offset: What is added.
/// - Complexity: O(`x.count`).
public func linear<Scalar: KernelScalar>(_ x: Tensor<Scalar>, slope: Scalar = 1, offset: Scalar = 0) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_LINEAR, slope, offset, "linear").apply(x)
}

/// ``linear(_:slope:offset:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func linear<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  slope: Scalar = 1,
  offset: Scalar = 0,
  into result: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_LINEAR, slope, offset, "linear").apply(x, into: &result)
}

/// ``linear(_:slope:offset:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func linear<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, slope: Scalar = 1, offset: Scalar = 0) {
  ActivationKernel(FARRO_ACTIVATION_LINEAR, slope, offset, "linear").apply(inPlace: &x)
}

/// Each element that is above 0, and `slope` times the others.
///
/// - Parameters:
///   - x: Any shape.
///   - slope: What elements below 0 are multiplied by.
/// - Complexity: O(`x.count`).
public func leakyReLU<Scalar: KernelScalar>(_ x: Tensor<Scalar>, slope: Scalar = 0.01) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_LEAKY_RELU, slope, 0, "leakyReLU").apply(x)
}

/// ``leakyReLU(_:slope:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func leakyReLU<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  slope: Scalar = 0.01,
  into result: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_LEAKY_RELU, slope, 0, "leakyReLU").apply(x, into: &result)
}

/// ``leakyReLU(_:slope:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func leakyReLU<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, slope: Scalar = 0.01) {
  ActivationKernel(FARRO_ACTIVATION_LEAKY_RELU, slope, 0, "leakyReLU").apply(inPlace: &x)
}

/// Each element that is above 0, and `alpha (exp(x) - 1)` of the others, within 4 units in the last place.
///
/// Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by exponential linear
/// units (ELUs)", 2016.
///
/// - Parameters:
///   - x: Any shape.
///   - alpha: Not negative; minus the limit at minus infinity.
/// - Precondition: `alpha` is not negative.
/// - Complexity: O(`x.count`).
public func elu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, alpha: Scalar = 1) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_ELU, alpha, 0, "elu").apply(x)
}

/// ``elu(_:alpha:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func elu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, alpha: Scalar = 1, into result: inout Tensor<Scalar>) {
  ActivationKernel(FARRO_ACTIVATION_ELU, alpha, 0, "elu").apply(x, into: &result)
}

/// ``elu(_:alpha:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func elu<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, alpha: Scalar = 1) {
  ActivationKernel(FARRO_ACTIVATION_ELU, alpha, 0, "elu").apply(inPlace: &x)
}

/// `s x` of each element that is above 0, and `s t (exp(x) - 1)` of the others, within 4 units in the last place.
///
/// Source: G. Klambauer et al., "Self-normalizing neural networks", 2017, which gives s = 1.0507... and t = 1.6732...
///
/// - Complexity: O(`x.count`).
public func selu<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_SELU, 0, 0, "selu").apply(x)
}

/// ``selu(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func selu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  ActivationKernel(FARRO_ACTIVATION_SELU, 0, 0, "selu").apply(x, into: &result)
}

/// ``selu(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func selu<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  ActivationKernel(FARRO_ACTIVATION_SELU, 0, 0, "selu").apply(inPlace: &x)
}

/// `log(1 + exp(beta x)) / beta` of each element, and x itself where `beta x` is above `threshold`; within 4 units in the
/// last place, and as much as the rounding of `beta x` costs.
///
/// - Parameters:
///   - x: Any shape.
///   - beta: Above 0.
///   - threshold: Where the result becomes x itself.
/// - Precondition: `beta` is above 0.
/// - Complexity: O(`x.count`).
public func softplus<Scalar: KernelScalar>(_ x: Tensor<Scalar>, beta: Scalar = 1, threshold: Scalar = 20) -> Tensor<
  Scalar
> {
  ActivationKernel(FARRO_ACTIVATION_SOFTPLUS, beta, threshold, "softplus").apply(x)
}

/// ``softplus(_:beta:threshold:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func softplus<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  beta: Scalar = 1,
  threshold: Scalar = 20,
  into result: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_SOFTPLUS, beta, threshold, "softplus").apply(x, into: &result)
}

/// ``softplus(_:beta:threshold:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func softplus<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, beta: Scalar = 1, threshold: Scalar = 20) {
  ActivationKernel(FARRO_ACTIVATION_SOFTPLUS, beta, threshold, "softplus").apply(inPlace: &x)
}

/// `slope * x + offset` of each element, or 0 or 1 where that passes these.
///
/// - Parameters:
///   - x: Any shape.
///   - slope: What each element is multiplied by.
///   - offset: What is added.
/// - Complexity: O(`x.count`).
public func hardSigmoid<Scalar: KernelScalar>(_ x: Tensor<Scalar>, slope: Scalar = 1 / 6, offset: Scalar = 0.5)
  -> Tensor<Scalar>
{
  ActivationKernel(FARRO_ACTIVATION_HARD_SIGMOID, slope, offset, "hardSigmoid").apply(x)
}

/// ``hardSigmoid(_:slope:offset:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func hardSigmoid<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  slope: Scalar = 1 / 6,
  offset: Scalar = 0.5,
  into result: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_HARD_SIGMOID, slope, offset, "hardSigmoid").apply(x, into: &result)
}

/// ``hardSigmoid(_:slope:offset:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func hardSigmoid<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  slope: Scalar = 1 / 6,
  offset: Scalar = 0.5
) {
  ActivationKernel(FARRO_ACTIVATION_HARD_SIGMOID, slope, offset, "hardSigmoid").apply(inPlace: &x)
}

/// x times `(x + 3) / 6`, or times 0 or 1 where that passes these, of each element.
///
/// Source: A. Howard et al., "Searching for MobileNetV3", 2019.
///
/// - Complexity: O(`x.count`).
public func hardSwish<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_HARD_SWISH, 0, 0, "hardSwish").apply(x)
}

/// ``hardSwish(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func hardSwish<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  ActivationKernel(FARRO_ACTIVATION_HARD_SWISH, 0, 0, "hardSwish").apply(x, into: &result)
}

/// ``hardSwish(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func hardSwish<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  ActivationKernel(FARRO_ACTIVATION_HARD_SWISH, 0, 0, "hardSwish").apply(inPlace: &x)
}

/// A function of the C library's list, with its parameters.
struct ActivationKernel<Scalar: KernelScalar> {
  private let function: farro_activation
  private let a, b: Double
  private let name: StaticString

  init(_ function: farro_activation, _ a: Scalar, _ b: Scalar, _ name: StaticString) {
    (self.function, self.a, self.b, self.name) = (function, Double(a), Double(b), name)
    require(function != FARRO_ACTIVATION_ELU || a >= 0, "\(name): alpha is \(a), not 0 or more")
    require(function != FARRO_ACTIVATION_SOFTPLUS || a > 0, "\(name): beta is \(a), not above 0")
  }

  func apply(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    Tensor(unsafeUninitializedShape: x.shape) { y in
      x.withUnsafeBufferPointer { apply($0.baseAddress!, y.baseAddress!, x.count) }
    }
  }

  func apply(_ x: Tensor<Scalar>, into y: inout Tensor<Scalar>) {
    require(y.shape == x.shape, "\(name): the result of \(x.shape) does not fit \(y.shape)")
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer { apply($0.baseAddress!, y.baseAddress!, y.count) }
    }
  }

  func apply(inPlace x: inout Tensor<Scalar>) {
    x.withUnsafeMutableBufferPointer { apply(UnsafePointer($0.baseAddress!), $0.baseAddress!, $0.count) }
  }

  private func apply(_ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, _ count: Int) {
    switch Scalar.dtype {
    case .f32: check(farro_activate_f32(function, a, b, count, x.f32, y.f32), name)
    default: check(farro_activate_f64(function, a, b, count, x.f64, y.f64), name)
    }
  }

  func gradient(_ gradY: Tensor<Scalar>, _ saved: Tensor<Scalar>) -> Tensor<Scalar> {
    requireSame(gradY, saved)
    return Tensor(unsafeUninitializedShape: gradY.shape) { gradient(gradY, saved, $0.baseAddress!) }
  }

  func gradient(_ gradY: Tensor<Scalar>, _ saved: Tensor<Scalar>, into gradX: inout Tensor<Scalar>) {
    requireSame(gradY, saved)
    require(gradX.shape == gradY.shape, "\(name): the gradient of \(gradY.shape) does not fit \(gradX.shape)")
    gradX.withUnsafeMutableBufferPointer { gradient(gradY, saved, $0.baseAddress!) }
  }

  private func requireSame(_ gradY: Tensor<Scalar>, _ saved: Tensor<Scalar>) {
    require(gradY.shape == saved.shape, "\(name): the gradient's shape \(gradY.shape) is not \(saved.shape)")
  }

  private func gradient(_ gradY: Tensor<Scalar>, _ saved: Tensor<Scalar>, _ gradX: UnsafeMutablePointer<Scalar>) {
    gradY.withUnsafeBufferPointer { gradY in
      saved.withUnsafeBufferPointer { saved in
        let (count, gradY, saved) = (gradY.count, gradY.baseAddress!, saved.baseAddress!)
        let status =
          switch Scalar.dtype {
          case .f32: farro_activate_backward_f32(function, a, b, count, gradY.f32, saved.f32, gradX.f32)
          default: farro_activate_backward_f64(function, a, b, count, gradY.f64, saved.f64, gradX.f64)
          }
        check(status, name)
      }
    }
  }
}
