import Farro

// Shapes are [m, n, d]: m rows against n rows of d elements; of pairs, [m, d].

let distanceKernels: [ProfiledKernel] =
  profiledMetrics.flatMap { [distanceKernel($0, of: Float.self), distanceKernel($0, of: Double.self)] }
  + [DistanceMetric.euclidean, .manhattan, .cosine, .canberra].flatMap {
    [pairedKernel($0, of: Float.self), pairedKernel($0, of: Double.self)]
  }
  + [DistanceMetric.euclidean, .innerProduct].flatMap {
    [
      narrowKernel(
        $0,
        of: BFloat16.self,
        { Tensor(casting: $0) },
        { pairwiseDistances($0, $1, metric: $2, into: &$3) }
      ),
      narrowKernel($0, of: Int8.self, bytes, { pairwiseDistances($0, $1, metric: $2, into: &$3) }),
    ]
  }

private let profiledMetrics = DistanceMetric.simple + [.minkowski(p: 3), .minkowski(p: 1.5)]

private func kernelName(_ metric: DistanceMetric) -> String {
  switch metric {
  case .squaredEuclidean: "squared_euclidean"
  case .minkowski(let p): "minkowski_\(p)"
  default: metric.name
  }
}

/// What one coordinate costs. Products take a multiplication and an addition, beside which the norms do not count. The
/// others' sums of terms fuse little (Manhattan takes a subtraction and an addition, and |x|, of one bit): at the rate of
/// multiply-adds they cannot pass half of the bound. A division, a logarithm or a sine counts as one operation here and
/// takes as long as many, so that these stay far below it.
private func operations(_ metric: DistanceMetric) -> Double {
  switch metric {
  case .brayCurtis, .canberra, .minkowski: 4
  case .jensenShannon: 8
  case .haversine: 6
  default: 2
  }
}

/// Rows that the metric is made for.
private func rows<Scalar: KernelScalar>(
  _ metric: DistanceMetric,
  of type: Scalar.Type,
  _ shape: [Int],
  seed: UInt64
) -> Tensor<Scalar> {
  let isAmount = metric == .hellinger || metric == .jensenShannon
  return operand(type, shape: shape, in: isAmount ? 0...1 : -1...1, seed: seed)
}

