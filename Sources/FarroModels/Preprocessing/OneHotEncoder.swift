import Farro
import FarroData

/// What an encoder makes of a category that it has not learned.
public enum UnknownCategory: String, Codable, Sendable, CaseIterable {
  /// An error.
  case error
  /// Zeros in all columns.
  case ignore
  /// The column of rare categories; zeros where there is none.
  case infrequentIfExist = "infrequent_if_exist"
}

/// Which category of a column gets no column of its own.
public enum DroppedCategory: Hashable, Codable, Sendable {
  /// None.
  case none
  /// The first of each column.
  case first
  /// The first of those columns that have two.
  case ifBinary
  /// This one of each column.
  case given([Category])
}

/// Makes a column of zeros and ones for each category of each column.
///
/// ```swift
/// let table = Table([Table.Column("city", ["Ulm", "Bonn", "Ulm", nil])])
/// let encoder = try OneHotEncoder(handleUnknown: .ignore).fit(table)
/// print(encoder.featureNames(in: ["city"]))  // city_Bonn, city_Ulm, city_nan
/// let x = try encoder.transform(table)       // a CSRMatrix<Double>
/// ```
///
/// It takes tables, and tensors, whose NaN is a category of its own as a table's missing texts are: the last one. What it makes is
/// sparse, or dense when a tensor is asked for: `OneHotEncoder(output: Tensor<Float>.self)`. Names and defaults are those of
/// scikit-learn's `OneHotEncoder`. The column of rare categories is called `x0_infrequent`.
public struct OneHotEncoder<Input: CategoricalRows, Output: MatrixRows>: Estimator, Hashable {
  /// The categories of each column.
  public var categories: CategoryChoice
  /// Which get no column: models without a unique answer on columns that add up to 1 need that.
  public var drop: DroppedCategory
  /// What a category becomes that was not learned.
  public var handleUnknown: UnknownCategory
  /// Categories of fewer rows share a column.
  public var minFrequency: RowShare?
  /// The most columns that become of one; the rarest categories share one of them.
  public var maxCategories: Int?

  public init(
    categories: CategoryChoice = .automatic,
    drop: DroppedCategory = .none,
    handleUnknown: UnknownCategory = .error,
    minFrequency: RowShare? = nil,
    maxCategories: Int? = nil,
    output: Output.Type = CSRMatrix<Double>.self
  ) {
    (self.categories, self.drop, self.handleUnknown) = (categories, drop, handleUnknown)
    (self.minFrequency, self.maxCategories) = (minFrequency, maxCategories)
  }

  /// The categories of these rows.
  ///
  /// - Throws: ``ModelError`` for no rows, an infinite number, parameters that do not fit, a category that was not given, unless
  ///   unknown ones may occur.
  /// - Complexity: O(elements) for few categories.
  public func fit(_ x: Input) throws -> OneHotEncoderModel<Input, Output> {
    let learned = try LearnedCategories(
      x,
      categories,
      minFrequency: minFrequency,
      maxCategories: maxCategories,
      allowsUnknown: handleUnknown != .error
    )
    return OneHotEncoderModel(learned, dropped: try dropped(learned), handleUnknown)
  }

  /// The group of each column that is dropped, -1 for none.
  private func dropped(_ learned: LearnedCategories) throws(ModelError) -> [Int32] {
    switch drop {
    case .none: return learned.groupCounts.map { _ in -1 }
    case .first: return learned.groupCounts.map { _ in 0 }
    case .ifBinary: return learned.groupCounts.map { $0 == 2 ? 0 : -1 }
    case .given(let given):
      guard given.count == learned.columnCount else {
        throw .parameter(
          name: "drop",
          reason: "there must be one of \(learned.columnCount) columns, not \(given.count)"
        )
      }
      var groups: [Int32] = []
      for (column, category) in given.enumerated() {
        guard let place = learned.categories[column].firstIndex(of: category) else {
          throw .parameter(name: "drop", reason: "\(category) is no category of column \(column)")
        }
        let group = learned.groups[column][place]
        guard !(learned.hasRare[column] && Int(group) == learned.groupCounts[column] - 1) else {
          throw .parameter(name: "drop", reason: "\(category) of column \(column) is one of the rare categories")
        }
        groups.append(group)
      }
      return groups
    }
  }
}

