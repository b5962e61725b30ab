import Farro

/// Tables of numbers as comma-separated values.
///
/// Read is what RFC 4180 describes, in UTF-8 with or without a byte order mark: lines that end with CR LF or LF, the last one
/// also without; fields that may be quoted, and then contain delimiters, line ends and doubled quotes. Beyond it, any ASCII
/// character may be the delimiter, blanks around a number are passed over, and so are empty lines at the end. Every row
/// has as many fields as the first one.
///
/// Numbers are in decimal notation, whatever the locale, and rounded correctly: `-12`, `.5`, `1e-3`, and `nan` and `inf` in letters
/// of any case, as other programs write them. An empty field is a missing value.
///
/// ```swift
/// try CSV.write(points, header: ["x", "y"], to: "points.csv")
/// let again = try CSV.read("points.csv", as: Float.self)
/// ```
///
/// Source: RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180).
public enum CSV {
  /// Whether the first row names the columns.
  public enum HeaderRule: String, Sendable, CaseIterable {
    /// It does if none of its fields is a number; a row of numbers and texts is refused.
    case detected
    /// It does.
    case present
    /// It is a row of numbers as the others are.
    case absent
  }

  /// How a text is read.
  public struct Options<Scalar: CSVScalar>: Sendable {
    /// What stands between fields.
    public var delimiter: CSVDelimiter
    /// Whether the first row names the columns.
    public var header: HeaderRule
    /// What takes the place of a missing value; `nil` refuses them.
    public var missing: Scalar?

    /// - Parameters:
    ///   - delimiter: What stands between fields.
    ///   - header: Whether the first row names the columns.
    ///   - missing: What takes the place of a missing value; `nil` refuses them.
    public init(delimiter: CSVDelimiter = .comma, header: HeaderRule = .detected, missing: Scalar? = nil) {
      (self.delimiter, self.header, self.missing) = (delimiter, header, missing)
    }
  }
}

/// An element type whose tensors are read from CSV files and written to them.
public protocol CSVScalar: TensorScalar {}

extension Float: CSVScalar {}
extension Double: CSVScalar {}
extension Int: CSVScalar {}

/// What stands between the fields of a row: an ASCII character that is part of no number, no quote and no line end.
public struct CSVDelimiter: Sendable, Hashable {
  let byte: UInt8

  /// `,`
  public static let comma = CSVDelimiter(byte: 0x2C)
  /// `;`
  public static let semicolon = CSVDelimiter(byte: 0x3B)
  /// A tab, in files that are often called TSV.
  public static let tab = CSVDelimiter(byte: 0x09)

  private init(byte: UInt8) { self.byte = byte }

  /// The delimiter of a character.
  ///
  /// - Returns: `nil` when it is a letter, a digit, or one of `+ - . "`, a line end, or not ASCII.
  public init?(_ character: Character) {
    guard let byte = character.asciiValue, !character.isLetter, !character.isNumber else { return nil }
    // The ASCII value of "\r\n" is that of "\n".
    if [0, newline, carriageReturn, quote].contains(byte) || "+-.".contains(character) { return nil }
    self.byte = byte
  }
}

/// Numbers from a CSV text, and what their columns are called.
public struct CSVTable<Scalar: CSVScalar>: Sendable, Equatable {
  /// A name per column; `nil` when the text has none.
  public let header: [String]?
  /// Shape (rows, columns).
  public let values: Tensor<Scalar>
}

// MARK: - Reading

extension CSV {
  /// Reads the numbers of the file at `path`, shape (rows, columns); a header is passed over.
  ///
  /// - Throws: ``FileError`` when the file cannot be read; ``CSVError``, which names the line and the column, when it is not a
  ///   table of numbers; `CancellationError` where the task was cancelled.
  /// - Complexity: O(bytes of the file). The file is mapped: beside the tensor and the names of a header no memory is taken.
  public static func read<Scalar: CSVScalar>(
    _ path: String,
    as: Scalar.Type = Scalar.self,
    options: Options<Scalar> = Options()
  ) throws -> Tensor<Scalar> {
    try readTable(path, options: options).values
  }

