import ArgumentParser
import FarroData
import FarroModels
import FarroSearch
import Foundation

@main
struct FarroCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "farro",
    abstract: "CPU kernels: profile, race, time, hash; nearest neighbours; near-duplicate documents; models of tables.",
    discussion: """
      Exits with 0 when all is well, and with 1 when the answer is no: a regression, a digest that differs, what --strict \
      forbids. Failures have the numbers of sysexits.h: 64 the command line is wrong, 65 a file is not what it should be, \
      69 memory does not suffice, 74 a file cannot be read or written. After a signal, 128 and its number.
      """,
    subcommands: [
      CPUCommand.self, ProfileCommand.self, RaceCommand.self, TimeCommand.self, HashCommand.self, NeighborsCommand.self,
      IndexCommand.self, DedupCommand.self, FitCommand.self, PredictCommand.self, EvaluateCommand.self,
      TuneCommand.self, CompareCommand.self,
    ]
  )

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      guard let status = failureStatus(error) else { exit(withError: error) }
      complain("farro: \(error)")
      exit(withError: ExitCode(status))
    }
  }

  /// What farro exits with when a file or memory is to blame; `nil` when something else is.
  private static func failureStatus(_ error: any Error) -> CInt? {
    switch error {
    case is FileError, is FileProblem: EX_IOERR
    case is ArrayFileError, is CSVError, is NPYError, is IndexError, is VectorFileError: EX_DATAERR
    case is ModelDataError, is ModelFileError, is SVMLightError, is ModelError: EX_DATAERR
    case is NearDuplicatesError: EX_UNAVAILABLE
    default: nil
    }
  }
}
