import CKernels

/// CRC-32, the checksum of zlib, PNG and Ethernet. It finds damage; of hashes it lacks the mixing.
///
/// The seed is the checksum of what came before, 0 of nothing: `CRC32.hash("b", seed: CRC32.hash("a"))` is that of "ab".
public struct CRC32: ByteHasher {
  private var state: UInt32

  /// A hasher that has seen nothing.
  public init(seed: UInt32) { state = seed }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    check(farro_crc32(bytes.baseAddress, bytes.count, state, &state), "CRC32")
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt32 { state }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    var checksum: UInt32 = 0
    check(farro_crc32(bytes.baseAddress, bytes.count, seed, &checksum), "CRC32")
    return checksum
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
    hashKeys("CRC32", bytes, offsets, hashes.count) { farro_crc32_keys($0, $1, $2, seed, hashes.baseAddress) }
  }

  /// The checksum of a message of two parts, of which the second has `count` bytes.
  ///
  /// - Complexity: O(log *n*) for *n* bytes.
  public static func combine(_ first: UInt32, _ second: UInt32, count: Int) -> UInt32 {
    require(count >= 0, "CRC32.combine: a part has no \(count) bytes")
    return farro_crc32_combine(first, second, UInt64(count))
  }
}

/// CRC-32C, Castagnoli's polynomial: the checksum of iSCSI, ext4 and many formats of storage. Source: RFC 3720.
///
/// The seed is the checksum of what came before, 0 of nothing.
public struct CRC32C: ByteHasher {
  private var state: UInt32

  /// A hasher that has seen nothing.
  public init(seed: UInt32) { state = seed }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    check(farro_crc32c(bytes.baseAddress, bytes.count, state, &state), "CRC32C")
  }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt32 { state }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    var checksum: UInt32 = 0
    check(farro_crc32c(bytes.baseAddress, bytes.count, seed, &checksum), "CRC32C")
    return checksum
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
    hashKeys("CRC32C", bytes, offsets, hashes.count) { farro_crc32c_keys($0, $1, $2, seed, hashes.baseAddress) }
  }

  /// The checksum of a message of two parts, of which the second has `count` bytes.
  ///
  /// - Complexity: O(log *n*) for *n* bytes.
  public static func combine(_ first: UInt32, _ second: UInt32, count: Int) -> UInt32 {
    require(count >= 0, "CRC32C.combine: a part has no \(count) bytes")
    return farro_crc32c_combine(first, second, UInt64(count))
  }
}
