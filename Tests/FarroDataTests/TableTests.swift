import Farro
import Foundation
import Testing

@testable import FarroData

@Suite struct TableTests {
  private func table(_ text: String, _ options: CSV.TableOptions = .init()) throws -> Table {
    try Table(csv: Array(text.utf8), options: options)
  }

  /// Of a column, texts, or numbers as texts.
  private func texts(_ table: Table, _ name: String) throws -> [String?] {
    switch try table.column(name).values {
    case .numbers(let numbers): elements(numbers).map { $0.isNaN ? nil : shortText($0) }
    case .categories(let categories): (0..<categories.count).map { categories[$0] }
    }
  }

  @Test func `columns are numbers, or categories in the order of their names`() throws {
    let table = try table("length,species,sex\n5.1,setosa,f\n4,virginica,\n NA , setosa ,\"m\"\n")
    #expect(table.columnNames == ["length", "species", "sex"] && table.rowCount == 3)
    let lengths = elements(try table.numbers(of: "length"))
    #expect(lengths[0] == 5.1 && lengths[1] == 4 && lengths[2].isNaN)
    let species = try table.categories(of: "species")
    #expect(species.names == ["setosa", "virginica"] && species.codes == [0, 1, 0])
    let sex = try table.categories(of: "sex")
    #expect(sex.names == ["f", "m"] && sex.codes == [0, -1, 1] && sex[1] == nil && sex[2] == "m")
  }

  @Test func `a column whose first text comes late is all texts`() throws {
    let rows = (0..<500).map { "\($0 % 7),\($0 == 3 ? "" : "0\($0 % 3)"),\($0 == 400 ? "x" : "1.0"),2\n" }
    let table = try table("a,b,c,d\n" + rows.joined() + "1,\"q \"\"w\"\"\",y,2\n")
    let (b, c) = (try table.categories(of: "b"), try table.categories(of: "c"))
    #expect(b.names == ["00", "01", "02", "q \"w\""] && c.names == ["1.0", "x", "y"])
    #expect(b.codes[0..<5] == [0, 1, 2, -1, 1] && b.codes[500] == 3)
    #expect(c.codes == (0...500).map { $0 == 400 ? 1 : $0 == 500 ? 2 : 0 })
    #expect(try table.numbers(of: "a").sum() == Double((0..<500).map { $0 % 7 }.reduce(0, +) + 1))
    #expect(try table.numbers(of: "d").sum() == 1002)
  }

  @Test func `types may be told`() throws {
    let text = "id,code\n1,2\n10,007\n2,\n"
    let told = try table(text, .init(types: ["id": .categories, "code": .numbers]))
    #expect(try told.categories(of: "id").names == ["1", "10", "2"])
    #expect(try texts(told, "code") == ["2", "7", nil])
    // Of numbers, in the order of numbers.
    let numbers = try table(text).categories(of: "id")
    #expect(numbers.names == ["1", "2", "10"] && numbers.codes == [0, 2, 1])
  }

