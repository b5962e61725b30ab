import Farro

// Shapes are [elements]. Nothing here is floating-point work but a conversion and a multiplication or two: integers are not
// counted, so that the bound is always the memory's, of which Philox leaves some unused.

let randomKernels = [bitsKernel()] + bothTypes(random(of: Float.self), random(of: Double.self))

private let place = Philox(seed: 0x0123_4567_89ab_cdef, stream: 7, offset: 0xffff_fff0)

private func random<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    randomKernel(named: "uniform", Scalar.dtype, flops: 3, bytesPerElement: MemoryLayout<Scalar>.stride) { shape in
      var result = operand(type, shape: shape)
      return ProfiledKernel.Prepared(
        run: { randomUniform(in: -1..<3, from: place, into: &result) },
        error: { exactError(result, Reference.randomUniform(shape, in: -1..<3, from: place)) }
      )
    },
    randomKernel(
      named: "dropout",
      Scalar.dtype,
      flops: 1,
      bytesPerElement: 2 * MemoryLayout<Scalar>.stride,
      traffic: .copy
    ) { shape in
      let x = operand(type, shape: shape, seed: 1)
      var y = operand(type, shape: shape, seed: 2)
      return ProfiledKernel.Prepared(
        run: { dropout(x, probability: 0.1, from: place, into: &y) },
        error: { exactError(y, Reference.dropout(x, probability: 0.1, from: place)) }
      )
    },
  ]
}

private func bitsKernel() -> ProfiledKernel {
  randomKernel(named: "bits", .u32, flops: 0, bytesPerElement: 4) { shape in
    var words = Tensor<UInt32>(zeros: shape)
    return ProfiledKernel.Prepared(
      run: { randomBits(from: place, into: &words) },
      error: { exactError(words, Reference.randomBits(shape, from: place)) }
    )
  }
}

private func randomKernel(
  named name: String,
  _ dtype: DType,
  flops: Double,
  bytesPerElement: Int,
  traffic: Traffic = .write,
  prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "random",
    name: name,
    dtype: dtype,
    shapes: [[131], [1 << 14], [1 << 18], [1 << 25]],
    inCache: [1 << 14],
    outOfCache: [1 << 25],
    traffic: traffic,
    flops: { flops * Double($0[0]) },
    bytes: { Double(bytesPerElement * $0[0]) },
    prepare: prepare
  )
}
