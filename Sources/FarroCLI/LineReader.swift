import Farro
import Foundation

/// The lines of a file, many at a time, in memory that is used again. A line of any length is one.
final class LineReader {
  private let source: ByteSource
  private var memory: FileMemory
  private var filled = 0
  private var used = 0
  private var isAtEnd = false
  /// Where each line begins, and where the last one ends.
  private(set) var offsets: [Int] = []
  /// The number of the first of them, from 1.
  private(set) var firstLine = 1

  /// Large enough that threads have work, and small enough to stay in a third-level cache until all is done with it.
  private static let blockBytes = 4 << 20

  /// - Throws: ``FileProblem``.
  init(_ path: String) throws(FileProblem) {
    source = try ByteSource(path)
    memory = FileMemory(byteCount: LineReader.blockBytes)
  }

  /// The memory that the offsets are places of; it may be changed.
  var bytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<filled]) }

  /// Reads the next lines; false at the end.
  ///
  /// - Throws: ``FileProblem``, when all whole lines before it have been read.
  func next() throws(FileProblem) -> Bool {
    firstLine += max(0, offsets.count - 1)
    // What is left of a line that the last block cut.
    filled -= used
    let start = memory.bytes.baseAddress!
    start.copyMemory(from: start + used, byteCount: filled)
    used = 0
    offsets = [0]
    while !isAtEnd && offsets.count == 1 {
      if filled == memory.bytes.count { try memory.grow() }
      let rest = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[filled...])
      let count = try read(into: rest)
      isAtEnd = count == 0
      appendLineEnds(of: UnsafeRawBufferPointer(rebasing: rest[..<count]), from: filled, to: &offsets)
      filled += count
    }
    if isAtEnd && offsets.last! < filled { offsets.append(filled) }
    used = offsets.last!
    return offsets.count > 1
  }

  private func read(into memory: UnsafeMutableRawBufferPointer) throws(FileProblem) -> Int {
    do {
      return try source.read(into: memory)
    } catch {
      guard firstLine > 1 else { throw error }
      throw FileProblem(error.moment, because: "nothing after line \(firstLine - 1) can be read: \(error.reason)")
    }
  }
}
