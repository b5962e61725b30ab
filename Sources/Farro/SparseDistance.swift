// MARK: - All pairs

/// The distance between every row of `x` and every row of `y`.
///
/// Results are those of the same rows written out, with error bounds that count only elements that are stored; equal rows
/// are at distance 0.
///
/// - Parameters:
///   - x: m rows.
///   - y: n rows of as many columns; `x` itself when omitted.
///   - metric: Euclidean, squared Euclidean, Manhattan, cosine or inner product.
/// - Returns: Shape (m, n).
/// - Precondition: both have as many columns, and `metric` is one of these.
/// - Complexity: O(elements of `x` times n) in vectors of n.
public func pairwiseDistances<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: CSRMatrix<Scalar>? = nil,
  metric: DistanceMetric = .euclidean
) -> Tensor<Scalar> {
  let y = y ?? x
  return Tensor(unsafeUninitializedShape: [x.rows, y.rows]) { measure(x, y, metric, $0.baseAddress!) }
}

/// The distances between every row of `x` and every row of `y`, sparse ones, into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: O(elements of `x` times n) in vectors of n.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func pairwiseDistances<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: CSRMatrix<Scalar>? = nil,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Scalar>
) {
  let y = y ?? x
  requireShape(distances, x.shape, y.shape, [x.rows, y.rows], "pairwiseDistances")
  distances.withUnsafeMutableBufferPointer { measure(x, y, metric, $0.baseAddress!) }
}

/// The distance between every row of `x`, a sparse matrix, and every row of `y`, a dense one.
///
/// - Parameters:
///   - x: m rows.
///   - y: Shape (n, columns of `x`).
///   - metric: Euclidean, squared Euclidean, Manhattan, cosine or inner product.
/// - Returns: Shape (m, n).
/// - Precondition: both have as many columns, and `metric` is one of these.
/// - Complexity: O(elements of `x` times n) in vectors of n.
public func pairwiseDistances<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: Tensor<Scalar>,
  metric: DistanceMetric = .euclidean
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: [x.rows, y.shape.first ?? 0]) { measure(x, y, metric, $0.baseAddress!) }
}

/// The distances between every row of `x`, a sparse matrix, and every row of `y`, a dense one, into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: O(elements of `x` times n) in vectors of n.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func pairwiseDistances<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: Tensor<Scalar>,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Scalar>
) {
  requireShape(distances, x.shape, y.shape, [x.rows, y.shape.first ?? 0], "pairwiseDistances")
  distances.withUnsafeMutableBufferPointer { measure(x, y, metric, $0.baseAddress!) }
}

// MARK: - Row by row

/// The distance between row i of `x` and row i of `y`, for every i.
///
/// - Parameters:
///   - x: Some rows.
///   - y: As many rows of as many columns.
///   - metric: Euclidean, squared Euclidean, Manhattan, cosine or inner product.
/// - Returns: Shape (rows).
/// - Precondition: both have the same shape, and `metric` is one of these.
/// - Complexity: O(elements of both).
public func pairedDistances<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: CSRMatrix<Scalar>,
  metric: DistanceMetric = .euclidean
) -> Tensor<Scalar> {
  require(x.shape == y.shape, "pairedDistances: \(x.shape) and \(y.shape) must be the same shape")
  requireSparse(metric, "pairedDistances")
  return Tensor(unsafeUninitializedShape: [x.rows]) { measurePairs(x, y, metric, $0.baseAddress!) }
}

// MARK: - Products

/// The product of a sparse matrix and a dense one.
///
/// What a row of `x` does not hold does not meet `y`: NaN and infinity there are not seen.
///
/// - Parameters:
///   - x: m rows.
///   - y: Shape (columns of `x`, n).
/// - Returns: Shape (m, n).
/// - Precondition: `y` has two axes, and as many rows as `x` has columns.
/// - Complexity: O(`x.count` n).
public func matmul<Scalar: KernelScalar>(_ x: CSRMatrix<Scalar>, _ y: Tensor<Scalar>) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: productShape(x, y)) { multiply(x, y, $0.baseAddress!) }
}

/// ``matmul(_:_:)-(CSRMatrix<Scalar>,Tensor<Scalar>)`` into a tensor that exists.
///
/// - Precondition: `product` has the shape (m, n).
/// - Complexity: O(`x.count` n).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func matmul<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: Tensor<Scalar>,
  into product: inout Tensor<Scalar>
) {
  requireShape(product, x.shape, y.shape, productShape(x, y), "matmul")
  product.withUnsafeMutableBufferPointer { multiply(x, y, $0.baseAddress!) }
}

private func productShape<Scalar>(_ x: CSRMatrix<Scalar>, _ y: Tensor<Scalar>) -> [Int] {
  require(
    y.rank == 2 && y.shape[0] == x.columns,
    "matmul: a sparse matrix of \(x.shape) and \(y.shape) cannot be multiplied"
  )
  return [x.rows, y.shape[1]]
}

// MARK: - Checks

private func requireShape<Scalar>(
  _ result: Tensor<Scalar>,
  _ x: [Int],
  _ y: [Int],
  _ expected: [Int],
  _ function: StaticString
) {
  require(
    result.shape == expected,
    "\(function): of \(x) and \(y) results have the shape \(expected), not \(result.shape)"
  )
}

/// Sparse rows have five metrics.
func requireSparse(_ metric: DistanceMetric, _ function: StaticString) {
  let known: [DistanceMetric] = [.euclidean, .squaredEuclidean, .manhattan, .cosine, .innerProduct]
  require(known.contains(metric), "\(function): sparse rows have no \(metric) distance")
}
