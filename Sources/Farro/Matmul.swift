/// The matrix product `op(a) op(b)` by the rules of `numpy.matmul`, batched over leading axes.
///
/// `op` transposes the last two axes where asked. Leading (batch) axes are broadcast: aligned at the last of them, a length
/// of 1 or an axis that is missing is repeated to the other operand's length, so that (5, 1, m, k) times (3, k, n) is
/// (5, 3, m, n). Nothing is copied for that.
///
/// An operand with one axis is a vector: a row on the left, a column on the right, and the result has no axis for it. So a
/// vector times a vector is a tensor without axes. A vector cannot be transposed.
///
/// ```swift
/// let y = matmul(x, weights, epilogue: Epilogue(bias: bias, activation: .relu))
/// ```
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`; or (k).
///   - b: Shape (..., k, n), or (..., n, k) when `transposeB`; or (k).
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - transposeB: Whether `b` is.
///   - epilogue: What becomes of the product before it is written; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n), without m when `a` is a vector, and without n when `b` is.
/// - Precondition: both have an axis, and their shapes and the epilogue's agree as above.
/// - Complexity: O(batch m n k).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func matmul<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  transposeA: Bool = false,
  transposeB: Bool = false,
  epilogue: Epilogue<Scalar>? = nil
) -> Tensor<Scalar> {
  let product = MatrixProduct(a.shape, b.shape, transposeA, transposeB)
  let shape = product.resultShape(a.shape, b.shape)
  epilogue?.checkShapes(forResult: shape)
  return Tensor(unsafeUninitializedShape: shape) { product.multiply(1, a, b, 0, $0.baseAddress!, epilogue) }
}

/// `c = alpha op(a) op(b) + beta c`, as ``matmul(_:_:transposeA:transposeB:epilogue:)->Tensor<Scalar>`` into a tensor
/// that exists.
///
/// With `beta` 0 (the default), `c` is overwritten without being read. `a`, `b` and the parts of the epilogue may be `c` or
/// share its elements: these are then copied first.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`; or (k).
///   - b: Shape (..., k, n), or (..., n, k) when `transposeB`; or (k).
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - transposeB: Whether `b` is.
///   - alpha: What the product is multiplied by.
///   - beta: What the old `c` is multiplied by.
///   - epilogue: What becomes of that sum before it is written; `nil` leaves it as it is.
///   - c: Shape (..., m, n), without m when `a` is a vector, and without n when `b` is.
/// - Precondition: `c` has the shape of the product.
/// - Complexity: O(batch m n k).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func matmul<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  transposeA: Bool = false,
  transposeB: Bool = false,
  alpha: Scalar = 1,
  beta: Scalar = 0,
  epilogue: Epilogue<Scalar>? = nil,
  into c: inout Tensor<Scalar>
) {
  let product = MatrixProduct(a.shape, b.shape, transposeA, transposeB)
  if !product.hasResultShape(c.shape, a.shape, b.shape) { failResult(product, a.shape, b.shape, c.shape) }
  epilogue?.checkShapes(forResult: c.shape)
  c.withUnsafeMutableBufferPointer { product.multiply(alpha, a, b, beta, $0.baseAddress!, epilogue) }
}

@inline(never)
func failResult(_ product: MatrixProduct, _ a: [Int], _ b: [Int], _ c: [Int]) -> Never {
  stop("matmul: the product of \(a) and \(b) has the shape \(product.resultShape(a, b)), not \(c)")
}
