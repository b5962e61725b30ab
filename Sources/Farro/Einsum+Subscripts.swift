/// The letters of an einsum's operands and result, and the length that each stands for.
struct Subscripts {
  let a, b, result: [Character]
  private(set) var lengths: [Character: Int] = [:]

  /// - Precondition: `text` is one that ``einsum(_:_:_:)`` takes, for operands of these shapes.
  init(_ text: String, _ shapeA: [Int], _ shapeB: [Int]) {
    func refuse(_ reason: String) -> Never {
      stop("einsum: \"\(text)\" with the shapes \(shapeA) and \(shapeB): \(reason)")
    }
    let letters = text.filter { $0 != " " }
    if letters.contains("...") { refuse("an ellipsis is not supported; name each axis") }
    let sides = letters.split(separator: "->", omittingEmptySubsequences: false)
    if sides.count != 2 { refuse("it must name the axes of the result after one \"->\"") }
    let operands = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    if operands.count != 2 { refuse("it must name two operands between which a comma stands, not \(operands.count)") }
    (a, b, result) = (Array(operands[0]), Array(operands[1]), Array(sides[1]))
    for letter in a + b + result where !(letter.isASCII && letter.isLetter) {
      refuse("\"\(letter)\" is not a letter from a to z or A to Z")
    }
    for (letters, shape, name) in [(a, shapeA, "first"), (b, shapeB, "second")] {
      if let twice = Self.repeated(letters) {
        refuse("\"\(twice)\" is twice in the \(name) operand; take its diagonal before")
      }
      if letters.count != shape.count {
        refuse("\"\(String(letters))\" names \(letters.count) axes, and the \(name) operand has \(shape.count)")
      }
      for (letter, length) in zip(letters, shape) {
        if let other = lengths[letter], other != length {
          refuse("\"\(letter)\" has the lengths \(other) and \(length)")
        }
        lengths[letter] = length
      }
    }
    if let twice = Self.repeated(result) { refuse("\"\(twice)\" is twice in the result") }
    if let unknown = result.first(where: { lengths[$0] == nil }) {
      refuse("no operand has the \"\(unknown)\" of the result")
    }
    if let alone = (a + b).first(where: { !result.contains($0) && (a.contains($0) != b.contains($0)) }) {
      refuse("only one operand has \"\(alone)\", and the result does not; sum over it before")
    }
  }

  private static func repeated(_ letters: [Character]) -> Character? {
    letters.indices.first { letters[..<$0].contains(letters[$0]) }.map { letters[$0] }
  }
}
