import Farro
import Foundation

/// The lines of a file, many at a time, in memory that is used again. A line of any length is one.
final class LineReader {
  private let source: ByteSource
  private var memory: UnsafeMutableRawBufferPointer
  private var filled = 0
  private var used = 0
  private var isAtEnd = false
  /// Where each line begins, and where the last one ends.
  private(set) var offsets: [Int] = []
  /// The number of the first of them, from 1.
  private(set) var firstLine = 1
  /// The bytes read so far.
  private(set) var byteCount = 0

  /// Large enough that threads have work, and small enough to stay in a third-level cache until all is done with it.
  private static let blockBytes = 4 << 20

  /// - Throws: ``FileProblem``.
  init(_ path: String) throws(FileProblem) {
    source = try ByteSource(path)
    memory = UnsafeMutableRawBufferPointer(start: malloc(LineReader.blockBytes)!, count: LineReader.blockBytes)
  }

  deinit { free(memory.baseAddress) }

  /// The memory that the offsets are places of; it may be changed.
  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory[..<filled]) }

  /// Reads the next lines; false at the end.
  ///
  /// - Throws: ``FileProblem``.
  func next() throws(FileProblem) -> Bool {
    firstLine += max(0, offsets.count - 1)
    // What is left of a line that the last block cut.
    filled -= used
    memory.baseAddress!.copyMemory(from: memory.baseAddress! + used, byteCount: filled)
    used = 0
    offsets = [0]
    while !isAtEnd && offsets.count == 1 {
      if filled == memory.count { grow() }
      let (first, count) = (filled, try source.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[filled...])))
      filled += count
      byteCount += count
      isAtEnd = filled < memory.count
      appendLineEnds(of: UnsafeRawBufferPointer(rebasing: memory[first..<filled]), from: first, to: &offsets)
    }
    if isAtEnd && offsets.last! < filled { offsets.append(filled) }
    used = offsets.last!
    return offsets.count > 1
  }

  private func grow() {
    // The system moves large blocks without a copy.
    let grown = realloc(memory.baseAddress, memory.count * 2)!
    memory = UnsafeMutableRawBufferPointer(start: grown, count: memory.count * 2)
  }
}
