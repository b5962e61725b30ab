/// A file does not hold the model that was asked for.
public struct ModelFileError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// The file does not begin as a model's file does.
    case notAModel
    /// Bytes are not those that were written. What shows it.
    case damaged(String)
    /// The file holds another kind of model.
    case otherKind(found: String, expected: String)
    /// A newer program wrote the file: its layout, or the model in it.
    case newerVersion(found: Int, newest: Int)
    /// The file is whole, and what it holds is no such model. What does not fit.
    case unsuitable(String)
    /// What is stored as JSON has more than 100 MB.
    case oversizedStructure(bytes: Int)
    /// Values are nested too deep to be read again.
    case deepStructure(levels: Int)
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  /// The file, as the caller named it.
  public let path: String
}

extension ModelFileError: CustomStringConvertible {
  /// The file and the problem, in one line.
  public var description: String { "\(path): \(problem)" }
}

extension ModelFileError.Problem: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .notAModel:
      "this is not a model's file, as Farro writes it"
    case .damaged(let reason):
      "the file is damaged: \(reason)"
    case .otherKind(let found, let expected):
      "this file holds a \(quoted(found)), not a \(quoted(expected))"
    case .newerVersion(let found, let newest):
      "a newer program wrote this file: its version is \(found), and the newest that can be read is \(newest)"
    case .unsuitable(let reason):
      "the file holds no such model: \(reason)"
    case .oversizedStructure(let bytes):
      "the model's structure has \(bytes) bytes, more than \(Safetensors.mostHeaderBytes); keep large parts in tensors"
    case .deepStructure(let levels):
      "the model's structure has \(levels) levels, more than \(JSON.mostDepth - 1); keep trees in arrays"
    }
  }
}

extension DecodingError {
  /// What is wrong and where, in one line.
  var inWords: String {
    let problem: String
    let context: Context
    switch self {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
      (problem, context) = (found.debugDescription, found)
    case .keyNotFound(let key, let found):
      (problem, context) = ("\(quoted(key.stringValue)) is missing", found)
    @unknown default:
      return "it cannot be decoded"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? problem : "in \(path), \(problem)"
  }
}
