// MARK: - Images

/// The sums of each window of images times the filters' weights: what networks call convolution. No filter is flipped.
///
/// ```swift
/// let features = convolution2D(images, weight, bias: bias, stride: 2, padding: 1, activation: .relu)
/// ```
///
/// The matrix of all windows is never written whole: some of it at a time is laid out for the kernels of matrix products.
/// Groups of one channel with few filters (depthwise convolution) are computed directly. The result does not depend on
/// the number of threads.
///
/// Source: V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
///
/// - Parameters:
///   - x: Shape (batch, channels, height, width).
///   - weight: Shape (filters, channels / groups, height, width).
///   - bias: Added to the sums of each filter; shape (filters).
///   - stride: Steps from one window to the next.
///   - padding: Zeros that are thought around an image.
///   - dilation: Steps from one element of a window to the next.
///   - groups: Divides the channels and the filters; each group of filters sees its group of channels alone.
///   - activation: The function of each result, applied before it is written.
/// - Returns: Shape (batch, filters, windows along the height, windows along the width); along an axis there are
///   (length + padding - (size - 1) dilation - 1) / stride + 1 windows, rounded down, and none where the
///   window is longer.
/// - Precondition: the shapes and parameters are as above; sizes, strides, dilations and groups are positive.
/// - Complexity: O(`result.count * channels / groups` times the window's elements).
public func convolution2D<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  bias: Tensor<Scalar>? = nil,
  stride: Size2D = 1,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  groups: Int = 1,
  activation: Activation = .none
) -> Tensor<Scalar> {
  let shape = ConvolutionShape(
    WindowMotion(stride, padding, dilation),
    x.shape,
    weight.shape,
    bias?.shape,
    groups,
    "convolution2D"
  )
  return Tensor(unsafeUninitializedShape: shape.result) {
    shape.forward(x, weight, bias, activation, $0.baseAddress!, "convolution2D")
  }
}

/// ``convolution2D(_:_:bias:stride:padding:dilation:groups:activation:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of the result.
/// - Complexity: as that function's.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func convolution2D<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  bias: Tensor<Scalar>? = nil,
  stride: Size2D = 1,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  groups: Int = 1,
  activation: Activation = .none,
  into y: inout Tensor<Scalar>
) {
  let shape = ConvolutionShape(
    WindowMotion(stride, padding, dilation),
    x.shape,
    weight.shape,
    bias?.shape,
    groups,
    "convolution2D"
  )
  requireShape(y.shape, shape.result, "convolution2D: the result")
  y.withUnsafeMutableBufferPointer {
    shape.forward(x, weight, bias, activation, $0.baseAddress!, "convolution2D")
  }
}

/// The gradients of ``convolution2D(_:_:bias:stride:padding:dilation:groups:activation:)`` without an activation.
///
/// Each is a sum of products under the error bound of a matrix product of that many, and the same for any number of
/// threads. With an activation, `gradY` is to be multiplied by its derivative first.
///
/// - Parameters:
///   - gradY: The gradient of the result, of its shape.
///   - x: As in the forward function, like the parameters below.
///   - weight: As in the forward function.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - groups: As in the forward function.
/// - Returns: The gradients of `x`, of `weight` and of the bias, of their shapes.
/// - Precondition: the shapes and parameters are those of a forward call with the result `gradY`.
/// - Complexity: twice that of the forward function.
public func convolution2DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  stride: Size2D = 1,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  groups: Int = 1
) -> (x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>) {
  let shape = ConvolutionShape(
    WindowMotion(stride, padding, dilation),
    x.shape,
    weight.shape,
    nil,
    groups,
    "convolution2DBackward"
  )
  requireShape(gradY.shape, shape.result, "convolution2DBackward: gradY")
  return (
    Tensor(unsafeUninitializedShape: x.shape) {
      shape.backwardX(gradY, weight, $0.baseAddress!, "convolution2DBackward")
    },
    Tensor(unsafeUninitializedShape: weight.shape) {
      shape.backwardWeight(gradY, x, $0.baseAddress!, "convolution2DBackward")
    },
    Tensor(unsafeUninitializedShape: [weight.shape[0]]) {
      shape.backwardBias(gradY, $0.baseAddress!, "convolution2DBackward")
    }
  )
}

