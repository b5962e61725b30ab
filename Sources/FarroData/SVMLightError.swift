import Farro

/// A file or an array of bytes is not in the format of SVMlight.
public struct SVMLightError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// The line has features, and no target before them.
    case missingTarget
    /// The row has several labels.
    case severalLabels(String)
    /// The text is not a number in decimal notation.
    case notANumber(String)
    /// The number exceeds what elements of the type can be.
    case outOfRange(String, DType)
    /// The text is no index and value with a colon between.
    case notAFeature(String)
    /// The text is not a whole number from 0 on, and no larger than columns can be.
    case notAnIndex(String)
    /// The index is not larger than the one before it.
    case unorderedIndex(Int, after: Int)
    /// The first column is 1, and this is 0.
    case zeroIndex
    /// There are not so many columns.
    case indexBeyondColumns(Int, columns: Int)
    /// The text is not a whole number behind `qid:`.
    case notAQuery(String)
    /// The line has a query and the first one has none, or the other way round.
    case otherQueries
    /// The number of columns that was asked for cannot be.
    case columns(Int)
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  /// The file's path; `nil` for bytes in memory.
  public let file: String?

  /// The line of the text, from 1.
  public let line: Int

  /// Where in the line, in bytes from 1.
  public let column: Int
}

extension SVMLightError: CustomStringConvertible {
  /// The file, the place in it and the problem, in one line.
  public var description: String { "\(file ?? "svmlight data"): line \(line), column \(column): \(problem)" }
}

extension SVMLightError.Problem: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .missingTarget:
      "the line must begin with a target"
    case .severalLabels(let text):
      "\(quoted(text)) is more than one label, and rows can have only one"
    case .notANumber(let text):
      "\(quoted(text)) is not a number such as -1.5e3"
    case .outOfRange(let text, let dtype):
      "\(text) exceeds what an element of the type \(dtype.rawValue) can be"
    case .notAFeature(let text):
      "\(quoted(text)) is not an index and a value such as 3:0.5"
    case .notAnIndex(let text):
      "\(quoted(text)) is not an index from 0 to \(SVMLight.mostIndex)"
    case .unorderedIndex(let index, let previous):
      "index \(index) follows \(previous); indices must ascend"
    case .zeroIndex:
      "index 0, where the first column is 1"
    case .indexBeyondColumns(let index, let columns):
      "index \(index) is none of \(columns) columns"
    case .notAQuery(let text):
      "\(quoted(text)) is not a query such as qid:3"
    case .otherQueries:
      "either all lines or none must have a query"
    case .columns(let columns):
      "there cannot be \(columns) columns, but 0 to \(Int32.max)"
    }
  }
}
