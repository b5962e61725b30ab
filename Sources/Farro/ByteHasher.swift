/// A hash function of bytes: fast, not cryptographic, the same on every machine.
///
/// Hash what lies in memory with ``hash(_:seed:)-(String,_)`` and its overloads, what comes in pieces with a value of the
/// type, and thousands of short keys in one call:
///
/// ```swift
/// XXH3.hash("abc")  // 0x78af5f94892f3950
///
/// var hasher = XXH3(seed: 7)
/// hasher.update("ab")
/// hasher.update([0x63])
/// hasher.finalize() == XXH3.hash("abc", seed: 7)  // true
///
/// XXH3.hashes(ofKeysIn: Array("appleplum".utf8), offsets: [0, 5, 9])  // those of "apple" and "plum"
/// ```
///
/// A hasher is a value: a copy of it goes its own way. `finalize()` leaves it as it was, so that more may follow.
public protocol ByteHasher: Sendable {
  /// What makes one hash function of the type differ from another; 0 where none is given.
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

  /// The hashes of many keys, computed on several threads when there are enough of them.
  ///
  /// - Parameters:
  ///   - bytes: The keys, one after another.
  ///   - offsets: Where each key begins, and then where the last one ends.
  ///   - seed: The same for every key.
  ///   - hashes: A place for each key.
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  static func hash(
    keysIn bytes: UnsafeRawBufferPointer,
    offsets: UnsafeBufferPointer<Int>,
    seed: Seed,
    into hashes: UnsafeMutableBufferPointer<Digest>
  )
}

extension ByteHasher {
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

  /// The hashes of many keys, computed on several threads when there are enough of them.
  ///
  /// - Parameters:
  ///   - bytes: The keys, one after another.
  ///   - offsets: Where each key begins, and then where the last one ends.
  ///   - seed: The same for every key.
  /// - Returns: One hash per key: `offsets.count - 1` of them, none when `offsets` is empty.
  /// - Precondition: `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  @inlinable
  public static func hashes(ofKeysIn bytes: [UInt8], offsets: [Int], seed: Seed = 0) -> [Digest] {
    let count = max(0, offsets.count - 1)
    return [Digest](unsafeUninitializedCapacity: count) { hashes, initializedCount in
      let places = UnsafeMutableBufferPointer(rebasing: hashes[..<count])
      bytes.withUnsafeBytes { bytes in
        offsets.withUnsafeBufferPointer { hash(keysIn: bytes, offsets: $0, seed: seed, into: places) }
      }
      initializedCount = count
    }
  }

  /// ``hashes(ofKeysIn:offsets:seed:)`` into an array that exists.
  ///
  /// - Precondition: `hashes` has `offsets.count - 1` elements; `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes and keys.
  @inlinable
  public static func hashes(ofKeysIn bytes: [UInt8], offsets: [Int], seed: Seed = 0, into hashes: inout [Digest]) {
    hashes.withUnsafeMutableBufferPointer { hashes in
      bytes.withUnsafeBytes { bytes in
        offsets.withUnsafeBufferPointer { hash(keysIn: bytes, offsets: $0, seed: seed, into: hashes) }
      }
    }
  }
}
