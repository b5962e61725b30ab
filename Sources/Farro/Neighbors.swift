import CKernels

/// The `k` rows of a base that are nearest to each query, found without the matrix of all distances.
///
/// ```swift
/// let (distances, indices) = nearestNeighbors(of: queries, in: points, k: 10)  // [1000, 10] both
/// ```
///
/// The answer is exact: a distance is computed from the two rows alone, so that equal rows are at distance 0 however far
/// they lie from the origin, and rows at equal distances stand in the order of their indices. A row whose distance is NaN
/// is no neighbour. Where there are fewer than `k` neighbours, the index is -1 and the distance infinity (by the inner
/// product, which is larger for nearer rows, -infinity). Error bounds stand in CKernels' `neighbors.h`.
///
/// Queries and base of 16 and 8 bits take less memory, and are searched as if they were `Float`, with the same exactness.
///
/// - Parameters:
///   - queries: Shape (m, d).
///   - base: Shape (n, d), n below 2^32.
///   - k: How many.
///   - metric: What is near.
///   - keep: Shape (n): rows where it is false are no neighbours.
/// - Returns: Shape (m, k) both, the nearest first.
/// - Precondition: the shapes are as above, and `k` is not negative.
/// - Complexity: O(m n d) at the speed of matrix products for most metrics; memory for the results and up to 100 MB. By
///   other metrics than Euclidean, its square, cosine and the inner product, a base of 16 or 8 bits is held as `Float`
///   meanwhile.
public func nearestNeighbors<Query: DistanceElement, Element: DistanceElement>(
  of queries: Tensor<Query>,
  in base: Tensor<Element>,
  k: Int,
  metric: DistanceMetric = .euclidean,
  where keep: Tensor<Bool>? = nil
) -> (distances: Tensor<Element.Distance>, indices: Tensor<Int>) where Query.Distance == Element.Distance {
  isRead(Element.self, metric)
    ? NeighborSearch(wide(queries), base, metric, keep, "nearestNeighbors").nearest(k)
    : NeighborSearch(wide(queries), wide(base), metric, keep, "nearestNeighbors").nearest(k)
}

/// ``nearestNeighbors(of:in:k:metric:where:)`` into tensors that exist; their second axis tells how many.
///
/// - Precondition: `distances` and `indices` have the shape (m, k).
/// - Complexity: O(m n d).
public func nearestNeighbors<Query: DistanceElement, Element: DistanceElement>(
  of queries: Tensor<Query>,
  in base: Tensor<Element>,
  metric: DistanceMetric = .euclidean,
  where keep: Tensor<Bool>? = nil,
  into distances: inout Tensor<Element.Distance>,
  _ indices: inout Tensor<Int>
) where Query.Distance == Element.Distance {
  isRead(Element.self, metric)
    ? NeighborSearch(wide(queries), base, metric, keep, "nearestNeighbors").nearest(into: &distances, &indices)
    : NeighborSearch(wide(queries), wide(base), metric, keep, "nearestNeighbors").nearest(into: &distances, &indices)
}

/// Neighbours of several queries, of each its own number: those of query i are at `offsets[i] ..< offsets[i + 1]`.
public struct NeighborLists<Scalar: ArithmeticScalar>: Sendable, Equatable {
  /// Where each query's neighbours begin; one more than there are queries.
  public let offsets: [Int]
  /// Of all neighbours, the nearest of a query first. Shape (`offsets.last`).
  public let distances: Tensor<Scalar>
  /// Rows of the base. Shape (`offsets.last`).
  public let indices: Tensor<Int>

  package init(offsets: [Int], distances: Tensor<Scalar>, indices: Tensor<Int>) {
    (self.offsets, self.distances, self.indices) = (offsets, distances, indices)
  }

  /// The neighbours of one query, the nearest first.
  ///
  /// - Precondition: `query` is from 0 to the number of queries - 1.
  /// - Complexity: O(1): both are views.
  public subscript(query: Int) -> (distances: Tensor<Scalar>, indices: Tensor<Int>) {
    require(
      query >= 0 && query + 1 < offsets.count,
      "NeighborLists: there is no query \(query) among \(offsets.count - 1)"
    )
    let range = offsets[query]..<offsets[query + 1]
    return (distances[range], indices[range])
  }
}

extension NeighborLists {
  /// A copy of the C interface's lists, whose distances are of this type.
  init(_ found: farro_neighbor_lists) {
    let offsets = (0...found.queries).map { Int(found.offsets[$0]) }
    let total = offsets.last!
    self.init(
      offsets: offsets,
      distances: Tensor(unsafeUninitializedShape: [total]) { to in
        to.baseAddress!.update(from: found.distances.assumingMemoryBound(to: Scalar.self), count: total)
      },
      indices: Tensor(unsafeUninitializedShape: [total]) { to in
        for i in 0..<total { to[i] = Int(found.indices[i]) }
      }
    )
  }
}

