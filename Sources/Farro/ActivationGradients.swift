import CKernels

// Gradients of the activations: `gradY` is that of the result, and what comes out that of the operand. Each takes the
// operand x or the result y, whichever costs less; at a kink, the derivative is that of the left.

/// The gradient of ``relu(_:)``: `gradY` where x is above 0 or NaN, 0 elsewhere. `x` may be the result of the function as well.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func reluBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_RELU, 0, 0, "reluBackward").gradient(gradY, x)
}

/// ``reluBackward(_:_:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func reluBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_RELU, 0, 0, "reluBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``sigmoid(_:)``: `gradY * y * (1 - y)`.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - y: What the function gave.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func sigmoidBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, y: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_SIGMOID, 0, 0, "sigmoidBackward").gradient(gradY, y)
}

/// ``sigmoidBackward(_:y:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func sigmoidBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_SIGMOID, 0, 0, "sigmoidBackward").gradient(gradY, y, into: &gradX)
}

/// The gradient of ``tanh(_:)``: `gradY * (1 - y * y)`.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - y: What the function gave.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func tanhBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, y: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_TANH, 0, 0, "tanhBackward").gradient(gradY, y)
}

/// ``tanhBackward(_:y:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func tanhBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_TANH, 0, 0, "tanhBackward").gradient(gradY, y, into: &gradX)
}

/// The gradient of ``silu(_:)``: `gradY` times the derivative, which is within 8 u of the exact one.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func siluBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_SILU, 0, 0, "siluBackward").gradient(gradY, x)
}

/// ``siluBackward(_:_:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func siluBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_SILU, 0, 0, "siluBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``gelu(_:)``: `gradY` times the derivative, which is within 8 u of the exact one.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func geluBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_GELU, 0, 0, "geluBackward").gradient(gradY, x)
}

/// ``geluBackward(_:_:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func geluBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_GELU, 0, 0, "geluBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``geluTanh(_:)``: `gradY` times the derivative, which is within 8 u of the exact one.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func geluTanhBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_GELU_TANH, 0, 0, "geluTanhBackward").gradient(gradY, x)
}

/// ``geluTanhBackward(_:_:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func geluTanhBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_GELU_TANH, 0, 0, "geluTanhBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``step(_:)``: 0, for the derivative is 0 everywhere.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func stepBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_STEP, 0, 0, "stepBackward").gradient(gradY, x)
}

/// ``stepBackward(_:_:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func stepBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_STEP, 0, 0, "stepBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``linear(_:slope:offset:)``: `gradY * slope`.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
///   - slope: As the function was given it.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func linearBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>, slope: Scalar = 1)
  -> Tensor<Scalar>
{
  ActivationKernel(FARRO_ACTIVATION_LINEAR, slope, 0, "linearBackward").gradient(gradY, x)
}

/// ``linearBackward(_:_:slope:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func linearBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  slope: Scalar = 1,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_LINEAR, slope, 0, "linearBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``leakyReLU(_:slope:)``: `gradY` where x is above 0, `gradY * slope` elsewhere.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
///   - slope: As the function was given it.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func leakyReLUBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>, slope: Scalar = 0.01)
  -> Tensor<Scalar>
{
  ActivationKernel(FARRO_ACTIVATION_LEAKY_RELU, slope, 0, "leakyReLUBackward").gradient(gradY, x)
}

/// ``leakyReLUBackward(_:_:slope:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func leakyReLUBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  slope: Scalar = 0.01,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_LEAKY_RELU, slope, 0, "leakyReLUBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``elu(_:alpha:)``: `gradY` where y is above 0, `gradY * (y + alpha)` elsewhere.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - y: What the function gave.
///   - alpha: As the function was given it.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func eluBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, y: Tensor<Scalar>, alpha: Scalar = 1)
  -> Tensor<Scalar>
{
  ActivationKernel(FARRO_ACTIVATION_ELU, alpha, 0, "eluBackward").gradient(gradY, y)
}

/// ``eluBackward(_:y:alpha:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func eluBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  alpha: Scalar = 1,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_ELU, alpha, 0, "eluBackward").gradient(gradY, y, into: &gradX)
}

/// The gradient of ``selu(_:)``: `gradY * s` where y is above 0, `gradY * (y + s t)` elsewhere.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - y: What the function gave.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func seluBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, y: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_SELU, 0, 0, "seluBackward").gradient(gradY, y)
}

/// ``seluBackward(_:y:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func seluBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_SELU, 0, 0, "seluBackward").gradient(gradY, y, into: &gradX)
}

/// The gradient of ``softplus(_:beta:threshold:)``: `gradY * sigmoid(beta * x)`, and `gradY` where `beta x` is above `threshold`.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
///   - beta: As the function was given it.
///   - threshold: As the function was given it.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func softplusBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  beta: Scalar = 1,
  threshold: Scalar = 20
) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_SOFTPLUS, beta, threshold, "softplusBackward").gradient(gradY, x)
}

/// ``softplusBackward(_:_:beta:threshold:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func softplusBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  beta: Scalar = 1,
  threshold: Scalar = 20,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_SOFTPLUS, beta, threshold, "softplusBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``hardSigmoid(_:slope:offset:)``: `gradY * slope` between the ends, 0 beyond.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
///   - slope: As the function was given it.
///   - offset: As the function was given it.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func hardSigmoidBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  slope: Scalar = 1 / 6,
  offset: Scalar = 0.5
) -> Tensor<Scalar> {
  ActivationKernel(FARRO_ACTIVATION_HARD_SIGMOID, slope, offset, "hardSigmoidBackward").gradient(gradY, x)
}

/// ``hardSigmoidBackward(_:_:slope:offset:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func hardSigmoidBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  slope: Scalar = 1 / 6,
  offset: Scalar = 0.5,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel(FARRO_ACTIVATION_HARD_SIGMOID, slope, offset, "hardSigmoidBackward").gradient(gradY, x, into: &gradX)
}

/// The gradient of ``hardSwish(_:)``: `gradY * (x / 3 + 1 / 2)` between -3 and 3, 0 below, `gradY` above.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
/// - Returns: The shape of `gradY`.
/// - Precondition: both have the same shape.
/// - Complexity: O(`gradY.count`).
public func hardSwishBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, _ x: Tensor<Scalar>) -> Tensor<Scalar> {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_HARD_SWISH, 0, 0, "hardSwishBackward").gradient(gradY, x)
}

/// ``hardSwishBackward(_:_:)`` into a tensor that exists.
///
/// - Precondition: all have the same shape.
/// - Complexity: O(`gradY.count`).
public func hardSwishBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  into gradX: inout Tensor<Scalar>
) {
  ActivationKernel<Scalar>(FARRO_ACTIVATION_HARD_SWISH, 0, 0, "hardSwishBackward").gradient(gradY, x, into: &gradX)
}
