import CKernels

/// Texts in one piece of memory: their bytes in UTF-8, one behind another, and where each begins.
public struct PackedTexts: Sendable, Hashable, Codable {
  /// The bytes of all texts.
  public private(set) var bytes: [UInt8] = []
  /// Where each text's bytes begin, and where the last one's end.
  public private(set) var offsets: [UInt64] = [0]

  /// No texts.
  public init() {}

  /// - Complexity: O(bytes).
  public init(_ texts: [String]) {
    offsets.reserveCapacity(texts.count + 1)
    for text in texts { append(text) }
  }

  init(bytes: [UInt8], offsets: [UInt64]) { (self.bytes, self.offsets) = (bytes, offsets) }

  /// Adds a text behind the others.
  ///
  /// - Complexity: O(its bytes).
  public mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { bytes.append(contentsOf: $0) }
    offsets.append(UInt64(bytes.count))
  }

  /// Adds a text that is cut into words, for ``TermRule/Unit/givenWords``: behind each is a byte that UTF-8 has not.
  ///
  /// - Complexity: O(its bytes).
  public mutating func append(words: some Sequence<Substring>) {
    for word in words {
      bytes.append(contentsOf: word.utf8)
      bytes.append(0xFF)
    }
    offsets.append(UInt64(bytes.count))
  }

  /// How many texts there are.
  public var count: Int { offsets.count - 1 }

  /// The bytes of a text.
  ///
  /// - Precondition: there is such a text.
  public func utf8(_ text: Int) -> ArraySlice<UInt8> { bytes[Int(offsets[text])..<Int(offsets[text + 1])] }

  /// A text.
  ///
  /// - Precondition: there is such a text.
  public subscript(text: Int) -> String { String(decoding: utf8(text), as: UTF8.self) }

  /// All texts.
  ///
  /// - Complexity: O(bytes).
  public var strings: [String] { (0..<count).map { self[$0] } }

  /// The texts of these numbers.
  ///
  /// - Precondition: there are such texts.
  /// - Complexity: O(bytes of the result).
  public func selecting(_ numbers: [Int]) -> PackedTexts {
    var result = PackedTexts()
    for number in numbers {
      result.bytes += utf8(number)
      result.offsets.append(UInt64(result.bytes.count))
    }
    return result
  }

  /// Whether the parts fit: what was read from a file may be anything.
  public var isWhole: Bool {
    offsets.first == 0 && offsets.last == UInt64(bytes.count)
      && zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }
  }

  func withTexts<Result>(_ body: (farro_texts) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { bytes in
      offsets.withUnsafeBufferPointer { offsets in
        body(farro_texts(bytes: bytes.baseAddress, offsets: offsets.baseAddress, count: count))
      }
    }
  }
}
