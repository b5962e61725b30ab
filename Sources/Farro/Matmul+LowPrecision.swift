import CKernels

// MARK: - 16 bits

/// The matrix product `op(a) op(b)` of 16-bit numbers, accumulated in `Float` and rounded once at the end.
///
/// Shapes and batches are those of the product of `Float`. With AVX512_BF16, ``BFloat16`` is twice as fast as `Float`, and
/// takes subnormal numbers for 0.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`.
///   - b: Shape (..., k, n), or (..., n, k) when `transposeB`.
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - transposeB: Whether `b` is.
///   - epilogue: What becomes of the product, in `Float`, before it is rounded; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, and their shapes and the epilogue's agree.
/// - Complexity: O(batch m n k).
public func matmul<Half: HalfScalar>(
  _ a: Tensor<Half>,
  _ b: Tensor<Half>,
  transposeA: Bool = false,
  transposeB: Bool = false,
  epilogue: Epilogue<Float>? = nil
) -> Tensor<Half> {
  let product = matrixProduct(a.shape, b.shape, transposeA, transposeB)
  return product.result(a.shape, b.shape, epilogue) { c, epilogue in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16 : farro_matmul_f16
    product.forEachCall(a, b, c, epilogue) {
      kernel($0, 1, $1.as(UInt16.self), $2.as(UInt16.self), 0, $3.as(UInt16.self), $4)
    }
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
///   - epilogue: What becomes of the product before it is written; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, and their shapes and the epilogue's agree.
/// - Complexity: O(batch m n k).
public func matmul<Half: HalfScalar>(
  _ a: Tensor<Half>,
  _ b: Tensor<Half>,
  as type: Float.Type,
  transposeA: Bool = false,
  transposeB: Bool = false,
  epilogue: Epilogue<Float>? = nil
) -> Tensor<Float> {
  let product = matrixProduct(a.shape, b.shape, transposeA, transposeB)
  return product.result(a.shape, b.shape, epilogue) { c, epilogue in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16_f32 : farro_matmul_f16_f32
    product.forEachCall(a, b, c, epilogue) { kernel($0, 1, $1.as(UInt16.self), $2.as(UInt16.self), 0, $3, $4) }
  }
}

/// ``matmul(_:_:as:transposeA:transposeB:epilogue:)`` into a tensor that exists: `c = alpha op(a) op(b) + beta c`.
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
    product.forEachCall(a, b, c, nil) { kernel($0, alpha, $1.as(UInt16.self), $2.as(UInt16.self), beta, $3, $4) }
  }
}

func matrixProduct(_ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool) -> MatrixProduct {
  require(a.count >= 2 && b.count >= 2, "matmul: \(a) and \(b) must both have at least two axes")
  return MatrixProduct(a, b, transposeA, transposeB)
}

extension MatrixProduct {
  /// A tensor of the result's shape that `body` writes, with C's form of an epilogue that fits it.
  func result<C>(
    _ a: [Int],
    _ b: [Int],
    _ epilogue: Epilogue<Float>?,
    _ body: (UnsafeMutableBufferPointer<C>, farro_epilogue?) -> Void
  ) -> Tensor<C> {
    let shape = resultShape(a, b)
    epilogue?.checkShapes(forResult: shape)
    return Tensor(unsafeUninitializedShape: shape) { c in
      if let epilogue { epilogue.withUnsafeEpilogue(of: self) { body(c, $0) } } else { body(c, nil) }
    }
  }

  /// Calls `body` once for each index of the outer axes, with the epilogue of that call.
  func forEachCall(
    _ epilogue: farro_epilogue?,
    _ body: (_ a: Int, _ b: Int, _ c: Int, UnsafePointer<farro_epilogue>?) -> farro_status
  ) {
    forEachCall { aOffset, bOffset, cOffset in
      guard var own = epilogue else { return check(body(aOffset, bOffset, cOffset, nil), "matmul") }
      own.residual = own.residual.map { $0 + cOffset * MemoryLayout<Float>.stride }
      check(body(aOffset, bOffset, cOffset, &own), "matmul")
    }
  }

  /// The same with the matrices of each call.
  fileprivate func forEachCall<A, B, C>(
    _ a: Tensor<A>,
    _ b: Tensor<B>,
    _ c: UnsafeMutableBufferPointer<C>,
    _ epilogue: farro_epilogue?,
    _ kernel: (
      UnsafePointer<farro_matmul_shape>, UnsafePointer<A>, UnsafePointer<B>, UnsafeMutablePointer<C>,
      UnsafePointer<farro_epilogue>?
    ) -> farro_status
  ) {
    withUnsafePointer(to: shape) { shape in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          forEachCall(epilogue) {
            kernel(shape, a.baseAddress! + $0, b.baseAddress! + $1, c.baseAddress! + $2, $3)
          }
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
    product.forEachCall(a, b, c, nil) { shape, a, b, c, _ in farro_matmul_u8s8_s32(shape, nil, nil, a, b, c) }
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
///   - epilogue: What becomes of the product before it is written; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, their shapes, axes of quantization and the epilogue's shapes are as
///   above, and k is at most 33,025, beyond which 32 bits do not hold every sum.
/// - Complexity: O(batch m n k).
public func matmul(
  _ a: QuantizedTensor<UInt8>,
  _ b: QuantizedTensor<Int8>,
  transposeB: Bool = false,
  epilogue: Epilogue<Float>? = nil
) -> Tensor<Float> {
  let product = matrixProduct(a.shape, b.shape, false, transposeB)
  let shape = product.shape
  requireQuantizedProduct(shape.k, a.axis, b.axis, alongK: transposeB ? .column : .row)
  return product.result(a.shape, b.shape, epilogue) { c, epilogue in
    withUnsafePointer(to: shape) { call in
      product.forEachCall(epilogue) { aOffset, bOffset, cOffset, epilogue in
        a.withOperand(at: aOffset, rowLength: shape.lda, stride: shape.stride_a) { byA, a in
          b.withOperand(at: bOffset, rowLength: shape.ldb, stride: shape.stride_b) { byB, b in
            let (a, b, c) = (a.as(UInt8.self), b.as(Int8.self), c.baseAddress! + cOffset)
            return farro_matmul_u8s8_f32(call, byA, byB, a, b, c, epilogue)
          }
        }
      }
    }
  }
}

func requireQuantizedProduct(_ k: Int, _ a: QuantizationAxis, _ b: QuantizationAxis, alongK: QuantizationAxis) {
  require(k <= 33_025, "matmul: sums of \(k) products of 8-bit integers do not fit 32 bits")
  require(
    a != .column && b != alongK,
    "matmul: operands quantized along k (a by \(a), b by \(b)) cannot be multiplied"
  )
}

extension QuantizedTensor {
  /// The elements from `offset` on. Scales of rows are counted through the batch; those of columns are the same in all of
  /// it.
  func withOperand(
    at offset: Int,
    rowLength: Int,
    stride: Int,
    _ body: (UnsafePointer<farro_quantized_operand>, UnsafePointer<Scalar>) -> farro_status
  ) -> farro_status {
    let (row, rows) = axis == .row ? (offset / max(rowLength, 1), stride / max(rowLength, 1)) : (0, 0)
    return scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        elements.withUnsafeBufferPointer { elements in
          var by = farro_quantized_operand(
            scale: scales.baseAddress! + row,
            zero_point: zeroPoints.baseAddress! + row,
            step: axis == .tensor ? 0 : 1,
            stride: rows
          )
          return body(&by, elements.baseAddress! + offset)
        }
      }
    }
  }
}
