import CKernels

extension Reference {
  /// A function of activation.h, with its parameters.
  package enum ActivationFunction: Sendable {
    case relu, gelu, geluTanh, sigmoid, tanh, silu, step, selu, hardSwish
    case linear(Double, Double)
    case leakyReLU(Double)
    case elu(Double)
    case softplus(Double, Double)
    case hardSigmoid(Double, Double)

    fileprivate var code: (function: farro_activation, a: Double, b: Double) {
      switch self {
      case .relu: (FARRO_ACTIVATION_RELU, 0, 0)
      case .gelu: (FARRO_ACTIVATION_GELU, 0, 0)
      case .geluTanh: (FARRO_ACTIVATION_GELU_TANH, 0, 0)
      case .sigmoid: (FARRO_ACTIVATION_SIGMOID, 0, 0)
      case .tanh: (FARRO_ACTIVATION_TANH, 0, 0)
      case .silu: (FARRO_ACTIVATION_SILU, 0, 0)
      case .step: (FARRO_ACTIVATION_STEP, 0, 0)
      case .selu: (FARRO_ACTIVATION_SELU, 0, 0)
      case .hardSwish: (FARRO_ACTIVATION_HARD_SWISH, 0, 0)
      case .linear(let a, let b): (FARRO_ACTIVATION_LINEAR, a, b)
      case .leakyReLU(let a): (FARRO_ACTIVATION_LEAKY_RELU, a, 0)
      case .elu(let a): (FARRO_ACTIVATION_ELU, a, 0)
      case .softplus(let a, let b): (FARRO_ACTIVATION_SOFTPLUS, a, b)
      case .hardSigmoid(let a, let b): (FARRO_ACTIVATION_HARD_SIGMOID, a, b)
      }
    }
  }

  package static func activate<Scalar: KernelScalar>(
    _ function: ActivationFunction,
    _ x: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let (code, a, b) = function.code
    return Tensor(unsafeUninitializedShape: x.shape) { y in
      x.withUnsafeBufferPointer { x in
        let (count, x, y) = (x.count, x.baseAddress!, y.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(farro_activate_reference_f32(code, a, b, count, x.f32, y.f32), "Reference")
        default: check(farro_activate_reference_f64(code, a, b, count, x.f64, y.f64), "Reference")
        }
      }
    }
  }

  /// From x or y, as the function of the library.
  package static func activateBackward<Scalar: KernelScalar>(
    _ function: ActivationFunction,
    _ gradY: Tensor<Scalar>,
    _ saved: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let (code, a, b) = function.code
    return Tensor(unsafeUninitializedShape: gradY.shape) { gradX in
      withPointers(gradY, saved) { gradY, saved in
        let (count, gradX) = (gradX.count, gradX.baseAddress!)
        let status =
          switch Scalar.dtype {
          case .f32: farro_activate_backward_reference_f32(code, a, b, count, gradY!.f32, saved!.f32, gradX.f32)
          default: farro_activate_backward_reference_f64(code, a, b, count, gradY!.f64, saved!.f64, gradX.f64)
          }
        check(status, "Reference")
      }
    }
  }

  /// Of (outer, channels, inner).
  package static func prelu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, slope: Tensor<Scalar>) -> Tensor<Scalar> {
    var shape = channels(of: x)
    return Tensor(unsafeUninitializedShape: x.shape) { y in
      withPointers(x, slope) { x, slope in
        let y = y.baseAddress!
        switch Scalar.dtype {
        case .f32: check(farro_prelu_reference_f32(&shape, x!.f32, slope!.f32, y.f32), "Reference")
        default: check(farro_prelu_reference_f64(&shape, x!.f64, slope!.f64, y.f64), "Reference")
        }
      }
    }
  }

  /// Of (outer, channels, inner).
  package static func preluBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    slope: Tensor<Scalar>
  ) -> (x: Tensor<Scalar>, slope: Tensor<Scalar>) {
    var shape = channels(of: x)
    var gradX = Tensor<Scalar>(zeros: x.shape)
    let gradSlope = Tensor<Scalar>(unsafeUninitializedShape: slope.shape) { gradSlope in
      gradX.withUnsafeMutableBufferPointer { gradX in
        gradY.withUnsafeBufferPointer { g in
          withPointers(x, slope) { x, slope in
            let (g, gx, gs) = (g.baseAddress!, gradX.baseAddress!, gradSlope.baseAddress!)
            let status =
              switch Scalar.dtype {
              case .f32: farro_prelu_backward_reference_f32(&shape, g.f32, x!.f32, slope!.f32, gx.f32, gs.f32)
              default: farro_prelu_backward_reference_f64(&shape, g.f64, x!.f64, slope!.f64, gx.f64, gs.f64)
              }
            check(status, "Reference")
          }
        }
      }
    }
    return (gradX, gradSlope)
  }

  /// Of (outer, channels, inner).
  package static func maxout<Scalar: KernelScalar>(_ x: Tensor<Scalar>, pieces: Int) -> Tensor<Scalar> {
    var shape = channels(of: x)
    return Tensor(unsafeUninitializedShape: [x.shape[0], x.shape[1] / pieces, x.shape[2]]) { y in
      x.withUnsafeBufferPointer { x in
        let (x, y) = (x.baseAddress!, y.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(farro_maxout_reference_f32(&shape, pieces, x.f32, y.f32, nil), "Reference")
        default: check(farro_maxout_reference_f64(&shape, pieces, x.f64, y.f64, nil), "Reference")
        }
      }
    }
  }

  /// Of (outer, channels / pieces, inner), as ``maxoutBackward(_:positions:pieces:axis:)`` describes it.
  package static func maxoutBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    positions: Tensor<Int32>,
    pieces: Int
  ) -> Tensor<Scalar> {
    let (outer, groups, inner) = (gradY.shape[0], gradY.shape[1], gradY.shape[2])
    var gradX = Tensor<Scalar>(zeros: [outer, groups * pieces, inner])
    for o in 0..<outer {
      for group in 0..<groups {
        for i in 0..<inner { gradX[o, group * pieces + Int(positions[o, group, i]), i] = gradY[o, group, i] }
      }
    }
    return gradX
  }

  private static func channels<Scalar>(of x: Tensor<Scalar>) -> farro_channels_shape {
    require(x.rank == 3, "Reference: \(x.shape) is not (outer, channels, inner)")
    return farro_channels_shape(outer: x.shape[0], channels: x.shape[1], inner: x.shape[2])
  }
}
