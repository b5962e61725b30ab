import Farro
import Foundation
import Testing

@testable import FarroData

@Suite struct CSVTests {
  private func table(_ text: String, _ options: CSV.Options<Double> = .init()) throws -> CSVTable<Double> {
    try CSV.decode(Array(text.utf8), options: options)
  }

  private func rows(_ table: CSVTable<Double>) -> [[Double]] {
    (0..<table.values.shape[0]).map { elements(table.values[row: $0]) }
  }

  @Test(
    arguments: [
      ("1,2\n3,4\n", [[1, 2], [3, 4]]),
      ("1,2\n3,4", [[1, 2], [3, 4]]),
      ("1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
      ("1,2\n3,4\r\n\n\r\n\n", [[1, 2], [3, 4]]),
      ("\u{FEFF}1,2\n", [[1, 2]]),
      ("\"1\",\"2\"\n\"3\",4", [[1, 2], [3, 4]]),
      ("1", [[1]]),
      ("1\n2\n", [[1], [2]]),
      (" 1 ,\t2\n", [[1, 2]]),
      ("+1,-2.5,.5,5.,1e3,-1E-2,007", [[1, -2.5, 0.5, 5, 1000, -0.01, 7]]),
      ("inf,-Infinity,1", [[.infinity, -.infinity, 1]]),
      ("a,b\n1,2\n", [[1, 2]]),
      ("\"a,\n\"\"b\"\"\",c\r\n1,2\r\n", [[1, 2]]),
      ("a,b\n", []),
      ("a,b", []),
    ] as [(String, [[Double]])]
  )
  func `tables as RFC 4180 has them are read`(text: String, expected: [[Double]]) throws {
    let table = try table(text)
    #expect(rows(table) == expected, "\(text.debugDescription)")
    #expect(table.values.rank == 2)
  }

  @Test(arguments: ["rfc4180", "lf", "quoted", "mark", "semicolon", "savetxt", "no-end"])
  func `files that other programs write are read`(label: String) throws {
    let path = golden("table").replacing("table.npy", with: "table-\(label).csv")
    let options = CSV.Options<Double>(delimiter: label == "semicolon" ? .semicolon : .comma)
    let table = try CSV.readTable(path, options: options)
    let expected = try NPY.read(golden("table"), as: Double.self)
    #expect(table.values.shape == expected.shape)
    for (found, number) in zip(elements(table.values), elements(expected)) {
      #expect(found.bitPattern == number.bitPattern || found.isNaN && number.isNaN)
    }
    let hasHeader = !["lf", "savetxt", "no-end"].contains(label)
    #expect(table.header == (hasHeader ? ["plain", "with, comma", "with \"quotes\"\nand a line"] : nil))
  }

  @Test(arguments: [
    ("a,b\n1,2", ["a", "b"]),
    (",b\n1,2", ["", "b"]),
    ("\"a,\r\n\"\"b\"\"\",\" c\"\n1,2", ["a,\r\n\"b\"", " c"]),
    ("\"e\u{301}\",\"\u{301}\"\n1,2", ["e\u{301}", "\u{301}"]),
    ("a,\u{301}b\n1,2", ["a", "\u{301}b"]),
  ])
  func `a first row without numbers is a header`(text: String, names: [String]) throws {
    let table = try table(text)
    #expect(table.header.map { $0.map { Array($0.utf8) } } == names.map { Array($0.utf8) })
    #expect(rows(table) == [[1, 2]])
  }

  @Test func `the caller may say what the first row is`() throws {
    #expect(rows(try table("1,2\n3,4", .init(header: .present))) == [[3, 4]])
    #expect(try table("2020,b\n3,4", .init(header: .present)).header == ["2020", "b"])
    #expect(rows(try table("nan,nan\n3,4")).count == 2)
    let error = try #require(throws: CSVError.self) { _ = try table("a,b\n1,2", .init(header: .absent)) }
    #expect(error.problem == .notANumber("a") && error.line == 1 && error.column == 1)
  }

  @Test func `other delimiters are taken`() throws {
    #expect(rows(try table("1;2\n3;4", .init(delimiter: .semicolon))) == [[1, 2], [3, 4]])
    #expect(rows(try table("1\t\"2\"\n3\t4", .init(delimiter: .tab))) == [[1, 2], [3, 4]])
    #expect(rows(try table("1|2", .init(delimiter: CSVDelimiter("|")!))) == [[1, 2]])
    for character: Character in ["\"", "\n", "\r", "\r\n", "5", "e", "+", "-", ".", "é", "\0"] {
      #expect(CSVDelimiter(character) == nil)
    }
  }

  @Test func `missing values are refused, or take the value that stands for them`() throws {
    let options = CSV.Options<Double>(missing: -1)
    #expect(rows(try table("1,,3\n ,\"\",4\n,,\n", options)) == [[1, -1, 3], [-1, -1, 4], [-1, -1, -1]])
    #expect(rows(try table("1\n\n3\n", options)) == [[1], [-1], [3]])
    #expect(try #require(throws: CSVError.self) { _ = try table("1\n\n3\n") }.problem == .missingValue)
  }

  @Test(
    arguments: [
      ("", .empty, 1, 1),
      ("\r\n\n", .empty, 1, 1),
      ("1,2\n3,x\n", .notANumber("x"), 2, 2),
      ("1,2\n\"\n\",4\n", .notANumber("\n"), 2, 1),
      ("1,2\n3,1e\n", .notANumber("1e"), 2, 2),
      ("1,2\n3,0x10\n", .notANumber("0x10"), 2, 2),
      ("1,2\n3,1_0\n", .notANumber("1_0"), 2, 2),
      ("1,2\n3,--1\n", .notANumber("--1"), 2, 2),
      ("1,2\n3,.\n", .notANumber("."), 2, 2),
      ("1,2\n3,1 2\n", .notANumber("1 2"), 2, 2),
      ("1,2\n3,\n", .missingValue, 2, 2),
      ("1,2\n3, \n", .missingValue, 2, 2),
      ("1,2\n3,\"\"", .missingValue, 2, 2),
      ("1,2\n3,1e400\n", .outOfRange("1e400", .f64), 2, 2),
      ("1,2\n3\n", .otherColumnCount(found: 1, expected: 2), 2, 1),
      ("1,2\n\n3,4\n", .otherColumnCount(found: 1, expected: 2), 2, 1),
      ("1,2\r\n3,4,5,6\r\n", .otherColumnCount(found: 4, expected: 2), 2, 3),
      ("\"a\n\",b\n1,2\n3,4,", .otherColumnCount(found: 3, expected: 2), 4, 3),
      ("1,b\n3,4\n", .unclearHeader(text: "b"), 1, 2),
      ("1,2\n3,a\"b\n", .strayQuote, 2, 2),
      ("1,2\n3, \"4\"\n", .strayQuote, 2, 2),
      ("1,2\n3,\"4\" \n", .textAfterQuote, 2, 2),
      ("1,2\n3,\"4\n5,6\n", .unclosedQuote, 2, 2),
      ("1,2\r3,4\r", .loneCarriageReturn, 1, 2),
      ("1,2\n3,4\r5,6", .loneCarriageReturn, 2, 2),
    ] as [(String, CSVError.Problem, Int, Int)]
  )
  func `a mistake is reported with its line and column`(
    text: String,
    problem: CSVError.Problem,
    line: Int,
    column: Int
  ) throws {
    let error = try #require(throws: CSVError.self) { _ = try table(text) }
    #expect(
      error.problem == problem && error.line == line && error.column == column,
      "\(text.debugDescription): \(error)"
    )
  }

