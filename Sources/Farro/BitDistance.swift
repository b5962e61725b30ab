import CKernels

/// A measure of how far apart two rows of bits are, and the type of its distances.
///
/// Of two rows whose bits differ in h places, of which a and b are set; rows without any are at distance 0.
public struct BitMetric<Distance: ArithmeticScalar>: Sendable, Hashable {
  let code: farro_bit_metric

  public static func == (a: BitMetric, b: BitMetric) -> Bool { a.code == b.code }
  public func hash(into hasher: inout Hasher) { hasher.combine(code.rawValue) }
}

extension BitMetric where Distance == Int32 {
  /// The number of places where they differ: h.
  public static var hamming: BitMetric { BitMetric(code: FARRO_BIT_METRIC_HAMMING) }
}

extension BitMetric where Distance == Float {
  /// 1 - |both| / |either|: h / ((a + b + h) / 2).
  public static var jaccard: BitMetric { BitMetric(code: FARRO_BIT_METRIC_JACCARD) }
  /// 1 - 2 |both| / (a + b): h / (a + b).
  public static var dice: BitMetric { BitMetric(code: FARRO_BIT_METRIC_DICE) }
}

// MARK: - All pairs

/// The distance between every row of bits of `x` and every row of `y`, eight bits to a byte.
///
/// ```swift
/// let codes: Tensor<UInt8> = ...                                // [1000, 32]: 256 bits each
/// let counts = pairwiseBitDistances(codes, metric: .hamming)    // Tensor<Int32>, [1000, 1000]
/// let ratios = pairwiseBitDistances(codes, metric: .jaccard)    // Tensor<Float>
/// ```
///
/// - Parameters:
///   - x: Shape (m, bytes).
///   - y: Shape (n, bytes); `x` itself when omitted.
///   - metric: What to measure.
/// - Returns: Shape (m, n).
/// - Precondition: both have two axes, and rows of the same length of at most 2²⁶ bytes.
/// - Complexity: O(m n bytes).
public func pairwiseBitDistances<Distance>(
  _ x: Tensor<UInt8>,
  _ y: Tensor<UInt8>? = nil,
  metric: BitMetric<Distance>
) -> Tensor<Distance> {
  let operands = BitRows(x, y ?? x, "pairwiseBitDistances")
  return Tensor(unsafeUninitializedShape: operands.pairs) { operands.pairwise(metric, $0) }
}

/// ``pairwiseBitDistances(_:_:metric:)`` into a tensor that exists.
///
/// - Precondition: `distances` has the shape (m, n).
/// - Complexity: O(m n bytes).
public func pairwiseBitDistances<Distance>(
  _ x: Tensor<UInt8>,
  _ y: Tensor<UInt8>? = nil,
  metric: BitMetric<Distance>,
  into distances: inout Tensor<Distance>
) {
  let operands = BitRows(x, y ?? x, "pairwiseBitDistances")
  operands.require(distances.shape, is: operands.pairs)
  distances.withUnsafeMutableBufferPointer { operands.pairwise(metric, $0) }
}

// MARK: - Row by row

/// The distance between row i of `x` and row i of `y`, for every i.
///
/// - Parameters:
///   - x: Shape (rows, bytes).
///   - y: Shape (rows, bytes).
///   - metric: What to measure.
/// - Returns: Shape (rows).
/// - Precondition: both have the same shape, of rows of at most 2²⁶ bytes.
/// - Complexity: O(rows bytes).
public func pairedBitDistances<Distance>(
  _ x: Tensor<UInt8>,
  _ y: Tensor<UInt8>,
  metric: BitMetric<Distance>
) -> Tensor<Distance> {
  let operands = BitRows(x, y, "pairedBitDistances")
  Farro.require(x.shape == y.shape, "pairedBitDistances: \(x.shape) and \(y.shape) must be the same shape")
  return Tensor(unsafeUninitializedShape: [x.shape[0]]) { operands.paired(metric, $0) }
}

