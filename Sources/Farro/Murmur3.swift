import CKernels

/// MurmurHash3 with 32 bits (x86_32), for formats and sketches that use it.
///
/// Source: A. Appleby, MurmurHash3.cpp of github.com/aappleby/smhasher.
public struct Murmur32: ByteHasher {
  private var state = farro_murmur3_32_state()

  /// A hasher that has seen nothing.
  public init(seed: UInt32) { farro_murmur3_32_init(&state, seed) }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    farro_murmur3_32_update(&state, bytes.baseAddress, bytes.count)
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt32 { withUnsafePointer(to: state) { farro_murmur3_32_digest($0) } }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    farro_murmur3_32(bytes.baseAddress, bytes.count, seed)
  }

  /// The hashes of many keys, computed on several threads when there are enough of them.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hash(
    keysIn bytes: UnsafeRawBufferPointer,
    offsets: UnsafeBufferPointer<Int>,
    seed: UInt32,
    into hashes: UnsafeMutableBufferPointer<UInt32>
  ) {
    hashKeys("Murmur32", bytes, offsets, hashes.count) { farro_murmur3_32_keys($0, $1, $2, seed, hashes.baseAddress) }
  }
}

/// MurmurHash3 with 128 bits (x64_128), the first published word being the low half: what Python's `mmh3.hash128` gives.
///
/// Source: A. Appleby, MurmurHash3.cpp of github.com/aappleby/smhasher.
public struct Murmur128: ByteHasher {
  private var state = farro_murmur3_128_state()

  /// A hasher that has seen nothing.
  public init(seed: UInt32) { farro_murmur3_128_init(&state, seed) }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    farro_murmur3_128_update(&state, bytes.baseAddress, bytes.count)
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt128 { withUnsafePointer(to: state) { farro_murmur3_128_digest($0) }.value }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt128 {
    farro_murmur3_128(bytes.baseAddress, bytes.count, seed).value
  }

  /// The hashes of many keys, computed on several threads when there are enough of them.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hash(
    keysIn bytes: UnsafeRawBufferPointer,
    offsets: UnsafeBufferPointer<Int>,
    seed: UInt32,
    into hashes: UnsafeMutableBufferPointer<UInt128>
  ) {
    hashKeys("Murmur128", bytes, offsets, hashes.count) {
      farro_murmur3_128_keys($0, $1, $2, seed, hashes.baseAddress?.halves)
    }
  }
}
