import Farro

/// A file is not in the safetensors format, or has not the array that was asked for.
public struct SafetensorsError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// The file ends before its header does.
    case shortFile(expectedBytes: Int, foundBytes: Int)
    /// The header has more than 100 million bytes.
    case longHeader(bytes: UInt64)
    /// The header is not JSON that begins with `{`, or is not made as the format wants it.
    case malformedHeader(String)
    /// Two arrays, or two members of one, have the same name.
    case duplicateName(String)
    /// The array's elements are of a type that tensors do not hold.
    case unsupportedDType(String, array: String)
    /// The array's bytes are not as many as its shape and type need.
    case otherSize(array: String, expectedBytes: Int, foundBytes: Int)
    /// The array's shape is larger than any memory.
    case oversizedShape([Int], array: String)
    /// The array begins before the one before it ends.
    case overlap(array: String, before: String)
    /// No array has the bytes before this one.
    case hole(before: String)
    /// The array ends behind the end of the file.
    case outOfBounds(array: String)
    /// The file goes on behind its last array.
    case otherLength(expectedBytes: Int, foundBytes: Int)
    /// There is no such array.
    case missingArray(String)
    /// The array's elements are of another type than was asked for.
    case otherDType(array: String, stored: DType, requested: DType)
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  /// The file's path; `nil` for bytes in memory.
  public let file: String?

  /// Where in the file, in bytes from its start.
  public let offset: Int
}

extension SafetensorsError: CustomStringConvertible {
  /// The file, the place in it and the problem, in one line.
  public var description: String { "\(file ?? "safetensors data"): at byte \(offset): \(problem)" }
}

extension SafetensorsError.Problem: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .shortFile(let expected, let found):
      "the header needs a file of \(expected) bytes at least, and this one has \(found)"
    case .longHeader(let bytes):
      "this is no safetensors file: a header of \(bytes) bytes exceeds \(Safetensors.mostHeaderBytes)"
    case .malformedHeader(let reason):
      "the header is malformed: \(reason)"
    case .duplicateName(let name):
      "the name \(quoted(name)) occurs twice"
    case .unsupportedDType(let name, let array):
      "the array \(quoted(array)) has elements of the type \(quoted(name)), which tensors do not hold"
    case .otherSize(let array, let expected, let found):
      "the array \(quoted(array)) needs \(expected) bytes, and has \(found)"
    case .oversizedShape(let shape, let array):
      "the array \(quoted(array)) has the shape \(shape), which exceeds any memory"
    case .overlap(let array, let before):
      "the array \(quoted(array)) begins within \(quoted(before))"
    case .hole(let before):
      "no array has the bytes before \(quoted(before))"
    case .outOfBounds(let array):
      "the array \(quoted(array)) ends behind the file"
    case .otherLength(let expected, let found):
      "the arrays end at byte \(expected), and the file at \(found)"
    case .missingArray(let name):
      "there is no array \(quoted(name))"
    case .otherDType(let array, let stored, let requested):
      "the array \(quoted(array)) has elements of the type \(stored.rawValue), not \(requested.rawValue)"
    }
  }
}
