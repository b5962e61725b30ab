import CKernels

/// A hash function of the xxHash family: fast, well mixed, not cryptographic, the same on every machine.
///
/// Hash what lies in memory with ``hash(_:seed:)-(String,_)`` and its overloads, and what comes in pieces with a value of
/// the type:
///
/// ```swift
/// XXH3.hash("abc")  // 0x78af5f94892f3950
///
/// var hasher = XXH3(seed: 7)
/// hasher.update("ab")
/// hasher.update([0x63])
/// hasher.finalize() == XXH3.hash("abc", seed: 7)  // true
/// ```
///
/// A hasher is a value: a copy of it goes its own way. `finalize()` leaves it as it was, so that more may follow.
///
/// Source: Y. Collet, "xxHash fast digest algorithm", doc/xxhash_spec.md of github.com/Cyan4973/xxHash.
public protocol XXHash: Sendable {
  /// What makes one hash function of the family differ from another; 0 where none is given.
  associatedtype Seed: FixedWidthInteger & UnsignedInteger & Sendable
  /// A hash, as wide as the function's name says.
  associatedtype Digest: FixedWidthInteger & UnsignedInteger & Sendable

  /// A hasher that has seen nothing.
  init(seed: Seed)

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  func finalize() -> Digest

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  mutating func update(_ bytes: UnsafeRawBufferPointer)

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  static func hash(_ bytes: UnsafeRawBufferPointer, seed: Seed) -> Digest
}

extension XXHash {
  /// A hasher with the seed 0 that has seen nothing.
  @inlinable
  public init() { self.init(seed: 0) }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  @inlinable
  public mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Takes in the next bytes; they are copied first unless the sequence keeps them contiguously, as arrays, slices and
  /// buffers do.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  @inlinable
  public mutating func update(_ bytes: some Sequence<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
      Array(bytes).withUnsafeBytes { update($0) }
    }
  }

  /// Takes in the UTF-8 of a text.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  @inlinable
  public mutating func update(_ text: String) { update(text.utf8) }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  @inlinable
  public static func hash(_ bytes: RawSpan, seed: Seed = 0) -> Digest {
    bytes.withUnsafeBytes { hash($0, seed: seed) }
  }

  /// The hash of some bytes; they are copied first unless the sequence keeps them contiguously, as arrays, slices and
  /// buffers do.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  @inlinable
  public static func hash(_ bytes: some Sequence<UInt8>, seed: Seed = 0) -> Digest {
    bytes.withContiguousStorageIfAvailable { hash(UnsafeRawBufferPointer($0), seed: seed) }
      ?? Array(bytes).withUnsafeBytes { hash($0, seed: seed) }
  }

  /// The hash of the UTF-8 of a text.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  @inlinable
  public static func hash(_ text: String, seed: Seed = 0) -> Digest { hash(text.utf8, seed: seed) }
}

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
  /// ```swift
  /// XXH3.hashes(ofKeysIn: Array("appleplum".utf8), offsets: [0, 5, 9])  // those of "apple" and "plum"
  /// ```
  ///
  /// - Parameters:
  ///   - bytes: The keys, one after another.
  ///   - offsets: Where each key begins, and then where the last one ends.
  ///   - seed: The same for every key.
  /// - Returns: One hash per key: `offsets.count - 1` of them, none when `offsets` is empty.
  /// - Precondition: `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hashes(ofKeysIn bytes: [UInt8], offsets: [Int], seed: UInt64 = 0) -> [UInt64] {
    hashKeys(bytes, offsets) { bytes, offsets, count, hashes in
      farro_xxh3_64_keys(bytes, offsets, count, seed, hashes)
    }
  }

  /// ``hashes(ofKeysIn:offsets:seed:)`` into an array that exists.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hashes(
    ofKeysIn bytes: [UInt8],
    offsets: [Int],
    seed: UInt64 = 0,
    into hashes: inout [UInt64]
  ) {
    checkKeys(offsets, hashes.count)
    hashes.withUnsafeMutableBufferPointer { hashes in
      hashKeys(bytes, offsets, into: hashes) { farro_xxh3_64_keys($0, $1, $2, seed, $3) }
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

  /// The hashes of many keys, as ``XXH3/hashes(ofKeysIn:offsets:seed:)`` computes them.
  ///
  /// - Precondition: `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hashes(ofKeysIn bytes: [UInt8], offsets: [Int], seed: UInt64 = 0) -> [UInt128] {
    hashKeys(bytes, offsets) { bytes, offsets, count, hashes in
      farro_xxh3_128_keys(bytes, offsets, count, seed, hashes?.halves)
    }
  }

  /// ``hashes(ofKeysIn:offsets:seed:)`` into an array that exists.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  public static func hashes(
    ofKeysIn bytes: [UInt8],
    offsets: [Int],
    seed: UInt64 = 0,
    into hashes: inout [UInt128]
  ) {
    checkKeys(offsets, hashes.count)
    hashes.withUnsafeMutableBufferPointer { hashes in
      hashKeys(bytes, offsets, into: hashes) { farro_xxh3_128_keys($0, $1, $2, seed, $3?.halves) }
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
}
