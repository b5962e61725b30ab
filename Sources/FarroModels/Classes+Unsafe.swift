/// The same array, if its elements are of a type that is known; as a cast, which would look at each element.
@inline(__always)
func known<Element, Known>(_ elements: [Element], _: Known.Type) -> [Known]? {
  Element.self == Known.self ? unsafeBitCast(elements, to: [Known].self) : nil
}

/// The strings that occur, in the order of their first occurrences, and the position among them of each row's.
///
/// Two strings of the same two words in memory are the same: up to 15 bytes of UTF-8 stand in these words, and others are
/// there by reference, held by the arrays while this runs. So a small table of words spares hashing of the text; what it does
/// not know, as when equal text lies in other memory or is composed of other scalars, the dictionary decides.
func stringOccurrences(_ columns: [[String]]) -> (labels: [String], codes: [[Int32]]) {
  typealias Words = (UInt64, UInt64)
  var numbers = LabelNumbers<String>()
  guard MemoryLayout<String>.size == MemoryLayout<Words>.size else {
    let codes = columns.map { $0.map { numbers.number(of: $0) } }
    return (numbers.labels, codes)
  }
  let (bits, multiplier) = (10, 0x9e37_79b9_7f4a_7c15 as UInt64)
  var known = [(words: Words, number: Int32)](repeating: ((0, 0), -1), count: 1 << bits)
  let codes = columns.map { column in
    column.map { label in
      let words = unsafeBitCast(label, to: Words.self)
      // Fibonacci hashing: the highest bits depend on all.
      let mixed = (words.0 ^ (words.1 &* multiplier)) &* multiplier
      let place = Int(mixed >> UInt64(64 - bits))
      let entry = known[place]
      if entry.number >= 0 && entry.words == words { return entry.number }
      let number = numbers.number(of: label)
      known[place] = (words, number)
      return number
    }
  }
  return (numbers.labels, codes)
}
