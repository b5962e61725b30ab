import CKernels

/// The ways back through norms, and the norms that need no scale.
extension Reference {
  package static func layerNormBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    scale: Tensor<Scalar>,
    epsilon: Scalar
  ) -> NormGradients<Scalar, Scalar> {
    gradients(gradY, x, scale, x.shape[1]) { gradY, x, scale, gradX, gradScale, gradOffset in
      let (m, n) = (x.shape.0, x.shape.1)
      return switch Scalar.dtype {
      case .f32:
        farro_layer_norm_backward_reference_f32(
          m,
          n,
          gradY.f32,
          n,
          x.pointer.f32,
          n,
          epsilon.f32,
          scale.f32,
          gradX.f32,
          n,
          gradScale.f32,
          gradOffset.f32
        )
      default:
        farro_layer_norm_backward_reference_f64(
          m,
          n,
          gradY.f64,
          n,
          x.pointer.f64,
          n,
          epsilon.f64,
          scale.f64,
          gradX.f64,
          n,
          gradScale.f64,
          gradOffset.f64
        )
      }
    }
  }

  package static func rmsNormBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    scale: Tensor<Scalar>,
    epsilon: Scalar
  ) -> (x: Tensor<Scalar>, scale: Tensor<Scalar>) {
    let all = gradients(gradY, x, scale, x.shape[1]) { gradY, x, scale, gradX, gradScale, _ in
      let (m, n) = (x.shape.0, x.shape.1)
      return switch Scalar.dtype {
      case .f32:
        farro_rms_norm_backward_reference_f32(
          m,
          n,
          gradY.f32,
          n,
          x.pointer.f32,
          n,
          epsilon.f32,
          scale.f32,
          gradX.f32,
          n,
          gradScale.f32
        )
      default:
        farro_rms_norm_backward_reference_f64(
          m,
          n,
          gradY.f64,
          n,
          x.pointer.f64,
          n,
          epsilon.f64,
          scale.f64,
          gradX.f64,
          n,
          gradScale.f64
        )
      }
    }
    return (all.x, all.scale)
  }

  package static func groupNorm<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    groups: Int,
    scale: Tensor<Scalar>,
    offset: Tensor<Scalar>,
    epsilon: Scalar
  ) -> Tensor<Scalar> {
    scale.withUnsafeBufferPointer { scale in
      offset.withUnsafeBufferPointer { offset in
        let (s, o) = (scale.baseAddress!, offset.baseAddress!)
        let (samples, channels, spatial) = (x.shape[0], x.shape[1], x.shape[2...].reduce(1, *))
        return Tensor(unsafeUninitializedShape: x.shape) { y in
          x.withUnsafeBufferPointer { elements in
            let (from, to) = (elements.baseAddress!, y.baseAddress!)
            let status =
              switch Scalar.dtype {
              case .f32:
                farro_group_norm_reference_f32(
                  samples,
                  channels,
                  spatial,
                  groups,
                  from.f32,
                  s.f32,
                  o.f32,
                  epsilon.f32,
                  to.f32
                )
              default:
                farro_group_norm_reference_f64(
                  samples,
                  channels,
                  spatial,
                  groups,
                  from.f64,
                  s.f64,
                  o.f64,
                  epsilon.f64,
                  to.f64
                )
              }
            check(status, "Reference")
          }
        }
      }
    }
  }

  package static func groupNormBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    groups: Int,
    scale: Tensor<Scalar>,
    epsilon: Scalar
  ) -> NormGradients<Scalar, Scalar> {
    let (samples, channels, spatial) = (x.shape[0], x.shape[1], x.shape[2...].reduce(1, *))
    return gradients(gradY, x, scale, channels) { gradY, x, scale, gradX, gradScale, gradOffset in
      switch Scalar.dtype {
      case .f32:
        farro_group_norm_backward_reference_f32(
          samples,
          channels,
          spatial,
          groups,
          gradY.f32,
          x.pointer.f32,
          epsilon.f32,
          scale.f32,
          gradX.f32,
          gradScale.f32,
          gradOffset.f32
        )
      default:
        farro_group_norm_backward_reference_f64(
          samples,
          channels,
          spatial,
          groups,
          gradY.f64,
          x.pointer.f64,
          epsilon.f64,
          scale.f64,
          gradX.f64,
          gradScale.f64,
          gradOffset.f64
        )
      }
    }
  }

  package static func l2Normalize<Scalar: KernelScalar>(_ x: Tensor<Scalar>, epsilon: Scalar) -> Tensor<Scalar> {
    rows(
      x,
      { farro_l2_normalize_reference_f32($0, $1, $2, $1, Float(epsilon), $3, $1) },
      { farro_l2_normalize_reference_f64($0, $1, $2, $1, Double(epsilon), $3, $1) }
    )
  }

  package static func l2NormalizeBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    epsilon: Scalar
  ) -> Tensor<Scalar> {
    gradY.withUnsafeBufferPointer { gradY in
      let g = gradY.baseAddress!
      return rows(
        x,
        { farro_l2_normalize_backward_reference_f32($0, $1, g.f32, $1, $2, $1, Float(epsilon), $3, $1) },
        { farro_l2_normalize_backward_reference_f64($0, $1, g.f64, $1, $2, $1, Double(epsilon), $3, $1) }
      )
    }
  }

  private typealias Pointers<Scalar> = (shape: (Int, Int), pointer: UnsafePointer<Scalar>)

  /// Calls a function of (gradY, x, scale, gradX, gradScale, gradOffset) with `parameters` elements in the latter two.
  private static func gradients<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    _ scale: Tensor<Scalar>,
    _ parameters: Int,
    _ body: (
      UnsafePointer<Scalar>, Pointers<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>,
      UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>
    ) -> farro_status
  ) -> NormGradients<Scalar, Scalar> {
    var gradScale = Tensor<Scalar>(zeros: [parameters])
    var gradOffset = Tensor<Scalar>(zeros: [parameters])
    let gradX = Tensor<Scalar>(unsafeUninitializedShape: x.shape) { gradX in
      gradScale.withUnsafeMutableBufferPointer { gradScale in
        gradOffset.withUnsafeMutableBufferPointer { gradOffset in
          gradY.withUnsafeBufferPointer { gradY in
            scale.withUnsafeBufferPointer { scale in
              x.withUnsafeBufferPointer { elements in
                let status = body(
                  gradY.baseAddress!,
                  ((x.shape[0], x.shape[1]), elements.baseAddress!),
                  scale.baseAddress!,
                  gradX.baseAddress!,
                  gradScale.baseAddress!,
                  gradOffset.baseAddress!
                )
                check(status, "Reference")
              }
            }
          }
        }
      }
    }
    return (gradX, gradScale, gradOffset)
  }
}
