import Farro
import Foundation

/// Answers the requests of `Benchmarks/peers/compare.py`, as `worker/worker.c` does: loads a row's operands once, then times
/// one repetition per line read on standard input.
///
/// - Parameter load: What the row asks for, or `nil` where this worker does not have it.
public func serve(name: String, load: (Parameters) throws -> Work?) throws {
  guard CommandLine.arguments.count == 2, let threads = Int(CommandLine.arguments[1]), threads > 0 else {
    FileHandle.standardError.write(Data("usage: \(name) THREADS\n".utf8))
    exit(64)
  }
  Threads.setLimit(threads)
  var row: Row?
  while let line = readLine() {
    let fields = line.split(separator: "\t").map(String.init)
    switch (fields.first, row) {
    case ("facts", _):
      answer("ok", "this tree, Swift", InstructionSet.current?.rawValue ?? "none")
    case ("load", _):
      row = nil
      let parameters = Parameters(fields.dropFirst())
      if let work = try load(parameters) {
        row = Row(work)
        answer("ok", work.way)
      } else {
        answer("missing", "\(name) has no \(parameters["operation"]) of \(parameters["type"]) with these operands")
      }
    case ("unload", _):
      row = nil
      answer("ok")
    case ("calibrate", let row?):
      let (calls, first) = row.calibrate(Double(fields[1])!)
      answer("ok", "\(calls)", "\(first)")
    case ("run", let row?):
      answer("ok", "\(row.run())")
    case ("result", let row?):
      try row.result().write(to: URL(fileURLWithPath: fields[1]))
      answer("ok")
    default:
      answer("error", "'\(line)' is unknown, or comes before a row was loaded")
    }
  }
}

private func answer(_ fields: String...) {
  FileHandle.standardOutput.write(Data((fields.joined(separator: "\t") + "\n").utf8))
}

/// A loaded row and the calls of one repetition, fixed at calibration.
final class Row {
  private let work: Work
  private var calls = 1

  init(_ work: Work) { self.work = work }

  private func seconds(of calls: Int) -> Double {
    let elapsed = ContinuousClock().measure { work.call(calls) }
    return elapsed / .seconds(1)
  }

  /// The least of three; long calls are let off with one, as in worker.c.
  private func leastSeconds(of calls: Int) -> Double {
    var least = seconds(of: calls)
    for _ in 0..<2 where least < 0.1 { least = min(least, seconds(of: calls)) }
    return least
  }

  func calibrate(_ wanted: Double) -> (calls: Int, first: Double) {
    let first = seconds(of: 1)
    calls = 1
    var taken = leastSeconds(of: calls)
    while taken < wanted / 4 {
      calls *= 2
      taken = leastSeconds(of: calls)
    }
    calls = max(1, Int(wanted * Double(calls) / taken))
    return (calls, first)
  }

  /// Seconds per call, after a millisecond of calls that are not counted, as in worker.c.
  func run() -> Double {
    if calls > 1 {
      let clock = ContinuousClock()
      let warm = clock.now.advanced(by: .milliseconds(1))
      repeat { work.call(1) } while clock.now < warm
    }
    return seconds(of: calls) / Double(calls)
  }

  func result() -> Data {
    work.call(1)
    return work.result()
  }
}
