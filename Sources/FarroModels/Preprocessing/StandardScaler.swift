import Farro

/// Brings each column to mean 0 and standard deviation 1.
///
/// ```swift
/// let scaler = try StandardScaler().fit(training)
/// let scaled = try scaler.transform(test)
/// ```
///
/// A column of equal elements becomes 0. Names and defaults are those of scikit-learn's `StandardScaler`. How it works is said
/// at Farro's `columnMoments` and `scaleColumns`.
public struct StandardScaler<Scalar: KernelScalar>: Estimator, Hashable {
  /// Whether means are taken away.
  public var withMean: Bool
  /// Whether columns are divided by their standard deviations.
  public var withStd: Bool

  public init(withMean: Bool = true, withStd: Bool = true) {
    (self.withMean, self.withStd) = (withMean, withStd)
  }

  /// The scaling that these rows need.
  ///
  /// - Throws: ``ModelError`` for no rows, and for what is no number.
  /// - Complexity: O(elements).
  public func fit(_ x: Tensor<Scalar>) throws -> StandardScalerModel<Scalar> {
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let moments = columnMoments(x)
    let (zeros, ones) = (moments.mean.map { _ in 0.0 }, moments.mean.map { _ in 1.0 })
    return StandardScalerModel(
      moments: moments,
      scaling: ColumnScaling(
        ColumnMoments(mean: withMean ? moments.mean : zeros, deviation: withStd ? moments.deviation : ones)
      )
    )
  }
}

/// What ``StandardScaler`` found.
public struct StandardScalerModel<Scalar: KernelScalar>: Transformer, Equatable, Codable {
  /// The means and standard deviations of the rows that it comes from; 1 is the deviation of a column of equal elements.
  public let moments: ColumnMoments
  let scaling: ColumnScaling

  /// Rows, scaled as those that the model comes from.
  ///
  /// - Complexity: O(elements).
  public func transform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.check(columns: moments.mean.count)
    return scaleColumns(x, by: scaling)
  }

  /// What was scaled as it was before, but for rounding.
  ///
  /// - Complexity: O(elements).
  public func inverseTransform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.check(columns: moments.mean.count)
    return scaleColumns(x, by: scaling.inverse)
  }
}
