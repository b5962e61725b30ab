import Farro

// A header is the text of a Python dictionary with three entries, for example
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
// NumPy hands it to Python's parser of literals; this parser takes the part of that language that array writers use: keys
// in any order, either kind of quote without escapes, a comma after the last entry, spaces and line ends between tokens,
// and integers with the L that Python 2 wrote.

extension NPYHeader {
  /// Reads and checks everything before the elements, and that the elements are there.
  ///
  /// - Complexity: O(length of the header).
  init(of source: any ByteSource) throws {
    let prefix = try source.bytes(0..<min(source.count, 12))
    func fail(at offset: Int, _ problem: NPYError.Problem) -> NPYError {
      NPYError(problem: problem, file: source.name, offset: offset)
    }
    guard prefix.starts(with: NPYHeader.magic) else { throw fail(at: 0, .notNPY) }
    guard prefix.count >= 8 else { throw fail(at: 6, .truncated(expectedBytes: 2, foundBytes: prefix.count - 6)) }
    guard (1...3).contains(prefix[6]), prefix[7] == 0 else {
      throw fail(at: 6, .unsupportedVersion(major: Int(prefix[6]), minor: Int(prefix[7])))
    }
    version = Int(prefix[6])

    let textStart = version == 1 ? 10 : 12
    guard prefix.count >= textStart else {
      throw fail(at: 8, .truncated(expectedBytes: textStart - 8, foundBytes: prefix.count - 8))
    }
    let textBytes = prefix[8..<textStart].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard textBytes <= NPYHeader.mostBytes else { throw fail(at: 8, .oversizedHeader(bytes: textBytes)) }
    guard textBytes <= source.count - textStart else {
      throw fail(at: textStart, .truncated(expectedBytes: textBytes, foundBytes: source.count - textStart))
    }
    dataOffset = textStart + textBytes

    var text = HeaderText(bytes: try source.bytes(textStart..<dataOffset), start: textStart, file: source.name)
    let entries = try text.dictionary()
    (dtype, byteOrder, isFortranOrder, shape) = (
      entries.elements.dtype, entries.elements.byteOrder, entries.isFortranOrder, entries.shape
    )
    guard dataBytes <= source.count - dataOffset else {
      throw fail(at: dataOffset, .truncated(expectedBytes: dataBytes, foundBytes: source.count - dataOffset))
    }
  }
}

/// The text of a header and how far it has been read.
private struct HeaderText {
  let bytes: [UInt8]
  /// The offset of the text in the file, for errors.
  let start: Int
  let file: String?
  var position = 0

  init(bytes: [UInt8], start: Int, file: String?) {
    (self.bytes, self.start, self.file) = (bytes, start, file)
  }

  typealias Elements = (dtype: DType, byteOrder: NPYHeader.ByteOrder)

  mutating func dictionary() throws(NPYError) -> (elements: Elements, isFortranOrder: Bool, shape: [Int]) {
    var elements: Elements?
    var isFortranOrder: Bool?
    var shape: [Int]?
    var shapeStart = 0
    try expect("{")
    while !skip("}") {
      let keyStart = nextToken
      let key = try quoted("a key in quotes or '}'")
      try expect(":")
      switch key {
      case "descr" where elements == nil: elements = try elementType()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: (shapeStart, shape) = (nextToken, try tuple())
      default:
        position = keyStart
        throw malformed("'descr', 'fortran_order' and 'shape', once each", found: "the key '\(key.prefix(80))'")
      }
      if !skip(",") {
        try expect("}", or: "',' or '}'")
        break
      }
    }
    let closing = position
    skipSpaces()
    guard position == bytes.count else { throw malformed("the end of the header") }
    guard let elements, let isFortranOrder, let shape else {
      position = closing - 1
      throw malformed("another of the keys 'descr', 'fortran_order' and 'shape'")
    }
    guard fitsMemory(shape, elements.dtype) else {
      position = shapeStart
      throw error(.oversizedShape(shape))
    }
    return (elements, isFortranOrder, shape)
  }

  /// Whether the lengths, those of 0 aside, have a product whose size in bytes is an `Int`. (A product with 0 is small, but
  /// its strides would overflow; NumPy cannot make such an array either.)
  private func fitsMemory(_ shape: [Int], _ dtype: DType) -> Bool {
    var bytes = dtype.bytes
    for length in shape where length > 0 {
      let product = bytes.multipliedReportingOverflow(by: length)
      if product.overflow { return false }
      bytes = product.partialValue
    }
    return true
  }
}

