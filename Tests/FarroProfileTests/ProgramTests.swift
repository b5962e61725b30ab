import Testing

@testable import FarroProfile

@Suite struct ProgramTests {
  @Test func `a line is read as a shell would read it`() throws {
    #expect(
      try Program(shellWords: #"a 'b c'  "d\"e" f\ g '' h'i'"#) == Program("a", ["b c", "d\"e", "f g", "", "hi"])
    )
    #expect(try Program(shellWords: #"a "\n\\""#).arguments == [#"\n\"#])
    for line in ["", "  ", "a 'b", "a \"b", "a \\"] {
      #expect(throws: ProgramError.unreadable(line)) { try Program(shellWords: line) }
    }
  }

  @Test func `a command is shown so that it can be read again`() throws {
    let program = Program("sh", ["-c", "echo 'it'; $x", ""])
    #expect(try Program(shellWords: program.description) == program)
  }

  @Test func `output is kept up to its limit and read to its end`() async throws {
    let run = try await Program("sh", ["-c", "head -c 300000 /dev/zero; exit 5"]).run(outputLimit: 1000)
    #expect(run.output.count == 1000 && run.outputIsCut && run.exitStatus == 5)
    let whole = try await Program("printf", ["abc"]).run(outputLimit: 3)
    #expect(whole.output == Array("abc".utf8) && !whole.outputIsCut)
  }

  @Test func `cancelling ends the program`() async throws {
    let task = Task { try await Program("sleep", ["60"]).run() }
    try await Task.sleep(for: .milliseconds(300))
    let clock = ContinuousClock()
    let start = clock.now
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(clock.now - start < .seconds(30))
  }
}
