import CKernels

/// Scans of axis 1 of (outer, axis, inner).
extension Reference {
  package static func cumulativeSum<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    reversed: Bool = false,
    exclusive: Bool = false
  ) -> Tensor<Scalar> {
    scan(x, reversed, exclusive, farro_cumulative_sum_reference_f32, farro_cumulative_sum_reference_f64)
  }

  package static func cumulativeProduct<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    reversed: Bool = false,
    exclusive: Bool = false
  ) -> Tensor<Scalar> {
    scan(x, reversed, exclusive, farro_cumulative_product_reference_f32, farro_cumulative_product_reference_f64)
  }

  package static func cumulativeMax<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    reversed: Bool = false,
    exclusive: Bool = false
  ) -> Tensor<Scalar> {
    scan(x, reversed, exclusive, farro_cumulative_max_reference_f32, farro_cumulative_max_reference_f64)
  }

  package static func cumulativeMin<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    reversed: Bool = false,
    exclusive: Bool = false
  ) -> Tensor<Scalar> {
    scan(x, reversed, exclusive, farro_cumulative_min_reference_f32, farro_cumulative_min_reference_f64)
  }

  private typealias Scan<Scalar> = (
    UnsafePointer<farro_reduction_shape>, farro_scan_options, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>
  ) -> farro_status

  private static func scan<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ reversed: Bool,
    _ exclusive: Bool,
    _ f32: Scan<Float>,
    _ f64: Scan<Double>
  ) -> Tensor<Scalar> {
    var shape = x.view(along: 1)
    let options = farro_scan_options(reverse: reversed, exclusive: exclusive)
    return Tensor(unsafeUninitializedShape: x.shape) { out in
      x.withUnsafeBufferPointer { x in
        let (x, out) = (x.baseAddress!, out.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(f32(&shape, options, x.f32, out.f32), "Reference")
        default: check(f64(&shape, options, x.f64, out.f64), "Reference")
        }
      }
    }
  }
}
