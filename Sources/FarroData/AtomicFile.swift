/// Writes files that are there whole or not at all.
///
/// The contents go to a temporary file in the same directory, which reaches the device and is then renamed over the old
/// file: a reader sees the old contents or the new, never a part, and so does the next start after a power failure. When
/// anything fails (the disk is full, the closure throws), the old file is untouched and the temporary one is removed. Only
/// a process that is killed leaves one behind, `.farro-*.tmp`.
///
/// - A symbolic link stays, and the file that it leads to is replaced. A link that leads nowhere is an error.
/// - A new file gets the permissions of any new file (`umask`); one that replaces another keeps that one's read, write and
///   execute permissions. It belongs to the user who writes it.
/// - Hard links to the old file keep the old contents.
/// - What is not a regular file (a directory, a device, a pipe) is an error.
/// - Of several writers, the last to finish wins.
public enum AtomicFile {
  /// Writes `bytes` as the whole contents of the file at `path`.
  ///
  /// - Throws: ``FileError``.
  public static func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    try write(to: path) { try $0.append(bytes) }
  }

  /// Writes `text` in UTF-8 as the whole contents of the file at `path`.
  ///
  /// - Throws: ``FileError``.
  public static func write(_ text: String, to path: String) throws {
    try write(to: path) { try $0.append(text) }
  }

  /// Makes sure that a file can be made at `path`, before the work whose results it is for.
  ///
  /// - Throws: ``FileError``, as a write would before its first byte.
  public static func check(_ path: String) throws {
    let destination = try Destination(path)
    destination.discard(try destination.makeTemporary().name)
  }

  /// Writes what `body` appends, piece by piece, as the whole contents of the file at `path`.
  ///
  /// - Returns: What `body` returns.
  /// - Throws: ``FileError``, and what `body` throws. An error of an `append` that `body` swallows is thrown after it.
  public static func write<Result>(
    to path: String,
    _ body: (inout FileWriter) throws -> Result
  ) throws -> Result {
    let destination = try Destination(path)
    let (file, temporary) = try destination.makeTemporary()
    do {
      if let permissions = destination.permissions { try file.setPermissions(permissions) }
      var writer = FileWriter(file)
      let result = try body(&writer)
      try writer.flush()
      try file.synchronize()
      try destination.take(temporary)
      return result
    } catch {
      destination.discard(temporary)
      throw error
    }
  }
}

/// Appends to a file that ``AtomicFile/write(to:_:)`` is making.
///
/// Small pieces are gathered; large ones go to the file without a copy.
public struct FileWriter: ~Copyable {
  private let file: OpenFile
  private var pending: [UInt8] = []
  private var writtenBytes = 0
  private var failure: FileError?

  /// Large enough that the system call costs little beside the copying.
  private static let pendingLimit = 1 << 16

  init(_ file: OpenFile) {
    self.file = file
    pending.reserveCapacity(FileWriter.pendingLimit)
  }

  /// The bytes appended so far.
  public var count: Int { writtenBytes + pending.count }

  /// Appends `bytes`.
  ///
  /// - Throws: ``FileError``, as the other forms do.
  public mutating func append(_ bytes: some Collection<UInt8>) throws {
    let isDone: Void? = try bytes.withContiguousStorageIfAvailable { try append(UnsafeRawBufferPointer($0)) }
    if isDone == nil { try append(Array(bytes)) }
  }

  /// Appends `text` in UTF-8.
  public mutating func append(_ text: String) throws { try append(text.utf8) }

  /// Appends the bytes of `memory`.
  public mutating func append(_ memory: UnsafeRawBufferPointer) throws {
    if pending.count + memory.count > FileWriter.pendingLimit { try flush() }
    if memory.count < FileWriter.pendingLimit {
      pending.append(contentsOf: memory)
    } else {
      try write(memory)
    }
  }

  mutating func flush() throws {
    var bytes: [UInt8] = []
    swap(&bytes, &pending)
    try bytes.withUnsafeBytes { try write($0) }
    bytes.removeAll(keepingCapacity: true)
    swap(&bytes, &pending)
  }

  /// A file that lacks a piece must not be kept, even if `body` ignores the error: the first one is thrown ever after.
  private mutating func write(_ memory: UnsafeRawBufferPointer) throws(FileError) {
    if let failure { throw failure }
    do throws(FileError) {
      try file.write(memory, at: writtenBytes)
      writtenBytes += memory.count
    } catch {
      failure = error
      throw error
    }
  }
}
