import CKernels

// MARK: - Layer norm

/// Normalizes along the last axis: `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with the mean and the
/// population variance of each row.
///
/// A row is what one example, or one token, has in its features: each is normalized by itself, in training as in use,
/// whatever else is in the batch. ``groupNorm(_:groups:scale:offset:epsilon:)`` does the same over some channels and all
/// places of an image, ``instanceNorm(_:scale:offset:epsilon:)`` over the places of one channel, and a batch norm over all
/// examples of a batch, for each feature by itself. ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>`` leaves the mean
/// where it is and is cheaper.
///
/// A large mean costs no accuracy. A row with NaN or infinity becomes NaN.
///
/// Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
///
/// - Parameters:
///   - x: Shape (..., n), at least one axis.
///   - scale: Shape (n); ones when `nil`.
///   - offset: Shape (n); zeros when `nil`.
///   - epsilon: Not negative. It keeps the divisor of a row of equal elements from being zero.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func layerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalized(x, scale, offset)
}

/// ``layerNorm(_:scale:offset:epsilon:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func layerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalize(x, scale, offset, into: &y)
}

/// ``layerNorm(_:scale:offset:epsilon:)->Tensor<Scalar>`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func layerNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalize(inPlace: &x, scale, offset)
}

/// ``layerNorm(_:scale:offset:epsilon:)->Tensor<Scalar>``, and what rows were normalized by, which spares
/// ``layerNormBackward(_:_:scale:epsilon:statistics:)->NormGradients<Scalar,Scalar>`` from finding it again.
///
/// - Precondition: as there.
/// - Complexity: O(`x.count`).
public func layerNormWithStatistics<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> (y: Tensor<Scalar>, statistics: RowStatistics) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalizedWithStatistics(x, scale, offset)
}

/// ``layerNorm(_:scale:offset:epsilon:)->Tensor<Scalar>`` into a tensor that exists, keeping for
/// ``layerNormBackward(_:_:scale:epsilon:statistics:)->NormGradients<Scalar,Scalar>`` what rows were normalized by.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func layerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<Scalar>
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalize(x, scale, offset, &statistics, into: &y)
}

// MARK: - RMS norm

/// Divides each row along the last axis by its root mean square: `x / sqrt(mean(x * x) + epsilon) * scale`.
///
/// Squares must not overflow.
///
/// Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", 2019.
///
/// - Parameters:
///   - x: Shape (..., n), at least one axis.
///   - scale: Shape (n); ones when `nil`.
///   - epsilon: Not negative.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func rmsNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalized(x, scale, nil)
}

/// ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rmsNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalize(x, scale, nil, into: &y)
}

/// ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rmsNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalize(inPlace: &x, scale, nil)
}

/// ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>``, and what rows were divided by, which spares
/// ``rmsNormBackward(_:_:scale:epsilon:statistics:)->(Tensor<Scalar>,_)`` from finding it again.
///
/// - Precondition: as there.
/// - Complexity: O(`x.count`).
public func rmsNormWithStatistics<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> (y: Tensor<Scalar>, statistics: RowStatistics) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalizedWithStatistics(x, scale, nil)
}

/// ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>`` into a tensor that exists, keeping for
/// ``rmsNormBackward(_:_:scale:epsilon:statistics:)->(Tensor<Scalar>,_)`` what rows were divided by.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rmsNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<Scalar>
) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalize(x, scale, nil, &statistics, into: &y)
}

func requireSameShape<Scalar>(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ function: StaticString) {
  require(x.shape == y.shape, "\(function): the result for \(x.shape) does not fit into \(y.shape)")
}
