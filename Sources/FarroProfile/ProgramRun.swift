import CProcessUsage
import Foundation
import Subprocess

/// One run of a program: what it took, how it ended, and what it printed.
public struct ProgramRun: Sendable, Equatable, Codable {
  /// From just before the process is created until it has ended.
  public var wallSeconds: Double
  /// CPU time in the program and in the kernel on its behalf, with that of the processes that it waited for.
  public var userSeconds, systemSeconds: Double
  /// The most memory that the program, or any process that it waited for, held at a time; `nil` where the system does not
  /// tell it for one process (outside Linux).
  public var peakMemoryBytes: Int?
  /// Whether ``peakMemoryBytes`` is only known not to be exceeded. A process starts as a copy of the one that creates it
  /// and its peak remembers that, so what stays below this process's own peak cannot be told from it.
  public var peakMemoryIsUpperBound: Bool
  /// What the program exited with; `nil` when a signal ended it.
  public var exitStatus: Int?
  /// The signal that ended the program.
  public var signal: Int?
  /// The beginning of what it wrote to standard output and standard error, in the order written.
  public var output: [UInt8]
  /// Whether it wrote more than ``output`` holds.
  public var outputIsCut: Bool

  /// Whether the program exited with 0.
  public var succeeded: Bool { exitStatus == 0 }
}

extension Program {
  /// Runs the program once, in a process group of its own, with an empty standard input.
  ///
  /// When the task is cancelled the group is asked to terminate, and after two seconds the program is killed.
  ///
  /// - Parameters:
  ///   - timeout: Seconds after which the program is ended in the same way; `nil` to wait for ever.
  ///   - outputLimit: The bytes of output to keep; what is beyond is read and dropped.
  /// - Throws: ``ProgramError`` when it cannot be started or runs too long, `CancellationError` when cancelled. An exit
  ///   status other than 0 is a result.
  public func run(timeout: Double? = nil, outputLimit: Int = 1 << 20) async throws -> ProgramRun {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = Self.teardown
    let before = farro_reaped_usage()
    let clock = ContinuousClock()
    let start = clock.now
    let result = try await asProgramError {
      try await Subprocess.run(
        executable.contains("/") ? .path(.init(executable)) : .name(executable),
        arguments: Arguments(arguments),
        platformOptions: options,
        input: .none,
        output: .sequence,
        error: .combinedWithOutput
      ) { execution in
        async let output = Self.beginning(of: execution.standardOutput, limit: outputLimit)
        let timer = timeout.map { seconds in
          Task {
            try await Task.sleep(for: .seconds(seconds))
            await execution.teardown(using: Self.teardown)
          }
        }
        let end = await awaitEnd(of: execution.processIdentifier.value, clock)
        timer?.cancel()
        let timedOut = await (try? timer?.value) != nil
        return try await (end: end, timedOut: timedOut, output: output)
      }
    }
    try Task.checkCancellation()
    let (end, timedOut, output) = result.closureResult
    if timedOut { throw ProgramError.timedOut(self, seconds: timeout ?? 0) }
    // Where one child's usage is not told, all children's usage has grown by it: programs run one at a time.
    let (from, to) = end.usage.map { (rusage(), $0) } ?? (before, farro_reaped_usage())
    let peak = end.usage.map(peakBytes)
    var run = ProgramRun(
      wallSeconds: (end.instant - start) / .seconds(1),
      userSeconds: seconds(to.ru_utime) - seconds(from.ru_utime),
      systemSeconds: seconds(to.ru_stime) - seconds(from.ru_stime),
      peakMemoryBytes: peak,
      peakMemoryIsUpperBound: peak.map { $0 <= Int(farro_own_peak_bytes()) } ?? false,
      output: output.bytes,
      outputIsCut: output.isCut
    )
    switch result.terminationStatus {
    case .exited(let status): run.exitStatus = Int(status)
    case .signaled(let signal): run.signal = Int(signal)
    }
    return run
  }

  private static let teardown = [
    TeardownStep.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
  ]

  private static func beginning(
    of sequence: SubprocessOutputSequence,
    limit: Int
  ) async throws -> (bytes: [UInt8], isCut: Bool) {
    var bytes: [UInt8] = []
    var isCut = false
    for try await buffer in sequence {
      let room = limit - bytes.count
      buffer.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(room)) }
      isCut = isCut || buffer.count > room
    }
    return (bytes, isCut)
  }

  private func asProgramError<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let error as SubprocessError where error.code == .executableNotFound {
      let isThere = executable.contains("/") && FileManager.default.fileExists(atPath: executable)
      throw isThere ? ProgramError.notExecutable(self, reason: "not an executable file") : ProgramError.notFound(self)
    } catch let error as SubprocessError where error.code == .spawnFailed {
      throw ProgramError.notExecutable(self, reason: error.underlyingError.map { "\($0)" } ?? error.description)
    }
  }
}

private struct ProcessEnd: Sendable {
  let instant: ContinuousClock.Instant
  let usage: rusage?
}

/// Waits on a thread of its own, since the threads of Swift's tasks must not block.
private func awaitEnd(of process: pid_t, _ clock: ContinuousClock) async -> ProcessEnd {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      var usage = rusage()
      let isKnown = farro_await_child(process, &usage)
      continuation.resume(returning: ProcessEnd(instant: clock.now, usage: isKnown ? usage : nil))
    }
  }
}

private func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }

private func peakBytes(_ usage: rusage) -> Int { usage.ru_maxrss * 1024 }
