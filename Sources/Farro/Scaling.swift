import CKernels

/// A shift and a scale of each column, `(x - center) * factor + shift`: what every scaler of data comes to.
///
/// ```swift
/// let scaling = ColumnScaling(columnRanges(training), to: 0...1)
/// let scaled = scaleColumns(test, by: scaling)
/// let restored = scaleColumns(scaled, by: scaling.inverse)
/// ```
public struct ColumnScaling: Sendable, Equatable, Codable {
  /// What is subtracted.
  public var center: [Double]
  /// What the difference is multiplied by.
  public var factor: [Double]
  /// What is added then.
  public var shift: [Double]

  /// A scaling that was computed, or read, elsewhere.
  ///
  /// - Precondition: all have the same number of elements.
  public init(center: [Double], factor: [Double], shift: [Double]) {
    require(
      center.count == factor.count && center.count == shift.count,
      "ColumnScaling: \(center.count) centers, \(factor.count) factors and \(shift.count) shifts do not belong together"
    )
    (self.center, self.factor, self.shift) = (center, factor, shift)
  }

  /// To mean 0 and deviation 1, as scikit-learn's `StandardScaler`.
  public init(_ moments: ColumnMoments) {
    self.init(
      center: moments.mean,
      factor: moments.deviation.map { 1 / $0 },
      shift: moments.mean.map { _ in 0 }
    )
  }

  /// The least element of each column to the lower bound and the greatest to the upper, as scikit-learn's `MinMaxScaler`.
  ///
  /// Columns of equal elements go to the lower bound. Rounding may lead past the bounds, by 4 units in the last place.
  ///
  /// - Precondition: `range` is not empty.
  public init(_ ranges: ColumnRanges, to range: ClosedRange<Double> = 0...1) {
    let width = range.upperBound - range.lowerBound
    require(width > 0, "ColumnScaling: the range \(range) has no width")
    self.init(
      center: ranges.minimum,
      factor: zip(ranges.minimum, ranges.maximum).map { width / divisor($1 - $0) },
      shift: ranges.minimum.map { _ in range.lowerBound }
    )
  }

  /// The greatest magnitude of each column to 1, zeros to zeros, as scikit-learn's `MaxAbsScaler`.
  public init(maximumMagnitudeOf ranges: ColumnRanges) {
    let zeros = ranges.minimum.map { _ in 0.0 }
    let magnitudes = zip(ranges.minimum, ranges.maximum).map { max(abs($0), abs($1)) }
    self.init(center: zeros, factor: magnitudes.map { 1 / divisor($0) }, shift: zeros)
  }

  /// The median of each column to 0 and the distance between two quantiles to 1, as scikit-learn's `RobustScaler`: what
  /// lies far out has no influence.
  ///
  /// - Parameters:
  ///   - x: Shape (rows, columns).
  ///   - quantiles: Between 0 and 1.
  ///   - centering: Whether the median is subtracted.
  ///   - scaling: Whether the distance is divided by.
  ///   - skippingNaN: Whether NaN is passed over; otherwise a column with NaN becomes NaN.
  /// - Precondition: the parameters are as above.
  /// - Complexity: O(`x.count`) on average.
  public init<Scalar: KernelScalar>(
    robustTo x: Tensor<Scalar>,
    quantiles: ClosedRange<Double> = 0.25...0.75,
    centering: Bool = true,
    scaling: Bool = true,
    skippingNaN: Bool = false
  ) {
    let (low, high) = (quantiles.lowerBound, quantiles.upperBound)
    let values = columnQuantiles(x, [low, 0.5, high], skippingNaN: skippingNaN)
    let zeros = values[1].map { _ in 0.0 }
    self.init(
      center: centering ? values[1] : zeros,
      factor: scaling ? zip(values[0], values[2]).map { 1 / divisor($1 - $0) } : zeros.map { _ in 1 },
      shift: zeros
    )
  }

  /// The way back: from scaled elements to what they were.
  public var inverse: ColumnScaling {
    ColumnScaling(center: shift, factor: factor.map { 1 / $0 }, shift: center)
  }
}

/// 1 in place of 0, so that equal elements can be divided.
private func divisor(_ width: Double) -> Double { width == 0 ? 1 : width }

// MARK: - Statistics

/// The least and the greatest element of each column of a matrix.
public struct ColumnRanges: Sendable, Equatable, Codable {
  /// One for each column.
  public var minimum: [Double]
  /// One for each column.
  public var maximum: [Double]

  /// Ranges that were computed, or read, elsewhere.
  ///
  /// - Precondition: both have the same number of elements.
  public init(minimum: [Double], maximum: [Double]) {
    require(
      minimum.count == maximum.count,
      "ColumnRanges: \(minimum.count) minima do not belong to \(maximum.count) maxima"
    )
    (self.minimum, self.maximum) = (minimum, maximum)
  }
}

