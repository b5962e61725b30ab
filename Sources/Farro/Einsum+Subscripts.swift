/// The letters of an einsum's operands and result, and the length that each stands for.
struct Subscripts {
  /// An ASCII letter: cheaper to compare and to look up than a character.
  typealias Letter = UInt8

  let a, b, result: [Letter]
  private(set) var lengths: [Letter: Int] = [:]

  /// - Precondition: `text` is one that ``einsum(_:_:_:)`` takes, for operands of these shapes.
  init(_ text: String, _ shapeA: [Int], _ shapeB: [Int]) {
    func refuse(_ reason: String) -> Never {
      stop("einsum: \"\(text)\" with the shapes \(shapeA) and \(shapeB): \(reason)")
    }
    let bytes = text.utf8.filter { $0 != UInt8(ascii: " ") }
    if text.contains("...") { refuse("an ellipsis is not supported; name each axis") }
    if let arrow = Self.onlyArrow(bytes) {
      (a, b) = Self.operands(bytes[..<arrow]) ?? { refuse("it must name two operands, with one comma between them") }()
      result = Array(bytes[(arrow + 2)...])
    } else {
      refuse("it must name the axes of the result after one \"->\"")
    }
    if let byte = (a + b + result).first(where: { !Self.isLetter($0) }) {
      let other = byte < 0x80 ? Self.text(byte) : text.first { !$0.isASCII }!
      refuse("\"\(other)\" is not a letter from a to z or A to Z")
    }
    for (letters, shape, name) in [(a, shapeA, "first"), (b, shapeB, "second")] {
      if let twice = Self.repeated(letters) {
        refuse("\"\(twice)\" is twice in the \(name) operand; take its diagonal before")
      }
      if letters.count != shape.count {
        let names = String(decoding: letters, as: UTF8.self)
        refuse("\"\(names)\" names \(letters.count) axes, and the \(name) operand has \(shape.count)")
      }
      for (letter, length) in zip(letters, shape) {
        if let other = lengths[letter], other != length {
          refuse("\"\(Self.text(letter))\" has the lengths \(other) and \(length)")
        }
        lengths[letter] = length
      }
    }
    if let twice = Self.repeated(result) { refuse("\"\(twice)\" is twice in the result") }
    if let unknown = result.first(where: { lengths[$0] == nil }) {
      refuse("no operand has the \"\(Self.text(unknown))\" of the result")
    }
    for letter in a + b where !result.contains(letter) && a.contains(letter) != b.contains(letter) {
      refuse("only one operand has \"\(Self.text(letter))\", and the result does not; sum over it before")
    }
  }

  /// Where "->" begins; `nil` if it is there more than once or not at all.
  private static func onlyArrow(_ bytes: [UInt8]) -> Int? {
    let places = bytes.indices.dropLast().filter {
      bytes[$0] == UInt8(ascii: "-") && bytes[$0 + 1] == UInt8(ascii: ">")
    }
    return places.count == 1 ? places[0] : nil
  }

  private static func operands(_ bytes: ArraySlice<UInt8>) -> ([Letter], [Letter])? {
    let parts = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    return parts.count == 2 ? (Array(parts[0]), Array(parts[1])) : nil
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func repeated(_ letters: [Letter]) -> Character? {
    letters.indices.first { letters[..<$0].contains(letters[$0]) }.map { text(letters[$0]) }
  }

  private static func text(_ letter: Letter) -> Character { Character(Unicode.Scalar(letter)) }
}
