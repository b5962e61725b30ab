import FarroData
import Foundation

/// Bytes that grow at the end: in memory, until they are asked to leave it for a file without a name.
final class SpillableMemory {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  private var file: ScratchFile?
  private(set) var count = 0

  /// What it holds in memory.
  var memoryBytes: Int { file == nil ? count : 0 }
  /// What it holds in a file.
  var fileBytes: Int { file == nil ? 0 : count }
  var isSpilled: Bool { file != nil }

  deinit { free(base) }

  /// Appends at most `most` bytes: those that `body` writes, of which it answers the number. `use` sees them before they may
  /// leave memory.
  ///
  /// - Throws: `FileError`, `NearDuplicatesError`, and what `body` and `use` throw.
  func append(
    most: Int,
    _ body: (UnsafeMutableRawPointer) throws -> Int,
    and use: (UnsafeMutableRawPointer) throws -> Void = { _ in }
  ) throws {
    if let file {
      guard let piece = malloc(max(most, 1)) else { throw NearDuplicatesError(.noMemory(bytes: most)) }
      defer { free(piece) }
      let written = try body(piece)
      try use(piece)
      try file.append(UnsafeRawBufferPointer(start: piece, count: written))
      count += written
      return
    }
    if count + most > capacity || base == nil {
      // Pages that nothing has been written to cost nothing; the larger ones move without a copy.
      let wanted = max(count + most, capacity + capacity / 2, 1 << 16)
      guard let grown = realloc(base, wanted) else { throw NearDuplicatesError(.noMemory(bytes: wanted)) }
      (base, capacity) = (grown, wanted)
    }
    let written = try body(base! + count)
    try use(base! + count)
    count += written
  }

  /// Leaves memory for a file in `folder`.
  ///
  /// - Throws: `FileError`.
  func spill(to folder: String) throws {
    guard file == nil else { return }
    let file = try ScratchFile(in: folder)
    try file.append(UnsafeRawBufferPointer(start: base, count: count))
    free(base)
    (base, capacity, self.file) = (nil, 0, file)
  }

  /// All bytes, as long as this lives and nothing is appended.
  ///
  /// - Throws: `FileError`.
  func contents() throws -> UnsafeRawBufferPointer {
    if let file { return try file.mapped() }
    if base == nil { try append(most: 0) { _ in 0 } }
    return UnsafeRawBufferPointer(start: base, count: count)
  }
}

extension UnsafeRawBufferPointer {
  /// The same bytes as elements; a pointer to something also where there are none.
  func elements<Element>(_: Element.Type) -> UnsafePointer<Element> {
    (baseAddress ?? UnsafeRawPointer(bitPattern: 64)!).assumingMemoryBound(to: Element.self)
  }
}
