import CKernels

/// Normalization of the rows or columns of a matrix.
extension Reference {
  package static func layerNorm<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    scale: Tensor<Scalar>,
    offset: Tensor<Scalar>,
    epsilon: Scalar
  ) -> Tensor<Scalar> {
    scale.withUnsafeBufferPointer { scale in
      offset.withUnsafeBufferPointer { offset in
        let (s, o) = (scale.baseAddress!, offset.baseAddress!)
        return rows(
          x,
          { farro_layer_norm_reference_f32($0, $1, $2, $1, s.f32, o.f32, Float(epsilon), $3, $1) },
          { farro_layer_norm_reference_f64($0, $1, $2, $1, s.f64, o.f64, Double(epsilon), $3, $1) }
        )
      }
    }
  }

  package static func rmsNorm<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    scale: Tensor<Scalar>,
    epsilon: Scalar
  ) -> Tensor<Scalar> {
    scale.withUnsafeBufferPointer { scale in
      let s = scale.baseAddress!
      return rows(
        x,
        { farro_rms_norm_reference_f32($0, $1, $2, $1, s.f32, Float(epsilon), $3, $1) },
        { farro_rms_norm_reference_f64($0, $1, $2, $1, s.f64, Double(epsilon), $3, $1) }
      )
    }
  }

  package static func softmax<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    rows(
      x,
      { farro_softmax_reference_f32($0, $1, $2, $1, $3, $1) },
      { farro_softmax_reference_f64($0, $1, $2, $1, $3, $1) }
    )
  }

  package static func standardizeColumns<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>
  ) -> (moments: ColumnMoments, y: Tensor<Scalar>) {
    var mean = [Double](repeating: 0, count: x.shape[1])
    var deviation = mean
    let y = rows(
      x,
      { farro_standardize_columns_reference_f32($0, $1, $2, $1, &mean, &deviation, $3, $1) },
      { farro_standardize_columns_reference_f64($0, $1, $2, $1, &mean, &deviation, $3, $1) }
    )
    return (ColumnMoments(mean: mean, deviation: deviation), y)
  }

  /// Calls a function of (rows, columns, x, y).
  static func rows<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ f32: (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> farro_status,
    _ f64: (Int, Int, UnsafePointer<Double>, UnsafeMutablePointer<Double>) -> farro_status
  ) -> Tensor<Scalar> {
    require(x.rank == 2, "Reference: \(x.shape) is not (rows, columns)")
    return Tensor(unsafeUninitializedShape: x.shape) { y in
      x.withUnsafeBufferPointer { elements in
        let (from, to) = (elements.baseAddress!, y.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(f32(x.shape[0], x.shape[1], from.f32, to.f32), "Reference")
        default: check(f64(x.shape[0], x.shape[1], from.f64, to.f64), "Reference")
        }
      }
    }
  }
}
