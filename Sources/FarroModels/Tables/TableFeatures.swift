import Farro
import FarroData

/// What columns of a table become for a model that takes numbers.
public enum TableEncoding: String, Codable, Sendable, CaseIterable {
  /// Numbers are brought to mean 0 and deviation 1, a missing one is the median; each category is a column of 0 and 1.
  case scaled
  /// Numbers are as they are, a missing one is the median; each category is a column of 0 and 1.
  case plain
  /// Numbers are as they are, categories are their numbers, and NaN is what is missing: for trees that know of both.
  case codes
}

/// Makes a matrix of a table whose columns it need not be told of: of each, whether it holds numbers or categories shows what
/// becomes of it.
///
/// ```swift
/// let features = try TableFeatures(.scaled).fit(table.dropping(["species"]))
/// let x = try features.transform(others)
/// print(features.featureNames)
/// ```
///
/// Columns are known by their names: of a table with more of them, or in another order, those that were learned are taken. A
/// category that was not learned is 0 in all columns of its own, or missing as a code. To choose what becomes of each column, see
/// ``ColumnTransformer``.
public struct TableFeatures: Estimator, Hashable {
  /// What columns become.
  public var encoding: TableEncoding

  public init(_ encoding: TableEncoding = .scaled) { self.encoding = encoding }

  /// - Throws: ``ModelError`` for no rows or no columns, and for an infinite number.
  /// - Complexity: O(elements).
  public func fit(_ x: Table) throws -> TableFeaturesModel {
    guard !x.columns.isEmpty else { throw ModelError.parameter(name: "columns", reason: "there is none to learn from") }
    guard encoding != .codes else { return TableFeaturesModel(codes: try TableEncoder().fit(x)) }
    let (numbers, categories) = (x.names(areNumbers: true), x.names(areNumbers: false))
    let scaler = StandardScaler<Tensor<Double>>(withMean: encoding == .scaled, withStd: encoding == .scaled)
    let columns = ColumnTransformer(
      SimpleImputer<Tensor<Double>>(strategy: .median, keepEmptyFeatures: true).then(scaler).on(numbers),
      OneHotEncoder<Table, Tensor<Double>>(handleUnknown: .ignore, output: Tensor<Double>.self).on(categories),
      input: Table.self,
      output: Tensor<Double>.self
    )
    return TableFeaturesModel(columns: try columns.fit(x), numbers: numbers, categories: categories)
  }
}

extension Table {
  fileprivate func names(areNumbers: Bool) -> [String] {
    columns.filter { column in
      if case .numbers = column.values { areNumbers } else { !areNumbers }
    }
    .map(\.name)
  }
}

/// What ``TableFeatures`` has learned.
public struct TableFeaturesModel: Transformer, Codable, Sendable {
  typealias Columns = ColumnTransformerModel<
    Table, Tensor<Double>,
    ModelOnColumns<PipelineModel<SimpleImputerModel<Tensor<Double>>, StandardScalerModel<Tensor<Double>>>>,
    ModelOnColumns<OneHotEncoderModel<Table, Tensor<Double>>>
  >

  /// The columns of numbers that it has learned from.
  public let numbers: [String]
  /// The columns of categories.
  public let categories: [String]
  private let columns: Columns?
  private let codes: TableEncoderModel<Double>?

  fileprivate init(columns: Columns, numbers: [String], categories: [String]) {
    (self.columns, codes) = (columns, nil)
    (self.numbers, self.categories) = (numbers, categories)
  }

  fileprivate init(codes: TableEncoderModel<Double>) {
    (columns, self.codes) = (nil, codes)
    let places = Set(codes.categoricalColumns)
    numbers = codes.columnNames.indices.filter { !places.contains($0) }.map { codes.columnNames[$0] }
    categories = codes.columnNames.indices.filter { places.contains($0) }.map { codes.columnNames[$0] }
  }

  /// The names of the columns that it makes.
  public var featureNames: [String] { columns?.featureNames(in: nil) ?? codes?.columnNames ?? [] }
  /// Those that hold the numbers of categories.
  public var categoricalColumns: [Int] { codes?.categoricalColumns ?? [] }

  /// The table as a matrix. Shape (rows, ``featureNames``.count).
  ///
  /// - Throws: ``ModelError`` for a column that is missing, or an infinite number; `TableError` for texts where numbers were.
  /// - Complexity: O(elements).
  public func transform(_ x: Table) throws -> Tensor<Double> {
    if let columns { return try columns.transform(x) }
    return try codes!.transform(x)
  }

  /// What is wrong with what was read from a file.
  var flaw: String? {
    guard (columns == nil) != (codes == nil) else { return "columns are encoded in none of two ways, or in both" }
    if let flaw = columns?.flaw ?? codes?.flaw { return flaw }
    let known = codes.map { TableFeaturesModel(codes: $0) }
    if let known, known.numbers != numbers || known.categories != categories { return "the columns' names do not fit" }
    if let columns {
      let (first, second) = (columns.models.0.columns, columns.models.1.columns)
      guard first == numbers.map({ .name($0) }), second == categories.map({ .name($0) }) else {
        return "the columns' names do not fit"
      }
      if let pipeline = columns.models.0.model {
        guard pipeline.first.flaw == nil, pipeline.first.statistics.count == numbers.count,
          pipeline.last.moments.mean.count == numbers.count
        else { return "the columns' numbers do not fit" }
      }
    }
    return nil
  }
}
