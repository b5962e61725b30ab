import Farro

// Shapes are [m, n, d]: m rows against n rows of d elements.

let distanceKernels = DistanceMetric.allCases.flatMap { metric in
  [distanceKernel(metric, of: Float.self), distanceKernel(metric, of: Double.self)]
}

private func distanceKernel<Scalar: KernelScalar>(_ metric: DistanceMetric, of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "distance",
    name: metric == .squaredEuclidean ? "squared_euclidean" : metric.rawValue,
    dtype: Scalar.dtype,
    shapes: [
      [13, 37, 19], [256, 256, 128],
      // One query, and two large sets.
      [1, 100_000, 128], [1000, 1000, 768],
      [8192, 4096, 32],
    ],
    inCache: [256, 256, 128],
    outOfCache: [8192, 4096, 32],
    traffic: .copy,
    // A multiplication and an addition: all metrics but Manhattan come from inner products, beside which the norms do not
    // count. Manhattan takes a subtraction and an addition, which nothing fuses (and |x|, of one bit): at the rate of
    // multiply-adds it cannot pass half of the bound.
    flops: { 2 * Double($0.reduce(1, *)) },
    bytes: { Double(($0[0] * $0[2] + $0[1] * $0[2] + $0[0] * $0[1]) * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let x = operand(type, shape: [shape[0], shape[2]], seed: 1)
      let y = operand(type, shape: [shape[1], shape[2]], seed: 2)
      var distances = operand(type, shape: [shape[0], shape[1]], seed: 3)
      return ProfiledKernel.Prepared(
        run: { pairwiseDistances(x, y, metric: metric, into: &distances) },
        error: { worstError(distances, metric, x, y) }
      )
    }
  )
}

/// By the bounds of CKernels/include/distance.h, with one more rounding for the reference.
private func worstError<Scalar: KernelScalar>(
  _ distances: Tensor<Scalar>,
  _ metric: DistanceMetric,
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>
) -> Double {
  let (d, u) = (Double(x.shape[1]), unitRoundoff(Scalar.self))
  let expected = Reference.pairwiseDistances(x, y, metric: metric)
  let scale =
    metric == .innerProduct
    ? Reference.pairwiseDistances(magnitudes(of: x), magnitudes(of: y), metric: metric) : expected
  return scale.withUnsafeBufferPointer { scale in
    worstError(distances, expected) { i in
      switch metric {
      case .euclidean: (16 * d + 22) * u * Double(scale[i])
      case .squaredEuclidean: (32 * d + 41) * u * Double(scale[i])
      case .manhattan: (d + 2) * u * Double(scale[i])
      case .cosine: (2 * d + 10) * u
      case .innerProduct: (d + 4) * u * Double(scale[i])
      }
    }
  }
}
