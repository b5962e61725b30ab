import ArgumentParser

@main
struct FarroCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "farro",
    abstract: "CPU kernels: profile, race, time, hash; nearest neighbours; near-duplicate documents.",
    subcommands: [
      CPUCommand.self, ProfileCommand.self, RaceCommand.self, TimeCommand.self, HashCommand.self, NeighborsCommand.self,
      IndexCommand.self, DedupCommand.self,
    ]
  )
}
