// Rows of 16 and 8 bits become Float, exactly, while they are laid out for the kernels. Distances are those of Float.

// MARK: - 16 bits

/// Distances between rows of `BFloat16`, as those of the same rows of `Float`.
///
/// - Complexity: O(m n d).
public func pairwiseDistances(
  _ x: Tensor<BFloat16>,
  _ y: Tensor<BFloat16>? = nil,
  metric: DistanceMetric = .euclidean
) -> Tensor<Float> {
  pairwise(x, y ?? x, metric)
}

/// Distances between rows of `BFloat16`, as those of the same rows of `Float`, into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: O(m n d).
public func pairwiseDistances(
  _ x: Tensor<BFloat16>,
  _ y: Tensor<BFloat16>? = nil,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Float>
) {
  pairwise(x, y ?? x, metric, into: &distances)
}

/// Distances between a row of `x` and the same row of `y`, of `BFloat16`, as those of the same rows of `Float`.
///
/// - Complexity: O(m d).
public func pairedDistances(
  _ x: Tensor<BFloat16>,
  _ y: Tensor<BFloat16>,
  metric: DistanceMetric = .euclidean
) -> Tensor<Float> {
  paired(x, y, metric)
}

/// Distances between a row of `x` and the same row of `y`, of `BFloat16`, as those of the same rows of `Float`, into a tensor
/// that exists.
///
/// - Precondition: `distances` has the shape (m).
/// - Complexity: O(m d).
public func pairedDistances(
  _ x: Tensor<BFloat16>,
  _ y: Tensor<BFloat16>,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Float>
) {
  paired(x, y, metric, into: &distances)
}

// MARK: - 8 bits

/// Distances between rows of `Int8`, as those of the same rows of `Float`.
///
/// - Complexity: O(m n d).
public func pairwiseDistances(
  _ x: Tensor<Int8>,
  _ y: Tensor<Int8>? = nil,
  metric: DistanceMetric = .euclidean
) -> Tensor<Float> {
  pairwise(x, y ?? x, metric)
}

/// Distances between rows of `Int8`, as those of the same rows of `Float`, into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: O(m n d).
public func pairwiseDistances(
  _ x: Tensor<Int8>,
  _ y: Tensor<Int8>? = nil,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Float>
) {
  pairwise(x, y ?? x, metric, into: &distances)
}

/// Distances between a row of `x` and the same row of `y`, of `Int8`, as those of the same rows of `Float`.
///
/// - Complexity: O(m d).
public func pairedDistances(
  _ x: Tensor<Int8>,
  _ y: Tensor<Int8>,
  metric: DistanceMetric = .euclidean
) -> Tensor<Float> {
  paired(x, y, metric)
}

/// Distances between a row of `x` and the same row of `y`, of `Int8`, as those of the same rows of `Float`, into a tensor
/// that exists.
///
/// - Precondition: `distances` has the shape (m).
/// - Complexity: O(m d).
public func pairedDistances(
  _ x: Tensor<Int8>,
  _ y: Tensor<Int8>,
  metric: DistanceMetric = .euclidean,
  into distances: inout Tensor<Float>
) {
  paired(x, y, metric, into: &distances)
}
