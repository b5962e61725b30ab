import CKernels

// The calls of the kernels of sparse matrices.

extension CSRMatrix {
  /// Calls `body` with the matrix as C has it, for `Float`.
  func withF32<Result>(_ body: (UnsafePointer<farro_csr_f32>) -> Result) -> Result {
    withPointers { offsets, indices, values in
      var matrix = farro_csr_f32(rows: rows, columns: columns, offsets: offsets, indices: indices, values: values.f32)
      return body(&matrix)
    }
  }

  /// The same for `Double`.
  func withF64<Result>(_ body: (UnsafePointer<farro_csr_f64>) -> Result) -> Result {
    withPointers { offsets, indices, values in
      var matrix = farro_csr_f64(rows: rows, columns: columns, offsets: offsets, indices: indices, values: values.f64)
      return body(&matrix)
    }
  }

  private func withPointers<Result>(
    _ body: (UnsafePointer<Int64>, UnsafePointer<Int32>, UnsafePointer<Scalar>) -> Result
  ) -> Result {
    offsets.withUnsafeBufferPointer { offsets in
      indices.withUnsafeBufferPointer { indices in
        values.withUnsafeBufferPointer { body(offsets.baseAddress!, indices.baseAddress!, $0.baseAddress!) }
      }
    }
  }
}

func measure<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: CSRMatrix<Scalar>,
  _ metric: DistanceMetric,
  _ out: UnsafeMutablePointer<Scalar>
) {
  requireSparse(metric, "pairwiseDistances")
  require(
    x.columns == y.columns && x.columns < Int32.max,
    "pairwiseDistances: sparse matrices of \(x.shape) and \(y.shape) must have as many columns"
  )
  let status =
    switch Scalar.dtype {
    case .f32: x.withF32 { x in y.withF32 { farro_sparse_distances_f32(metric.code, x, $0, out.f32, $0.pointee.rows) } }
    default: x.withF64 { x in y.withF64 { farro_sparse_distances_f64(metric.code, x, $0, out.f64, $0.pointee.rows) } }
    }
  check(status, "pairwiseDistances")
}

func measure<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: Tensor<Scalar>,
  _ metric: DistanceMetric,
  _ out: UnsafeMutablePointer<Scalar>
) {
  requireSparse(metric, "pairwiseDistances")
  require(
    y.rank == 2 && y.shape[1] == x.columns && x.columns < Int32.max,
    "pairwiseDistances: a sparse matrix of \(x.shape) and \(y.shape) must have as many columns"
  )
  let (n, d) = (y.shape[0], x.columns)
  let status = y.withUnsafeBufferPointer { y in
    let y = y.baseAddress!
    return switch Scalar.dtype {
    case .f32: x.withF32 { farro_sparse_dense_distances_f32(metric.code, $0, n, y.f32, d, out.f32, n) }
    default: x.withF64 { farro_sparse_dense_distances_f64(metric.code, $0, n, y.f64, d, out.f64, n) }
    }
  }
  check(status, "pairwiseDistances")
}

func measurePairs<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: CSRMatrix<Scalar>,
  _ metric: DistanceMetric,
  _ out: UnsafeMutablePointer<Scalar>
) {
  let status =
    switch Scalar.dtype {
    case .f32: x.withF32 { x in y.withF32 { farro_sparse_paired_distances_f32(metric.code, x, $0, out.f32) } }
    default: x.withF64 { x in y.withF64 { farro_sparse_paired_distances_f64(metric.code, x, $0, out.f64) } }
    }
  check(status, "pairedDistances")
}

func multiply<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: Tensor<Scalar>,
  _ out: UnsafeMutablePointer<Scalar>
) {
  let n = y.shape[1]
  let status = y.withUnsafeBufferPointer { y in
    let y = y.baseAddress!
    return switch Scalar.dtype {
    case .f32: x.withF32 { farro_sparse_matmul_f32($0, n, y.f32, n, out.f32, n) }
    default: x.withF64 { farro_sparse_matmul_f64($0, n, y.f64, n, out.f64, n) }
    }
  }
  check(status, "matmul")
}

extension Reference {
  /// As ``pairwiseDistances(_:_:metric:)-(CSRMatrix<Scalar>,CSRMatrix<Scalar>?,_)``.
  package static func pairwiseDistances<Scalar: KernelScalar>(
    _ x: CSRMatrix<Scalar>,
    _ y: CSRMatrix<Scalar>,
    metric: DistanceMetric
  ) -> Tensor<Scalar> {
    Tensor(unsafeUninitializedShape: [x.rows, y.rows]) { out in
      let (out, n) = (out.baseAddress!, y.rows)
      let status =
        switch Scalar.dtype {
        case .f32:
          x.withF32 { x in y.withF32 { farro_sparse_distances_reference_f32(metric.code, x, $0, out.f32, n) } }
        default:
          x.withF64 { x in y.withF64 { farro_sparse_distances_reference_f64(metric.code, x, $0, out.f64, n) } }
        }
      check(status, "Reference.pairwiseDistances")
    }
  }
}
