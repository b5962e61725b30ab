import CKernels

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
