// Every call of the operating system that FarroData makes stands in this file.

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// A file descriptor, closed with the last reference to it. Errors name `path`.
final class OpenFile {
  let path: String
  fileprivate let descriptor: CInt

  /// Darwin refuses to move more than `Int32.max` bytes at once.
  private static let mostBytesPerCall = 1 << 30

  private init(path: String, descriptor: CInt) {
    (self.path, self.descriptor) = (path, descriptor)
  }

  deinit { close(descriptor) }

  /// Opens a regular file for reading.
  static func reading(_ path: String) throws(FileError) -> OpenFile {
    // A FIFO named by mistake must be refused, not waited for: hence O_NONBLOCK, which regular files ignore.
    let file = try opening(path, for: path, flags: O_RDONLY | O_NONBLOCK)
    try requireRegular(try file.status(), path)
    return file
  }

  private static func opening(_ name: String, for path: String, flags: CInt) throws(FileError) -> OpenFile {
    try requireName(path)
    let descriptor = retrying { open(name, flags | O_CLOEXEC, 0o666) }
    guard descriptor >= 0 else { throw FileError("open", path, code: errno) }
    return OpenFile(path: path, descriptor: descriptor)
  }

  /// Its size in bytes.
  func size() throws(FileError) -> Int { Int(try status().st_size) }

  private func status() throws(FileError) -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError("open", path, code: errno) }
    return status
  }

  /// Fills `memory` with the bytes from `offset` on.
  ///
  /// Reading, not mapping: a mapped file that another process shortens kills the reader with SIGBUS.
  func read(into memory: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < memory.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: memory[done...])
      let bytes = min(rest.count, OpenFile.mostBytesPerCall)
      let moved = retrying { pread(descriptor, rest.baseAddress, bytes, off_t(offset + done)) }
      guard moved >= 0 else { throw FileError("read", path, offset: offset + done, code: errno) }
      guard moved > 0 else {
        throw FileError(
          "read",
          path,
          offset: offset + done,
          reason: "the file ends here, \(rest.count) bytes too early"
        )
      }
      done += moved
    }
  }

  /// Appends all of `memory`; `offset` is the number of bytes written before, for the error.
  func write(_ memory: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < memory.count {
      let rest = UnsafeRawBufferPointer(rebasing: memory[done...])
      let moved = retrying { Self.write(descriptor, rest.baseAddress, min(rest.count, OpenFile.mostBytesPerCall)) }
      guard moved >= 0 else { throw FileError("write", path, offset: offset + done, code: errno) }
      done += moved
    }
  }

  /// The operating system's function, which the method of the same name hides.
  private static func write(_ descriptor: CInt, _ memory: UnsafeRawPointer?, _ bytes: Int) -> Int {
    #if canImport(Darwin)
      Darwin.write(descriptor, memory, bytes)
    #elseif canImport(Musl)
      Musl.write(descriptor, memory, bytes)
    #elseif canImport(Android)
      Android.write(descriptor, memory, bytes)
    #else
      Glibc.write(descriptor, memory, bytes)
    #endif
  }

  /// Waits until the contents have reached the device.
  func synchronize() throws(FileError) {
    guard retrying({ fsync(descriptor) }) == 0 else { throw FileError("synchronize", path, code: errno) }
  }

  func setPermissions(_ permissions: mode_t) throws(FileError) {
    guard fchmod(descriptor, permissions) == 0 else { throw FileError("set the permissions", path, code: errno) }
  }
}

// MARK: - Mapping

/// A file's contents in memory, for reading, as long as this lives.
///
/// `@unchecked Sendable`: the memory is never written.
final class MappedFile: @unchecked Sendable {
  let memory: UnsafeRawBufferPointer
  private let isMapped: Bool
  var count: Int { memory.count }

  init(_ path: String) throws(FileError) {
    let file = try OpenFile.reading(path)
    (memory, isMapped) = (try file.mapped(), true)
  }

  /// Bytes that a file would have, aligned as it would be.
  init(copying bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: ArrayFile.alignment)
    copy.copyBytes(from: bytes)
    (memory, isMapped) = (UnsafeRawBufferPointer(copy), false)
  }

  deinit {
    guard isMapped else { return memory.deallocate() }
    if let base = memory.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), memory.count) }
  }
}

extension OpenFile {
  /// The whole file, mapped; an empty one is no memory at all.
  fileprivate func mapped() throws(FileError) -> UnsafeRawBufferPointer {
    let count = try size()
    if count == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let base, base != MAP_FAILED else { throw FileError("map", path, code: errno) }
    return UnsafeRawBufferPointer(start: base, count: count)
  }
}

// MARK: - Scratch

