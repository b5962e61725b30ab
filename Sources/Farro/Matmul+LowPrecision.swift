import CKernels

// MARK: - 16 bits

/// The matrix product `op(a) op(b)` of 16-bit numbers, accumulated in `Float` and rounded once at the end.
///
/// Shapes and batches are those of the product of `Float`. With AVX512_BF16, ``BFloat16`` is twice as fast as `Float`, and
/// takes subnormal numbers for 0.
///
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, and their shapes agree.
/// - Complexity: O(batch m n k).
public func matmul<Half: HalfScalar>(
  _ a: Tensor<Half>,
  _ b: Tensor<Half>,
  transposeA: Bool = false,
  transposeB: Bool = false
) -> Tensor<Half> {
  let product = matrixProduct(a.shape, b.shape, transposeA, transposeB)
  return Tensor(unsafeUninitializedShape: product.resultShape(a.shape, b.shape)) { c in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16 : farro_matmul_f16
    product.forEachCall(a, b, c) { kernel($0, 1, $1.as(UInt16.self), $2.as(UInt16.self), 0, $3.as(UInt16.self), nil) }
  }
}

/// The matrix product of 16-bit numbers in `Float`, as it was accumulated.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`.
///   - b: Shape (..., k, n), or (..., n, k) when `transposeB`.
///   - type: `Float.self`.
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - transposeB: Whether `b` is.
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, and their shapes agree.
/// - Complexity: O(batch m n k).
public func matmul<Half: HalfScalar>(
  _ a: Tensor<Half>,
  _ b: Tensor<Half>,
  as type: Float.Type,
  transposeA: Bool = false,
  transposeB: Bool = false
) -> Tensor<Float> {
  let product = matrixProduct(a.shape, b.shape, transposeA, transposeB)
  return Tensor(unsafeUninitializedShape: product.resultShape(a.shape, b.shape)) { c in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16_f32 : farro_matmul_f16_f32
    product.forEachCall(a, b, c) { kernel($0, 1, $1.as(UInt16.self), $2.as(UInt16.self), 0, $3, nil) }
  }
}

/// ``matmul(_:_:as:transposeA:transposeB:)`` into a tensor that exists: `c = alpha op(a) op(b) + beta c`.
///
/// - Precondition: `c` has the shape of the product.
/// - Complexity: O(batch m n k).
public func matmul<Half: HalfScalar>(
  _ a: Tensor<Half>,
  _ b: Tensor<Half>,
  transposeA: Bool = false,
  transposeB: Bool = false,
  alpha: Float = 1,
  beta: Float = 0,
  into c: inout Tensor<Float>
) {
  let product = matrixProduct(a.shape, b.shape, transposeA, transposeB)
  if !product.hasResultShape(c.shape, a.shape, b.shape) { failResult(product, a.shape, b.shape, c.shape) }
  c.withUnsafeMutableBufferPointer { c in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16_f32 : farro_matmul_f16_f32
    product.forEachCall(a, b, c) { kernel($0, alpha, $1.as(UInt16.self), $2.as(UInt16.self), beta, $3, nil) }
  }
}

private func matrixProduct(_ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool) -> MatrixProduct {
  require(a.count >= 2 && b.count >= 2, "matmul: \(a) and \(b) must both have at least two axes")
  return MatrixProduct(a, b, transposeA, transposeB)
}

extension MatrixProduct {
  /// Calls a kernel once for each index of the outer axes.
  fileprivate func forEachCall<A, B, C>(
    _ a: Tensor<A>,
    _ b: Tensor<B>,
    _ c: UnsafeMutableBufferPointer<C>,
    _ kernel: (
      UnsafePointer<farro_matmul_shape>, UnsafePointer<A>, UnsafePointer<B>, UnsafeMutablePointer<C>
    ) -> farro_status
  ) {
    withUnsafePointer(to: shape) { shape in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          forEachCall { check(kernel(shape, a.baseAddress! + $0, b.baseAddress! + $1, c.baseAddress! + $2), "matmul") }
        }
      }
    }
  }
}

// MARK: - 8 bits

