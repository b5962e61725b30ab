import CKernels

extension Reference {
  /// As ``pairwiseDistances(_:_:metric:)``.
  package static func pairwiseDistances<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    metric: DistanceMetric
  ) -> Tensor<Scalar> {
    let (m, n, d, metric) = (x.shape[0], y.shape[0], x.shape[1], metric.code)
    require(y.shape == [n, d], "Reference.pairwiseDistances: \(x.shape) and \(y.shape)")
    return Tensor(unsafeUninitializedShape: [m, n]) { out in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          let (x, y, out) = (x.baseAddress!, y.baseAddress!, out.baseAddress!)
          let status =
            switch Scalar.dtype {
            case .f32: farro_pairwise_distances_reference_f32(metric, m, n, d, x.f32, d, y.f32, d, out.f32, n)
            default: farro_pairwise_distances_reference_f64(metric, m, n, d, x.f64, d, y.f64, d, out.f64, n)
            }
          check(status, "Reference.pairwiseDistances")
        }
      }
    }
  }
}
