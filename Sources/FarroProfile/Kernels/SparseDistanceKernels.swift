import Farro

// Shapes are [m, n, columns, elements] of distances: m rows against n rows of so many columns, of which so many hold an
// element; of products as well, n being the columns of the dense factor; and [m, n, elements] of sets.

let sparseDistanceKernels =
  bothTypes(sparseKernels(of: Float.self), sparseKernels(of: Double.self))
  + [setKernel(of: UInt32.self), setKernel(of: UInt64.self)]

private func sparseKernels<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let metrics: [(name: String, metric: DistanceMetric)] = [
    ("euclidean", .euclidean), ("squared_euclidean", .squaredEuclidean), ("manhattan", .manhattan), ("cosine", .cosine),
    ("inner_product", .innerProduct),
  ]
  return metrics.map { distanceKernel(of: type, named: $0.name, $0.metric) } + [productKernel(of: type)]
}

private func distanceKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ metric: DistanceMetric
) -> ProfiledKernel {
  ProfiledKernel(
    family: "distance",
    name: "sparse_\(name)",
    dtype: Scalar.dtype,
    shapes: [[13, 37, 50, 5], [200, 300, 1000, 20], [1000, 1000, 10_000, 100], [4096, 8192, 2000, 20]],
    inCache: [200, 300, 1000, 20],
    outOfCache: [4096, 8192, 2000, 20],
    traffic: .write,
    flops: { 2 * Double($0[0] * $0[1] * $0[3]) },
    bytes: {
      Double(($0[0] + $0[1]) * $0[3] * (4 + MemoryLayout<Scalar>.stride) + $0[0] * $0[1] * MemoryLayout<Scalar>.stride)
    },
    prepare: { shape in
      let x = sparseOperand(type, rows: shape[0], columns: shape[2], elements: shape[3], seed: 1)
      let y = sparseOperand(type, rows: shape[1], columns: shape[2], elements: shape[3], seed: 2)
      var distances = Tensor<Scalar>(zeros: [shape[0], shape[1]])
      return ProfiledKernel.Prepared(
        run: { pairwiseDistances(x, y, metric: metric, into: &distances) },
        error: { worstSparseError(distances, metric, x, y, elements: 2 * shape[3]) }
      )
    }
  )
}

/// By the bounds of CKernels/include/sparse_distance.h, with one more rounding for the reference.
private func worstSparseError<Scalar: KernelScalar>(
  _ distances: Tensor<Scalar>,
  _ metric: DistanceMetric,
  _ x: CSRMatrix<Scalar>,
  _ y: CSRMatrix<Scalar>,
  elements: Int
) -> Double {
  let (n, u) = (Double(elements), unitRoundoff(Scalar.self))
  let expected = Reference.pairwiseDistances(x, y, metric: metric)
  let scale =
    metric == .innerProduct
    ? Reference.pairwiseDistances(
      CSRMatrix(magnitudes(of: x.dense())),
      CSRMatrix(magnitudes(of: y.dense())),
      metric: metric
    ) : expected
  return scale.withUnsafeBufferPointer { scale in
    worstError(distances, expected) { i in
      switch metric {
      case .euclidean: (16 * n + 22) * u * Double(scale[i])
      case .squaredEuclidean: (32 * n + 41) * u * Double(scale[i])
      case .manhattan: (32 * n + 81) * u * Double(scale[i])
      case .cosine: (2 * n + 9) * u
      default: (n + 4) * u * Double(scale[i])
      }
    }
  }
}

private func productKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "distance",
    name: "sparse_matmul",
    dtype: Scalar.dtype,
    shapes: [[13, 37, 50, 5], [200, 64, 1000, 20], [1 << 18, 128, 10_000, 10]],
    inCache: [200, 64, 1000, 20],
    outOfCache: [1 << 18, 128, 10_000, 10],
    traffic: .write,
    flops: { 2 * Double($0[0] * $0[1] * $0[3]) },
    bytes: { shape in
      let element = MemoryLayout<Scalar>.stride
      return Double(shape[0] * shape[3] * (4 + element) + (shape[0] + shape[2]) * shape[1] * element)
    },
    prepare: { shape in
      let x = sparseOperand(type, rows: shape[0], columns: shape[2], elements: shape[3], seed: 1)
      let y = operand(type, shape: [shape[2], shape[1]], seed: 2)
      var product = Tensor<Scalar>(zeros: [shape[0], shape[1]])
      return ProfiledKernel.Prepared(
        run: { matmul(x, y, into: &product) },
        error: {
          // All values are at most 1.
          let n = Double(shape[3])
          let dense = x.dense()
          return worstError(product, matmul(dense, y)) { _ in 3 * (n + 4) * n * unitRoundoff(type) }
        }
      )
    }
  )
}

private func setKernel<Element: SetElement>(of type: Element.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "distance",
    name: "set_jaccard",
    dtype: Element.dtype,
    shapes: [[13, 37, 7], [150, 150, 100], [6000, 6000, 16]],
    inCache: [150, 150, 100],
    outOfCache: [6000, 6000, 16],
    traffic: .write,
    flops: { _ in 0 },
    bytes: { Double(($0[0] + $0[1]) * $0[2] * MemoryLayout<Element>.stride + $0[0] * $0[1] * 4) },
    prepare: { shape in
      let (x, y) = (someSets(type, shape[0], shape[2], seed: 1), someSets(type, shape[1], shape[2], seed: 2))
      var distances = Tensor<Float>(zeros: [shape[0], shape[1]])
      return ProfiledKernel.Prepared(
        run: { jaccardDistances(x, y, into: &distances) },
        error: { exactError(distances, Reference.jaccardDistances(x, y)) }
      )
    }
  )
}

/// Rows of `elements` elements each, one in every so many columns.
private func sparseOperand<Scalar: KernelScalar>(
  _ type: Scalar.Type,
  rows: Int,
  columns: Int,
  elements: Int,
  seed: UInt64
) -> CSRMatrix<Scalar> {
  let gap = columns / elements
  let places = operand(Float.self, shape: [rows * elements], in: 0...1, seed: seed + 10).scalars
  let indices = places.indices.map { i in
    Int32(i % elements * gap + min(Int(places[i] * Float(gap)), gap - 1))
  }
  return try! CSRMatrix(
    columns: columns,
    offsets: (0...rows).map { Int64($0 * elements) },
    indices: indices,
    values: operand(type, shape: [rows * elements], seed: seed).scalars
  )
}

/// Sets whose elements are a fifth of those there are.
private func someSets<Element: SetElement>(_ type: Element.Type, _ count: Int, _ length: Int, seed: UInt64)
  -> SortedSets<Element>
{
  let gaps = operand(Float.self, shape: [count * length], in: 1...9, seed: seed).scalars
  return SortedSets(
    (0..<count).map { set in
      var next: Element = 0
      return (0..<length).map { i in
        next += Element(gaps[set * length + i])
        return next
      }
    }
  )
}
