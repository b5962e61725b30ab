import Farro

// Shapes are [batch, heads, time, d]: as many queries as keys, and values as long as keys.

let attentionKernels = bothTypes(attention(of: Float.self), attention(of: Double.self))

/// The floating-point operations of a score: e to its power as ElementwiseKernels.swift counts it, the difference, the
/// comparison and the sum.
private func scoreFlops<Scalar: KernelScalar>(_ type: Scalar.Type) -> Double { type.dtype == .f32 ? 22 : 32 }

private func attention<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let score = scoreFlops(type)
  return [
    // The products q kᵀ and p v.
    attentionKernel(of: type, named: "attention", tensors: 4, prepare: prepareAttention(type)) {
      pairs($0) * (4 * Double($0[3]) + score)
    },
    // The products q kᵀ, g vᵀ, pᵀ g, s k and sᵀ q.
    attentionKernel(of: type, named: "attention_backward", tensors: 8, prepare: prepareBackward(type)) {
      pairs($0) * (10 * Double($0[3]) + score)
    },
    // Two multiplications and an addition for each element.
    attentionKernel(
      of: type,
      named: "rotary_embedding",
      tensors: 2,
      outOfCache: [32, 12, 1024, 64],
      prepare: prepareRotary(type)
    ) {
      3 * Double($0.reduce(1, *))
    },
  ]
}

/// Queries times keys, over all heads.
private func pairs(_ shape: [Int]) -> Double { Double(shape[0] * shape[1] * shape[2] * shape[2]) }

private func attentionKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  tensors: Int,
  outOfCache: [Int] = [32, 12, 512, 64],
  prepare: @escaping @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared,
  flops: @escaping @Sendable (_ shape: [Int]) -> Double
) -> ProfiledKernel {
  ProfiledKernel(
    family: "attention",
    name: name,
    dtype: Scalar.dtype,
    shapes: [
      [2, 3, 19, 34], [1, 3, 64, 64],
      [32, 12, 16, 64], [32, 12, 128, 32], outOfCache,
    ],
    inCache: [1, 3, 64, 64],
    outOfCache: outOfCache,
    traffic: .copy,
    flops: flops,
    bytes: { Double(tensors * $0.reduce(1, *) * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/attention.h)
// Elements are at most 1 in magnitude, so that M of the header is at most √d.

private typealias Prepare = @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared

private func prepareAttention<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (keys, d) = (Double(shape[2]), Double(shape[3]))
    let q = operand(type, shape: shape, seed: 1)
    let k = operand(type, shape: shape, seed: 2)
    let v = operand(type, shape: shape, seed: 3)
    var out = operand(type, shape: shape, seed: 4)
    return ProfiledKernel.Prepared(
      run: { scaledDotProductAttention(q, k, v, into: &out) },
      verify: {
        scaledDotProductAttention(q, k, v, into: &out)
        let expected = Reference.scaledDotProductAttention(q, k, v).out
        let scale = Reference.scaledDotProductAttention(q, k, magnitudes(of: v)).out.scalars
        let unit = (2 * (d + 8) * d.squareRoot() + 2 * keys + 17) * unitRoundoff(type)
        return worstError(out, expected) { unit * Double(scale[$0]) }
      }
    )
  }
}

private func prepareBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (keys, d) = (Double(shape[2]), Double(shape[3]))
    let q = operand(type, shape: shape, seed: 1)
    let k = operand(type, shape: shape, seed: 2)
    let v = operand(type, shape: shape, seed: 3)
    let g = operand(type, shape: shape, seed: 4)
    let (out, logSums) = scaledDotProductAttentionWithLogSums(q, k, v)
    var gradQ = operand(type, shape: shape, seed: 5)
    var gradK = gradQ
    var gradV = gradQ
    let run = {
      scaledDotProductAttentionBackward(
        gradOut: g,
        q,
        k,
        v,
        out: out,
        logSums: logSums,
        intoQ: &gradQ,
        k: &gradK,
        v: &gradV
      )
    }
    return ProfiledKernel.Prepared(
      run: run,
      verify: {
        run()
        let expected = Reference.scaledDotProductAttentionBackward(gradOut: g, q, k, v)
        // With a gradient of ones, that by a value is the sum of its weights. A of the header is at most 2 d.
        let ones = Tensor<Scalar>(ones: shape)
        let weights = Reference.scaledDotProductAttentionBackward(gradOut: ones, q, k, v).v.scalars
        let unit = (4 * (d + 8) * d.squareRoot() + 12 * keys + 4 * d + 65) * unitRoundoff(type)
        let change = 2 * d.squareRoot() * unit
        return max(
          worstError(gradQ, expected.q) { _ in change },
          worstError(gradK, expected.k) { change * Double(weights[$0]) },
          worstError(gradV, expected.v) { unit * Double(weights[$0]) }
        )
      }
    )
  }
}

private func prepareRotary<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let table = RotaryTable<Scalar>(positions: shape[2], dimensions: shape[3])
    let x = operand(type, shape: shape, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { rotaryEmbedding(x, table, into: &y) },
      verify: {
        rotaryEmbedding(x, table, into: &y)
        let worst = worstError(y, Reference.rotaryEmbedding(x, table)) { _ in 5 * unitRoundoff(type) }
        let neighbours = rotaryEmbedding(x, table, pairing: .neighbours)
        let expected = Reference.rotaryEmbedding(x, table, pairing: .neighbours)
        return max(worst, worstError(neighbours, expected) { _ in 5 * unitRoundoff(type) })
      }
    )
  }
}
