import ArgumentParser
import Farro
import FarroData
import FarroModels
import Foundation

/// What a file of data is, or what a command makes of it, does not suit.
struct ModelDataError: Error, CustomStringConvertible {
  let description: String
}

/// How files of data are read.
struct DataArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Of CSV files: what stands between fields, a character or \"tab\".", valueName: "character")
  )
  var delimiter = CSVDelimiter.comma

  @Option(help: "Of CSV files: whether the first row names the columns; detected: it does if it holds no number.")
  var header = CSV.HeaderRule.detected

  @Flag(help: "Files are in svmlight's format, whatever they are called; .svm, .svmlight and .libsvm are so anyway.")
  var svmlight = false

  func isSparse(_ path: String) -> Bool {
    svmlight || [".svm", ".svmlight", ".libsvm"].contains { path.lowercased().hasSuffix($0) }
  }

  /// The table of a CSV file.
  func table(_ path: String, types: [String: CSV.ColumnType] = [:]) throws -> Table {
    do {
      return try Table(
        contentsOfCSVFile: path,
        options: CSV.TableOptions(delimiter: delimiter, header: header, types: types)
      )
    } catch let error as CSVError {
      guard case .unclearHeader = error.problem else { throw error }
      throw ModelDataError(description: "\(error): --header present, or absent")
    }
  }
}

/// Which columns of a file are learned from, and what for.
struct TrainingArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The column to predict; of svmlight files, what lines begin with.", valueName: "column"))
  var target: String?

  @Option(help: ArgumentHelp("A column to leave out; may be repeated.", valueName: "column"))
  var ignore: [String] = []

  @Option(help: ArgumentHelp("A column whose numbers are names of categories; may be repeated.", valueName: "column"))
  var categories: [String] = []

  @OptionGroup var data: DataArguments
}

/// What a model predicts.
enum ModelTask: String, ExpressibleByArgument, CaseIterable, Sendable, Encodable {
  case classes, numbers
}

/// Rows of which models of the command line learn: a table or sparse ones.
protocol CommandRows: Rows {
  /// What is written of data: how many columns there are.
  var width: Int { get }
}

extension Table: CommandRows { var width: Int { columns.count } }
extension CSRMatrix<Double>: CommandRows { var width: Int { columns } }

/// The target of each row.
enum TargetValues: Sendable {
  case labels([String])
  case numbers(Tensor<Double>)

  var count: Int {
    switch self {
    case .labels(let labels): labels.count
    case .numbers(let numbers): numbers.count
    }
  }
}

/// Rows to learn from.
struct TrainingData: Sendable {
  let path: String
  let target: String
  let x: any CommandRows
  let y: TargetValues
  /// The group of each row, if there are any.
  let groups: [String]?

  /// - Parameters:
  ///   - task: What is to be learned; nil to see it from the target.
  ///   - groups: The column that tells the groups; it is not learned from.
  /// - Throws: `FileError`, `CSVError`, `SVMLightError`; ``ModelDataError`` for what cannot be learned from; `ValidationError` for
  ///   options that do not fit the file.
  init(_ path: String, _ arguments: TrainingArguments, task: ModelTask?, groups: String? = nil) throws {
    self.path = path
    if arguments.data.isSparse(path) {
      guard arguments.target == nil, arguments.ignore.isEmpty, arguments.categories.isEmpty, groups == nil else {
        throw ValidationError(
          "Columns of svmlight files have no names: leave --target, --ignore, --categories and --groups out."
        )
      }
      let rows = try SVMLight.read(path, as: Double.self)
      (target, self.groups) = ("", nil)
      x = rows.x
      y = try TargetValues(rows.y, task ?? (isNaming(rows.y) ? .classes : .numbers), path: path)
    } else {
      guard let target = arguments.target else { throw ValidationError("Say --target: the column to predict.") }
      guard !arguments.ignore.contains(target) else { throw ValidationError("The target cannot be left out.") }
      guard groups != target else { throw ValidationError("The target cannot tell the groups.") }
      let named = Dictionary(arguments.categories.map { ($0, CSV.ColumnType.categories) }) { $1 }
      var types = named
      switch task {
      case .classes: types[target] = .categories
      case .numbers: types[target] = .numbers
      case nil: break
      }
      if let groups { types[groups] = .categories }
      var table = try arguments.data.table(path, types: types)
      var values = try reading(path) { try table.column(target).values }
      if task == nil, case .numbers(let numbers) = values, isNaming(numbers.scalars) {
        // Once more, so that labels are the file's own texts.
        types[target] = .categories
        table = try arguments.data.table(path, types: types)
        values = try reading(path) { try table.column(target).values }
      }
      self.target = target
      y = try TargetValues(values, target, path: path)
      let learned = try reading(path) { try table.dropping([target] + arguments.ignore + (groups.map { [$0] } ?? [])) }
      try checkFinite(learned, path)
      x = learned
      self.groups = try groups.map { groups in
        let values = try reading(path) { try table.column(groups).values }
        guard case .labels(let labels) = try TargetValues(values, groups, path: path, role: "a group") else {
          return []
        }
        return labels
      }
      if let twice = arguments.categories.first(where: { $0 == target && task == .numbers }) {
        throw ValidationError("The target \(twice) is a number, and cannot be a category.")
      }
    }
    guard y.count > 0 else { throw ModelDataError(description: "\(path): there are no rows to learn from") }
    guard x.width > 0 else { throw ModelDataError(description: "\(path): there are no columns to learn from") }
    if case .labels(let labels) = y, Set(labels).count < 2 {
      throw ModelDataError(
        description: "\(path): all rows are of the class \(labels[0].debugDescription); there must be two at least"
      )
    }
  }

