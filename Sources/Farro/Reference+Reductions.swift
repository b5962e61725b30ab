import CKernels

/// Reductions of axis 1 of (outer, axis, inner) to (outer, inner).
extension Reference {
  package static func sum<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    reduce(x, { farro_sum_reference_f32($0, $1, $2.f32) }, { farro_sum_reference_f64($0, $1, $2.f64) })
  }

  package static func product<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    reduce(x, { farro_product_reference_f32($0, $1, $2.f32) }, { farro_product_reference_f64($0, $1, $2.f64) })
  }

  package static func mean<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    reduce(x, { farro_mean_reference_f32($0, $1, $2.f32) }, { farro_mean_reference_f64($0, $1, $2.f64) })
  }

  package static func variance<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    reduce(x, { farro_variance_reference_f32($0, 0, $1, $2.f32) }, { farro_variance_reference_f64($0, 0, $1, $2.f64) })
  }

  package static func max<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    reduce(x, { farro_max_reference_f32($0, $1, $2.f32) }, { farro_max_reference_f64($0, $1, $2.f64) })
  }

  package static func min<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    reduce(x, { farro_min_reference_f32($0, $1, $2.f32) }, { farro_min_reference_f64($0, $1, $2.f64) })
  }

  package static func argmax<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Int> {
    let positions: Tensor<Int64> = reduce(x, farro_argmax_reference_f32, farro_argmax_reference_f64)
    return Tensor(casting: positions)
  }

  package static func argmin<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Int> {
    let positions: Tensor<Int64> = reduce(x, farro_argmin_reference_f32, farro_argmin_reference_f64)
    return Tensor(casting: positions)
  }

  package static func any(_ x: Tensor<Bool>) -> Tensor<Bool> { answer(x, farro_any_reference_u8) }

  package static func all(_ x: Tensor<Bool>) -> Tensor<Bool> { answer(x, farro_all_reference_u8) }

  private static func answer(
    _ x: Tensor<Bool>,
    _ reference: (UnsafePointer<farro_reduction_shape>, UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) ->
      farro_status
  ) -> Tensor<Bool> {
    var shape = x.view(along: 1)
    return Tensor(unsafeUninitializedShape: [x.shape[0], x.shape[2]]) { out in
      x.withUnsafeBufferPointer { x in
        check(reference(&shape, x.baseAddress!.as(UInt8.self), out.baseAddress!.as(UInt8.self)), "Reference")
      }
    }
  }

  private static func reduce<Scalar: KernelScalar, Result>(
    _ x: Tensor<Scalar>,
    _ f32: (UnsafePointer<farro_reduction_shape>, UnsafePointer<Float>, UnsafeMutablePointer<Result>) -> farro_status,
    _ f64: (UnsafePointer<farro_reduction_shape>, UnsafePointer<Double>, UnsafeMutablePointer<Result>) -> farro_status
  ) -> Tensor<Result> {
    require(x.rank == 3, "Reference: \(x.shape) is not (outer, axis, inner)")
    var shape = farro_reduction_shape(outer: x.shape[0], axis: x.shape[1], inner: x.shape[2])
    return Tensor(unsafeUninitializedShape: [x.shape[0], x.shape[2]]) { out in
      x.withUnsafeBufferPointer { x in
        let (x, out) = (x.baseAddress!, out.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(f32(&shape, x.f32, out), "Reference")
        default: check(f64(&shape, x.f64, out), "Reference")
        }
      }
    }
  }
}
