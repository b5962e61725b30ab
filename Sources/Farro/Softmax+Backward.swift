import CKernels

/// The gradient of ``softmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>``: `(gradY - sum(gradY * y)) * y /
/// temperature`, which is 0 where an element was left out.
///
/// - Parameters:
///   - gradY: The gradient of a loss by softmax's result.
///   - y: Softmax's result, of the same shape.
///   - axis: As it was given to softmax.
///   - temperature: As it was given to softmax.
/// - Returns: The gradient of the loss by softmax's `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`y.count`).
public func softmaxBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: y.shape) {
    differentiate(.softmax, gradY, y, axis, temperature, "softmaxBackward", $0.baseAddress!)
  }
}

/// ``softmaxBackward(_:y:axis:temperature:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `gradX` has the shape of `y`.
/// - Complexity: O(`y.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func softmaxBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  into gradX: inout Tensor<Scalar>
) {
  requireSameShape(y, gradX, "softmaxBackward")
  gradX.withUnsafeMutableBufferPointer {
    differentiate(.softmax, gradY, y, axis, temperature, "softmaxBackward", $0.baseAddress!)
  }
}

/// The gradient of ``logSoftmax(_:axis:temperature:mask:bias:)->Tensor<Scalar>``: `(gradY - exp(y) * sum(gradY)) /
/// temperature`.
///
/// Where `y` is minus infinity, `x` has no influence: the gradient is 0 there, and `gradY` does not count.
///
/// - Parameters:
///   - gradY: The gradient of a loss by log-softmax's result.
///   - y: Log-softmax's result, of the same shape.
///   - axis: As it was given to log-softmax.
///   - temperature: As it was given to log-softmax.
/// - Returns: The gradient of the loss by log-softmax's `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`y.count`).
public func logSoftmaxBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: y.shape) {
    differentiate(.logSoftmax, gradY, y, axis, temperature, "logSoftmaxBackward", $0.baseAddress!)
  }
}

/// ``logSoftmaxBackward(_:y:axis:temperature:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `gradX` has the shape of `y`.
/// - Complexity: O(`y.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func logSoftmaxBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  y: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  into gradX: inout Tensor<Scalar>
) {
  requireSameShape(y, gradX, "logSoftmaxBackward")
  gradX.withUnsafeMutableBufferPointer {
    differentiate(.logSoftmax, gradY, y, axis, temperature, "logSoftmaxBackward", $0.baseAddress!)
  }
}

/// The gradient of ``logSumExp(_:axis:temperature:mask:bias:keepingDimensions:)->Tensor<Scalar>``: softmax times
/// `gradY / temperature`.
///
/// - Parameters:
///   - gradY: The gradient of a loss by the result of log-sum-exp, with or without the axis.
///   - x: As it was given to log-sum-exp.
///   - y: The result of log-sum-exp, with or without the axis.
///   - axis: As it was given to log-sum-exp.
///   - temperature: As it was given to log-sum-exp.
///   - mask: As it was given to log-sum-exp.
///   - bias: As it was given to log-sum-exp.
/// - Returns: The gradient of the loss by `x`: 0 where an element was left out, and everywhere where `y` is minus infinity.
/// - Precondition: the shapes fit as above.
/// - Complexity: O(`x.count`).
public func logSumExpBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  x: Tensor<Scalar>,
  y: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: x.shape) {
    differentiateSum(gradY, x, y, axis, temperature, mask, bias, $0.baseAddress!)
  }
}

/// ``logSumExpBackward(_:x:y:axis:temperature:mask:bias:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `gradX` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func logSumExpBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  x: Tensor<Scalar>,
  y: Tensor<Scalar>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<Scalar>? = nil,
  into gradX: inout Tensor<Scalar>
) {
  requireSameShape(x, gradX, "logSumExpBackward")
  gradX.withUnsafeMutableBufferPointer {
    differentiateSum(gradY, x, y, axis, temperature, mask, bias, $0.baseAddress!)
  }
}

// MARK: - BFloat16

/// ``softmaxBackward(_:y:axis:temperature:)``, computed in `Float` and rounded once.
///
/// - Complexity: O(`y.count`).
public func softmaxBackward(
  _ gradY: Tensor<BFloat16>,
  y: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1
) -> Tensor<BFloat16> {
  Tensor(unsafeUninitializedShape: y.shape) {
    differentiate(.softmax, gradY, y, axis, temperature, "softmaxBackward", $0.baseAddress!)
  }
}

