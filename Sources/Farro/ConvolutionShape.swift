import CKernels

/// The operands of a convolution, checked, and the kernels that work on them.
struct ConvolutionShape {
  private var shape: farro_convolution_shape
  let result: [Int]

  init(
    _ motion: WindowMotion,
    _ x: [Int],
    _ weight: [Int],
    _ bias: [Int]?,
    _ groups: Int,
    _ function: StaticString
  ) {
    require(
      weight.count == motion.axes + 2,
      "\(function): the weights' shape \(weight) is not (filters, channels / groups, "
        + "\(motion.axes == 2 ? "height, width" : "length"))"
    )
    let size = Size2D(height: motion.axes == 2 ? weight[2] : 1, width: weight[weight.count - 1])
    let (rows, columns) = motion.windows(of: x, size, function)
    require(
      groups > 0 && x[1] % groups == 0 && weight[0] % groups == 0 && weight[1] == x[1] / groups,
      "\(function): weights of the shape \(weight) do not fit images of the shape \(x) in \(groups) groups"
    )
    if let bias {
      require(
        bias == [weight[0]],
        "\(function): a bias of the shape \(bias) does not fit weights of the shape \(weight)"
      )
    }
    shape = farro_convolution_shape(
      batch: x[0],
      channels: x[1],
      filters: weight[0],
      groups: groups,
      rows: rows,
      columns: columns
    )
    result = motion.outputShape(x[0], weight[0], rows, columns, ceiling: false)
  }

  func forward<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ weight: Tensor<Scalar>,
    _ bias: Tensor<Scalar>?,
    _ activation: Activation,
    _ y: UnsafeMutablePointer<Scalar>,
    _ function: StaticString
  ) {
    var shape = shape
    x.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      let status = withPointers(weight, bias) { weight, bias in
        switch Scalar.dtype {
        case .f32: farro_convolution_f32(&shape, x.f32, weight!.f32, bias?.f32, activation.code, y.f32)
        default: farro_convolution_f64(&shape, x.f64, weight!.f64, bias?.f64, activation.code, y.f64)
        }
      }
      check(status, function)
    }
  }

  func backwardX<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ weight: Tensor<Scalar>,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ function: StaticString
  ) {
    var shape = shape
    let status = withPointers(gradY, weight) { gradY, weight in
      switch Scalar.dtype {
      case .f32: farro_convolution_backward_x_f32(&shape, gradY!.f32, weight!.f32, gradX.f32)
      default: farro_convolution_backward_x_f64(&shape, gradY!.f64, weight!.f64, gradX.f64)
      }
    }
    check(status, function)
  }

  func backwardWeight<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    _ gradWeight: UnsafeMutablePointer<Scalar>,
    _ function: StaticString
  ) {
    var shape = shape
    let status = withPointers(gradY, x) { gradY, x in
      switch Scalar.dtype {
      case .f32: farro_convolution_backward_weight_f32(&shape, gradY!.f32, x!.f32, gradWeight.f32)
      default: farro_convolution_backward_weight_f64(&shape, gradY!.f64, x!.f64, gradWeight.f64)
      }
    }
    check(status, function)
  }

  func backwardBias<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ gradBias: UnsafeMutablePointer<Scalar>,
    _ function: StaticString
  ) {
    var shape = shape
    let status = withPointers(gradY, nil) { gradY, _ in
      switch Scalar.dtype {
      case .f32: farro_convolution_backward_bias_f32(&shape, gradY!.f32, gradBias.f32)
      default: farro_convolution_backward_bias_f64(&shape, gradY!.f64, gradBias.f64)
      }
    }
    check(status, function)
  }
}

/// Stops unless a tensor, which `name` names with the function before it, has the shape that is needed.
func requireShape(_ shape: [Int], _ needed: [Int], _ name: StaticString) {
  require(shape == needed, "\(name) has the shape \(shape), not \(needed)")
}
