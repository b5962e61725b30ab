import ArgumentParser
import FarroProfile
import Foundation

struct TimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "time",
    abstract: "Time programs: wall and CPU time, peak memory, and how two compare.",
    discussion: """
      Runs the command that follows `--`, and the one of `--against` in turn with it, each with an empty standard input.
      Exits with 0 whatever the programs exit with (that is in the output); with 127 or 126 when one is not found or
      cannot be run, with 124 when one exceeds the timeout, and with 64 for unknown options.
      """
  )

  @Option(
    help: ArgumentHelp(
      "Another command to compare with, in one argument; quotes group words.",
      discussion: "For pipes and variables say \"sh -c '...'\".",
      valueName: "command"
    )
  )
  var against: String?

  @Option(help: "Measured runs of each command.")
  var runs = 10

  @Option(help: "Runs of each command before those, not counted.")
  var warmup = 1

  @Option(help: ArgumentHelp("End a run that takes longer.", valueName: "seconds"))
  var timeout: Double?

  @Option(help: "What to print: table or json.")
  var format = OutputFormat.table

  @Flag(help: "Also print what the last run of each command wrote.")
  var showOutput = false

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after `--`.")
  var command: [String] = []

  func validate() throws {
    guard runs > 0 && warmup >= 0 else { throw ValidationError("--runs must be at least 1, and --warmup at least 0.") }
    guard let seconds = timeout else { return }
    guard seconds > 0 && seconds <= 1e9 else {
      throw ValidationError("--timeout must be above 0 seconds, at most 1e9.")
    }
  }

  func run() async throws {
    // Not in validate(), which comes before the parser tells of unknown options.
    guard let first = command.first, !first.isEmpty else {
      throw ValidationError("Say which command to time: farro time [options] -- command arguments")
    }
    var programs = [Program(first, Array(command.dropFirst()))]
    do {
      if let against { programs.append(try Program(shellWords: against)) }
      let progress = ProgressLine()
      defer { progress.clear() }
      let timings = try await endingOnSignals { [programs, runs, warmup, timeout] in
        try await timePrograms(programs, runs: runs, warmUp: warmup, timeout: timeout) {
          progress.show("run \($0) of \($1)")
        }
      }
      progress.clear()
      try show(timings)
    } catch let error as ProgramError {
      complain("farro time: \(error)")
      throw ExitCode(error.exitStatus)
    }
  }

  private func show(_ timings: [ProgramTiming]) throws {
    switch format {
    case .json:
      try writeOutput(ProgramReport(timings, includingOutput: showOutput).jsonData())
    case .table:
      try writeOutput(Data(table(timings).utf8))
      guard showOutput else { return }
      for timing in timings {
        let run = timing.runs.last!
        try writeOutput(Data("\n==> \(timing.program.description) <==\n".utf8))
        try writeOutput(Data(run.output))
        if run.outputIsCut { try writeOutput(Data("\n(cut here)\n".utf8)) }
      }
    }
  }

  private func table(_ timings: [ProgramTiming]) -> String {
    var text = TextTable(["wall", "±", "min", "user", "system", "peak memory", "exit", "command"], leftAligned: [7])
    for timing in timings {
      let wall = timing.wallSeconds
      text.append([
        duration(wall.median), percent(wall.spread / 2), duration(wall.min),
        duration(timing.userSeconds.median), duration(timing.systemSeconds.median),
        memory(timing), endings(timing), timing.program.description,
      ])
    }
    var lines = text.description
    if timings.count == 2 {
      let ratio = timings[0].ratio(of: timings[1])
      let interval = ratio.interval
      lines += "\nwall time of the second divided by the first: "
      lines +=
        "\(fixed(ratio.median, 3)), 95% interval \(fixed(interval.lowerBound, 3)) to \(fixed(interval.upperBound, 3))"
      lines += " (\(ratio.count) pairs)\n"
    }
    return lines
  }

  private func memory(_ timing: ProgramTiming) -> String {
    guard let bytes = timing.peakMemoryBytes else { return "unknown" }
    return (timing.peakMemoryIsUpperBound ? "< " : "") + byteCount(bytes)
  }

  /// How the runs ended: one word when all ended alike, else each with its count.
  private func endings(_ timing: ProgramTiming) -> String {
    let names = timing.runs.map { run in run.exitStatus.map(String.init) ?? "signal \(run.signal ?? 0)" }
    let counts = Dictionary(grouping: names, by: \.self).mapValues(\.count).sorted { $0.key < $1.key }
    return counts.count == 1 ? names[0] : counts.map { "\($0.key) (\($0.value)x)" }.joined(separator: ", ")
  }
}

extension ProgramError {
  /// As `env` and `timeout` exit.
  fileprivate var exitStatus: Int32 {
    switch self {
    case .unreadable: 64
    case .notFound: 127
    case .notExecutable: 126
    case .timedOut: 124
    }
  }
}
