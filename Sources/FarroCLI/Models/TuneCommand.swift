import ArgumentParser
import Farro
import FarroData
import FarroModels
import Foundation

struct TuneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Search for the best parameters of a model by cross-validation.",
    discussion: """
      All combinations of the values that are given are tried, or with --random so many that are drawn. A parameter is \
      c=0.1,1,10, or for --random also a range: c=0.1..10, max_depth=2..8, and with the logarithm drawn evenly c=0.01..100:log. \
      The rows are shuffled into folds, which have the same part of each class; with --groups, rows of a group stay together. With --output, a model of all rows with the \
      best parameters is written. A combination that cannot be fitted has no score and says why.
      """
  )

  @Argument(help: "The model: see farro fit --list.")
  var model: String

  @Argument(help: "The rows to learn from.")
  var data: String

  @OptionGroup var training: TrainingArguments

  @Option(help: ArgumentHelp("A parameter and the values to try; may be repeated.", valueName: "name=values"))
  var param: [NamedValue] = []

  @OptionGroup var folds: FoldArguments

  @Option(help: ArgumentHelp("Try so many combinations, drawn at random.", valueName: "count"))
  var random: Int?

  @Option(help: ArgumentHelp("Show only the best.", valueName: "count"))
  var top: Int?

  @Option(name: .shortAndLong, help: ArgumentHelp("Write the best model to this file.", valueName: "file"))
  var output: String?

  @Option(help: "What to print.")
  var format = OutputFormat.table

  func validate() throws {
    _ = try usableInstructionSet()
    let entry = try ModelEntry.named(model)
    try checkOnce(param)
    guard !param.isEmpty else { throw ValidationError("Say --param: what to try, such as --param c=0.1,1,10.") }
    guard random ?? 1 > 0 else { throw ValidationError("--random must be positive.") }
    guard top ?? 1 > 0 else { throw ValidationError("--top must be positive.") }
    try folds.check(entry.task)
    let spec = try entry.spec(sparse: training.data.isSparse(data))
    for combination in try combinations().prefix(10_000) { _ = try spec.setting(combination) }
  }

  func run() async throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    let facts = try await endingOnSignals { [self] in
      if let output { try checkOutputs([output], inputs: [data]) }
      progress.show("reading")
      let spec = try ModelEntry.named(model).spec(sparse: training.data.isSparse(data))
      let rows = try TrainingData(data, training, task: spec.task, groups: folds.groups)
      let trial = folds.trial(rows)
      let found = try await reading(data) {
        try await spec.search(combinations(), trial, refit: output != nil) { done, all in
          progress.show("fitting: \(done) of \(all)")
        }
      }
      if let output, let model = found.model { try model.save(to: output) }
      return TuneFacts(model: model, score: trial.scorer, found: found, top: top, output: output)
    }
    progress.clear()
    try facts.show(format)
  }

  private func combinations() throws -> [[(name: String, value: String)]] {
    let choices = try param.map { try ValueChoice($0, isRandom: random != nil) }
    guard let random else { return try ValueChoice.all(choices) }
    var generator = Xoshiro256(seed: folds.seed)
    var seen: Set<[String]> = []
    var found: [[(name: String, value: String)]] = []
    // Lists alone may have fewer combinations.
    for _ in 0..<random * 20 where found.count < random {
      let drawn = choices.map { (name: $0.name, value: $0.draw(&generator)) }
      if seen.insert(drawn.map(\.value)).inserted { found.append(drawn) }
    }
    return found
  }
}

/// How rows are divided, and what counts.
struct FoldArguments: ParsableArguments {
  @Option(help: "How many folds.")
  var folds = 5

  @Option(help: "Of shuffling and drawing: the same seed gives the same results.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "What counts, by scikit-learn's name (default: accuracy of classes, r2 of numbers).",
      valueName: "name"
    )
  )
  var scorer: String?

  @Option(
    help: ArgumentHelp(
      "A column, not learned from: rows that are equal there are in the same fold.",
      valueName: "column"
    )
  )
  var groups: String?

  func check(_ task: ModelTask?) throws {
    guard folds >= 2 else { throw ValidationError("--folds must be at least 2.") }
    if let task, let scorer { try task.checkScorer(scorer) }
  }

  func trial(_ data: TrainingData) -> Trial {
    let splitter: any Splitter =
      switch (data.task, data.groups != nil) {
      case (.classes, false): StratifiedKFold(nSplits: folds, shuffle: true, seed: seed)
      case (.numbers, false): KFold(nSplits: folds, shuffle: true, seed: seed)
      case (.classes, true): StratifiedGroupKFold(nSplits: folds, shuffle: true, seed: seed)
      // Shuffled ones would be of very different sizes, as groups are.
      case (.numbers, true): GroupKFold(nSplits: folds)
      }
    return Trial(data: data, splitter: splitter, scorer: scorer ?? (data.task == .classes ? "accuracy" : "r2"))
  }
}

