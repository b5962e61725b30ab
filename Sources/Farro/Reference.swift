import CKernels

/// The plain loops that kernels are checked against: accumulated in a wider type, slow, and obviously right.
package enum Reference {}

extension Reference {
  /// As ``matmul(_:_:transposeA:transposeB:)``.
  package static func matmul<Scalar: KernelScalar>(
    _ a: Tensor<Scalar>,
    _ b: Tensor<Scalar>,
    transposeA: Bool = false,
    transposeB: Bool = false
  ) -> Tensor<Scalar> {
    let plan = MatmulPlan(a.shape, b.shape, transposeA, transposeB)
    var shape = plan.shape
    return Tensor(unsafeUninitializedShape: plan.resultShape) { c in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          let (a, b, c) = (a.baseAddress!, b.baseAddress!, c.baseAddress!)
          switch Scalar.dtype {
          case .f32: check(farro_matmul_reference_f32(&shape, 1, a.f32, b.f32, 0, c.f32), "Reference.matmul")
          default: check(farro_matmul_reference_f64(&shape, 1, a.f64, b.f64, 0, c.f64), "Reference.matmul")
          }
        }
      }
    }
  }
}