// MARK: - The nearest

/// The rows of bits of `base` that are nearest to each of `queries`, nearest first; of equal distances, those of smaller
/// indices first.
///
/// The distances of all pairs are never held in memory. Where there are fewer than `k` rows, the places left over hold the
/// index -1 and the largest `Int32` or infinity.
///
/// - Parameters:
///   - queries: Shape (m, bytes).
///   - base: Shape (n, bytes), n < 2³².
///   - k: How many, from 1 to 1024.
///   - metric: What to measure.
/// - Returns: Distances and indices of rows of `base`, both of shape (m, k).
/// - Precondition: both have two axes, and rows of the same length of at most 2²⁶ bytes.
/// - Complexity: O(m n bytes).
public func bitNeighbors<Distance>(
  of queries: Tensor<UInt8>,
  in base: Tensor<UInt8>,
  k: Int,
  metric: BitMetric<Distance>
) -> (distances: Tensor<Distance>, indices: Tensor<Int>) {
  BitRows(queries, base, "bitNeighbors").nearest(k, metric)
}

/// ``bitNeighbors(of:in:k:metric:)`` into tensors that exist.
///
/// - Precondition: both results have the shape (m, k).
/// - Complexity: O(m n bytes).
public func bitNeighbors<Distance>(
  of queries: Tensor<UInt8>,
  in base: Tensor<UInt8>,
  k: Int,
  metric: BitMetric<Distance>,
  into distances: inout Tensor<Distance>,
  _ indices: inout Tensor<Int>
) {
  let operands = BitRows(queries, base, "bitNeighbors")
  let shape = operands.neighbors(k)
  operands.require(distances.shape, is: shape)
  operands.require(indices.shape, is: shape)
  distances.withUnsafeMutableBufferPointer { distances in
    indices.withUnsafeMutableBufferPointer { operands.search(k, metric, distances, $0) }
  }
}

/// All rows of bits of `base` at a distance of `radius` and less from each of `queries`.
///
/// - Parameters:
///   - queries: Shape (m, bytes).
///   - base: Shape (n, bytes), n < 2³².
///   - radius: The largest distance; any number but NaN.
///   - metric: What to measure.
/// - Returns: The nearest of each query first; of equal distances, those of smaller indices first.
/// - Precondition: both have two axes, and rows of the same length of at most 2²⁶ bytes.
/// - Complexity: O(m n bytes), and memory for all neighbours.
public func bitNeighbors<Distance>(
  of queries: Tensor<UInt8>,
  in base: Tensor<UInt8>,
  radius: Double,
  metric: BitMetric<Distance>
) -> NeighborLists<Distance> {
  BitRows(queries, base, "bitNeighbors").within(radius, metric)
}

/// The nearest among rows of bits that lie in memory one behind the other.
///
/// - Precondition: `base` holds whole rows as long as the queries', and `k` is from 1 to 1024.
package func bitNeighbors<Distance>(
  of queries: Tensor<UInt8>,
  inRows base: UnsafeBufferPointer<UInt8>,
  k: Int,
  metric: BitMetric<Distance>
) -> (distances: Tensor<Distance>, indices: Tensor<Int>) {
  BitRows(queries, rows: base, "bitNeighbors").nearest(k, metric)
}

/// All within a radius among rows of bits that lie in memory one behind the other.
///
/// - Precondition: `base` holds whole rows as long as the queries'.
package func bitNeighbors<Distance>(
  of queries: Tensor<UInt8>,
  inRows base: UnsafeBufferPointer<UInt8>,
  radius: Double,
  metric: BitMetric<Distance>
) -> NeighborLists<Distance> {
  BitRows(queries, rows: base, "bitNeighbors").within(radius, metric)
}

// MARK: - Calls

/// Two operands as rows of as many bytes, and the functions of C on them.
private struct BitRows {
  private let x: Tensor<UInt8>
  private let withY: ((UnsafePointer<UInt8>) -> farro_status) -> farro_status
  private let m, n, bytes: Int
  private let function: StaticString

