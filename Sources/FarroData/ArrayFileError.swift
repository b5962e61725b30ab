/// A file is not the ``ArrayFile`` that it claims to be, or not the one that was asked for.
public struct ArrayFileError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// The file does not start with the bytes of every array file.
    case notAnArrayFile
    /// The file holds something else.
    case otherKind(found: String, expected: String)
    /// A newer program wrote the file: its layout, or that of what it holds.
    case newerVersion(found: Int, newest: Int)
    /// The file has another length than it says.
    case otherLength(expectedBytes: Int, foundBytes: Int)
    /// Bytes are not those that were written: a checksum differs. What they belong to.
    case damaged(String)
    /// A part that the file's kind must have is not there.
    case missingSection(String)
    /// A part does not fit the others, or is not what it must be.
    case unsuitable(section: String, found: String, expected: String)
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  /// The file, as the caller named it; "bytes in memory" of others.
  public let path: String

  /// Where in the file, in bytes from its start.
  public let offset: Int

  /// An error for a reader of one kind of file, when a section that is whole does not suit.
  public init(_ problem: Problem, path: String, offset: Int = 0) {
    (self.problem, self.path, self.offset) = (problem, path, offset)
  }
}

extension ArrayFileError: CustomStringConvertible {
  /// The file, the place in it and the problem, in one line.
  public var description: String { "\(path): at byte \(offset): \(problem)" }
}

extension ArrayFileError.Problem: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .notAnArrayFile:
      "this is not an array file of Farro, which starts with \"FARRO\""
    case .otherKind(let found, let expected):
      "this file holds a \"\(found)\", not a \"\(expected)\""
    case .newerVersion(let found, let newest):
      "a newer program wrote this file: its version is \(found), and the newest that can be read is \(newest)"
    case .otherLength(let expected, let found):
      "the file should have \(expected) bytes, and has \(found)"
    case .damaged(let part):
      "the \(part) is damaged: its checksum differs"
    case .missingSection(let name):
      "there is no section \"\(name)\""
    case .unsuitable(let section, let found, let expected):
      "the section \"\(section)\" has \(found), where \(expected) should be"
    }
  }
}
