import Farro

// Shapes are [m, n, k], or [batch, m, n, k].

let matmulKernels =
  bothTypes(products(of: Float.self), products(of: Double.self)) + lowPrecisionMatmulKernels

private func products<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    productKernel(
      of: type,
      named: "matmul",
      shapes: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096].map { [$0, $0, $0] } + [
        [127, 129, 131],
        // A vector and a small batch through a wide layer, one with few outputs, and a few rows.
        [1, 4096, 4096], [8, 4096, 4096], [1000, 10, 784], [3, 5000, 300],
        // Many small products.
        [10_000, 4, 4, 4], [10_000, 8, 8, 8], [4000, 16, 16, 16], [3000, 13, 27, 19], [2000, 32, 32, 32],
        [500, 64, 64, 64], [96, 128, 128, 64],
      ],
      prepare: prepareProduct(type)
    ),
    productKernel(
      of: type,
      named: "matmul_bias_gelu",
      shapes: [[13, 33, 31], [128, 3072, 768]] + squares,
      extra: { shape in shape[1] },
      prepare: prepareFusedProduct(type)
    ),
    productKernel(
      of: type,
      named: "matmul_packed",
      shapes: [[61, 67, 71], [1, 4096, 4096], [8, 4096, 4096], [1000, 10, 784], [3, 5000, 300]] + squares,
      plan: { MatmulPlan($0, PackedMatrix(Tensor<Scalar>(zeros: $1))) },
      prepare: preparePackedProduct(type)
    ),
  ]
}

private let squares = [512, 1024, 2048].map { [$0, $0, $0] }

/// - Parameter extra: the elements that are read besides the factors.
private func productKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  shapes: [[Int]],
  extra: @escaping @Sendable (_ shape: [Int]) -> Int = { _ in 0 },
  plan: @escaping @Sendable (_ a: [Int], _ b: [Int]) -> MatmulPlan = { MatmulPlan($0, $1, of: Scalar.self) },
  prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "matmul",
    name: name,
    dtype: Scalar.dtype,
    shapes: shapes,
    inCache: [512, 512, 512],
    outOfCache: [2048, 2048, 2048],
    traffic: .copy,
    // Of an epilogue none: it hides behind the product.
    flops: { 2 * Double($0.reduce(1, *)) },
    bytes: { shape in
      let (m, n, k) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
      let batch = shape.dropLast(3).reduce(1, *)
      return Double((batch * (m * k + k * n + m * n) + extra(shape)) * MemoryLayout<Scalar>.stride)
    },
    detail: { plan(factors($0).a, factors($0).b).description },
    prepare: prepare
  )
}

private func factors(_ shape: [Int]) -> (a: [Int], b: [Int], c: [Int]) {
  let batch = Array(shape.dropLast(3))
  let (m, n, k) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
  return (batch + [m, k], batch + [k, n], batch + [m, n])
}

// MARK: - The kernels, their references and their bounds (CKernels/include/matmul.h)

private func prepareProduct<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (a, b, c) = operands(type, shape)
    var result = c
    return ProfiledKernel.Prepared(
      run: { matmul(a, b, into: &result) },
      error: { errorOfProduct(result, a, b) }
    )
  }
}

private func preparePackedProduct<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (a, b, c) = operands(type, shape)
    var result = c
    // It keeps to the instruction set that it was made with, and the configuration is that of the call.
    var packed: (isa: InstructionSet?, matrix: PackedMatrix<Scalar>)?
    let multiply = {
      if packed?.isa != InstructionSet.current { packed = (InstructionSet.current, PackedMatrix(b)) }
      matmul(a, packed!.matrix, into: &result)
    }
    return ProfiledKernel.Prepared(
      run: multiply,
      verify: {
        multiply()
        return errorOfProduct(result, a, b)
      }
    )
  }
}

private func prepareFusedProduct<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (a, b, c) = operands(type, shape)
    let bias = operand(type, shape: [shape[1]], seed: 4)
    let epilogue = Epilogue(bias: bias, activation: .gelu)
    var result = c
    return ProfiledKernel.Prepared(
      run: { matmul(a, b, epilogue: epilogue, into: &result) },
      error: {
        // GELU is nowhere steeper than 1.13, and itself right to a few roundings of its argument.
        let terms = Double(shape[2]) + 5
        let bounds = Reference.matmul(
          magnitudes(of: a),
          magnitudes(of: b),
          epilogue: Epilogue(bias: magnitudes(of: bias))
        )
        return bounds.withUnsafeBufferPointer { bounds in
          worstError(result, Reference.matmul(a, b, epilogue: epilogue)) {
            (1.13 * terms + 8) * unitRoundoff(type) * Double(bounds[$0])
          }
        }
      }
    )
  }
}

private func operands<Scalar: KernelScalar>(
  _ type: Scalar.Type,
  _ shape: [Int]
) -> (a: Tensor<Scalar>, b: Tensor<Scalar>, c: Tensor<Scalar>) {
  let shapes = factors(shape)
  return (
    operand(type, shape: shapes.a, seed: 1), operand(type, shape: shapes.b, seed: 2),
    operand(type, shape: shapes.c, seed: 3)
  )
}

private func errorOfProduct<Scalar: KernelScalar>(
  _ result: Tensor<Scalar>,
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>
) -> Double {
  let terms = Double(a.shape[a.rank - 1]) + 3
  let bounds = Reference.matmul(magnitudes(of: a), magnitudes(of: b))
  return bounds.withUnsafeBufferPointer { bounds in
    worstError(result, Reference.matmul(a, b)) { terms * unitRoundoff(Scalar.self) * Double(bounds[$0]) }
  }
}
