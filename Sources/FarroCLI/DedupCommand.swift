import ArgumentParser
import Farro
import FarroData
import FarroSearch
import Foundation

struct DedupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dedup",
    abstract: "Find near-duplicates among files, lines or records of JSON Lines.",
    discussion: """
      Documents are compared by the sets of their shingles: runs of a few words, whatever the case, punctuation and white \
      space between them. Two whose sets have a Jaccard similarity of the threshold or more are near-duplicates, and what \
      they connect is a group. Candidates are found by the bands of MinHash signatures, so that a few may be missed. Files \
      may be packed with gzip.

      Groups are printed as names, a line for each, with an empty line after each group; pairs with their similarity; of \
      what is kept, the lines themselves, or the names of files. As JSON, all of them are names of files and numbers of \
      lines. Statistics go to standard error.

      What cannot be read is told and left out: broken lines, files, and of files of lines that are cut or damaged what \
      follows. Exits with 0 also then, unless --strict is given: then with 1.

      Signatures and what else is kept of documents goes to files in TMPDIR beyond --memory. Some 50 MB are needed \
      besides, and names, and the longest file or line.
      """
  )

  @Argument(help: "Files and folders.")
  var paths: [String]

  @Option(help: ArgumentHelp("Of folders, only files whose names match; may be repeated.", valueName: "glob"))
  var include: [String] = []

  @Flag(help: "Each line is a document.")
  var lines = false

  @Option(
    help: ArgumentHelp("Each line is JSON, and this string of it a document: text, or meta.text.", valueName: "key")
  )
  var field: String?

  @Option(help: "What shingles are runs of: words, characters or bytes.")
  var unit = ShingleUnit.words

  @Option(help: "How many of them make a shingle: 1 to 64.")
  var size = 5

  @Option(help: ArgumentHelp("Near-duplicates are at least so similar: 0 to 1.", valueName: "similarity"))
  var threshold = 0.8

  @Option(help: ArgumentHelp("Slots of a signature: more find more, and estimate better.", valueName: "count"))
  var permutations = 128

  @Option(help: "How signatures are made: permutations, or bins, which suit texts of more words than slots.")
  var engine = SignatureEngine.permutations

  @Option(help: "What makes one family of hashes differ from another.")
  var seed: UInt64 = 0

  @Option(help: "How candidates become near-duplicates: none, signatures or exact.")
  var verify = NearDuplicateFinder.Options.Verification.signatures

  @Option(
    help: ArgumentHelp(
      "Most memory for what is kept of documents, as 500M or 2G (default: half of the machine's).",
      valueName: "size"
    )
  )
  var memory: MemorySize?

  @Option(help: "Threads (default: as many as there are).")
  var threads: Int?

  @Option(help: "What to print: groups, pairs or kept.")
  var list = DedupListing.groups

  @Option(help: "Which document of a group is kept: first or longest.")
  var keep = NearDuplicates.Choice.first

  @Option(help: "How to print it: table, json or jsonl.")
  var format = DedupFormat.table

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write to this file instead, whole or not at all.", valueName: "file")
  )
  var output: String?

  @Flag(help: "Exit with 1 when a file could not be read, or a line is no JSON or has no such string.")
  var strict = false

  @Flag(name: .shortAndLong, help: "No statistics.")
  var quiet = false

  func validate() throws {
    _ = try usableInstructionSet()
    guard !lines || field == nil else { throw ValidationError("Say --lines or --field, not both.") }
    guard 1...64 ~= size else { throw ValidationError("--size must be 1 to 64.") }
    guard 0...1 ~= threshold else { throw ValidationError("--threshold must be 0 to 1.") }
    guard 1...1 << 14 ~= permutations else { throw ValidationError("--permutations must be 1 to \(1 << 14).") }
    guard threads ?? 1 > 0 else { throw ValidationError("--threads must be positive.") }
    guard field.map(isPath) ?? true else { throw ValidationError("--field must be keys with dots between them.") }
  }

  private func isPath(_ field: String) -> Bool {
    let keys = field.split(separator: ".", omittingEmptySubsequences: false)
    return keys.count <= 1024 && !keys.contains("") && !field.utf8.contains(0)
  }

  func run() async throws {
    Threads.setLimit(threads)
    let (job, progress) = (job, ProgressLine())
    defer { progress.clear() }
    let begin = ContinuousClock.now
    let (reading, found) = try await endingOnSignals { try job.run(progress.show) }
    progress.clear()
    let seconds = begin.duration(to: .now) / .seconds(1)
    try await print(DedupOutput(listing: list, format: format, choice: keep, list: reading.list, found: found))
    if !quiet {
      try? FileHandle.standardError.write(contentsOf: Data(found.statistics.summary(reading, seconds: seconds).utf8))
    }
    if strict && reading.unreadable + reading.broken + reading.withoutText > 0 { throw ExitCode(1) }
  }

  private var job: DedupJob {
    let shingleUnit: Shingler.Unit =
      switch unit {
      case .words: .words
      case .characters: .characters
      case .bytes: .bytes
      }
    return DedupJob(
      paths: paths,
      include: include,
      documents: field.map { .records(JSONField($0.split(separator: ".").map(String.init))) }
        ?? (lines ? .lines : .files),
      options: NearDuplicateFinder.Options(
        shingler: Shingler(shingleUnit, size: size, seed: seed),
        scheme: MinHash.Scheme(engine == .bins ? .bins : .permutations, slots: permutations, seed: seed),
        threshold: threshold,
        verification: verify,
        memoryLimit: memory?.bytes
      ),
      listingPairs: list == .pairs,
      output: output
    )
  }

  private func print(_ result: DedupOutput) async throws {
    guard let output else { return try result.print(writeOutput) }
    try await endingOnSignals {
      try AtomicFile.write(to: output) { file in
        try result.print { data in
          try Task.checkCancellation()
          try data.withUnsafeBytes { try file.append($0) }
        }
      }
    }
  }
}

enum ShingleUnit: String, ExpressibleByArgument, CaseIterable {
  case words, characters, bytes
}

enum SignatureEngine: String, ExpressibleByArgument, CaseIterable {
  case bins, permutations
}

extension NearDuplicateFinder.Options.Verification: ExpressibleByArgument {}
extension NearDuplicates.Choice: ExpressibleByArgument {}

/// A number of bytes, with K, M, G or T for powers of 1024.
struct MemorySize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let shift = argument.last.flatMap { units[Character($0.uppercased())] }
    guard let number = Int(shift == nil ? argument[...] : argument.dropLast()), number > 0 else { return nil }
    let (bytes, overflows) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
    if overflows { return nil }
    self.bytes = bytes
  }
}
