import CKernels

/// What scores say of two classes.
extension Reference {
  package static func ranking<Scalar: KernelScalar>(
    _ scores: Tensor<Scalar>,
    positive: Tensor<UInt8>
  ) -> (area: Double, averagePrecision: Double) {
    let n = scores.count
    var (area, precision, ranking) = (0.0, 0.0, farro_ranking())
    positive.withUnsafeBufferPointer { positive in
      scores.withUnsafeBufferPointer { x in
        let (x, p) = (x.baseAddress!, positive.baseAddress!)
        let status =
          switch Scalar.dtype {
          case .f32: farro_ranking_reference_f32(n, x.f32, p, nil, nil, nil, nil, &area, &precision, &ranking)
          default: farro_ranking_reference_f64(n, x.f64, p, nil, nil, nil, nil, &area, &precision, &ranking)
          }
        check(status, "Reference")
      }
    }
    return (area, precision)
  }
}
