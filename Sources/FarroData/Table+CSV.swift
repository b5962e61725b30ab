import Farro

// Tables from CSV files, and to them.

extension CSV {
  /// What a column of a ``Table`` holds.
  public enum ColumnType: String, Sendable, CaseIterable {
    /// Numbers, or nothing.
    case numbers
    /// Texts, or nothing; numbers in it are texts.
    case categories
  }

  /// How a text is read as a ``Table``.
  public struct TableOptions: Sendable {
    /// What stands between fields.
    public var delimiter: CSVDelimiter
    /// Whether the first row names the columns. Without names, they are called `column_1`, `column_2` and so on.
    public var header: HeaderRule
    /// The texts that stand for a missing value, in quotes or without.
    public var missing: Set<String>
    /// What the columns of these names hold. Any other holds numbers, unless one of its fields is neither a number nor missing.
    public var types: [String: ColumnType]

    /// What other programs write for a missing value.
    public static let usualMissing: Set<String> = ["", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null"]

    /// - Parameters:
    ///   - delimiter: What stands between fields.
    ///   - header: Whether the first row names the columns.
    ///   - missing: The texts that stand for a missing value.
    ///   - types: What the columns of these names hold; that of others is detected.
    public init(
      delimiter: CSVDelimiter = .comma,
      header: HeaderRule = .detected,
      missing: Set<String> = usualMissing,
      types: [String: ColumnType] = [:]
    ) {
      (self.delimiter, self.header, self.missing, self.types) = (delimiter, header, missing, types)
    }
  }
}

// MARK: - Reading

extension Table {
  /// Reads the file at `path`, in the notation that ``CSV`` describes.
  ///
  /// Blanks around a field do not belong to it, unless they stand within quotes. Missing numbers are NaN.
  ///
  /// - Throws: ``FileError`` when the file cannot be read; ``CSVError``, which names the line and the column, when it is no such table;
  ///   `CancellationError` where the task was cancelled.
  /// - Complexity: O(bytes of the file). The file is mapped; a column whose first text comes late is read twice.
  public init(contentsOfCSVFile path: String, options: CSV.TableOptions = CSV.TableOptions()) throws {
    let file = try MappedFile(path)
    self = try withExtendedLifetime(file) { try Table(csv: file.memory, path, options) }
  }

  /// The table that `bytes`, the contents of a CSV file, hold.
  ///
  /// - Throws: ``CSVError``; `CancellationError` where the task was cancelled.
  /// - Complexity: O(bytes).
  public init(csv bytes: some Collection<UInt8>, options: CSV.TableOptions = CSV.TableOptions()) throws {
    self =
      try bytes.withContiguousStorageIfAvailable { try Table(csv: UnsafeRawBufferPointer($0), nil, options) }
      ?? Array(bytes).withUnsafeBytes { try Table(csv: $0, nil, options) }
  }
}

// MARK: - Writing

extension Table {
  /// Writes the table to the file at `path`, whole or not at all (see ``AtomicFile``): the names, then a line per row.
  ///
  /// Numbers have as many digits as tell each from all others, and whole ones no point. Categories that look like numbers are
  /// numbers to a reader that is not told otherwise.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - delimiter: What stands between fields.
  ///   - missing: What stands for a missing value.
  /// - Precondition: there is a column at least.
  /// - Throws: ``FileError``.
  /// - Complexity: O(rows columns).
  public func writeCSV(to path: String, delimiter: CSVDelimiter = .comma, missing: String = "") throws {
    try AtomicFile.write(to: path) { file in try lines(delimiter, missing) { try file.append($0) } }
  }

  /// The contents of the file that ``writeCSV(to:delimiter:missing:)`` makes.
  ///
  /// - Precondition: as there.
  /// - Complexity: O(rows columns).
  public func csv(delimiter: CSVDelimiter = .comma, missing: String = "") -> [UInt8] {
    var bytes: [UInt8] = []
    lines(delimiter, missing) { bytes += $0 }
    return bytes
  }

  private func lines(_ delimiter: CSVDelimiter, _ missing: String, _ write: ([UInt8]) throws -> Void) rethrows {
    require(!columns.isEmpty, "Table: a table without columns cannot be written as CSV")
    let isAlone = columns.count == 1
    func field(_ text: String) -> [UInt8] { CSV.field(text, delimiter, isAlone: isAlone) }
    try write(Array(columnNames.map(field).joined(separator: [delimiter.byte])) + [newline])
    let missing = field(missing)
    let names = columns.map { column -> [[UInt8]] in
      guard case .categories(let categories) = column.values else { return [] }
      return categories.names.map(field)
    }
    for row in 0..<rowCount {
      var line: [UInt8] = []
      for (place, column) in columns.enumerated() {
        if place > 0 { line.append(delimiter.byte) }
        switch column.values {
        case .numbers(let numbers): line += numbers[row].isNaN ? missing : Array(shortText(numbers[row]).utf8)
        case .categories(let categories):
          let code = categories.codes[row]
          line += code < 0 ? missing : names[place][Int(code)]
        }
      }
      line.append(newline)
      try write(line)
    }
  }
}
