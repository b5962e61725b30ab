import Farro

// Columns of a table, chosen by their names.

extension Table {
  /// The column of that name.
  ///
  /// - Throws: ``TableError`` when there is none.
  /// - Complexity: O(columns).
  public func column(_ name: String) throws(TableError) -> Column {
    guard let column = columns.first(where: { $0.name == name }) else {
      throw .missingColumn(name, columns: columnNames)
    }
    return column
  }

  /// The numbers of a column. Shape (rows); NaN where one is missing.
  ///
  /// - Throws: ``TableError`` when there is no such column, or it has texts.
  /// - Complexity: O(columns).
  public func numbers(of name: String) throws(TableError) -> Tensor<Double> {
    guard case .numbers(let numbers) = try column(name).values else { throw .notNumbers(name) }
    return numbers
  }

  /// The categories of a column. Those of a column of numbers are the different ones, in ascending order.
  ///
  /// - Throws: ``TableError`` when there is no such column.
  /// - Complexity: O(columns); of numbers, O(*n* log *n*) for *n* rows.
  public func categories(of name: String) throws(TableError) -> Categories {
    switch try column(name).values {
    case .categories(let categories): categories
    case .numbers(let numbers): Categories(numbers)
    }
  }

  /// The columns of these names, in this order.
  ///
  /// - Precondition: no name is given twice.
  /// - Throws: ``TableError`` when there is no such column.
  /// - Complexity: O(columns).
  public func selecting(_ names: [String]) throws(TableError) -> Table {
    let places = try places(names)
    return Table(places.map { columns[$0] })
  }

  /// The columns of all other names.
  ///
  /// - Throws: ``TableError`` when there is no such column.
  /// - Complexity: O(columns).
  public func dropping(_ names: [String]) throws(TableError) -> Table {
    let dropped = Set(try places(names))
    return Table(columns.indices.filter { !dropped.contains($0) }.map { columns[$0] })
  }

  private func places(_ names: [String]) throws(TableError) -> [Int] {
    let placeOfName = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) })
    var places: [Int] = []
    for name in names {
      guard let place = placeOfName[name] else { throw .missingColumn(name, columns: columnNames) }
      places.append(place)
    }
    return places
  }

  /// All columns as a matrix of shape (rows, columns), each number rounded to the nearest; NaN stands for what is missing.
  ///
  /// - Parameters:
  ///   - as: The type of the elements.
  ///   - categoriesAsCodes: Whether categories become their codes, which are no quantities: trees can use them. Else they are
  ///     refused.
  /// - Throws: ``TableError`` for a column of categories.
  /// - Complexity: O(rows columns).
  public func tensor<Scalar: KernelScalar>(
    as: Scalar.Type = Scalar.self,
    categoriesAsCodes: Bool = false
  ) throws(TableError) -> Tensor<Scalar> {
    var result = Tensor<Scalar>(zeros: [rowCount, columns.count])
    for (place, column) in columns.enumerated() {
      switch column.values {
      case .numbers(let numbers):
        numbers.withUnsafeBufferPointer { numbers in result.setColumn(place) { Scalar(numbers[$0]) } }
      case .categories(let categories):
        guard categoriesAsCodes else { throw .notNumbers(column.name) }
        let codes = categories.codes
        result.setColumn(place) { codes[$0] < 0 ? .nan : Scalar(codes[$0]) }
      }
    }
    return result
  }
}

extension Tensor {
  @inline(__always)
  fileprivate mutating func setColumn(_ column: Int, _ value: (Int) -> Scalar) {
    let (rows, columns) = (shape[0], shape[1])
    withUnsafeMutableBufferPointer { elements in
      for row in 0..<rows { elements[row * columns + column] = value(row) }
    }
  }
}

extension Categories {
  /// The different numbers as texts, those that are whole without a point; NaN is what is missing.
  ///
  /// - Complexity: O(*n* log *n*).
  public init(_ numbers: Tensor<Double>) {
    // Of 0 and -0, 0.
    let different = Set(numbers.scalars.filter { !$0.isNaN }.map { $0 + 0 }).sorted()
    let codeOfNumber = Dictionary(uniqueKeysWithValues: different.enumerated().map { ($1, Int32($0)) })
    codes = numbers.scalars.map { codeOfNumber[$0] ?? Categories.missingCode }
    names = different.map(shortText)
  }
}

/// As few digits as tell the number from all others, and none after the point of a whole one.
func shortText(_ number: Double) -> String {
  // -0 has no whole number of its own.
  let isWhole = number == number.rounded() && abs(number) < 1e15 && !(number == 0 && number.sign == .minus)
  return isWhole ? "\(Int(number))" : "\(number)"
}

/// A table has not what was asked for.
public enum TableError: Error, Hashable, Sendable {
  /// There is no such column; those that there are.
  case missingColumn(String, columns: [String])
  /// The column has texts, where numbers are needed.
  case notNumbers(String)
}

extension TableError: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .missingColumn(let name, let columns): "\(CSVError.Problem.missingColumn(name, columns: columns))"
    case .notNumbers(let name): "the column \(quoted(name)) has texts, and must have numbers: encode it, or drop it"
    }
  }
}
