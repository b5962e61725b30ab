import Foundation
import Testing

@Suite struct TimeTests {
  private func json(_ outcome: Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  @Test func `each program has its runs with status, time and memory`() async throws {
    let outcome = try await farro(
      "time",
      "--runs",
      "3",
      "--format",
      "json",
      "--against",
      "sh -c 'exit 3'",
      "--",
      "sh",
      "-c",
      "exit 0"
    )
    #expect(outcome.status == 0, "a program that fails is a result")
    let report = try json(outcome)
    let programs = try #require(report["programs"] as? [[String: Any]])
    #expect(programs.map { $0["command"] as? [String] } == [["sh", "-c", "exit 0"], ["sh", "-c", "exit 3"]])
    for (program, status) in zip(programs, [0, 3]) {
      let runs = try #require(program["runs"] as? [[String: Any]])
      #expect(runs.count == 3)
      #expect(runs.allSatisfy { $0["exit_status"] as? Int == status && ($0["wall_s"] as? Double ?? 0) > 0 })
      #if os(Linux)
        #expect((program["peak_memory_bytes"] as? Int ?? 0) > 0)
      #endif
    }
    let ratio = try #require((report["ratios"] as? [[String: Any]])?.first)
    #expect((ratio["low"] as? Double ?? 9) <= (ratio["median"] as? Double ?? 0))
  }

  @Test func `wall time is that of the program`() async throws {
    let report = try json(try await farro("time", "--runs", "1", "--format", "json", "--", "sleep", "0.2"))
    let program = try #require((report["programs"] as? [[String: Any]])?.first)
    let wall = try #require((program["wall_s"] as? [String: Any])?["median"] as? Double)
    #expect(wall >= 0.2)
    let cpu = try #require((program["user_s"] as? [String: Any])?["median"] as? Double)
    #expect(cpu < 0.15, "sleeping takes no CPU time")
  }

  #if os(Linux)
    @Test func `peak memory is that of the program, and not of one before it`() async throws {
      // tail keeps as much as it is asked for, and the shell has waited for it.
      let large = "head -c 300000000 /dev/zero | tail -c 200000000 > /dev/null"
      // A shell between: farro itself would remember how large this process is, and would not tell what is smaller.
      let arguments = ["time", "--runs", "2", "--format", "json", "--against", "true", "--", "sh", "-c", large]
      let outcome = try await runProgram("/bin/sh", ["-c", #""$0" "$@"; exit $?"#, executable().path] + arguments)
      let programs = try #require(try json(outcome)["programs"] as? [[String: Any]])
      let peaks = programs.compactMap { $0["peak_memory_bytes"] as? Int }
      #expect(peaks.count == 2 && peaks[0] > 190_000_000 && peaks[1] < 190_000_000)
      // What is smaller than farro itself cannot be told from it.
      #expect(programs.map { $0["peak_memory_is_upper_bound"] as? Bool } == [false, true])
    }
  #endif

  @Test func `what a program writes is shown on demand`() async throws {
    let command = ["--", "sh", "-c", "echo to output; echo to error >&2"]
    let quiet = try await farro("time", "--runs", "1", command[0], command[1], command[2], command[3])
    #expect(!quiet.output.contains("\nto output\n"))
    let shown = try await farro("time", "--runs", "1", "--show-output", command[0], command[1], command[2], command[3])
    #expect(shown.output.contains("\nto output\nto error\n"))
  }

  @Test func `a program that is killed shows its signal`() async throws {
    let outcome = try await farro("time", "--runs", "2", "--", "sh", "-c", "kill -9 $$")
    #expect(outcome.status == 0 && outcome.output.contains("signal 9"))
  }

  @Test func `programs that cannot run exit as shells do`() async throws {
    let missing = try await farro("time", "--", "no-such-program-here")
    #expect(missing.status == 127 && missing.error.contains("no-such-program-here: no such program"))
    let text = try await farro("time", "--", "/etc/passwd")
    #expect(text.status == 126 && text.error.contains("/etc/passwd: cannot be run"))
    #expect(missing.output.isEmpty && text.output.isEmpty)
  }

  @Test func `a timeout ends the program and its children`() async throws {
    try await withTemporaryDirectory { directory in
      let script = "(sleep 1.5; touch '\(directory)/survived') & wait"
      let outcome = try await farro("time", "--timeout", "0.3", "--", "sh", "-c", script)
      #expect(outcome.status == 124 && outcome.error.contains("still running after 0.3 s"))
      try await Task.sleep(for: .seconds(2))
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/survived"))
    }
  }

  @Test func `what cannot be read as a command exits with 64`() async throws {
    #expect(try await farro("time", "--against", "sh -c 'no end", "--", "true").status == 64)
    #expect(try await farro("time").status == 64)
    #expect(try await farro("time", "--runs", "0", "--", "true").status == 64)
    #expect(try await farro("time", "--timeout", "nan", "--", "true").status == 64)
    #expect(try await farro("time", "--timeout", "1e300", "--", "true").status == 64)
  }
}
