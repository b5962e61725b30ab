import CKernels

/// What training normalized each channel with: kept for the way back.
public struct BatchStatistics: Sendable, Equatable {
  /// The mean of each channel.
  public var mean: [Double]
  /// 1 / sqrt(variance + epsilon) of each channel.
  public var inverseDeviation: [Double]

  /// Statistics that were computed, or read, elsewhere.
  ///
  /// - Precondition: both have the same number of elements.
  public init(mean: [Double], inverseDeviation: [Double]) {
    require(
      mean.count == inverseDeviation.count,
      "BatchStatistics: \(mean.count) means do not belong to \(inverseDeviation.count) deviations"
    )
    (self.mean, self.inverseDeviation) = (mean, inverseDeviation)
  }
}

// MARK: - Training

/// Normalizes each channel over the whole batch: `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with the mean
/// and the population variance of the channel; and lets the running statistics follow.
///
/// ```swift
/// let (y, statistics) = batchNorm(
///   x, scale: scale, offset: offset, runningMean: &mean, runningVariance: &variance)  // x: [32, 64, 56, 56]
/// ```
///
/// A large mean costs no accuracy. A channel with NaN or infinity becomes NaN. The running variance takes the unbiased
/// variance, as torch's does.
///
/// Source: S. Ioffe, C. Szegedy, "Batch normalization", 2015.
///
/// - Parameters:
///   - x: Channels along `channelAxis`; all other axes belong to the batch.
///   - scale: Shape (channels); ones when `nil`.
///   - offset: Shape (channels); zeros when `nil`.
///   - runningMean: Shape (channels); becomes `(1 - momentum) * runningMean + momentum * mean`.
///   - runningVariance: Shape (channels); the same of the unbiased variance.
///   - momentum: How much the running statistics take of this batch.
///   - epsilon: Not negative.
///   - channelAxis: 1 for (batch, channels, height, width) and (batch, features), -1 for channels last.
/// - Returns: The shape of `x`, and what ``batchNormBackward(_:_:scale:statistics:channelAxis:)`` needs.
/// - Precondition: the parameters are as above, and a channel does not have one element only.
/// - Complexity: O(`x.count`), two passes over memory.
public func batchNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  runningMean: inout Tensor<Scalar>,
  runningVariance: inout Tensor<Scalar>,
  momentum: Scalar = 0.1,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1
) -> (y: Tensor<Scalar>, statistics: BatchStatistics) {
  let batch = BatchChannels(x, channelAxis, "batchNorm")
  batch.requireFit(scale, offset, runningMean, runningVariance, epsilon)
  require(batch.count != 1, "batchNorm: the variance of one element cannot be estimated; \(x.shape)")
  var statistics = BatchStatistics(mean: [], inverseDeviation: [])
  let y = Tensor<Scalar>(unsafeUninitializedShape: x.shape) { y in
    statistics = x.withUnsafeBufferPointer { x in
      batch.train(x.baseAddress!, scale, offset, &runningMean, &runningVariance, momentum, epsilon, y.baseAddress!)
    }
  }
  return (y, statistics)
}

/// ``batchNorm(_:scale:offset:runningMean:runningVariance:momentum:epsilon:channelAxis:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
@discardableResult
public func batchNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  runningMean: inout Tensor<Scalar>,
  runningVariance: inout Tensor<Scalar>,
  momentum: Scalar = 0.1,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1,
  into y: inout Tensor<Scalar>
) -> BatchStatistics {
  let batch = BatchChannels(x, channelAxis, "batchNorm")
  batch.requireFit(scale, offset, runningMean, runningVariance, epsilon)
  require(batch.count != 1, "batchNorm: the variance of one element cannot be estimated; \(x.shape)")
  requireSameShape(x, y, "batchNorm")
  return y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { x in
      batch.train(x.baseAddress!, scale, offset, &runningMean, &runningVariance, momentum, epsilon, y.baseAddress!)
    }
  }
}

/// ``batchNorm(_:scale:offset:runningMean:runningVariance:momentum:epsilon:channelAxis:)`` in place: for passes without a way
/// back, which needs what was normalized.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
@discardableResult
public func batchNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  runningMean: inout Tensor<Scalar>,
  runningVariance: inout Tensor<Scalar>,
  momentum: Scalar = 0.1,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1
) -> BatchStatistics {
  let batch = BatchChannels(x, channelAxis, "batchNorm")
  batch.requireFit(scale, offset, runningMean, runningVariance, epsilon)
  require(batch.count != 1, "batchNorm: the variance of one element cannot be estimated; \(x.shape)")
  return x.withUnsafeMutableBufferPointer { x in
    let y = x.baseAddress!
    return batch.train(UnsafePointer(y), scale, offset, &runningMean, &runningVariance, momentum, epsilon, y)
  }
}

