import CKernels

/// A measure of how far apart two rows of numbers x and y are. Raw values are scikit-learn's names.
public enum DistanceMetric: String, Sendable, CaseIterable, Codable {
  /// The length of x - y.
  case euclidean
  /// The squared length of x - y.
  case squaredEuclidean = "sqeuclidean"
  /// The sum of |x - y| over the coordinates.
  case manhattan
  /// 1 - cos of the angle between x and y, from 0 to 2; 1 when either row is zero.
  case cosine
  /// The sum of x y over the coordinates. A similarity: larger is nearer.
  case innerProduct = "inner_product"

  var code: farro_metric {
    switch self {
    case .euclidean: FARRO_METRIC_EUCLIDEAN
    case .squaredEuclidean: FARRO_METRIC_SQUARED_EUCLIDEAN
    case .manhattan: FARRO_METRIC_MANHATTAN
    case .cosine: FARRO_METRIC_COSINE
    case .innerProduct: FARRO_METRIC_INNER_PRODUCT
    }
  }
}

/// The distance between every row of `x` and every row of `y`.
///
/// ```swift
/// let points: Tensor<Float> = ...          // [1000, 128]
/// let distances = pairwiseDistances(points)  // [1000, 1000]
/// ```
///
/// Nearly equal rows keep their digits however far they lie from the origin, and equal rows are at distance 0; the error
/// bound of each metric stands in CKernels' `distance.h`. The distances of a tensor to itself are exactly symmetric.
///
/// - Parameters:
///   - x: Shape (m, d).
///   - y: Shape (n, d); `x` itself when omitted.
///   - metric: What to measure.
/// - Returns: Shape (m, n).
/// - Precondition: both have two axes, and rows of the same length.
/// - Complexity: O(m n d).
public func pairwiseDistances<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>? = nil,
  metric: DistanceMetric = .euclidean
) -> Tensor<Scalar> {
  let y = y ?? x
  return Tensor(unsafeUninitializedShape: distancesShape(x, y)) { measure(x, y, metric, $0) }
}

/// As ``pairwiseDistances(_:_:metric:)``, into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: O(m n d).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func pairwiseDistances<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>? = nil,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Scalar>
) {
  let y = y ?? x
  let shape = distancesShape(x, y)
  require(
    distances.shape == shape,
    "pairwiseDistances: rows of \(x.shape) and \(y.shape) have distances of shape \(shape), not \(distances.shape)"
  )
  distances.withUnsafeMutableBufferPointer { measure(x, y, metric, $0) }
}

private func distancesShape<Scalar>(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>) -> [Int] {
  require(
    x.rank == 2 && y.rank == 2 && x.shape[1] == y.shape[1],
    "pairwiseDistances: \(x.shape) and \(y.shape) must both be (rows, d) with the same d"
  )
  return [x.shape[0], y.shape[0]]
}

private func measure<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>,
  _ metric: DistanceMetric,
  _ distances: UnsafeMutableBufferPointer<Scalar>
) {
  let (m, n, d) = (x.shape[0], y.shape[0], x.shape[1])
  x.withUnsafeBufferPointer { x in
    y.withUnsafeBufferPointer { y in
      let (x, y, out) = (x.baseAddress!, y.baseAddress!, distances.baseAddress!)
      let status =
        switch Scalar.dtype {
        case .f32: farro_pairwise_distances_f32(metric.code, m, n, d, x.f32, d, y.f32, d, out.f32, n)
        default: farro_pairwise_distances_f64(metric.code, m, n, d, x.f64, d, y.f64, d, out.f64, n)
        }
      check(status, "pairwiseDistances")
    }
  }
}
