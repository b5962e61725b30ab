import Farro

// From fields to the memory of a tensor.

/// Reads numbers.
private struct TableReader<Scalar: DecimalReadable> {
  var rows: CSVRows
  let missing: Scalar?

  mutating func table(_ rule: CSV.HeaderRule) throws(CSVProblem) -> CSVTable<Scalar> {
    let columns = try rows.readHeader(rule)
    let most = try rows.mostRows(columns, elementBytes: MemoryLayout<Scalar>.stride)
    var count = 0
    let values = try tensor([most, columns]) { elements throws(CSVProblem) in count = try readRows(elements, columns) }
    return CSVTable(header: rows.header, values: values[0..<count])
  }

  /// Reads all further rows, and answers how many there are.
  private mutating func readRows(
    _ elements: UnsafeMutableBufferPointer<Scalar>,
    _ columns: Int
  ) throws(CSVProblem) -> Int {
    var (count, place) = (0, 0)
    while !rows.isAtEnd {
      rows.column = 0
      var ending = CSVField.Ending.delimiter
      while ending == .delimiter {
        rows.column += 1
        let field = try rows.next()
        ending = field.ending
        // The fields that are too many are only counted.
        if rows.column > columns { continue }
        let text = field.trimmed
        if !text.isEmpty {
          elements[place] = try Scalar.number(text)
        } else if rows.column == 1 && ending != .delimiter && columns > 1 {
          break
        } else if let missing {
          elements[place] = missing
        } else {
          throw CSVProblem(problem: .missingValue)
        }
        place += 1
      }
      try rows.endRow(ending, columns)
      count += 1
    }
    return count
  }
}

extension CSV {
  static func table<Scalar: CSVScalar>(
    of memory: UnsafeRawBufferPointer,
    _ file: String?,
    _ options: Options<Scalar>
  ) throws -> CSVTable<Scalar> {
    // Compiled for each type, which a reader that is generic here would not be.
    switch Scalar.dtype {
    case .f32: try read(memory, file, options as! Options<Float>) as! CSVTable<Scalar>
    case .f64: try read(memory, file, options as! Options<Double>) as! CSVTable<Scalar>
    default: try read(memory, file, options as! Options<Int>) as! CSVTable<Scalar>
    }
  }

  private static func read<Scalar: DecimalReadable>(
    _ memory: UnsafeRawBufferPointer,
    _ file: String?,
    _ options: Options<Scalar>
  ) throws -> CSVTable<Scalar> {
    try withRows(memory, file, options.delimiter) { rows throws(CSVProblem) in
      var reader = TableReader(rows: rows, missing: options.missing)
      defer { rows = reader.rows }
      return try reader.table(options.header)
    }
  }

  /// Calls `body` with the rows of a text, which knows where it is when it throws.
  static func withRows<Result>(
    _ memory: UnsafeRawBufferPointer,
    _ file: String?,
    _ delimiter: CSVDelimiter,
    _ body: (inout CSVRows) throws(CSVProblem) -> Result
  ) throws -> Result {
    if memory.starts(with: [0xFF, 0xFE]) || memory.starts(with: [0xFE, 0xFF]) {
      throw CSVError(problem: .utf16, file: file, line: 1, column: 1, columnName: nil)
    }
    var text = memory[(memory.starts(with: byteOrderMark) ? byteOrderMark.count : 0)...]
    while let last = text.last, last == newline || last == carriageReturn { text.removeLast() }
    return try UnsafeRawBufferPointer(rebasing: text).withMemoryRebound(to: UInt8.self) { text in
      var rows = CSVRows(text, delimiter)
      do throws(CSVProblem) {
        return try body(&rows)
      } catch {
        guard let problem = error.problem else { throw CancellationError() }
        throw rows.error(problem, file)
      }
    }
  }
}

/// A tensor whose elements `body` writes, all that anyone will see.
private func tensor<Scalar: TensorScalar>(
  _ shape: [Int],
  _ body: (UnsafeMutableBufferPointer<Scalar>) throws(CSVProblem) -> Void
) throws(CSVProblem) -> Tensor<Scalar> {
  // The initializer rethrows any error, and knows no types of them.
  var problem: CSVProblem?
  let tensor = Tensor<Scalar>(unsafeUninitializedShape: shape) { elements in
    do throws(CSVProblem) { try body(elements) } catch { problem = error }
  }
  if let problem { throw problem }
  return tensor
}
