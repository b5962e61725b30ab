import CKernels

/// Convolution with a square kernel, or a kernel of height 1 over sequences, the same stride and padding on all sides, and no
/// dilation; pooling with a square window.
extension Reference {
  /// What a convolution is described by here.
  package struct Convolution: Sendable {
    package var x, weight: [Int]
    package var stride, padding, groups: Int

    package init(x: [Int], weight: [Int], stride: Int, padding: Int, groups: Int) {
      (self.x, self.weight, self.stride) = (x, weight, stride)
      (self.padding, self.groups) = (padding, groups)
    }

    /// An axis on which the kernel has one element needs no padding.
    private func window(_ axis: Int) -> farro_window {
      let padding = weight[axis] == 1 ? 0 : padding
      return farro_window(
        length: x[axis],
        size: weight[axis],
        stride: stride,
        dilation: 1,
        pad_before: padding,
        pad_after: padding
      )
    }

    fileprivate var shape: farro_convolution_shape {
      farro_convolution_shape(
        batch: x[0],
        channels: x[1],
        filters: weight[0],
        groups: groups,
        rows: window(2),
        columns: window(3)
      )
    }

    package var result: [Int] {
      var (rows, columns) = (window(2), window(3))
      return [x[0], weight[0], farro_window_outputs(&rows, false), farro_window_outputs(&columns, false)]
    }
  }

  package static func convolution<Scalar: KernelScalar>(
    _ convolution: Convolution,
    _ x: Tensor<Scalar>,
    _ weight: Tensor<Scalar>,
    _ bias: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    var shape = convolution.shape
    return Tensor(unsafeUninitializedShape: convolution.result) { y in
      let y = y.baseAddress!
      bias.withUnsafeBufferPointer { bias in
        let bias = bias.baseAddress!
        let status = withPointers(x, weight) { x, weight in
          switch Scalar.dtype {
          case .f32:
            farro_convolution_reference_f32(&shape, x!.f32, weight!.f32, bias.f32, FARRO_ACTIVATION_NONE, y.f32)
          default:
            farro_convolution_reference_f64(&shape, x!.f64, weight!.f64, bias.f64, FARRO_ACTIVATION_NONE, y.f64)
          }
        }
        check(status, "Reference")
      }
    }
  }

  package static func convolutionBackwardX<Scalar: KernelScalar>(
    _ convolution: Convolution,
    _ gradY: Tensor<Scalar>,
    _ weight: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    var shape = convolution.shape
    return Tensor(unsafeUninitializedShape: convolution.x) { gradX in
      let gradX = gradX.baseAddress!
      let status = withPointers(gradY, weight) { gradY, weight in
        switch Scalar.dtype {
        case .f32: farro_convolution_backward_x_reference_f32(&shape, gradY!.f32, weight!.f32, gradX.f32)
        default: farro_convolution_backward_x_reference_f64(&shape, gradY!.f64, weight!.f64, gradX.f64)
        }
      }
      check(status, "Reference")
    }
  }

  package static func convolutionBackwardWeight<Scalar: KernelScalar>(
    _ convolution: Convolution,
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    var shape = convolution.shape
    return Tensor(unsafeUninitializedShape: convolution.weight) { gradWeight in
      let gradWeight = gradWeight.baseAddress!
      let status = withPointers(gradY, x) { gradY, x in
        switch Scalar.dtype {
        case .f32: farro_convolution_backward_weight_reference_f32(&shape, gradY!.f32, x!.f32, gradWeight.f32)
        default: farro_convolution_backward_weight_reference_f64(&shape, gradY!.f64, x!.f64, gradWeight.f64)
        }
      }
      check(status, "Reference")
    }
  }

