import Farro
import FarroData

/// Makes a matrix of a table, as trees take it: numbers as they are, categories as their numbers, and NaN for what is missing.
///
/// ```swift
/// let encoder = try TableEncoder().fit(table)
/// let x = try encoder.transform(table)         // a Tensor<Double> with NaN
/// print(encoder.categoricalColumns)            // which of its columns are categories
/// ```
///
/// A category that was not learned is missing: trees that know missing values know it, then.
public struct TableEncoder<Scalar: KernelScalar>: Estimator, Hashable {
  public init(as: Scalar.Type = Double.self) {}

  /// The categories of the columns of texts.
  ///
  /// - Throws: ``ModelError`` for no rows, and an infinite number.
  /// - Complexity: O(elements).
  public func fit(_ x: Table) throws -> TableEncoderModel<Scalar> {
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let names = try x.columns.indices.map { column -> [String]? in
      guard case .categories = x.columns[column].values else {
        if case .numbers(let numbers) = x.columns[column].values,
          let row = numbers.scalars.firstIndex(where: \.isInfinite)
        {
          throw ModelError.notFinite(row: row, column: column)
        }
        return nil
      }
      return try x.categoryCodes(column).categories.compactMap { category in
        if case .text(let text) = category { text } else { nil }
      }
    }
    return TableEncoderModel(columnNames: x.columnNames, categoryNames: names)
  }
}

/// What ``TableEncoder`` has learned.
public struct TableEncoderModel<Scalar: KernelScalar>: Transformer, FeatureNaming, Equatable, Codable {
  /// The names of the columns.
  public let columnNames: [String]
  /// The categories of each column, in the order of their numbers; nil for a column of numbers.
  public let categoryNames: [[String]?]

  init(columnNames: [String], categoryNames: [[String]?]) {
    (self.columnNames, self.categoryNames) = (columnNames, categoryNames)
  }

  /// The columns that are categories, by number.
  public var categoricalColumns: [Int] { categoryNames.indices.filter { categoryNames[$0] != nil } }

  /// The table as a matrix. Shape (rows, ``columnNames``.count).
  ///
  /// - Throws: ``ModelError/missingColumn(_:reason:)``; `TableError` for texts in what was a column of numbers.
  /// - Complexity: O(elements).
  public func transform(_ x: Table) throws -> Tensor<Scalar> {
    let columns = columnNames.count
    let places = try x.places(of: columnNames.map { .name($0) })
    var result = Tensor<Scalar>(zeros: [x.rowCount, columns])
    for (column, place) in places.enumerated() {
      let values: [Scalar]
      if let names = categoryNames[column] {
        let found = try x.categories(of: columnNames[column])
        let numbers = Dictionary(uniqueKeysWithValues: zip(names, 0...))
        let known = found.names.map { numbers[$0].map { Scalar($0) } ?? .nan }
        values = found.codes.map { $0 < 0 ? .nan : known[Int($0)] }
      } else {
        values = try x.numbers(of: x.columnNames[place]).scalars.map { Scalar($0) }
      }
      result.withUnsafeMutableBufferPointer { result in
        for (row, value) in values.enumerated() { result[row * columns + column] = value }
      }
    }
    if let position = result.scalars.firstIndex(where: \.isInfinite) {
      throw ModelError.notFinite(row: position / columns, column: position % columns)
    }
    return result
  }

  public func featureNames(in columns: [String]?) -> [String] { columns ?? columnNames }
}

extension TableEncoderModel: StorableModel {
  public static var fileKind: String { "table encoder of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard columnNames.count == categoryNames.count, Set(columnNames).count == columnNames.count else {
      return "the columns' names do not fit"
    }
    let areDifferent = categoryNames.allSatisfy { names in names.map { Set($0).count == $0.count } ?? true }
    return areDifferent ? nil : "a category is there twice"
  }
}
