// Norms of sums of BFloat16: computed in Float, with parameters of Float.

/// A sum of 16-bit elements and its layer norm in one pass; the norm is that of the sum before it is rounded.
///
/// - Complexity: O(`x.count`).
public func addLayerNorm(
  _ x: Tensor<BFloat16>,
  _ residual: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) -> (sum: Tensor<BFloat16>, y: Tensor<BFloat16>) {
  RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").added(x, residual, scale, offset)
}

/// A sum of 16-bit elements and its layer norm, into tensors that exist.
///
/// - Precondition: all four tensors have the same shape.
/// - Complexity: O(`x.count`).
public func addLayerNorm(
  _ x: Tensor<BFloat16>,
  _ residual: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  into sum: inout Tensor<BFloat16>,
  _ y: inout Tensor<BFloat16>
) {
  RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").add(x, residual, scale, offset, into: &sum, &y)
}

/// Adds 16-bit elements to `residual`, and writes the layer norm of the sum into a tensor that exists.
///
/// - Complexity: O(`x.count`).
public func addLayerNorm(
  _ x: Tensor<BFloat16>,
  to residual: inout Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  into y: inout Tensor<BFloat16>
) {
  RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").add(x, to: &residual, scale, offset, nil, into: &y)
}

/// Adds 16-bit elements to `residual`, and writes the layer norm of the sum into a tensor that exists,
/// keeping what rows were normalized by.
///
/// - Complexity: O(`x.count`).
public func addLayerNorm(
  _ x: Tensor<BFloat16>,
  to residual: inout Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<BFloat16>
) {
  withUnsafeMutablePointer(to: &statistics) {
    RowNorm(.layer, x, epsilon: epsilon, "addLayerNorm").add(x, to: &residual, scale, offset, $0, into: &y)
  }
}

/// A sum of 16-bit elements and its RMS norm in one pass; the norm is that of the sum before it is rounded.
///
/// - Complexity: O(`x.count`).
public func addRMSNorm(
  _ x: Tensor<BFloat16>,
  _ residual: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) -> (sum: Tensor<BFloat16>, y: Tensor<BFloat16>) {
  RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").added(x, residual, scale, nil)
}

/// A sum of 16-bit elements and its RMS norm, into tensors that exist.
///
/// - Precondition: all four tensors have the same shape.
/// - Complexity: O(`x.count`).
public func addRMSNorm(
  _ x: Tensor<BFloat16>,
  _ residual: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  into sum: inout Tensor<BFloat16>,
  _ y: inout Tensor<BFloat16>
) {
  RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").add(x, residual, scale, nil, into: &sum, &y)
}

/// Adds 16-bit elements to `residual`, and writes the RMS norm of the sum into a tensor that exists.
///
/// - Complexity: O(`x.count`).
public func addRMSNorm(
  _ x: Tensor<BFloat16>,
  to residual: inout Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  into y: inout Tensor<BFloat16>
) {
  RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").add(x, to: &residual, scale, nil, nil, into: &y)
}

/// Adds 16-bit elements to `residual`, and writes the RMS norm of the sum into a tensor that exists,
/// keeping what rows were normalized by.
///
/// - Complexity: O(`x.count`).
public func addRMSNorm(
  _ x: Tensor<BFloat16>,
  to residual: inout Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<BFloat16>
) {
  withUnsafeMutablePointer(to: &statistics) {
    RowNorm(.rms, x, epsilon: epsilon, "addRMSNorm").add(x, to: &residual, scale, nil, $0, into: &y)
  }
}