  /// Reads the numbers of the file at `path` and the names of its columns.
  ///
  /// - Throws: as ``read(_:as:options:)``.
  /// - Complexity: O(bytes of the file).
  public static func readTable<Scalar: CSVScalar>(
    _ path: String,
    as: Scalar.Type = Scalar.self,
    options: Options<Scalar> = Options()
  ) throws -> CSVTable<Scalar> {
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) { try table(of: file.memory, path, options) }
  }

  /// The numbers of `bytes`, the contents of a CSV file, and the names of its columns.
  ///
  /// - Throws: ``CSVError``.
  /// - Complexity: O(bytes).
  public static func decode<Scalar: CSVScalar>(
    _ bytes: some Collection<UInt8>,
    as: Scalar.Type = Scalar.self,
    options: Options<Scalar> = Options()
  ) throws -> CSVTable<Scalar> {
    try bytes.withContiguousStorageIfAvailable { try table(of: UnsafeRawBufferPointer($0), nil, options) }
      ?? Array(bytes).withUnsafeBytes { try table(of: $0, nil, options) }
  }
}

// MARK: - Writing

extension CSV {
  /// Writes `tensor` to the file at `path`, whole or not at all (see ``AtomicFile``): a line per row, each ending with LF, with
  /// as many digits as tell each number from all others of its type.
  ///
  /// - Parameters:
  ///   - tensor: Shape (rows, columns) with a column at least; of shape (n), a column.
  ///   - header: A name per column, on the first line.
  ///   - path: The file.
  ///   - delimiter: What stands between fields.
  /// - Precondition: `tensor` has one or two axes and a column at least, and `header` a name for each.
  /// - Throws: ``FileError``.
  /// - Complexity: O(count).
  public static func write<Scalar: CSVScalar>(
    _ tensor: Tensor<Scalar>,
    header: [String]? = nil,
    to path: String,
    delimiter: CSVDelimiter = .comma
  ) throws {
    try AtomicFile.write(to: path) { file in try lines(tensor, header, delimiter) { try file.append($0) } }
  }

  /// The contents of the file that ``write(_:header:to:delimiter:)`` makes.
  ///
  /// - Precondition: as there.
  /// - Complexity: O(count).
  public static func encode<Scalar: CSVScalar>(
    _ tensor: Tensor<Scalar>,
    header: [String]? = nil,
    delimiter: CSVDelimiter = .comma
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    lines(tensor, header, delimiter) { bytes += $0 }
    return bytes
  }

  private static func lines<Scalar: CSVScalar>(
    _ tensor: Tensor<Scalar>,
    _ header: [String]?,
    _ delimiter: CSVDelimiter,
    _ write: ([UInt8]) throws -> Void
  ) rethrows {
    let columns = tensor.rank == 1 ? 1 : tensor.shape.last ?? 0
    require(
      1...2 ~= tensor.rank && columns > 0,
      "CSV: a table has rows and columns, not the shape \(tensor.shape)"
    )
    require(
      header.map { $0.count == columns } ?? true,
      "CSV: \(header?.count ?? 0) names cannot head \(columns) columns"
    )
    if let header {
      // An empty line is no row.
      let fields = header.map { field($0, delimiter, isAlone: columns == 1) }
      try write(Array(fields.joined(separator: [delimiter.byte])) + [newline])
    }
    try tensor.withUnsafeBufferPointer { elements in
      for row in 0..<tensor.shape[0] {
        var line: [UInt8] = []
        for column in 0..<columns {
          line += "\(elements[row * columns + column])".utf8
          line.append(column + 1 < columns ? delimiter.byte : newline)
        }
        try write(line)
      }
    }
  }

  /// A text as a field, in quotes where it needs them.
  static func field(_ text: String, _ delimiter: CSVDelimiter, isAlone: Bool) -> [UInt8] {
    let bytes = Array(text.utf8)
    let isPlain = bytes.allSatisfy { $0 != delimiter.byte && $0 != quote && $0 != newline && $0 != carriageReturn }
    let hasMark = bytes.starts(with: byteOrderMark)
    // Outside of quotes, blanks around a text do not belong to it.
    let blanks: [UInt8?] = [0x20, 0x09]
    let hasBlank = blanks.contains(bytes.first) || blanks.contains(bytes.last)
    if isPlain && !hasMark && !hasBlank && !(isAlone && bytes.isEmpty) { return bytes }
    return [quote] + bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
  }
}

// One by one: constants that are made of a tuple are set up when the program runs, and asked for at every byte.
let newline: UInt8 = 0x0A
let carriageReturn: UInt8 = 0x0D
let quote: UInt8 = 0x22
let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
