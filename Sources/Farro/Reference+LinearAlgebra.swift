import CKernels

extension Reference {
  /// As ``symmetricProduct(_:transpose:)``.
  package static func symmetricProduct<Scalar: KernelScalar>(
    _ a: Tensor<Scalar>,
    transpose: Bool = false
  ) -> Tensor<Scalar> {
    let plan = SymmetricPlan(a.shape, transpose)
    var shape = plan.shape
    return Tensor(unsafeUninitializedShape: plan.resultShape) { c in
      a.withUnsafeBufferPointer { a in
        let (a, c) = (a.baseAddress!, c.baseAddress!)
        let status =
          switch Scalar.dtype {
          case .f32: farro_symmetric_product_reference_f32(&shape, 1, a.f32, 0, c.f32)
          default: farro_symmetric_product_reference_f64(&shape, 1, a.f64, 0, c.f64)
          }
        check(status, "Reference.symmetricProduct")
      }
    }
  }

  /// As ``cholesky(_:upper:)`` for a lower triangle whose other triangle is zero.
  package static func cholesky<Scalar: KernelScalar>(
    _ a: Tensor<Scalar>
  ) throws(LinearAlgebraError) -> Tensor<Scalar> {
    let (n, batch) = (squareOrder(a.shape), a.shape.dropLast(2).reduce(1, *))
    var (factor, place) = (a, farro_matrix_place())
    var shape = farro_cholesky_shape(batch: batch, n: n, upper: false, lda: n, stride_a: n * n)
    let status = factor.withUnsafeMutableBufferPointer { a in
      let a = a.baseAddress!
      return switch Scalar.dtype {
      case .f32: farro_cholesky_reference_f32(&shape, a.f32, &place)
      default: farro_cholesky_reference_f64(&shape, a.f64, &place)
      }
    }
    try checkData(status, place, "Reference.cholesky")
    return factor
  }
}
