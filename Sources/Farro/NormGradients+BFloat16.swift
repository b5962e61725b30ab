// Ways back through norms of BFloat16: computed in Float, with parameters of Float.

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
