import CKernels

/// A tensor as (batch, channels, spatial), and the kernels of batch norm that work on it.
struct BatchChannels {
  let batch, channels, spatial: Int
  let shape: [Int]
  let function: StaticString

  /// Elements of a channel.
  var count: Int { batch * spatial }

  init<Scalar>(_ x: Tensor<Scalar>, _ channelAxis: Int, _ function: StaticString) {
    let axis = axisPlace(channelAxis, in: x.shape, function)
    batch = x.shape[..<axis].reduce(1, *)
    channels = x.shape[axis]
    spatial = x.shape[(axis + 1)...].reduce(1, *)
    (shape, self.function) = (x.shape, function)
  }

  // MARK: - Checks

  func requireFit<Scalar: KernelScalar>(
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ mean: Tensor<Scalar>?,
    _ variance: Tensor<Scalar>?,
    _ epsilon: Scalar
  ) {
    require(epsilon >= 0, "\(function): epsilon is \(epsilon), not 0 or more")
    requireFit(scale, "scale")
    requireFit(offset, "offset")
    requireFit(mean, "mean")
    requireFit(variance, "variance")
  }

  func requireFit<Scalar>(_ gradY: Tensor<Scalar>, _ scale: Tensor<Scalar>?, _ statistics: BatchStatistics) {
    require(gradY.shape == shape, "\(function): a gradient of \(gradY.shape) is not that of a result of \(shape)")
    requireFit(scale, "scale")
    require(
      statistics.mean.count == channels && statistics.inverseDeviation.count == channels,
      "\(function): statistics of \(statistics.mean.count) channels do not fit the \(channels) channels of \(shape)"
    )
  }

  private func requireFit<Scalar>(_ parameter: Tensor<Scalar>?, _ name: StaticString) {
    guard let parameter = parameter?.shape else { return }
    require(
      parameter == [channels],
      "\(function): \(name) of the shape \(parameter) does not fit the \(channels) channels of \(shape)"
    )
  }

  // MARK: - Kernels

  func train<Scalar: KernelScalar>(
    _ x: UnsafePointer<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ runningMean: inout Tensor<Scalar>,
    _ runningVariance: inout Tensor<Scalar>,
    _ momentum: Scalar,
    _ epsilon: Scalar,
    _ y: UnsafeMutablePointer<Scalar>
  ) -> BatchStatistics {
    var mean = [Double](repeating: 0, count: channels)
    var inverse = mean
    let status =
      runningMean.withUnsafeMutableBufferPointer { runningMean in
        runningVariance.withUnsafeMutableBufferPointer { runningVariance in
          withPointers(scale, offset) { scale, offset in
            let (m, v) = (runningMean.baseAddress!, runningVariance.baseAddress!)
            return switch Scalar.dtype {
            case .f32:
              farro_batch_norm_f32(
                batch,
                channels,
                spatial,
                x.f32,
                scale?.f32,
                offset?.f32,
                epsilon.f32,
                momentum.f32,
                m.f32,
                v.f32,
                y.f32,
                &mean,
                &inverse
              )
            default:
              farro_batch_norm_f64(
                batch,
                channels,
                spatial,
                x.f64,
                scale?.f64,
                offset?.f64,
                epsilon.f64,
                momentum.f64,
                m.f64,
                v.f64,
                y.f64,
                &mean,
                &inverse
              )
            }
          }
        }
      }
    check(status, function)
    return BatchStatistics(mean: mean, inverseDeviation: inverse)
  }

  func infer<Scalar: KernelScalar>(
    _ x: UnsafePointer<Scalar>,
    _ mean: Tensor<Scalar>,
    _ variance: Tensor<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ epsilon: Scalar,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(mean, variance) { mean, variance in
      withPointers(scale, offset) { scale, offset in
        let (m, v) = (mean!, variance!)
        return switch Scalar.dtype {
        case .f32:
          farro_batch_norm_inference_f32(
            batch,
            channels,
            spatial,
            x.f32,
            scale?.f32,
            offset?.f32,
            m.f32,
            v.f32,
            epsilon.f32,
            y.f32
          )
        default:
          farro_batch_norm_inference_f64(
            batch,
            channels,
            spatial,
            x.f64,
            scale?.f64,
            offset?.f64,
            m.f64,
            v.f64,
            epsilon.f64,
            y.f64
          )
        }
      }
    }
    check(status, function)
  }

