import Farro

/// Columns of equal length, each with a name: of numbers, or of categories.
///
/// ```swift
/// let table = try Table(contentsOfCSVFile: "penguins.csv")
/// let species = try table.categories(of: "species")  // species.names, species.codes
/// let x = try table.dropping(["species"]).tensor(as: Float.self)
/// ```
///
/// It is what files with texts are read as, to be made into tensors; columns are chosen and dropped, and that is all.
public struct Table: Sendable, Equatable {
  /// A column and its name.
  public struct Column: Sendable, Equatable {
    /// What the column is called.
    public var name: String
    /// Its elements.
    public let values: Values

    /// A column of these elements.
    public init(_ name: String, _ values: Values) { (self.name, self.values) = (name, values) }

    /// A column of numbers; NaN stands for what is missing.
    ///
    /// - Precondition: `numbers` has one axis.
    public init(_ name: String, _ numbers: Tensor<Double>) { self.init(name, .numbers(numbers)) }

    /// A column of texts; `nil` stands for what is missing.
    public init(_ name: String, _ texts: [String?]) { self.init(name, .categories(Categories(texts))) }
  }

  /// What a column can hold.
  public enum Values: Sendable, Equatable {
    /// Shape (rows); NaN stands for what is missing.
    case numbers(Tensor<Double>)
    /// Texts of which several rows may have the same.
    case categories(Categories)

    /// The number of rows.
    public var count: Int {
      switch self {
      case .numbers(let numbers): numbers.count
      case .categories(let categories): categories.codes.count
      }
    }
  }

  /// The columns, from the first to the last.
  public let columns: [Column]
  /// The number of rows.
  public let rowCount: Int

  /// A table of these columns.
  ///
  /// - Precondition: the columns are equally long, numbers have one axis, and no two names are the same.
  public init(_ columns: [Column]) {
    let rows = columns.first?.values.count ?? 0
    var names: Set<String> = []
    for column in columns {
      require(names.insert(column.name).inserted, "Table: two columns have the name \"\(column.name)\"")
      let count = column.values.count
      require(count == rows, "Table: columns of \(rows) and \(count) rows make no table")
      if case .numbers(let numbers) = column.values {
        require(numbers.rank == 1, "Table: a column cannot have the shape \(numbers.shape)")
      }
    }
    (self.columns, rowCount) = (columns, rows)
  }

  /// - Precondition: columns of `rowCount` rows each, as ``init(_:)`` has them; there may be none.
  init(_ columns: [Column], rowCount: Int) { (self.columns, self.rowCount) = (columns, rowCount) }

  /// The names of the columns.
  public var columnNames: [String] { columns.map(\.name) }
}

/// Texts as numbers: the different ones, and which of them each row has.
public struct Categories: Sendable, Equatable {
  /// The place among ``names`` of each row's text, or ``missingCode``.
  public let codes: [Int32]
  /// The different texts, in the order of their bytes in UTF-8.
  public let names: [String]

  /// The code of a row that has no text: -1, as pandas has it.
  public static let missingCode: Int32 = -1

  /// The categories of some texts; `nil` stands for what is missing.
  ///
  /// - Complexity: O(*n* log *n*).
  public init(_ texts: [String?]) {
    var codeOfText: [String: Int32] = [:]
    var names: [String] = []
    let codes = texts.map { text -> Int32 in
      guard let text else { return Categories.missingCode }
      if let code = codeOfText[text] { return code }
      codeOfText[text] = Int32(names.count)
      names.append(text)
      return Int32(names.count - 1)
    }
    self.init(codes, unordered: names)
  }

  /// - Precondition: codes are ``missingCode`` or places among the names.
  init(_ codes: [Int32], unordered names: [String]) {
    let order = names.indices.sorted { names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) }
    var (ordered, codeOfName): ([String], [String: Int32]) = ([], [:])
    var newCodes = [Int32](repeating: 0, count: names.count)
    for place in order {
      // Two ways to write the same characters are one text to Swift.
      if let code = codeOfName[names[place]] {
        newCodes[place] = code
      } else {
        newCodes[place] = Int32(ordered.count)
        codeOfName[names[place]] = Int32(ordered.count)
        ordered.append(names[place])
      }
    }
    self.names = ordered
    self.codes = codes.map { $0 < 0 ? Categories.missingCode : newCodes[Int($0)] }
  }

  /// The number of rows.
  public var count: Int { codes.count }

  /// The text of a row; `nil` when it is missing.
  ///
  /// - Precondition: there is such a row.
  public subscript(row: Int) -> String? {
    let code = codes[row]
    return code < 0 ? nil : names[Int(code)]
  }
}
