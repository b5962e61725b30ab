import Foundation

/// Programs that were timed in turn, as JSON: keys in snake case, times in seconds, what is not known left out.
public struct ProgramReport: Codable, Sendable, Equatable {
  /// In the order in which they were given.
  public var programs: [Entry]
  /// The wall time of each further program divided by the first one's, pair by pair.
  public var ratios: [Measure]

  /// One program: its command, then medians over its runs.
  public struct Entry: Codable, Sendable, Equatable {
    /// The executable, then its arguments.
    public var command: [String]
    /// Time from start to end, and CPU time in the program and in the kernel on its behalf.
    public var wallSeconds, userSeconds, systemSeconds: Measure
    /// The highest peak of all runs.
    public var peakMemoryBytes: Int?
    /// As ``ProgramTiming/peakMemoryIsUpperBound``.
    public var peakMemoryIsUpperBound: Bool
    /// In the order run.
    public var runs: [Run]

    enum CodingKeys: String, CodingKey {
      case command, runs
      case wallSeconds = "wall_s"
      case userSeconds = "user_s"
      case systemSeconds = "system_s"
      case peakMemoryBytes = "peak_memory_bytes"
      case peakMemoryIsUpperBound = "peak_memory_is_upper_bound"
    }
  }

  /// A ``Summary`` in short: the median, an interval that holds it with 95% probability, and all that was seen.
  public struct Measure: Codable, Sendable, Equatable {
    /// `low...high` is the interval; `spread` is the interquartile range divided by the median.
    public var median, low, high, min, max, spread: Double

    init(_ summary: Summary) {
      (median, spread) = (summary.median, summary.spread)
      (low, high) = (summary.interval.lowerBound, summary.interval.upperBound)
      (min, max) = (summary.min, summary.max)
    }
  }

  /// One run: exactly one of `exitStatus` and `signal` is there.
  public struct Run: Codable, Sendable, Equatable {
    /// As in ``ProgramRun``.
    public var wallSeconds, userSeconds, systemSeconds: Double
    /// As ``ProgramRun/peakMemoryBytes``.
    public var peakMemoryBytes: Int?
    /// As ``ProgramRun/exitStatus`` and ``ProgramRun/signal``.
    public var exitStatus, signal: Int?
    /// What it wrote, with what is not UTF-8 replaced; `nil` when it was not asked for.
    public var output: String?
    /// Whether it wrote more than was kept; `nil` when it was not asked for.
    public var outputIsCut: Bool?

    enum CodingKeys: String, CodingKey {
      case signal, output
      case wallSeconds = "wall_s"
      case userSeconds = "user_s"
      case systemSeconds = "system_s"
      case peakMemoryBytes = "peak_memory_bytes"
      case exitStatus = "exit_status"
      case outputIsCut = "output_is_cut"
    }
  }

  /// A report of `timings`, whose first program is the one that ratios refer to.
  ///
  /// - Precondition: `timings` is not empty.
  public init(_ timings: [ProgramTiming], includingOutput: Bool = false) {
    programs = timings.map { Entry($0, includingOutput) }
    ratios = timings.dropFirst().map { Measure(timings[0].ratio(of: $0)) }
  }

  /// The JSON of this report, keys sorted, ending with a newline.
  public func jsonData() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}

extension ProgramReport.Entry {
  fileprivate init(_ timing: ProgramTiming, _ includingOutput: Bool) {
    command = [timing.program.executable] + timing.program.arguments
    wallSeconds = ProgramReport.Measure(timing.wallSeconds)
    userSeconds = ProgramReport.Measure(timing.userSeconds)
    systemSeconds = ProgramReport.Measure(timing.systemSeconds)
    peakMemoryBytes = timing.peakMemoryBytes
    peakMemoryIsUpperBound = timing.peakMemoryIsUpperBound
    runs = timing.runs.map { run in
      ProgramReport.Run(
        wallSeconds: run.wallSeconds,
        userSeconds: run.userSeconds,
        systemSeconds: run.systemSeconds,
        peakMemoryBytes: run.peakMemoryBytes,
        exitStatus: run.exitStatus,
        signal: run.signal,
        output: includingOutput ? String(decoding: run.output, as: UTF8.self) : nil,
        outputIsCut: includingOutput ? run.outputIsCut : nil
      )
    }
  }
}
