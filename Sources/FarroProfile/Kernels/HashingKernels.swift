import Farro

// Shapes are [bytes] of one message, or [keys, bytes of each].
//
// The bound is the bandwidth of reading. XXH64, XXH32 and MurmurHash3 are chains of multiplications that stay far below it by
// design, and one message is hashed on one thread whatever the number of threads.

let hashingKernels = [
  messageKernel(named: "xxh3_64", { XXH3.hash($0, seed: 0) }, Reference.xxh3),
  messageKernel(named: "xxh3_128", { XXH128.hash($0, seed: 0) }, Reference.xxh128),
  messageKernel(named: "xxh64", { XXH64.hash($0, seed: 0) }, Reference.xxh64),
  messageKernel(named: "xxh32", { XXH32.hash($0, seed: 0) }, Reference.xxh32),
  messageKernel(named: "murmur3_32", { Murmur32.hash($0, seed: 0) }, Reference.murmur32),
  messageKernel(named: "murmur3_128", { Murmur128.hash($0, seed: 0) }, Reference.murmur128),
  messageKernel(named: "crc32", { CRC32.hash($0, seed: 0) }, Reference.crc32),
  messageKernel(named: "crc32c", { CRC32C.hash($0, seed: 0) }, Reference.crc32c),
  keysKernel(named: "xxh3_64_keys", { XXH3.hashes(ofKeysIn: $0, offsets: $1, into: &$2) }, Reference.xxh3),
  keysKernel(named: "xxh3_128_keys", { XXH128.hashes(ofKeysIn: $0, offsets: $1, into: &$2) }, Reference.xxh128),
  keysKernel(
    named: "murmur3_128_keys",
    { Murmur128.hashes(ofKeysIn: $0, offsets: $1, into: &$2) },
    Reference.murmur128
  ),
]

private func messageKernel<Hash: Equatable & Sendable>(
  named name: String,
  _ hash: @escaping @Sendable (UnsafeRawBufferPointer) -> Hash,
  _ reference: @escaping @Sendable (UnsafeRawBufferPointer) -> Hash
) -> ProfiledKernel {
  ProfiledKernel(
    family: "hashing",
    name: name,
    dtype: .u8,
    shapes: [[16], [241], [256], [4096], [1 << 18], [1 << 20], [1 << 27]],
    inCache: [1 << 18],
    outOfCache: [1 << 27],
    traffic: .read,
    flops: { _ in 0 },
    bytes: { Double($0[0]) },
    prepare: { shape in
      let message = bytes(count: shape[0])
      return ProfiledKernel.Prepared(
        run: { message.withUnsafeBytes { blackHole(hash($0)) } },
        verify: { message.withUnsafeBytes { exactError(hash($0), reference($0)) } }
      )
    }
  )
}

private func keysKernel<Hash: FixedWidthInteger & Sendable>(
  named name: String,
  _ hashes: @escaping @Sendable (_ bytes: [UInt8], _ offsets: [Int], _ result: inout [Hash]) -> Void,
  _ reference: @escaping @Sendable (UnsafeRawBufferPointer) -> Hash
) -> ProfiledKernel {
  ProfiledKernel(
    family: "hashing",
    name: name,
    dtype: .u8,
    shapes: [[101, 7], [8192, 16], [1024, 200], [1 << 22, 16]],
    inCache: [8192, 16],
    outOfCache: [1 << 22, 16],
    traffic: .read,
    flops: { _ in 0 },
    // The keys, where each begins and the last one ends, and the hashes.
    bytes: { Double($0[0] * ($0[1] + MemoryLayout<Hash>.stride) + ($0[0] + 1) * MemoryLayout<Int>.stride) },
    prepare: { shape in
      let (count, length) = (shape[0], shape[1])
      let keys = bytes(count: count * length)
      let offsets = Array(stride(from: 0, through: count * length, by: length))
      var result = [Hash](repeating: 0, count: count)
      return ProfiledKernel.Prepared(
        run: { hashes(keys, offsets, &result) },
        error: {
          let expected = keys.withUnsafeBytes { keys in
            offsets.dropLast().map { reference(UnsafeRawBufferPointer(rebasing: keys[$0..<($0 + length)])) }
          }
          return exactError(result, expected)
        }
      )
    }
  )
}

/// The bytes of numbers that look random.
private func bytes(count: Int) -> [UInt8] {
  operand(Float.self, shape: [(count + 3) / 4]).withUnsafeBufferPointer { numbers in
    Array(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(numbers).prefix(count)))
  }
}
