// Pooling with a window as large as the image or the sequence.

// MARK: - Mean

/// The mean of each channel of each image or sequence: average pooling with a window as large as the image.
///
/// Sums are taken in blocks, so that rounding errors hardly grow with the size.
///
/// - Parameter x: Shape (batch, channels, ...), three or more axes, of which those behind the channels are not empty.
/// - Returns: Shape (batch, channels, 1 ...), of as many axes.
/// - Precondition: `x` has such a shape.
/// - Complexity: O(`x.count`).
public func globalAveragePool<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  let shape = PoolingShape(global: x.shape, "globalAveragePool")
  return Tensor(unsafeUninitializedShape: shape.result) {
    shape.average(x, true, $0.baseAddress!, "globalAveragePool")
  }
}

/// ``globalAveragePool(_:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of the result.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func globalAveragePool<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into y: inout Tensor<Scalar>) {
  let shape = PoolingShape(global: x.shape, "globalAveragePool")
  requireShape(y.shape, shape.result, "globalAveragePool: the result")
  y.withUnsafeMutableBufferPointer { shape.average(x, true, $0.baseAddress!, "globalAveragePool") }
}

/// The gradient of ``globalAveragePool(_:)``, into a tensor that exists: each channel's is shared out among its elements.
///
/// - Parameters:
///   - gradY: The gradient of the result, of its shape.
///   - gradX: Has the shape of the forward function's `x`.
/// - Precondition: the shapes are those of a forward call.
/// - Complexity: O(`gradX.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func globalAveragePoolBackward<Scalar: KernelScalar>(_ gradY: Tensor<Scalar>, into gradX: inout Tensor<Scalar>) {
  let shape = PoolingShape(global: gradX.shape, "globalAveragePoolBackward")
  requireShape(gradY.shape, shape.result, "globalAveragePoolBackward: gradY")
  gradX.withUnsafeMutableBufferPointer {
    shape.averageBackward(gradY, true, $0.baseAddress!, "globalAveragePoolBackward")
  }
}

// MARK: - Maximum

/// The largest element of each channel of each image or sequence; NaN where one is NaN.
///
/// - Parameter x: Shape (batch, channels, ...), three or more axes, of which those behind the channels are not empty.
/// - Returns: Shape (batch, channels, 1 ...), of as many axes.
/// - Precondition: `x` has such a shape.
/// - Complexity: O(`x.count`).
public func globalMaxPool<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  let shape = PoolingShape(global: x.shape, "globalMaxPool")
  return Tensor(unsafeUninitializedShape: shape.result) { shape.max(x, $0.baseAddress!, nil, "globalMaxPool") }
}

/// ``globalMaxPool(_:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of the result.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func globalMaxPool<Scalar: KernelScalar>(_ x: Tensor<Scalar>, into y: inout Tensor<Scalar>) {
  let shape = PoolingShape(global: x.shape, "globalMaxPool")
  requireShape(y.shape, shape.result, "globalMaxPool: the result")
  y.withUnsafeMutableBufferPointer { shape.max(x, $0.baseAddress!, nil, "globalMaxPool") }
}

/// ``globalMaxPool(_:)``, and where the largest elements lie: what ``globalMaxPoolBackward(_:_:indices:)`` needs.
///
/// - Parameter x: Shape (batch, channels, ...), three or more axes, of which those behind the channels are not empty.
/// - Returns: Values and indices of the shape (batch, channels, 1 ...); an index is the first maximum's row-major position
///   behind the channels.
/// - Precondition: `x` has such a shape.
/// - Complexity: O(`x.count`).
public func globalMaxPoolWithIndices<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>
) -> (values: Tensor<Scalar>, indices: Tensor<Int>) {
  let shape = PoolingShape(global: x.shape, "globalMaxPool")
  var values = Tensor<Scalar>(unsafeUninitializedShape: shape.result) { _ in }
  var indices = Tensor<Int>(unsafeUninitializedShape: shape.result) { _ in }
  globalMaxPoolWithIndices(x, into: &values, &indices)
  return (values, indices)
}

/// ``globalMaxPoolWithIndices(_:)`` into tensors that exist.
///
/// - Precondition: `values` and `indices` have the shape of the result.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func globalMaxPoolWithIndices<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  into values: inout Tensor<Scalar>,
  _ indices: inout Tensor<Int>
) {
  let shape = PoolingShape(global: x.shape, "globalMaxPool")
  requireShape(values.shape, shape.result, "globalMaxPool: the result")
  requireShape(indices.shape, shape.result, "globalMaxPool: the indices")
  values.withUnsafeMutableBufferPointer { y in
    indices.withUnsafeMutableBufferPointer { shape.max(x, y.baseAddress!, $0.baseAddress!, "globalMaxPool") }
  }
}

/// The gradient of ``globalMaxPoolWithIndices(_:)``, into a tensor that exists: each channel's goes to its largest element.
///
/// - Parameters:
///   - gradY: The gradient of the values, of their shape.
///   - indices: Those of the forward function.
///   - gradX: Has the shape of the forward function's `x`.
/// - Precondition: the shapes are those of a forward call.
/// - Complexity: O(`gradX.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func globalMaxPoolBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  indices: Tensor<Int>,
  into gradX: inout Tensor<Scalar>
) {
  let shape = PoolingShape(global: gradX.shape, "globalMaxPoolBackward")
  requireShape(gradY.shape, shape.result, "globalMaxPoolBackward: gradY")
  requireShape(indices.shape, shape.result, "globalMaxPoolBackward: the indices")
  gradX.withUnsafeMutableBufferPointer { shape.maxBackward(gradY, indices, $0.baseAddress!, "globalMaxPoolBackward") }
}
