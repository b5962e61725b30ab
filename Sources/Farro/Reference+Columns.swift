import CKernels

/// Batch norm and the scaling of columns.
extension Reference {
  /// - Parameter x: Shape (batch, channels, spatial).
  package static func batchNorm<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    scale: Tensor<Scalar>,
    offset: Tensor<Scalar>,
    epsilon: Scalar
  ) -> (y: Tensor<Scalar>, statistics: BatchStatistics) {
    let (batch, channels, spatial) = (x.shape[0], x.shape[1], x.shape[2])
    var mean = [Double](repeating: 0, count: channels)
    var inverse = mean
    let y = Tensor<Scalar>(unsafeUninitializedShape: x.shape) { y in
      let y = y.baseAddress!
      let status = withPointers(scale, offset) { scale, offset in
        withPointers(x, nil) { x, _ in
          switch Scalar.dtype {
          case .f32:
            farro_batch_norm_reference_f32(
              batch,
              channels,
              spatial,
              x!.f32,
              scale!.f32,
              offset!.f32,
              Float(epsilon),
              0,
              nil,
              nil,
              y.f32,
              &mean,
              &inverse
            )
          default:
            farro_batch_norm_reference_f64(
              batch,
              channels,
              spatial,
              x!.f64,
              scale!.f64,
              offset!.f64,
              Double(epsilon),
              0,
              nil,
              nil,
              y.f64,
              &mean,
              &inverse
            )
          }
        }
      }
      check(status, "Reference")
    }
    return (y, BatchStatistics(mean: mean, inverseDeviation: inverse))
  }

  /// - Parameter x: Shape (batch, channels, spatial).
  package static func batchNorm<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    mean: Tensor<Scalar>,
    variance: Tensor<Scalar>,
    epsilon: Scalar
  ) -> Tensor<Scalar> {
    let (batch, channels, spatial) = (x.shape[0], x.shape[1], x.shape[2])
    return Tensor(unsafeUninitializedShape: x.shape) { y in
      let y = y.baseAddress!
      let status = withPointers(mean, variance) { mean, variance in
        withPointers(x, nil) { x, _ in
          switch Scalar.dtype {
          case .f32:
            farro_batch_norm_inference_reference_f32(
              batch,
              channels,
              spatial,
              x!.f32,
              nil,
              nil,
              mean!.f32,
              variance!.f32,
              Float(epsilon),
              y.f32
            )
          default:
            farro_batch_norm_inference_reference_f64(
              batch,
              channels,
              spatial,
              x!.f64,
              nil,
              nil,
              mean!.f64,
              variance!.f64,
              Double(epsilon),
              y.f64
            )
          }
        }
      }
      check(status, "Reference")
    }
  }

  /// - Parameter x: Shape (batch, channels, spatial).
  package static func batchNormBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    scale: Tensor<Scalar>,
    statistics: BatchStatistics
  ) -> (x: Tensor<Scalar>, scale: Tensor<Scalar>, offset: Tensor<Scalar>) {
    let (batch, channels, spatial) = (x.shape[0], x.shape[1], x.shape[2])
    var (gradX, gradScale, gradOffset) = (x, scale, scale)
    gradX.withUnsafeMutableBufferPointer { gradX in
      gradScale.withUnsafeMutableBufferPointer { gradScale in
        gradOffset.withUnsafeMutableBufferPointer { gradOffset in
          let (a, b, c) = (gradX.baseAddress!, gradScale.baseAddress!, gradOffset.baseAddress!)
          let status = withPointers(gradY, x) { g, x in
            withPointers(scale, nil) { scale, _ in
              switch Scalar.dtype {
              case .f32:
                farro_batch_norm_backward_reference_f32(
                  batch,
                  channels,
                  spatial,
                  g!.f32,
                  x!.f32,
                  scale!.f32,
                  statistics.mean,
                  statistics.inverseDeviation,
                  a.f32,
                  b.f32,
                  c.f32
                )
              default:
                farro_batch_norm_backward_reference_f64(
                  batch,
                  channels,
                  spatial,
                  g!.f64,
                  x!.f64,
                  scale!.f64,
                  statistics.mean,
                  statistics.inverseDeviation,
                  a.f64,
                  b.f64,
                  c.f64
                )
              }
            }
          }
          check(status, "Reference")
        }
      }
    }
    return (gradX, gradScale, gradOffset)
  }

  package static func scaleColumns<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    by scaling: ColumnScaling
  ) -> Tensor<Scalar> {
    let (rows, columns) = (x.shape[0], x.shape[1])
    let (center, factor, shift) = (scaling.center, scaling.factor, scaling.shift)
    return Tensor(unsafeUninitializedShape: x.shape) { y in
      x.withUnsafeBufferPointer { x in
        let (x, y) = (x.baseAddress!, y.baseAddress!)
        let status =
          switch Scalar.dtype {
          case .f32:
            farro_affine_columns_reference_f32(rows, columns, x.f32, columns, center, factor, shift, y.f32, columns)
          default:
            farro_affine_columns_reference_f64(rows, columns, x.f64, columns, center, factor, shift, y.f64, columns)
          }
        check(status, "Reference")
      }
    }
  }

  package static func columnRanges<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    skippingNaN: Bool = false
  ) -> ColumnRanges {
    let (rows, columns) = (x.shape[0], x.shape[1])
    var minimum = [Double](repeating: 0, count: columns)
    var maximum = minimum
    let status = x.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      return switch Scalar.dtype {
      case .f32: farro_column_ranges_reference_f32(rows, columns, x.f32, columns, skippingNaN, &minimum, &maximum)
      default: farro_column_ranges_reference_f64(rows, columns, x.f64, columns, skippingNaN, &minimum, &maximum)
      }
    }
    check(status, "Reference")
    return ColumnRanges(minimum: minimum, maximum: maximum)
  }

  package static func columnQuantiles<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ probability: Double,
    skippingNaN: Bool = false
  ) -> [Double] {
    let (rows, columns) = (x.shape[0], x.shape[1])
    var quantiles = [Double](repeating: 0, count: columns)
    let status = x.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      return switch Scalar.dtype {
      case .f32:
        farro_column_quantiles_reference_f32(rows, columns, x.f32, columns, skippingNaN, 1, [probability], &quantiles)
      default:
        farro_column_quantiles_reference_f64(rows, columns, x.f64, columns, skippingNaN, 1, [probability], &quantiles)
      }
    }
    check(status, "Reference")
    return quantiles
  }

  /// Of the numbers of each column, NaN passed over.
  package static func columnMoments<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> ColumnMoments {
    let moments = (0..<x.shape[1]).map { column in
      let numbers = (0..<x.shape[0]).map { x[$0, column] }.filter { !$0.isNaN }
      return standardizeColumns(Tensor(numbers, shape: [numbers.count, 1])).moments
    }
    return ColumnMoments(mean: moments.map { $0.mean[0] }, deviation: moments.map { $0.deviation[0] })
  }
}
