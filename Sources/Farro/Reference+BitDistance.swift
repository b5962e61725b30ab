import CKernels

extension Reference {
  /// As ``pairwiseBitDistances(_:_:metric:)``.
  package static func pairwiseBitDistances<Distance>(
    _ x: Tensor<UInt8>,
    _ y: Tensor<UInt8>,
    metric: BitMetric<Distance>
  ) -> Tensor<Distance> {
    let (m, n, bytes) = (x.shape[0], y.shape[0], x.shape[1])
    return Tensor(unsafeUninitializedShape: [m, n]) { out in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          let (x, y, out) = (x.baseAddress!, y.baseAddress!, out.baseAddress!)
          check(
            farro_pairwise_bit_distances_reference(metric.code, m, n, bytes, x, bytes, y, bytes, out, n),
            "Reference.pairwiseBitDistances"
          )
        }
      }
    }
  }

  /// As ``bitNeighbors(of:in:k:metric:)``.
  package static func bitNeighbors<Distance>(
    of queries: Tensor<UInt8>,
    in base: Tensor<UInt8>,
    _ k: Int,
    metric: BitMetric<Distance>
  ) -> (distances: Tensor<Distance>, indices: Tensor<Int>) {
    let (m, n, bytes) = (queries.shape[0], base.shape[0], base.shape[1])
    var distances = Tensor<Distance>(unsafeUninitializedShape: [m, k]) { _ in }
    let indices = Tensor<Int>(unsafeUninitializedShape: [m, k]) { indices in
      distances.withUnsafeMutableBufferPointer { distances in
        queries.withUnsafeBufferPointer { x in
          base.withUnsafeBufferPointer { y in
            let (x, y, distances) = (x.baseAddress!, y.baseAddress!, distances.baseAddress!)
            let indices = indices.baseAddress!.as(Int64.self)
            let status = farro_bit_neighbors_reference(
              metric.code,
              m,
              n,
              bytes,
              x,
              bytes,
              y,
              bytes,
              k,
              distances,
              indices
            )
            check(status, "Reference.bitNeighbors")
          }
        }
      }
    }
    return (distances, indices)
  }
}
