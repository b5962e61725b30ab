import Foundation
import Subprocess
import Testing

/// What goes wrong around `farro dedup`: files that cannot be read, or change, and signals.
@Suite struct DedupTroubleTests {
  private static let text = (0..<40).map { "word\($0)" }.joined(separator: " ")

  private func write(_ text: String, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Runs a script in which "$0" is farro; one that hangs is ended, with status 124.
  private func bash(_ script: String, in folder: String) async throws -> Outcome {
    try await runProgram("/usr/bin/timeout", ["240", "/bin/bash", "-c", script, executable().path], in: folder)
  }

  // MARK: - Files

  @Test func `a file comes once, however paths name it, and its hard links are others`() async throws {
    try await withTemporaryDirectory { folder in
      try write(Self.text, to: "\(folder)/a/x")
      try write("something else", to: "\(folder)/a/y")
      let named = try await farro("dedup", "./a/x", "a", "a/../a/x", "a/y", "--list", "kept", in: folder)
      #expect(named.output == "./a/x\na/y\n" && named.error.contains("2 documents in 2 files"), "\(named)")
      #expect(link("\(folder)/a/x", "\(folder)/a/z") == 0)
      for paths in [["a/x", "a/z"], ["a"], [".", "a/x"]] {
        let found = try await runFarro(["dedup"] + paths, in: folder)
        #expect(found.error.contains("1 near-duplicate of others, in 1 group; "), "\(found)")
      }
    }
  }

  @Test func `a name that is not UTF-8 is told of`() async throws {
    try await withTemporaryDirectory { folder in
      try write(Self.text, to: "\(folder)/a.txt")
      let script = "printf text > \"$(printf 'caf\\xe9.txt')\"; \"$0\" dedup . --strict -q --include "
      let found = try await bash(script + "'*.txt'", in: folder)
      #expect(found.status == 1 && found.error == "farro: ./caf\u{FFFD}.txt: its name is not UTF-8\n", "\(found)")
      #expect(try await bash(script + "a.txt", in: folder).status == 0)
    }
  }

  /// Root may read everything, unless it gives that up.
  @Test(.enabled(if: geteuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
  func `files and folders without permission are told of`() async throws {
    try await withTemporaryDirectory { folder in
      for name in ["a/x", "b/x", "c/x"] { try write(Self.text, to: "\(folder)/\(name)") }
      chmod("\(folder)/a/x", 0)
      chmod("\(folder)/c", 0)
      defer { chmod("\(folder)/c", 0o700) }
      let abilities = "-dac_override,-dac_read_search"
      let asAnyone = "/usr/bin/setpriv --bounding-set \(abilities) --inh-caps \(abilities)"
      let found = try await bash("\(geteuid() == 0 ? asAnyone : "") \"$0\" dedup . --strict --list kept", in: folder)
      #expect(found.status == 1 && found.output == "./b/x\n", "\(found)")
      #expect(found.error.contains("farro: ./a/x: Permission denied\n"))
      #expect(found.error.contains("farro: ./c: Permission denied\n"))
    }
  }

  @Test func `of gzip that is cut the lines before count`() async throws {
    try await withTemporaryDirectory { folder in
      let lines = (0..<5000).map { "line \($0) of \($0 * 7919 % 10007)" }.joined(separator: "\n")
      try write(lines + "\n", to: "\(folder)/l.txt")
      let cut = try await bash("gzip -k l.txt; head -c 20000 l.txt.gz > cut.gz; zcat cut.gz | wc -l", in: folder)
      let whole = try #require(Int(cut.output.filter(\.isNumber)))
      #expect(whole > 100)
      let found = try await farro("dedup", "cut.gz", "--lines", "--list", "kept", "--threshold", "1", in: folder)
      #expect(found.output == lines.split(separator: "\n")[..<whole].joined(separator: "\n") + "\n")
      let reason = "nothing after line \(whole) can be read: gzip: unexpected end of file"
      #expect(found.status == 0 && found.error.contains("farro: cut.gz: \(reason)\n"), "\(found.error)")
      // Of a file that is a document the beginning is none.
      let file = try await farro("dedup", "cut.gz", "--strict", in: folder)
      #expect(file.status == 1 && file.error.hasPrefix("farro: cut.gz: gzip: unexpected end of file\n0 documents"))
    }
  }

  @Test func `a file that becomes shorter before its lines are printed is an error`() async throws {
    try await withTemporaryDirectory { folder in
      // More than a pipe holds, so that the printing waits.
      try write((0..<40_000).map { "a line with the number \($0)\n" }.joined(), to: "\(folder)/a.txt")
      try write("the last line", to: "\(folder)/b.txt")
      let script = """
        "$0" dedup a.txt b.txt --lines --list kept --size 6 -q | (head -c 1; : > b.txt; cat) > /dev/null
        exit ${PIPESTATUS[0]}
        """
      let found = try await bash(script, in: folder)
      let reason = "cannot read the lines that are kept again: it has become shorter"
      #expect(found.status == 74 && found.error == "farro: b.txt: \(reason)\n", "\(found)")
    }
  }

  #if os(Linux)
    @Test(
      .enabled("with a sanitizer it takes more than that to begin") {
        try await beginsInLittleMemory()
      }
    )
    func `too little memory for a file is an error, not a crash`() async throws {
      try await withTemporaryDirectory { folder in
        // Its set takes 256 MB, and 384 while it is sorted.
        let script = """
          head -c 32000000 /dev/zero > zeros; \(littleMemory)
          "$0" dedup zeros --unit bytes --verify exact --threads 1 -q
          """
        let found = try await bash(script, in: folder)
        #expect(found.status == 69 && found.error.hasPrefix("farro: the system has no memory for "), "\(found)")
      }
    }
  #endif

  // MARK: - Signals

  @Test func `a signal ends the printing too`() async throws {
    try await withTemporaryDirectory { folder in
      try write((0..<40_000).map { "a line with the number \($0)\n" }.joined(), to: "\(folder)/a.txt")
      let script = """
        mkfifo out
        "$0" dedup a.txt --lines --list kept --size 6 -q > out & exec 3< out
        head -c 1 <&3 > /dev/null
        kill -TERM $!; wait $!
        """
      #expect(try await bash(script, in: folder).status == 143)
    }
  }

  @Test func `a signal that is ignored, as by nohup, stays so`() async throws {
    try await withTemporaryDirectory { folder in
      try write((0..<100_000).map { "a line with the number \($0)\n" }.joined(), to: "\(folder)/a.txt")
      let script = """
        trap '' HUP
        "$0" dedup a.txt --lines --size 6 -q > /dev/null &
        while kill -HUP $! 2> /dev/null; do sleep 0.02; done
        wait $!
        """
      #expect(try await bash(script, in: folder).status == 0)
    }
  }

  // MARK: - Exit statuses

  @Test func `failures have the numbers of sysexits, for every command`() async throws {
    try await withTemporaryDirectory { folder in
      try write(Self.text, to: "\(folder)/a.txt")
      for (status, arguments) in [
        (64, ["dedup"]), (65, ["index", "info", "a.txt"]), (69, ["dedup", "a.txt", "--memory", "1"]),
        (74, ["index", "info", "missing"]), (74, ["neighbors", "missing", "a.txt"]),
        (74, ["dedup", "a.txt", "-o", "no/out"]), (74, ["profile", "--baseline", "missing"]),
      ] {
        let outcome = try await runFarro(arguments, in: folder)
        #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments): \(outcome)")
      }
    }
  }
}

private let littleMemory = "ulimit -v 800000"

private func beginsInLittleMemory() async throws -> Bool {
  let script = "\(littleMemory); \"$0\" --help > /dev/null"
  return try await runProgram("/bin/bash", ["-c", script, executable().path], in: "/").status == 0
}
