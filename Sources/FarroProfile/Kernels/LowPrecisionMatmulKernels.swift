import Farro

// Shapes are (m, n, k). Operations are counted as in f32, so that rates compare.

let lowPrecisionMatmulKernels: [ProfiledKernel] = {
  var kernels = [halfKernel(of: BFloat16.self) { Tensor(casting: $0) }]
  #if !(os(macOS) && arch(x86_64))
    kernels.append(halfKernel(of: Float16.self) { Tensor(casting: $0) })
  #endif
  return kernels + [integerKernel]
}()

private func halfKernel<Half: HalfScalar>(
  of type: Half.Type,
  _ narrow: @escaping @Sendable (Tensor<Float>) -> Tensor<Half>
) -> ProfiledKernel {
  let prepare: @Sendable (Int, Int, Int) -> ProfiledKernel.Prepared = { m, n, k in
    let a = narrow(operand(shape: [m, k], seed: 1))
    let b = narrow(operand(shape: [k, n], seed: 2))
    var c = operand(Float.self, shape: [m, n], seed: 3)
    return ProfiledKernel.Prepared(
      run: { matmul(a, b, into: &c) },
      error: {
        let (x, y) = (Tensor<Float>(casting: a), Tensor<Float>(casting: b))
        let bounds = Reference.matmul(magnitudes(of: x), magnitudes(of: y))
        return bounds.withUnsafeBufferPointer { bounds in
          worstError(c, Reference.matmul(x, y)) { Double(k + 3) * unitRoundoff(Float.self) * Double(bounds[$0]) }
        }
      }
    )
  }
  return lowPrecisionKernel(
    Half.dtype,
    operandBytes: 2,
    plan: { MatmulPlan($0, $1, of: type) },
    prepare: prepare
  )
}

private let integerKernel = lowPrecisionKernel(
  .i8,
  operandBytes: 1,
  plan: { MatmulPlan($0, $1, of: UInt8.self, Int8.self) },
  prepare: prepareBytes
)

private func prepareBytes(_ m: Int, _ n: Int, _ k: Int) -> ProfiledKernel.Prepared {
  let a = quantize(operand(shape: [m, k], seed: 1), to: UInt8.self).elements
  let b = quantize(operand(shape: [k, n], seed: 2), to: Int8.self).elements
  var c = Tensor<Int32>(zeros: [m, n])
  return ProfiledKernel.Prepared(
    run: { matmul(a, b, into: &c) },
    error: { exactError(c, Reference.matmul(a, b)) }
  )
}

private func lowPrecisionKernel(
  _ dtype: DType,
  operandBytes: Int,
  plan: @escaping @Sendable (_ a: [Int], _ b: [Int]) -> MatmulPlan,
  prepare: @escaping @Sendable (_ m: Int, _ n: Int, _ k: Int) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  ProfiledKernel(
    family: "matmul",
    name: "matmul",
    dtype: dtype,
    shapes: [
      [13, 37, 29], [64, 64, 64], [256, 256, 256], [512, 512, 512], [1024, 1024, 1024], [2048, 2048, 2048],
    ],
    inCache: [512, 512, 512],
    outOfCache: [2048, 2048, 2048],
    traffic: .copy,
    flops: { 2 * Double($0.reduce(1, *)) },
    bytes: { Double(($0[0] * $0[2] + $0[2] * $0[1]) * operandBytes + $0[0] * $0[1] * 4) },
    detail: { plan([$0[0], $0[2]], [$0[2], $0[1]]).description },
    prepare: { prepare($0[0], $0[1], $0[2]) }
  )
}
