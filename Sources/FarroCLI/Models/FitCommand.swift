import ArgumentParser
import Farro
import FarroData
import FarroModels
import Foundation

struct FitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit a model to the rows of a CSV or svmlight file, and save it.",
    discussion: """
      Columns of numbers are scaled where the model needs it, and a missing number is the median; of categories, each becomes a \
      column of 0 and 1. Trees and boosting take categories as such, and know of missing values. The file that is written holds \
      all this, so that farro predict takes tables whose columns are in another order, or without the target.

      farro fit --list tells which models there are, farro fit --list MODEL its parameters with their defaults.
      """
  )

  @Argument(help: ArgumentHelp("The model: see --list.", valueName: "model"))
  var model: String?

  @Argument(help: ArgumentHelp("The rows to learn from.", valueName: "data"))
  var data: String?

  @Flag(help: "Tell which models there are; of one, which parameters it has.")
  var list = false

  @OptionGroup var training: TrainingArguments

  @Option(help: ArgumentHelp("A parameter of the model; may be repeated.", valueName: "name=value"))
  var param: [NamedValue] = []

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the model is written.", valueName: "file"))
  var output: String?

  @Option(help: "What to print.")
  var format = OutputFormat.table

  func validate() throws {
    _ = try usableInstructionSet()
    if let model { _ = try ModelEntry.named(model) }
    guard !list else {
      guard data == nil, output == nil else { throw ValidationError("--list is of models alone.") }
      return
    }
    guard model != nil, data != nil else { throw ValidationError("Say a model and a file: farro fit MODEL DATA.") }
    guard output != nil else { throw ValidationError("Say --output: where the model is written.") }
    try checkOnce(param)
  }

  func run() async throws {
    if list { return try ModelListing(model).show(format) }
    guard let model, let data, let output else { return }
    let progress = ProgressLine()
    defer { progress.clear() }
    let facts = try await endingOnSignals { [self] in
      let entry = try ModelEntry.named(model)
      try checkOutputs([output], inputs: [data])
      progress.show("reading")
      // What is wrong with parameters is told before a long file is read.
      let isSparse = training.data.isSparse(data)
      let spec = try entry.spec(sparse: isSparse).setting(param.map { ($0.name, $0.value) })
      let rows = try TrainingData(data, training, task: spec.task)
      progress.show("fitting")
      let (seconds, fitted) = try timed { try reading(data) { try spec.fit(rows) } }
      try Task.checkCancellation()
      let score = try reading(data) { try TrainingScore(fitted, rows) }
      progress.show("writing")
      try fitted.save(to: output)
      return try FitFacts(fitted, rows, output, seconds, score)
    }
    progress.clear()
    try facts.show(format)
  }
}

/// `name=value`.
struct NamedValue: ExpressibleByArgument, Sendable {
  let name, value: String

  init?(argument: String) {
    guard let place = argument.firstIndex(of: "="), place > argument.startIndex else { return nil }
    name = String(argument[..<place])
    value = String(argument[argument.index(after: place)...])
  }
}

func checkOnce(_ parameters: [NamedValue]) throws {
  var names: Set<String> = []
  for parameter in parameters where !names.insert(plainName(parameter.name)).inserted {
    throw ValidationError("The parameter \(parameter.name) is there twice.")
  }
}

/// How well a model knows the rows that it has learned from.
private struct TrainingScore: Sendable {
  let name: String
  let value: Double

  init(_ model: any FittedModel, _ rows: TrainingData) throws {
    switch (try model.predict(rows.x, probabilities: false).values, rows.y) {
    case (.labels(let predicted), .labels(let actual)):
      (name, value) = ("accuracy", try accuracy(actual, predicted: predicted))
    case (.numbers(let predicted), .numbers(let actual)):
      (name, value) = ("r2", try r2Score(actual, predicted: Tensor(predicted)))
    default: (name, value) = ("score", .nan)
    }
  }
}