  @Test func `missing values are what the options say`() throws {
    let plain = try table("a,b,c\n?,,x\n-999,2,?\n")
    #expect(
      try texts(plain, "a") == ["?", "-999"] && texts(plain, "b") == [nil, "2"] && texts(plain, "c") == ["x", "?"]
    )
    let told = try table("a,b,c\n?,5,x\n-999,2,\"?\"\n4,-9990,y\n", .init(missing: ["?", "-999"]))
    #expect(try texts(told, "a") == [nil, nil, "4"] && texts(told, "b") == ["5", "2", "-9990"])
    #expect(try texts(told, "c") == ["x", nil, "y"])
    let none = try table("a,b\n,x\n1,NA\n", .init(missing: []))
    #expect(try texts(none, "a") == ["", "1"] && texts(none, "b") == ["x", "NA"])
    let empty = try table("a,b\n,NA\nnan,null\n")
    #expect(try elements(empty.numbers(of: "a")).allSatisfy(\.isNaN) && elements(empty.numbers(of: "b")).count == 2)
  }

  @Test func `without a header, columns are numbered, and texts alone are taken for one`() throws {
    let table = try table("5.1,setosa\n4,virginica\n", .init(header: .absent))
    #expect(table.columnNames == ["column_1", "column_2"] && table.rowCount == 2)
    #expect(try self.table("a, b,\" c\"\nx,y,z").columnNames == ["a", "b", " c"])
    #expect(try self.table("2020,b\n1,2", .init(header: .present)).columnNames == ["2020", "b"])
    #expect(try self.table("a,b").rowCount == 0)
  }

  @Test func `two ways to write the same characters are one category`() throws {
    let categories = try table("a\n\"e\u{301}\"\n\u{E9}\nz\n").categories(of: "a")
    #expect(categories.names.count == 2 && categories.codes == [0, 0, 1])
  }

  @Test(
    arguments: [
      ("", .empty, 1, 1),
      ("5,b\n1,2\n", .unclearHeader(text: "b"), 1, 2),
      ("a,b,a\n1,2,3\n", .duplicateName("a"), 1, 3),
      ("a,b\n1,2\n3\n", .otherColumnCount(found: 1, expected: 2), 3, 1),
      ("a,b\nx,2\n\ny,4\n", .otherColumnCount(found: 1, expected: 2), 3, 1),
      ("a,b\nx,2,3\n", .otherColumnCount(found: 3, expected: 2), 2, 3),
      ("a,b\nx,\"2\n\n", .unclosedQuote, 2, 2),
      ("a,b\nx,2\"\n", .strayQuote, 2, 2),
      ("a,t\nx,2\n\"\n\",tall\n", .notANumber("tall"), 4, 2),
      ("a,t\nx,2\n\"\n\",1e999\n", .outOfRange("1e999", .f64), 4, 2),
      ("a,b\nx,1e999\n", .outOfRange("1e999", .f64), 2, 2),
    ] as [(String, CSVError.Problem, Int, Int)]
  )
  func `a mistake is reported with its line and column`(
    text: String,
    problem: CSVError.Problem,
    line: Int,
    column: Int
  ) throws {
    let types: [String: CSV.ColumnType] = text.contains(",t") ? ["t": .numbers] : [:]
    let error = try #require(throws: CSVError.self) { _ = try table(text, .init(types: types)) }
    #expect(error.problem == problem && error.line == line && error.column == column, "\(error)")
  }

  @Test func `an error names the file, the column and what there is`() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/a.csv"
      try AtomicFile.write(Array("x,kind\n1,a\n2,".utf8) + [0xFF, 0x0A], to: path)
      let error = try #require(throws: CSVError.self) { _ = try Table(contentsOfCSVFile: path) }
      #expect("\(error)" == "\(path): line 3, column 2 (\"kind\"): the text is not in UTF-8; save it so")
      let options = CSV.TableOptions(types: ["knid": .categories])
      let missing = try #require(throws: CSVError.self) { _ = try Table(contentsOfCSVFile: path, options: options) }
      #expect(missing.problem == .missingColumn("knid", columns: ["x", "kind"]))
      #expect(throws: FileError.self) { _ = try Table(contentsOfCSVFile: directory + "/none") }
      try AtomicFile.write([0xC3, 0x2C, 0x62], to: path)
      #expect(try #require(throws: CSVError.self) { _ = try Table(contentsOfCSVFile: path) }.problem == .notUTF8)
    }
  }

  @Test(arguments: ["x,2\n", "x,2,"])
  func `reading ends when the task is cancelled, also within a row`(part: String) async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      _ = try Table(csv: Array(String(repeating: part, count: 2000).utf8), options: .init(header: .absent))
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `columns are chosen, dropped and made a matrix`() throws {
    let table = try table("a,kind,b\n1,x,2\n,y,4\n5,,6\n")
    let chosen = try table.selecting(["b", "a"])
    #expect(chosen.columnNames == ["b", "a"])
    let x = try chosen.tensor(as: Float.self)
    #expect(x.shape == [3, 2] && x[0, 0] == 2 && x[0, 1] == 1 && x[1, 1].isNaN && x[2, 0] == 6)
    #expect(try table.dropping(["kind"]).columnNames == ["a", "b"])
    let codes: Tensor<Double> = try table.tensor(categoriesAsCodes: true)
    #expect(codes[0, 1] == 0 && codes[1, 1] == 1 && codes[2, 1].isNaN && codes[2, 2] == 6)
    #expect(throws: TableError.notNumbers("kind")) { _ = try table.tensor(as: Float.self) }
    #expect(throws: TableError.notNumbers("kind")) { _ = try table.numbers(of: "kind") }
    let missing = TableError.missingColumn("c", columns: ["a", "kind", "b"])
    #expect(throws: missing) { _ = try table.selecting(["a", "c"]) }
    #expect(throws: missing) { _ = try table.dropping(["c"]) }
    #expect(throws: missing) { _ = try table.categories(of: "c") }
    #expect("\(missing)" == "there is no column \"c\"; the columns are \"a\", \"kind\", \"b\"")
    #expect(try table.selecting([]).tensor(as: Float.self).shape == [0, 0])
  }

  @Test func `what is written is read again`() throws {
    let table = Table([
      Table.Column("n", Tensor<Double>([1, -0.0, 1e300, 0.1, .infinity])),
      Table.Column("a, \"b\"", ["x", "", "5 ", "y,\n\"z\"", "x"]),
    ])
    let options = CSV.TableOptions(missing: ["-"], types: ["a, \"b\"": .categories])
    for delimiter in [CSVDelimiter.comma, .tab] {
      let bytes = table.csv(delimiter: delimiter, missing: "-")
      var options = options
      options.delimiter = delimiter
      #expect(try Table(csv: bytes, options: options) == table)
    }
    #expect(String(decoding: table.csv(), as: UTF8.self).hasPrefix("n,\"a, \"\"b\"\"\"\n1,x\n-0.0,\n1e+300,\"5 \"\n"))
    let alone = Table([Table.Column("a", [nil, "b", nil])])
    #expect(try Table(csv: alone.csv()) == alone)
    try withTemporaryDirectory { directory in
      try table.writeCSV(to: directory + "/a.csv")
      #expect(contents(directory + "/a.csv") == table.csv())
    }
  }

  @Test func `bytes at random are read or refused, and read again as they were`() throws {
    var generator = Xoshiro256(seed: 5)
    let alphabet = Array("012.,,,,,,\"\"\n\n\n\n\r-eNA xy".utf8) + [0xC3, 0xA9]
    var refused = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...40, using: &generator)
      let text = (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
      let header: CSV.HeaderRule = [.absent, .detected, .present].randomElement(using: &generator)!
      do {
        let table = try Table(csv: text, options: .init(header: header, missing: ["", "NA"]))
        #expect(table.rowCount <= text.count { $0 == newline } + 1)
        let types = table.columns.map { ($0.name, $0.values.isNumbers ? CSV.ColumnType.numbers : .categories) }
        let types2 = Dictionary(uniqueKeysWithValues: types)
        let again = try Table(csv: table.csv(), options: .init(header: .present, missing: ["", "NA"], types: types2))
        #expect(again.csv() == table.csv())
      } catch let error as CSVError {
        refused += 1
        #expect(1...text.count { $0 == newline } + 1 ~= error.line && 1...count + 1 ~= error.column)
      }
    }
    #expect(refused > 1000 && refused < 19_000, "\(refused)")
  }
}

extension Table.Values {
  fileprivate var isNumbers: Bool {
    if case .numbers = self { true } else { false }
  }
}
