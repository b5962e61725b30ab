import Farro

// The bytes of a mapped file. Every range that is asked for lies within it: the callers have checked.

extension MappedFile {
  func bytes(_ range: Range<Int>) -> [UInt8] { Array(memory[range]) }

  func number<Number: FixedWidthInteger>(at offset: Int, as _: Number.Type) -> Number {
    Number(littleEndian: memory.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  /// Printable ASCII, zeros behind it; `nil` when it is not.
  func name(at offset: Int, _ count: Int) -> String? {
    let bytes = bytes(offset..<offset + count)
    let name = bytes.prefix { $0 != 0 }
    guard !name.isEmpty, name.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
    guard bytes[name.count...].allSatisfy({ $0 == 0 }) else { return nil }
    return String(decoding: name, as: UTF8.self)
  }

  func checksum(_ range: Range<Int>) -> UInt64 {
    XXH3.hash(UnsafeRawBufferPointer(rebasing: memory[range]), seed: 0)
  }
}

/// A part of a mapped file, which stays mapped as long as this.
public struct MappedSection: Sendable {
  let file: MappedFile
  let offset: Int
  /// Its length in bytes.
  public let count: Int

  /// Calls `body` with the bytes, which begin at a multiple of 64. The pointer is valid only during the call.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(file) { try body(memory) }
  }

  /// The bytes, valid as long as ``owner`` lives.
  package var memory: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.memory[offset..<offset + count]) }

  package var owner: AnyObject & Sendable { file }
}
