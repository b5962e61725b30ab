import Farro

/// The runs of one program among those timed in turn.
public struct ProgramTiming: Sendable, Equatable {
  /// What was run.
  public let program: Program
  /// In the order run, the warm-up left out; never empty.
  public let runs: [ProgramRun]

  /// The time from start to end of each run, summarized.
  public var wallSeconds: Summary { Summary(runs.map(\.wallSeconds)) }
  /// The CPU time in the program, summarized.
  public var userSeconds: Summary { Summary(runs.map(\.userSeconds)) }
  /// The CPU time in the kernel on the program's behalf, summarized.
  public var systemSeconds: Summary { Summary(runs.map(\.systemSeconds)) }

  /// The highest peak of all runs; `nil` where the system does not tell.
  public var peakMemoryBytes: Int? { runs.compactMap(\.peakMemoryBytes).max() }
  /// Whether ``peakMemoryBytes`` is only known not to be exceeded, as in ``ProgramRun/peakMemoryIsUpperBound``.
  public var peakMemoryIsUpperBound: Bool { runs.allSatisfy(\.peakMemoryIsUpperBound) }

  /// The wall time of `other` divided by this one's, a ratio per pair of runs that followed one another.
  ///
  /// - Precondition: both come from the same call of ``timePrograms(_:runs:warmUp:timeout:outputLimit:progress:)``.
  public func ratio(of other: ProgramTiming) -> Summary {
    ratioSummary(of: other.runs.map(\.wallSeconds), to: runs.map(\.wallSeconds))
  }
}

/// Runs programs in turn and tells what each run took.
///
/// Two programs run in the order a b, b a, a b ..., so that what slows the machine for a while slows both.
///
/// - Parameters:
///   - programs: One to time alone, or several to compare.
///   - runs: Measured runs of each program.
///   - warmUp: Runs of each program before those, which fill the caches of files and are not counted.
///   - timeout: Seconds that one run may take; `nil` for any time.
///   - outputLimit: Bytes of output to keep of each run.
///   - progress: Called after each run with the number of runs made and to be made.
/// - Throws: ``ProgramError``, or `CancellationError` when the task is cancelled; the running program is then ended.
/// - Precondition: `runs` is positive.
public func timePrograms(
  _ programs: [Program],
  runs: Int = 10,
  warmUp: Int = 1,
  timeout: Double? = nil,
  outputLimit: Int = 1 << 20,
  progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
) async throws -> [ProgramTiming] {
  require(runs > 0 && warmUp >= 0, "timePrograms: \(runs) runs after \(warmUp) cannot be made")
  var results: [[ProgramRun]] = programs.map { _ in [] }
  let total = (warmUp + runs) * programs.count
  var done = 0
  for round in 0..<warmUp + runs {
    let order = round.isMultiple(of: 2) ? Array(programs.indices) : programs.indices.reversed()
    for i in order {
      let run = try await programs[i].run(timeout: timeout, outputLimit: outputLimit)
      if round >= warmUp { results[i].append(run) }
      done += 1
      progress(done, total)
    }
  }
  return zip(programs, results).map(ProgramTiming.init)
}
