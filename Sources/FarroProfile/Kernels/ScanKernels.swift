import Farro

// Shapes of scans are [outer, axis, inner], those of histograms [elements, bins].

func scans<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let u = unitRoundoff(type)
  return [
    // The bounds of CKernels/include/scan.h, with one more rounding for the reference.
    scanKernel(
      of: type,
      named: "cumulative_sum",
      in: -1...1,
      flops: 1,
      { cumulativeSum($0, axis: 1, into: &$1) },
      { Reference.cumulativeSum($0) },
      bound: { x, n in ((min(n, 530) + 4) * u, Reference.cumulativeSum(magnitudes(of: x))) }
    ),
    scanKernel(
      of: type,
      named: "cumulative_product",
      in: 0.999...1.001,
      flops: 1,
      { cumulativeProduct($0, axis: 1, into: &$1) },
      { Reference.cumulativeProduct($0) },
      bound: { x, n in (1.01 * (n + 3) * u, Reference.cumulativeProduct(x)) }
    ),
    scanKernel(
      of: type,
      named: "cumulative_max",
      in: -1...1,
      flops: 0,
      { cumulativeMax($0, axis: 1, into: &$1) },
      { Reference.cumulativeMax($0) },
      bound: { x, _ in (0, magnitudes(of: x)) }
    ),
    scanKernel(
      of: type,
      named: "cumulative_min",
      in: -1...1,
      flops: 0,
      { cumulativeMin($0, axis: 1, into: &$1) },
      { Reference.cumulativeMin($0) },
      bound: { x, _ in (0, magnitudes(of: x)) }
    ),
  ]
}

/// - Parameter bound: the error that the header allows for operands and the length of the axis: a factor, and what it
///   multiplies, which is not negative.
private func scanKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  in range: ClosedRange<Double>,
  flops: Double,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  _ reference: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>,
  bound: @escaping @Sendable (Tensor<Scalar>, Double) -> (factor: Double, scale: Tensor<Scalar>)
) -> ProfiledKernel {
  ProfiledKernel(
    family: "reduction",
    name: name,
    dtype: Scalar.dtype,
    shapes: reductionShapes,
    inCache: [64, 1024, 1],
    outOfCache: [32_768, 1024, 1],
    traffic: .copy,
    flops: { flops * Double($0.reduce(1, *)) },
    bytes: { Double(2 * $0.reduce(1, *) * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let x = operand(type, shape: shape, in: range, seed: 1)
      var result = Tensor<Scalar>(zeros: shape)
      return ProfiledKernel.Prepared(
        run: { kernel(x, &result) },
        error: {
          let (factor, scale) = bound(x, Double(shape[1]))
          return scale.withUnsafeBufferPointer { scale in
            worstError(result, reference(x)) { factor * Double(scale[$0]) }
          }
        }
      )
    }
  )
}

func histograms<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    countingKernel(of: type, named: "histogram") { x, _, counts in histogram(x, in: -0.9...0.9, into: &counts) },
    countingKernel(of: type, named: "histogram_between") { x, edges, counts in
      histogram(x, edges: edges, into: &counts)
    },
    weightingKernel(of: type, named: "weighted_histogram") { x, weights, edges in
      histogram(x, weights: weights, bins: edges.count - 1, in: -0.9...0.9).sums
    },
    weightingKernel(of: type, named: "weighted_histogram_between") { x, weights, edges in
      histogram(x, weights: weights, edges: edges)
    },
  ]
}

private func countingKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, _ edges: Tensor<Scalar>, inout Tensor<Int>) -> Void
) -> ProfiledKernel {
  histogramKernel(of: type, named: name, operands: 1) { x, edges in
    var counts = Tensor<Int>(zeros: [edges.count - 1])
    return ProfiledKernel.Prepared(
      run: { kernel(x, edges, &counts) },
      error: { exactError(counts, Reference.histogram(x, edges: edges)) }
    )
  }
}

/// An addition for each element.
private func weightingKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, _ weights: Tensor<Scalar>, _ edges: Tensor<Scalar>) -> Tensor<Double>
) -> ProfiledKernel {
  histogramKernel(of: type, named: name, operands: 2) { x, edges in
    let weights = operand(type, shape: x.shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { blackHole(kernel(x, weights, edges)) },
      verify: {
        let counts = Reference.histogram(x, edges: edges)
        let magnitudes = Reference.histogram(x, weights: magnitudes(of: weights), edges: edges)
        return worstError(kernel(x, weights, edges), Reference.histogram(x, weights: weights, edges: edges)) {
          Double(counts[$0] + 1) * 0x1p-53 * magnitudes[$0]
        }
      }
    )
  }
}

private func histogramKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  operands: Int,
  _ prepare: @escaping @Sendable (Tensor<Scalar>, _ edges: Tensor<Scalar>) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  ProfiledKernel(
    family: "reduction",
    name: name,
    dtype: Scalar.dtype,
    shapes: [
      [131, 10], [1009, 37], [1 << 15, 64], [1 << 16, 64], [1 << 16, 1024], [1 << 25, 64], [1 << 25, 1024],
    ],
    inCache: [operands == 1 ? 1 << 16 : 1 << 15, 64],
    outOfCache: [1 << 25, 64],
    traffic: .read,
    flops: { operands == 1 ? 0 : Double($0[0]) },
    bytes: { Double(operands * $0[0] * MemoryLayout<Scalar>.stride + $0[1] * 8) },
    prepare: { shape in
      prepare(
        operand(type, shape: [shape[0]], seed: 1),
        histogramEdges(bins: shape[1], in: Scalar(-0.9)...Scalar(0.9))
      )
    }
  )
}
