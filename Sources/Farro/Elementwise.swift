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
  x.withUnsafeBufferPointer { x in
    let (from, to) = (x.baseAddress!, out.baseAddress!)
    switch Scalar.dtype {
    case .f32: check(f32(x.count, from.f32, to.f32), name)
    default: check(f64(x.count, from.f64, to.f64), name)
    }
  }
}

// MARK: - Multiply-add

/// `a * b + c` for each element of `a`, rounded once where the instruction set fuses (see ``InstructionSet``).
///
/// `b` and `c` each have the shape of `a`, or the shape of its last axis alone (then it is used for every row), or one
/// element.
///
/// - Returns: The shape of `a`.
/// - Precondition: the shapes agree as above.
/// - Complexity: O(`a.count`).
public func multiplyAdd<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  _ c: Tensor<Scalar>
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: a.shape) { multiplyAdd(a, b, c, $0) }
}

/// ``multiplyAdd(_:_:_:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `a`, and the operands agree as there.
/// - Complexity: O(`a.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func multiplyAdd<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  _ c: Tensor<Scalar>,
  into result: inout Tensor<Scalar>
) {
  require(result.shape == a.shape, "multiplyAdd: the result of \(a.shape) does not fit \(result.shape)")
  result.withUnsafeMutableBufferPointer { multiplyAdd(a, b, c, $0) }
}

private func multiplyAdd<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  _ c: Tensor<Scalar>,
  _ out: UnsafeMutableBufferPointer<Scalar>
) {
  let columns = a.shape.last ?? 1
  let (bRow, bStep) = strides(of: b, under: a)
  let (cRow, cStep) = strides(of: c, under: a)
  var shape = farro_multiply_add_shape(
    rows: columns == 0 ? 0 : a.count / columns,
    columns: columns,
    a_row: columns,
    a_step: 1,
    b_row: bRow,
    b_step: bStep,
    c_row: cRow,
    c_step: cStep,
    out_row: columns
  )
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      c.withUnsafeBufferPointer { c in
        let (a, b, c, out) = (a.baseAddress!, b.baseAddress!, c.baseAddress!, out.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(farro_multiply_add_f32(&shape, a.f32, b.f32, c.f32, out.f32), "multiplyAdd")
        default: check(farro_multiply_add_f64(&shape, a.f64, b.f64, c.f64, out.f64), "multiplyAdd")
        }
      }
    }
  }
}

/// The elements from one row and from one column of `a` to the next in an operand that is repeated over `a`.
private func strides<Scalar>(of operand: Tensor<Scalar>, under a: Tensor<Scalar>) -> (row: Int, step: Int) {
  if operand.shape == a.shape { return (a.shape.last ?? 1, 1) }
  if operand.count == 1 { return (0, 0) }
  require(
    operand.shape == a.shape.suffix(1),
    "multiplyAdd: \(operand.shape) is neither the shape \(a.shape) nor that of its last axis"
  )
  return (0, 1)
}