/// ``convolution2DBackward(_:_:_:stride:padding:dilation:groups:)`` into tensors that exist.
///
/// - Precondition: `gradX` and `gradWeight` have the shapes of `x` and `weight`, `gradBias` has the shape (filters).
/// - Complexity: as that function's.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func convolution2DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  stride: Size2D = 1,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  groups: Int = 1,
  into gradX: inout Tensor<Scalar>,
  _ gradWeight: inout Tensor<Scalar>,
  _ gradBias: inout Tensor<Scalar>
) {
  let shape = ConvolutionShape(
    WindowMotion(stride, padding, dilation),
    x.shape,
    weight.shape,
    nil,
    groups,
    "convolution2DBackward"
  )
  requireShape(gradY.shape, shape.result, "convolution2DBackward: gradY")
  requireShape(gradX.shape, x.shape, "convolution2DBackward: the gradient of x")
  requireShape(gradWeight.shape, weight.shape, "convolution2DBackward: the gradient of the weights")
  requireShape(gradBias.shape, [weight.shape[0]], "convolution2DBackward: the gradient of the bias")
  gradX.withUnsafeMutableBufferPointer {
    shape.backwardX(gradY, weight, $0.baseAddress!, "convolution2DBackward")
  }
  gradWeight.withUnsafeMutableBufferPointer {
    shape.backwardWeight(gradY, x, $0.baseAddress!, "convolution2DBackward")
  }
  gradBias.withUnsafeMutableBufferPointer {
    shape.backwardBias(gradY, $0.baseAddress!, "convolution2DBackward")
  }
}

/// The gradient of `x` alone, into a tensor that exists: transposed convolution.
///
/// - Parameters:
///   - gradY: The gradient of the result of
///     ``convolution2D(_:_:bias:stride:padding:dilation:groups:activation:)``, like the parameters below.
///   - weight: As in the forward function.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - groups: As in the forward function.
///   - gradX: Has the shape of the forward function's `x`.
/// - Precondition: the shapes and parameters are those of a forward call with the result `gradY`.
/// - Complexity: as the forward function's.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func convolution2DBackwardX<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  stride: Size2D = 1,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  groups: Int = 1,
  into gradX: inout Tensor<Scalar>
) {
  let shape = ConvolutionShape(
    WindowMotion(stride, padding, dilation),
    gradX.shape,
    weight.shape,
    nil,
    groups,
    "convolution2DBackwardX"
  )
  requireShape(gradY.shape, shape.result, "convolution2DBackwardX: gradY")
  gradX.withUnsafeMutableBufferPointer {
    shape.backwardX(gradY, weight, $0.baseAddress!, "convolution2DBackwardX")
  }
}

/// The gradient of the weights alone, into a tensor that exists.
///
/// - Parameters:
///   - gradY: The gradient of the result of
///     ``convolution2D(_:_:bias:stride:padding:dilation:groups:activation:)``, like the parameters below.
///   - x: As in the forward function.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - groups: As in the forward function.
///   - gradWeight: Has the shape of the forward function's `weight`.
/// - Precondition: the shapes and parameters are those of a forward call with the result `gradY`.
/// - Complexity: as the forward function's.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func convolution2DBackwardWeight<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  stride: Size2D = 1,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  groups: Int = 1,
  into gradWeight: inout Tensor<Scalar>
) {
  let shape = ConvolutionShape(
    WindowMotion(stride, padding, dilation),
    x.shape,
    gradWeight.shape,
    nil,
    groups,
    "convolution2DBackwardWeight"
  )
  requireShape(gradY.shape, shape.result, "convolution2DBackwardWeight: gradY")
  gradWeight.withUnsafeMutableBufferPointer {
    shape.backwardWeight(gradY, x, $0.baseAddress!, "convolution2DBackwardWeight")
  }
}

/// The gradient of the bias alone, into a tensor that exists: for each filter, the sum of its elements of `gradY`.
///
/// - Parameters:
///   - gradY: The gradient of the result of
///     ``convolution2D(_:_:bias:stride:padding:dilation:groups:activation:)``.
///   - gradBias: Shape (filters).
/// - Precondition: `gradY` has four axes, and `gradBias` the shape above.
/// - Complexity: O(`gradY.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func convolution2DBackwardBias<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  into gradBias: inout Tensor<Scalar>
) {
  require(gradY.rank == 4, "convolution2DBackwardBias: \(gradY.shape) is not (n, filters, height, width)")
  let filters = gradY.shape[1]
  requireShape(gradBias.shape, [filters], "convolution2DBackwardBias: the gradient of the bias")
  // Whatever the convolution was: that of a single weight for each pair of channels has as many results.
  let shape = ConvolutionShape(
    WindowMotion(1 as Size2D, 0 as Padding2D, 1 as Size2D),
    gradY.shape,
    [filters, filters, 1, 1],
    nil,
    1,
    "convolution2DBackwardBias"
  )
  gradBias.withUnsafeMutableBufferPointer {
    shape.backwardBias(gradY, $0.baseAddress!, "convolution2DBackwardBias")
  }
}
