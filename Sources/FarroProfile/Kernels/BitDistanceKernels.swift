import Farro

// Shapes are [m, n, bytes] of all pairs, and [m, n, bytes, k] of the nearest: m rows against n rows of so many bytes.

let bitDistanceKernels = [
  pairsKernel(named: "bit_hamming", .hamming), pairsKernel(named: "bit_jaccard", .jaccard),
  pairsKernel(named: "bit_dice", .dice), neighborsKernel,
]

private func pairsKernel<Distance>(named name: String, _ metric: BitMetric<Distance>) -> ProfiledKernel {
  ProfiledKernel(
    family: "distance",
    name: name,
    dtype: .u8,
    shapes: [[13, 37, 19], [256, 512, 32], [1, 100_000, 32], [1000, 1000, 128], [4096, 8192, 32]],
    inCache: [256, 512, 32],
    outOfCache: [4096, 8192, 32],
    traffic: .write,
    flops: { _ in 0 },
    bytes: { Double(($0[0] + $0[1]) * $0[2] + $0[0] * $0[1] * MemoryLayout<Distance>.stride) },
    prepare: { shape in
      let (x, y) = (bits(shape[0], shape[2], seed: 1), bits(shape[1], shape[2], seed: 2))
      var distances = Tensor<Distance>(zeros: [shape[0], shape[1]])
      return ProfiledKernel.Prepared(
        run: { pairwiseBitDistances(x, y, metric: metric, into: &distances) },
        error: { exactError(distances, Reference.pairwiseBitDistances(x, y, metric: metric)) }
      )
    }
  )
}

// Queries by the hundred are bound by counting, and one by reading.
private let neighborsKernel = ProfiledKernel(
  family: "distance",
  name: "bit_neighbors",
  dtype: .u8,
  shapes: [[5, 331, 19, 7], [64, 16_384, 32, 10], [1000, 100_000, 32, 10], [1, 1 << 22, 32, 10]],
  inCache: [64, 16_384, 32, 10],
  outOfCache: [1, 1 << 22, 32, 10],
  traffic: .read,
  flops: { _ in 0 },
  bytes: { Double(($0[0] + $0[1]) * $0[2] + $0[0] * $0[3] * 12) },
  prepare: { shape in
    let (queries, base) = (bits(shape[0], shape[2], seed: 1), bits(shape[1], shape[2], seed: 2))
    var distances = Tensor<Int32>(zeros: [shape[0], shape[3]])
    var indices = Tensor<Int>(zeros: [shape[0], shape[3]])
    return ProfiledKernel.Prepared(
      run: { bitNeighbors(of: queries, in: base, k: shape[3], metric: .hamming, into: &distances, &indices) },
      error: {
        let exact = Reference.bitNeighbors(of: queries, in: base, shape[3], metric: .hamming)
        return max(exactError(distances, exact.distances), exactError(indices, exact.indices))
      }
    )
  }
)

/// Rows of the bits of numbers that look random.
private func bits(_ rows: Int, _ bytes: Int, seed: UInt64) -> Tensor<UInt8> {
  let numbers = operand(Float.self, shape: [(rows * bytes + 3) / 4], seed: seed)
  return numbers.withUnsafeBufferPointer { numbers in
    Tensor(UnsafeRawBufferPointer(numbers).prefix(rows * bytes), shape: [rows, bytes])
  }
}