private struct FitFacts: Encodable, Sendable {
  let model, data, target, output, scoreName: String
  let task: ModelTask
  let rows, columns, fileBytes: Int
  let classes: [String]?
  let parameters: [SearchedParameter]
  let fitSeconds, score: Double

  enum CodingKeys: String, CodingKey {
    case model, data, target, output, task, rows, columns, classes, parameters
    case fileBytes = "file_bytes"
    case fitSeconds = "fit_s"
    case score = "training_score"
    case scoreName = "training_score_name"
  }

  init(_ fitted: any FittedModel, _ rows: TrainingData, _ output: String, _ seconds: Double, _ score: TrainingScore)
    throws
  {
    (model, data, target, self.output) = (fitted.name, rows.path, rows.target, output)
    (task, self.rows, columns) = (rows.task, rows.y.count, rows.x.width)
    (classes, parameters, fitSeconds) = (fitted.classes, fitted.parameters, seconds)
    (self.score, scoreName) = (score.value, score.name)
    fileBytes = try fileSize(output)
  }

  func show(_ format: OutputFormat) throws {
    switch format {
    case .json: try writeJSON(self)
    case .table:
      var table = TextTable(["fact", "value"], leftAligned: [0, 1])
      table.append(["model", model])
      if !parameters.isEmpty { table.append(["parameters", parameters.map(\.description).joined(separator: " ")]) }
      table.append(["data", "\(data): \(counted(rows, "row")), \(counted(columns, "column"))"])
      if !target.isEmpty { table.append(["target", target]) }
      if let classes { table.append(["classes", shortList(classes)]) }
      table.append(["\(scoreName) on these rows", fixed(score, 4)])
      table.append(["fitted in", duration(fitSeconds)])
      table.append(["written", "\(output), \(byteCount(fileBytes))"])
      try writeOutput(Data(table.description.utf8))
    }
  }
}

func shortList(_ names: [String]) -> String {
  names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", ... (\(names.count))" : "")
}

func fileSize(_ path: String) throws -> Int {
  let attributes = try FileManager.default.attributesOfItem(atPath: path)
  return (attributes[.size] as? NSNumber)?.intValue ?? 0
}

func writeJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf",
    negativeInfinity: "-inf",
    nan: "nan"
  )
  try writeOutput(encoder.encode(value) + Data("\n".utf8))
}

/// The models that there are, or the parameters of one.
private struct ModelListing: Encodable {
  struct Model: Encodable {
    let name, summary: String
    let task: ModelTask
    let sparse: Bool
    let parameters: [ParameterFacts]
  }

  let models: [Model]
  let isOne: Bool

  init(_ name: String?) throws {
    let entries = try name.map { [try ModelEntry.named($0)] } ?? ModelEntry.all
    isOne = name != nil
    models = entries.map {
      Model(
        name: $0.name,
        summary: $0.summary,
        task: $0.task,
        sparse: $0.takesSparse,
        parameters: $0.specs[0].parameters
      )
    }
  }

  func encode(to encoder: any Encoder) throws { try models.encode(to: encoder) }

  func show(_ format: OutputFormat) throws {
    guard format == .table else { return try writeJSON(self) }
    if isOne, let model = models.first {
      var text = "\(model.name): \(model.summary)\n\n"
      if model.parameters.isEmpty { return try writeOutput(Data((text + "It has no parameters.\n").utf8)) }
      var table = TextTable(["parameter", "default", "values", ""], leftAligned: [0, 1, 2, 3])
      for parameter in model.parameters {
        table.append([parameter.name, parameter.value, parameter.values, parameter.help])
      }
      text += table.description
      return try writeOutput(Data(text.utf8))
    }
    var table = TextTable(["model", "learns", "svmlight", ""], leftAligned: [0, 1, 2, 3])
    for model in models {
      table.append([model.name, model.task.rawValue, model.sparse ? "yes" : "no", model.summary])
    }
    try writeOutput(Data(table.description.utf8))
  }
}
