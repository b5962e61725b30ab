import CKernels

/// FNV-1a with 32 bits, for what is stored with it: slow beyond a few bytes, and badly mixed.
///
/// A seed goes into the offset basis by exclusive or; 0 gives the published function. Source: RFC 9923.
public struct FNV1a32: ByteHasher {
  private var state: UInt32

  /// A hasher that has seen nothing.
  public init(seed: UInt32) { state = farro_fnv1a_32_basis ^ seed }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state = farro_fnv1a_32(bytes.baseAddress, bytes.count, state)
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt32 { state }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    farro_fnv1a_32(bytes.baseAddress, bytes.count, farro_fnv1a_32_basis ^ seed)
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
    hashKeys("FNV1a32", bytes, offsets, hashes.count) {
      farro_fnv1a_32_keys($0, $1, $2, farro_fnv1a_32_basis ^ seed, hashes.baseAddress)
    }
  }
}

/// FNV-1a with 64 bits, for what is stored with it: slow beyond a few bytes, and badly mixed.
///
/// A seed goes into the offset basis by exclusive or; 0 gives the published function. Source: RFC 9923.
public struct FNV1a64: ByteHasher {
  private var state: UInt64

  /// A hasher that has seen nothing.
  public init(seed: UInt64) { state = farro_fnv1a_64_basis ^ seed }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state = farro_fnv1a_64(bytes.baseAddress, bytes.count, state)
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt64 { state }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    farro_fnv1a_64(bytes.baseAddress, bytes.count, farro_fnv1a_64_basis ^ seed)
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
    hashKeys("FNV1a64", bytes, offsets, hashes.count) {
      farro_fnv1a_64_keys($0, $1, $2, farro_fnv1a_64_basis ^ seed, hashes.baseAddress)
    }
  }
}
