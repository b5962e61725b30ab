/// Normalizes each channel of each example by itself, over all of its places: a
/// ``groupNorm(_:groups:scale:offset:epsilon:)`` of as many groups as channels.
///
/// Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization", 2016.
///
/// - Parameters:
///   - x: Shape (n, channels, ...), at least two axes.
///   - scale: Shape (channels); ones when `nil`.
///   - offset: Shape (channels); zeros when `nil`.
///   - epsilon: Not negative.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func instanceNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  groupNorm(x, groups: channelsOf(x, "instanceNorm"), scale: scale, offset: offset, epsilon: epsilon)
}

/// ``instanceNorm(_:scale:offset:epsilon:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func instanceNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  let groups = channelsOf(x, "instanceNorm")
  groupNorm(x, groups: groups, scale: scale, offset: offset, epsilon: epsilon, into: &y)
}

/// ``instanceNorm(_:scale:offset:epsilon:)``, and what channels were normalized by, which spares
/// ``instanceNormBackward(_:_:scale:epsilon:statistics:)`` from finding it again.
///
/// - Precondition: as there.
/// - Complexity: O(`x.count`).
public func instanceNormWithStatistics<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> (y: Tensor<Scalar>, statistics: RowStatistics) {
  let groups = channelsOf(x, "instanceNorm")
  return groupNormWithStatistics(x, groups: groups, scale: scale, offset: offset, epsilon: epsilon)
}

/// ``instanceNorm(_:scale:offset:epsilon:)`` into a tensor that exists, keeping for
/// ``instanceNormBackward(_:_:scale:epsilon:statistics:)`` what channels were normalized by.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func instanceNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<Scalar>
) {
  let groups = channelsOf(x, "instanceNorm")
  groupNorm(x, groups: groups, scale: scale, offset: offset, epsilon: epsilon, statistics: &statistics, into: &y)
}

/// ``instanceNorm(_:scale:offset:epsilon:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func instanceNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  let groups = channelsOf(x, "instanceNorm")
  groupNorm(inPlace: &x, groups: groups, scale: scale, offset: offset, epsilon: epsilon)
}

/// The way back through ``instanceNorm(_:scale:offset:epsilon:)``, as
/// ``groupNormBackward(_:_:groups:scale:epsilon:statistics:)``.
///
/// - Complexity: O(`x.count`).
public func instanceNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil
) -> NormGradients<Scalar, Scalar> {
  let groups = channelsOf(x, "instanceNormBackward")
  return groupNormBackward(gradY, x, groups: groups, scale: scale, epsilon: epsilon, statistics: statistics)
}

/// ``instanceNormBackward(_:_:scale:epsilon:statistics:)`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, `gradScale` and `gradOffset` have the shape (channels).
/// - Complexity: O(`x.count`).
public func instanceNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil,
  into gradX: inout Tensor<Scalar>,
  _ gradScale: inout Tensor<Scalar>,
  _ gradOffset: inout Tensor<Scalar>
) {
  groupNormBackward(
    gradY,
    x,
    groups: channelsOf(x, "instanceNormBackward"),
    scale: scale,
    epsilon: epsilon,
    statistics: statistics,
    into: &gradX,
    &gradScale,
    &gradOffset
  )
}

/// At least 1, so that no channels are one group of nothing.
private func channelsOf<Scalar>(_ x: Tensor<Scalar>, _ function: StaticString) -> Int {
  require(x.rank > 1, "\(function): \(x.shape) is not (n, channels, ...)")
  return max(1, x.shape[1])
}