/// A file without a name: whatever way the process ends, nothing of it stays. Bytes are appended, and seen in memory.
package final class ScratchFile {
  private let file: OpenFile
  package private(set) var count = 0
  private var mapping = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// A new file in a folder that exists.
  ///
  /// - Throws: ``FileError``.
  package init(in folder: String) throws {
    file = try OpenFile.nameless(in: folder)
  }

  deinit { if let base = mapping.baseAddress { munmap(base, mapping.count) } }

  /// Appends all of `memory`.
  ///
  /// - Throws: ``FileError``: the disk is full.
  package func append(_ memory: UnsafeRawBufferPointer) throws {
    try file.write(memory, at: count)
    count += memory.count
  }

  /// All that was appended, as long as this lives and nothing more is appended and mapped.
  ///
  /// - Throws: ``FileError``.
  package func mapped() throws -> UnsafeRawBufferPointer {
    if mapping.count == count { return UnsafeRawBufferPointer(mapping) }
    if let base = mapping.baseAddress { munmap(base, mapping.count) }
    mapping = UnsafeMutableRawBufferPointer(mutating: try file.mapped())
    return UnsafeRawBufferPointer(mapping)
  }
}

extension OpenFile {
  fileprivate static func nameless(in folder: String) throws(FileError) -> OpenFile {
    try requireName(folder)
    var template = Array("\(folder)/farro-XXXXXX".utf8CString)
    let descriptor = template.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
    guard descriptor >= 0 else { throw FileError("make a scratch file", folder, code: errno) }
    template.withUnsafeBufferPointer { _ = unlink($0.baseAddress!) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return OpenFile(path: folder, descriptor: descriptor)
  }
}

// MARK: - Replacing

/// The place that a file will take: where the links of a path lead, and the permissions of what is there now.
struct Destination {
  let path: String
  let resolvedPath: String
  /// `nil` when nothing is there yet.
  let permissions: mode_t?

  init(_ path: String) throws(FileError) {
    try requireName(path)
    self.path = path
    guard let resolved = realpath(path, nil) else {
      let code = errno
      var link = stat()
      // A missing file is created; a link that leads nowhere is not silently turned into a file.
      guard code == ENOENT, lstat(path, &link) != 0 else { throw FileError("follow", path, code: code) }
      (resolvedPath, permissions) = (path, nil)
      return
    }
    defer { free(resolved) }
    resolvedPath = String(cString: resolved)
    var status = stat()
    guard stat(resolved, &status) == 0 else { throw FileError("replace", path, code: errno) }
    // Renaming over /dev/null would remove the device.
    try requireRegular(status, path)
    permissions = status.st_mode & 0o777
  }

  private var directory: String {
    guard let slash = resolvedPath.lastIndex(of: "/") else { return "." }
    return slash == resolvedPath.startIndex ? "/" : String(resolvedPath[..<slash])
  }

  /// A new file in the same directory, hence on the same file system, open for writing.
  func makeTemporary() throws(FileError) -> (file: OpenFile, name: String) {
    while true {
      // The name does not contain the destination's: together they could exceed what a directory holds.
      let name = "\(directory)/.farro-\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp"
      do throws(FileError) {
        return (try OpenFile.creating(name, for: path), name)
      } catch  where error.code == EEXIST {
        continue
      }
    }
  }

  /// Puts the file `name`, from ``makeTemporary()``, in its place, and waits until the directory has been written.
  func take(_ name: String) throws(FileError) {
    guard rename(name, resolvedPath) == 0 else { throw FileError("rename into place", path, code: errno) }
    // What fails from here on cannot be undone, and some file systems cannot synchronize a directory at all.
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  func discard(_ name: String) { unlink(name) }
}

extension OpenFile {
  /// Creates the file `name`, which must not exist, with the permissions that any new file gets; errors name `path`.
  fileprivate static func creating(_ name: String, for path: String) throws(FileError) -> OpenFile {
    try opening(name, for: path, flags: O_WRONLY | O_CREAT | O_EXCL)
  }
}

// MARK: - Helpers

/// C would take the part before a zero for the whole name, and no name for the current directory's.
private func requireName(_ path: String) throws(FileError) {
  if path.isEmpty { throw FileError("open", path, code: ENOENT) }
  if path.utf8.contains(0) { throw FileError("open", path, code: EINVAL) }
}

private func requireRegular(_ status: stat, _ path: String) throws(FileError) {
  switch status.st_mode & S_IFMT {
  case S_IFREG: return
  case S_IFDIR: throw FileError("open", path, code: EISDIR)
  default: throw FileError("open", path, reason: "it is not a regular file")
  }
}

/// Calls again what a signal interrupted.
private func retrying<Count: SignedInteger>(_ call: () -> Count) -> Count {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

/// The operating system's words for an error number.
///
/// `strerror` shares memory among threads only for numbers that the operating system does not know, and never hands out.
func errorText(_ code: CInt) -> String { String(cString: strerror(code)) }
