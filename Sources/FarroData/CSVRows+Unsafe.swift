import Farro

// From the bytes of a text to its fields.

/// A field of a row, in place.
struct CSVField {
  enum Ending { case delimiter, line, text }

  /// Without the quotes around it.
  let bytes: UnsafeBufferPointer<UInt8>
  let isQuoted: Bool
  let ending: Ending
  /// Where it begins.
  let line: Int

  var text: String {
    isQuoted ? String(decoding: unquoted, as: UTF8.self) : String(decoding: bytes, as: UTF8.self)
  }

  /// Within quotes, quotes come in pairs.
  var unquoted: [UInt8] {
    var isSecond = false
    return bytes.filter { byte in
      isSecond = byte == quote && !isSecond
      return byte != quote || isSecond
    }
  }

  /// - Parameter trimming: Whether blanks around it do not belong to it, unless they stand within quotes.
  func name(trimming: Bool) throws(CSVProblem) -> String {
    let name =
      isQuoted
      ? String(validating: unquoted, as: UTF8.self) : String(validating: trimming ? trimmed : bytes, as: UTF8.self)
    guard let name else { throw CSVProblem(problem: .notUTF8) }
    return name
  }

  /// Without blanks around it.
  var trimmed: UnsafeBufferPointer<UInt8> {
    var (start, end) = (0, bytes.count)
    while start < end, isBlank(bytes[start]) { start += 1 }
    while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    return UnsafeBufferPointer(rebasing: bytes[start..<end])
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

/// Takes a text apart, field by field.
private struct CSVTokenizer {
  private let text: UnsafeBufferPointer<UInt8>
  private let delimiter: UInt8
  private var position = 0
  private(set) var line = 1

  init(_ text: UnsafeBufferPointer<UInt8>, _ delimiter: CSVDelimiter) {
    (self.text, self.delimiter) = (text, delimiter.byte)
  }

  /// The next field. Behind a delimiter there is always one, if only an empty one.
  mutating func next() throws(CSVProblem) -> CSVField {
    if position < text.count, text[position] == quote { return try nextQuoted() }
    let start = position
    while position < text.count {
      let byte = text[position]
      if byte == delimiter || byte == newline || byte == carriageReturn { break }
      if byte == quote { throw CSVProblem(problem: .strayQuote) }
      position += 1
    }
    return try field(start..<position, isQuoted: false, line)
  }

  private mutating func nextQuoted() throws(CSVProblem) -> CSVField {
    let (start, first) = (position + 1, line)
    position += 1
    while position < text.count {
      let byte = text[position]
      position += 1
      if byte == newline { line += 1 }
      if byte != quote { continue }
      if position == text.count || text[position] != quote {
        return try field(start..<position - 1, isQuoted: true, first)
      }
      position += 1
    }
    line = first
    throw CSVProblem(problem: .unclosedQuote)
  }

  /// The field of a range that ends where `position` stands.
  @inline(__always)
  private mutating func field(_ range: Range<Int>, isQuoted: Bool, _ first: Int) throws(CSVProblem) -> CSVField {
    let ending: CSVField.Ending
    if position == text.count {
      ending = .text
    } else if text[position] == delimiter {
      ending = .delimiter
      position += 1
    } else if text[position] == newline {
      ending = .line
      position += 1
      line += 1
    } else if text[position] == carriageReturn {
      guard position + 1 < text.count, text[position + 1] == newline else {
        throw CSVProblem(problem: .loneCarriageReturn)
      }
      ending = .line
      position += 2
      line += 1
    } else {
      throw CSVProblem(problem: .textAfterQuote)
    }
    return CSVField(bytes: UnsafeBufferPointer(rebasing: text[range]), isQuoted: isQuoted, ending: ending, line: first)
  }
}
/// The rows of a text, and where they are being read.
struct CSVRows {
  private let text: UnsafeBufferPointer<UInt8>
  private var tokens: CSVTokenizer
  /// Of the field that is being read.
  private(set) var line = 1
  var column = 1
  private(set) var header: [String]?
  private(set) var isAtEnd = false
  private var fields = 0

  init(_ text: UnsafeBufferPointer<UInt8>, _ delimiter: CSVDelimiter) {
    self.text = text
    tokens = CSVTokenizer(text, delimiter)
  }

  func error(_ problem: CSVError.Problem, _ file: String?) -> CSVError {
    let names = header ?? []
    let name = column <= names.count ? names[column - 1] : nil
    return CSVError(problem: problem, file: file, line: line, column: column, columnName: name)
  }

  @inline(__always)
  mutating func next() throws(CSVProblem) -> CSVField {
    line = tokens.line
    // Not by rows, of which there may be but one.
    fields &+= 1
    if fields % 2048 == 0 && Task.isCancelled { throw CSVProblem(problem: nil) }
    do throws(CSVProblem) {
      return try tokens.next()
    } catch {
      // A quote that opens a field may be found unclosed many lines later.
      line = tokens.line
      throw error
    }
  }

  /// The most rows of so many elements that there can be.
  ///
  /// A row has a line end, and a byte at least per field: so no text, whatever it says, takes much memory.
  func mostRows(_ columns: Int, elementBytes: Int) throws(CSVProblem) -> Int {
    var lineEnds = 0
    for byte in text { lineEnds &+= byte == newline ? 1 : 0 }
    let most = min(lineEnds + 1, text.count / columns + 1)
    let bytes = most * columns * elementBytes
    if bytes > 1 << 30, let memory = CPU.current.memoryBytes, bytes > memory {
      throw CSVProblem(problem: .oversizedShape([most, columns]))
    }
    return most
  }

  /// Reads the first row, and goes back to its beginning if it is one of numbers; answers how many fields it has.
  mutating func readHeader(_ rule: CSV.HeaderRule, trimming: Bool = false) throws(CSVProblem) -> Int {
    if text.isEmpty { throw CSVProblem(problem: .empty) }
    let start = tokens
    var (columns, numbers): (Int, Int) = (0, 0)
    var firstText: (column: Int, text: String)?
    var ending = CSVField.Ending.delimiter
    while ending == .delimiter {
      column = columns + 1
      let field = try next()
      (ending, columns) = (field.ending, column)
      if field.trimmed.isEmpty { continue }
      if isNumber(field.trimmed) {
        numbers += 1
      } else if firstText == nil {
        firstText = (column, field.text)
      }
    }
    column = firstText?.column ?? 1
    if rule == .detected, numbers > 0, let firstText {
      line = 1
      throw CSVProblem(problem: .unclearHeader(text: firstText.text))
    }
    if rule == .present || rule == .detected && firstText != nil {
      // Only now, as a row of numbers may be as long as the file, and names of them take many times as much memory.
      var again = start
      var names: [String] = []
      while names.count < columns {
        column = names.count + 1
        names.append(try again.next().name(trimming: trimming))
      }
      (header, isAtEnd) = (names, ending == .text)
    } else {
      tokens = start
    }
    return columns
  }

  /// Ends a row of so many fields, after the last of them.
  mutating func endRow(_ ending: CSVField.Ending, _ columns: Int) throws(CSVProblem) {
    if column != columns {
      let found = column
      column = min(found, columns + 1)
      throw CSVProblem(problem: .otherColumnCount(found: found, expected: columns))
    }
    isAtEnd = ending == .text
  }

  private func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    DecimalNumber(text) != nil || (try? Double.number(text)) != nil
  }
}
