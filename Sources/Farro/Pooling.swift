// MARK: - Images: maximum

/// The largest element of each window of images, and where it lies: what
/// ``maxPool2DBackward(_:_:indices:size:stride:padding:dilation:ceiling:)`` needs.
///
/// NaN is larger than all numbers. A window that meets padding alone gives minus infinity and the index -1.
///
/// - Parameters:
///   - x: Shape (batch, channels, height, width).
///   - size: Of the window.
///   - stride: Steps from one window to the next; the size when `nil`.
///   - padding: Elements around an image that are smaller than all others.
///   - dilation: Steps from one element of a window to the next.
///   - ceiling: Whether the last window may reach beyond the padding, if it begins before it.
/// - Returns: Values and indices of the shape (batch, channels, windows); an index is the first maximum's row-major position within its image,
///   channel by channel.
/// - Precondition: the parameters are as above; sizes, strides and dilations are positive.
/// - Complexity: O(`values.count` times the window's elements).
public func maxPool2DWithIndices<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false
) -> (values: Tensor<Scalar>, indices: Tensor<Int>) {
  let shape = PoolingShape(WindowMotion(stride ?? size, padding, dilation), x.shape, size, ceiling, "maxPool2D")
  var indices = Tensor<Int>(unsafeUninitializedShape: shape.result) { _ in }
  let values = Tensor<Scalar>(unsafeUninitializedShape: shape.result) { y in
    indices.withUnsafeMutableBufferPointer { shape.max(x, y.baseAddress!, $0.baseAddress!, "maxPool2D") }
  }
  return (values, indices)
}

/// ``maxPool2DWithIndices(_:size:stride:padding:dilation:ceiling:)`` into tensors that exist.
///
/// - Precondition: `values` and `indices` have the shape of the result.
/// - Complexity: as that function's.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func maxPool2DWithIndices<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false,
  into values: inout Tensor<Scalar>,
  _ indices: inout Tensor<Int>
) {
  let shape = PoolingShape(WindowMotion(stride ?? size, padding, dilation), x.shape, size, ceiling, "maxPool2D")
  requireShape(values.shape, shape.result, "maxPool2D: the result")
  requireShape(indices.shape, shape.result, "maxPool2D: the indices")
  values.withUnsafeMutableBufferPointer { y in
    indices.withUnsafeMutableBufferPointer { shape.max(x, y.baseAddress!, $0.baseAddress!, "maxPool2D") }
  }
}

/// The values of ``maxPool2DWithIndices(_:size:stride:padding:dilation:ceiling:)`` alone.
///
/// - Parameters:
///   - x: Shape (batch, channels, height, width).
///   - size: Of the window.
///   - stride: Steps from one window to the next; the size when `nil`.
///   - padding: Elements around an image that are smaller than all others.
///   - dilation: Steps from one element of a window to the next.
///   - ceiling: Whether the last window may reach beyond the padding, if it begins before it.
/// - Returns: Shape (batch, channels, windows).
/// - Precondition: the parameters are as above; sizes, strides and dilations are positive.
/// - Complexity: O(`result.count` times the window's elements).
public func maxPool2D<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false
) -> Tensor<Scalar> {
  let shape = PoolingShape(WindowMotion(stride ?? size, padding, dilation), x.shape, size, ceiling, "maxPool2D")
  return Tensor(unsafeUninitializedShape: shape.result) { shape.max(x, $0.baseAddress!, nil, "maxPool2D") }
}

/// ``maxPool2D(_:size:stride:padding:dilation:ceiling:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of the result.
/// - Complexity: as that function's.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func maxPool2D<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false,
  into y: inout Tensor<Scalar>
) {
  let shape = PoolingShape(WindowMotion(stride ?? size, padding, dilation), x.shape, size, ceiling, "maxPool2D")
  requireShape(y.shape, shape.result, "maxPool2D: the result")
  y.withUnsafeMutableBufferPointer { shape.max(x, $0.baseAddress!, nil, "maxPool2D") }
}

