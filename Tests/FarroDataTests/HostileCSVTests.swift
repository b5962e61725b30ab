import Farro
import Foundation
import Testing

@testable import FarroData

@Suite struct HostileCSVTests {
  /// RFC 4180 as a few lines that look at one byte at a time, for texts without mistakes.
  private func fields(_ bytes: [UInt8]) -> [[[UInt8]]] {
    var (rows, row, field, isQuoted): ([[[UInt8]]], [[UInt8]], [UInt8], Bool) = ([], [], [], false)
    var i = 0
    while i < bytes.count {
      let byte = bytes[i]
      i += 1
      if isQuoted {
        if byte != quote {
          field.append(byte)
        } else if i < bytes.count && bytes[i] == quote {
          field.append(quote)
          i += 1
        } else {
          isQuoted = false
        }
      } else if byte == quote {
        isQuoted = true
      } else if byte == 0x2C || byte == newline {
        row.append(field)
        field = []
        if byte == newline { (rows, row) = (rows + [row], []) }
      } else if byte != carriageReturn {
        field.append(byte)
      }
    }
    return rows
  }

  @Test func `tables at random are read as the definition reads them`() throws {
    var generator = Xoshiro256(seed: 4180)
    for _ in 0..<2000 {
      let (rows, columns) = (Int.random(in: 0...6, using: &generator), Int.random(in: 1...5, using: &generator))
      var text = generator.next() % 8 == 0 ? byteOrderMark : []
      var expected: [Double] = []
      let names = (0..<columns).map { _ in name(&generator) }
      text += line(names.map { encoded($0, &generator) }, &generator)
      for _ in 0..<rows {
        let numbers = (0..<columns).map { _ in number(&generator) }
        expected += numbers.map { Double($0)! }
        text += line(numbers.map { encoded($0, &generator) }, &generator)
      }
      let plain = fields(Array(text.drop { byteOrderMark.contains($0) }))
      if generator.next() % 4 == 0 { text.removeLast(text.suffix(2) == [carriageReturn, newline] ? 2 : 1) }
      if generator.next() % 4 == 0 { text += [newline, carriageReturn, newline] }
      let table = try CSV.decode(text, as: Double.self, options: .init(header: .present))
      let shown = Comment(rawValue: String(decoding: text, as: UTF8.self).debugDescription)
      #expect(table.header.map { $0.map { Array($0.utf8) } } == plain[0], shown)
      #expect(table.values.shape == [rows, columns], shown)
      #expect(elements(table.values).map(\.bitPattern) == expected.map(\.bitPattern), shown)
    }
  }

