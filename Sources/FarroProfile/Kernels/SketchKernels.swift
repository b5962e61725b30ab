import Farro

// Shapes are [texts, bytes of each]; signatures have 128 slots, from shingles of 5 words.
//
// The bound is the bandwidth of reading. Permutations stay far below it by design: each shingle is multiplied 128 times.

let sketchKernels = [
  shinglesKernel,
  signaturesKernel(named: "minhash_bins", MinHash.Scheme(.bins, slots: 128, seed: 1)),
  signaturesKernel(named: "minhash_permutations", MinHash.Scheme(.permutations, slots: 128, seed: 1)),
]

private let shingler = Shingler.words(5, seed: 1)
private let shapes = [[5, 83], [31, 1000], [16, 4096], [4096, 1 << 15]]

private let shinglesKernel = ProfiledKernel(
  family: "sketch",
  name: "shingles",
  dtype: .u8,
  shapes: shapes.map { [1, $0[0] * $0[1]] },
  inCache: [1, 1 << 16],
  outOfCache: [1, 1 << 27],
  traffic: .read,
  flops: { _ in 0 },
  bytes: { Double($0[1]) },
  prepare: { shape in
    let text = text(count: shape[1])
    return ProfiledKernel.Prepared(
      run: { text.withUnsafeBytes { blackHole(shingler.shingles(of: $0)) } },
      verify: { text.withUnsafeBytes { exactError(shingler.shingles(of: $0), Reference.shingles(shingler, $0)) } }
    )
  }
)

private func signaturesKernel(named name: String, _ scheme: MinHash.Scheme) -> ProfiledKernel {
  ProfiledKernel(
    family: "sketch",
    name: name,
    dtype: .u8,
    shapes: shapes,
    inCache: [16, 4096],
    outOfCache: [4096, 1 << 15],
    traffic: .read,
    flops: { _ in 0 },
    // The texts, where each begins and the last one ends, and the signatures.
    bytes: { Double($0[0] * ($0[1] + 4 * scheme.slots) + 8 * ($0[0] + 1)) },
    prepare: { shape in
      let (count, length) = (shape[0], shape[1])
      let texts = text(count: count * length)
      let offsets = Array(stride(from: 0, through: count * length, by: length))
      let signatures = {
        texts.withUnsafeBytes { MinHashes(ofTextsIn: $0, offsets: offsets, by: shingler, scheme: scheme) }
      }
      return ProfiledKernel.Prepared(
        run: { blackHole(signatures()) },
        verify: {
          let expected = texts.withUnsafeBytes { texts in
            offsets.dropLast().flatMap { first in
              let text = UnsafeRawBufferPointer(rebasing: texts[first..<first + length])
              return Reference.minHash(scheme, Reference.shingles(shingler, text))
            }
          }
          return exactError(signatures().slots, expected)
        }
      )
    }
  )
}

/// Words of up to 15 letters with capitals and commas, the same 64 KiB over and over.
private func text(count: Int) -> [UInt8] {
  let numbers = operand(Float.self, shape: [min(count, 1 << 16)])
  let piece = numbers.withUnsafeBufferPointer { numbers in
    numbers.enumerated().map { i, number in
      let byte = UInt8(truncatingIfNeeded: number.bitPattern >> 8)
      return byte < 36 ? (byte < 4 ? 0x2C : 0x20) : (byte % 32 == 0 ? 0x41 : 0x61) + UInt8(i % 26)
    }
  }
  var text: [UInt8] = []
  text.reserveCapacity(count)
  while text.count < count { text += piece.prefix(count - text.count) }
  return text
}
