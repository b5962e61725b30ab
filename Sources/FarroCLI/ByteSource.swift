import CZlib
import Foundation

/// A file's bytes from its beginning, unpacked when it is gzip, which its first two bytes tell.
final class ByteSource {
  private let descriptor: CInt
  private var unpacker: gzFile?

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
    gzbuffer(unpacker, 1 << 18)
  }

  deinit {
    if let unpacker { gzclose(unpacker) }
    close(descriptor)
  }

  /// Fills memory from its beginning on; fewer bytes than it has, and 0 ever after, at the end.
  ///
  /// - Throws: ``FileProblem``: what was read before is lost.
  func read(into memory: UnsafeMutableRawBufferPointer) throws(FileProblem) -> Int {
    var done = 0
    while done < memory.count {
      let count = try readSome(memory.baseAddress! + done, min(memory.count - done, 1 << 30))
      if count == 0 { break }
      done += count
    }
    return done
  }

  private func readSome(_ memory: UnsafeMutableRawPointer, _ count: Int) throws(FileProblem) -> Int {
    guard let unpacker else {
      while true {
        let moved = Foundation.read(descriptor, memory, count)
        if moved < 0 && errno == EINTR { continue }
        guard moved >= 0 else { throw FileProblem(.reading, errno) }
        return moved
      }
    }
    let moved = Int(gzread(unpacker, memory, UInt32(count)))
    var code: CInt = Z_OK
    let reason = gzerror(unpacker, &code).map { String(cString: $0) } ?? ""
    // A stream that is cut gives what it has, and then this.
    guard moved >= 0, code == Z_OK || code == Z_STREAM_END else {
      throw code == Z_ERRNO ? FileProblem(.reading, errno) : FileProblem(.reading, because: "gzip: \(reason)")
    }
    return moved
  }
}

/// Whole files, one at a time, in memory that is used again.
final class FileBuffer {
  private var memory = UnsafeMutableRawBufferPointer(start: malloc(1 << 18)!, count: 1 << 18)

  deinit { free(memory.baseAddress) }

  /// The bytes of a file, until the next is read.
  ///
  /// - Throws: ``FileProblem``.
  func read(_ path: String) throws(FileProblem) -> UnsafeRawBufferPointer {
    let source = try ByteSource(path)
    var filled = 0
    while true {
      filled += try source.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[filled...]))
      if filled < memory.count { return UnsafeRawBufferPointer(rebasing: memory[..<filled]) }
      // The system moves large blocks without a copy.
      let grown = realloc(memory.baseAddress, memory.count * 2)!
      memory = UnsafeMutableRawBufferPointer(start: grown, count: memory.count * 2)
    }
  }
}

extension FileProblem {
  init(_ moment: Moment, because reason: String) { (self.moment, self.reason) = (moment, reason) }
}
