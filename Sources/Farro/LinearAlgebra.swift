import CKernels

/// The symmetric product `aᵀ a`, batched over leading axes, at half the work of a matrix product.
///
/// The result is exactly symmetric. For rows of observations with their mean removed, it is the scatter matrix.
///
/// - Parameters:
///   - a: Shape (..., k, n), or (..., n, k) when `transpose`.
///   - transpose: Whether `a` is given with its last two axes exchanged: the product is then `a aᵀ`.
/// - Returns: Shape (..., n, n).
/// - Precondition: `a` has at least two axes.
/// - Complexity: O(batch n² k).
public func symmetricProduct<Scalar: KernelScalar>(_ a: Tensor<Scalar>, transpose: Bool = false) -> Tensor<Scalar> {
  let plan = SymmetricPlan(a.shape, transpose)
  return Tensor(unsafeUninitializedShape: plan.resultShape) { plan.multiply(1, a, 0, $0) }
}

/// `c = alpha aᵀ a + beta c`, as ``symmetricProduct(_:transpose:)`` into a tensor that exists.
///
/// With `beta` 0 (the default), `c` is overwritten without being read; otherwise its matrices count as symmetric, and only
/// their lower triangles are read.
///
/// - Precondition: `c` has the shape (..., n, n).
/// - Complexity: O(batch n² k).
public func symmetricProduct<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  transpose: Bool = false,
  alpha: Scalar = 1,
  beta: Scalar = 0,
  into c: inout Tensor<Scalar>
) {
  let plan = SymmetricPlan(a.shape, transpose)
  require(
    c.shape == plan.resultShape,
    "symmetricProduct: the product of \(a.shape) has the shape \(plan.resultShape), not \(c.shape)"
  )
  c.withUnsafeMutableBufferPointer { plan.multiply(alpha, a, beta, $0) }
}

struct SymmetricPlan {
  let shape: farro_symmetric_shape
  let resultShape: [Int]

  init(_ a: [Int], _ transpose: Bool) {
    require(a.count >= 2, "symmetricProduct: \(a) must have at least two axes")
    let (rows, columns) = (a[a.count - 2], a[a.count - 1])
    let (n, k) = transpose ? (rows, columns) : (columns, rows)
    shape = farro_symmetric_shape(
      batch: a.dropLast(2).reduce(1, *),
      n: n,
      k: k,
      rows: transpose,
      triangle: FARRO_TRIANGLE_BOTH,
      lda: columns,
      ldc: n,
      stride_a: rows * columns,
      stride_c: n &* n  // of a result too large for memory, which is refused first
    )
    resultShape = a.dropLast(2) + [n, n]
  }

  func multiply<Scalar: KernelScalar>(
    _ alpha: Scalar,
    _ a: Tensor<Scalar>,
    _ beta: Scalar,
    _ c: UnsafeMutableBufferPointer<Scalar>
  ) {
    a.withUnsafeBufferPointer { a in
      let (a, c) = (a.baseAddress!, c.baseAddress!)
      withUnsafePointer(to: shape) { shape in
        let status =
          switch Scalar.dtype {
          case .f32: farro_symmetric_product_f32(shape, alpha.f32, a.f32, beta.f32, c.f32)
          default: farro_symmetric_product_f64(shape, alpha.f64, a.f64, beta.f64, c.f64)
          }
        check(status, "symmetricProduct")
      }
    }
  }
}

// MARK: - Triangular systems

/// Solves `op(t) x = b`, or `x op(t) = b`, for a triangular `t`, batched over leading axes.
///
/// - Parameters:
///   - t: Shape (..., n, n), of which one triangle is read; batch axes as those of `b`, or all of length 1 or absent.
///   - b: Shape (..., n, m), or (..., m, n) when not `left`; or (n).
///   - upper: Whether the upper triangle of `t` is meant, rather than the lower.
///   - left: Whether `t` stands left of `x`, rather than right.
///   - transpose: Whether `op(t)` is the transpose of `t`.
///   - unitDiagonal: Whether the diagonal of `t` counts as ones, and is not read.
/// - Returns: `x`, of the shape of `b`.
/// - Throws: ``LinearAlgebraError/singular(row:item:)`` when a diagonal that is read has a 0.
/// - Precondition: the shapes agree as above.
/// - Complexity: O(batch n² m).
public func solveTriangular<Scalar: KernelScalar>(
  _ t: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  upper: Bool = false,
  left: Bool = true,
  transpose: Bool = false,
  unitDiagonal: Bool = false
) throws(LinearAlgebraError) -> Tensor<Scalar> {
  var x = b
  try solveTriangular(
    t,
    inPlace: &x,
    upper: upper,
    left: left,
    transpose: transpose,
    unitDiagonal: unitDiagonal
  )
  return x
}

