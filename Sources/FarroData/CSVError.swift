import Farro

/// A file or an array of bytes is not CSV data, or not the numbers that were asked for.
public struct CSVError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// There is no row of data and no header.
    case empty
    /// The text is in UTF-16, of two bytes a character.
    case utf16
    /// The text of the field is not in UTF-8.
    case notUTF8
    /// Two columns have the same name.
    case duplicateName(String)
    /// The columns, whose names these are, lack one that was asked for.
    case missingColumn(String, columns: [String])
    /// There is nothing in the field.
    case missingValue
    /// The field is not a number in decimal notation.
    case notANumber(String)
    /// The field is not a whole number in decimal notation.
    case notAnInteger(String)
    /// The number exceeds what elements of the type can be.
    case outOfRange(String, DType)
    /// The row has more or fewer fields than the first one.
    case otherColumnCount(found: Int, expected: Int)
    /// The first row has numbers and this text: it may be a header, or a row with a mistake.
    case unclearHeader(text: String)
    /// A quote in a field that does not begin with one.
    case strayQuote
    /// Text between a closing quote and the end of the field.
    case textAfterQuote
    /// The text ends within the quotes that begin here.
    case unclosedQuote
    /// A carriage return without a line feed, outside of quotes.
    case loneCarriageReturn
    /// A tensor of this shape exceeds this machine's memory.
    case oversizedShape([Int])
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  /// The file's path; `nil` for bytes in memory.
  public let file: String?

  /// The line of the text, from 1; line ends within quotes count.
  public let line: Int

  /// The field of the row, from 1.
  public let column: Int

  /// What the header calls the column; `nil` without one.
  public let columnName: String?
}

extension CSVError: CustomStringConvertible {
  /// The file, the place in it and the problem, in one line.
  public var description: String {
    let name = columnName.map { " (\(quoted($0)))" } ?? ""
    return "\(file ?? "CSV data"): line \(line), column \(column)\(name): \(problem)"
  }
}

extension CSVError.Problem: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .empty:
      "there are no rows"
    case .utf16:
      "the text is in UTF-16; save it in UTF-8"
    case .notUTF8:
      "the text is not in UTF-8; save it so"
    case .duplicateName(let name):
      "an earlier column has the name \(quoted(name)) too"
    case .missingColumn(let name, let columns):
      "there is no column \(quoted(name)); the columns are \(listed(columns))"
    case .missingValue:
      "the value is missing, and must be a number"
    case .notANumber(let text):
      "\(quoted(text)) is not a number such as -1.5e3"
    case .notAnInteger(let text):
      "\(quoted(text)) is not a whole number such as -15"
    case .outOfRange(let text, let dtype):
      "\(text) exceeds what an element of the type \(dtype.rawValue) can be"
    case .otherColumnCount(let found, let expected):
      "the row has \(found) field\(found == 1 ? "" : "s"), and must have \(expected) as the first row has"
    case .unclearHeader(let text):
      "the first row has numbers and \(quoted(text)); say whether it is a header"
    case .strayQuote:
      #"a quote within a field that does not begin with one; write "a ""b"" c" for a "b" c"#
    case .textAfterQuote:
      "text follows a closing quote; a delimiter or the line's end must"
    case .unclosedQuote:
      "the quote that opens here is never closed"
    case .loneCarriageReturn:
      "a carriage return without a line feed; lines must end with LF or CR LF"
    case .oversizedShape(let shape):
      "numbers of shape \(shape) exceed this machine's memory"
    }
  }
}

/// The first of some names.
func listed(_ names: [String]) -> String {
  let most = 10
  return names.prefix(most).map(quoted).joined(separator: ", ") + (names.count > most ? ", ..." : "")
}

/// A text of any length and characters, on one line.
func quoted(_ text: String) -> String {
  let most = 40
  return (text.count > most ? text.prefix(most) + "..." : text[...]).debugDescription
}
