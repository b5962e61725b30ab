import CKernels

/// A tree of boxes over rows of few columns, for nearest neighbours by the Euclidean distance.
///
/// It holds a copy of the rows. What it finds is what ``nearestNeighbors(of:in:k:metric:where:)`` finds, bit for bit.
package final class KDTree<Scalar: KernelScalar>: Sendable {
  // C's tree does not change once it is built.
  private nonisolated(unsafe) let tree: OpaquePointer
  private let columns: Int

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
    columns = d
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
      queries.rank == 2 && queries.shape[1] == columns && k >= 0,
      "KDTree: queries of \(queries.shape) cannot be near rows of \(columns) columns"
    )
    let (m, d) = (queries.shape[0], columns)
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
}
