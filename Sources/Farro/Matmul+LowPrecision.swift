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
  let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
  return Tensor(unsafeUninitializedShape: plan.resultShape) { c in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16 : farro_matmul_f16
    multiply(plan, a, b) { check(kernel($0, 1, $1, $2, 0, c.baseAddress!.as(UInt16.self), nil), "matmul") }
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
  let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
  return Tensor(unsafeUninitializedShape: plan.resultShape) { c in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16_f32 : farro_matmul_f16_f32
    multiply(plan, a, b) { check(kernel($0, 1, $1, $2, 0, c.baseAddress!, nil), "matmul") }
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
  let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
  requireShape(of: c.shape, plan, a.shape, b.shape)
  c.withUnsafeMutableBufferPointer { c in
    let kernel = Half.dtype == .bf16 ? farro_matmul_bf16_f32 : farro_matmul_f16_f32
    multiply(plan, a, b) { check(kernel($0, alpha, $1, $2, beta, c.baseAddress!, nil), "matmul") }
  }
}

private func requireShape(of c: [Int], _ plan: MatmulPlan, _ a: [Int], _ b: [Int]) {
  require(c == plan.resultShape, "matmul: the product of \(a) and \(b) has the shape \(plan.resultShape), not \(c)")
}

private func multiply<Half: HalfScalar>(
  _ plan: MatmulPlan,
  _ a: Tensor<Half>,
  _ b: Tensor<Half>,
  _ body: (UnsafePointer<farro_matmul_shape>, UnsafePointer<UInt16>, UnsafePointer<UInt16>) -> Void
) {
  withUnsafePointer(to: plan.shape) { shape in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in body(shape, a.baseAddress!.as(UInt16.self), b.baseAddress!.as(UInt16.self)) }
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
  let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
  var result = Tensor<Int32>(unsafeUninitializedShape: plan.resultShape) { _ in }
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
  let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
  requireShape(of: c.shape, plan, a.shape, b.shape)
  require(plan.shape.k <= 65_793, "matmul: sums of \(plan.shape.k) products of 8-bit integers do not fit 32 bits")
  withUnsafePointer(to: plan.shape) { shape in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          check(farro_matmul_u8s8_s32(shape, nil, nil, a.baseAddress, b.baseAddress, c.baseAddress), "matmul")
        }
      }
    }
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
  let plan = MatmulPlan(a.shape, b.shape, false, transposeB)
  require(plan.shape.k <= 33_025, "matmul: sums of \(plan.shape.k) products of 8-bit integers do not fit 32 bits")
  require(
    a.axis != .column && b.axis != (transposeB ? .column : .row),
    "matmul: operands quantized along k (a by \(a.axis), b by \(b.axis)) cannot be multiplied"
  )
  // Rows are counted through the batch; columns are the same in all of it.
  let strideA = a.axis == .row && plan.shape.stride_a != 0 ? plan.shape.m : 0
  let strideB = b.axis == .row && plan.shape.stride_b != 0 ? plan.shape.n : 0
  return Tensor(unsafeUninitializedShape: plan.resultShape) { c in
    withUnsafePointer(to: plan.shape) { shape in
      a.withOperand(stride: strideA) { byA, a in
        b.withOperand(stride: strideB) { byB, b in
          let (a, b) = (a.as(UInt8.self), b.as(Int8.self))
          check(farro_matmul_u8s8_f32(shape, byA, byB, a, b, c.baseAddress, nil), "matmul")
        }
      }
    }
  }
}

extension QuantizedTensor {
  fileprivate func withOperand(
    stride: Int,
    _ body: (UnsafePointer<farro_quantized_operand>, UnsafePointer<Scalar>) -> Void
  ) {
    scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        elements.withUnsafeBufferPointer { elements in
          var by = farro_quantized_operand(
            scale: scales.baseAddress,
            zero_point: zeroPoints.baseAddress,
            step: axis == .tensor ? 0 : 1,
            stride: stride
          )
          body(&by, elements.baseAddress!)
        }
      }
    }
  }
}
