import Farro

// Shapes are [m, n, d, k]: the k nearest of n rows of d elements for each of m queries. Assignment: [n, d, k], n rows to k
// centres.

let neighborKernels =
  [DistanceMetric.squaredEuclidean, .innerProduct, .cosine].flatMap {
    [searchKernel($0, of: Float.self), searchKernel($0, of: Double.self)]
  } + [assignKernel(of: Float.self), assignKernel(of: Double.self)]

private func searchKernel<Scalar: KernelScalar>(_ metric: DistanceMetric, of type: Scalar.Type) -> ProfiledKernel {
  let size = MemoryLayout<Scalar>.stride
  return ProfiledKernel(
    family: "neighbors",
    name: metric == .squaredEuclidean ? "squared_euclidean" : metric.name,
    dtype: Scalar.dtype,
    // One query, which is bound by reading the base, and many.
    shapes: [
      [9, 331, 19, 7], [3, 331, 19, 7], [128, 1536, 64, 10], [1, 300_000, 128, 10], [1000, 100_000, 128, 10],
    ],
    inCache: [128, 1536, 64, 10],
    outOfCache: [1, 300_000, 128, 10],
    traffic: .read,
    // Those of the product.
    flops: { 2 * Double($0[0] * $0[1] * $0[2]) },
    bytes: { Double((($0[0] + $0[1]) * $0[2] + $0[0] * $0[3]) * size + $0[0] * $0[3] * 8) },
    prepare: { shape in
      let queries = operand(type, shape: [shape[0], shape[2]], seed: 1)
      let base = operand(type, shape: [shape[1], shape[2]], seed: 2)
      var distances = operand(type, shape: [shape[0], shape[3]], seed: 3)
      var indices = Tensor<Int>(zeros: [shape[0], shape[3]])
      return ProfiledKernel.Prepared(
        run: { nearestNeighbors(of: queries, in: base, metric: metric, into: &distances, &indices) },
        error: {
          let all = Reference.pairwiseDistances(queries, base, metric: metric)
          let best = topK(all, shape[3], smallest: metric != .innerProduct).values
          // Between the k-th nearest, however they are called; largest is the sum of all products' magnitudes.
          let largest = Double(shape[2])
          return worstError(distances, best) { _ in (2 * Double(shape[2]) + 24) * unitRoundoff(type) * largest }
        }
      )
    }
  )
}

private func assignKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "neighbors",
    name: "nearest_centers",
    dtype: Scalar.dtype,
    shapes: [[331, 19, 7], [1536, 64, 64], [600_000, 64, 64]],
    inCache: [1536, 64, 64],
    outOfCache: [600_000, 64, 64],
    traffic: .read,
    flops: { 2 * Double($0.reduce(1, *)) },
    bytes: { Double(($0[0] + $0[2]) * $0[1] * MemoryLayout<Scalar>.stride + $0[0] * 12) },
    prepare: { shape in
      let x = operand(type, shape: [shape[0], shape[1]], seed: 1)
      let centers = operand(type, shape: [shape[2], shape[1]], seed: 2)
      var inertia = 0.0
      return ProfiledKernel.Prepared(
        run: { inertia = nearestCenters(x, centers: centers).inertia },
        error: {
          let all = Reference.pairwiseDistances(x, centers, metric: .squaredEuclidean)
          let exact = all.min(axis: 1).scalars.reduce(0) { $0 + Double($1) }
          return abs(inertia - exact) / ((4 * Double(shape[1]) + 24) * unitRoundoff(type) * 2 * exact)
        }
      )
    }
  )
}
