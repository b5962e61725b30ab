import Farro

/// Rows with few elements that are not 0, each with a target, in the text format of SVMlight and LIBSVM.
///
/// A line is `TARGET [qid:QUERY] INDEX:VALUE INDEX:VALUE ... [# COMMENT]`, with blanks between; indices ascend. Lines without anything
/// but a comment are passed over. Numbers are in the notation that ``CSV`` takes. Rows of several labels, `1,3`, are refused.
///
/// ```swift
/// let data = try SVMLight.read("train.svm", as: Float.self)
/// print(data.x.shape, data.y)
/// let test = try SVMLight.read("test.svm", as: Float.self, options: .init(columns: data.x.columns))
/// ```
///
/// Source: the documentation of SVMlight (https://www.cs.cornell.edu/people/tj/svm_light/) and scikit-learn's
/// `load_svmlight_file`, which detects the first index in the same way.
public enum SVMLight {
  /// What the first column is called.
  public enum FirstIndex: Int, Sendable, CaseIterable {
    /// 0.
    case zero = 0
    /// 1, as the authors of the format have it.
    case one = 1
  }

  /// How a text is read.
  public struct Options: Sendable {
    /// What the first column is called; `nil`: 1, unless 0 occurs.
    public var firstIndex: FirstIndex?
    /// The number of columns; `nil`: so many that the largest index is the last one.
    public var columns: Int?

    /// - Parameters:
    ///   - firstIndex: What the first column is called; `nil`: 1, unless 0 occurs.
    ///   - columns: The number of columns; `nil`: so many that the largest index is the last one.
    public init(firstIndex: FirstIndex? = nil, columns: Int? = nil) {
      (self.firstIndex, self.columns) = (firstIndex, columns)
    }
  }

  /// What a file of this format holds.
  public struct Rows<Scalar: KernelScalar>: Sendable, Equatable {
    /// A row per line.
    public let x: CSRMatrix<Scalar>
    /// The target of each row.
    public let y: [Double]
    /// The query of each row, which ranking compares rows within; `nil` when the lines have none.
    public let queries: [Int]?
  }

  /// The largest index, so that there are fewer than 2^31 columns.
  static let mostIndex = Int(Int32.max) - 1
}

// MARK: - Reading

extension SVMLight {
  /// Reads the file at `path`.
  ///
  /// - Throws: ``FileError`` when the file cannot be read; ``SVMLightError``, which names the line and the place in it, when it is not
  ///   in this format; `CancellationError` where the task was cancelled.
  /// - Complexity: O(bytes of the file). The file is mapped.
  public static func read<Scalar: KernelScalar>(
    _ path: String,
    as: Scalar.Type = Scalar.self,
    options: Options = Options()
  ) throws -> Rows<Scalar> {
    let file = try MappedFile(path)
    return try withExtendedLifetime(file) { try rows(of: file.memory, path, options) }
  }

  /// The rows that `bytes`, the contents of a file, hold.
  ///
  /// - Throws: ``SVMLightError``; `CancellationError` where the task was cancelled.
  /// - Complexity: O(bytes).
  public static func decode<Scalar: KernelScalar>(
    _ bytes: some Collection<UInt8>,
    as: Scalar.Type = Scalar.self,
    options: Options = Options()
  ) throws -> Rows<Scalar> {
    try bytes.withContiguousStorageIfAvailable { try rows(of: UnsafeRawBufferPointer($0), nil, options) }
      ?? Array(bytes).withUnsafeBytes { try rows(of: $0, nil, options) }
  }
}

// MARK: - Writing

extension SVMLight {
  /// Writes rows to the file at `path`, whole or not at all (see ``AtomicFile``), with as many digits as tell each number from all
  /// others of its type.
  ///
  /// - Parameters:
  ///   - x: The rows; elements that are 0 are written if they are stored.
  ///   - y: The target of each row.
  ///   - queries: The query of each row.
  ///   - firstIndex: What the first column is called. (scikit-learn writes 0, and then takes a file for one that begins with 1 if its
  ///     first column is empty.)
  ///   - comment: Text for the file's first lines.
  ///   - path: The file.
  /// - Precondition: There are as many targets, and queries, as rows.
  /// - Throws: ``FileError``.
  /// - Complexity: O(rows + elements).
  public static func write<Scalar: KernelScalar>(
    _ x: CSRMatrix<Scalar>,
    _ y: [Double],
    queries: [Int]? = nil,
    firstIndex: FirstIndex = .one,
    comment: String? = nil,
    to path: String
  ) throws {
    try AtomicFile.write(to: path) { file in
      try lines(x, y, queries, firstIndex, comment) { try file.append($0) }
    }
  }

  /// The contents of the file that ``write(_:_:queries:firstIndex:comment:to:)`` makes.
  ///
  /// - Precondition: as there.
  /// - Complexity: O(rows + elements).
  public static func encode<Scalar: KernelScalar>(
    _ x: CSRMatrix<Scalar>,
    _ y: [Double],
    queries: [Int]? = nil,
    firstIndex: FirstIndex = .one,
    comment: String? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    lines(x, y, queries, firstIndex, comment) { bytes += $0.utf8 }
    return bytes
  }

  private static func lines<Scalar: KernelScalar>(
    _ x: CSRMatrix<Scalar>,
    _ y: [Double],
    _ queries: [Int]?,
    _ firstIndex: FirstIndex,
    _ comment: String?,
    _ write: (String) throws -> Void
  ) rethrows {
    require(
      y.count == x.rows && queries.map { $0.count == x.rows } ?? true,
      "SVMLight: \(y.count) targets and \(queries?.count ?? x.rows) queries for \(x.rows) rows"
    )
    if let comment {
      let lines = comment.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      for line in lines { try write("# \(line)\n") }
    }
    for row in 0..<x.rows {
      var line = text(y[row])
      if let queries { line += " qid:\(queries[row])" }
      for place in x.elementsOfRow(row) {
        line += " \(Int(x.indices[place]) + firstIndex.rawValue):\(text(x.values[place]))"
      }
      try write(line + "\n")
    }
  }

  private static func text<Scalar: KernelScalar>(_ number: Scalar) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
