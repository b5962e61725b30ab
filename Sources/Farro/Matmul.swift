import CKernels

/// The matrix product `op(a) op(b)`, batched over leading axes.
///
/// `op` transposes the last two axes where asked. Leading (batch) axes must be equal, or all of length 1 or absent on one
/// side, which is then used for every product of the batch.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`.
///   - b: Shape (..., k, n), or (..., n, k) when `transposeB`.
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - transposeB: Whether `b` is.
/// - Returns: Shape (..., m, n).
/// - Precondition: both have at least two axes, and their shapes agree as above.
/// - Complexity: O(batch m n k).
@inlinable
public func matmul<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  transposeA: Bool = false,
  transposeB: Bool = false
) -> Tensor<Scalar> {
  let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
  return Tensor(unsafeUninitializedShape: plan.resultShape) { plan.multiply(1, a, b, 0, $0) }
}

/// `c = alpha op(a) op(b) + beta c`, as ``matmul(_:_:transposeA:transposeB:)`` into a tensor that exists.
///
/// With `beta` 0 (the default), `c` is overwritten without being read.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`.
///   - b: Shape (..., k, n), or (..., n, k) when `transposeB`.
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - transposeB: Whether `b` is.
///   - alpha: What the product is multiplied by.
///   - beta: What the old `c` is multiplied by.
///   - c: Shape (..., m, n).
/// - Precondition: `c` has the shape of the product.
/// - Complexity: O(batch m n k).
@inlinable
public func matmul<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  transposeA: Bool = false,
  transposeB: Bool = false,
  alpha: Scalar = 1,
  beta: Scalar = 0,
  into c: inout Tensor<Scalar>
) {
  let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
  require(
    c.shape == plan.resultShape,
    "matmul: the product of \(a.shape) and \(b.shape) has the shape \(plan.resultShape), not \(c.shape)"
  )
  c.withUnsafeMutableBufferPointer { plan.multiply(alpha, a, b, beta, $0) }
}

@usableFromInline
struct MatmulPlan {
  let shape: farro_matmul_shape
  @usableFromInline let resultShape: [Int]

  @usableFromInline
  init(_ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool) {
    require(a.count >= 2 && b.count >= 2, "matmul: \(a) and \(b) must both have at least two axes")
    let (aRows, aColumns) = (a[a.count - 2], a[a.count - 1])
    let (bRows, bColumns) = (b[b.count - 2], b[b.count - 1])
    let (m, k) = transposeA ? (aColumns, aRows) : (aRows, aColumns)
    let (n, kOfB) = transposeB ? (bRows, bColumns) : (bColumns, bRows)
    let (batchA, batchB) = (a.dropLast(2), b.dropLast(2))
    let (isSingleA, isSingleB) = (batchA.allSatisfy { $0 == 1 }, batchB.allSatisfy { $0 == 1 })
    require(
      k == kOfB && (batchA == batchB || isSingleA || isSingleB),
      "matmul: \(a)\(transposeA ? " transposed" : "") and \(b)\(transposeB ? " transposed" : "") cannot be multiplied"
    )
    let batch = isSingleA && (!isSingleB || batchB.count > batchA.count) ? batchB : batchA
    shape = farro_matmul_shape(
      batch: batch.reduce(1, *),
      m: m,
      n: n,
      k: k,
      transpose_a: transposeA,
      transpose_b: transposeB,
      lda: aColumns,
      ldb: bColumns,
      ldc: n,
      stride_a: isSingleA ? 0 : aRows * aColumns,
      stride_b: isSingleB ? 0 : bRows * bColumns,
      stride_c: m * n
    )
    resultShape = batch.isEmpty ? [m, n] : batch + [m, n]
  }

  @inlinable @inline(__always)
  func multiply<Scalar: KernelScalar>(
    _ alpha: Scalar,
    _ a: Tensor<Scalar>,
    _ b: Tensor<Scalar>,
    _ beta: Scalar,
    _ c: UnsafeMutableBufferPointer<Scalar>
  ) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { multiply(alpha, a.baseAddress!, $0.baseAddress!, beta, c.baseAddress!) }
    }
  }

  @usableFromInline
  func multiply<Scalar: KernelScalar>(
    _ alpha: Scalar,
    _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ beta: Scalar,
    _ c: UnsafeMutablePointer<Scalar>
  ) {
    withUnsafePointer(to: shape) { shape in
      switch Scalar.dtype {
      case .f32: check(farro_matmul_f32(shape, alpha.f32, a.f32, b.f32, beta.f32, c.f32), "matmul")
      default: check(farro_matmul_f64(shape, alpha.f64, a.f64, b.f64, beta.f64, c.f64), "matmul")
      }
    }
  }
}
