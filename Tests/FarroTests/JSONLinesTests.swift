import Foundation
import TestSupport
import Testing

@testable import Farro

@Suite struct JSONLinesTests {
  /// What Foundation's reader finds: `nil` for what it calls broken.
  private func reference(_ line: [UInt8], _ path: [String]) -> JSONLineText?? {
    guard let root = try? JSONSerialization.jsonObject(with: Data(line), options: .fragmentsAllowed) else { return nil }
    var value: Any? = root
    for key in path { value = (value as? [String: Any])?[key] }
    guard let value else { return .some(.noField) }
    return .some(value is String ? nil : .otherType)
  }

  private func scan(_ line: [UInt8], _ path: [String]) -> (JSONLineText, String?) {
    var line = line
    return line.withUnsafeMutableBytes { bytes in
      let text = JSONField(path).texts(in: bytes, offsets: [0, bytes.count])[0]
      guard case .text(let range) = text else { return (text, nil) }
      return (text, String(decoding: bytes[range], as: UTF8.self))
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `random records have the strings that Foundation finds`(isa: InstructionSet) throws {
    var generator = Xoshiro256(seed: 11)
    for round in 0..<600 {
      let value = randomValue(&generator, depth: 0)
      // Foundation writes it, with escapes of its own choice, so that the text is not this file's idea of JSON.
      let options: JSONSerialization.WritingOptions =
        round % 2 == 0 ? .fragmentsAllowed : [.fragmentsAllowed, .withoutEscapingSlashes]
      let line = [UInt8](try JSONSerialization.data(withJSONObject: value, options: options))
      for path in [["text"], ["text", "b"], ["b"]] {
        let (found, text) = withInstructionSet(isa) { scan(line, path) }
        var expected: Any? = value
        for key in path { expected = (expected as? [String: Any])?[key] }
        switch expected {
        case let string as String: #expect(text == string)
        case nil: #expect(found == .noField)
        default: #expect(found == .otherType)
        }
      }
    }
  }

  @Test func `what is changed anywhere is broken, or not, as Foundation says`() throws {
    var generator = Xoshiro256(seed: 12)
    var broken = 0
    for _ in 0..<2000 {
      var line = [UInt8](
        try JSONSerialization.data(withJSONObject: randomValue(&generator, depth: 0), options: .fragmentsAllowed)
      )
      let place = Int(generator.next() % UInt64(line.count))
      line[place] = Array("{}[]\",:\\u0e-. x".utf8)[Int(generator.next() % 15)]
      guard String(validating: line, as: UTF8.self) != nil else { continue }
      let (found, _) = scan(line, ["text"])
      let isBroken = if case .broken = found { true } else { false }
      // Foundation takes a lone half of a pair, and a number out of range, for an error; both are sound by the grammar.
      let text = String(decoding: line, as: UTF8.self)
      let isDisputed = text.contains("\\u") || text.contains(where: { $0 == "e" || $0 == "E" })
      let isBlank = if case .blank = found { true } else { false }
      if !isBlank && !isDisputed { #expect(isBroken == (reference(line, ["text"]) == nil), "\(text)") }
      broken += isBroken ? 1 : 0
    }
    #expect(broken > 500 && broken < 1900)
  }

  @Test func `a broken line tells what was expected, and where`() {
    #expect(scan(Array(#"{"text" 1}"#.utf8), ["text"]).0 == .broken(expected: "':' after the key", at: 8))
    #expect(scan(Array("{\"text\":\"a\n".utf8), ["text"]).0 == .broken(expected: "'\"' at the string's end", at: 10))
    #expect(scan([], ["text"]).0 == .blank)
  }

  @Test func `line ends are found`() {
    let bytes = Array("a\n\nbc\nd".utf8)
    var places = [0]
    bytes.withUnsafeBytes { appendLineEnds(of: $0, from: 100, to: &places) }
    #expect(places == [0, 102, 103, 106])
    var many = [5]
    [UInt8](repeating: 10, count: 1000).withUnsafeBytes { appendLineEnds(of: $0, from: 0, to: &many) }
    #expect(many == [5] + Array(1...1000))
  }

  private func randomValue(_ generator: inout Xoshiro256, depth: Int) -> Any {
    switch generator.next() % (depth > 3 ? 5 : 9) {
    case 0: return Int(truncatingIfNeeded: generator.next() % 1000)
    case 1: return [true, false, NSNull()][Int(generator.next() % 3)]
    case 2...4: return randomString(&generator)
    case 5: return (0..<generator.next() % 4).map { _ in randomValue(&generator, depth: depth + 1) }
    default:
      var object: [String: Any] = [:]
      for _ in 0..<generator.next() % 4 {
        let key = generator.next() % 3 == 0 ? randomString(&generator) : ["text", "b"][Int(generator.next() % 2)]
        object[key] = randomValue(&generator, depth: depth + 1)
      }
      return object
    }
  }

  private func randomString(_ generator: inout Xoshiro256) -> String {
    let pieces = ["\n", "\"", "\\", "/", "\u{1}", "é", "😀", "漢", " ", "plain words of some length ", "x"]
    return (0..<generator.next() % 12).map { _ in pieces[Int(generator.next() % UInt64(pieces.count))] }.joined()
  }
}
