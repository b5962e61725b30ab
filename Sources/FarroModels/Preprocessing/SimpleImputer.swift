import Farro
import FarroData

/// What stands in for what is missing.
public enum ImputationStrategy: Hashable, Codable, Sendable {
  /// The mean of the column.
  case mean
  /// The median of the column.
  case median
  /// The most frequent element of the column, of equally frequent ones the smallest.
  case mostFrequent
  /// This number, or, in columns of texts, this text.
  case constant(Category)
}

/// Puts a number, or a text, in the place of each that is missing.
///
/// ```swift
/// let x = Tensor<Float>([[1, .nan], [3, 4], [.nan, 6]])
/// print(try SimpleImputer().fit(x).transform(x))  // [[1, 5], [3, 4], [2, 6]]
/// let cities = Table([Table.Column("city", ["Ulm", nil, "Bonn", "Ulm"])])
/// print(try SimpleImputer(strategy: .mostFrequent).fit(cities).transform(cities))
/// ```
///
/// It takes dense rows and sparse ones, whose elements that are not stored are 0 and not missing, and tables, where texts may be
/// missing as well. Names and defaults are those of scikit-learn's `SimpleImputer`.
public struct SimpleImputer<Input: ImputableRows>: Estimator, Hashable {
  /// What the element comes from.
  public var strategy: ImputationStrategy
  /// Whether a column of zeros and ones is added behind the others for each that has missing elements when it is fitted: 1 where
  /// one was missing.
  public var addIndicator: Bool
  /// Whether columns stay of which all is missing, with 0, or the constant, in each row; otherwise they are left out.
  public var keepEmptyFeatures: Bool

  public init(
    strategy: ImputationStrategy = .mean,
    addIndicator: Bool = false,
    keepEmptyFeatures: Bool = false
  ) {
    (self.strategy, self.addIndicator, self.keepEmptyFeatures) = (strategy, addIndicator, keepEmptyFeatures)
  }

  /// The elements that these rows give.
  ///
  /// - Parameter x: NaN, or in a table an empty text, is what is missing.
  /// - Throws: ``ModelError`` for no rows, an infinite number, a constant that is none, and a strategy that a column of texts, or
  ///   of numbers, has no element of.
  /// - Complexity: O(elements); of sparse rows O(elements log elements) for medians and most frequent elements.
  public func fit(_ x: Input) throws -> SimpleImputerModel<Input> {
    try x.checkNotInfinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let isEmpty = try x.emptyColumns()
    let found = try x.statistics(strategy, isEmpty: isEmpty)
    let kept = isEmpty.indices.filter { keepEmptyFeatures || !isEmpty[$0] }
    return SimpleImputerModel(
      columnCount: x.columnCount,
      kept: kept.map { Int32($0) },
      statistics: kept.map { found[$0] },
      indicated: addIndicator ? x.incompleteColumns().map { Int32($0) } : []
    )
  }
}

/// What ``SimpleImputer`` found.
public struct SimpleImputerModel<Input: ImputableRows>: Transformer, FeatureNaming, Equatable, Codable {
  private let columnCount: Int
  /// The columns that stay.
  private let kept: [Int32]
  /// What stands in for the missing elements of each column that stays.
  public let statistics: [Input.Statistic]
  /// The columns that get an indicator.
  private let indicated: [Int32]

  init(columnCount: Int, kept: [Int32], statistics: [Input.Statistic], indicated: [Int32]) {
    (self.columnCount, self.kept, self.statistics) = (columnCount, kept, statistics)
    self.indicated = indicated
  }

  /// The rows with elements in place of what is missing; indicators follow.
  ///
  /// - Throws: ``ModelError`` for other columns, and an infinite number; `TableError` for texts where numbers were.
  /// - Complexity: O(elements).
  public func transform(_ x: Input) throws -> Input {
    try x.checkNotInfinite()
    guard x.columnCount == columnCount else { throw ModelError.columns(x.columnCount, expected: columnCount) }
    return try x.imputed(kept: kept.map { Int($0) }, statistics: statistics, indicated: indicated.map { Int($0) })
  }

  /// Columns that are left out have no names; an indicator is called `missing_indicator_` and the name of its column.
  public func featureNames(in columns: [String]?) -> [String] {
    let names = columnNames(columns, columnCount)
    return kept.map { names[Int($0)] } + indicated.map { indicatorName(names[Int($0)]) }
  }
}

func indicatorName(_ column: String) -> String { "missing_indicator_\(column)" }

extension SimpleImputerModel: StorableModel {
  public static var fileKind: String { "imputer of \(Input.kindOfElements)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard columnCount >= 0, kept.count == statistics.count else { return "elements belong to other columns" }
    for columns in [kept, indicated] {
      guard columns.allSatisfy({ 0..<columnCount ~= Int($0) }),
        zip(columns, columns.dropFirst()).allSatisfy({ $0 < $1 })
      else { return "there is no such column" }
    }
    return statistics.allSatisfy(Input.canStandIn) ? nil : "what stands in is itself missing, or infinite"
  }
}
