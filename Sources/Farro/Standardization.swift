import CKernels

/// The mean and the population standard deviation of each column of a matrix, in double for every element type.
public struct ColumnMoments: Sendable, Equatable, Codable {
  /// One for each column.
  public var mean: [Double]
  /// 1 where all elements of the column are equal, so that it can be divided by.
  public var deviation: [Double]

  /// Moments that were computed, or read, elsewhere.
  ///
  /// - Precondition: both have the same number of elements.
  public init(mean: [Double], deviation: [Double]) {
    require(
      mean.count == deviation.count,
      "ColumnMoments: \(mean.count) means do not belong to \(deviation.count) deviations"
    )
    self.mean = mean
    self.deviation = deviation
  }
}

/// The mean and the population standard deviation of each column.
///
/// A column of mean 1e6 and deviation 1 keeps full accuracy. A column with NaN or infinity gives NaN, and so does one
/// without elements.
///
/// Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", 1983.
///
/// - Parameters:
///   - x: Shape (rows, columns).
///   - skippingNaN: Whether NaN is passed over; a column of nothing but NaN gives NaN even so.
/// - Precondition: `x` has two axes.
/// - Complexity: O(`x.count`).
public func columnMoments<Scalar: KernelScalar>(_ x: Tensor<Scalar>, skippingNaN: Bool = false) -> ColumnMoments {
  if skippingNaN { return columnMomentsOfNumbers(x) }
  let (rows, columns) = matrixShape(x, "columnMoments")
  var deviation: [Double] = []
  let mean = [Double](unsafeUninitializedCapacity: columns) { mean, count in
    deviation = [Double](unsafeUninitializedCapacity: columns) { deviation, count in
      x.withUnsafeBufferPointer { x in
        let (x, mean, deviation) = (x.baseAddress!, mean.baseAddress, deviation.baseAddress)
        let status =
          switch Scalar.dtype {
          case .f32: farro_column_moments_f32(rows, columns, x.f32, columns, mean, deviation)
          default: farro_column_moments_f64(rows, columns, x.f64, columns, mean, deviation)
          }
        check(status, "columnMoments")
      }
      count = columns
    }
    count = columns
  }
  return ColumnMoments(mean: mean, deviation: deviation)
}

private func columnMomentsOfNumbers<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> ColumnMoments {
  let (rows, columns) = matrixShape(x, "columnMoments")
  var mean = [Double](repeating: 0, count: columns)
  var (deviation, number) = (mean, mean)
  let status = x.withUnsafeBufferPointer { x in
    let x = x.baseAddress!
    return switch Scalar.dtype {
    case .f32: farro_column_moments_skipping_nan_f32(rows, columns, x.f32, columns, &mean, &deviation, &number)
    default: farro_column_moments_skipping_nan_f64(rows, columns, x.f64, columns, &mean, &deviation, &number)
    }
  }
  check(status, "columnMoments")
  return ColumnMoments(mean: mean, deviation: deviation)
}

/// Columns shifted and scaled to mean 0 and standard deviation 1: `(x - mean) / deviation`.
///
/// With the moments of `x` itself, columns of equal elements become 0. With those of other data, `x` goes the way that
/// the other data went, as with scikit-learn's `StandardScaler`. ``scaleColumns(_:by:)`` with a ``ColumnScaling`` of the same
/// moments does so too, and has a way back.
///
/// - Parameters:
///   - x: Shape (rows, columns).
///   - moments: One mean and deviation for each column; those of `x` when `nil`.
/// - Returns: Shape (rows, columns).
/// - Precondition: the shapes agree as above.
/// - Complexity: O(`x.count`).
public func standardizeColumns<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  by moments: ColumnMoments? = nil
) -> Tensor<Scalar> {
  let plan = Standardization(x, moments)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { plan.apply($0.baseAddress!, y.baseAddress!) }
  }
}

/// ``standardizeColumns(_:by:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func standardizeColumns<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  by moments: ColumnMoments? = nil,
  into y: inout Tensor<Scalar>
) {
  requireSameShape(x, y, "standardizeColumns")
  let plan = Standardization(x, moments)
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { plan.apply($0.baseAddress!, y.baseAddress!) }
  }
}

/// ``standardizeColumns(_:by:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func standardizeColumns<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, by moments: ColumnMoments? = nil)
{
  let plan = Standardization(x, moments)
  x.withUnsafeMutableBufferPointer { plan.apply($0.baseAddress!, $0.baseAddress!) }
}

private struct Standardization {
  let rows, columns: Int
  let moments: ColumnMoments

  init<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ moments: ColumnMoments?) {
    (rows, columns) = matrixShape(x, "standardizeColumns")
    self.moments = moments ?? columnMoments(x)
    require(
      self.moments.mean.count == columns,
      "standardizeColumns: moments of \(self.moments.mean.count) columns do not fit the shape \(x.shape)"
    )
  }

  func apply<Scalar: KernelScalar>(_ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>) {
    let status =
      switch Scalar.dtype {
      case .f32:
        farro_scale_columns_f32(rows, columns, x.f32, columns, moments.mean, moments.deviation, y.f32, columns)
      default:
        farro_scale_columns_f64(rows, columns, x.f64, columns, moments.mean, moments.deviation, y.f64, columns)
      }
    check(status, "standardizeColumns")
  }
}

func matrixShape<Scalar>(_ x: Tensor<Scalar>, _ function: StaticString) -> (rows: Int, columns: Int) {
  require(x.rank == 2, "\(function): the shape \(x.shape) is not that of a matrix")
  return (x.shape[0], x.shape[1])
}
