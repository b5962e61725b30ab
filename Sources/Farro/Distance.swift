import CKernels

/// The distance between every row of `x` and every row of `y`.
///
/// ```swift
/// let points: Tensor<Float> = ...          // [1000, 128]
/// let distances = pairwiseDistances(points)  // [1000, 1000]
/// ```
///
/// Nearly equal rows keep their digits however far they lie from the origin, and equal rows are at distance 0; the error
/// bound of each metric stands in CKernels' `distance.h`. The distances of a tensor to itself are exactly symmetric. Elements
/// of 16 and 8 bits become `Float`, exactly, while they are laid out for the kernels: distances are those of `Float`.
///
/// - Parameters:
///   - x: Shape (m, d).
///   - y: Shape (n, d); `x` itself when omitted.
///   - metric: What to measure.
/// - Returns: Shape (m, n).
/// - Precondition: both have two axes, and rows of the same length, which is 2 for haversine; p is above 0.
/// - Complexity: O(m n d).
public func pairwiseDistances<Element: DistanceElement>(
  _ x: Tensor<Element>,
  _ y: Tensor<Element>? = nil,
  metric: DistanceMetric = .euclidean
) -> Tensor<Element.Distance> {
  let y = y ?? x
  return Tensor(unsafeUninitializedShape: distancesShape(x, y)) { measure(x, y, metric, $0) }
}

/// ``pairwiseDistances(_:_:metric:)-(Tensor<Element>,_,_)`` into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: O(m n d).
public func pairwiseDistances<Element: DistanceElement>(
  _ x: Tensor<Element>,
  _ y: Tensor<Element>? = nil,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Element.Distance>
) {
  let y = y ?? x
  let shape = distancesShape(x, y)
  require(
    distances.shape == shape,
    "pairwiseDistances: rows of \(x.shape) and \(y.shape) have distances of shape \(shape), not \(distances.shape)"
  )
  distances.withUnsafeMutableBufferPointer { measure(x, y, metric, $0) }
}

/// The distance between every row of `x` and the same row of `y`.
///
/// - Parameters:
///   - x: Shape (m, d).
///   - y: Shape (m, d).
///   - metric: What to measure.
/// - Returns: Shape (m).
/// - Precondition: both have the same shape, of two axes; d is 2 for haversine; p is above 0.
/// - Complexity: O(m d).
public func pairedDistances<Element: DistanceElement>(
  _ x: Tensor<Element>,
  _ y: Tensor<Element>,
  metric: DistanceMetric = .euclidean
) -> Tensor<Element.Distance> {
  requirePairs(x, y)
  return Tensor(unsafeUninitializedShape: [x.shape[0]]) { measurePairs(x, y, metric, $0) }
}

/// ``pairedDistances(_:_:metric:)-(Tensor<Element>,_,_)`` into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m).
/// - Complexity: O(m d).
public func pairedDistances<Element: DistanceElement>(
  _ x: Tensor<Element>,
  _ y: Tensor<Element>,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Element.Distance>
) {
  requirePairs(x, y)
  require(
    distances.shape == [x.shape[0]],
    "pairedDistances: rows of \(x.shape) have distances of shape \([x.shape[0]]), not \(distances.shape)"
  )
  distances.withUnsafeMutableBufferPointer { measurePairs(x, y, metric, $0) }
}

/// The Mahalanobis distance between every row of `x` and every row of `y`: the root of (x - y) V (x - y)ᵀ, where V is the
/// inverse of a covariance.
///
/// With V = L Lᵀ it is the Euclidean distance between rows of x L and y L. The product rounds each row by a few d u of its
/// length, so that rows should not lie far from the origin, compared with their distances.
///
/// - Parameters:
///   - x: Shape (m, d).
///   - y: Shape (n, d); `x` itself when omitted.
///   - inverseCovariance: V, symmetric positive definite, of shape (d, d); only the lower triangle is read.
/// - Returns: Shape (m, n).
/// - Throws: ``LinearAlgebraError/notPositiveDefinite(leadingMinor:item:)``.
/// - Precondition: shapes are as above.
/// - Complexity: O(d³ + (m + n) d² + m n d).
public func mahalanobisDistances<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>? = nil,
  inverseCovariance: Tensor<Scalar>
) throws(LinearAlgebraError) -> Tensor<Scalar> {
  let shape = distancesShape(x, y ?? x)
  let d = x.shape[1]
  require(
    inverseCovariance.shape == [d, d],
    "mahalanobisDistances: rows of \(x.shape) need an inverse covariance of shape \([d, d]), not "
      + "\(inverseCovariance.shape)"
  )
  let factor = try cholesky(inverseCovariance)
  guard let y else { return pairwiseDistances(matmul(x, factor)) }
  // In one product, so that equal rows of x and y stay equal.
  let rows = matmul(concatenate([x, y]), factor)
  return pairwiseDistances(rows[0..<shape[0]], rows[shape[0]...])
}

