import CKernels

/// A tree of halves over rows of few columns, for neighbours by the Euclidean distance.
///
/// It holds the rows, in an order of its own. What it finds is what ``nearestNeighbors(of:in:k:metric:where:)`` and
/// ``radiusNeighbors(of:in:radius:metric:where:)`` find, bit for bit.
package final class KDTree<Scalar: KernelScalar>: Sendable {
  // C's tree does not change once it is built.
  private nonisolated(unsafe) let tree: OpaquePointer
  package let rowCount, columnCount: Int

  /// A tree over rows of finite numbers.
  ///
  /// - Precondition: `rows` has two axes, fewer than 2³² - 1 rows, and at least one column; `leafSize` is above 0.
  /// - Complexity: O(n d log(n / `leafSize`)).
  package init(_ rows: Tensor<Scalar>, leafSize: Int) {
    require(
      rows.rank == 2 && rows.shape[1] > 0 && rows.shape[0] < UInt32.max && leafSize > 0,
      "KDTree: there is no tree over \(rows.shape) with leaves of \(leafSize)"
    )
    let (n, d) = (rows.shape[0], rows.shape[1])
    (rowCount, columnCount) = (n, d)
    var tree: OpaquePointer?
    rows.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      let status =
        switch Scalar.dtype {
        case .f32: farro_kd_tree_build_f32(n, d, x.f32, d, leafSize, &tree)
        default: farro_kd_tree_build_f64(n, d, x.f64, d, leafSize, &tree)
        }
      check(status, "KDTree")
    }
    self.tree = tree!
  }

  deinit { farro_kd_tree_release(tree) }

  /// The `k` nearest rows of each query, shape (m, k) both.
  ///
  /// - Parameter isSquared: Whether distances are squared.
  /// - Precondition: queries have as many columns as the rows.
  /// - Complexity: O(log n + k) for each query where rows lie evenly, O(n d) at worst.
  package func nearest(
    _ queries: Tensor<Scalar>,
    k: Int,
    isSquared: Bool
  ) -> (distances: Tensor<Scalar>, indices: Tensor<Int>) {
    require(
      queries.rank == 2 && queries.shape[1] == columnCount && k >= 0,
      "KDTree: queries of \(queries.shape) cannot be near rows of \(columnCount) columns"
    )
    let (m, d) = (queries.shape[0], columnCount)
    var distances = Tensor<Scalar>(unsafeUninitializedShape: [m, k]) { _ in }
    let indices = Tensor<Int>(unsafeUninitializedShape: [m, k]) { indices in
      distances.withUnsafeMutableBufferPointer { distances in
        queries.withUnsafeBufferPointer { x in
          let (x, to, rows) = (x.baseAddress!, distances.baseAddress!, indices.baseAddress!.as(Int64.self))
          let status =
            switch Scalar.dtype {
            case .f32: farro_kd_tree_nearest_f32(tree, m, x.f32, d, k, isSquared, to.f32, rows)
            default: farro_kd_tree_nearest_f64(tree, m, x.f64, d, k, isSquared, to.f64, rows)
            }
          check(status, "KDTree.nearest")
        }
      }
    }
    return (distances, indices)
  }

  /// All rows at a distance of `radius` and less from each query, the nearest first.
  ///
  /// - Parameter isSquared: Whether distances, and the radius, are squared.
  /// - Precondition: queries have as many columns as the rows; `radius` is not NaN.
  /// - Complexity: O(log n) for each query where rows lie evenly, and O(c log c) for c rows that are found.
  package func within(_ radius: Double, of queries: Tensor<Scalar>, isSquared: Bool) -> NeighborLists<Scalar> {
    require(
      queries.rank == 2 && queries.shape[1] == columnCount && !radius.isNaN,
      "KDTree: no row lies within \(radius) of queries of \(queries.shape), among rows of \(columnCount) columns"
    )
    let (m, d) = (queries.shape[0], columnCount)
    var lists: UnsafeMutablePointer<farro_neighbor_lists>?
    queries.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      let status =
        switch Scalar.dtype {
        case .f32: farro_kd_tree_within_f32(tree, m, x.f32, d, radius, isSquared, &lists)
        default: farro_kd_tree_within_f64(tree, m, x.f64, d, radius, isSquared, &lists)
        }
      check(status, "KDTree.within")
    }
    defer { farro_neighbor_lists_release(lists) }
    return NeighborLists(lists!.pointee)
  }

  /// The rows, in the order in which they came.
  ///
  /// - Complexity: O(elements): a copy.
  package var rows: Tensor<Scalar> {
    Tensor(unsafeUninitializedShape: [rowCount, columnCount]) { to in
      let to = to.baseAddress!
      let status =
        switch Scalar.dtype {
        case .f32: farro_kd_tree_rows_f32(tree, to.f32)
        default: farro_kd_tree_rows_f64(tree, to.f64)
        }
      check(status, "KDTree.rows")
    }
  }
}