  /// - Parameter gradY: Shape (batch, filters, height, width).
  package static func convolutionBackwardBias<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>) -> Tensor<Scalar> {
    let filters = gradY.shape[1]
    let weight = [filters, filters, 1, 1]
    var shape = Convolution(x: gradY.shape, weight: weight, stride: 1, padding: 0, groups: 1).shape
    return Tensor(unsafeUninitializedShape: [filters]) { gradBias in
      let gradBias = gradBias.baseAddress!
      let status = withPointers(gradY, nil) { gradY, _ in
        switch Scalar.dtype {
        case .f32: farro_convolution_backward_bias_reference_f32(&shape, gradY!.f32, gradBias.f32)
        default: farro_convolution_backward_bias_reference_f64(&shape, gradY!.f64, gradBias.f64)
        }
      }
      check(status, "Reference")
    }
  }

  /// A window of (size, size) over planes of the last two axes of `x`.
  private static func pooling(_ x: [Int], _ size: Int, _ stride: Int, _ padding: Int) -> farro_pooling_shape {
    let window = { (axis: Int) in
      farro_window(
        length: x[axis],
        size: size,
        stride: stride,
        dilation: 1,
        pad_before: padding,
        pad_after: padding
      )
    }
    return farro_pooling_shape(planes: x[0] * x[1], rows: window(2), columns: window(3), ceiling: false)
  }

  private static func pooledShape(_ x: [Int], _ shape: farro_pooling_shape) -> [Int] {
    var (rows, columns) = (shape.rows, shape.columns)
    return [x[0], x[1], farro_window_outputs(&rows, false), farro_window_outputs(&columns, false)]
  }

  package static func maxPool<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    size: Int,
    stride: Int,
    padding: Int
  ) -> (values: Tensor<Scalar>, indices: Tensor<Int>) {
    var shape = pooling(x.shape, size, stride, padding)
    let result = pooledShape(x.shape, shape)
    var indices = Tensor<Int>(zeros: result)
    let values = Tensor<Scalar>(unsafeUninitializedShape: result) { y in
      let y = y.baseAddress!
      indices.withUnsafeMutableBufferPointer { indices in
        let places = indices.baseAddress!.as(Int64.self)
        x.withUnsafeBufferPointer { x in
          let x = x.baseAddress!
          switch Scalar.dtype {
          case .f32: check(farro_max_pool_reference_f32(&shape, x.f32, y.f32, places), "Reference")
          default: check(farro_max_pool_reference_f64(&shape, x.f64, y.f64, places), "Reference")
          }
        }
      }
    }
    return (values, indices)
  }

  package static func averagePool<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    size: Int,
    stride: Int,
    padding: Int
  ) -> Tensor<Scalar> {
    var shape = pooling(x.shape, size, stride, padding)
    return Tensor(unsafeUninitializedShape: pooledShape(x.shape, shape)) { y in
      let y = y.baseAddress!
      x.withUnsafeBufferPointer { x in
        let x = x.baseAddress!
        switch Scalar.dtype {
        case .f32: check(farro_average_pool_reference_f32(&shape, true, x.f32, y.f32), "Reference")
        default: check(farro_average_pool_reference_f64(&shape, true, x.f64, y.f64), "Reference")
        }
      }
    }
  }

  package static func averagePoolBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    x shapeOfX: [Int],
    size: Int,
    stride: Int,
    padding: Int
  ) -> Tensor<Scalar> {
    var shape = pooling(shapeOfX, size, stride, padding)
    return Tensor(unsafeUninitializedShape: shapeOfX) { gradX in
      let gradX = gradX.baseAddress!
      gradY.withUnsafeBufferPointer { gradY in
        let gradY = gradY.baseAddress!
        switch Scalar.dtype {
        case .f32: check(farro_average_pool_backward_reference_f32(&shape, true, gradY.f32, gradX.f32), "Reference")
        default: check(farro_average_pool_backward_reference_f64(&shape, true, gradY.f64, gradX.f64), "Reference")
        }
      }
    }
  }

  package static func maxPoolBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    indices: Tensor<Int>,
    x shapeOfX: [Int],
    size: Int,
    stride: Int,
    padding: Int
  ) -> Tensor<Scalar> {
    var shape = pooling(shapeOfX, size, stride, padding)
    return Tensor(unsafeUninitializedShape: shapeOfX) { gradX in
      let gradX = gradX.baseAddress!
      gradY.withUnsafeBufferPointer { gradY in
        indices.withUnsafeBufferPointer { indices in
          let (gradY, places) = (gradY.baseAddress!, indices.baseAddress!.as(Int64.self))
          switch Scalar.dtype {
          case .f32: check(farro_max_pool_backward_reference_f32(&shape, gradY.f32, places, gradX.f32), "Reference")
          default: check(farro_max_pool_backward_reference_f64(&shape, gradY.f64, places, gradX.f64), "Reference")
          }
        }
      }
    }
  }
}