/// As ``solveTriangular(_:_:upper:left:transpose:unitDiagonal:)``, into a tensor that exists.
///
/// - Precondition: `x` has the shape of `b`.
/// - Complexity: O(batch n² m).
public func solveTriangular<Scalar: KernelScalar>(
  _ t: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  upper: Bool = false,
  left: Bool = true,
  transpose: Bool = false,
  unitDiagonal: Bool = false,
  into x: inout Tensor<Scalar>
) throws(LinearAlgebraError) {
  require(x.shape == b.shape, "solveTriangular: the solution has the shape \(b.shape), not \(x.shape)")
  x.copyElements(of: b, to: 0)
  try solveTriangular(
    t,
    inPlace: &x,
    upper: upper,
    left: left,
    transpose: transpose,
    unitDiagonal: unitDiagonal
  )
}

/// As ``solveTriangular(_:_:upper:left:transpose:unitDiagonal:)``, with the solution in the place of `b`, which is left as it
/// was when the system is singular.
///
/// - Complexity: O(batch n² m).
public func solveTriangular<Scalar: KernelScalar>(
  _ t: Tensor<Scalar>,
  inPlace b: inout Tensor<Scalar>,
  upper: Bool = false,
  left: Bool = true,
  transpose: Bool = false,
  unitDiagonal: Bool = false
) throws(LinearAlgebraError) {
  let system = SystemShape(t.shape, b.shape, left: left, "solveTriangular")
  var shape = farro_triangular_shape(
    batch: system.batch,
    n: system.n,
    m: system.m,
    right: !left,
    upper: upper,
    transpose: transpose,
    unit_diagonal: unitDiagonal,
    ldt: system.n,
    ldb: left ? system.m : system.n,
    stride_t: system.stride,
    stride_b: system.n * system.m
  )
  var place = farro_matrix_place()
  let status = t.withUnsafeBufferPointer { t in
    b.withUnsafeMutableBufferPointer { b in
      let (t, b) = (t.baseAddress!, b.baseAddress!)
      return switch Scalar.dtype {
      case .f32: farro_triangular_solve_f32(&shape, 1, t.f32, b.f32, &place)
      default: farro_triangular_solve_f64(&shape, 1, t.f64, b.f64, &place)
      }
    }
  }
  try checkData(status, place, "solveTriangular")
}

/// A batch of systems with square matrices.
struct SystemShape {
  let batch, n, m, stride: Int

  init(_ t: [Int], _ given: [Int], left: Bool, _ function: StaticString) {
    // A vector is a matrix of one column or row.
    let b = given.count == 1 ? (left ? [given[0], 1] : [1, given[0]]) : given
    let isRight = t.count >= 2 && b.count >= 2 && t[t.count - 2] == t[t.count - 1]
    let n = t.last ?? 0
    let (batchT, batchB) = (t.dropLast(2), b.dropLast(2))
    let isSingle = batchT.allSatisfy { $0 == 1 }
    require(
      isRight && b[b.count - (left ? 2 : 1)] == n && (isSingle || batchT == batchB),
      "\(function): \(t) cannot be the \(left ? "left" : "right") side of a system with \(given)"
    )
    self.n = n
    (batch, m) = (batchB.reduce(1, *), b[b.count - (left ? 1 : 2)])
    stride = isSingle ? 0 : n * n
  }
}

// MARK: - Cholesky

/// The Cholesky factor of symmetric positive definite matrices: the lower triangular `l` with `l lᵀ = a`.
///
/// ```swift
/// let factor = try cholesky(covariance)
/// let weights = try choleskySolve(targets, factor: factor)
/// ```
///
/// - Parameters:
///   - a: Shape (..., n, n); only the lower triangle is read, or the upper one when `upper`.
///   - upper: Whether to return the upper triangular `u` with `uᵀ u = a` instead.
/// - Returns: The shape of `a`, with zeros in the other triangle.
/// - Throws: ``LinearAlgebraError/notPositiveDefinite(leadingMinor:item:)``, also for a NaN.
/// - Precondition: the last two axes of `a` have the same length.
/// - Complexity: O(batch n³).
public func cholesky<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  upper: Bool = false
) throws(LinearAlgebraError) -> Tensor<Scalar> {
  var factor = Tensor<Scalar>(uninitialized: a.shape, count: a.count)
  try cholesky(a, upper: upper, into: &factor)
  return factor
}

/// As ``cholesky(_:upper:)``, into a tensor that exists; what it holds after an error is undefined.
///
/// - Precondition: `factor` has the shape of `a`.
/// - Complexity: O(batch n³).
public func cholesky<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  upper: Bool = false,
  into factor: inout Tensor<Scalar>
) throws(LinearAlgebraError) {
  let n = squareOrder(a.shape)
  require(factor.shape == a.shape, "cholesky: the factor of \(a.shape) has this shape, not \(factor.shape)")
  factor.withUnsafeMutableBufferPointer { factor in
    a.withUnsafeBufferPointer { copyTriangles($0, to: factor, n, upper) }
  }
  try factorTriangles(&factor, n, upper)
}

