import Farro

// From the fields of a text to columns.

/// Texts that were seen, each with a code.
private struct TextCodes {
  private var slots: [Int32]
  /// Of each text: where it ends in `bytes`.
  private var ends: [Int] = []
  private var bytes: [UInt8] = []
  private var codes: [Int32] = []
  private(set) var names: [String] = []
  /// Whether a number, such as -999, stands for a missing value.
  private(set) var hasMissingNumber = false

  private static let free: Int32 = -1

  /// - Parameter missing: The texts whose code is that of a missing value.
  init(missing: [[UInt8]]) {
    slots = [Int32](repeating: TextCodes.free, count: 64)
    for text in missing {
      text.withUnsafeBufferPointer { text in
        _ = add(text, Categories.missingCode)
        if DecimalNumber(text) != nil { hasMissingNumber = true }
      }
    }
  }

  /// The code of a text; `nil` when it was not seen before.
  func code(_ text: UnsafeBufferPointer<UInt8>) -> Int32? {
    let place = slots[slot(of: text)]
    return place == TextCodes.free ? nil : codes[Int(place)]
  }

  /// The code of a text, a new one if need be.
  mutating func add(_ text: UnsafeBufferPointer<UInt8>) throws(CSVProblem) -> Int32 {
    if let code = code(text) { return code }
    guard let name = String(validating: text, as: UTF8.self) else { throw CSVProblem(problem: .notUTF8) }
    names.append(name)
    return add(text, Int32(names.count - 1))
  }

  private mutating func add(_ text: UnsafeBufferPointer<UInt8>, _ code: Int32) -> Int32 {
    if (ends.count + 1) * 2 > slots.count { grow() }
    slots[slot(of: text)] = Int32(ends.count)
    bytes += text
    ends.append(bytes.count)
    codes.append(code)
    return code
  }

  private mutating func grow() {
    slots = [Int32](repeating: TextCodes.free, count: slots.count * 4)
    bytes.withUnsafeBufferPointer { bytes in
      for place in ends.indices { slots[slot(of: UnsafeBufferPointer(rebasing: bytes[range(place)]))] = Int32(place) }
    }
  }

  private func range(_ place: Int) -> Range<Int> { (place == 0 ? 0 : ends[place - 1])..<ends[place] }

  /// Where a text is, or would be. Half of all slots are free.
  private func slot(of text: UnsafeBufferPointer<UInt8>) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: XXH3.hash(UnsafeRawBufferPointer(text), seed: 0)) & mask
    while slots[slot] != TextCodes.free {
      let range = range(Int(slots[slot]))
      let isEqual =
        range.count == text.count
        && bytes.withUnsafeBufferPointer { UnsafeBufferPointer(rebasing: $0[range]).elementsEqual(text) }
      if isEqual { break }
      slot = (slot + 1) & mask
    }
    return slot
  }
}

/// A column while it is being read: numbers until a text comes, then codes.
private struct ColumnBuilder {
  let isTold: Bool
  var isNumbers: Bool
  /// Of the first row that was read as a category.
  var firstText = 0
  var texts: TextCodes

  /// A number, or a code, which a `Double` holds exactly; `nil` when it is a text among what were numbers so far.
  mutating func value(_ field: CSVField) throws(CSVProblem) -> Double? {
    let text = field.trimmed
    if !isNumbers { return try code(field, text) }
    if !texts.hasMissingNumber, let value = DecimalNumber(text)?.quickly { return value }
    if texts.code(text) != nil { return .nan }
    if isTold && text.isEmpty { throw CSVProblem(problem: .missingValue) }
    do throws(CSVProblem) {
      return try Double.number(text)
    } catch {
      guard !isTold, case .notANumber = error.problem else { throw error }
      return nil
    }
  }

  mutating func code(_ field: CSVField, _ text: UnsafeBufferPointer<UInt8>) throws(CSVProblem) -> Double {
    guard field.isQuoted else { return Double(try texts.add(text)) }
    guard field.bytes.contains(quote) else { return Double(try texts.add(field.bytes)) }
    var problem: CSVProblem?
    let code = field.unquoted.withUnsafeBufferPointer { bytes -> Int32 in
      do throws(CSVProblem) { return try texts.add(bytes) } catch { problem = error }
      return Categories.missingCode
    }
    if let problem { throw problem }
    return Double(code)
  }
}

