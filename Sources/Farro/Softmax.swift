import CKernels

// MARK: - Softmax

/// `exp(v) / sum(exp(v))` along an axis, with `v = x / temperature + bias`, computed from the differences to the greatest
/// element so that nothing overflows.
///
/// Elements that are left out give 0, and what they are does not matter; so do all where nothing is kept. Of those kept, minus
/// infinity gives 0; where they are nothing else, or where NaN or infinity is among them, the whole row becomes NaN.
///
/// ```swift
/// let causal: Tensor<Bool> = [[true, false], [true, true]]
/// let shares = softmax(Tensor<Float>(zeros: [8, 2, 2]), mask: causal)  // [[1, 0], [0.5, 0.5]], eight times
/// ```
///
/// - Parameters:
///   - x: At least one axis.
///   - axis: The axis whose elements sum to 1, counted from the front, or when negative from the end.
///   - temperature: What x is divided by first; above 0.
///   - mask: Where `false`, an element is left out, as if it were not there; broadcast to the shape of `x`.
///   - bias: Added to `x / temperature`, minus infinity allowed; broadcast to the shape of `x`.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func softmax<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  let axis = SoftmaxAxis(x.shape, axis, "softmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.softmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``softmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func softmax<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil,
  into y: inout Tensor<Scalar>
) {
  let axis = SoftmaxAxis(x.shape, axis, "softmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  requireSameShape(x, y, "softmax")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.softmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``softmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func softmax<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil
) {
  let axis = SoftmaxAxis(x.shape, axis, "softmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  x.withUnsafeMutableBufferPointer {
    SoftmaxOperation.softmax.run(axis, options, $0.baseAddress!, $0.baseAddress!)
  }
}

// MARK: - Log-softmax

/// The logarithm of ``softmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>``, which does not underflow: `v -
/// log(sum(exp(v)))` along an axis, with `v = x / temperature + bias`.
///
/// Elements that are left out, and minus infinity, give minus infinity; NaN is where softmax has it.
///
/// - Parameters:
///   - x: At least one axis.
///   - axis: The axis that is summed over, counted from the front, or when negative from the end.
///   - temperature: What x is divided by first; above 0.
///   - mask: Where `false`, an element is left out, as if it were not there; broadcast to the shape of `x`.
///   - bias: Added to `x / temperature`, minus infinity allowed; broadcast to the shape of `x`.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func logSoftmax<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  let axis = SoftmaxAxis(x.shape, axis, "logSoftmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSoftmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``logSoftmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func logSoftmax<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil,
  into y: inout Tensor<Scalar>
) {
  let axis = SoftmaxAxis(x.shape, axis, "logSoftmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  requireSameShape(x, y, "logSoftmax")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSoftmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``logSoftmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func logSoftmax<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil
) {
  let axis = SoftmaxAxis(x.shape, axis, "logSoftmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  x.withUnsafeMutableBufferPointer {
    SoftmaxOperation.logSoftmax.run(axis, options, $0.baseAddress!, $0.baseAddress!)
  }
}

// MARK: - Log-sum-exp

/// `log(sum(exp(v)))` along an axis, with `v = x / temperature + bias`, without overflow: a smooth maximum.
///
/// Minus infinity of nothing, and of nothing else; infinity where one element is; NaN where one that is kept is NaN.
///
/// - Parameters:
///   - x: At least one axis.
///   - axis: The axis that is summed over, counted from the front, or when negative from the end.
///   - temperature: What x is divided by first; above 0.
///   - mask: Where `false`, an element is left out, as if it were not there; broadcast to the shape of `x`.
///   - bias: Added to `x / temperature`, minus infinity allowed; broadcast to the shape of `x`.
///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func logSumExp<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil,
  keepingDimensions: Bool = false
) -> Tensor<Scalar> {
  let axis = SoftmaxAxis(x.shape, axis, "logSumExp")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  return Tensor(unsafeUninitializedShape: axis.reduced(x.shape, keepingDimensions: keepingDimensions)) { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSumExp.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``logSumExp(_:axis:temperature:mask:bias:keepingDimensions:)->Tensor<Scalar>`` into a tensor that exists, with or
/// without the axis.
///
/// - Precondition: `y` has the remaining shape.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func logSumExp<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil,
  into y: inout Tensor<Scalar>
) {
  let axis = SoftmaxAxis(x.shape, axis, "logSumExp")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  axis.requireReduced(x.shape, to: y.shape)
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSumExp.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

// MARK: - BFloat16

/// ``logSumExp(_:axis:temperature:mask:bias:keepingDimensions:)``, computed in `Float` and rounded once.
///
/// - Complexity: O(`x.count`).
public func logSumExp(
  _ x: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil,
  keepingDimensions: Bool = false
) -> Tensor<BFloat16> {
  let axis = SoftmaxAxis(x.shape, axis, "logSumExp")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  return Tensor(unsafeUninitializedShape: axis.reduced(x.shape, keepingDimensions: keepingDimensions)) { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSumExp.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``logSumExp(_:axis:temperature:mask:bias:keepingDimensions:)->Tensor<Scalar>`` into a tensor that exists, with or
/// without the axis.
///
/// - Precondition: `y` has the remaining shape.
/// - Complexity: O(`x.count`).
public func logSumExp(
  _ x: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil,
  into y: inout Tensor<BFloat16>
) {
  let axis = SoftmaxAxis(x.shape, axis, "logSumExp")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  axis.requireReduced(x.shape, to: y.shape)
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSumExp.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``softmax(_:axis:temperature:mask:bias:)``, computed in `Float` and rounded once.
///
/// - Complexity: O(`x.count`).
public func softmax(
  _ x: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil
) -> Tensor<BFloat16> {
  let axis = SoftmaxAxis(x.shape, axis, "softmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.softmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``softmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func softmax(
  _ x: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil,
  into y: inout Tensor<BFloat16>
) {
  let axis = SoftmaxAxis(x.shape, axis, "softmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  requireSameShape(x, y, "softmax")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.softmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``softmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func softmax(
  inPlace x: inout Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil
) {
  let axis = SoftmaxAxis(x.shape, axis, "softmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  x.withUnsafeMutableBufferPointer {
    SoftmaxOperation.softmax.run(axis, options, $0.baseAddress!, $0.baseAddress!)
  }
}

/// ``logSoftmax(_:axis:temperature:mask:bias:)``, computed in `Float` and rounded once.
///
/// - Complexity: O(`x.count`).
public func logSoftmax(
  _ x: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil
) -> Tensor<BFloat16> {
  let axis = SoftmaxAxis(x.shape, axis, "logSoftmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSoftmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``logSoftmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func logSoftmax(
  _ x: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil,
  into y: inout Tensor<BFloat16>
) {
  let axis = SoftmaxAxis(x.shape, axis, "logSoftmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  requireSameShape(x, y, "logSoftmax")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { SoftmaxOperation.logSoftmax.run(axis, options, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``logSoftmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func logSoftmax(
  inPlace x: inout Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil
) {
  let axis = SoftmaxAxis(x.shape, axis, "logSoftmax")
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  x.withUnsafeMutableBufferPointer {
    SoftmaxOperation.logSoftmax.run(axis, options, $0.baseAddress!, $0.baseAddress!)
  }
}
