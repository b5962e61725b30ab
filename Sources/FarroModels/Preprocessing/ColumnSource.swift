import Farro
import FarroData

/// A column by its name, or by its number from 0 on: `"city"`, `3`.
public enum ColumnKey: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  /// The column of this name.
  case name(String)
  /// The column of this number.
  case index(Int)

  public init(stringLiteral name: String) { self = .name(name) }
  public init(integerLiteral index: Int) { self = .index(index) }
}

/// A text, or a number.
extension ColumnKey: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(String.self) {
      self = .name(name)
    } else {
      self = .index(try container.decode(Int.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .name(let name): try container.encode(name)
    case .index(let index): try container.encode(index)
    }
  }
}

/// Rows of which columns can be chosen: `Table`, `Tensor` and `CSRMatrix`.
public protocol ColumnSource: Rows {
  /// How many columns there are.
  var columnCount: Int { get }
  /// What the columns are called, if they have names.
  var namesOfColumns: [String]? { get }
  /// The columns of these numbers, as a table. What has no names is called x0, x1, and so on, by the columns' numbers.
  func table(ofColumns columns: [Int]) throws -> Table
  /// The columns of these numbers, dense.
  ///
  /// - Throws: `TableError` for a column of texts.
  func numbers<Scalar: KernelScalar>(ofColumns columns: [Int], as: Scalar.Type) throws -> Tensor<Scalar>
  /// The columns of these numbers, sparse.
  ///
  /// - Throws: `TableError` for a column of texts.
  func sparseNumbers<Scalar: KernelScalar>(ofColumns columns: [Int], as: Scalar.Type) throws -> CSRMatrix<Scalar>
}

extension ColumnSource {
  /// The numbers of the columns that keys name.
  ///
  /// - Throws: ``ModelError/missingColumn(_:reason:)``; ``ModelError/parameter(name:reason:)`` for a column that is named twice.
  func places(of keys: [ColumnKey]) throws(ModelError) -> [Int] {
    var places: [Int] = []
    for key in keys {
      switch key {
      case .name(let name):
        guard let place = namesOfColumns?.firstIndex(of: name) else {
          let names = namesOfColumns.map { "the columns are \($0.joined(separator: ", "))" }
          throw .missingColumn("\"\(name)\"", reason: names ?? "the columns have no names, but numbers from 0")
        }
        places.append(place)
      case .index(let index):
        guard 0..<columnCount ~= index else {
          throw .missingColumn("\(index)", reason: "there are \(columnCount), the first of which is 0")
        }
        places.append(index)
      }
    }
    guard Set(places).count == places.count else {
      throw .parameter(name: "columns", reason: "one of \(places.count) is named twice")
    }
    return places
  }
}

extension Table: ColumnSource {
  public func table(ofColumns columns: [Int]) throws -> Table { try selecting(columns.map { self.columns[$0].name }) }

  public func numbers<Scalar: KernelScalar>(ofColumns columns: [Int], as: Scalar.Type) throws -> Tensor<Scalar> {
    guard !columns.isEmpty else { return Tensor(zeros: [rowCount, 0]) }
    return try table(ofColumns: columns).tensor()
  }

  public func sparseNumbers<Scalar: KernelScalar>(ofColumns columns: [Int], as: Scalar.Type) throws -> CSRMatrix<Scalar>
  {
    CSRMatrix(try numbers(ofColumns: columns, as: Scalar.self))
  }
}

extension Tensor: ColumnSource where Scalar: KernelScalar {
  public func table(ofColumns columns: [Int]) throws -> Table {
    let x = try numbers(ofColumns: columns, as: Double.self)
    return Table(columns.enumerated().map { Table.Column("x\($1)", x.column($0)) })
  }

  public func numbers<Other: KernelScalar>(ofColumns columns: [Int], as: Other.Type) throws -> Tensor<Other> {
    guard rank == 2 else { throw ModelError.notRows(shape: shape) }
    let (rows, width, count) = (shape[0], shape[1], columns.count)
    var result = Tensor<Other>(zeros: [rows, count])
    result.withUnsafeMutableBufferPointer { result in
      withUnsafeBufferPointer { x in
        for row in 0..<rows {
          for (place, column) in columns.enumerated() { result[row * count + place] = Other(x[row * width + column]) }
        }
      }
    }
    return result
  }

  public func sparseNumbers<Other: KernelScalar>(ofColumns columns: [Int], as: Other.Type) throws -> CSRMatrix<Other> {
    CSRMatrix<Other>(try numbers(ofColumns: columns, as: Other.self))
  }

  fileprivate func column(_ column: Int) -> Tensor<Scalar> { Tensor((0..<shape[0]).map { self[$0, column] }) }
}

extension CSRMatrix: ColumnSource {
  public var namesOfColumns: [String]? { nil }

  public func table(ofColumns columns: [Int]) throws -> Table {
    try dense().table(ofColumns: columns)
  }

  public func numbers<Other: KernelScalar>(ofColumns columns: [Int], as: Other.Type) throws -> Tensor<Other> {
    try sparseNumbers(ofColumns: columns, as: Other.self).dense()
  }

  public func sparseNumbers<Other: KernelScalar>(ofColumns columns: [Int], as: Other.Type) throws -> CSRMatrix<Other> {
    // Columns are rows of the transposed matrix.
    transposed()[rows: columns].transposed().sparseRows(as: Other.self)
  }
}

/// What a step takes that is made of columns of other rows: `Table`, `Tensor`, `CSRMatrix`, and texts, which are those of one
/// column.
public protocol ColumnInput: Rows {
  /// The columns of these numbers.
  ///
  /// - Throws: `TableError` for texts where numbers are needed, ``ModelError`` for several columns where there can be one.
  init(columns: [Int], of source: some ColumnSource) throws
}

extension Table: ColumnInput {
  public init(columns: [Int], of source: some ColumnSource) throws { self = try source.table(ofColumns: columns) }
}

extension Tensor: ColumnInput where Scalar: KernelScalar {
  public init(columns: [Int], of source: some ColumnSource) throws {
    self = try source.numbers(ofColumns: columns, as: Scalar.self)
  }
}

extension CSRMatrix: ColumnInput {
  public init(columns: [Int], of source: some ColumnSource) throws {
    self = try source.sparseNumbers(ofColumns: columns, as: Scalar.self)
  }
}

extension Array: ColumnInput where Element == String {
  /// The texts of a column; what is missing is an empty text.
  public init(columns: [Int], of source: some ColumnSource) throws {
    guard columns.count == 1 else {
      throw ModelError.parameter(
        name: "columns",
        reason: "a step that takes texts needs one column, not \(columns.count)"
      )
    }
    let table = try source.table(ofColumns: columns)
    let categories = try table.categories(of: table.columnNames[0])
    self = categories.codes.map { $0 < 0 ? "" : categories.names[Int($0)] }
  }
}
