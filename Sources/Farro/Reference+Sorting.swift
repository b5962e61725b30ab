import CKernels

/// Sorting of the rows of a matrix, and histograms.
extension Reference {
  package static func sort<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    descending: Bool = false
  ) -> (values: Tensor<Scalar>, indices: Tensor<Int>) {
    topK(x, x.shape[1], smallest: !descending)
  }

  package static func topK<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ k: Int,
    smallest: Bool = false,
    sorted: Bool = true
  ) -> (values: Tensor<Scalar>, indices: Tensor<Int>) {
    let (rows, columns) = (x.shape[0], x.shape[1])
    let options = farro_top_k_options(smallest: smallest, unsorted: !sorted)
    var indices = Tensor<Int>(zeros: [rows, k])
    let values = Tensor<Scalar>(unsafeUninitializedShape: [rows, k]) { values in
      indices.withUnsafeMutableBufferPointer { indices in
        x.withUnsafeBufferPointer { x in
          let (x, values, at) = (x.baseAddress!, values.baseAddress!, indices.baseAddress!.as(Int64.self))
          let status =
            switch Scalar.dtype {
            case .f32: farro_top_k_reference_f32(rows, columns, k, options, x.f32, columns, values.f32, k, at, k)
            default: farro_top_k_reference_f64(rows, columns, k, options, x.f64, columns, values.f64, k, at, k)
            }
          check(status, "Reference")
        }
      }
    }
    return (values, indices)
  }

  package static func histogram<Scalar: KernelScalar>(_ x: Tensor<Scalar>, edges: Tensor<Scalar>) -> Tensor<Int> {
    let (n, bins) = (x.count, edges.count - 1)
    return Tensor(unsafeUninitializedShape: [bins]) { counts in
      withPointers(x, edges) { x, edges in
        let (x, edges, out) = (x!, edges!, counts.baseAddress!.as(Int64.self))
        switch Scalar.dtype {
        case .f32: check(farro_histogram_reference_f32(n, x.f32, nil, bins, edges.f32, out, nil), "Reference")
        default: check(farro_histogram_reference_f64(n, x.f64, nil, bins, edges.f64, out, nil), "Reference")
        }
      }
    }
  }

  package static func histogram<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    weights: Tensor<Scalar>,
    edges: Tensor<Scalar>
  ) -> Tensor<Double> {
    let (n, bins) = (x.count, edges.count - 1)
    return Tensor(unsafeUninitializedShape: [bins]) { sums in
      edges.withUnsafeBufferPointer { edges in
        withPointers(x, weights) { x, weights in
          let (x, w, edges, out) = (x!, weights!, edges.baseAddress!, sums.baseAddress!)
          switch Scalar.dtype {
          case .f32: check(farro_histogram_reference_f32(n, x.f32, w.f32, bins, edges.f32, nil, out), "Reference")
          default: check(farro_histogram_reference_f64(n, x.f64, w.f64, bins, edges.f64, nil, out), "Reference")
          }
        }
      }
    }
  }
}