  func fold<Scalar: KernelScalar>(
    _ mean: Tensor<Scalar>,
    _ variance: Tensor<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ epsilon: Scalar,
    _ foldedScale: UnsafeMutablePointer<Scalar>,
    _ foldedOffset: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(mean, variance) { mean, variance in
      withPointers(scale, offset) { scale, offset in
        let (m, v, s, o) = (mean!, variance!, foldedScale, foldedOffset)
        return switch Scalar.dtype {
        case .f32:
          farro_batch_norm_fold_f32(channels, scale?.f32, offset?.f32, m.f32, v.f32, epsilon.f32, s.f32, o.f32)
        default:
          farro_batch_norm_fold_f64(channels, scale?.f64, offset?.f64, m.f64, v.f64, epsilon.f64, s.f64, o.f64)
        }
      }
    }
    check(status, function)
  }

  func trainBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ statistics: BatchStatistics,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ gradScale: UnsafeMutablePointer<Scalar>,
    _ gradOffset: UnsafeMutablePointer<Scalar>
  ) {
    let (mean, inverse) = (statistics.mean, statistics.inverseDeviation)
    let status = withPointers(gradY, x) { gradY, x in
      withPointers(scale, nil) { scale, _ in
        let (g, x) = (gradY!, x!)
        return switch Scalar.dtype {
        case .f32:
          farro_batch_norm_backward_f32(
            batch,
            channels,
            spatial,
            g.f32,
            x.f32,
            scale?.f32,
            mean,
            inverse,
            gradX.f32,
            gradScale.f32,
            gradOffset.f32
          )
        default:
          farro_batch_norm_backward_f64(
            batch,
            channels,
            spatial,
            g.f64,
            x.f64,
            scale?.f64,
            mean,
            inverse,
            gradX.f64,
            gradScale.f64,
            gradOffset.f64
          )
        }
      }
    }
    check(status, function)
  }

  func inferBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    _ mean: Tensor<Scalar>,
    _ variance: Tensor<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ epsilon: Scalar,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ gradScale: UnsafeMutablePointer<Scalar>,
    _ gradOffset: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(gradY, x) { gradY, x in
      withPointers(mean, variance) { mean, variance in
        withPointers(scale, nil) { scale, _ in
          let (g, x, m, v) = (gradY!, x!, mean!, variance!)
          return switch Scalar.dtype {
          case .f32:
            farro_batch_norm_inference_backward_f32(
              batch,
              channels,
              spatial,
              g.f32,
              x.f32,
              scale?.f32,
              m.f32,
              v.f32,
              epsilon.f32,
              gradX.f32,
              gradScale.f32,
              gradOffset.f32
            )
          default:
            farro_batch_norm_inference_backward_f64(
              batch,
              channels,
              spatial,
              g.f64,
              x.f64,
              scale?.f64,
              m.f64,
              v.f64,
              epsilon.f64,
              gradX.f64,
              gradScale.f64,
              gradOffset.f64
            )
          }
        }
      }
    }
    check(status, function)
  }

  // MARK: - Gradients

  typealias Write<Scalar> = (UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>)
    -> Void

  func gradients<Scalar: KernelScalar>(
    _ shape: [Int],
    _ write: Write<Scalar>
  ) -> (x: Tensor<Scalar>, scale: Tensor<Scalar>, offset: Tensor<Scalar>) {
    var (scale, offset) = (Tensor<Scalar>(zeros: [channels]), Tensor<Scalar>(zeros: [channels]))
    let x = Tensor<Scalar>(unsafeUninitializedShape: shape) { x in
      scale.withUnsafeMutableBufferPointer { scale in
        offset.withUnsafeMutableBufferPointer { write(x.baseAddress!, scale.baseAddress!, $0.baseAddress!) }
      }
    }
    return (x, scale, offset)
  }

  func gradients<Scalar: KernelScalar>(
    _ shape: [Int],
    _ x: inout Tensor<Scalar>,
    _ scale: inout Tensor<Scalar>,
    _ offset: inout Tensor<Scalar>,
    _ write: Write<Scalar>
  ) {
    require(x.shape == shape, "\(function): the gradient for \(shape) does not fit into \(x.shape)")
    requireFit(scale, "the gradient of the scale")
    requireFit(offset, "the gradient of the offset")
    x.withUnsafeMutableBufferPointer { x in
      scale.withUnsafeMutableBufferPointer { scale in
        offset.withUnsafeMutableBufferPointer { write(x.baseAddress!, scale.baseAddress!, $0.baseAddress!) }
      }
    }
  }
}
