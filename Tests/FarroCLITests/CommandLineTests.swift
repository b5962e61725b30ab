import Farro
import Foundation
import Testing

@Suite struct CommandLineTests {
  @Test(arguments: [["time", "--nope"], ["hash", "--nope"], ["race", "--nope"], ["cpu", "--nope"], ["nope"]])
  func `unknown words print help and exit with 64`(arguments: [String]) async throws {
    let outcome = try await runFarro(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("nope") && outcome.error.contains("Usage: farro"))
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: ["cpu", "race", "hash"])
  func `an unusable instruction set exits with 64 and names those that would be right`(command: String) async throws {
    let outcome = try await runFarro([command], environment: ["FARRO_ISA": "nonsense"])
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("FARRO_ISA=nonsense"))
    for isa in InstructionSet.supported { #expect(outcome.error.contains(isa.rawValue)) }
  }

  #if os(Linux)
    @Test(arguments: ["cpu", "hash", "cpu --format json"])
    func `output that cannot be written is an error, not a success`(command: String) async throws {
      let outcome = try await runProgram("/bin/sh", ["-c", "\"$0\" \(command) > /dev/full", executable().path])
      #expect(outcome.status == 74)
      #expect(outcome.error.contains("cannot write to standard output: No space left on device"))
    }
  #endif

  @Test func `a race over more than fits in memory is refused`() async throws {
    let outcome = try await farro("race", "--count", "4294967296000")
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("--count must be 1 to "))
  }

  @Test func `help names every subcommand`() async throws {
    let outcome = try await farro("--help")
    #expect(outcome.status == 0)
    for command in ["cpu", "profile", "race", "time", "hash"] { #expect(outcome.output.contains("  \(command) ")) }
  }

  @Test func `a race as JSON times every way for each count`() async throws {
    let outcome = try await farro("race", "--count", "100", "--count", "1000", "--time", "0", "--format", "json")
    #expect(outcome.status == 0)
    let races = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
    #expect(races.map { $0["count"] as? Int } == [100, 1000])
    for race in races {
      let lanes = try #require(race["lanes"] as? [[String: Any]])
      #expect(lanes.count == 9)
      #expect(lanes.allSatisfy { ($0["median_s"] as? Double ?? 0) > 0 && ($0["gbps"] as? Double ?? 0) > 0 })
    }
  }
}