/// All rows of a base at a distance of `radius` and less from each query (by the inner product: of `radius` and more).
///
/// - Parameters:
///   - queries: Shape (m, d).
///   - base: Shape (n, d), n below 2^32.
///   - radius: The largest distance; any number but NaN.
///   - metric: What is near.
///   - keep: Shape (n): rows where it is false are no neighbours.
/// - Precondition: as for ``nearestNeighbors(of:in:k:metric:where:)``.
/// - Complexity: O(m n d), and memory for all neighbours.
public func radiusNeighbors<Query: DistanceElement, Element: DistanceElement>(
  of queries: Tensor<Query>,
  in base: Tensor<Element>,
  radius: Double,
  metric: DistanceMetric = .euclidean,
  where keep: Tensor<Bool>? = nil
) -> NeighborLists<Element.Distance> where Query.Distance == Element.Distance {
  isRead(Element.self, metric)
    ? NeighborSearch(wide(queries), base, metric, keep, "radiusNeighbors").within(radius)
    : NeighborSearch(wide(queries), wide(base), metric, keep, "radiusNeighbors").within(radius)
}

/// Whether kernels read a base of such elements for a metric, without `Float` in between.
private func isRead<Element: DistanceElement>(_: Element.Type, _ metric: DistanceMetric) -> Bool {
  Element.self == Element.Distance.self || [.euclidean, .squaredEuclidean, .cosine, .innerProduct].contains(metric)
}

/// Elements in the type of their distances.
private func wide<Element: DistanceElement>(_ rows: Tensor<Element>) -> Tensor<Element.Distance> {
  let wide: Any =
    switch rows {
    case let rows as Tensor<BFloat16>: Tensor<Float>(casting: rows)
    case let rows as Tensor<Int8>: Tensor<Float>(casting: rows)
    default: rows
    }
  return wide as! Tensor<Element.Distance>
}

// MARK: - One search for all of them

/// The nearest among rows that lie in memory one behind the other.
///
/// - Precondition: `base` holds whole rows as long as the queries', and `keep` one boolean for each.
package func nearestNeighbors(
  of queries: Tensor<Float>,
  inRows base: UnsafeBufferPointer<Float>,
  k: Int,
  metric: DistanceMetric,
  where keep: Tensor<Bool>?
) -> (distances: Tensor<Float>, indices: Tensor<Int>) {
  NeighborSearch(queries, rows: base, metric, keep, "nearestNeighbors").nearest(k)
}

/// All within a radius among rows that lie in memory one behind the other.
///
/// - Precondition: `base` holds whole rows as long as the queries', and `keep` one boolean for each.
package func radiusNeighbors(
  of queries: Tensor<Float>,
  inRows base: UnsafeBufferPointer<Float>,
  radius: Double,
  metric: DistanceMetric,
  where keep: Tensor<Bool>?
) -> NeighborLists<Float> {
  NeighborSearch(queries, rows: base, metric, keep, "radiusNeighbors").within(radius)
}

/// The nearest of each query's candidates, rows that lie in memory one behind the other.
///
/// - Precondition: `base` holds whole rows as long as the queries'; `candidates`, shape (m, c), holds different numbers of
///   them for each query, or -1 for none; and the metric is Euclidean, squared Euclidean, cosine or the inner product.
package func nearestNeighbors(
  of queries: Tensor<Float>,
  inRows base: UnsafeBufferPointer<Float>,
  among candidates: Tensor<Int>,
  k: Int,
  metric: DistanceMetric
) -> (distances: Tensor<Float>, indices: Tensor<Int>) {
  NeighborSearch(queries, rows: base, metric, nil, "nearestNeighbors").nearest(k, among: candidates)
}

/// A search whose shapes are right.
private struct NeighborSearch<Element: DistanceElement> {
  typealias Scalar = Element.Distance
  let queries: Tensor<Scalar>
  let rows: Int
  let keep: Tensor<Bool>?
  let metric: DistanceMetric
  let name: StaticString
  let withBase: ((UnsafePointer<Element>) -> Void) -> Void

  init(
    _ queries: Tensor<Scalar>,
    _ base: Tensor<Element>,
    _ metric: DistanceMetric,
    _ keep: Tensor<Bool>?,
    _ name: StaticString
  ) {
    require(
      queries.rank == 2 && base.rank == 2 && queries.shape[1] == base.shape[1],
      "\(name): queries of \(queries.shape) and a base of \(base.shape) must both be (rows, d) with the same d"
    )
    require(
      keep.map { $0.shape == [base.shape[0]] } ?? true,
      "\(name): a base of \(base.shape) is filtered by \(base.shape[0]) booleans, not by \(keep?.shape ?? [])"
    )
    requireParameters(metric, queries.shape)
    (self.queries, self.metric, self.keep, self.name) = (queries, metric, keep, name)
    rows = base.shape[0]
    withBase = { body in base.withUnsafeBufferPointer { body($0.baseAddress!) } }
  }

