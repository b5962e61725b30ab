import Farro

/// A file or an array of bytes is not the NPY data that it claims to be, or not what was asked of it.
public struct NPYError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// The data does not start with the bytes of every NPY file.
    case notNPY
    /// The format's version is none of 1.0, 2.0 and 3.0.
    case unsupportedVersion(major: Int, minor: Int)
    /// The header is longer than ``NPYHeader/mostBytes``.
    case oversizedHeader(bytes: Int)
    /// The header is not the dictionary that it must be.
    case malformedHeader(found: String, expected: String)
    /// The elements have a type that no tensor can hold; its name as the file gives it.
    case unsupportedDType(String)
    /// The elements have another type than the one asked for.
    case otherDType(stored: DType, requested: DType)
    /// A tensor of this shape exceeds this machine's memory.
    case oversizedShape([Int])
    /// The data ends before what the header announces does.
    case truncated(expectedBytes: Int, foundBytes: Int)
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  /// The file's path; `nil` for bytes in memory.
  public let file: String?

  /// Where in the data, in bytes from its start.
  public let offset: Int
}

extension NPYError: CustomStringConvertible {
  /// The file, the place in it and the problem, in one line.
  public var description: String { "\(file ?? "NPY data"): at byte \(offset): \(problem)" }
}

extension NPYError.Problem: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .notNPY:
      #"this is not an NPY file, which starts with "\x93NUMPY""#
    case .unsupportedVersion(let major, let minor):
      "version \(major).\(minor) of the format is unknown; 1.0, 2.0 and 3.0 can be read"
    case .oversizedHeader(let bytes):
      "the header has \(bytes) bytes; at most \(NPYHeader.mostBytes) can be read"
    case .malformedHeader(let found, let expected):
      "the header has \(found) where \(expected) should be"
    case .unsupportedDType(let name):
      "unsupported dtype \(name); bool, int8 to int64, uint8 to uint64 and float16 to float64 can be read"
    case .otherDType(let stored, let requested):
      "the elements are \(stored.rawValue), not \(requested.rawValue) as requested"
    case .oversizedShape(let shape):
      "an array of shape \(shape) exceeds this machine's memory"
    case .truncated(let expected, let found):
      "\(expected) bytes should follow, and there are \(found)"
    }
  }
}
