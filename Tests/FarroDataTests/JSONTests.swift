import Farro
import Testing

@testable import FarroData

@Suite struct JSONTests {
  private func parse(_ text: [UInt8]) throws -> JSON { try text.withUnsafeBufferPointer { try JSON(parsing: $0) } }
  private func parse(_ text: String) throws -> JSON { try parse(Array(text.utf8)) }

  @Test func `values are read and written`() throws {
    let text = #" { "a" : [ 1 , -0.5e+3 , true , false , null ] , "b\"\\\/\n\u00e9\ud83d\ude00" : { } , "c":[] } "#
    let json = try parse(text)
    let expected = JSON.object([
      .init(key: "a", value: .array([.number("1"), .number("-0.5e+3"), .bool(true), .bool(false), .null])),
      .init(key: "b\"\\/\n\u{E9}\u{1F600}", value: .object([])), .init(key: "c", value: .array([])),
    ])
    #expect(json == expected)
    #expect(try parse(json.text) == json && json.depth == 2)
    #expect(try parse("\"\\u0000\\b\\f\\r\\t\"") == .string("\0\u{8}\u{C}\r\t"))
    #expect(JSON.string("\u{1}\n").text == Array("\"\\u0001\\u000a\"".utf8))
  }

  @Test(arguments: [
    ("", 0), ("{", 1), ("[1,]", 3), ("{\"a\":1,}", 7), ("01", 1), ("1.", 2), (".5", 0), ("+1", 0), ("1e", 2),
    ("nul", 0),
    ("\"a", 2), ("\"\n\"", 1), ("\"\\x\"", 3), ("\"\\u12g4\"", 3), ("\"\\ud800\"", 7), ("\"\\udc00x\"", 7),
    ("[1 2]", 3),
    ("{\"a\" 1}", 5), ("{1:2}", 1), ("1 2", 2), ("{\"a\":1, \"a\":2}", 8), ("NaN", 0), ("'a'", 0), ("\"\\u00", 3),
    ("\"\\ud800\\n\"", 8),
  ])
  func `what is no value is refused, with its place`(text: String, offset: Int) throws {
    let error = try #require(throws: JSONError.self) { _ = try parse(text) }
    #expect(error.offset == offset, "\(text): \(error)")
    #expect((error.duplicate != nil) == text.contains("\"a\":2"))
  }

  @Test func `bytes that are not UTF-8 and values that are nested too deep are refused`() throws {
    #expect(throws: JSONError.self) { try parse([0x22, 0xFF, 0x22]) }
    for depth in [JSON.mostDepth - 1, JSON.mostDepth, 100_000] {
      let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      #expect((try? parse(text)) != nil || depth > JSON.mostDepth - 1 || depth == JSON.mostDepth, "\(depth)")
      if depth > JSON.mostDepth { #expect(throws: JSONError.self) { try parse(text) } }
    }
  }

  @Test func `bytes at random are read or refused, and read again as they were`() throws {
    var generator = Xoshiro256(seed: 8)
    let alphabet = Array("{}[]:,\"\"\\u0e19.- tnbaul".utf8) + [0xC3, 0xA9]
    var readCount = 0
    for _ in 0..<50_000 {
      let text = (0..<Int.random(in: 1...8, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! }
      do {
        let json = try parse(text)
        #expect(try parse(json.text) == json)
        readCount += 1
      } catch let error as JSONError {
        #expect(0...text.count ~= error.offset)
      }
    }
    #expect(readCount > 500, "\(readCount)")
  }
}