/// The gradient of ``maxPool2DWithIndices(_:size:stride:padding:dilation:ceiling:)``, into a tensor that exists: each window's
/// gradient goes to the element that it chose, and those that meet are added up.
///
/// - Parameters:
///   - gradY: The gradient of the values, of their shape.
///   - indices: Those of the forward function; an index outside of the plane is passed over.
///   - size: As in the forward function, like the parameters below.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - ceiling: As in the forward function.
///   - gradX: Has the shape of the forward function's `x`.
/// - Precondition: the shapes and parameters are those of a forward call.
/// - Complexity: O(`gradX.count + gradY.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func maxPool2DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  indices: Tensor<Int>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false,
  into gradX: inout Tensor<Scalar>
) {
  let shape = PoolingShape(
    WindowMotion(stride ?? size, padding, dilation),
    gradX.shape,
    size,
    ceiling,
    "maxPool2DBackward"
  )
  requireShape(gradY.shape, shape.result, "maxPool2DBackward: gradY")
  requireShape(indices.shape, shape.result, "maxPool2DBackward: the indices")
  gradX.withUnsafeMutableBufferPointer { shape.maxBackward(gradY, indices, $0.baseAddress!, "maxPool2DBackward") }
}

// MARK: - Images: mean

/// The mean of each window of images.
///
/// - Parameters:
///   - x: Shape (batch, channels, height, width).
///   - size: Of the window.
///   - stride: Steps from one window to the next; the size when `nil`.
///   - padding: Zeros around an image.
///   - dilation: Steps from one element of a window to the next.
///   - ceiling: Whether the last window may reach beyond the padding, if it begins before it. What lies beyond never counts.
///   - countsPadding: Whether a mean's count includes the zeros of the padding.
/// - Returns: Shape (batch, channels, windows); 0 where nothing counts.
/// - Precondition: the parameters are as above; sizes, strides and dilations are positive.
/// - Complexity: O(`result.count` times the window's elements).
public func averagePool2D<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false,
  countsPadding: Bool = true
) -> Tensor<Scalar> {
  let shape = PoolingShape(WindowMotion(stride ?? size, padding, dilation), x.shape, size, ceiling, "averagePool2D")
  return Tensor(unsafeUninitializedShape: shape.result) {
    shape.average(x, countsPadding, $0.baseAddress!, "averagePool2D")
  }
}

/// ``averagePool2D(_:size:stride:padding:dilation:ceiling:countsPadding:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of the result.
/// - Complexity: as that function's.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func averagePool2D<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false,
  countsPadding: Bool = true,
  into y: inout Tensor<Scalar>
) {
  let shape = PoolingShape(WindowMotion(stride ?? size, padding, dilation), x.shape, size, ceiling, "averagePool2D")
  requireShape(y.shape, shape.result, "averagePool2D: the result")
  y.withUnsafeMutableBufferPointer { shape.average(x, countsPadding, $0.baseAddress!, "averagePool2D") }
}

/// The gradient of ``averagePool2D(_:size:stride:padding:dilation:ceiling:countsPadding:)``, into a tensor that exists: each
/// window's gradient is shared out among its elements.
///
/// - Parameters:
///   - gradY: The gradient of the result, of its shape.
///   - size: As in the forward function, like the parameters below.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - ceiling: As in the forward function.
///   - countsPadding: As in the forward function.
///   - gradX: Has the shape of the forward function's `x`.
/// - Precondition: the shapes and parameters are those of a forward call.
/// - Complexity: O(`gradX.count + gradY.count` times the window's elements).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func averagePool2DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false,
  countsPadding: Bool = true,
  into gradX: inout Tensor<Scalar>
) {
  let shape = PoolingShape(
    WindowMotion(stride ?? size, padding, dilation),
    gradX.shape,
    size,
    ceiling,
    "averagePool2DBackward"
  )
  requireShape(gradY.shape, shape.result, "averagePool2DBackward: gradY")
  gradX.withUnsafeMutableBufferPointer {
    shape.averageBackward(gradY, countsPadding, $0.baseAddress!, "averagePool2DBackward")
  }
}