  @Test func `bytes at random are read or refused, never more than there are`() throws {
    var generator = Xoshiro256(seed: 1)
    let alphabet = Array("0123456789.,,,,,\"\"\n\n\r-+eEa ".utf8) + [0, 0xFF, 0xC3]
    var refused = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...40, using: &generator)
      let text = (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
      do {
        let missing: Double? = generator.next() % 2 == 0 ? 0 : nil
        let table = try CSV.decode(text, as: Double.self, options: .init(missing: missing))
        #expect(table.values.shape[0] <= text.count { $0 == newline } + 1)
        #expect(table.values.count <= text.count + 1)
        let again = try CSV.decode(CSV.encode(table.values), as: Double.self, options: .init(header: .absent))
        if table.values.count > 0 {
          #expect(elements(again.values).map(\.bitPattern) == elements(table.values).map(\.bitPattern))
        }
      } catch let error as CSVError {
        refused += 1
        #expect(1...text.count { $0 == newline } + 1 ~= error.line && 1...count + 1 ~= error.column)
      } catch let error {
        // An empty tensor is no text.
        #expect((error as? CSVError)?.problem == .empty)
      }
    }
    #expect(refused > 1000 && refused < 19_900)
  }

  @Test func `numbers are rounded as the standard library rounds them`() throws {
    var generator = Xoshiro256(seed: 2)
    var texts = [
      "9007199254740993", "9007199254740992e-22", "1e22", "1e23", "1e-22", "123456789012345678901234567890", "0.1e-400",
      "2.4703282292062327208e-324", "2.4703282292062328e-324", "1.7976931348623157e308", "16777217", "16777217.0000001",
      "1.00000005960464477539", "1.000000059604644775391", "1.1754943e-38", "1.17549429e-38", "7.0e-46", "7.1e-46",
      "0e999999999999999999999",
      "3.4028235677973366e38", "0.000000000000000000000000000000000000000000000000001e51",
    ]
    for _ in 0..<20_000 { texts.append(number(&generator)) }
    // Halfway between two Floats, a little less, and a little more.
    for _ in 0..<2000 {
      let low = Float(bitPattern: UInt32.random(in: 0x3000_0000...0x4F00_0000, using: &generator))
      let middle = (Double(low) + Double(low.nextUp)) / 2
      texts += ["\(middle)", "\(middle.nextDown)", "\(middle.nextUp)", "\(middle)".replacing("e", with: "0000001e")]
    }
    for text in texts {
      let bytes = Array(text.utf8)
      bytes.withUnsafeBufferPointer { bytes in
        let (double, float) = (Double(text)!, Float(text)!)
        if double.isFinite {
          #expect((try? Double.number(bytes))?.bitPattern == double.bitPattern, "\(text)")
        } else {
          #expect(throws: CSVProblem.self) { _ = try Double.number(bytes) }
        }
        if float.isFinite {
          #expect((try? Float.number(bytes))?.bitPattern == float.bitPattern, "\(text)")
        } else {
          #expect(throws: CSVProblem.self) { _ = try Float.number(bytes) }
        }
      }
    }
  }

  @Test func `a text that announces many columns and has many lines takes no more memory than its length`() throws {
    // 10^10 elements, if there were as many rows as lines.
    let text = [UInt8](repeating: 0x2C, count: 100_000) + [UInt8](repeating: newline, count: 100_000) + [0x31]
    let options = CSV.Options<Double>(missing: 0)
    let error = try #require(throws: CSVError.self) { _ = try CSV.decode(text, options: options) }
    #expect(error.problem == .otherColumnCount(found: 1, expected: 100_001))
  }

  // MARK: Texts at random

  private func number(_ generator: inout Xoshiro256) -> String {
    func digits(_ most: Int) -> String {
      String(
        (0..<Int.random(in: 1...most, using: &generator)).map { _ in "0123456789".randomElement(using: &generator)! }
      )
    }
    var text = ["", "-", "+"].randomElement(using: &generator)! + digits(generator.next() % 8 == 0 ? 25 : 9)
    if generator.next() % 4 != 0 { text += "." + digits(generator.next() % 8 == 0 ? 25 : 9) }
    if generator.next() % 4 == 0 {
      text += ["e", "E", "e-", "e+"].randomElement(using: &generator)! + "\(Int.random(in: 0...40, using: &generator))"
    }
    return text
  }

  private func name(_ generator: inout Xoshiro256) -> String {
    String(
      (0..<Int.random(in: 1...4, using: &generator)).map { _ in "ab \",\n\r\u{301}é;".randomElement(using: &generator)!
      }
    )
  }

  /// Quoted where it must be, and at times where it need not.
  private func encoded(_ field: String, _ generator: inout Xoshiro256) -> [UInt8] {
    let bytes = Array(field.utf8)
    let needsQuotes = bytes.contains { [quote, newline, carriageReturn, 0x2C].contains($0) } || bytes.isEmpty
    guard needsQuotes || generator.next() % 4 == 0 else { return bytes }
    return [quote] + bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
  }

  private func line(_ fields: [[UInt8]], _ generator: inout Xoshiro256) -> [UInt8] {
    Array(fields.joined(separator: [0x2C])) + (generator.next() % 2 == 0 ? [newline] : [carriageReturn, newline])
  }
}
