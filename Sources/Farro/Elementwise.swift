import CKernels

// MARK: - Functions of one tensor

/// The larger of each element and 0; NaN for NaN.
///
/// - Complexity: O(`x.count`).
public func relu<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_relu_f32, farro_relu_f64, "relu")
}

/// ``relu(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func relu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_relu_f32, farro_relu_f64, "relu")
}

/// ``relu(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func relu<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_relu_f32, farro_relu_f64, "relu")
}

/// e to the power of each element, within 1 unit in the last place.
///
/// - Complexity: O(`x.count`).
public func exp<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_exp_f32, farro_exp_f64, "exp")
}

/// ``exp(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func exp<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_exp_f32, farro_exp_f64, "exp")
}

/// ``exp(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func exp<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_exp_f32, farro_exp_f64, "exp")
}

/// The natural logarithm of each element, within 1 unit in the last place; minus infinity of 0, NaN below it.
///
/// - Complexity: O(`x.count`).
public func log<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_log_f32, farro_log_f64, "log")
}

/// ``log(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func log<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_log_f32, farro_log_f64, "log")
}

/// ``log(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func log<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_log_f32, farro_log_f64, "log")
}

/// The sine of each element, within 1 unit in the last place however large it is; NaN of infinities.
///
/// - Complexity: O(`x.count`).
public func sin<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_sin_f32, farro_sin_f64, "sin")
}

/// ``sin(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func sin<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_sin_f32, farro_sin_f64, "sin")
}

/// ``sin(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func sin<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_sin_f32, farro_sin_f64, "sin")
}

/// The cosine of each element, within 1 unit in the last place however large it is; NaN of infinities.
///
/// - Complexity: O(`x.count`).
public func cos<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_cos_f32, farro_cos_f64, "cos")
}

/// ``cos(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func cos<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_cos_f32, farro_cos_f64, "cos")
}

/// ``cos(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func cos<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_cos_f32, farro_cos_f64, "cos")
}

/// The hyperbolic tangent of each element, within 1 unit in the last place.
///
/// - Complexity: O(`x.count`).
public func tanh<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_tanh_f32, farro_tanh_f64, "tanh")
}

/// ``tanh(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func tanh<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_tanh_f32, farro_tanh_f64, "tanh")
}

/// ``tanh(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func tanh<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_tanh_f32, farro_tanh_f64, "tanh")
}

/// The logistic function `1 / (1 + exp(-x))` of each element, within 2 units in the last place.
///
/// - Complexity: O(`x.count`).
public func sigmoid<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_sigmoid_f32, farro_sigmoid_f64, "sigmoid")
}

/// ``sigmoid(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func sigmoid<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_sigmoid_f32, farro_sigmoid_f64, "sigmoid")
}

/// ``sigmoid(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func sigmoid<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_sigmoid_f32, farro_sigmoid_f64, "sigmoid")
}

/// The error function of each element, within 1 unit in the last place.
///
/// - Complexity: O(`x.count`).
public func erf<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_erf_f32, farro_erf_f64, "erf")
}

/// ``erf(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func erf<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_erf_f32, farro_erf_f64, "erf")
}

/// ``erf(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func erf<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_erf_f32, farro_erf_f64, "erf")
}

/// `x / (1 + exp(-x))` of each element, within 3 units in the last place, however small the result.
///
/// - Complexity: O(`x.count`).
public func silu<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_silu_f32, farro_silu_f64, "silu")
}

/// ``silu(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func silu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_silu_f32, farro_silu_f64, "silu")
}

/// ``silu(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func silu<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_silu_f32, farro_silu_f64, "silu")
}

/// `x (1 + erf(x / sqrt 2)) / 2` of each element, within 7 units in the last place (`Double`: 8),
/// however small the result.
///
/// Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)", 2016.
///
/// - Complexity: O(`x.count`).
public func gelu<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_gelu_f32, farro_gelu_f64, "gelu")
}

/// ``gelu(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func gelu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_gelu_f32, farro_gelu_f64, "gelu")
}

/// ``gelu(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func gelu<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_gelu_f32, farro_gelu_f64, "gelu")
}

/// `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2` of each element, within 3 units in the last place (`Double`: 4),
/// however small the result: the approximation of ``gelu(_:)`` that many models were trained with.
///
/// - Complexity: O(`x.count`).
public func geluTanh<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  map(x, farro_gelu_tanh_f32, farro_gelu_tanh_f64, "geluTanh")
}

/// ``geluTanh(_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func geluTanh<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into result: inout Tensor<Scalar>) {
  map(x, into: &result, farro_gelu_tanh_f32, farro_gelu_tanh_f64, "geluTanh")
}

/// ``geluTanh(_:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func geluTanh<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>) {
  map(inPlace: &x, farro_gelu_tanh_f32, farro_gelu_tanh_f64, "geluTanh")
}

private typealias MapKernel<Scalar> = (Int, UnsafePointer<Scalar>?, UnsafeMutablePointer<Scalar>?) -> farro_status

private func map<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ f32: MapKernel<Float>,
  _ f64: MapKernel<Double>,
  _ name: StaticString
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: x.shape) { map(x, $0, f32, f64, name) }
}

@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
private func map<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  into result: inout Tensor<Scalar>,
  _ f32: MapKernel<Float>,
  _ f64: MapKernel<Double>,
  _ name: StaticString
) {
  require(result.shape == x.shape, "\(name): the result of \(x.shape) does not fit \(result.shape)")
  result.withUnsafeMutableBufferPointer { map(x, $0, f32, f64, name) }
}

private func map<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ out: UnsafeMutableBufferPointer<Scalar>,
  _ f32: MapKernel<Float>,
  _ f64: MapKernel<Double>,
  _ name: StaticString
) {
  x.withUnsafeBufferPointer { map($0.baseAddress!, out, f32, f64, name) }
}

@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
private func map<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  _ f32: MapKernel<Float>,
  _ f64: MapKernel<Double>,
  _ name: StaticString
) {
  x.withUnsafeMutableBufferPointer { map(UnsafePointer($0.baseAddress!), $0, f32, f64, name) }
}

private func map<Scalar: KernelScalar>(
  _ x: UnsafePointer<Scalar>,
  _ out: UnsafeMutableBufferPointer<Scalar>,
  _ f32: MapKernel<Float>,
  _ f64: MapKernel<Double>,
  _ name: StaticString
) {
  let to = out.baseAddress!
  switch Scalar.dtype {
  case .f32: check(f32(out.count, x.f32, to.f32), name)
  default: check(f64(out.count, x.f64, to.f64), name)
  }
}
