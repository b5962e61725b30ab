import Farro

let matmulKernels =
  [matmulKernel(of: Float.self), matmulKernel(of: Double.self)] + lowPrecisionMatmulKernels

private func matmulKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "matmul",
    name: "matmul",
    dtype: Scalar.dtype,
    shapes: [64, 128, 256, 512, 1024, 2048].map { [$0, $0, $0] } + [
      // A layer with few outputs, and a small batch through a wide one.
      [1000, 10, 784], [8, 4096, 4096],
      // Many small products.
      [10_000, 8, 8, 8], [4000, 16, 16, 16], [500, 64, 64, 64],
    ],
    inCache: [512, 512, 512],
    outOfCache: [2048, 2048, 2048],
    traffic: .copy,
    flops: { 2 * Double($0.reduce(1, *)) },
    bytes: { shape in
      let (m, n, k) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
      let batch = shape.dropLast(3).reduce(1, *)
      return Double(batch * (m * k + k * n + m * n) * MemoryLayout<Scalar>.stride)
    },
    prepare: { shape in
      let batch = Array(shape.dropLast(3))
      let (m, n, k) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
      let a = operand(Scalar.self, shape: batch + [m, k], seed: 1)
      let b = operand(Scalar.self, shape: batch + [k, n], seed: 2)
      var c = operand(Scalar.self, shape: batch + [m, n], seed: 3)
      return ProfiledKernel.Prepared(
        run: { matmul(a, b, into: &c) },
        verify: {
          matmul(a, b, into: &c)
          let bounds = Reference.matmul(magnitudes(of: a), magnitudes(of: b))
          return bounds.withUnsafeBufferPointer { bounds in
            worstError(c, Reference.matmul(a, b)) { Double(k + 3) * Double(Scalar.ulpOfOne / 2) * Double(bounds[$0]) }
          }
        }
      )
    }
  )
}