/// The exact matrix product of 8-bit integers.
///
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, their shapes agree, and k is at most 65,793, beyond which 32 bits do not
///   hold every sum.
/// - Complexity: O(batch m n k).
public func matmul(
  _ a: Tensor<UInt8>,
  _ b: Tensor<Int8>,
  transposeA: Bool = false,
  transposeB: Bool = false
) -> Tensor<Int32> {
  let shape = matrixProduct(a.shape, b.shape, transposeA, transposeB).resultShape(a.shape, b.shape)
  var result = Tensor<Int32>(unsafeUninitializedShape: shape) { _ in }
  matmul(a, b, transposeA: transposeA, transposeB: transposeB, into: &result)
  return result
}

/// ``matmul(_:_:transposeA:transposeB:)-(Tensor<UInt8>,_,_,_)`` into a tensor that exists.
///
/// - Precondition: as there, and `c` has the shape of the product.
/// - Complexity: O(batch m n k).
public func matmul(
  _ a: Tensor<UInt8>,
  _ b: Tensor<Int8>,
  transposeA: Bool = false,
  transposeB: Bool = false,
  into c: inout Tensor<Int32>
) {
  let product = matrixProduct(a.shape, b.shape, transposeA, transposeB)
  if !product.hasResultShape(c.shape, a.shape, b.shape) { failResult(product, a.shape, b.shape, c.shape) }
  let k = product.shape.k
  require(k <= 65_793, "matmul: sums of \(k) products of 8-bit integers do not fit 32 bits")
  c.withUnsafeMutableBufferPointer { c in
    product.forEachCall(a, b, c) { farro_matmul_u8s8_s32($0, nil, nil, $1, $2, $3) }
  }
}

/// The matrix product of what quantized tensors stand for: exact sums of integers, then scaled.
///
/// Each element is within 3.01 u of the exact product of ``QuantizedTensor/dequantized()`` tensors, u = 2⁻²⁴.
///
/// - Parameters:
///   - a: Shape (..., m, k), quantized by tensor or by row.
///   - b: Shape (..., k, n), quantized by tensor or by column; when `transposeB`, shape (..., n, k), by tensor or by row.
///   - transposeB: Whether `b` is given with its last two axes exchanged.
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, their shapes and axes of quantization are as above, and k is at most
///   33,025, beyond which 32 bits do not hold every sum.
/// - Complexity: O(batch m n k).
public func matmul(
  _ a: QuantizedTensor<UInt8>,
  _ b: QuantizedTensor<Int8>,
  transposeB: Bool = false
) -> Tensor<Float> {
  let product = matrixProduct(a.shape, b.shape, false, transposeB)
  let shape = product.shape
  require(shape.k <= 33_025, "matmul: sums of \(shape.k) products of 8-bit integers do not fit 32 bits")
  require(
    a.axis != .column && b.axis != (transposeB ? .column : .row),
    "matmul: operands quantized along k (a by \(a.axis), b by \(b.axis)) cannot be multiplied"
  )
  return Tensor(unsafeUninitializedShape: product.resultShape(a.shape, b.shape)) { c in
    withUnsafePointer(to: shape) { call in
      product.forEachCall { aOffset, bOffset, cOffset in
        a.withOperand(at: aOffset, rowLength: shape.lda, stride: shape.stride_a) { byA, a in
          b.withOperand(at: bOffset, rowLength: shape.ldb, stride: shape.stride_b) { byB, b in
            let (a, b, c) = (a.as(UInt8.self), b.as(Int8.self), c.baseAddress! + cOffset)
            check(farro_matmul_u8s8_f32(call, byA, byB, a, b, c, nil), "matmul")
          }
        }
      }
    }
  }
}

extension QuantizedTensor {
  /// The elements from `offset` on. Scales of rows are counted through the batch; those of columns are the same in all of
  /// it.
  fileprivate func withOperand(
    at offset: Int,
    rowLength: Int,
    stride: Int,
    _ body: (UnsafePointer<farro_quantized_operand>, UnsafePointer<Scalar>) -> Void
  ) {
    let (row, rows) = axis == .row ? (offset / max(rowLength, 1), stride / max(rowLength, 1)) : (0, 0)
    scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        elements.withUnsafeBufferPointer { elements in
          var by = farro_quantized_operand(
            scale: scales.baseAddress! + row,
            zero_point: zeroPoints.baseAddress! + row,
            step: axis == .tensor ? 0 : 1,
            stride: rows
          )
          body(&by, elements.baseAddress! + offset)
        }
      }
    }
  }
}