/// The least and the greatest element of each column. A column without elements gives NaN.
///
/// - Parameters:
///   - x: Shape (rows, columns).
///   - skippingNaN: Whether NaN is passed over; otherwise a column with NaN gives NaN.
/// - Precondition: `x` has two axes.
/// - Complexity: O(`x.count`), one pass over memory.
public func columnRanges<Scalar: KernelScalar>(_ x: Tensor<Scalar>, skippingNaN: Bool = false) -> ColumnRanges {
  let (rows, columns) = matrixShape(x, "columnRanges")
  var minimum = [Double](repeating: 0, count: columns)
  var maximum = minimum
  let status = x.withUnsafeBufferPointer { x in
    let x = x.baseAddress!
    return switch Scalar.dtype {
    case .f32: farro_column_ranges_f32(rows, columns, x.f32, columns, skippingNaN, &minimum, &maximum)
    default: farro_column_ranges_f64(rows, columns, x.f64, columns, skippingNaN, &minimum, &maximum)
    }
  }
  check(status, "columnRanges")
  return ColumnRanges(minimum: minimum, maximum: maximum)
}

/// Quantiles of each column, between elements on a straight line, as numpy's `quantile` gives them.
///
/// - Parameters:
///   - x: Shape (rows, columns).
///   - probabilities: From 0 (the least element) over 0.5 (the median) to 1 (the greatest).
///   - skippingNaN: Whether NaN is passed over; otherwise a column with NaN gives NaN.
/// - Returns: For each probability, a quantile of each column.
/// - Precondition: `x` has two axes; the probabilities are between 0 and 1.
/// - Complexity: O(`x.count` (1 + log `probabilities.count`)) on average.
public func columnQuantiles<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ probabilities: [Double],
  skippingNaN: Bool = false
) -> [[Double]] {
  let (rows, columns) = matrixShape(x, "columnQuantiles")
  require(
    probabilities.allSatisfy { 0 <= $0 && $0 <= 1 },
    "columnQuantiles: the probabilities \(probabilities) are not all between 0 and 1"
  )
  var quantiles = [Double](repeating: 0, count: probabilities.count * columns)
  let count = probabilities.count
  let status = x.withUnsafeBufferPointer { x in
    let x = x.baseAddress!
    return switch Scalar.dtype {
    case .f32:
      farro_column_quantiles_f32(rows, columns, x.f32, columns, skippingNaN, count, probabilities, &quantiles)
    default:
      farro_column_quantiles_f64(rows, columns, x.f64, columns, skippingNaN, count, probabilities, &quantiles)
    }
  }
  check(status, "columnQuantiles")
  return (0..<count).map { Array(quantiles[($0 * columns)..<(($0 + 1) * columns)]) }
}

// MARK: - Scaling

/// Columns shifted and scaled: `(x - center) * factor + shift`. NaN stays NaN.
///
/// - Parameters:
///   - x: Shape (rows, columns).
///   - scaling: Of as many columns.
/// - Returns: Shape (rows, columns).
/// - Precondition: the shapes agree as above.
/// - Complexity: O(`x.count`), one pass over memory.
public func scaleColumns<Scalar: KernelScalar>(_ x: Tensor<Scalar>, by scaling: ColumnScaling) -> Tensor<Scalar> {
  let columns = ScaledColumns(x, scaling)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { columns.scale($0.baseAddress!, y.baseAddress!) }
  }
}

/// ``scaleColumns(_:by:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func scaleColumns<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  by scaling: ColumnScaling,
  into y: inout Tensor<Scalar>
) {
  let columns = ScaledColumns(x, scaling)
  requireSameShape(x, y, "scaleColumns")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { columns.scale($0.baseAddress!, y.baseAddress!) }
  }
}

/// ``scaleColumns(_:by:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func scaleColumns<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, by scaling: ColumnScaling) {
  let columns = ScaledColumns(x, scaling)
  x.withUnsafeMutableBufferPointer { columns.scale($0.baseAddress!, $0.baseAddress!) }
}

private struct ScaledColumns {
  let rows, columns: Int
  let scaling: ColumnScaling

  init<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ scaling: ColumnScaling) {
    (rows, columns) = matrixShape(x, "scaleColumns")
    require(
      scaling.center.count == columns,
      "scaleColumns: a scaling of \(scaling.center.count) columns does not fit the shape \(x.shape)"
    )
    self.scaling = scaling
  }

  func scale<Scalar: KernelScalar>(_ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>) {
    let (center, factor, shift) = (scaling.center, scaling.factor, scaling.shift)
    let status =
      switch Scalar.dtype {
      case .f32: farro_affine_columns_f32(rows, columns, x.f32, columns, center, factor, shift, y.f32, columns)
      default: farro_affine_columns_f64(rows, columns, x.f64, columns, center, factor, shift, y.f64, columns)
      }
    check(status, "scaleColumns")
  }
}