// MARK: - Values

extension HeaderText {
  private mutating func elementType() throws(NPYError) -> Elements {
    let start = nextToken
    if peek("[") || peek("(") {
      let structure = String(decoding: bytes[start...].prefix(80), as: UTF8.self)
      throw error(.unsupportedDType(structure))
    }
    let name = try quoted("the name of a dtype in quotes")
    guard let elements = NPYHeader.elementType(named: name) else {
      position = start
      throw error(.unsupportedDType("'\(name.prefix(80))'"))
    }
    return elements
  }

  private mutating func boolean() throws(NPYError) -> Bool {
    skipSpaces()
    if skip("True") { return true }
    if skip("False") { return false }
    throw malformed("True or False")
  }

  private mutating func tuple() throws(NPYError) -> [Int] {
    let start = nextToken
    var lengths: [Int] = []
    try expect("(", or: "a tuple of lengths")
    while !skip(")") {
      guard lengths.count < NPYHeader.mostAxes else { throw malformed("at most \(NPYHeader.mostAxes) lengths") }
      lengths.append(try integer())
      if skip(",") { continue }
      try expect(")", or: "',' or ')'")
      // In Python (3) is a number, and only (3,) a tuple.
      if lengths.count == 1 {
        position = start
        throw malformed("a tuple with a comma, '(\(lengths[0]),)',", found: "'(\(lengths[0]))'")
      }
      break
    }
    return lengths
  }

  private mutating func integer() throws(NPYError) -> Int {
    let start = nextToken
    var value = 0
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
      let tens = value.multipliedReportingOverflow(by: 10)
      let sum = tens.partialValue.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
      if tens.overflow || sum.overflow {
        position = start
        throw malformed("a length of at most \(Int.max)", found: "a larger one")
      }
      value = sum.partialValue
      position += 1
    }
    guard position > start else { throw malformed("a length that is not negative") }
    // Octal to Python 2, an error to Python 3.
    if bytes[start] == UInt8(ascii: "0"), position > start + 1 {
      position = start
      throw malformed("a length without a leading zero")
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: "L") { position += 1 }
    return value
  }

  /// The text between two quotes of a kind. A backslash would have to be interpreted, and no name needs one.
  private mutating func quoted(_ expected: String) throws(NPYError) -> String {
    skipSpaces()
    guard peek("'") || peek("\"") else { throw malformed(expected) }
    let quote = bytes[position]
    let first = position + 1
    let end = bytes[first...].firstIndex { $0 == quote || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") }
    guard let end, bytes[end] == quote else {
      position = end ?? bytes.count
      throw malformed("a closing quote")
    }
    position = end + 1
    return String(decoding: bytes[first..<end], as: UTF8.self)
  }
}

// MARK: - Tokens

extension HeaderText {
  private mutating func skipSpaces() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  /// Where the next token starts.
  private var nextToken: Int {
    mutating get {
      skipSpaces()
      return position
    }
  }

  private func peek(_ token: StaticString) -> Bool {
    token.withUTF8Buffer { bytes[position...].starts(with: $0) }
  }

  private mutating func skip(_ token: StaticString) -> Bool {
    skipSpaces()
    guard peek(token) else { return false }
    position += token.utf8CodeUnitCount
    return true
  }

  private mutating func expect(_ token: StaticString, or expected: String? = nil) throws(NPYError) {
    if !skip(token) { throw malformed(expected ?? "'\(token)'") }
  }

  /// An error at the current position.
  private func error(_ problem: NPYError.Problem) -> NPYError {
    NPYError(problem: problem, file: file, offset: start + position)
  }

  private func malformed(_ expected: String, found: String? = nil) -> NPYError {
    let here: String
    switch bytes.dropFirst(position).first {
    case nil: here = "its end"
    case let byte? where (0x20..<0x7F).contains(byte): here = "'\(Character(Unicode.Scalar(byte)))'"
    case let byte?: here = "the byte \(byte)"
    }
    return error(.malformedHeader(found: found ?? here, expected: expected))
  }
}
