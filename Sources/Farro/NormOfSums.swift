// Of a sum and a norm, which follow each other in every block of a transformer.

// MARK: - Layer norm

/// Adds and normalizes in one pass over memory: `x + residual`, and
/// ``layerNorm(_:scale:offset:epsilon:)->Tensor<Scalar>`` of that.
///
/// - Parameters:
///   - x: Shape (..., n), at least one axis.
///   - residual: The shape of `x`.
///   - scale: Shape (n); ones when `nil`.
///   - offset: Shape (n); zeros when `nil`.
///   - epsilon: Not negative.
/// - Returns: The sum, which the next block adds to, and its norm, both of the shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func addLayerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ residual: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> (sum: Tensor<Scalar>, y: Tensor<Scalar>) {
  RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").added(x, residual, scale, offset)
}

/// ``addLayerNorm(_:_:scale:offset:epsilon:)->(Tensor<Scalar>,_)`` into tensors that exist.
///
/// - Precondition: all four tensors have the same shape.
/// - Complexity: O(`x.count`), one pass over memory.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func addLayerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ residual: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into sum: inout Tensor<Scalar>,
  _ y: inout Tensor<Scalar>
) {
  RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").add(x, residual, scale, offset, into: &sum, &y)
}

/// Adds `x` to `residual`, and writes ``layerNorm(_:scale:offset:epsilon:)->Tensor<Scalar>`` of the sum into a tensor
/// that exists.
///
/// - Precondition: all three tensors have the same shape.
/// - Complexity: O(`x.count`), one pass over memory.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func addLayerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  to residual: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").add(x, to: &residual, scale, offset, nil, into: &y)
}

/// ``addLayerNorm(_:to:scale:offset:epsilon:into:)-(_,_,_,_,Scalar,_)``, keeping for
/// ``layerNormBackward(_:_:scale:epsilon:statistics:)->NormGradients<Scalar,Scalar>`` what rows were normalized by.
///
/// - Precondition: all three tensors have the same shape.
/// - Complexity: O(`x.count`), one pass over memory.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func addLayerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  to residual: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<Scalar>
) {
  withUnsafeMutablePointer(to: &statistics) {
    RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").add(x, to: &residual, scale, offset, $0, into: &y)
  }
}

// MARK: - RMS norm

/// Adds and normalizes in one pass over memory: `x + residual`, and ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>`` of
/// that.
///
/// As ``addLayerNorm(_:_:scale:offset:epsilon:)->(Tensor<Scalar>,_)``.
///
/// - Complexity: O(`x.count`).
public func addRMSNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ residual: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> (sum: Tensor<Scalar>, y: Tensor<Scalar>) {
  RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").added(x, residual, scale, nil)
}

/// ``addRMSNorm(_:_:scale:epsilon:)->(Tensor<Scalar>,_)`` into tensors that exist.
///
/// - Precondition: all four tensors have the same shape.
/// - Complexity: O(`x.count`), one pass over memory.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func addRMSNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ residual: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into sum: inout Tensor<Scalar>,
  _ y: inout Tensor<Scalar>
) {
  RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").add(x, residual, scale, nil, into: &sum, &y)
}

/// Adds `x` to `residual`, and writes ``rmsNorm(_:scale:epsilon:)->Tensor<Scalar>`` of the sum into a tensor that
/// exists.
///
/// - Precondition: all three tensors have the same shape.
/// - Complexity: O(`x.count`), one pass over memory.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func addRMSNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  to residual: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").add(x, to: &residual, scale, nil, nil, into: &y)
}

/// ``addRMSNorm(_:to:scale:epsilon:into:)-(_,_,_,Scalar,_)``, keeping for
/// ``rmsNormBackward(_:_:scale:epsilon:statistics:)->(Tensor<Scalar>,_)`` what rows were normalized by.
///
/// - Precondition: all three tensors have the same shape.
/// - Complexity: O(`x.count`), one pass over memory.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func addRMSNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  to residual: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<Scalar>
) {
  withUnsafeMutablePointer(to: &statistics) {
    RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").add(x, to: &residual, scale, nil, $0, into: &y)
  }
}
