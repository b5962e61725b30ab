// MARK: - Layer norm

/// The way back through ``layerNorm(_:scale:offset:epsilon:)->Tensor<Scalar>``: from the gradient of its result to
/// those of its arguments.
///
/// Of ``addLayerNorm(_:_:scale:offset:epsilon:)->(Tensor<Scalar>,_)``, `x` is the sum, and its gradient is that of
/// both that were added.
///
/// - Parameters:
///   - gradY: The gradient of the result; the shape of `x`.
///   - x: Shape (..., n), what was normalized.
///   - scale: Shape (n), as it was given; ones when `nil`.
///   - epsilon: As it was given; without meaning beside `statistics`.
///   - statistics: What ``layerNorm(_:scale:offset:epsilon:statistics:into:)-(_,_,_,Scalar,_,_)`` kept. When `nil`, it
///     is computed once more, which costs little where memory is what takes the time.
/// - Returns: The gradients of `x`, of the scale and of the offset, the latter two of the shape (n).
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`), one pass over memory.
public func layerNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil
) -> NormGradients<Scalar, Scalar> {
  RowNorm(.layer, x, epsilon: epsilon, "layerNormBackward").gradients(gradY, x, scale, statistics)
}

/// ``layerNormBackward(_:_:scale:epsilon:statistics:)->NormGradients<Scalar,Scalar>`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, `gradScale` and `gradOffset` have the shape (n).
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func layerNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil,
  into gradX: inout Tensor<Scalar>,
  _ gradScale: inout Tensor<Scalar>,
  _ gradOffset: inout Tensor<Scalar>
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNormBackward")
    .gradients(gradY, x, scale, statistics, &gradX, &gradScale, &gradOffset)
}

// MARK: - RMS norm

/// The way back through ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>``, as
/// ``layerNormBackward(_:_:scale:epsilon:statistics:)->NormGradients<Scalar,Scalar>``.
///
/// - Complexity: O(`x.count`), one pass over memory.
public func rmsNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil
) -> (x: Tensor<Scalar>, scale: Tensor<Scalar>) {
  let gradients = RowNorm(.rms, x, epsilon: epsilon, "rmsNormBackward").gradients(gradY, x, scale, statistics)
  return (gradients.x, gradients.scale)
}

/// ``rmsNormBackward(_:_:scale:epsilon:statistics:)->(Tensor<Scalar>,_)`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, `gradScale` the shape (n).
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rmsNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: RowStatistics? = nil,
  into gradX: inout Tensor<Scalar>,
  _ gradScale: inout Tensor<Scalar>
) {
  var none = Tensor<Scalar>(zeros: [0])
  RowNorm(.rms, x, epsilon: epsilon, "rmsNormBackward")
    .gradients(gradY, x, scale, statistics, &gradX, &gradScale, &none)
}