/// Reads columns of numbers and of categories.
private struct ColumnReader {
  var rows: CSVRows
  let options: CSV.TableOptions
  var builders: [ColumnBuilder] = []

  mutating func table() throws(CSVProblem) -> Table {
    let columns = try rows.readHeader(options.header, trimming: true)
    let names = rows.header ?? (1...columns).map { "column_\($0)" }
    try check(names)
    let texts = TextCodes(missing: options.missing.map { Array($0.utf8) })
    builders = names.map { name in
      let type = options.types[name]
      return ColumnBuilder(isTold: type != nil, isNumbers: type != .categories, texts: texts)
    }
    let most = try rows.mostRows(columns, elementBytes: MemoryLayout<Double>.stride)
    let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: most * columns)
    defer { values.deallocate() }
    let start = rows
    let count = try readRows(values, most)
    try readAgain(from: start, values, most)
    return Table(
      names.indices.map { column in
        let values = values[column * most..<column * most + count]
        guard !builders[column].isNumbers else { return Table.Column(names[column], Tensor(values)) }
        return Table.Column(
          names[column],
          .categories(Categories(values.map { Int32($0) }, unordered: builders[column].texts.names))
        )
      }
    )
  }

  private mutating func check(_ names: [String]) throws(CSVProblem) {
    var seen: Set<String> = []
    for (place, name) in names.enumerated() where !seen.insert(name).inserted {
      rows.column = place + 1
      throw CSVProblem(problem: .duplicateName(name))
    }
    for name in options.types.keys.sorted() where !seen.contains(name) {
      rows.column = 1
      throw CSVProblem(problem: .missingColumn(name, columns: names))
    }
  }

  /// Reads all rows into columns of `most` elements, and answers how many rows there are.
  private mutating func readRows(
    _ values: UnsafeMutableBufferPointer<Double>,
    _ most: Int
  ) throws(CSVProblem) -> Int {
    var count = 0
    while !rows.isAtEnd {
      rows.column = 0
      var ending = CSVField.Ending.delimiter
      while ending == .delimiter {
        rows.column += 1
        let field = try rows.next()
        ending = field.ending
        let column = rows.column - 1
        // The fields that are too many are only counted.
        if column >= builders.count { continue }
        // An empty line.
        if column == 0 && ending != .delimiter && builders.count > 1 && field.trimmed.isEmpty { break }
        if let value = try builders[column].value(field) {
          values[column * most + count] = value
        } else {
          (builders[column].isNumbers, builders[column].firstText) = (false, count)
          values[column * most + count] = try builders[column].code(field, field.trimmed)
        }
      }
      try rows.endRow(ending, builders.count)
      count += 1
    }
    return count
  }

  /// Reads the fields once more that were taken for numbers before a text came in their column.
  private mutating func readAgain(
    from start: CSVRows,
    _ values: UnsafeMutableBufferPointer<Double>,
    _ most: Int
  ) throws(CSVProblem) {
    let late = builders.indices.filter { !builders[$0].isNumbers && builders[$0].firstText > 0 }
    guard let end = late.map({ builders[$0].firstText }).max() else { return }
    rows = start
    for row in 0..<end {
      for column in builders.indices {
        rows.column = column + 1
        let field = try rows.next()
        guard !builders[column].isNumbers, row < builders[column].firstText else { continue }
        values[column * most + row] = try builders[column].code(field, field.trimmed)
      }
    }
  }
}

extension Table {
  init(csv memory: UnsafeRawBufferPointer, _ file: String?, _ options: CSV.TableOptions) throws {
    self = try CSV.withRows(memory, file, options.delimiter) { rows throws(CSVProblem) in
      var reader = ColumnReader(rows: rows, options: options)
      defer { rows = reader.rows }
      return try reader.table()
    }
  }
}
