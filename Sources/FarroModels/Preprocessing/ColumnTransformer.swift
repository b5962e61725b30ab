import Farro
import FarroData

/// A step of a ``ColumnTransformer``: what `on` makes of an estimator.
public protocol ColumnStep: Codable, Sendable {
  /// What fitting makes.
  associatedtype Model: FittedColumns

  /// A model of the columns of these rows.
  func fit(columnsOf source: some ColumnSource) throws -> Model
  /// The columns that it takes.
  var columns: [ColumnKey] { get }
}

/// What a ``ColumnStep`` has learned.
public protocol FittedColumns: Codable, Sendable {
  /// The columns that it makes.
  func transform(columnsOf source: some ColumnSource) throws -> any MatrixRows
  /// What they are called.
  func featureNames(in columns: [String]) -> [String]
  /// What is wrong with what was read from a file.
  var flaw: String? { get }
}

/// An estimator and the columns that it learns from.
public struct StepOnColumns<Step: Estimator>: ColumnStep
where
  Step.Input: ColumnInput, Step.Model: Transformer & Codable, Step.Model.Input == Step.Input,
  Step.Model.Output: MatrixRows
{
  /// The estimator.
  public var step: Step
  /// The columns.
  public var columns: [ColumnKey]

  public func fit(columnsOf source: some ColumnSource) throws -> ModelOnColumns<Step.Model> {
    let places = try source.places(of: columns)
    guard !places.isEmpty else { return ModelOnColumns(columns: [], model: nil) }
    return ModelOnColumns(columns: columns, model: try step.fit(Step.Input(columns: places, of: source)))
  }
}

extension StepOnColumns: Equatable where Step: Equatable {}

extension Estimator
where Input: ColumnInput, Model: Transformer & Codable, Model.Input == Input, Model.Output: MatrixRows {
  /// This step, for some columns of a table or of a matrix.
  public func on(_ columns: ColumnKey...) -> StepOnColumns<Self> { StepOnColumns(step: self, columns: columns) }

  /// This step, for the columns of these names.
  public func on(_ names: [String]) -> StepOnColumns<Self> {
    StepOnColumns(step: self, columns: names.map { .name($0) })
  }

  /// This step, for the columns of these numbers.
  public func on(_ numbers: some Sequence<Int>) -> StepOnColumns<Self> {
    StepOnColumns(step: self, columns: numbers.map { .index($0) })
  }
}

/// A model and the columns that it has learned from.
public struct ModelOnColumns<Model: Transformer & Codable>: FittedColumns
where Model.Input: ColumnInput, Model.Output: MatrixRows {
  /// The columns.
  public let columns: [ColumnKey]
  /// The model; nil for no columns, which nothing can be learned from.
  public let model: Model?

  public func transform(columnsOf source: some ColumnSource) throws -> any MatrixRows {
    let places = try source.places(of: columns)
    guard let model else { return Tensor<Float>(zeros: [source.rowCount, 0]) }
    return try model.transform(Model.Input(columns: places, of: source))
  }

  public func featureNames(in columns: [String]) -> [String] {
    let names = self.columns.map { key in
      switch key {
      case .name(let name): name
      case .index(let index): index < columns.count ? columns[index] : "x\(index)"
      }
    }
    return (model as? any FeatureNaming)?.featureNames(in: names) ?? names
  }

  public var flaw: String? {
    if (model == nil) != columns.isEmpty { return "columns and what was learned of them do not fit" }
    return (model as? any StorableModel)?.flaw
  }
}

extension ModelOnColumns: Equatable where Model: Equatable {}

/// What becomes of columns that no step takes.
public enum RemainingColumns: String, Codable, Sendable, CaseIterable {
  /// They are left out.
  case drop
  /// They follow as they are; they must be numbers.
  case passthrough
}

/// Different steps for different columns, whose results are joined side by side.
///
/// ```swift
/// let columns = ColumnTransformer(
///   SimpleImputer<Tensor<Double>>().then(StandardScaler()).on("mass", "length"),
///   OneHotEncoder<Table, _>(handleUnknown: .ignore).on("species")
/// )
/// let x = try columns.fit(table).transform(table)   // a Tensor<Double>
/// ```
///
/// It takes tables, tensors and sparse matrices, of which columns are named or numbered. Each step gets them in the form that it
/// takes: a table, numbers, or the texts of one column. The results are joined as a `Tensor<Double>`, or as what is asked for:
/// `output: CSRMatrix<Float>.self`. (scikit-learn chooses between dense and sparse when it runs, by the part of zeros; here the
/// form is part of the type, so that a pipeline can be checked.) A step on no columns makes none.
public struct ColumnTransformer<Input: ColumnSource, Output: MatrixRows, each Step: ColumnStep>: Sendable {
  /// The steps, in the order of their columns.
  public var steps: (repeat each Step)
  /// What becomes of columns that no step takes.
  public var remainder: RemainingColumns

