/// Normalizes groups of channels of each example: `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with the mean
/// and the population variance over the channels of a group and all of their places.
///
/// Channels lie behind the examples, and the places (of a signal, an image, a volume) behind them. Each example is
/// normalized by itself, so the size of a batch changes nothing. One group is a layer norm of whole examples; as many groups
/// as channels are an ``instanceNorm(_:scale:offset:epsilon:)``.
///
/// A large mean costs no accuracy. A group with NaN or infinity becomes NaN.
///
/// Source: Y. Wu, K. He, "Group normalization", 2018.
///
/// - Parameters:
///   - x: Shape (n, channels, ...), at least two axes.
///   - groups: Divides the number of channels.
///   - scale: Shape (channels); ones when `nil`.
///   - offset: Shape (channels); zeros when `nil`.
///   - epsilon: Not negative.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func groupNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  let channels = NormChannels(x, groups, scale, offset, epsilon, "groupNorm")
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { channels.normalize($0.baseAddress!, scale, offset, y.baseAddress!) }
  }
}

/// ``groupNorm(_:groups:scale:offset:epsilon:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func groupNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  let channels = NormChannels(x, groups, scale, offset, epsilon, "groupNorm")
  requireSameShape(x, y, "groupNorm")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { channels.normalize($0.baseAddress!, scale, offset, y.baseAddress!) }
  }
}

/// ``groupNorm(_:groups:scale:offset:epsilon:)``, and what groups were normalized by, which spares
/// ``groupNormBackward(_:_:groups:scale:epsilon:statistics:)`` from finding it again.
///
/// - Precondition: as there.
/// - Complexity: O(`x.count`).
public func groupNormWithStatistics<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> (y: Tensor<Scalar>, statistics: RowStatistics) {
  var (y, statistics) = (Tensor<Scalar>(uninitialized: x.shape, count: x.count), RowStatistics())
  groupNorm(x, groups: groups, scale: scale, offset: offset, epsilon: epsilon, statistics: &statistics, into: &y)
  return (y, statistics)
}

/// ``groupNorm(_:groups:scale:offset:epsilon:)`` into a tensor that exists, keeping for
/// ``groupNormBackward(_:_:groups:scale:epsilon:statistics:)`` what groups were normalized by; NaN of groups without elements.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func groupNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<Scalar>
) {
  let channels = NormChannels(x, groups, scale, offset, epsilon, "groupNorm")
  requireSameShape(x, y, "groupNorm")
  let means = channels.samples * groups
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { x in
      statistics.fill(means: means, inverses: means) { mean, inverse in
        channels.normalize(x.baseAddress!, scale, offset, y.baseAddress!, mean, inverse)
      }
    }
  }
}

/// ``groupNorm(_:groups:scale:offset:epsilon:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func groupNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  let channels = NormChannels(x, groups, scale, offset, epsilon, "groupNorm")
  x.withUnsafeMutableBufferPointer { channels.normalize($0.baseAddress!, scale, offset, $0.baseAddress!) }
}

/// The way back through ``groupNorm(_:groups:scale:offset:epsilon:)``: from the gradient of its result to those of its
/// arguments.
///
/// - Parameters:
///   - gradY: The gradient of the result; the shape of `x`.
///   - x: Shape (n, channels, ...), what was normalized.
///   - groups: As they were given.
///   - scale: Shape (channels), as it was given; ones when `nil`.
///   - epsilon: As it was given; without meaning beside `statistics`.
///   - statistics: What ``groupNorm(_:groups:scale:offset:epsilon:statistics:into:)`` kept; computed once more when `nil`.
/// - Returns: The gradients of `x`, of the scale and of the offset, the latter two of the shape (channels).
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func groupNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil
) -> NormGradients<Scalar, Scalar> {
  let channels = NormChannels(x, groups, scale, nil, epsilon, "groupNormBackward").channels
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  var gradScale = Tensor<Scalar>(uninitialized: [channels], count: channels)
  var gradOffset = Tensor<Scalar>(uninitialized: [channels], count: channels)
  groupNormBackward(
    gradY,
    x,
    groups: groups,
    scale: scale,
    epsilon: epsilon,
    statistics: statistics,
    into: &gradX,
    &gradScale,
    &gradOffset
  )
  return (gradX, gradScale, gradOffset)
}

/// ``groupNormBackward(_:_:groups:scale:epsilon:statistics:)`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, `gradScale` and `gradOffset` have the shape (channels).
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func groupNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil,
  into gradX: inout Tensor<Scalar>,
  _ gradScale: inout Tensor<Scalar>,
  _ gradOffset: inout Tensor<Scalar>
) {
  let channels = NormChannels(x, groups, scale, nil, epsilon, "groupNormBackward")
  requireSameShape(x, gradY, "groupNormBackward")
  requireSameShape(x, gradX, "groupNormBackward")
  channels.requireFit(statistics)
  channels.requireFit(gradScale, "the gradient of scale")
  channels.requireFit(gradOffset, "the gradient of offset")
  gradX.withUnsafeMutableBufferPointer { gradX in
    gradScale.withUnsafeMutableBufferPointer { gradScale in
      gradOffset.withUnsafeMutableBufferPointer { gradOffset in
        gradY.withUnsafeBufferPointer { gradY in
          x.withUnsafeBufferPointer { x in
            channels.backward(
              gradY.baseAddress!,
              x.baseAddress!,
              scale,
              statistics,
              gradX.baseAddress!,
              gradScale.baseAddress!,
              gradOffset.baseAddress!
            )
          }
        }
      }
    }
  }
}
