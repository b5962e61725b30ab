import Foundation
import Testing

/// The program whose formats these are, where it is installed.
private let xxhsum = ["/usr/bin/xxhsum", "/opt/homebrew/bin/xxhsum", "/usr/local/bin/xxhsum"]
  .first { FileManager.default.isExecutableFile(atPath: $0) }

@Suite struct HashTests {
  @Test(arguments: [
    ("0", "32d153ff  stdin\n"),
    ("1", "44bc2cf5ad770999  stdin\n"),
    ("64", "44bc2cf5ad770999  stdin\n"),
    ("2", "06b05ab6733a618578af5f94892f3950  stdin\n"),
    ("3", "XXH3 (stdin) = 78af5f94892f3950\n"),
    ("crc32", "CRC32 (stdin) = 352441c2\n"),
    ("crc32c", "CRC32C (stdin) = 364b3fb7\n"),
    ("murmur3-32", "MURMUR3_32 (stdin) = b3dd93fa\n"),
    ("murmur3", "MURMUR3_128 (stdin) = 3ba2744126ca2d52b4963f3f3fad7867\n"),
  ])
  func `standard input has the digest that xxhsum gives, or mmh3 and zlib`(kind: String, line: String) async throws {
    #expect(try await farro("hash", "-H\(kind)", input: "abc").output == line)
    #expect(try await farro("hash", "-H", kind, "-", input: "abc").output == line)
  }

  @Test func `tags and byte order are written as xxhsum writes them`() async throws {
    #expect(try await farro("hash", "--tag", input: "abc").output == "XXH64 (stdin) = 44bc2cf5ad770999\n")
    #expect(try await farro("hash", "--little-endian", input: "abc").output == "990977adf52cbc44  stdin\n")
    let both = try await farro("hash", "--tag", "--little-endian", "-H2", input: "abc")
    #expect(both.output == "XXH128_LE (stdin) = 50392f89945faf7885613a73b65ab006\n")
  }

  @Test(.enabled(if: xxhsum != nil, "xxhsum is not installed"), arguments: ["-H0", "-H1", "-H2", "-H3"])
  func `xxhsum and farro verify each other`(kind: String) async throws {
    try await withFiles { directory, files in
      let ours = try await runFarro(["hash", kind] + files, in: directory)
      let theirs = try await runProgram(xxhsum!, [kind] + files, in: directory)
      #expect(ours.output == theirs.output)
      let theirCheck = try await runProgram(xxhsum!, ["-c", "-"], input: ours.output, in: directory)
      let ourCheck = try await farro("hash", "--check", input: theirs.output, in: directory)
      #expect(theirCheck.status == 0 && ourCheck.status == 0)
      #expect(ourCheck.output == theirCheck.output)
    }
  }

  @Test func `a changed file fails its check`() async throws {
    try await withFiles { directory, files in
      let list = try await runFarro(["hash"] + files, in: directory).output
      try Data("abd".utf8).write(to: URL(fileURLWithPath: "\(directory)/abc"))
      let check = try await farro("hash", "-c", input: list, in: directory)
      #expect(check.status == 1)
      #expect(check.output.contains("abc: FAILED\n") && check.output.contains("empty: OK\n"))
      #expect(check.output.hasSuffix("1 computed checksum did NOT match\n"))
      let quiet = try await farro("hash", "-c", "-q", input: list, in: directory)
      #expect(quiet.status == 1 && !quiet.output.contains("OK"))
      let silent = try await farro("hash", "-c", "--status", input: list, in: directory)
      #expect(silent.status == 1 && silent.output.isEmpty)
    }
  }

  @Test func `a missing file does not keep others from being hashed`() async throws {
    try await withFiles { directory, _ in
      let outcome = try await farro("hash", "missing", "abc", ".", in: directory)
      #expect(outcome.status == 1)
      #expect(outcome.output == "44bc2cf5ad770999  abc\n")
      #expect(outcome.error.contains("Could not open 'missing'") && outcome.error.contains("Could not read '.'"))
      let check = try await farro("hash", "-c", input: "44bc2cf5ad770999  missing\n", in: directory)
      #expect(check.status == 1 && check.output.contains("1 listed file could not be read"))
    }
  }

  @Test func `lines that are no digests count against a strict check only`() async throws {
    try await withFiles { directory, _ in
      let list = "no digest\n44bc2cf5ad770999  abc\n"
      let lenient = try await farro("hash", "-c", "-w", input: list, in: directory)
      #expect(lenient.status == 0 && lenient.output == "abc: OK\n1 line is improperly formatted\n")
      #expect(lenient.error == "stdin:1: Error: Improperly formatted checksum line.\n")
      #expect(try await farro("hash", "-c", "--strict", input: list, in: directory).status == 1)
      let none = try await farro("hash", "-c", input: "no digest\n", in: directory)
      #expect(none.status == 1 && none.error.contains("no properly formatted"))
    }
  }

  @Test(arguments: [
    "44bc2cf5ad770999 *abc", "44BC2CF5AD770999  abc", "44bc2cf5ad770999  abc\r", "XXH3_78af5f94892f3950  abc",
    "XXH64_LE (abc) = 990977adf52cbc44", "XXH32 (abc) = 32d153ff", "CRC32 (abc) = 352441c2",
    "CRC32C_LE (abc) = b73f4b36", "MURMUR3_32 (abc) = b3dd93fa",
  ])
  func `every form of a line is read`(line: String) async throws {
    try await withFiles { directory, _ in
      let check = try await farro("hash", "-c", input: line + "\n", in: directory)
      #expect(check.output == "abc: OK\n")
    }
  }

  @Test func `names with line ends are escaped and found again`() async throws {
    try await withFiles { directory, _ in
      try Data("abc".utf8).write(to: URL(fileURLWithPath: "\(directory)/two\nlines \\"))
      let list = try await farro("hash", "two\nlines \\", in: directory).output
      #expect(list == "\\44bc2cf5ad770999  two\\nlines \\\\\n")
      #expect(try await farro("hash", "-c", input: list, in: directory).status == 0)
    }
  }

  /// A folder with an empty file, a short one, one longer than a piece that is read at a time, and names that need care.
  private func withFiles(_ body: (_ directory: String, _ files: [String]) async throws -> Void) async throws {
    let contents = [
      "empty": Data(), "abc": Data("abc".utf8), "a name (odd) = 1": Data("x".utf8), "back\\slash": Data("y".utf8),
      "long": Data((0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }),
    ]
    try await withTemporaryDirectory { directory in
      for (name, data) in contents { try data.write(to: URL(fileURLWithPath: "\(directory)/\(name)")) }
      try await body(directory, contents.keys.sorted())
    }
  }
}
