import Farro

// Shapes are [outer, axis, inner], and the axis is reduced.

let reductionKernels =
  bothTypes(reductions(of: Float.self), reductions(of: Double.self)) + truthKernels
  + bothTypes(scans(of: Float.self), scans(of: Double.self))
  + bothTypes(histograms(of: Float.self), histograms(of: Double.self))

/// Of reductions and scans: rows, columns, and all of it; in cache and out of it.
let reductionShapes = [
  [7, 131, 1], [3, 37, 19],
  [64, 1024, 1], [1, 1024, 64], [1, 1 << 16, 1],
  [32_768, 1024, 1], [1, 32_768, 1024], [1, 1 << 25, 1],
]

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
      named: "product",
      flops: 1,
      operand: { operand(type, shape: $0, in: 0.99...1.01, seed: 1) },
      { $0.product(axis: 1, into: &$1) },
      Reference.product,
      bound: { x, n in ((1.01 * n + 1) * u, Reference.product(x)) }
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
      bound: { x, _ in (0, Reference.max(magnitudes(of: x))) }
    ),
    reductionKernel(
      of: type,
      named: "min",
      flops: 0,
      { $0.min(axis: 1, into: &$1) },
      Reference.min,
      bound: { x, _ in (0, Reference.max(magnitudes(of: x))) }
    ),
    positionKernel(of: type, named: "argmax", { $0.argmax(axis: 1, into: &$1) }, Reference.argmax),
    positionKernel(of: type, named: "argmin", { $0.argmin(axis: 1, into: &$1) }, Reference.argmin),
  ]
}

/// - Parameter bound: the error that the header allows for operands and the length of the axis: a factor, and what it
///   multiplies, which is not negative.
private func reductionKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  operand: @escaping @Sendable (_ shape: [Int]) -> Tensor<Scalar> = { operand(shape: $0, seed: 1) },
  _ kernel: @escaping @Sendable (Tensor<Scalar>, inout Tensor<Scalar>) -> Void,
  _ reference: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Scalar>,
  bound: @escaping @Sendable (Tensor<Scalar>, Double) -> (factor: Double, scale: Tensor<Scalar>)
) -> ProfiledKernel {
  reductionKernel(of: type, to: type, named: name, flops: flops) { shape in
    let x = operand(shape)
    var result = Tensor<Scalar>(zeros: [shape[0], shape[2]])
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
}

private func positionKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ kernel: @escaping @Sendable (Tensor<Scalar>, inout Tensor<Int>) -> Void,
  _ reference: @escaping @Sendable (Tensor<Scalar>) -> Tensor<Int>
) -> ProfiledKernel {
  reductionKernel(of: type, to: Int.self, named: name, flops: 0) { shape in
    let x = operand(type, shape: shape, seed: 1)
    var result = Tensor<Int>(zeros: [shape[0], shape[2]])
    return ProfiledKernel.Prepared(
      run: { kernel(x, &result) },
      error: { exactError(result, reference(x)) }
    )
  }
}

private func reductionKernel<Scalar: KernelScalar, Result>(
  of type: Scalar.Type,
  to result: Result.Type,
  named name: String,
  flops: Double,
  prepare: @escaping Prepare
) -> ProfiledKernel {
  let resultBytes = MemoryLayout<Result>.stride
  return ProfiledKernel(
    family: "reduction",
    name: name,
    dtype: Scalar.dtype,
    shapes: reductionShapes,
    inCache: [64, 1024, 1],
    outOfCache: [32_768, 1024, 1],
    traffic: .read,
    flops: { flops * Double($0.reduce(1, *)) },
    bytes: { Double($0.reduce(1, *) * MemoryLayout<Scalar>.stride + $0[0] * $0[2] * resultBytes) },
    prepare: prepare
  )
}

// All elements have to be read for the answer.
private let truthKernels = [
  truthKernel(named: "any", of: false, { $0.any(axis: 1, into: &$1) }, Reference.any),
  truthKernel(named: "all", of: true, { $0.all(axis: 1, into: &$1) }, Reference.all),
]

private func truthKernel(
  named name: String,
  of value: Bool,
  _ kernel: @escaping @Sendable (Tensor<Bool>, inout Tensor<Bool>) -> Void,
  _ reference: @escaping @Sendable (Tensor<Bool>) -> Tensor<Bool>
) -> ProfiledKernel {
  ProfiledKernel(
    family: "reduction",
    name: name,
    dtype: .u8,
    shapes: [[7, 131, 1], [3, 37, 19], [64, 4096, 1], [32_768, 4096, 1], [1, 32_768, 4096]],
    inCache: [64, 4096, 1],
    outOfCache: [32_768, 4096, 1],
    traffic: .read,
    flops: { _ in 0 },
    bytes: { Double($0.reduce(1, *) + $0[0] * $0[2]) },
    prepare: { shape in
      let x = Tensor(repeating: value, shape: shape)
      var result = Tensor(repeating: !value, shape: [shape[0], shape[2]])
      return ProfiledKernel.Prepared(
        run: { kernel(x, &result) },
        verify: {
          var some = x
          some[shape[0] / 2, shape[1] / 2, shape[2] / 2] = !value
          kernel(some, &result)
          return exactError(result, reference(some))
        }
      )
    }
  )
}

/// log2(n), rounded up.
private func levels(_ n: Double) -> Double { Double(n.exponent) + 1 }
