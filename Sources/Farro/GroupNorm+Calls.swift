import CKernels

/// A tensor as (samples, channels, spatial), and the kernels of group norm that work on it.
struct NormChannels<Scalar: KernelScalar> {
  let samples: Int
  let channels: Int
  let spatial: Int
  let groups: Int
  let epsilon: Scalar
  let function: StaticString

  init(
    _ x: Tensor<Scalar>,
    _ groups: Int,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ epsilon: Scalar,
    _ function: StaticString
  ) {
    require(x.rank > 1, "\(function): \(x.shape) is not (n, channels, ...)")
    (samples, channels) = (x.shape[0], x.shape[1])
    spatial = x.shape[2...].reduce(1, *)
    require(
      groups > 0 && channels.isMultiple(of: groups),
      "\(function): \(channels) channels of the shape \(x.shape) are not \(groups) groups"
    )
    require(epsilon >= 0, "\(function): epsilon is \(epsilon), not 0 or more")
    (self.groups, self.epsilon, self.function) = (groups, epsilon, function)
    requireFit(scale, "scale")
    requireFit(offset, "offset")
  }

  func requireFit(_ parameter: Tensor<Scalar>?, _ name: StaticString) {
    guard let shape = parameter?.shape else { return }
    require(
      shape.count == 1 && shape[0] == channels,
      "\(function): \(name) of the shape \(shape) does not fit \(channels) channels"
    )
  }

  func requireFit(_ statistics: RowStatistics?) {
    guard let statistics else { return }
    require(
      statistics.mean.count == samples * groups && statistics.inverse.count == samples * groups,
      "\(function): statistics of \(statistics.inverse.count) groups are not those of \(groups) groups of \(samples) examples"
    )
  }

  func normalize(
    _ x: UnsafePointer<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ y: UnsafeMutablePointer<Scalar>,
    _ mean: UnsafeMutablePointer<Double>? = nil,
    _ inverse: UnsafeMutablePointer<Double>? = nil
  ) {
    if spatial == 0 {
      mean?.update(repeating: .nan, count: samples * groups)
      inverse?.update(repeating: .nan, count: samples * groups)
    }
    let status = withPointers(scale, offset) { scale, offset in
      switch Scalar.dtype {
      case .f32:
        farro_group_norm_f32(
          samples,
          channels,
          spatial,
          groups,
          x.f32,
          scale?.f32,
          offset?.f32,
          epsilon.f32,
          y.f32,
          mean,
          inverse
        )
      default:
        farro_group_norm_f64(
          samples,
          channels,
          spatial,
          groups,
          x.f64,
          scale?.f64,
          offset?.f64,
          epsilon.f64,
          y.f64,
          mean,
          inverse
        )
      }
    }
    check(status, function)
  }

  func backward(
    _ gradY: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ statistics: RowStatistics?,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ gradScale: UnsafeMutablePointer<Scalar>,
    _ gradOffset: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(statistics?.mean, statistics?.inverse) { mean, inverse in
      withPointers(scale, nil) { scale, _ in
        switch Scalar.dtype {
        case .f32:
          farro_group_norm_backward_f32(
            samples,
            channels,
            spatial,
            groups,
            gradY.f32,
            x.f32,
            mean,
            inverse,
            epsilon.f32,
            scale?.f32,
            gradX.f32,
            gradScale.f32,
            gradOffset.f32
          )
        default:
          farro_group_norm_backward_f64(
            samples,
            channels,
            spatial,
            groups,
            gradY.f64,
            x.f64,
            mean,
            inverse,
            epsilon.f64,
            scale?.f64,
            gradX.f64,
            gradScale.f64,
            gradOffset.f64
          )
        }
      }
    }
    check(status, function)
  }
}
