import CKernels

/// Divides each row along the last axis by its Euclidean length: `x / max(|x|, epsilon)`.
///
/// Products of such rows are cosines. Squares must not overflow.
///
/// - Parameters:
///   - x: Shape (..., n), at least one axis.
///   - epsilon: Not negative; what shorter rows are divided by, so that zeros stay zeros.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`), one pass over memory.
public func l2Normalize<Scalar: KernelScalar>(_ x: Tensor<Scalar>, epsilon: Scalar = 1e-12) -> Tensor<Scalar> {
  let rows = LengthRows(x, epsilon, "l2Normalize")
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { rows.normalize($0.baseAddress!, y.baseAddress!) }
  }
}

/// ``l2Normalize(_:epsilon:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func l2Normalize<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  epsilon: Scalar = 1e-12,
  into y: inout Tensor<Scalar>
) {
  let rows = LengthRows(x, epsilon, "l2Normalize")
  requireSameShape(x, y, "l2Normalize")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { rows.normalize($0.baseAddress!, y.baseAddress!) }
  }
}

/// ``l2Normalize(_:epsilon:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func l2Normalize<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, epsilon: Scalar = 1e-12) {
  let rows = LengthRows(x, epsilon, "l2Normalize")
  x.withUnsafeMutableBufferPointer { rows.normalize($0.baseAddress!, $0.baseAddress!) }
}

/// The way back through ``l2Normalize(_:epsilon:)``: from the gradient of its result to that of `x`.
///
/// - Parameters:
///   - gradY: The gradient of the result; the shape of `x`.
///   - x: Shape (..., n), what was normalized.
///   - epsilon: As it was given. A row no longer than it is one that was divided by a constant.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`), one pass over memory.
public func l2NormalizeBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  epsilon: Scalar = 1e-12
) -> Tensor<Scalar> {
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  l2NormalizeBackward(gradY, x, epsilon: epsilon, into: &gradX)
  return gradX
}

/// ``l2NormalizeBackward(_:_:epsilon:)`` into a tensor that exists.
///
/// - Precondition: all three tensors have the same shape.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func l2NormalizeBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  epsilon: Scalar = 1e-12,
  into gradX: inout Tensor<Scalar>
) {
  let rows = LengthRows(x, epsilon, "l2NormalizeBackward")
  requireSameShape(x, gradY, "l2NormalizeBackward")
  requireSameShape(x, gradX, "l2NormalizeBackward")
  gradX.withUnsafeMutableBufferPointer { gradX in
    gradY.withUnsafeBufferPointer { gradY in
      x.withUnsafeBufferPointer { rows.backward(gradY.baseAddress!, $0.baseAddress!, gradX.baseAddress!) }
    }
  }
}

/// A tensor as contiguous rows of its last axis, to be divided by their lengths.
private struct LengthRows<Scalar: KernelScalar> {
  let rows: Int
  let columns: Int
  let epsilon: Scalar
  let function: StaticString

  init(_ x: Tensor<Scalar>, _ epsilon: Scalar, _ function: StaticString) {
    require(x.rank > 0, "\(function): a tensor of the shape \(x.shape) has no axis to work along")
    require(epsilon >= 0, "\(function): epsilon is \(epsilon), not 0 or more")
    (self.epsilon, self.function) = (epsilon, function)
    columns = x.shape[x.rank - 1]
    rows = columns == 0 ? 0 : x.count / columns
  }

  func normalize(_ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>) {
    let status =
      switch Scalar.dtype {
      case .f32: farro_l2_normalize_f32(rows, columns, x.f32, columns, epsilon.f32, y.f32, columns)
      default: farro_l2_normalize_f64(rows, columns, x.f64, columns, epsilon.f64, y.f64, columns)
      }
    check(status, function)
  }

  func backward(_ gradY: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ gradX: UnsafeMutablePointer<Scalar>) {
    let status =
      switch Scalar.dtype {
      case .f32:
        farro_l2_normalize_backward_f32(
          rows,
          columns,
          gradY.f32,
          columns,
          x.f32,
          columns,
          epsilon.f32,
          gradX.f32,
          columns
        )
      default:
        farro_l2_normalize_backward_f64(
          rows,
          columns,
          gradY.f64,
          columns,
          x.f64,
          columns,
          epsilon.f64,
          gradX.f64,
          columns
        )
      }
    check(status, function)
  }
}
