import Farro
import FarroData

/// What stands in for what is missing.
public enum ImputationStrategy: Hashable, Codable, Sendable {
  /// The mean of the column.
  case mean
  /// The median of the column.
  case median
  /// The most frequent number of the column, of equally frequent ones the smallest.
  case mostFrequent
  /// This number.
  case constant(Double)
}

/// Puts a number in the place of each that is missing.
///
/// ```swift
/// let x = Tensor<Float>([[1, .nan], [3, 4], [.nan, 6]])
/// print(try SimpleImputer().fit(x).transform(x))  // [[1, 5], [3, 4], [2, 6]]
/// ```
///
/// Names and defaults are those of scikit-learn's `SimpleImputer`.
public struct SimpleImputer<Scalar: KernelScalar>: Estimator, Hashable {
  /// What the number comes from.
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

  /// The numbers that these rows give.
  ///
  /// - Parameter x: NaN is what is missing.
  /// - Throws: ``ModelError`` for no rows, an infinite number, and a constant that is none.
  /// - Complexity: O(elements).
  public func fit(_ x: Tensor<Scalar>) throws -> SimpleImputerModel<Scalar> {
    if case .constant(let number) = strategy, !number.isFinite {
      throw ModelError.parameter(name: "strategy", reason: "the constant must be a number, not \(number)")
    }
    try x.checkNotInfinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let ranges = columnRanges(x, skippingNaN: true)
    let isEmpty = ranges.minimum.map(\.isNaN)
    var statistics: [Double]
    switch strategy {
    case .mean: statistics = columnMoments(x, skippingNaN: true).mean
    case .median: statistics = columnQuantiles(x, [0.5], skippingNaN: true)[0]
    case .mostFrequent: statistics = try (0..<x.columnCount).map { try mostFrequent(x, $0) }
    case .constant(let number): statistics = isEmpty.map { _ in number }
    }
    let kept = isEmpty.indices.filter { keepEmptyFeatures || !isEmpty[$0] }
    for column in kept where statistics[column].isNaN { statistics[column] = 0 }
    // A sum holds NaN if an element does.
    let sums = x.sum(axis: 0).scalars
    let incomplete = addIndicator ? sums.indices.filter { sums[$0].isNaN } : []
    return SimpleImputerModel(
      columnCount: x.columnCount,
      kept: kept.map { Int32($0) },
      statistics: kept.map { statistics[$0] },
      indicated: incomplete.map { Int32($0) }
    )
  }

  private func mostFrequent(_ x: Tensor<Scalar>, _ column: Int) throws(ModelError) -> Double {
    let found = try x.categoryCodes(column)
    var best = (count: 0, number: Double.nan)
    for (category, count) in zip(found.categories, found.counts) where count > best.count {
      if case .number(let number) = category { best = (count, number) }
    }
    return best.number
  }
}

/// What ``SimpleImputer`` found.
public struct SimpleImputerModel<Scalar: KernelScalar>: Transformer, FeatureNaming, Equatable, Codable {
  private let columnCount: Int
  /// The columns that stay.
  private let kept: [Int32]
  /// What stands in for the missing elements of each column that stays.
  public let statistics: [Double]
  /// The columns that get an indicator.
  private let indicated: [Int32]

  init(columnCount: Int, kept: [Int32], statistics: [Double], indicated: [Int32]) {
    (self.columnCount, self.kept, self.statistics) = (columnCount, kept, statistics)
    self.indicated = indicated
  }

  /// The rows with numbers in place of what is missing; indicators follow.
  ///
  /// - Throws: ``ModelError`` for other columns, and an infinite number.
  /// - Complexity: O(elements).
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func transform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.checkNotInfinite()
    guard x.columnCount == columnCount else { throw ModelError.columns(x.columnCount, expected: columnCount) }
    let (rows, width) = (x.rowCount, kept.count + indicated.count)
    var result = kept.count == columnCount && indicated.isEmpty ? x : Tensor<Scalar>(zeros: [rows, width])
    let (kept, indicated, columnCount) = (kept.map { Int($0) }, indicated.map { Int($0) }, columnCount)
    let fill = statistics.map { Scalar($0) }
    result.withUnsafeMutableBufferPointer { result in
      x.withUnsafeBufferPointer { x in
        for row in 0..<rows {
          for (place, column) in kept.enumerated() {
            let element = x[row * columnCount + column]
            result[row * width + place] = element.isNaN ? fill[place] : element
          }
          for (place, column) in indicated.enumerated() {
            result[row * width + kept.count + place] = x[row * columnCount + column].isNaN ? 1 : 0
          }
        }
      }
    }
    return result
  }

  /// Columns that are left out have no names; an indicator is called `missing_indicator_` and the name of its column.
  public func featureNames(in columns: [String]?) -> [String] {
    let names = columnNames(columns, columnCount)
    return kept.map { names[Int($0)] } + indicated.map { "missing_indicator_\(names[Int($0)])" }
  }
}

extension SimpleImputerModel: StorableModel {
  public static var fileKind: String { "imputer of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard columnCount >= 0, kept.count == statistics.count else { return "numbers belong to other columns" }
    for columns in [kept, indicated] {
      guard columns.allSatisfy({ 0..<columnCount ~= Int($0) }),
        zip(columns, columns.dropFirst()).allSatisfy({ $0 < $1 })
      else { return "there is no such column" }
    }
    return statistics.allSatisfy(\.isFinite) ? nil : "a number is NaN or infinite"
  }
}

extension Tensor where Scalar: KernelScalar {
  /// - Throws: ``ModelError/notRows(shape:)`` for what is no matrix, ``ModelError/notFinite(row:column:)`` for the first element
  ///   that is infinite; NaN is missing.
  func checkNotInfinite() throws(ModelError) {
    guard rank == 2 else { throw .notRows(shape: shape) }
    guard count > 0 else { return }
    let ranges = columnRanges(self, skippingNaN: true)
    guard ranges.minimum.contains(-.infinity) || ranges.maximum.contains(.infinity) else { return }
    let position = scalars.firstIndex(where: { $0.isInfinite })!
    throw .notFinite(row: position / shape[1], column: position % shape[1])
  }
}