  public init(
    _ steps: repeat each Step,
    remainder: RemainingColumns = .drop,
    input: Input.Type = Table.self,
    output: Output.Type = Tensor<Double>.self
  ) {
    self.steps = (repeat each steps)
    self.remainder = remainder
  }
}

extension ColumnTransformer: Estimator {
  /// What each step learns from its columns.
  ///
  /// - Throws: ``ModelError/missingColumn(_:reason:)``, and what the steps throw.
  /// - Complexity: That of the steps.
  public func fit(_ x: Input) throws -> ColumnTransformerModel<Input, Output, repeat (each Step).Model> {
    var taken: Set<Int> = []
    for step in repeat each steps { taken.formUnion(try x.places(of: step.columns)) }
    let others = (0..<x.columnCount).filter { remainder == .passthrough && !taken.contains($0) }
    _ = try x.numbers(ofColumns: others, as: Float.self)
    return ColumnTransformerModel(
      columnNames: x.namesOfColumns,
      columnCount: x.columnCount,
      models: (repeat try (each steps).fit(columnsOf: x)),
      others: others.map { column in x.namesOfColumns.map { .name($0[column]) } ?? .index(column) }
    )
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ColumnTransformerKeys.self)
    remainder = try container.decode(RemainingColumns.self, forKey: .remainder)
    var values = try container.nestedUnkeyedContainer(forKey: .steps)
    steps = (repeat try values.decode((each Step).self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ColumnTransformerKeys.self)
    try container.encode(remainder, forKey: .remainder)
    var values = container.nestedUnkeyedContainer(forKey: .steps)
    repeat try values.encode(each steps)
  }
}

private enum ColumnTransformerKeys: CodingKey { case steps, remainder, columnNames, columnCount, models, others }

/// What the steps of a ``ColumnTransformer`` have learned.
public struct ColumnTransformerModel<Input: ColumnSource, Output: MatrixRows, each Model: FittedColumns>: Transformer {
  /// The names of the columns that it was fitted with.
  let columnNames: [String]?
  let columnCount: Int
  /// What each step has learned.
  public let models: (repeat each Model)
  /// The columns that no step takes, and that are kept.
  let others: [ColumnKey]

  /// The columns that the steps make, side by side.
  ///
  /// - Throws: ``ModelError/missingColumn(_:reason:)``, and what the steps throw. Columns that have names may be in another order, and
  ///   there may be more of them; of others there must be as many as there were.
  /// - Complexity: That of the steps, and O(elements of the result).
  public func transform(_ x: Input) throws -> Output {
    if x.namesOfColumns == nil, x.columnCount != columnCount {
      throw ModelError.columns(x.columnCount, expected: columnCount)
    }
    var parts: [any MatrixRows] = []
    for model in repeat each models { parts.append(try model.transform(columnsOf: x)) }
    if !others.isEmpty { parts.append(try Tensor<Output.Scalar>(columns: x.places(of: others), of: x)) }
    return Output(joining: parts, rowCount: x.rowCount)
  }
}

extension ColumnTransformerModel: FeatureNaming {
  /// The names of the columns that it makes. Those that it takes are called as in the table that it was fitted with.
  public func featureNames(in columns: [String]?) -> [String] {
    let columns = columns ?? columnNames ?? (0..<columnCount).map { "x\($0)" }
    var names: [String] = []
    for model in repeat each models { names += model.featureNames(in: columns) }
    return names
      + others.map { key in
        switch key {
        case .name(let name): name
        case .index(let index): index < columns.count ? columns[index] : "x\(index)"
        }
      }
  }
}

extension ColumnTransformerModel: StorableModel {
  public static var fileKind: String { "column transformer" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    for model in repeat each models {
      if let flaw = model.flaw { return flaw }
    }
    return columnCount >= 0 && (columnNames == nil || columnNames?.count == columnCount) ? nil : "names do not fit"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ColumnTransformerKeys.self)
    columnNames = try container.decodeIfPresent([String].self, forKey: .columnNames)
    columnCount = try container.decode(Int.self, forKey: .columnCount)
    others = try container.decode([ColumnKey].self, forKey: .others)
    var values = try container.nestedUnkeyedContainer(forKey: .models)
    models = (repeat try values.decode((each Model).self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: ColumnTransformerKeys.self)
    try container.encodeIfPresent(columnNames, forKey: .columnNames)
    try container.encode(columnCount, forKey: .columnCount)
    try container.encode(others, forKey: .others)
    var values = container.nestedUnkeyedContainer(forKey: .models)
    repeat try values.encode(each models)
  }
}
