import ArgumentParser
import Farro
import FarroData
import FarroModels
import Foundation

struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Score a model of farro fit on rows whose target is known.",
    discussion: """
      Of classes: scores, a report of each class, and the confusion matrix, whose rows are what is true; --svg draws the ROC \
      curve, of more than two classes each against all others. Of numbers: the errors and R2. With --at-least, exits with 1 \
      when the accuracy, or R2, is less.
      """
  )

  @Argument(help: "The model, as farro fit wrote it.")
  var model: String

  @Argument(help: "The rows, with their target.")
  var data: String

  @Option(help: ArgumentHelp("Draw the ROC curve to this file.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Exit with 1 when the accuracy, or R2, is less.", valueName: "score"))
  var atLeast: Double?

  @Option(help: "What to print.")
  var format = OutputFormat.table

  @OptionGroup var reading: DataArguments

  func validate() throws { _ = try usableInstructionSet() }

  func run() async throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    let evaluation = try await endingOnSignals { [self] in
      if let svg { try checkOutputs([svg], inputs: [model, data]) }
      progress.show("reading")
      let fitted = try loadModel(model)
      let (x, y) = try fitted.read(data, reading, withTarget: true)
      guard let y, y.count > 0 else { throw ModelDataError(description: "\(data): there are no rows to score") }
      if svg != nil, fitted.classes == nil {
        throw ValidationError("The ROC curve is of classes, and \(model) predicts numbers.")
      }
      progress.show("predicting")
      return try FarroCLI.reading(data) { try Evaluation(fitted, x, y, drawing: svg) }
    }
    progress.clear()
    try evaluation.show(format)
    if let atLeast, !(evaluation.mainScore >= atLeast) { throw ExitCode(1) }
  }
}

/// What a model's predictions are worth.
private struct Evaluation: Encodable, Sendable {
  struct Score: Sendable {
    let name: String
    let value: Double
  }

  let model: String
  let rows: Int
  let scores: [Score]
  let report: ClassificationReport<String>?
  let confusion: ConfusionMatrix<String>?
  var mainScore: Double { scores[0].value }

  init(_ fitted: any FittedModel, _ x: any CommandRows, _ y: TargetValues, drawing svg: String?) throws {
    (model, rows) = (fitted.name, y.count)
    let predictions = try fitted.predict(x, probabilities: false)
    switch (predictions.values, y) {
    case (.numbers(let predicted), .numbers(let actual)):
      scores = try RegressionScorer.all.map { scorer in
        let value = try scorer.score(actual, Tensor(predicted))
        return Score(
          name: scorer.name.replacing("neg_", with: ""),
          value: scorer.name.hasPrefix("neg_") ? -value : value
        )
      }
      (report, confusion) = (nil, nil)
    case (.labels(let predicted), .labels(let actual)):
      let classes = fitted.classes ?? []
      let others = Set(actual).subtracting(classes).sorted()
      var scores = [
        Score(name: "accuracy", value: try accuracy(actual, predicted: predicted)),
        Score(name: "balanced_accuracy", value: try balancedAccuracy(actual, predicted: predicted)),
        Score(name: "f1_macro", value: try fScore(actual, predicted: predicted, average: .macro)),
        Score(name: "matthews_corrcoef", value: try matthewsCorrelation(actual, predicted: predicted)),
      ]
      // Curves are of classes that the model knows, and that occur.
      if others.isEmpty, let found = try fitted.scores(x) {
        let curves = try Self.curves(actual, found, classes)
        if !curves.isEmpty {
          let area = curves.reduce(0) { $0 + $1.curve.area } / Double(curves.count)
          scores.append(Score(name: "roc_auc", value: area))
        }
        if let svg {
          guard !curves.isEmpty else {
            throw MetricError.classes(classes, reason: "a ROC curve needs rows of a class and of others")
          }
          try ROCCurve.drawing(curves, title: "\(fitted.name): \(fitted.target)").write(to: svg)
        }
      } else if svg != nil {
        throw MetricError.classes(
          others,
          reason: others.isEmpty ? "this model tells no scores for a ROC curve" : "the model has not learned of them"
        )
      }
      if others.isEmpty, let probabilities = try? fitted.predict(x, probabilities: true).probabilities {
        let loss = try logLoss(actual, probabilities: probabilities, labels: classes)
        scores.append(Score(name: "log_loss", value: loss))
      }
      self.scores = scores
      report = try classificationReport(actual, predicted: predicted, labels: classes + others)
      confusion = try confusionMatrix(actual, predicted: predicted, labels: classes + others)
    default:
      throw ModelDataError(description: "\(fitted.name): the target is of another kind")
    }
  }

  /// The curve of the second of two classes, or of each class that occurs, and others beside it.
  private static func curves(
    _ actual: [String],
    _ scores: Tensor<Double>,
    _ classes: [String]
  ) throws -> [(name: String, curve: ROCCurve)] {
    let present = Set(actual)
    guard present.count > 1 else { return [] }
    if scores.rank == 1 {
      return [(classes[1], try rocCurve(actual, scores: scores, positive: classes[1]))]
    }
    return try classes.enumerated().filter { present.contains($1) }
      .map { place, label in
        let column = Tensor((0..<actual.count).map { scores[$0, place] })
        return (label, try rocCurve(actual, scores: column, positive: label))
      }
  }

  enum CodingKeys: String, CodingKey { case model, rows, scores, classes, confusion }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(model, forKey: .model)
    try container.encode(rows, forKey: .rows)
    try container.encode(Dictionary(uniqueKeysWithValues: scores.map { ($0.name, $0.value) }), forKey: .scores)
    if let report {
      try container.encode(Dictionary(uniqueKeysWithValues: zip(report.labels, report.rows)), forKey: .classes)
    }
    if let confusion {
      let counts = confusion.labels.indices.map { row in confusion.labels.indices.map { confusion.counts[row, $0] } }
      var inner = container.nestedContainer(keyedBy: ConfusionKeys.self, forKey: .confusion)
      try inner.encode(confusion.labels, forKey: .labels)
      try inner.encode(counts, forKey: .counts)
    }
  }

  private enum ConfusionKeys: String, CodingKey { case labels, counts }

  func show(_ format: OutputFormat) throws {
    guard format == .table else { return try writeJSON(self) }
    var table = TextTable(["score", "value"], leftAligned: [0])
    for score in scores { table.append([score.name, fixed(score.value, 4)]) }
    var text = table.description
    if let report { text += "\n\(report)" }
    if let confusion {
      var matrix = TextTable(["true \\ predicted"] + confusion.labels, leftAligned: [0])
      for (row, label) in confusion.labels.enumerated() {
        matrix.append([label] + confusion.labels.indices.map { shortText(confusion.counts[row, $0]) })
      }
      text += (text.hasSuffix("\n") ? "\n" : "\n\n") + matrix.description
    }
    try writeOutput(Data(text.utf8))
  }
}
