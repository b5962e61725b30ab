import ArgumentParser
import Farro
import Foundation

struct HashCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hash",
    abstract: "Print or check XXH3, XXH64, XXH32, CRC-32 and MurmurHash3 digests, in the formats of xxhsum.",
    discussion: """
      Without a file, or for "-", standard input is read. Exits with 1 when a file cannot be read or does not have the \
      digest of the list, with 64 for unknown options.
      """
  )

  @Option(
    name: .customShort("H", allowingJoined: true),
    help: ArgumentHelp(
      "The hash: 0 XXH32, 1 XXH64, 2 XXH128, 3 XXH3; or 32, 64, 128; crc32, crc32c, murmur3, murmur3-32.",
      valueName: "hash"
    ),
    transform: { text in
      guard let kind = HashKind(option: text) else {
        throw ValidationError("say 0, 1, 2, 3, 32, 64, 128, crc32, crc32c, murmur3 or murmur3-32")
      }
      return kind
    }
  )
  var kind = HashKind.xxh64

  @Flag(name: .shortAndLong, help: "Read digests from the files, and check the files that they name.")
  var check = false

  @Flag(help: "Write digests with the name of the hash, in the style of BSD.")
  var tag = false

  @Flag(help: "Write digests with the least significant byte first; of a list without tags, read them so.")
  var littleEndian = false

  @Flag(name: .shortAndLong, help: "With --check: do not print OK for each file.")
  var quiet = false

  @Flag(help: "With --check: print nothing; the exit status tells.")
  var status = false

  @Flag(help: "With --check: exit with 1 when a line is not properly formatted.")
  var strict = false

  @Flag(name: .shortAndLong, help: "With --check: tell about each line that is not properly formatted.")
  var warn = false

  @Argument(help: "Files; with --check, lists of digests.")
  var files: [String] = []

  func validate() throws { _ = try usableInstructionSet() }

  func run() throws {
    let paths = files.isEmpty ? ["-"] : files
    // Every file is seen to, also after one that fails.
    let results = try paths.map { try check ? checkList($0) : printDigest($0) }
    if results.contains(false) { throw ExitCode(1) }
  }

  private func printDigest(_ path: String) throws -> Bool {
    guard let digest = reported({ () throws(FileProblem) in try digest(ofFile: path, kind) }, path) else {
      return false
    }
    let line = HashLine(kind: kind, digest: digest, name: path == "-" ? standardInputName : path)
    try writeOutput(Data((line.text(tagged: tag, littleEndian: littleEndian) + "\n").utf8))
    return true
  }

  /// What `body` returns; `nil`, having told of the file, when it cannot be read.
  private func reported<Result>(_ body: () throws(FileProblem) -> Result, _ path: String) -> Result? {
    do {
      return try body()
    } catch {
      complain(error, path)
      return nil
    }
  }

  private func complain(_ problem: FileProblem, _ path: String) {
    FarroCLI.complain("Error: Could not \(problem.moment == .opening ? "open" : "read") '\(path)': \(problem.reason).")
  }
}

/// What `xxhsum` calls it.
private let standardInputName = "stdin"

// MARK: - Lists

extension HashCommand {
  /// Checks the files of one list; false when something is wrong with it or them.
  private func checkList(_ path: String) throws -> Bool {
    guard let list = readList(path) else { return false }
    let name = path == "-" ? standardInputName : path
    var counts = Counts()
    // "\r\n" is one Character.
    var lines = list.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" })
    if lines.last == "" { lines.removeLast() }
    for (index, line) in lines.enumerated() {
      guard let entry = HashLine(line, littleEndian: littleEndian) else {
        counts.malformed += 1
        if warn && !status { FarroCLI.complain("\(name):\(index + 1): Error: Improperly formatted checksum line.") }
        continue
      }
      counts.read += 1
      try checkEntry(entry, at: "\(name):\(index + 1)", &counts)
    }
    if counts.read == 0 {
      FarroCLI.complain("\(name): no properly formatted xxHash checksum lines found")
    } else {
      try say(counts.summary)
    }
    return counts.read > 0 && counts.unreadable == 0 && counts.mismatched == 0 && !(strict && counts.malformed > 0)
  }

  private func readList(_ path: String) -> String? {
    reported({ () throws(FileProblem) in String(decoding: try contents(ofFile: path), as: UTF8.self) }, path)
  }

  private func checkEntry(_ entry: HashLine, at place: String, _ counts: inout Counts) throws {
    let found: [UInt8]
    do {
      found = try digest(ofFile: entry.name == standardInputName ? "-" : entry.name, entry.kind)
    } catch {
      counts.unreadable += 1
      return try say("\(place): Could not open or read '\(entry.name)': \(error.reason).\n")
    }
    let isRight = found == entry.digest
    if !isRight { counts.mismatched += 1 }
    if !isRight || !quiet { try say("\(entry.name): \(isRight ? "OK" : "FAILED")\n") }
  }

  private func say(_ text: String) throws {
    if !status { try writeOutput(Data(text.utf8)) }
  }

  private struct Counts {
    var read = 0
    var malformed = 0
    var unreadable = 0
    var mismatched = 0

    /// The sentences of `xxhsum`, those that count something.
    var summary: String {
      line(malformed, "line is", "lines are", "improperly formatted")
        + line(unreadable, "listed file", "listed files", "could not be read")
        + line(mismatched, "computed checksum", "computed checksums", "did NOT match")
    }

    private func line(_ count: Int, _ one: String, _ many: String, _ what: String) -> String {
      count == 0 ? "" : "\(count) \(count == 1 ? one : many) \(what)\n"
    }
  }
}
