import Farro
import FarroData

/// Exact search among rows that need not fit in memory, which tells how far it is and may be cancelled.
///
/// The results are those of `nearestNeighbors` and `radiusNeighbors`: rows are looked at some at a time, and what is found is
/// the same however they are cut. Unlike there, a row that is not of finite numbers is refused.
///
/// ```swift
/// let search = try ExactSearch(NPY.map("points.npy", as: Float.self), metric: .cosine)
/// let (distances, indices) = try search.nearest(to: queries, k: 10)
/// ```
public struct ExactSearch<Scalar: KernelScalar>: Sendable {
  /// What is near.
  public let metric: DistanceMetric
  /// The rows that are searched.
  public let count: Int
  /// The elements of a row.
  public let dimension: Int

  /// How many rows are looked at in the first turn; `nil`: as suits the queries.
  package var rowsAtFirst: Int?

  private let nearest: @Sendable (Range<Int>, Tensor<Scalar>, Int) -> (distances: Tensor<Scalar>, indices: Tensor<Int>)
  private let within: @Sendable (Range<Int>, Tensor<Scalar>, Double) -> NeighborLists<Scalar>
  private let check: @Sendable (Range<Int>) throws(IndexError) -> Void

  /// A search among the rows of a tensor, which may be mapped from a file that is larger than memory.
  ///
  /// - Throws: ``IndexError`` when `base` has other than two axes, or the metric does not suit it.
  public init<Element: DistanceElement>(
    _ base: Tensor<Element>,
    metric: DistanceMetric
  ) throws(IndexError) where Element.Distance == Scalar {
    guard base.rank == 2 else {
      throw IndexError(.wrongShape(found: base.shape, dimension: base.shape.last ?? 1), in: "ExactSearch")
    }
    try requireMetric(metric, dimension: base.shape[1])
    self.metric = metric
    (count, dimension) = (base.shape[0], base.shape[1])
    nearest = { nearestNeighbors(of: $1, in: base[$0], k: $2, metric: metric) }
    within = { radiusNeighbors(of: $1, in: base[$0], radius: $2, metric: metric) }
    check = { (range) throws(IndexError) in
      guard let rows = base[range] as? Tensor<Scalar>, let found = firstNotFinite(rows) else { return }
      throw IndexError(
        .notFinite(row: range.lowerBound + found.row, column: found.column, value: found.value),
        in: "ExactSearch"
      )
    }
  }
}

private func firstNotFinite<Scalar: KernelScalar>(
  _ rows: Tensor<Scalar>
) -> (row: Int, column: Int, value: String)? {
  // A sum that is finite has only finite terms; one that is not may have overflowed.
  if rows.count == 0 || rows.sum().isFinite { return nil }
  for row in 0..<rows.shape[0] where !rows[row: row].sum().isFinite {
    for column in 0..<rows.shape[1] where !rows[row, column].isFinite { return (row, column, "\(rows[row, column])") }
  }
  return nil
}

private func requireMetric(_ metric: DistanceMetric, dimension: Int) throws(IndexError) {
  if case .minkowski = metric { return }
  let supported = DistanceMetric.simple.filter { $0 != .haversine || dimension == 2 }
  guard supported.contains(metric) else {
    throw IndexError(.unsupportedMetric(metric, supported: supported), in: "ExactSearch")
  }
}

// MARK: - Searching

extension ExactSearch {
  /// The `k` rows that are nearest to each query.
  ///
  /// - Parameters:
  ///   - queries: Shape (m, ``dimension``).
  ///   - k: How many.
  ///   - progress: Called some times with the share of the work that is done, from 0 to 1.
  /// - Returns: Shape (m, k) both, as `nearestNeighbors` has them.
  /// - Precondition: `k` is not negative.
  /// - Throws: ``IndexError`` for queries of another shape, and for a row that is not of finite numbers; `CancellationError`
  ///   where the task was cancelled.
  /// - Complexity: O(m n d).
  public func nearest(
    to queries: Tensor<Scalar>,
    k: Int,
    progress: (Double) -> Void = { _ in }
  ) throws -> (distances: Tensor<Scalar>, indices: Tensor<Int>) {
    try requireShape(queries)
    let isSimilarity = metric == .innerProduct
    let worst: Scalar = isSimilarity ? -.infinity : .infinity
    let m = queries.shape[0]
    var distances = Tensor<Scalar>(repeating: worst, shape: [m, k])
    var indices = Tensor<Int>(repeating: -1, shape: [m, k])
    try walk(queries, progress) { some, range in
      let found = nearest(range, queries[some], k)
      if range == 0..<count && some == 0..<m {
        (distances, indices) = found
      } else {
        merge(found, from: range.lowerBound, isSimilarity, into: &distances, &indices, some)
      }
    }
    return (distances, indices)
  }

