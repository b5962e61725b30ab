import ArgumentParser
import Farro
import FarroData
import FarroModels
import Foundation

struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Put models side by side: cross-validated score, time to fit and to predict, size of the file.",
    discussion: """
      Each model runs with its defaults on the same folds; farro tune finds better parameters. A target of texts, or of at most \
      20 different whole numbers, is taken for classes unless --task says otherwise. Times are those of a fold, while others \
      run beside it. A model that cannot be fitted says why, and the others go on.
      """
  )

  @Argument(help: "The rows to learn from.")
  var data: String

  @OptionGroup var training: TrainingArguments

  @Option(help: "What is predicted.")
  var task: ModelTask?

  @Option(help: ArgumentHelp("Only these models, with commas between: see farro fit --list.", valueName: "names"))
  var models: String?

  @OptionGroup var folds: FoldArguments

  @Option(help: "What to print.")
  var format = OutputFormat.table

  func validate() throws {
    _ = try usableInstructionSet()
    try folds.check(task)
    let entries = try chosen()
    if let entries {
      let tasks = Set(entries.map(\.task))
      guard tasks.count == 1, task ?? tasks.first == tasks.first else {
        throw ValidationError("Models of classes and of numbers cannot be compared with one another.")
      }
    }
  }

  private func chosen() throws -> [ModelEntry]? {
    try models.map { try $0.split(separator: ",").map { try ModelEntry.named(String($0)) } }
  }

  func run() async throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    let facts = try await endingOnSignals { [self] in
      progress.show("reading")
      let isSparse = training.data.isSparse(data)
      let chosen = try chosen()
      let rows = try TrainingData(data, training, task: task ?? chosen?.first?.task, groups: folds.groups)
      let entries = chosen ?? ModelEntry.all.filter { $0.task == rows.task && (!isSparse || $0.takesSparse) }
      let trial = folds.trial(rows)
      try rows.task.checkScorer(trial.scorer)
      var lines: [CompareFacts.Line] = []
      for entry in entries {
        let spec = try entry.spec(sparse: isSparse)
        lines.append(try await line(entry.name, spec, trial) { progress.show("\(entry.name): \($0) of \($1)") })
      }
      if !lines.isEmpty, lines.allSatisfy({ $0.failure != nil }) {
        throw ModelDataError(description: "\(data): \(lines[0].failure!)")
      }
      return CompareFacts(data: data, task: rows.task, rows: rows.y.count, scorer: trial.scorer, lines: lines)
    }
    progress.clear()
    try facts.show(format)
  }

  private func line(
    _ name: String,
    _ spec: any ModelSpec,
    _ trial: Trial,
    _ progress: @escaping Progress
  ) async throws -> CompareFacts.Line {
    do {
      let found = try await spec.validate(trial, progress)
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: file) }
      try spec.fit(trial.data).save(to: file)
      return CompareFacts.Line(name, found, bytes: try fileSize(file))
    } catch let error where error is ModelError || error is MetricError {
      return CompareFacts.Line(model: name, failure: "\(error)")
    }
  }
}

private struct CompareFacts: Encodable, Sendable {
  struct Line: Encodable, Sendable {
    let model: String
    var score, deviation, fitSeconds, predictSeconds: Double?
    var bytes: Int?
    var failure: String?

    enum CodingKeys: String, CodingKey {
      case model, score, deviation, failure
      case fitSeconds = "fit_s"
      case predictSeconds = "predict_s"
      case bytes = "file_bytes"
    }

    init(model: String, failure: String) { (self.model, self.failure) = (model, failure) }

    init(_ model: String, _ found: ValidationFacts, bytes: Int) {
      self.model = model
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      let average = mean(found.scores)
      score = average
      deviation = mean(found.scores.map { ($0 - average) * ($0 - average) }).squareRoot()
      (fitSeconds, predictSeconds) = (mean(found.fitSeconds), mean(found.scoreSeconds))
      self.bytes = bytes
    }
  }

  let data: String
  let task: ModelTask
  let rows: Int
  let scorer: String
  let models: [Line]

  init(data: String, task: ModelTask, rows: Int, scorer: String, lines: [Line]) {
    (self.data, self.task, self.rows, self.scorer) = (data, task, rows, scorer)
    models = lines.enumerated()
      .sorted { ($1.element.score ?? -.infinity, $0.offset) < ($0.element.score ?? -.infinity, $1.offset) }.map(
        \.element
      )
  }

  func show(_ format: OutputFormat) throws {
    guard format == .table else { return try writeJSON(self) }
    var table = TextTable(["model", scorer, "+-", "fit", "predict", "size", ""], leftAligned: [0, 6])
    for line in models {
      if let failure = line.failure {
        table.append([line.model, "", "", "", "", "", failure])
      } else {
        table.append([
          line.model, fixed(line.score!, 4), fixed(line.deviation!, 4), duration(line.fitSeconds!),
          duration(line.predictSeconds!), byteCount(line.bytes!), "",
        ])
      }
    }
    try writeOutput(Data(table.description.utf8))
  }
}