// MARK: - Calls

private func distancesShape<Element>(_ x: Tensor<Element>, _ y: Tensor<Element>) -> [Int] {
  require(
    x.rank == 2 && y.rank == 2 && x.shape[1] == y.shape[1],
    "pairwiseDistances: \(x.shape) and \(y.shape) must both be (rows, d) with the same d"
  )
  return [x.shape[0], y.shape[0]]
}

private func requirePairs<Element>(_ x: Tensor<Element>, _ y: Tensor<Element>) {
  require(
    x.rank == 2 && x.shape == y.shape,
    "pairedDistances: \(x.shape) and \(y.shape) must be the same shape, (rows, d)"
  )
}

private func requireParameters(_ metric: DistanceMetric, _ shape: [Int]) {
  if case .minkowski(let p) = metric { require(p > 0, "the Minkowski distance needs p above 0, not \(p)") }
  require(
    metric != .haversine || shape[1] == 2,
    "haversine needs rows of latitude and longitude, not rows of \(shape)"
  )
}

private func measure<Element: DistanceElement>(
  _ x: Tensor<Element>,
  _ y: Tensor<Element>,
  _ metric: DistanceMetric,
  _ distances: UnsafeMutableBufferPointer<Element.Distance>
) {
  requireParameters(metric, x.shape)
  let (m, n, d, distance) = (x.shape[0], y.shape[0], x.shape[1], metric.distance)
  x.withUnsafeBufferPointer { x in
    y.withUnsafeBufferPointer { y in
      let (x, y, out) = (x.baseAddress!, y.baseAddress!, distances.baseAddress!)
      let status =
        switch Element.dtype {
        case .f32: farro_pairwise_distances_f32(distance, m, n, d, x.f32, d, y.f32, d, out.f32, n)
        case .f64: farro_pairwise_distances_f64(distance, m, n, d, x.f64, d, y.f64, d, out.f64, n)
        case .bf16: farro_pairwise_distances_bf16(distance, m, n, d, x.bf16, d, y.bf16, d, out.f32, n)
        default:
          farro_pairwise_distances_i8(distance, m, n, d, x.as(Int8.self), d, y.as(Int8.self), d, out.f32, n)
        }
      check(status, "pairwiseDistances")
    }
  }
}

private func measurePairs<Element: DistanceElement>(
  _ x: Tensor<Element>,
  _ y: Tensor<Element>,
  _ metric: DistanceMetric,
  _ distances: UnsafeMutableBufferPointer<Element.Distance>
) {
  requireParameters(metric, x.shape)
  let (m, d, distance) = (x.shape[0], x.shape[1], metric.distance)
  x.withUnsafeBufferPointer { x in
    y.withUnsafeBufferPointer { y in
      let (x, y, out) = (x.baseAddress!, y.baseAddress!, distances.baseAddress!)
      let status =
        switch Element.dtype {
        case .f32: farro_paired_distances_f32(distance, m, d, x.f32, d, y.f32, d, out.f32)
        case .f64: farro_paired_distances_f64(distance, m, d, x.f64, d, y.f64, d, out.f64)
        case .bf16: farro_paired_distances_bf16(distance, m, d, x.bf16, d, y.bf16, d, out.f32)
        default: farro_paired_distances_i8(distance, m, d, x.as(Int8.self), d, y.as(Int8.self), d, out.f32)
        }
      check(status, "pairedDistances")
    }
  }
}