/// What ``OneHotEncoder`` has learned.
public struct OneHotEncoderModel<Input: CategoricalRows, Output: MatrixRows>: Transformer, FeatureNaming, Equatable,
  Codable
{
  private let learned: LearnedCategories
  /// Of each column, the group that has no column of its own; -1 where each has one.
  private let dropped: [Int32]
  private let handleUnknown: UnknownCategory

  init(_ learned: LearnedCategories, dropped: [Int32], _ handleUnknown: UnknownCategory) {
    (self.learned, self.dropped, self.handleUnknown) = (learned, dropped, handleUnknown)
  }

  /// The categories of each column.
  public var categories: [[Category]] { learned.categories }

  /// Those categories of each column that share one column, as they are rare.
  public var infrequentCategories: [[Category]] {
    (0..<learned.columnCount).map { column in
      guard learned.hasRare[column] else { return [] }
      let last = Int32(learned.groupCounts[column] - 1)
      return zip(learned.categories[column], learned.groups[column]).filter { $1 == last }.map { $0.0 }
    }
  }

  /// How many columns become of each column.
  private var widths: [Int] { zip(learned.groupCounts, dropped).map { $0 - ($1 >= 0 ? 1 : 0) } }

  /// Of each column, the new column of each category, and last that of an unknown one; -1 for none.
  private var targets: [[Int32]] {
    var first: Int32 = 0
    return (0..<learned.columnCount).map { column in
      let dropped = dropped[column]
      func target(_ group: Int32) -> Int32 {
        group == dropped ? -1 : first + group - (dropped >= 0 && group > dropped ? 1 : 0)
      }
      let hasPlace = handleUnknown == .infrequentIfExist && learned.hasRare[column]
      let unknown = hasPlace ? target(Int32(learned.groupCounts[column] - 1)) : -1
      defer { first += Int32(widths[column]) }
      return learned.groups[column].map(target) + [unknown]
    }
  }

  /// Zeros, and a 1 in the column of each category.
  ///
  /// - Throws: ``ModelError`` for other columns, an infinite number, and a category that was not learned, unless such are ignored.
  /// - Complexity: O(elements) for few categories; a dense result, O(its elements).
  public func transform(_ x: Input) throws -> Output {
    guard x.columnCount == learned.columnCount else {
      throw ModelError.columns(x.columnCount, expected: learned.columnCount)
    }
    let targets = targets
    let columns = try (0..<learned.columnCount).map { column in
      let places = try learned.places(x, column, allowsUnknown: handleUnknown != .error)
      let (target, unknown) = (targets[column], targets[column].count - 1)
      return places.map { target[$0 < 0 ? unknown : Int($0)] }
    }
    var (offsets, indices): ([Int64], [Int32]) = ([0], [])
    offsets.reserveCapacity(x.rowCount + 1)
    indices.reserveCapacity(x.rowCount * columns.count)
    for row in 0..<x.rowCount {
      for column in columns where column[row] >= 0 { indices.append(column[row]) }
      offsets.append(Int64(indices.count))
    }
    let ones = [Output.Scalar](repeating: 1, count: indices.count)
    return Output(csr: CSRMatrix(unchecked: x.rowCount, widths.reduce(0, +), offsets, indices, ones))
  }

  /// The categories that rows were made of, those of each row together; ``Category/missing`` where no column tells, and the
  /// first of the rare ones where these share a column.
  ///
  /// - Throws: ``ModelError`` for other columns than it makes.
  /// - Complexity: O(elements).
  public func inverseTransform(_ x: Output) throws -> [[Category]] {
    try x.check(columns: widths.reduce(0, +))
    let x = x.sparseRows(as: Output.Scalar.self)
    // Of each new column, which column it belongs to and its first category.
    var meanings: [(column: Int, category: Category)] = widths.flatMap {
      [(column: Int, category: Category)](repeating: (0, .missing), count: $0)
    }
    var otherwise = [Category](repeating: .missing, count: learned.columnCount)
    for (column, target) in targets.enumerated() {
      for (category, place) in zip(learned.categories[column], target).reversed() {
        if place >= 0 { meanings[Int(place)] = (column, category) } else { otherwise[column] = category }
      }
    }
    return (0..<x.rows).map { row in
      var result = otherwise
      for place in x.elementsOfRow(row) where x.values[place] != 0 {
        let meaning = meanings[Int(x.indices[place])]
        result[meaning.column] = meaning.category
      }
      return result
    }
  }

  public func featureNames(in columns: [String]?) -> [String] {
    zip(columnNames(columns, learned.columnCount), 0...).flatMap { name, column in
      let groups = learned.groups[column]
      return (0..<Int32(learned.groupCounts[column])).filter { $0 != dropped[column] }.map { group in
        let isRare = learned.hasRare[column] && Int(group) == learned.groupCounts[column] - 1
        return isRare ? "\(name)_infrequent" : "\(name)_\(learned.categories[column][groups.firstIndex(of: group)!])"
      }
    }
  }
}

extension OneHotEncoderModel: StorableModel {
  public static var fileKind: String { "one-hot encoder" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    if let flaw = learned.flaw { return flaw }
    guard dropped.count == learned.columnCount,
      zip(dropped, learned.groupCounts).allSatisfy({ -1 <= $0 && Int($0) < max($1, 0) })
    else { return "a category that is dropped is none" }
    return nil
  }
}
