import CKernels

/// A hash function of the xxHash family.
///
/// Source: Y. Collet, "xxHash fast digest algorithm", doc/xxhash_spec.md of github.com/Cyan4973/xxHash.
public protocol XXHash: ByteHasher {}

// MARK: - XXH3

/// XXH3 with 64 bits: the fastest of the family, for keys of a few bytes as for files.
public struct XXH3: XXHash {
  private var state: XXH3State

  /// A hasher that has seen nothing.
  public init(seed: UInt64) { state = XXH3State(seed: seed) }

  /// A hasher that has seen nothing, with a secret instead of a seed.
  ///
  /// - Precondition: the secret has at least 136 bytes, which should look random.
  public init(secret: some Sequence<UInt8>) { state = XXH3State(secret: Array(secret)) }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bytes) }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt64 { state.digest64 }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0
    check(farro_xxh3_64(bytes.baseAddress, bytes.count, seed, &hash), "XXH3")
    return hash
  }

  /// The hash of some bytes, with a secret instead of a seed.
  ///
  /// - Precondition: the secret has at least 136 bytes, which should look random.
  /// - Complexity: O(*n*) for *n* bytes.
  public static func hash(_ bytes: some Sequence<UInt8>, secret: some Sequence<UInt8>) -> UInt64 {
    withBytes(bytes, secret) { bytes, secret in
      var hash: UInt64 = 0
      check(farro_xxh3_64_secret(bytes.baseAddress, bytes.count, secret.baseAddress, secret.count, &hash), "XXH3")
      return hash
    }
  }

  /// The hashes of many keys, computed on several threads when there are enough of them.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hash(
    keysIn bytes: UnsafeRawBufferPointer,
    offsets: UnsafeBufferPointer<Int>,
    seed: UInt64,
    into hashes: UnsafeMutableBufferPointer<UInt64>
  ) {
    hashKeys("XXH3", bytes, offsets, hashes.count) { farro_xxh3_64_keys($0, $1, $2, seed, hashes.baseAddress) }
  }

  /// The hashes of integers: each that of its eight bytes, the lowest first, many in each vector.
  ///
  /// - Complexity: O(*n*) for *n* integers.
  public static func hashes(of integers: [UInt64], seed: UInt64 = 0) -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: integers.count) { hashes, count in
      check(farro_xxh3_64_rows(integers, integers.count, 8, seed, hashes.baseAddress), "XXH3")
      count = integers.count
    }
  }
}

// MARK: - XXH128

/// XXH3 with 128 bits, which its source also calls XXH128: for so many keys that 64 bits would collide.
public struct XXH128: XXHash {
  private var state: XXH3State

  /// A hasher that has seen nothing.
  public init(seed: UInt64) { state = XXH3State(seed: seed) }

  /// A hasher that has seen nothing, with a secret instead of a seed.
  ///
  /// - Precondition: the secret has at least 136 bytes, which should look random.
  public init(secret: some Sequence<UInt8>) { state = XXH3State(secret: Array(secret)) }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bytes) }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt128 { state.digest128 }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt128 {
    var hash = farro_hash128()
    check(farro_xxh3_128(bytes.baseAddress, bytes.count, seed, &hash), "XXH128")
    return hash.value
  }

  /// The hash of some bytes, with a secret instead of a seed.
  ///
  /// - Precondition: the secret has at least 136 bytes, which should look random.
  /// - Complexity: O(*n*) for *n* bytes.
  public static func hash(_ bytes: some Sequence<UInt8>, secret: some Sequence<UInt8>) -> UInt128 {
    withBytes(bytes, secret) { bytes, secret in
      var hash = farro_hash128()
      check(farro_xxh3_128_secret(bytes.baseAddress, bytes.count, secret.baseAddress, secret.count, &hash), "XXH128")
      return hash.value
    }
  }

  /// The hashes of many keys, computed on several threads when there are enough of them.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hash(
    keysIn bytes: UnsafeRawBufferPointer,
    offsets: UnsafeBufferPointer<Int>,
    seed: UInt64,
    into hashes: UnsafeMutableBufferPointer<UInt128>
  ) {
    hashKeys("XXH128", bytes, offsets, hashes.count) {
      farro_xxh3_128_keys($0, $1, $2, seed, hashes.baseAddress?.halves)
    }
  }
}

// MARK: - XXH64 and XXH32

/// XXH64: the older hash with 64 bits, for formats that store it.
public struct XXH64: XXHash {
  private var state = farro_xxh64_state()

  /// A hasher that has seen nothing.
  public init(seed: UInt64) { farro_xxh64_init(&state, seed) }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    farro_xxh64_update(&state, bytes.baseAddress, bytes.count)
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt64 { withUnsafePointer(to: state) { farro_xxh64_digest($0) } }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    farro_xxh64(bytes.baseAddress, bytes.count, seed)
  }

  /// The hashes of many keys, computed on several threads when there are enough of them.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hash(
    keysIn bytes: UnsafeRawBufferPointer,
    offsets: UnsafeBufferPointer<Int>,
    seed: UInt64,
    into hashes: UnsafeMutableBufferPointer<UInt64>
  ) {
    hashKeys("XXH64", bytes, offsets, hashes.count) { farro_xxh64_keys($0, $1, $2, seed, hashes.baseAddress) }
  }
}

/// XXH32: the oldest hash of the family, with 32 bits, for formats that store it (LZ4 frames are one).
public struct XXH32: XXHash {
  private var state = farro_xxh32_state()

  /// A hasher that has seen nothing.
  public init(seed: UInt32) { farro_xxh32_init(&state, seed) }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    farro_xxh32_update(&state, bytes.baseAddress, bytes.count)
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt32 { withUnsafePointer(to: state) { farro_xxh32_digest($0) } }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    farro_xxh32(bytes.baseAddress, bytes.count, seed)
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
    hashKeys("XXH32", bytes, offsets, hashes.count) { farro_xxh32_keys($0, $1, $2, seed, hashes.baseAddress) }
  }
}
