// The operators of Tensor+Arithmetic.swift into tensors that exist.

/// `a + b` into a tensor that exists.
///
/// - Precondition: `a` and `b` can be broadcast to the shape of `result`.
/// - Complexity: O(`result.count`).
public func add<Scalar: ArithmeticScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  into result: inout Tensor<Scalar>
) {
  combine(.add, a, b, into: &result)
}

/// `a - b` into a tensor that exists.
///
/// - Precondition: `a` and `b` can be broadcast to the shape of `result`.
/// - Complexity: O(`result.count`).
public func subtract<Scalar: ArithmeticScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  into result: inout Tensor<Scalar>
) {
  combine(.subtract, a, b, into: &result)
}

/// `a * b` into a tensor that exists.
///
/// - Precondition: `a` and `b` can be broadcast to the shape of `result`.
/// - Complexity: O(`result.count`).
public func multiply<Scalar: ArithmeticScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  into result: inout Tensor<Scalar>
) {
  combine(.multiply, a, b, into: &result)
}

/// `a / b` into a tensor that exists.
///
/// - Precondition: `a` and `b` can be broadcast to the shape of `result`.
/// - Complexity: O(`result.count`).
public func divide<Scalar: ArithmeticScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  into result: inout Tensor<Scalar>
) {
  combine(.divide, a, b, into: &result)
}

@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
private func combine<Scalar: ArithmeticScalar>(
  _ operation: Arithmetic,
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  into result: inout Tensor<Scalar>
) {
  let plan = Broadcast(a.shape, b.shape, operation.name)
  require(
    plan.shape == result.shape,
    "\(operation.name): the combination of the shapes \(a.shape) and \(b.shape) does not fit \(result.shape)"
  )
  result.withUnsafeMutableBufferPointer { result in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { plan.combine(operation, a.baseAddress!, $0.baseAddress!, result.baseAddress!) }
    }
  }
}
