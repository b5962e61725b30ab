import Farro

// Shapes are [outer, axis, inner], and the axis is reduced.

let reductionKernels = bothTypes(reductions(of: Float.self), reductions(of: Double.self))

private func reductions<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let u = unitRoundoff(type)
  // The bounds of CKernels/include/reduction.h, with one more rounding for the reference.
  let ofSums = { @Sendable (n: Double) in (min(n, 270) + levels(n) * 0x1p-53 / u + 1) * u }
  return [
    reductionKernel(
      of: type,
      named: "sum",
      flops: 1,
      { $0.sum(axis: 1, into: &$1) },
      Reference.sum,
      bound: { x, n in (ofSums(n), Reference.sum(magnitudes(of: x))) }
    ),
    reductionKernel(
      of: type,
      named: "mean",
      flops: 1,
      { $0.mean(axis: 1, into: &$1) },
      Reference.mean,
      bound: { x, n in (ofSums(n), Reference.mean(magnitudes(of: x))) }
    ),
    // An addition for the mean; then a difference, its square and another addition.
    reductionKernel(
      of: type,
      named: "variance",
      flops: 4,
      { $0.variance(axis: 1, into: &$1) },
      Reference.variance,
      bound: { x, n in ((min(n, 530) + levels(n) + 5) * u, Reference.variance(x)) }
    ),
    reductionKernel(
      of: type,
      named: "max",
      flops: 0,
      { $0.max(axis: 1, into: &$1) },
      Reference.max,
      bound: { x, _ in (0, Reference.max(x)) }
    ),
    argmaxKernel(of: type),
  ]
}

/// - Parameter bound: the error that the header allows for operands and the length of the axis: a factor, and what it
///   multiplies, which is not negative.
private func reductionKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  _ reference: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>,
  bound: @escaping @Sendable (Tensor<Scalar>, Double) -> (factor: Double, scale: Tensor<Scalar>)
) -> ProfiledKernel {
  reductionKernel(of: type, to: type, named: name, flops: flops) { shape in
    let x = operand(type, shape: shape, seed: 1)
    var result = Tensor<Scalar>(zeros: [shape[0], shape[2]])
    return ProfiledKernel.Prepared(
      run: { kernel(x, &result) },
      verify: {
        kernel(x, &result)
        let (factor, scale) = bound(x, Double(shape[1]))
        return scale.withUnsafeBufferPointer { scale in
          worstError(result, reference(x)) { factor * Double(scale[$0]) }
        }
      }
    )
  }
}

private func argmaxKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  reductionKernel(of: type, to: Int.self, named: "argmax", flops: 0) { shape in
    let x = operand(type, shape: shape, seed: 1)
    var result = Tensor<Int>(zeros: [shape[0], shape[2]])
    return ProfiledKernel.Prepared(
      run: { x.argmax(axis: 1, into: &result) },
      verify: {
        x.argmax(axis: 1, into: &result)
        return exactError(result, Reference.argmax(x))
      }
    )
  }
}

private func reductionKernel<Scalar: KernelScalar, Result>(
  of type: Scalar.Type,
  to result: Result.Type,
  named name: String,
  flops: Double,
  prepare: @escaping @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  let resultBytes = MemoryLayout<Result>.stride
  return ProfiledKernel(
    family: "elementwise",
    name: name,
    dtype: Scalar.dtype,
    shapes: [
      [7, 131, 1], [3, 37, 19],
      // Rows, columns, and all of it; in cache and out of it.
      [64, 1024, 1], [1, 1024, 64], [1, 1 << 16, 1],
      [32_768, 1024, 1], [1, 32_768, 1024], [1, 1 << 25, 1],
    ],
    inCache: [64, 1024, 1],
    outOfCache: [32_768, 1024, 1],
    traffic: .read,
    flops: { flops * Double($0.reduce(1, *)) },
    bytes: { Double($0.reduce(1, *) * MemoryLayout<Scalar>.stride + $0[0] * $0[2] * resultBytes) },
    prepare: prepare
  )
}

/// log2(n), rounded up.
private func levels(_ n: Double) -> Double { Double(n.exponent) + 1 }