  init(
    _ queries: Tensor<Scalar>,
    rows base: UnsafeBufferPointer<Element>,
    _ metric: DistanceMetric,
    _ keep: Tensor<Bool>?,
    _ name: StaticString
  ) {
    (self.queries, self.metric, self.keep, self.name) = (queries, metric, keep, name)
    rows = base.count / max(queries.shape[1], 1)
    withBase = { body in
      if let address = base.baseAddress {
        body(address)
      } else {
        withUnsafeTemporaryAllocation(of: Element.self, capacity: 1) { body($0.baseAddress!) }
      }
    }
  }

  func nearest(_ k: Int) -> (distances: Tensor<Scalar>, indices: Tensor<Int>) {
    require(k >= 0, "\(name): there are no \(k) neighbours")
    let shape = [queries.shape[0], k]
    var distances = Tensor<Scalar>(unsafeUninitializedShape: shape) { _ in }
    var indices = Tensor<Int>(unsafeUninitializedShape: shape) { _ in }
    nearest(into: &distances, &indices)
    return (distances, indices)
  }

  func nearest(into distances: inout Tensor<Scalar>, _ indices: inout Tensor<Int>) {
    let m = queries.shape[0]
    require(
      distances.shape == indices.shape && distances.rank == 2 && distances.shape[0] == m,
      "\(name): neighbours of \(queries.shape) need two tensors (\(m), k), not \(distances.shape) and \(indices.shape)"
    )
    let (k, metric) = (distances.shape[1], metric.distance)
    distances.withUnsafeMutableBufferPointer { distances in
      indices.withUnsafeMutableBufferPointer { indices in
        let rows = UnsafeMutableRawPointer(indices.baseAddress!).assumingMemoryBound(to: Int64.self)
        let out = distances.baseAddress!
        call { shape, x, y in
          switch Element.dtype {
          case .f32: farro_nearest_neighbors_f32(metric, shape, x.f32, y.f32, k, out.f32, rows)
          case .f64: farro_nearest_neighbors_f64(metric, shape, x.f64, y.f64, k, out.f64, rows)
          case .bf16: farro_nearest_neighbors_bf16(metric, shape, x.f32, y.as(UInt16.self), k, out.f32, rows)
          default: farro_nearest_neighbors_i8(metric, shape, x.f32, y.as(Int8.self), k, out.f32, rows)
          }
        }
      }
    }
  }

  func nearest(_ k: Int, among candidates: Tensor<Int>) -> (distances: Tensor<Scalar>, indices: Tensor<Int>) {
    let shape = [queries.shape[0], k]
    let (c, metric) = (candidates.shape[1], metric.distance)
    var distances = Tensor<Scalar>(unsafeUninitializedShape: shape) { _ in }
    let indices = Tensor<Int>(unsafeUninitializedShape: shape) { indices in
      distances.withUnsafeMutableBufferPointer { distances in
        candidates.withUnsafeBufferPointer { candidates in
          let (out, rows) = (distances.baseAddress!, indices.baseAddress!.as(Int64.self))
          let among = candidates.baseAddress!.as(Int64.self)
          call { farro_nearest_candidates_f32(metric, $0, $1.f32, $2.f32, c, among, k, out.f32, rows) }
        }
      }
    }
    return (distances, indices)
  }

  func within(_ radius: Double) -> NeighborLists<Scalar> {
    require(!radius.isNaN, "\(name): no row lies within a radius of NaN")
    var lists: UnsafeMutablePointer<farro_neighbor_lists>?
    let metric = metric.distance
    call { shape, x, y in
      switch Element.dtype {
      case .f32: farro_radius_neighbors_f32(metric, shape, x.f32, y.f32, radius, &lists)
      case .f64: farro_radius_neighbors_f64(metric, shape, x.f64, y.f64, radius, &lists)
      case .bf16: farro_radius_neighbors_bf16(metric, shape, x.f32, y.as(UInt16.self), radius, &lists)
      default: farro_radius_neighbors_i8(metric, shape, x.f32, y.as(Int8.self), radius, &lists)
      }
    }
    defer { farro_neighbor_lists_release(lists) }
    return NeighborLists(lists!.pointee)
  }

  private func call(
    _ body: (UnsafePointer<farro_neighbors_shape>, UnsafePointer<Scalar>, UnsafePointer<Element>) -> farro_status
  ) {
    let d = queries.shape[1]
    queries.withUnsafeBufferPointer { x in
      withBase { y in
        func run(_ keep: UnsafePointer<Bool>?) -> farro_status {
          var shape = farro_neighbors_shape()
          (shape.queries, shape.base, shape.d) = (queries.shape[0], rows, d)
          (shape.ld_queries, shape.ld_base) = (d, d)
          shape.keep = keep.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self) }
          return body(&shape, x.baseAddress!, y)
        }
        check(keep.map { $0.withUnsafeBufferPointer { run($0.baseAddress!) } } ?? run(nil), name)
      }
    }
  }
}
