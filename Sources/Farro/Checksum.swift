import CKernels

/// CRC-32, the checksum of zlib, PNG and Ethernet.
public typealias CRC32 = CRC<EthernetPolynomial>

/// CRC-32C, Castagnoli's polynomial: the checksum of iSCSI, ext4 and many formats of storage. Source: RFC 3720.
public typealias CRC32C = CRC<CastagnoliPolynomial>

/// A cyclic redundancy check of 32 bits: ``CRC32`` or ``CRC32C``. It finds damage; of hashes it lacks the mixing.
///
/// The seed is the checksum of what came before, 0 of nothing: `CRC32.hash("b", seed: CRC32.hash("a"))` is that of "ab".
public struct CRC<Polynomial: CRCPolynomial>: ByteHasher {
  private var state: UInt32

  /// A hasher that has seen nothing.
  public init(seed: UInt32) { state = seed }

  /// Takes in the next bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { state = Self.hash(bytes, seed: state) }

  /// The hash of the bytes seen so far.
  ///
  /// - Complexity: O(1).
  public func finalize() -> UInt32 { state }

  /// The hash of some bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes; no memory.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
    var checksum: UInt32 = 0
    check(Polynomial.kernels.one(bytes.baseAddress, bytes.count, seed, &checksum), Polynomial.kernels.name)
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
    let kernels = Polynomial.kernels
    hashKeys(kernels.name, bytes, offsets, hashes.count) { kernels.keys($0, $1, $2, seed, hashes.baseAddress) }
  }

  /// The checksum of a message of two parts, of which the second has `count` bytes.
  ///
  /// - Complexity: O(log *n*) for *n* bytes.
  public static func combine(_ first: UInt32, _ second: UInt32, count: Int) -> UInt32 {
    require(count >= 0, "\(Polynomial.kernels.name).combine: a part has no \(count) bytes")
    return Polynomial.kernels.combine(first, second, UInt64(count))
  }
}

/// What a cyclic redundancy check divides by.
public protocol CRCPolynomial: Sendable {
  /// The functions that divide by it.
  static var kernels: CRCKernels { get }
}

/// The polynomial 0x04C11DB7 of ``CRC32``.
public enum EthernetPolynomial: CRCPolynomial {
  /// The functions that divide by it.
  public static var kernels: CRCKernels {
    CRCKernels(name: "CRC32", one: farro_crc32, keys: farro_crc32_keys, combine: farro_crc32_combine)
  }
}

/// The polynomial 0x1EDC6F41 of ``CRC32C``.
public enum CastagnoliPolynomial: CRCPolynomial {
  /// The functions that divide by it.
  public static var kernels: CRCKernels {
    CRCKernels(name: "CRC32C", one: farro_crc32c, keys: farro_crc32c_keys, combine: farro_crc32c_combine)
  }
}

/// The functions of a polynomial that Farro knows.
public struct CRCKernels: Sendable {
  let name: StaticString
  let one: @convention(c) (UnsafeRawPointer?, Int, UInt32, UnsafeMutablePointer<UInt32>?) -> farro_status
  let keys:
    @convention(c) (UnsafeRawPointer?, UnsafePointer<UInt64>?, Int, UInt32, UnsafeMutablePointer<UInt32>?) ->
      farro_status
  let combine: @convention(c) (UInt32, UInt32, UInt64) -> UInt32
}