  init(_ x: Tensor<UInt8>, _ y: Tensor<UInt8>, _ function: StaticString) {
    Farro.require(
      x.rank == 2 && y.rank == 2 && x.shape[1] == y.shape[1] && x.shape[1] <= 1 << 26,
      "\(function): \(x.shape) and \(y.shape) must both be (rows, bytes) with the same number of bytes, at most 2^26"
    )
    (self.x, self.function) = (x, function)
    (m, n, bytes) = (x.shape[0], y.shape[0], x.shape[1])
    withY = { body in y.withUnsafeBufferPointer { body($0.baseAddress!) } }
  }

  init(_ x: Tensor<UInt8>, rows y: UnsafeBufferPointer<UInt8>, _ function: StaticString) {
    (self.x, self.function) = (x, function)
    (m, n, bytes) = (x.shape[0], y.count / max(x.shape[1], 1), x.shape[1])
    withY = { body in
      if let address = y.baseAddress { return body(address) }
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { body($0.baseAddress!) }
    }
  }

  var pairs: [Int] { [m, n] }

  func neighbors(_ k: Int) -> [Int] {
    Farro.require(1...1024 ~= k && n <= UInt32.max, "\(function): \(k) rows of \(n) cannot be found: 1 to 1024 can")
    return [m, k]
  }

  func require(_ shape: [Int], is expected: [Int]) {
    Farro.require(
      shape == expected,
      "\(function): \(m) and \(n) rows of \(bytes) bytes have results of shape \(expected), not \(shape)"
    )
  }

  func pairwise<Distance>(_ metric: BitMetric<Distance>, _ out: UnsafeMutableBufferPointer<Distance>) {
    call { farro_pairwise_bit_distances(metric.code, m, n, bytes, $0, bytes, $1, bytes, out.baseAddress!, n) }
  }

  func paired<Distance>(_ metric: BitMetric<Distance>, _ out: UnsafeMutableBufferPointer<Distance>) {
    call { farro_paired_bit_distances(metric.code, m, bytes, $0, bytes, $1, bytes, out.baseAddress!) }
  }

  func nearest<Distance>(
    _ k: Int,
    _ metric: BitMetric<Distance>
  ) -> (distances: Tensor<Distance>, indices: Tensor<Int>) {
    let shape = neighbors(k)
    var distances = Tensor<Distance>(unsafeUninitializedShape: shape) { _ in }
    let indices = Tensor<Int>(unsafeUninitializedShape: shape) { indices in
      distances.withUnsafeMutableBufferPointer { search(k, metric, $0, indices) }
    }
    return (distances, indices)
  }

  func within<Distance>(_ radius: Double, _ metric: BitMetric<Distance>) -> NeighborLists<Distance> {
    Farro.require(!radius.isNaN && n <= UInt32.max, "\(function): no \(n) rows lie within a radius of \(radius)")
    var lists: UnsafeMutablePointer<farro_neighbor_lists>?
    call { farro_bit_radius_neighbors(metric.code, m, n, bytes, $0, bytes, $1, bytes, radius, &lists) }
    defer { farro_neighbor_lists_release(lists) }
    return NeighborLists(lists!.pointee)
  }

  func search<Distance>(
    _ k: Int,
    _ metric: BitMetric<Distance>,
    _ distances: UnsafeMutableBufferPointer<Distance>,
    _ indices: UnsafeMutableBufferPointer<Int>
  ) {
    let (distances, indices) = (distances.baseAddress!, indices.baseAddress!.as(Int64.self))
    call { farro_bit_neighbors(metric.code, m, n, bytes, $0, bytes, $1, bytes, k, distances, indices) }
  }

  private func call(_ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>) -> farro_status) {
    let status = x.withUnsafeBufferPointer { x in withY { body(x.baseAddress!, $0) } }
    check(status, function)
  }
}