/// The values of one parameter that are tried.
private struct ValueChoice {
  enum Values {
    case list([String])
    case whole(ClosedRange<Int>)
    case number(ClosedRange<Double>, isLogarithmic: Bool)
  }

  let name: String
  let values: Values

  init(_ argument: NamedValue, isRandom: Bool) throws {
    name = argument.name
    var text = argument.value
    let isLogarithmic = text.hasSuffix(":log")
    if isLogarithmic { text = String(text.dropLast(4)) }
    let ends = text.components(separatedBy: "..")
    guard ends.count == 2, let low = Double(ends[0]), let high = Double(ends[1]) else {
      let list = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard !isLogarithmic, !list.contains("") else {
        throw ValidationError(
          "\(argument.name): values are a list such as 1,2,5, or with --random a range such as 0.1..10:log."
        )
      }
      values = .list(list)
      return
    }
    guard isRandom else {
      throw ValidationError("\(argument.name): a range needs --random; without it, list the values.")
    }
    guard low < high, low.isFinite, high.isFinite, !isLogarithmic || low > 0 else {
      throw ValidationError("\(argument.name): a range goes from a number to a larger one, above 0 with :log.")
    }
    if let low = Int(ends[0]), let high = Int(ends[1]), !isLogarithmic {
      values = .whole(low...high)
    } else {
      values = .number(low...high, isLogarithmic: isLogarithmic)
    }
  }

  func draw(_ generator: inout Xoshiro256) -> String {
    switch values {
    case .list(let list): return list.randomElement(using: &generator)!
    case .whole(let range): return "\(Int.random(in: range, using: &generator))"
    case .number(let range, let isLogarithmic):
      guard isLogarithmic else { return "\(Double.random(in: range, using: &generator))" }
      return "\(exp(Double.random(in: log(range.lowerBound)...log(range.upperBound), using: &generator)))"
    }
  }

  /// All combinations, the last parameter changing fastest.
  static func all(_ choices: [ValueChoice]) throws -> [[(name: String, value: String)]] {
    var found: [[(name: String, value: String)]] = [[]]
    for choice in choices {
      guard case .list(let list) = choice.values else { continue }
      guard found.count * list.count <= 100_000 else {
        throw ValidationError("There are more than 100000 combinations: say --random, or fewer values.")
      }
      found = found.flatMap { combination in list.map { combination + [(choice.name, $0)] } }
    }
    return found
  }
}

private struct TuneFacts: Encodable, Sendable {
  struct Candidate: Encodable, Sendable {
    let rank: Int
    let parameters: [String: String]
    let score, deviation: Double?
    let fitSeconds: Double
    let failure: String?

    enum CodingKeys: String, CodingKey {
      case rank, parameters, score, deviation, failure
      case fitSeconds = "fit_s"
    }
  }

  let model, scorer: String
  let best: [String: String]
  let bestScore: Double
  let candidates: [Candidate]
  let output: String?
  private let lines: [[String]]
  private let bestText: String
  private let names: [String]

  enum CodingKeys: String, CodingKey {
    case model, scorer, best, candidates, output
    case bestScore = "best_score"
  }

  init(model: String, score: String, found: TuningFacts, top: Int?, output: String?) {
    (self.model, scorer, self.output) = (model, score, output)
    func dictionary(_ parameters: [SearchedParameter]) -> [String: String] {
      Dictionary(parameters.map { ($0.name, $0.value) }) { $1 }
    }
    let ordered = found.candidates.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
      .map(\.element).prefix(top ?? .max)
    candidates = ordered.map {
      Candidate(
        rank: $0.rank,
        parameters: dictionary($0.parameters),
        score: $0.failure == nil ? $0.mean : nil,
        deviation: $0.failure == nil ? $0.deviation : nil,
        fitSeconds: $0.fitSeconds,
        failure: $0.failure
      )
    }
    let winner = found.candidates[found.best]
    (best, bestScore) = (dictionary(winner.parameters), winner.mean)
    bestText = winner.parameters.map(\.description).joined(separator: " ")
    lines = ordered.map {
      ["\($0.rank)"] + $0.parameters.map(\.value)
        + ($0.failure.map { ["", "", "", $0] } ?? [
          fixed($0.mean, 4), fixed($0.deviation, 4), duration($0.fitSeconds), "",
        ])
    }
    names = winner.parameters.map(\.name)
  }

  func show(_ format: OutputFormat) throws {
    guard format == .table else { return try writeJSON(self) }
    var table = TextTable(["rank"] + names + [scorer, "+-", "fit", ""], leftAligned: [names.count + 4])
    for line in lines { table.append(line) }
    var text = table.description + "\nbest: \(bestText), \(scorer) \(fixed(bestScore, 4))\n"
    if let output { text += "written: \(output)\n" }
    try writeOutput(Data(text.utf8))
  }
}
