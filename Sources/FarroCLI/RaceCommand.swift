import ArgumentParser
import FarroProfile
import Foundation

struct RaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "race",
    abstract: "Race Swift's ways of adding 1 to every element, and Farro's.",
    discussion: "The ways are functions of Sources/FarroProfile/Race.swift, to be read beside the table."
  )

  @Option(help: "Elements; several numbers race several times (default: 4096, in cache, and 16777216, out of it).")
  var count: [Int] = []

  @Option(help: ArgumentHelp("Take about this long for each number of elements.", valueName: "seconds"))
  var time = 2.0

  @Option(help: "What to print: table or json.")
  var format = OutputFormat.table

  func validate() throws {
    _ = try usableInstructionSet()
    guard count.allSatisfy({ 1...mostCount ~= $0 }) else { throw ValidationError("--count must be 1 to \(mostCount).") }
    guard time >= 0 && time <= 86_400 else { throw ValidationError("--time must be 0 to 86400 seconds.") }
  }

  /// Every way keeps its own floats, beside those that all start from; as many again leave the machine room to work.
  private var mostCount: Int {
    let ways = AddOne.allCases.count + 1
    return min(1 << 32, (Machine.current.memoryBytes ?? 8 << 30) / (2 * ways * MemoryLayout<Float>.stride))
  }

  func run() throws {
    let progress = ProgressLine()
    let results = (count.isEmpty ? [4096, 16 << 20] : count).map { count in
      progress.show("racing over \(count) elements")
      defer { progress.clear() }
      return race(count: count, budget: .seconds(time))
    }
    switch format {
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try writeOutput(encoder.encode(results) + Data("\n".utf8))
    case .table:
      try writeOutput(Data(results.map(table).joined(separator: "\n").utf8))
      if results[0].isDebugBuild {
        complain(
          "This farro is a debug build: loops are not optimized, and their times tell nothing. Use swift build -c release."
        )
      }
    }
  }

  private func table(_ result: RaceResult) -> String {
    let size = byteCount(result.count * 4)
    var table = TextTable(
      ["\(result.count) floats, \(size)", "time", "±", "GB/s", "times as fast as the for loop"],
      leftAligned: [0, 4]
    )
    for lane in result.lanes {
      let speedup = "\(fixed(lane.speedup, 2))  (\(fixed(lane.speedupLow, 2)) to \(fixed(lane.speedupHigh, 2)))"
      table.append([
        lane.name.rawValue, duration(lane.medianSeconds), percent(lane.spread / 2), fixed(lane.gbps, 1), speedup,
      ])
    }
    return table.description + "Tensor and kernel: up to \(result.threads) thread\(result.threads == 1 ? "" : "s")\n"
  }
}