private func distanceKernel<Scalar: KernelScalar>(_ metric: DistanceMetric, of type: Scalar.Type) -> ProfiledKernel {
  let shapes =
    metric == .haversine
    ? [[13, 37, 2], [40, 70, 2], [256, 256, 2], [8192, 4096, 2]]
    // One query, and two large sets.
    : [[13, 37, 19], [40, 70, 33], [256, 256, 128], [1, 100_000, 128], [1000, 1000, 768], [8192, 4096, 32]]
  return ProfiledKernel(
    family: "distance",
    name: kernelName(metric),
    dtype: Scalar.dtype,
    shapes: shapes,
    inCache: shapes[2],
    outOfCache: shapes.last!,
    traffic: .copy,
    flops: { operations(metric) * Double($0.reduce(1, *)) },
    bytes: { pairwiseBytes($0, element: MemoryLayout<Scalar>.stride, distance: MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let x = rows(metric, of: type, [shape[0], shape[2]], seed: 1)
      let y = rows(metric, of: type, [shape[1], shape[2]], seed: 2)
      var distances = operand(type, shape: [shape[0], shape[1]], seed: 3)
      return ProfiledKernel.Prepared(
        run: { pairwiseDistances(x, y, metric: metric, into: &distances) },
        error: {
          let all = (0..<shape[0]).flatMap { i in (0..<shape[1]).map { (i, $0) } }
          return worstError(distances, Reference.pairwiseDistances(x, y, metric: metric), metric, x, y, all)
        }
      )
    }
  )
}

private func pairedKernel<Scalar: KernelScalar>(_ metric: DistanceMetric, of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "distance",
    name: "paired_" + kernelName(metric),
    dtype: Scalar.dtype,
    shapes: [[37, 19], [70, 33], [128, 128], [131_072, 128]],
    inCache: [128, 128],
    outOfCache: [131_072, 128],
    traffic: .read,
    flops: { operations(metric) * Double($0.reduce(1, *)) },
    bytes: { Double((2 * $0[0] * $0[1] + $0[0]) * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let x = rows(metric, of: type, shape, seed: 1)
      let y = rows(metric, of: type, shape, seed: 2)
      var distances = operand(type, shape: [shape[0]], seed: 3)
      return ProfiledKernel.Prepared(
        run: { pairedDistances(x, y, metric: metric, into: &distances) },
        error: {
          let all = (0..<shape[0]).map { ($0, $0) }
          return worstError(distances, Reference.pairedDistances(x, y, metric: metric), metric, x, y, all)
        }
      )
    }
  )
}

/// Rows that become Float while they are packed; distances are those of Float.
private func narrowKernel<Element: TensorScalar>(
  _ metric: DistanceMetric,
  of type: Element.Type,
  _ narrow: @escaping @Sendable (Tensor<Float>) -> Tensor<Element>,
  _ measure: @escaping @Sendable (Tensor<Element>, Tensor<Element>, DistanceMetric, inout Tensor<Float>) -> Void
) -> ProfiledKernel {
  ProfiledKernel(
    family: "distance",
    name: kernelName(metric),
    dtype: Element.dtype,
    arithmetic: .f32,
    shapes: [[13, 37, 19], [40, 70, 33], [256, 256, 128], [8192, 4096, 32]],
    inCache: [256, 256, 128],
    outOfCache: [8192, 4096, 32],
    traffic: .copy,
    flops: { 2 * Double($0.reduce(1, *)) },
    bytes: { pairwiseBytes($0, element: MemoryLayout<Element>.stride, distance: 4) },
    prepare: { shape in
      let x = narrow(operand(shape: [shape[0], shape[2]], seed: 1))
      let y = narrow(operand(shape: [shape[1], shape[2]], seed: 2))
      var distances = operand(Float.self, shape: [shape[0], shape[1]], seed: 3)
      return ProfiledKernel.Prepared(
        run: { measure(x, y, metric, &distances) },
        error: {
          let (x, y) = (Tensor<Float>(casting: x), Tensor<Float>(casting: y))
          let all = (0..<shape[0]).flatMap { i in (0..<shape[1]).map { (i, $0) } }
          return worstError(distances, Reference.pairwiseDistances(x, y, metric: metric), metric, x, y, all)
        }
      )
    }
  )
}

private func bytes(_ x: Tensor<Float>) -> Tensor<Int8> { quantize(x, to: Int8.self).elements }

private func pairwiseBytes(_ shape: [Int], element: Int, distance: Int) -> Double {
  Double((shape[0] + shape[1]) * shape[2] * element + shape[0] * shape[1] * distance)
}

// MARK: - Bounds

/// By the bounds of CKernels/include/distance.h, with one more rounding for the reference. `rows` are those of x and y that
/// each distance is between.
private func worstError<Scalar: KernelScalar>(
  _ distances: Tensor<Scalar>,
  _ expected: Tensor<Scalar>,
  _ metric: DistanceMetric,
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>,
  _ rows: [(x: Int, y: Int)]
) -> Double {
  let (d, u) = (x.shape[1], unitRoundoff(Scalar.self))
  let (exact, a, b) = (doubles(expected), doubles(x), doubles(y))
  return worstError(distances, expected) { i in
    let (x, y) = (a[rows[i].x * d..<(rows[i].x + 1) * d], b[rows[i].y * d..<(rows[i].y + 1) * d])
    return bound(metric, exact[i], u, x, y)
  }
}

private func bound(
  _ metric: DistanceMetric,
  _ t: Double,
  _ u: Double,
  _ x: ArraySlice<Double>,
  _ y: ArraySlice<Double>
) -> Double {
  let d = Double(x.count)
  return switch metric {
  case .euclidean: (16 * d + 22) * u * t
  case .squaredEuclidean: (32 * d + 41) * u * t
  case .manhattan: (d + 2) * u * t
  case .cosine: (2 * d + 10) * u
  case .innerProduct: (d + 4) * u * zip(x, y).reduce(0) { $0 + abs($1.0 * $1.1) }
  case .chebyshev: 2 * u * t
  case .minkowski(let p): ((3 * d + 12) / p + 13) * u * t
  case .correlation: (2 * d + 26) * u
  case .canberra: (d + 4) * u * t
  case .brayCurtis: (2 * d + 4) * u * t
  case .hellinger: (16 * d + 23) * u * t + u * (x.reduce(0, +).squareRoot() + y.reduce(0, +).squareRoot())
  case .jensenShannon: (d / 2 + 25) * u * t + (d + 2) * u
  // Angles of at most 1: here cos(t / 2) is above 1/2 and sin(t / 2) below t / 2.
  case .haversine: 11 * u * t + 2 * u * (zip(x, y).reduce(0) { $0 + abs($1.0 - $1.1) } + 12 * t)
  }
}
