/// A text is not JSON.
struct JSONError: Error {
  let problem: String
  /// In bytes from the start of the text.
  let offset: Int
  /// The member that occurs twice, when that is the problem.
  var duplicate: String?
}

extension JSON {
  /// The value of a text in UTF-8.
  ///
  /// Source: RFC 8259. A member that occurs twice is refused, as is what is nested more than ``mostDepth`` deep.
  init(parsing text: UnsafeBufferPointer<UInt8>) throws(JSONError) {
    var parser = JSONParser(text: text)
    self = try parser.value(0)
    parser.skipBlanks()
    guard parser.position == text.count else { throw parser.error("text follows the value") }
  }

  /// Deeper values would need more stack than a thread may have.
  static let mostDepth = 128
}

private struct JSONParser {
  let text: UnsafeBufferPointer<UInt8>
  var position = 0

  init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

  func error(_ problem: String) -> JSONError { JSONError(problem: problem, offset: position) }

  private var byte: UInt8? { position < text.count ? text[position] : nil }

  mutating func skipBlanks() {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard byte == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
    if !take(character) { throw error("\(character) is missing") }
  }

  mutating func value(_ depth: Int) throws(JSONError) -> JSON {
    guard depth < JSON.mostDepth else { throw error("values are nested too deep") }
    skipBlanks()
    switch byte {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let end = position + word.utf8CodeUnitCount
    guard end <= text.count, word.withUTF8Buffer({ $0.elementsEqual(text[position..<end]) }) else {
      throw error("this is no value")
    }
    position = end
    return value
  }

  private mutating func object(_ depth: Int) throws(JSONError) -> JSON {
    try expect("{")
    var members: [JSON.Member] = []
    var keys: Set<String> = []
    skipBlanks()
    if take("}") { return .object([]) }
    repeat {
      skipBlanks()
      let start = position
      let key = try string()
      guard keys.insert(key).inserted else {
        throw JSONError(problem: "the member \(quoted(key)) occurs twice", offset: start, duplicate: key)
      }
      skipBlanks()
      try expect(":")
      members.append(JSON.Member(key: key, value: try value(depth + 1)))
      skipBlanks()
    } while take(",")
    try expect("}")
    return .object(members)
  }

  private mutating func array(_ depth: Int) throws(JSONError) -> JSON {
    try expect("[")
    var values: [JSON] = []
    skipBlanks()
    if take("]") { return .array([]) }
    repeat {
      values.append(try value(depth + 1))
      skipBlanks()
    } while take(",")
    try expect("]")
    return .array(values)
  }

  private mutating func number() throws(JSONError) -> String {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("-") { _ = take("+") }
      try digits()
    }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte, 0x30...0x39 ~= byte { position += 1 }
    guard position > start else { throw error("this is no value") }
  }

  private mutating func string() throws(JSONError) -> String {
    try expect("\"")
    let first = position
    while let byte, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    var bytes = Array(text[first..<position])
    while !take("\"") {
      guard let byte else { throw error("a string is never closed") }
      guard byte >= 0x20 else { throw error("a control character in a string") }
      position += 1
      if byte == UInt8(ascii: "\\") { bytes += try escaped() } else { bytes.append(byte) }
    }
    guard let string = String(validating: bytes, as: UTF8.self) else {
      throw JSONError(problem: "a string is not in UTF-8", offset: first)
    }
    return string
  }

  /// What stands behind a backslash.
  private mutating func escaped() throws(JSONError) -> [UInt8] {
    guard let letter = byte else { throw error("a string is never closed") }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): break
    default: throw error("no character is escaped like this")
    }
    var units = [try unit()]
    if UTF16.isLeadSurrogate(units[0]), take("\\") {
      try expect("u")
      units.append(try unit())
    }
    guard let scalar = String(validating: units, as: UTF16.self) else { throw error("half a character") }
    return Array(scalar.utf8)
  }

  private mutating func unit() throws(JSONError) -> UInt16 {
    guard position + 4 <= text.count else { throw error("a string is never closed") }
    var unit: UInt16 = 0
    for byte in text[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw error("no character is escaped like this")
      }
      unit = unit << 4 | UInt16(digit)
    }
    position += 4
    return unit
  }
}