/// ``softmaxBackward(_:y:axis:temperature:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `gradX` has the shape of `y`.
/// - Complexity: O(`y.count`).
public func softmaxBackward(
  _ gradY: Tensor<BFloat16>,
  y: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  into gradX: inout Tensor<BFloat16>
) {
  requireSameShape(y, gradX, "softmaxBackward")
  gradX.withUnsafeMutableBufferPointer {
    differentiate(.softmax, gradY, y, axis, temperature, "softmaxBackward", $0.baseAddress!)
  }
}

/// ``logSoftmaxBackward(_:y:axis:temperature:)``, computed in `Float` and rounded once.
///
/// - Complexity: O(`y.count`).
public func logSoftmaxBackward(
  _ gradY: Tensor<BFloat16>,
  y: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1
) -> Tensor<BFloat16> {
  Tensor(unsafeUninitializedShape: y.shape) {
    differentiate(.logSoftmax, gradY, y, axis, temperature, "logSoftmaxBackward", $0.baseAddress!)
  }
}

/// ``logSoftmaxBackward(_:y:axis:temperature:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `gradX` has the shape of `y`.
/// - Complexity: O(`y.count`).
public func logSoftmaxBackward(
  _ gradY: Tensor<BFloat16>,
  y: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  into gradX: inout Tensor<BFloat16>
) {
  requireSameShape(y, gradX, "logSoftmaxBackward")
  gradX.withUnsafeMutableBufferPointer {
    differentiate(.logSoftmax, gradY, y, axis, temperature, "logSoftmaxBackward", $0.baseAddress!)
  }
}

/// ``logSumExpBackward(_:x:y:axis:temperature:mask:bias:)``, computed in `Float` and rounded once.
///
/// - Complexity: O(`x.count`).
public func logSumExpBackward(
  _ gradY: Tensor<BFloat16>,
  x: Tensor<BFloat16>,
  y: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil
) -> Tensor<BFloat16> {
  Tensor(unsafeUninitializedShape: x.shape) {
    differentiateSum(gradY, x, y, axis, temperature, mask, bias, $0.baseAddress!)
  }
}

/// ``logSumExpBackward(_:x:y:axis:temperature:mask:bias:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `gradX` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func logSumExpBackward(
  _ gradY: Tensor<BFloat16>,
  x: Tensor<BFloat16>,
  y: Tensor<BFloat16>,
  axis: Int = -1,
  temperature: Double = 1,
  mask: Tensor<Bool>? = nil,
  bias: Tensor<BFloat16>? = nil,
  into gradX: inout Tensor<BFloat16>
) {
  requireSameShape(x, gradX, "logSumExpBackward")
  gradX.withUnsafeMutableBufferPointer {
    differentiateSum(gradY, x, y, axis, temperature, mask, bias, $0.baseAddress!)
  }
}

// MARK: - Kernels

private func differentiate<Scalar: TensorScalar>(
  _ operation: SoftmaxOperation,
  _ gradY: Tensor<Scalar>,
  _ y: Tensor<Scalar>,
  _ axis: Int,
  _ temperature: Double,
  _ function: StaticString,
  _ gradX: UnsafeMutablePointer<Scalar>
) {
  let axis = SoftmaxAxis(y.shape, axis, function)
  require(gradY.shape == y.shape, "\(function): a gradient of the shape \(gradY.shape) for a result of \(y.shape)")
  let options = SoftmaxOptions<Scalar>(y.shape, axis, temperature, nil, nil)
  gradY.withUnsafeBufferPointer { gradY in
    y.withUnsafeBufferPointer {
      operation.runBackward(axis, options, nil, $0.baseAddress!, gradY.baseAddress!, gradX)
    }
  }
}

private func differentiateSum<Scalar: TensorScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>,
  _ axis: Int,
  _ temperature: Double,
  _ mask: Tensor<Bool>?,
  _ bias: Tensor<Scalar>?,
  _ gradX: UnsafeMutablePointer<Scalar>
) {
  let axis = SoftmaxAxis(x.shape, axis, "logSumExpBackward")
  require(
    axis.reduces(x.shape, to: y.shape) && axis.reduces(x.shape, to: gradY.shape),
    "logSumExpBackward: results \(y.shape) and gradients \(gradY.shape) do not fit \(x.shape) without axis \(axis.position)"
  )
  let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
  gradY.withUnsafeBufferPointer { gradY in
    y.withUnsafeBufferPointer { y in
      x.withUnsafeBufferPointer {
        SoftmaxOperation.logSumExp.runBackward(
          axis,
          options,
          $0.baseAddress!,
          y.baseAddress!,
          gradY.baseAddress!,
          gradX
        )
      }
    }
  }
}
