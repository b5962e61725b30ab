/// A file could not be read or written.
public struct FileError: Error, Hashable, Sendable {
  /// The file that was asked for, as the caller named it.
  public let path: String

  /// What was being done, as a verb: "open", "read", "write", "rename".
  public let operation: String

  /// Where in the file, in bytes from its start; `nil` where no place is concerned.
  public let offset: Int?

  /// The operating system's error number; 0 when the refusal is Farro's own.
  public let code: CInt

  /// Why it failed.
  public let reason: String

  init(_ operation: String, _ path: String, offset: Int? = nil, code: CInt) {
    self.init(operation, path, offset: offset, code: code, reason: errorText(code))
  }

  init(_ operation: String, _ path: String, offset: Int? = nil, code: CInt = 0, reason: String) {
    (self.path, self.operation, self.offset, self.code, self.reason) = (path, operation, offset, code, reason)
  }
}

extension FileError: CustomStringConvertible {
  /// The file, what was being done, where, and why it failed, in one line.
  public var description: String {
    "\(path): cannot \(operation)\(offset.map { " at byte \($0)" } ?? ""): \(reason)"
  }
}