/// As ``cholesky(_:upper:)``, in the place of `a`, whose triangles hold nothing of use after an error.
///
/// - Complexity: O(batch n³).
public func cholesky<Scalar: KernelScalar>(
  inPlace a: inout Tensor<Scalar>,
  upper: Bool = false
) throws(LinearAlgebraError) {
  let n = squareOrder(a.shape)
  a.withUnsafeMutableBufferPointer { copyTriangles(UnsafeBufferPointer($0), to: $0, n, upper) }
  try factorTriangles(&a, n, upper)
}

/// Solves `a x = b` with the factor that ``cholesky(_:upper:)`` made of `a`.
///
/// - Parameters:
///   - b: Shape (..., n, m), or (n).
///   - factor: Shape (..., n, n); batch axes as those of `b`, or all of length 1 or absent.
///   - upper: Whether the factor is the upper one.
/// - Returns: `x`, of the shape of `b`.
/// - Throws: ``LinearAlgebraError/singular(row:item:)`` when the factor's diagonal has a 0.
/// - Precondition: the shapes agree as above.
/// - Complexity: O(batch n² m).
public func choleskySolve<Scalar: KernelScalar>(
  _ b: Tensor<Scalar>,
  factor: Tensor<Scalar>,
  upper: Bool = false
) throws(LinearAlgebraError) -> Tensor<Scalar> {
  var x = b
  try choleskySolve(inPlace: &x, factor: factor, upper: upper)
  return x
}

/// As ``choleskySolve(_:factor:upper:)``, with the solution in the place of `b`.
///
/// - Complexity: O(batch n² m).
public func choleskySolve<Scalar: KernelScalar>(
  inPlace b: inout Tensor<Scalar>,
  factor: Tensor<Scalar>,
  upper: Bool = false
) throws(LinearAlgebraError) {
  let system = SystemShape(factor.shape, b.shape, left: true, "choleskySolve")
  var shape = farro_cholesky_solve_shape(
    batch: system.batch,
    n: system.n,
    m: system.m,
    upper: upper,
    ldf: system.n,
    ldb: system.m,
    stride_f: system.stride,
    stride_b: system.n * system.m
  )
  var place = farro_matrix_place()
  let status = factor.withUnsafeBufferPointer { factor in
    b.withUnsafeMutableBufferPointer { b in
      let (factor, b) = (factor.baseAddress!, b.baseAddress!)
      return switch Scalar.dtype {
      case .f32: farro_cholesky_solve_f32(&shape, factor.f32, b.f32, &place)
      default: farro_cholesky_solve_f64(&shape, factor.f64, b.f64, &place)
      }
    }
  }
  try checkData(status, place, "choleskySolve")
}

func squareOrder(_ shape: [Int]) -> Int {
  require(
    shape.count >= 2 && shape[shape.count - 2] == shape[shape.count - 1],
    "cholesky: the last two axes of \(shape) must have the same length"
  )
  return shape[shape.count - 1]
}

/// Copies one triangle of each matrix, and clears the other. Both may be the same memory.
private func copyTriangles<Scalar: KernelScalar>(
  _ a: UnsafeBufferPointer<Scalar>,
  to factor: UnsafeMutableBufferPointer<Scalar>,
  _ n: Int,
  _ upper: Bool
) {
  let (source, target) = (a.baseAddress!, factor.baseAddress!)
  for row in 0..<(n == 0 ? 0 : a.count / n) {
    let (start, i) = (row * n, row % n)
    let (first, last) = upper ? (i, n) : (0, i + 1)
    if source != UnsafePointer(target) {
      (target + start + first).update(from: source + start + first, count: last - first)
    }
    (target + start).update(repeating: 0, count: first)
    (target + start + last).update(repeating: 0, count: n - last)
  }
}

private func factorTriangles<Scalar: KernelScalar>(
  _ a: inout Tensor<Scalar>,
  _ n: Int,
  _ upper: Bool
) throws(LinearAlgebraError) {
  let batch = a.shape.dropLast(2).reduce(1, *)
  var shape = farro_cholesky_shape(batch: batch, n: n, upper: upper, lda: n, stride_a: n * n)
  var place = farro_matrix_place()
  let status = a.withUnsafeMutableBufferPointer { a in
    let a = a.baseAddress!
    return switch Scalar.dtype {
    case .f32: farro_cholesky_f32(&shape, a.f32, &place)
    default: farro_cholesky_f64(&shape, a.f64, &place)
    }
  }
  try checkData(status, place, "cholesky")
}
