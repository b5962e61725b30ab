// MARK: - Training

/// The way back through ``batchNorm(_:scale:offset:runningMean:runningVariance:momentum:epsilon:channelAxis:)``: from the
/// gradient of its result to those of its arguments.
///
/// - Parameters:
///   - gradY: The gradient of the result; the shape of `x`.
///   - x: What was normalized.
///   - scale: Shape (channels), as it was given; ones when `nil`.
///   - statistics: What batch norm returned.
///   - channelAxis: As it was given.
/// - Returns: The gradients of `x`, of the scale and of the offset, the latter two of the shape (channels).
/// - Precondition: the shapes agree as above.
/// - Complexity: O(`x.count`), two passes over memory.
public func batchNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  statistics: BatchStatistics,
  channelAxis: Int = 1
) -> NormGradients<Scalar, Scalar> {
  let batch = BatchChannels(x, channelAxis, "batchNormBackward")
  batch.requireFit(gradY, scale, statistics)
  return batch.gradients(x.shape) { batch.trainBackward(gradY, x, scale, statistics, $0, $1, $2) }
}

/// ``batchNormBackward(_:_:scale:statistics:channelAxis:)`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, `gradScale` and `gradOffset` have the shape (channels).
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func batchNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  statistics: BatchStatistics,
  channelAxis: Int = 1,
  into gradX: inout Tensor<Scalar>,
  _ gradScale: inout Tensor<Scalar>,
  _ gradOffset: inout Tensor<Scalar>
) {
  let batch = BatchChannels(x, channelAxis, "batchNormBackward")
  batch.requireFit(gradY, scale, statistics)
  batch.gradients(x.shape, &gradX, &gradScale, &gradOffset) {
    batch.trainBackward(gradY, x, scale, statistics, $0, $1, $2)
  }
}

// MARK: - Inference

/// The way back through ``batchNorm(_:mean:variance:scale:offset:epsilon:channelAxis:)``: the statistics are constants.
///
/// - Parameters:
///   - gradY: The gradient of the result; the shape of `x`.
///   - x: What was normalized.
///   - mean: As it was given.
///   - variance: As it was given.
///   - scale: As it was given.
///   - epsilon: As it was given.
///   - channelAxis: As it was given.
/// - Returns: The gradients of `x`, of the scale and of the offset, the latter two of the shape (channels).
/// - Precondition: the shapes agree.
/// - Complexity: O(`x.count`).
public func batchNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  mean: Tensor<Scalar>,
  variance: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1
) -> NormGradients<Scalar, Scalar> {
  let batch = BatchChannels(x, channelAxis, "batchNormBackward")
  batch.requireFit(scale, nil, mean, variance, epsilon)
  requireSameShape(x, gradY, "batchNormBackward")
  return batch.gradients(x.shape) { batch.inferBackward(gradY, x, mean, variance, scale, epsilon, $0, $1, $2) }
}

/// ``batchNormBackward(_:_:mean:variance:scale:epsilon:channelAxis:)`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, `gradScale` and `gradOffset` have the shape (channels).
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func batchNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  mean: Tensor<Scalar>,
  variance: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1,
  into gradX: inout Tensor<Scalar>,
  _ gradScale: inout Tensor<Scalar>,
  _ gradOffset: inout Tensor<Scalar>
) {
  let batch = BatchChannels(x, channelAxis, "batchNormBackward")
  batch.requireFit(scale, nil, mean, variance, epsilon)
  requireSameShape(x, gradY, "batchNormBackward")
  batch.gradients(x.shape, &gradX, &gradScale, &gradOffset) {
    batch.inferBackward(gradY, x, mean, variance, scale, epsilon, $0, $1, $2)
  }
}
