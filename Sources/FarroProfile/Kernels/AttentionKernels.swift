import Farro

// Shapes are [batch, heads, time, d]: as many queries as keys, and values as long as keys. Of ragged batches, time is the
// length that none exceeds; with a cache, it is that of the cache, of `heads` heads, for one query of four times as many.

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
    // Of each query half of the keys, its own among them.
    attentionKernel(of: type, named: "attention_causal", tensors: 4, prepare: prepareAttention(type, isCausal: true)) {
      pairs($0) * Double($0[2] + 1) / Double(2 * $0[2]) * (4 * Double($0[3]) + score)
    },
    raggedKernel(of: type) { Double($0[1] * lengths($0).reduce(0) { $0 + $1 * $1 }) * (4 * Double($0[3]) + score) },
    cachedKernel(of: type) { 4 * pairs($0) / Double($0[2]) * (4 * Double($0[3]) + score) },
    // The products q kᵀ, g vᵀ, pᵀ g, s k and sᵀ q.
    attentionKernel(of: type, named: "attention_backward", tensors: 8, prepare: prepareBackward(type)) {
      pairs($0) * (10 * Double($0[3]) + score)
    },
    rotaryKernel(of: type, named: "rotary_embedding", .halves),
    rotaryKernel(of: type, named: "rotary_embedding_neighbours", .neighbours),
    // Keys and values.
    attentionKernel(of: type, named: "kv_cache_append", tensors: 4, prepare: prepareAppend(type)) { _ in 0 },
  ]
}

/// Queries times keys, over all heads.
private func pairs(_ shape: [Int]) -> Double { Double(shape[0] * shape[1] * shape[2] * shape[2]) }

private func attentionKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  tensors: Int,
  outOfCache: [Int] = [32, 12, 512, 64],
  prepare: @escaping Prepare,
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

/// Two multiplications and an addition for each element.
private func rotaryKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ pairing: RotaryPairing
) -> ProfiledKernel {
  attentionKernel(
    of: type,
    named: name,
    tensors: 2,
    outOfCache: [32, 12, 1024, 64],
    prepare: prepareRotary(type, pairing)
  ) {
    3 * Double($0.reduce(1, *))
  }
}

private func raggedKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  flops: @escaping @Sendable (_ shape: [Int]) -> Double
) -> ProfiledKernel {
  ProfiledKernel(
    family: "attention",
    name: "attention_ragged",
    dtype: Scalar.dtype,
    shapes: [[5, 3, 19, 34], [3, 3, 64, 64], [64, 12, 128, 32], [64, 12, 512, 64]],
    inCache: [3, 3, 64, 64],
    outOfCache: [64, 12, 512, 64],
    traffic: .copy,
    flops: flops,
    bytes: { Double(4 * $0[1] * lengths($0).reduce(0, +) * $0[3] * MemoryLayout<Scalar>.stride) },
    prepare: prepareRagged(type)
  )
}

/// Lengths of 1 to time, spread evenly.
private func lengths(_ shape: [Int]) -> [Int] { (0..<shape[0]).map { 1 + ($0 + 1) * 197 % shape[2] } }

private func cachedKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  flops: @escaping @Sendable (_ shape: [Int]) -> Double
) -> ProfiledKernel {
  ProfiledKernel(
    family: "attention",
    name: "attention_cached",
    dtype: Scalar.dtype,
    shapes: [[2, 3, 19, 34], [1, 3, 64, 64], [1, 8, 4096, 64], [32, 12, 1024, 64]],
    inCache: [1, 3, 64, 64],
    outOfCache: [32, 12, 1024, 64],
    traffic: .read,
    flops: flops,
    bytes: { Double((2 * $0[2] + 8) * $0[0] * $0[1] * $0[3] * MemoryLayout<Scalar>.stride) },
    prepare: prepareCached(type)
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/attention.h)
// Elements are at most 1 in magnitude, so that M of the header is at most √d.

private func prepareAttention<Scalar: KernelScalar>(_ type: Scalar.Type, isCausal: Bool = false) -> Prepare {
  { shape in
    prepare(shape, keys: shape, lengths: shape[2], options: AttentionOptions<Scalar>(isCausal: isCausal))
  }
}

/// Heads come first, and the sequences stand one behind another.
private func prepareRagged<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let lengths = lengths(shape)
    let rows = [shape[1], lengths.reduce(0, +), shape[3]]
    let options = AttentionOptions<Scalar>(sequences: SequenceOffsets(lengths: lengths))
    return prepare(rows, keys: rows, lengths: lengths.max()!, options: options)
  }
}

/// What attention to a ``KVCache`` calls, into a tensor that exists.
private func prepareCached<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let options = AttentionOptions<Scalar>(
      isCausal: true,
      causalAlignment: .lowerRight,
      keyLengths: Array(repeating: shape[2], count: shape[0])
    )
    return prepare([shape[0], 4 * shape[1], 1, shape[3]], keys: shape, lengths: shape[2], options: options)
  }
}

/// - Parameter lengths: The most keys that a query sees.
private func prepare<Scalar: KernelScalar>(
  _ queries: [Int],
  keys: [Int],
  lengths: Int,
  options: AttentionOptions<Scalar>
) -> ProfiledKernel.Prepared {
  let d = Double(queries.last!)
  let q = operand(Scalar.self, shape: queries, seed: 1)
  let k = operand(Scalar.self, shape: keys, seed: 2)
  let v = operand(Scalar.self, shape: keys, seed: 3)
  var out = operand(Scalar.self, shape: queries, seed: 4)
  return ProfiledKernel.Prepared(
    run: { scaledDotProductAttention(q, k, v, options: options, into: &out) },
    error: {
      let expected = Reference.scaledDotProductAttention(q, k, v, options: options).out
      let scale = doubles(Reference.scaledDotProductAttention(q, k, magnitudes(of: v), options: options).out)
      let unit = (2 * (d + 8) * d.squareRoot() + 2 * Double(lengths) + 17) * unitRoundoff(Scalar.self)
      return worstError(out, expected) { unit * scale[$0] }
    }
  )
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
      error: {
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

private func prepareRotary<Scalar: KernelScalar>(_ type: Scalar.Type, _ pairing: RotaryPairing) -> Prepare {
  { shape in
    let table = RotaryTable<Scalar>(positions: shape[2], dimensions: shape[3])
    let x = operand(type, shape: shape, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { rotaryEmbedding(x, table, pairing: pairing, into: &y) },
      error: {
        worstError(y, Reference.rotaryEmbedding(x, table, pairing: pairing)) { _ in 5 * unitRoundoff(type) }
      }
    )
  }
}

/// To a cache that holds a position already.
private func prepareAppend<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (k, v) = (operand(type, shape: shape, seed: 1), operand(type, shape: shape, seed: 2))
    let first = operand(type, shape: [shape[0], shape[1], 1, shape[3]], seed: 3)
    let held = Array(repeating: 1, count: shape[0])
    var cache = KVCache<Scalar>(batch: shape[0], heads: shape[1], capacity: shape[2] + 1, d: shape[3])
    cache.append(first, first)
    // A cache begins with memory that nothing has touched yet.
    cache.append(k, v)
    return ProfiledKernel.Prepared(
      run: {
        cache.truncate(to: held)
        cache.append(k, v)
      },
      error: {
        max(
          exactError(cache.keys, concatenate([first, k], axis: 2)),
          exactError(cache.values, concatenate([first, v], axis: 2))
        )
      }
    )
  }
}