// MARK: - Inference

/// Batch norm with statistics that are given, such as the running ones of training:
/// `(x - mean) / sqrt(variance + epsilon) * scale + offset`.
///
/// - Parameters:
///   - x: Channels along `channelAxis`.
///   - mean: Shape (channels).
///   - variance: Shape (channels).
///   - scale: Shape (channels); ones when `nil`.
///   - offset: Shape (channels); zeros when `nil`.
///   - epsilon: Not negative.
///   - channelAxis: 1 for channels first, -1 for channels last.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`), one pass over memory.
public func batchNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  mean: Tensor<Scalar>,
  variance: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1
) -> Tensor<Scalar> {
  let batch = BatchChannels(x, channelAxis, "batchNorm")
  batch.requireFit(scale, offset, mean, variance, epsilon)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { x in
      batch.infer(x.baseAddress!, mean, variance, scale, offset, epsilon, y.baseAddress!)
    }
  }
}

/// ``batchNorm(_:mean:variance:scale:offset:epsilon:channelAxis:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func batchNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  mean: Tensor<Scalar>,
  variance: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1,
  into y: inout Tensor<Scalar>
) {
  let batch = BatchChannels(x, channelAxis, "batchNorm")
  batch.requireFit(scale, offset, mean, variance, epsilon)
  requireSameShape(x, y, "batchNorm")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { x in
      batch.infer(x.baseAddress!, mean, variance, scale, offset, epsilon, y.baseAddress!)
    }
  }
}

/// ``batchNorm(_:mean:variance:scale:offset:epsilon:channelAxis:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func batchNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  mean: Tensor<Scalar>,
  variance: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  channelAxis: Int = 1
) {
  let batch = BatchChannels(x, channelAxis, "batchNorm")
  batch.requireFit(scale, offset, mean, variance, epsilon)
  x.withUnsafeMutableBufferPointer { x in
    batch.infer(x.baseAddress!, mean, variance, scale, offset, epsilon, x.baseAddress!)
  }
}

/// Batch norm of inference as one scale and one offset of each channel, `x * scale + offset`, which the weights of the
/// layer before can take up.
///
/// Where the mean is many deviations from zero, the folded form loses as many digits;
/// ``batchNorm(_:mean:variance:scale:offset:epsilon:channelAxis:)`` loses none.
///
/// - Parameters: as those of ``batchNorm(_:mean:variance:scale:offset:epsilon:channelAxis:)``.
/// - Returns: Both of the shape (channels).
/// - Precondition: the parameters are as there.
/// - Complexity: O(channels).
public func foldedBatchNorm<Scalar: KernelScalar>(
  mean: Tensor<Scalar>,
  variance: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> (scale: Tensor<Scalar>, offset: Tensor<Scalar>) {
  var (foldedScale, foldedOffset) = (
    Tensor<Scalar>(uninitialized: mean.shape, count: mean.count),
    Tensor<Scalar>(uninitialized: mean.shape, count: mean.count)
  )
  foldedBatchNorm(
    mean: mean,
    variance: variance,
    scale: scale,
    offset: offset,
    epsilon: epsilon,
    into: &foldedScale,
    &foldedOffset
  )
  return (foldedScale, foldedOffset)
}

/// ``foldedBatchNorm(mean:variance:scale:offset:epsilon:)`` into tensors that exist.
///
/// - Precondition: as there; both results have the shape (channels).
/// - Complexity: O(channels).
public func foldedBatchNorm<Scalar: KernelScalar>(
  mean: Tensor<Scalar>,
  variance: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into foldedScale: inout Tensor<Scalar>,
  _ foldedOffset: inout Tensor<Scalar>
) {
  let batch = BatchChannels(mean, 0, "foldedBatchNorm")
  batch.requireFit(scale, offset, mean, variance, epsilon)
  requireSameShape(mean, foldedScale, "foldedBatchNorm")
  requireSameShape(mean, foldedOffset, "foldedBatchNorm")
  foldedScale.withUnsafeMutableBufferPointer { foldedScale in
    foldedOffset.withUnsafeMutableBufferPointer { foldedOffset in
      batch.fold(mean, variance, scale, offset, epsilon, foldedScale.baseAddress!, foldedOffset.baseAddress!)
    }
  }
}