  /// All rows at a distance of `radius` and less from each query (by the inner product: of `radius` and more).
  ///
  /// - Parameters:
  ///   - radius: The largest distance; any number but NaN.
  ///   - queries: Shape (m, ``dimension``).
  ///   - progress: Called some times with the share of the work that is done, from 0 to 1.
  /// - Throws: As ``nearest(to:k:progress:)``.
  /// - Complexity: O(m n d), and memory for all neighbours.
  public func within(
    _ radius: Double,
    of queries: Tensor<Scalar>,
    progress: (Double) -> Void = { _ in }
  ) throws -> NeighborLists<Scalar> {
    try requireShape(queries)
    var found = [[(distance: Scalar, index: Int)]](repeating: [], count: queries.shape[0])
    var whole: NeighborLists<Scalar>?
    try walk(queries, progress) { some, range in
      let lists = within(range, queries[some], radius)
      if range == 0..<count && some == 0..<queries.shape[0] {
        whole = lists
        return
      }
      for query in some {
        let (distances, indices) = lists[query - some.lowerBound]
        found[query] += zip(distances.scalars, indices.scalars).map { ($0, $1 + range.lowerBound) }
      }
    }
    if let whole { return whole }
    let isSimilarity = metric == .innerProduct
    for query in found.indices {
      found[query].sort { a, b in
        a.distance == b.distance ? a.index < b.index : (a.distance < b.distance) != isSimilarity
      }
    }
    var offsets = [0]
    for list in found { offsets.append(offsets.last! + list.count) }
    return NeighborLists(
      offsets: offsets,
      distances: Tensor(found.flatMap { $0.map(\.distance) }, shape: [offsets.last!]),
      indices: Tensor(found.flatMap { $0.map(\.index) }, shape: [offsets.last!])
    )
  }

  private func requireShape(_ queries: Tensor<Scalar>) throws(IndexError) {
    guard queries.rank == 2, queries.shape[1] == dimension else {
      throw IndexError(.wrongShape(found: queries.shape, dimension: dimension), in: "search")
    }
  }

  /// Calls `visit` with ranges of queries and of rows, until every query has met every row, in the rows' order.
  private func walk(
    _ queries: Tensor<Scalar>,
    _ progress: (Double) -> Void,
    _ visit: (Range<Int>, Range<Int>) -> Void
  ) throws {
    let m = queries.shape[0]
    if m == 0 || count == 0 { return }
    // As many queries at a time as make the reading of a file vanish beside the arithmetic.
    let mostQueries = 16_384
    // About a quarter of a second between two looks at progress and cancellation: nobody waits longer, and a search among
    // so many rows has nothing to gain from more. How long a row takes is found out on the way.
    let clock = ContinuousClock()
    // Of few queries, what a row takes is its way from the device.
    let suiting = max(256, (1 << 30) / (max(min(m, mostQueries), 64) * max(dimension, 1)))
    var rowsAtOnce = min(count, rowsAtFirst ?? suiting)
    progress(0)
    for first in stride(from: 0, to: m, by: mostQueries) {
      let some = first..<min(first + mostQueries, m)
      var next = 0
      while next < count {
        try Task.checkCancellation()
        let range = next..<min(next + rowsAtOnce, count)
        let start = clock.now
        if first == 0 { try check(range) }
        visit(some, range)
        let seconds = (clock.now - start) / .seconds(1)
        rowsAtOnce = max(256, Int(Double(range.count) * min(max(0.25 / seconds, 0.25), 4)))
        next = range.upperBound
        progress((Double(first) + Double(some.count) * Double(next) / Double(count)) / Double(m))
      }
    }
  }
}

/// Takes up what was found among the rows from `first` on, which come after all others.
private func merge<Scalar: KernelScalar>(
  _ found: (distances: Tensor<Scalar>, indices: Tensor<Int>),
  from first: Int,
  _ isSimilarity: Bool,
  into distances: inout Tensor<Scalar>,
  _ indices: inout Tensor<Int>,
  _ queries: Range<Int>
) {
  let k = indices.shape[1]
  var best = [(distance: Scalar, index: Int)]()
  best.reserveCapacity(k)
  for query in queries {
    best.removeAll(keepingCapacity: true)
    var (old, new) = (0, 0)
    let row = query - queries.lowerBound
    while best.count < k {
      let (a, b) = (distances[query, old], found.distances[row, new])
      let isNewNearer =
        found.indices[row, new] >= 0 && (indices[query, old] < 0 || (isSimilarity ? b > a : b < a))
      if isNewNearer {
        best.append((b, found.indices[row, new] + first))
        new += 1
      } else {
        best.append((a, indices[query, old]))
        old += 1
      }
    }
    for (place, neighbor) in best.enumerated() {
      distances[query, place] = neighbor.distance
      indices[query, place] = neighbor.index
    }
  }
}