  var task: ModelTask {
    if case .labels = y { .classes } else { .numbers }
  }
}

/// - Throws: ``ModelDataError`` for the first infinite number.
func checkFinite(_ table: Table, _ path: String) throws {
  for column in table.columns {
    guard case .numbers(let numbers) = column.values,
      let row = numbers.scalars.firstIndex(where: \.isInfinite)
    else { continue }
    throw ModelDataError(
      description:
        "\(path): row \(row + 1) of the column \(column.name.debugDescription) is \(numbers[row]), and must be "
        + "a number, or empty"
    )
  }
}

/// Whether numbers look like names of classes: at most 20 whole ones.
private func isNaming(_ numbers: [Double]) -> Bool {
  var different: Set<Double> = []
  for number in numbers where !number.isNaN {
    guard number == number.rounded() else { return false }
    different.insert(number)
    if different.count > 20 { return false }
  }
  return !different.isEmpty
}

extension TargetValues {
  /// - Throws: ``ModelDataError`` for a target that is missing or infinite.
  fileprivate init(_ numbers: [Double], _ task: ModelTask, path: String) throws {
    if let row = numbers.firstIndex(where: { !$0.isFinite }) {
      throw ModelDataError(
        description: "\(path): the target of row \(row + 1) is \(numbers[row]), and must be a number"
      )
    }
    self = task == .classes ? .labels(numbers.map(shortText)) : .numbers(Tensor(numbers))
  }

  /// - Parameter role: What a text of the column is.
  init(_ values: Table.Values, _ target: String, path: String, role: String = "a class") throws {
    func refuse(row: Int, _ problem: String) -> ModelDataError {
      ModelDataError(description: "\(path): row \(row + 1) of the column \(target.debugDescription) \(problem)")
    }
    switch values {
    case .categories(let categories):
      self = .labels(
        try (0..<categories.count).map { row in
          guard let label = categories[row] else { throw refuse(row: row, "is empty, and must be \(role)") }
          return label
        }
      )
    case .numbers(let numbers):
      if let row = numbers.scalars.firstIndex(where: { !$0.isFinite }) {
        let value = numbers[row].isNaN ? "empty" : "\(numbers[row])"
        throw refuse(row: row, "is \(value), and must be a number")
      }
      self = .numbers(numbers)
    }
  }
}

/// Gives what is thrown of a file its name.
func reading<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch { throw naming(path, error) }
}

/// Gives what is thrown of a file its name.
func reading<Result>(_ path: String, _ body: () async throws -> Result) async throws -> Result {
  do { return try await body() } catch { throw naming(path, error) }
}

private func naming(_ path: String, _ error: any Error) -> any Error {
  guard error is TableError || error is ModelError || error is MetricError else { return error }
  return ModelDataError(description: "\(path): \(error)")
}