  @Test func `an error names the file and the column`() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/points.csv"
      try AtomicFile.write("x,\"the height\"\n1,2\n3,tall\n", to: path)
      let error = try #require(throws: CSVError.self) { _ = try CSV.read(path, as: Float.self) }
      #expect(
        "\(error)" == "\(path): line 3, column 2 (\"the height\"): \"tall\" is not a number such as -1.5e3"
      )
      #expect(throws: FileError.self) { _ = try CSV.read(directory + "/none", as: Float.self) }
      #expect(throws: FileError.self) { _ = try CSV.read(directory, as: Float.self) }
      try AtomicFile.write([0xFF, 0xFE, 0x31, 0x00], to: path)
      #expect(try #require(throws: CSVError.self) { _ = try CSV.read(path, as: Float.self) }.problem == .utf16)
    }
  }

  @Test(arguments: ["1,2\n", "1,2,"])
  func `reading ends when the task is cancelled, also within a row`(part: String) async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try CSV.decode(Array(String(repeating: part, count: 2000).utf8), as: Float.self)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `integers are whole and within their range`() throws {
    let text = "9223372036854775807,-9223372036854775808\n-0,+7\n"
    #expect(elements(try CSV.decode(Array(text.utf8), as: Int.self).values) == [.max, .min, 0, 7])
    for (text, problem) in [
      ("9223372036854775808", CSVError.Problem.outOfRange("9223372036854775808", .i64)),
      ("-9223372036854775809", .outOfRange("-9223372036854775809", .i64)),
      ("99999999999999999999", .outOfRange("99999999999999999999", .i64)),
      ("1.0", .notAnInteger("1.0")), ("1e2", .notAnInteger("1e2")), ("nan", .notAnInteger("nan")),
    ] {
      #expect(
        try #require(throws: CSVError.self) { _ = try CSV.decode(Array(text.utf8), as: Int.self) }.problem == problem
      )
    }
  }

  // MARK: Writing

  @Test func `what is written is read again, bit by bit`() throws {
    let values: [Float] = [
      0, -0.0, 1.1, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e-7, .infinity, 16_777_216,
    ]
    let tensor = Tensor(values, shape: [3, 3])
    let header = ["a,b", "say \"x\"\n", " "]
    let bytes = CSV.encode(tensor, header: header)
    let table = try CSV.decode(bytes, as: Float.self)
    #expect(table.header == header)
    #expect(elements(table.values).map(\.bitPattern) == values.map(\.bitPattern))
    try withTemporaryDirectory { directory in
      try CSV.write(tensor, header: header, to: directory + "/a.csv")
      #expect(contents(directory + "/a.csv") == bytes)
      #expect(try names(in: directory) == ["a.csv"])
      #expect(try CSV.read(directory + "/a.csv") == tensor)
    }
  }

  @Test func `a vector is written as a column, and names that could be mistaken in quotes`() throws {
    #expect(String(decoding: CSV.encode(Tensor([1, 2]), header: [""]), as: UTF8.self) == "\"\"\n1\n2\n")
    #expect(
      String(
        decoding: CSV.encode(Tensor<Int>([], shape: [0, 2]), header: ["a", "b;"], delimiter: .semicolon),
        as: UTF8.self
      ) == "a;\"b;\"\n"
    )
    let marked = CSV.encode(Tensor([1.5]), header: ["\u{FEFF}a"])
    #expect(try CSV.decode(marked, as: Double.self).header == ["\u{FEFF}a"])
  }
}
