import ArgumentParser
import Farro
import FarroProfile
import Foundation

struct CPUCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cpu",
    abstract: "Print what is known about this CPU.",
    discussion: "What the machine does not tell is \"unknown\" in the table, and left out of the JSON."
  )

  @Option(help: "What to print: table or json.")
  var format = OutputFormat.table

  func validate() throws {
    _ = try usableInstructionSet()
  }

  func run() throws {
    let machine = Machine.current
    switch format {
    case .table: try writeOutput(Data(machine.table.utf8))
    case .json: try writeOutput(machine.jsonData())
    }
  }
}

/// What kernels use unless told otherwise.
///
/// - Throws: `ValidationError` when `FARRO_ISA` names something else than this machine has.
func usableInstructionSet() throws -> InstructionSet {
  guard let current = InstructionSet.current else { throw ValidationError(InstructionSet.refusal!) }
  return current
}

extension Machine {
  /// A fact per line.
  var table: String {
    var table = TextTable(["fact", "value"], leftAligned: [0, 1])
    table.append(["name", name])
    table.append(["vendor", vendor])
    table.append(["logical cores", "\(logicalCores)"])
    table.append(["usable cores", "\(usableCores)"])
    table.append(["threads", "\(threads)" + (openMP ? "" : " (built without OpenMP)")])
    table.append(["instruction sets", instructionSets.map(\.rawValue).joined(separator: ", ")])
    table.append(["L1 data cache", known(l1DataBytes) + " per core"])
    table.append(["L2 cache", known(l2Bytes) + " per core"])
    table.append(["L3 cache", known(l3Bytes)])
    table.append(["cache line", known(cacheLineBytes)])
    table.append(["memory", known(memoryBytes)])
    table.append(["frequency", frequencyHertz.map { fixed($0 / 1e9, 2) + " GHz" } ?? "unknown"])
    return table.description
  }

  private func known(_ bytes: Int?) -> String { bytes.map(byteCount) ?? "unknown" }
}
