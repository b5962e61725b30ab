import Farro

// Shapes are [rows of the table, columns, indices]. Bags have four indices, the last one what is left.

let embeddingKernels = bothTypes(embeddings(of: Float.self), embeddings(of: Double.self))

private func embeddings<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    // Each row is read and written.
    embeddingKernel(of: type, named: "embedding", flops: 0, rows: { 2 * $0 }, prepareLookup(type)),
    // A gradient is read, and a row of the table read and written.
    embeddingKernel(of: type, named: "embedding_backward", flops: 1, rows: { 3 * $0 }, prepareLookupBackward(type)),
    embeddingKernel(of: type, named: "embedding_bag", flops: 1, rows: { $0 + ($0 + 3) / 4 }, prepareBag(type)),
    embeddingKernel(
      of: type,
      named: "embedding_bag_backward",
      flops: 2,
      rows: { 2 * $0 + ($0 + 3) / 4 },
      prepareBagBackward(type)
    ),
  ]
}

/// - Parameter rows: How many rows are moved for a number of indices.
private func embeddingKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  rows: @escaping @Sendable (_ indices: Int) -> Int,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "embedding",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[7, 13, 31], [64, 64, 512], [30_000, 768, 512], [30_000, 768, 50_000]],
    inCache: [64, 64, 512],
    outOfCache: [30_000, 768, 50_000],
    traffic: .copy,
    flops: { flops * Double($0[1] * $0[2]) },
    bytes: { Double(rows($0[2]) * $0[1] * MemoryLayout<Scalar>.stride + 8 * $0[2]) },
    prepare: prepare
  )
}

/// Numbers of rows that look random.
private func indices(_ shape: [Int]) -> Tensor<Int> {
  let words = Tensor<UInt32>(randomBits: [shape[2]], from: Philox(seed: 1))
  return Tensor(words.scalars.map { Int($0) % shape[0] }, shape: [shape[2]])
}

private func offsets(_ shape: [Int]) -> [Int] { Array(stride(from: 0, to: shape[2], by: 4)) + [shape[2]] }

// MARK: - The kernels, their references and their bounds (CKernels/include/embedding.h)

private func prepareLookup<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (table, indices) = (operand(type, shape: [shape[0], shape[1]], seed: 1), indices(shape))
    var y = operand(type, shape: [shape[2], shape[1]], seed: 2)
    return ProfiledKernel.Prepared(
      run: { embedding(table, indices, into: &y) },
      error: {
        let single = Array(0...shape[2])
        return exactError(y, Reference.embeddingBag(table, indices, offsets: single, .sum))
      }
    )
  }
}

private func prepareBag<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (table, indices, offsets) = (
      operand(type, shape: [shape[0], shape[1]], seed: 1), indices(shape), offsets(shape)
    )
    var y = operand(type, shape: [offsets.count - 1, shape[1]], seed: 2)
    return ProfiledKernel.Prepared(
      run: { embeddingBag(table, indices, offsets: offsets, into: &y) },
      error: {
        let terms = Reference.embeddingBag(magnitudes(of: table), indices, offsets: offsets, .mean).scalars
        return worstError(y, Reference.embeddingBag(table, indices, offsets: offsets, .mean)) {
          6 * unitRoundoff(type) * Double(terms[$0])
        }
      }
    )
  }
}

private func prepareLookupBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (gradY, indices) = (operand(type, shape: [shape[2], shape[1]], seed: 1), indices(shape))
    var gradTable = Tensor<Scalar>(zeros: [shape[0], shape[1]])
    return ProfiledKernel.Prepared(
      run: { embeddingBackward(gradY, indices, addingTo: &gradTable) },
      verify: {
        let single = Array(0...shape[2])
        return worstBackwardError(
          embeddingBackward(gradY, indices, rows: shape[0]),
          indices,
          Reference.embeddingBagBackward(gradY, indices, offsets: single, .sum, rows: shape[0]),
          Reference.embeddingBagBackward(magnitudes(of: gradY), indices, offsets: single, .sum, rows: shape[0])
        )
      }
    )
  }
}

private func prepareBagBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (indices, offsets) = (indices(shape), offsets(shape))
    let gradY = operand(type, shape: [offsets.count - 1, shape[1]], seed: 1)
    var gradTable = Tensor<Scalar>(zeros: [shape[0], shape[1]])
    return ProfiledKernel.Prepared(
      run: { embeddingBagBackward(gradY, indices, offsets: offsets, addingTo: &gradTable) },
      verify: {
        worstBackwardError(
          embeddingBagBackward(gradY, indices, offsets: offsets, rows: shape[0]),
          indices,
          Reference.embeddingBagBackward(gradY, indices, offsets: offsets, .mean, rows: shape[0]),
          Reference.embeddingBagBackward(magnitudes(of: gradY), indices, offsets: offsets, .mean, rows: shape[0])
        )
      }
    )
  }
}

/// k + 2 roundings of the sum of the magnitudes of k terms, and that of the reference.
private func worstBackwardError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  _ indices: Tensor<Int>,
  _ expected: Tensor<Scalar>,
  _ magnitudes: Tensor<Scalar>
) -> Double {
  var terms = [Double](repeating: 0, count: actual.shape[0])
  for index in indices.scalars { terms[index] += 1 }
  let sums = magnitudes.scalars
  return worstError(actual, expected) { i in
    (terms[i / actual.shape[1]] + 3) * unitRoundoff(Scalar.self) * Double(sums[i])
  }
}
