import ArgumentParser
import Farro
import FarroData
import FarroModels
import Foundation

struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Predict the target of each row of a file with a model of farro fit.",
    discussion: """
      Columns are found by their names; the target need not be there. A category that the model has not learned counts as \
      none of those it knows. The answers are CSV, one line for each row, under the target's name; with --probabilities, a \
      column for each class follows.
      """
  )

  @Argument(help: "The model, as farro fit wrote it.")
  var model: String

  @Argument(help: "The rows.")
  var data: String

  @Flag(help: "The probability of each class, too.")
  var probabilities = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write to this file instead, whole or not at all.", valueName: "file")
  )
  var output: String?

  @Option(help: "What to print: csv, or json with an object for each row.")
  var format = PredictionFormat.csv

  @OptionGroup var reading: DataArguments

  func validate() throws { _ = try usableInstructionSet() }

  func run() async throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    let text = try await endingOnSignals { [self] in
      if let output { try checkOutputs([output], inputs: [model, data]) }
      progress.show("reading")
      let fitted = try loadModel(model)
      let (x, _) = try fitted.read(data, reading, withTarget: false)
      progress.show("predicting")
      let found = try FarroCLI.reading(data) { try fitted.predict(x, probabilities: probabilities) }
      let text = try lines(found, fitted)
      if let output {
        try AtomicFile.write(to: output) { try $0.append(text) }
        return [UInt8]()
      }
      return text
    }
    progress.clear()
    if output == nil { try writeOutput(Data(text)) }
  }

  private func lines(_ found: Predictions, _ fitted: any FittedModel) throws -> [UInt8] {
    let name = fitted.target.isEmpty ? "prediction" : fitted.target
    let classes = found.probabilities == nil ? [] : fitted.classes ?? []
    if format == .json { return try json(found, name, classes) }
    // A class may be called as the target is.
    let columns = classes.map { label in label == name ? "\(label) (probability)" : label }
    var table = [Table.Column]()
    switch found.values {
    case .labels(let labels): table.append(Table.Column(name, labels))
    case .numbers(let numbers): table.append(Table.Column(name, Tensor(numbers)))
    }
    if let probabilities = found.probabilities {
      for (place, column) in columns.enumerated() {
        table.append(Table.Column(column, Tensor((0..<found.count).map { probabilities[$0, place] })))
      }
    }
    return Table(table).csv(delimiter: reading.delimiter)
  }

  private func json(_ found: Predictions, _ name: String, _ classes: [String]) throws -> [UInt8] {
    struct Row: Encodable {
      let label: String?
      let number: Double?
      let probabilities: [String: Double]?

      enum CodingKeys: String, CodingKey { case prediction, probabilities }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if let label { try container.encode(label, forKey: .prediction) }
        if let number { try container.encode(number, forKey: .prediction) }
        try container.encodeIfPresent(probabilities, forKey: .probabilities)
      }
    }
    let rows = (0..<found.count).map { row in
      let probabilities = found.probabilities.map { values in
        Dictionary(classes.enumerated().map { ($1, values[row, $0]) }) { first, _ in first }
      }
      switch found.values {
      case .labels(let labels): return Row(label: labels[row], number: nil, probabilities: probabilities)
      case .numbers(let numbers): return Row(label: nil, number: numbers[row], probabilities: nil)
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(rows)) + [UInt8(ascii: "\n")]
  }
}

/// What farro predict writes.
enum PredictionFormat: String, ExpressibleByArgument, CaseIterable {
  case csv, json
}
