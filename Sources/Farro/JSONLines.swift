import CKernels

/// What JSON Lines are searched for: a string of each line, which is a key's value or within the objects of some.
///
/// A line is checked as a whole (RFC 8259) and its string unescaped where it lies, at the speed of a copy or so.
package struct JSONField: Sendable, Hashable {
  /// Keys from the outermost object inwards.
  package let path: [String]

  /// - Precondition: there are 1 to 1024 keys, none with a NUL.
  package init(_ path: [String]) {
    require(1...Int(farro_json_most_depth) ~= path.count, "JSONField: \(path.count) keys are no path")
    require(!path.contains { $0.utf8.contains(0) }, "JSONField: a key has a NUL")
    self.path = path
  }
}

/// What a line has at a ``JSONField``.
package enum JSONLineText: Hashable {
  /// A string, in the memory that was scanned.
  case text(Range<Int>)
  /// Nothing but white space.
  case blank
  /// The field is not there.
  case noField
  /// The field is no string.
  case otherType
  /// The line is no JSON: what was expected, and where in the memory that was scanned.
  case broken(expected: String, at: Int)
}

extension JSONField {
  /// The strings of lines that lie in memory one after another, unescaped in place.
  ///
  /// - Parameters:
  ///   - bytes: Memory that changes within strings.
  ///   - offsets: Where each line begins, and where the last one ends.
  /// - Precondition: `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(bytes).
  package func texts(in bytes: UnsafeMutableRawBufferPointer, offsets: [Int]) -> [JSONLineText] {
    let count = checkOffsets(offsets, bytes.count, "JSONField")
    guard count > 0 else { return [] }
    let found = [farro_json_text](unsafeUninitializedCapacity: count) { texts, initializedCount in
      initializedCount = count
      withCStrings(path[...]) { path in
        check(
          offsets.withUInt64Pointer {
            farro_json_texts(bytes.baseAddress, $0, count, path, path.count, texts.baseAddress)
          },
          "JSONField"
        )
      }
    }
    return found.map { text in
      switch text.status {
      case FARRO_JSON_TEXT: .text(Int(text.begin)..<Int(text.begin + text.length))
      case FARRO_JSON_BLANK: .blank
      case FARRO_JSON_NO_FIELD: .noField
      case FARRO_JSON_OTHER_TYPE: .otherType
      default: .broken(expected: String(cString: farro_json_expected(text.status)), at: Int(text.position))
      }
    }
  }
}

/// Appends the places after the line ends of `bytes`, from `base` on.
package func appendLineEnds(of bytes: UnsafeRawBufferPointer, from base: Int, to places: inout [Int]) {
  var (capacity, count) = (bytes.count / 64 + 16, 0)
  while true {
    let found = [UInt64](unsafeUninitializedCapacity: capacity) { found, initializedCount in
      check(
        farro_line_ends(bytes.baseAddress, bytes.count, found.baseAddress, capacity, &count),
        "appendLineEnds"
      )
      initializedCount = min(count, capacity)
    }
    guard count > capacity else { return places.append(contentsOf: found.lazy.map { base + Int($0) }) }
    capacity = count
  }
}

private func withCStrings(
  _ strings: ArraySlice<String>,
  _ pointers: [UnsafePointer<CChar>?] = [],
  _ body: ([UnsafePointer<CChar>?]) -> Void
) {
  guard let first = strings.first else { return body(pointers) }
  first.withCString { withCStrings(strings.dropFirst(), pointers + [$0], body) }
}
