import CZlib
import Foundation

/// A file's bytes from its beginning, unpacked when it is gzip, which its first two bytes tell.
final class ByteSource {
  private let descriptor: CInt
  private var unpacker: gzFile?

  /// zlib gives nothing of the call that meets damage: so much is lost before it.
  private static let unpackedAtOnce = 1 << 17

  /// - Throws: ``FileProblem``; a folder, and what is no regular file, is one.
  init(_ path: String) throws(FileProblem) {
    // Not to wait for a pipe's other end: regular files ignore O_NONBLOCK.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileProblem(.opening, errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileProblem(.opening, errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileProblem(.opening, status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    var magic: (UInt8, UInt8) = (0, 0)
    guard pread(descriptor, &magic, 2, 0) == 2, magic == (0x1F, 0x8B) else { return }
    // zlib closes the descriptor that it is given.
    unpacker = gzdopen(dup(descriptor), "r")
    guard let unpacker else { throw FileProblem(.opening, ENOMEM) }
    gzbuffer(unpacker, UInt32(ByteSource.unpackedAtOnce / 2))
  }

  deinit {
    if let unpacker { gzclose(unpacker) }
    close(descriptor)
  }

  /// Writes what comes next to the beginning of memory: how much depends on what is at hand, and 0 bytes are the end.
  ///
  /// - Throws: ``FileProblem``.
  func read(into memory: UnsafeMutableRawBufferPointer) throws(FileProblem) -> Int {
    var done = 0
    while done < memory.count {
      let count: Int
      do {
        count = try readSome(memory.baseAddress! + done, memory.count - done)
      } catch {
        // What was read before comes first: the next call meets the problem again.
        if done > 0 { break }
        throw error
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  private func readSome(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(FileProblem) -> Int {
    guard let unpacker else {
      while true {
        let moved = Foundation.read(descriptor, memory, min(count, 1 << 30))
        if moved < 0 && errno == EINTR { continue }
        guard moved >= 0 else { throw FileProblem(.reading, errno) }
        return moved
      }
    }
    let moved = Int(gzread(unpacker, memory, UInt32(min(count, ByteSource.unpackedAtOnce))))
    // A stream that is cut gives what it has, and then says so.
    if moved > 0 { return moved }
    var code: CInt = Z_OK
    let message = gzerror(unpacker, &code).map { String(cString: $0) } ?? ""
    if code == Z_OK || code == Z_STREAM_END { return moved }
    if code == Z_ERRNO { throw FileProblem(.reading, errno) }
    // Before the colon zlib names the file, which it knows by a number alone.
    let reason = message.firstRange(of: ": ").map { message[$0.upperBound...] } ?? message[...]
    throw FileProblem(.reading, because: "gzip: \(reason)")
  }
}

/// Memory that files are read into, and that grows with them.
struct FileMemory: ~Copyable {
  private(set) var bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    bytes = UnsafeMutableRawBufferPointer(start: malloc(byteCount)!, count: byteCount)
  }

  deinit { free(bytes.baseAddress) }

  /// Twice as much.
  ///
  /// - Throws: ``FileProblem`` when the system has no more.
  mutating func grow() throws(FileProblem) {
    // The system moves large blocks without a copy.
    guard let grown = realloc(bytes.baseAddress, bytes.count * 2) else { throw FileProblem(.reading, ENOMEM) }
    bytes = UnsafeMutableRawBufferPointer(start: grown, count: bytes.count * 2)
  }
}

/// Whole files, one at a time, in memory that is used again.
final class FileBuffer {
  private var memory = FileMemory(byteCount: 1 << 18)

  /// The bytes of a file, until the next is read.
  ///
  /// - Throws: ``FileProblem``.
  func read(_ path: String) throws(FileProblem) -> UnsafeRawBufferPointer {
    let source = try ByteSource(path)
    var filled = 0
    while true {
      if filled == memory.bytes.count { try memory.grow() }
      let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[filled...]))
      if count == 0 { return UnsafeRawBufferPointer(rebasing: memory.bytes[..<filled]) }
      filled += count
    }
  }
}

extension FileProblem {
  init(_ moment: Moment, because reason: String) { (self.moment, self.reason) = (moment, reason) }
}
