import CKernels

extension Reference {
  /// As ``pairwiseDistances(_:_:metric:)-(Tensor<Element>,_,_)``.
  package static func pairwiseDistances<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    metric: DistanceMetric
  ) -> Tensor<Scalar> {
    let (m, n, d, distance) = (x.shape[0], y.shape[0], x.shape[1], metric.distance)
    require(y.shape == [n, d], "Reference.pairwiseDistances: \(x.shape) and \(y.shape)")
    return Tensor(unsafeUninitializedShape: [m, n]) { out in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          let (x, y, out) = (x.baseAddress!, y.baseAddress!, out.baseAddress!)
          let status =
            switch Scalar.dtype {
            case .f32: farro_pairwise_distances_reference_f32(distance, m, n, d, x.f32, d, y.f32, d, out.f32, n)
            default: farro_pairwise_distances_reference_f64(distance, m, n, d, x.f64, d, y.f64, d, out.f64, n)
            }
          check(status, "Reference.pairwiseDistances")
        }
      }
    }
  }

  /// As ``pairedDistances(_:_:metric:)-(Tensor<Element>,_,_)``.
  package static func pairedDistances<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    metric: DistanceMetric
  ) -> Tensor<Scalar> {
    let (m, d, distance) = (x.shape[0], x.shape[1], metric.distance)
    require(x.shape == y.shape, "Reference.pairedDistances: \(x.shape) and \(y.shape)")
    return Tensor(unsafeUninitializedShape: [m]) { out in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          let (x, y, out) = (x.baseAddress!, y.baseAddress!, out.baseAddress!)
          let status =
            switch Scalar.dtype {
            case .f32: farro_paired_distances_reference_f32(distance, m, d, x.f32, d, y.f32, d, out.f32)
            default: farro_paired_distances_reference_f64(distance, m, d, x.f64, d, y.f64, d, out.f64)
            }
          check(status, "Reference.pairedDistances")
        }
      }
    }
  }
}
