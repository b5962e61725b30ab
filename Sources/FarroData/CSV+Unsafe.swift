import Farro

// From the bytes of a text to fields, and from fields to the memory of a tensor.

/// A field of a row, in place.
private struct Field {
  enum Ending { case delimiter, line, text }

  /// Without the quotes around it.
  let bytes: UnsafeBufferPointer<UInt8>
  let isQuoted: Bool
  let ending: Ending
  /// Where it begins.
  let line: Int

  var text: String {
    guard isQuoted else { return String(decoding: bytes, as: UTF8.self) }
    // Within quotes, quotes come in pairs.
    var isSecond = false
    let plain = bytes.filter { byte in
      isSecond = byte == quote && !isSecond
      return byte != quote || isSecond
    }
    return String(decoding: plain, as: UTF8.self)
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
private struct Tokenizer {
  private let text: UnsafeBufferPointer<UInt8>
  private let delimiter: UInt8
  private var position = 0
  private(set) var line = 1

  init(_ text: UnsafeBufferPointer<UInt8>, _ delimiter: CSVDelimiter) {
    (self.text, self.delimiter) = (text, delimiter.byte)
  }

  /// The next field. Behind a delimiter there is always one, if only an empty one.
  mutating func next() throws(CSVProblem) -> Field {
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

  private mutating func nextQuoted() throws(CSVProblem) -> Field {
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
  private mutating func field(_ range: Range<Int>, isQuoted: Bool, _ first: Int) throws(CSVProblem) -> Field {
    let ending: Field.Ending
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
    return Field(bytes: UnsafeBufferPointer(rebasing: text[range]), isQuoted: isQuoted, ending: ending, line: first)
  }
}

/// Reads numbers, and knows where it is.
private struct TableReader<Scalar: DecimalReadable> {
  private let text: UnsafeBufferPointer<UInt8>
  private let options: CSV.Options<Scalar>
  private var tokens: Tokenizer
  private var line = 1
  private var column = 1
  private var header: [String]?
  private var isAtEnd = false
  private var fields = 0

  init(_ text: UnsafeBufferPointer<UInt8>, _ options: CSV.Options<Scalar>) {
    (self.text, self.options) = (text, options)
    tokens = Tokenizer(text, options.delimiter)
  }

  func error(_ problem: CSVError.Problem, _ file: String?) -> CSVError {
    let names = header ?? []
    let name = column <= names.count ? names[column - 1] : nil
    return CSVError(problem: problem, file: file, line: line, column: column, columnName: name)
  }

  mutating func table() throws(CSVProblem) -> CSVTable<Scalar> {
    if text.isEmpty { throw CSVProblem(problem: .empty) }
    let columns = try readHeader()
    // A row has a line end, and a byte at least per field: so no text, whatever it says, takes much memory.
    let most = min(count(of: newline) + 1, text.count / columns + 1)
    let bytes = most * columns * MemoryLayout<Scalar>.stride
    if bytes > 1 << 30, let memory = CPU.current.memoryBytes, bytes > memory {
      throw CSVProblem(problem: .oversizedShape([most, columns]))
    }
    var rows = 0
    let values = try tensor([most, columns]) { elements throws(CSVProblem) in rows = try readRows(elements, columns) }
    return CSVTable(header: header, values: values[0..<rows])
  }

  private func count(of byte: UInt8) -> Int {
    var count = 0
    for other in text { count &+= other == byte ? 1 : 0 }
    return count
  }

  /// Reads the first row, and goes back to its beginning if it is one of numbers; answers how many fields it has.
  private mutating func readHeader() throws(CSVProblem) -> Int {
    let start = tokens
    var (columns, numbers): (Int, Int) = (0, 0)
    var firstText: (column: Int, text: String)?
    var ending = Field.Ending.delimiter
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
    if options.header == .detected, numbers > 0, let firstText {
      line = 1
      throw CSVProblem(problem: .unclearHeader(text: firstText.text))
    }
    if options.header == .present || options.header == .detected && firstText != nil {
      // Only now, as a row of numbers may be as long as the file, and names of them take many times as much memory.
      var again = start
      var names: [String] = []
      while names.count < columns { names.append(try again.next().text) }
      (header, isAtEnd) = (names, ending == .text)
    } else {
      tokens = start
    }
    return columns
  }

  private func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    DecimalNumber(text) != nil || (try? Double.number(text)) != nil
  }

  private mutating func next() throws(CSVProblem) -> Field {
    line = tokens.line
    // Not by rows, of which there may be but one.
    fields &+= 1
    if fields % 2048 == 0 && Task.isCancelled { throw CSVProblem(problem: nil) }
    do throws(CSVProblem) {
      return try tokens.next()
    } catch {
      line = tokens.line
      throw error
    }
  }

  /// Reads all further rows, and answers how many there are.
  private mutating func readRows(
    _ elements: UnsafeMutableBufferPointer<Scalar>,
    _ columns: Int
  ) throws(CSVProblem) -> Int {
    var (rows, place) = (0, 0)
    while !isAtEnd {
      column = 0
      var ending = Field.Ending.delimiter
      while ending == .delimiter {
        column += 1
        let field = try next()
        ending = field.ending
        // The fields that are too many are only counted.
        if column > columns { continue }
        let text = field.trimmed
        if !text.isEmpty {
          elements[place] = try Scalar.number(text)
        } else if column == 1 && ending != .delimiter && columns > 1 {
          break
        } else if let missing = options.missing {
          elements[place] = missing
        } else {
          throw CSVProblem(problem: .missingValue)
        }
        place += 1
      }
      if column != columns {
        let found = column
        column = min(found, columns + 1)
        throw CSVProblem(problem: .otherColumnCount(found: found, expected: columns))
      }
      rows += 1
      isAtEnd = ending == .text
    }
    return rows
  }
}

extension CSV {
  static func table<Scalar: CSVScalar>(
    of memory: UnsafeRawBufferPointer,
    _ file: String?,
    _ options: Options<Scalar>
  ) throws -> CSVTable<Scalar> {
    // Compiled for each type, which a reader that is generic here would not be.
    switch Scalar.dtype {
    case .f32: try read(memory, file, options as! Options<Float>) as! CSVTable<Scalar>
    case .f64: try read(memory, file, options as! Options<Double>) as! CSVTable<Scalar>
    default: try read(memory, file, options as! Options<Int>) as! CSVTable<Scalar>
    }
  }

  private static func read<Scalar: DecimalReadable>(
    _ memory: UnsafeRawBufferPointer,
    _ file: String?,
    _ options: Options<Scalar>
  ) throws -> CSVTable<Scalar> {
    if memory.starts(with: [0xFF, 0xFE]) || memory.starts(with: [0xFE, 0xFF]) {
      throw CSVError(problem: .utf16, file: file, line: 1, column: 1, columnName: nil)
    }
    var text = memory[(memory.starts(with: byteOrderMark) ? byteOrderMark.count : 0)...]
    while let last = text.last, last == newline || last == carriageReturn { text.removeLast() }
    return try UnsafeRawBufferPointer(rebasing: text).withMemoryRebound(to: UInt8.self) { text in
      var reader = TableReader(text, options)
      do throws(CSVProblem) {
        return try reader.table()
      } catch {
        guard let problem = error.problem else { throw CancellationError() }
        throw reader.error(problem, file)
      }
    }
  }
}

/// A tensor whose elements `body` writes, all that anyone will see.
private func tensor<Scalar: TensorScalar>(
  _ shape: [Int],
  _ body: (UnsafeMutableBufferPointer<Scalar>) throws(CSVProblem) -> Void
) throws(CSVProblem) -> Tensor<Scalar> {
  // The initializer rethrows any error, and knows no types of them.
  var problem: CSVProblem?
  let tensor = Tensor<Scalar>(unsafeUninitializedShape: shape) { elements in
    do throws(CSVProblem) { try body(elements) } catch { problem = error }
  }
  if let problem { throw problem }
  return tensor
}
