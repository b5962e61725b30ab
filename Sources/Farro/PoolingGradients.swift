// Gradients of pooling as new tensors. Of what was pooled the shape alone is needed.

// MARK: - Images

/// The gradient of ``maxPool2DWithIndices(_:size:stride:padding:dilation:ceiling:)``: each window's gradient goes to the element that
/// it chose, and those that meet are added up.
///
/// - Parameters:
///   - gradY: The gradient of the values, of their shape.
///   - x: What was pooled.
///   - indices: Those of the forward function; an index outside of the plane is passed over.
///   - size: As in the forward function, like the parameters below.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - ceiling: As in the forward function.
/// - Returns: The shape of `x`.
/// - Precondition: the shapes and parameters are those of a forward call.
/// - Complexity: O(`x.count + gradY.count`).
public func maxPool2DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  indices: Tensor<Int>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false
) -> Tensor<Scalar> {
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  maxPool2DBackward(
    gradY,
    indices: indices,
    size: size,
    stride: stride,
    padding: padding,
    dilation: dilation,
    ceiling: ceiling,
    into: &gradX
  )
  return gradX
}

/// The gradient of ``averagePool2D(_:size:stride:padding:dilation:ceiling:countsPadding:)``: each window's gradient is shared out
/// among its elements.
///
/// - Parameters:
///   - gradY: The gradient of the result, of its shape.
///   - x: What was pooled.
///   - size: As in the forward function, like the parameters below.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - ceiling: As in the forward function.
///   - countsPadding: As in the forward function.
/// - Returns: The shape of `x`.
/// - Precondition: the shapes and parameters are those of a forward call.
/// - Complexity: O(`x.count + gradY.count` times the window's elements).
public func averagePool2DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  size: Size2D,
  stride: Size2D? = nil,
  padding: Padding2D = 0,
  dilation: Size2D = 1,
  ceiling: Bool = false,
  countsPadding: Bool = true
) -> Tensor<Scalar> {
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  averagePool2DBackward(
    gradY,
    size: size,
    stride: stride,
    padding: padding,
    dilation: dilation,
    ceiling: ceiling,
    countsPadding: countsPadding,
    into: &gradX
  )
  return gradX
}

// MARK: - Sequences

/// The gradient of ``maxPool1DWithIndices(_:size:stride:padding:dilation:ceiling:)``: each window's gradient goes to the element that
/// it chose, and those that meet are added up.
///
/// - Parameters:
///   - gradY: The gradient of the values, of their shape.
///   - x: What was pooled.
///   - indices: Those of the forward function; an index outside of the plane is passed over.
///   - size: As in the forward function, like the parameters below.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - ceiling: As in the forward function.
/// - Returns: The shape of `x`.
/// - Precondition: the shapes and parameters are those of a forward call.
/// - Complexity: O(`x.count + gradY.count`).
public func maxPool1DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  indices: Tensor<Int>,
  size: Int,
  stride: Int? = nil,
  padding: Padding1D = 0,
  dilation: Int = 1,
  ceiling: Bool = false
) -> Tensor<Scalar> {
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  maxPool1DBackward(
    gradY,
    indices: indices,
    size: size,
    stride: stride,
    padding: padding,
    dilation: dilation,
    ceiling: ceiling,
    into: &gradX
  )
  return gradX
}

/// The gradient of ``averagePool1D(_:size:stride:padding:dilation:ceiling:countsPadding:)``: each window's gradient is shared out
/// among its elements.
///
/// - Parameters:
///   - gradY: The gradient of the result, of its shape.
///   - x: What was pooled.
///   - size: As in the forward function, like the parameters below.
///   - stride: As in the forward function.
///   - padding: As in the forward function.
///   - dilation: As in the forward function.
///   - ceiling: As in the forward function.
///   - countsPadding: As in the forward function.
/// - Returns: The shape of `x`.
/// - Precondition: the shapes and parameters are those of a forward call.
/// - Complexity: O(`x.count + gradY.count` times the window's elements).
public func averagePool1DBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  size: Int,
  stride: Int? = nil,
  padding: Padding1D = 0,
  dilation: Int = 1,
  ceiling: Bool = false,
  countsPadding: Bool = true
) -> Tensor<Scalar> {
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  averagePool1DBackward(
    gradY,
    size: size,
    stride: stride,
    padding: padding,
    dilation: dilation,
    ceiling: ceiling,
    countsPadding: countsPadding,
    into: &gradX
  )
  return gradX
}

// MARK: - Global

/// The gradient of ``globalAveragePool(_:)``: each channel's is shared out among its elements.
///
/// - Parameters:
///   - gradY: The gradient of the result, of its shape.
///   - x: What was pooled.
/// - Returns: The shape of `x`.
/// - Precondition: the shapes are those of a forward call.
/// - Complexity: O(`x.count`).
public func globalAveragePoolBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>
) -> Tensor<Scalar> {
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  globalAveragePoolBackward(gradY, into: &gradX)
  return gradX
}

/// The gradient of ``globalMaxPoolWithIndices(_:)``: each channel's goes to its largest element.
///
/// - Parameters:
///   - gradY: The gradient of the values, of their shape.
///   - x: What was pooled.
///   - indices: Those of the forward function.
/// - Returns: The shape of `x`.
/// - Precondition: the shapes are those of a forward call.
/// - Complexity: O(`x.count`).
public func globalMaxPoolBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  indices: Tensor<Int>
) -> Tensor<Scalar> {
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  globalMaxPoolBackward(gradY, indices: indices, into: &gradX)
  return gradX
}
