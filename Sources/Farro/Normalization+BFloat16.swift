// Norms of rows of BFloat16: computed in Float, with parameters of Float.

// MARK: - Layer norm

/// Layer norm of 16-bit elements, as that of `Float`, rounded once at the end.
///
/// - Complexity: O(`x.count`).
public func layerNorm(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) -> Tensor<BFloat16> {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalized(x, scale, offset)
}

/// Layer norm of 16-bit elements into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func layerNorm(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  into y: inout Tensor<BFloat16>
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalize(x, scale, offset, into: &y)
}

/// Layer norm of 16-bit elements in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func layerNorm(
  inPlace x: inout Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalize(inPlace: &x, scale, offset)
}

/// Layer norm of 16-bit elements, and what rows were normalized by.
///
/// - Complexity: O(`x.count`).
public func layerNormWithStatistics(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) -> (y: Tensor<BFloat16>, statistics: RowStatistics) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalizedWithStatistics(x, scale, offset)
}

/// Layer norm of 16-bit elements into a tensor that exists, keeping what rows were normalized by.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func layerNorm(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  offset: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<BFloat16>
) {
  RowNorm(.layer, x, epsilon: epsilon, "layerNorm").normalize(x, scale, offset, &statistics, into: &y)
}

// MARK: - RMS norm

/// RMS norm of 16-bit elements, as that of `Float`, rounded once at the end.
///
/// - Complexity: O(`x.count`).
public func rmsNorm(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) -> Tensor<BFloat16> {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalized(x, scale, nil)
}

/// RMS norm of 16-bit elements into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func rmsNorm(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  into y: inout Tensor<BFloat16>
) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalize(x, scale, nil, into: &y)
}

/// RMS norm of 16-bit elements in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func rmsNorm(
  inPlace x: inout Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalize(inPlace: &x, scale, nil)
}

/// RMS norm of 16-bit elements, and what rows were divided by.
///
/// - Complexity: O(`x.count`).
public func rmsNormWithStatistics(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5
) -> (y: Tensor<BFloat16>, statistics: RowStatistics) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalizedWithStatistics(x, scale, nil)
}

/// RMS norm of 16-bit elements into a tensor that exists, keeping what rows were normalized by.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func rmsNorm(
  _ x: Tensor<BFloat16>,
  scale: Tensor<Float>? = nil,
  epsilon: Float = 1e-5,
  statistics: inout RowStatistics,
  into y: inout Tensor<BFloat16>
) {
  RowNorm(.rms, x, epsilon: epsilon, "rmsNorm").normalize(x, scale, nil, &statistics, into: &y)
}
