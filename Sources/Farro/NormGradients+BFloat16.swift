// Ways back through norms of BFloat16, and norms of its sums: computed in Float, with parameters of Float.

// MARK: - Ways back

/// The way back through the layer norm of 16-bit elements; the gradients of scale and offset are `Float`.
///
/// - Complexity: O(`x.count`).
public func layerNormBackward(
  _ gradY: Tensor<BFloat16>,
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: RowStatistics? = nil
) -> NormGradients<BFloat16, Float> {
  RowNorm(.layer, x, epsilon: epsilon, "layerNormBackward").gradients(gradY, x, scale, statistics)
}

/// The way back through the layer norm of 16-bit elements, into tensors that exist.
///
/// - Complexity: O(`x.count`).
public func layerNormBackward(
  _ gradY: Tensor<BFloat16>,
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: RowStatistics? = nil,
  into gradX: inout Tensor<BFloat16>,
  _ gradScale: inout Tensor<Float>,
  _ gradOffset: inout Tensor<Float>
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNormBackward")
    .gradients(gradY, x, scale, statistics, &gradX, &gradScale, &gradOffset)
}

/// The way back through the RMS norm of 16-bit elements; the gradient of scale is `Float`.
///
/// - Complexity: O(`x.count`).
public func rmsNormBackward(
  _ gradY: Tensor<BFloat16>,
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: RowStatistics? = nil
) -> (x: Tensor<BFloat16>, scale: Tensor<Float>) {
  let gradients = RowNorm(.rms, x, epsilon: epsilon, "rmsNormBackward").gradients(gradY, x, scale, statistics)
  return (gradients.x, gradients.scale)
}

/// The way back through the RMS norm of 16-bit elements, into tensors that exist.
///
/// - Complexity: O(`x.count`).
public func rmsNormBackward(
  _ gradY: Tensor<BFloat16>,
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: RowStatistics? = nil,
  into gradX: inout Tensor<BFloat16>,
  _ gradScale: inout Tensor<Float>
) {
  var none = Tensor<Float>(zeros: [0])
  RowNorm(.rms, x, epsilon: epsilon, "rmsNormBackward")
    .gradients(gradY, x, scale, statistics, &gradX, &gradScale, &none)
}

// MARK: - Of sums

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
