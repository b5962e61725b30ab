import Farro
import FarroSearch
import Foundation

/// What `farro dedup` does, whatever it prints: reads documents and finds the near-duplicates among them.
struct DedupJob: Sendable {
  /// What is a document.
  enum Documents: Sendable {
    case files
    case lines
    case records(JSONField)
  }

  var paths: [String]
  var include: [String] = []
  var documents = Documents.files
  var options = NearDuplicateFinder.Options()
  var listingPairs = false
  /// Where the results go, which replace no file that they come from.
  var output: String?

  /// What was read, and what not.
  struct Reading: Sendable {
    var list: DocumentList
    var files = 0
    var bytes = 0
    /// Seconds.
    var reading = 0.0
    var parsing = 0.0
    /// Files and folders that could not be read, or not to their ends.
    var unreadable = 0
    /// Lines that are no JSON, and those without the field.
    var broken = 0
    var withoutText = 0
  }

  /// Broken lines that are told of one by one.
  private static let mostComplaints = 20

  /// - Throws: `FileError`, ``VectorFileError``, `NearDuplicatesError`, `CancellationError`.
  func run(_ progress: @escaping (String) -> Void) throws -> (Reading, NearDuplicates) {
    let isByFile = if case .files = documents { true } else { false }
    var reading = Reading(list: DocumentList(areLines: !isByFile))
    let (finder, buffer) = (NearDuplicateFinder(options), FileBuffer())
    let files = try files(&reading)
    try checkOutputs([output].compactMap(\.self), inputs: files)
    for path in files {
      try Task.checkCancellation()
      do {
        try read(path, buffer, finder, &reading, progress)
      } catch let problem as FileProblem {
        reading.unreadable += 1
        complain("farro: \(path): \(problem.reason)")
      }
    }
    if reading.broken > DedupJob.mostComplaints {
      complain("farro: lines that are no JSON, left out: \(reading.broken)")
    }
    if case .records(let field) = documents, reading.withoutText > 0 {
      let name = field.path.joined(separator: ".")
      complain("farro: lines without a string \"\(name)\", left out: \(reading.withoutText)")
    }
    let found = try finder.finish(listingPairs: listingPairs) { progress("grouping: \(percent($0))") }
    return (reading, found)
  }

  private func files(_ reading: inout Reading) throws -> [String] {
    var unreadable = 0
    var walk = FileWalk(include: include) { path, reason in
      unreadable += 1
      complain("farro: \(path): \(reason)")
    }
    try walk.walk(paths)
    reading.unreadable = unreadable
    return walk.files
  }

  private func read(
    _ path: String,
    _ buffer: FileBuffer,
    _ finder: NearDuplicateFinder,
    _ reading: inout Reading,
    _ progress: (String) -> Void
  ) throws {
    switch documents {
    case .files:
      try readFile(path, buffer, finder, &reading)
      if reading.files % 256 == 0 { progress("\(finder.count) documents, \(byteCount(reading.bytes)) read") }
    case .lines, .records:
      let reader = try LineReader(path)
      reading.list.begin(path, after: finder.count)
      reading.files += 1
      while try timed(&reading.reading, { () throws(FileProblem) in try reader.next() }) {
        try Task.checkCancellation()
        try readLines(path, reader, finder, &reading)
        progress("\(finder.count) documents, \(byteCount(reading.bytes)) read")
      }
    }
  }

  private func readFile(
    _ path: String,
    _ buffer: FileBuffer,
    _ finder: NearDuplicateFinder,
    _ reading: inout Reading
  ) throws {
    let bytes = try timed(&reading.reading) { () throws(FileProblem) in try buffer.read(path) }
    reading.list.begin(path, after: finder.count)
    reading.files += 1
    reading.bytes += bytes.count
    try finder.add(bytes)
  }

  private func readLines(
    _ path: String,
    _ reader: LineReader,
    _ finder: NearDuplicateFinder,
    _ reading: inout Reading
  ) throws {
    let (bytes, offsets) = (reader.bytes, reader.offsets)
    reading.bytes += offsets.last!
    let texts = timed(&reading.parsing) { find(in: bytes, offsets, isFirst: reader.firstLine == 1) }
    var spans: [TextSpan] = []
    spans.reserveCapacity(texts.count)
    for (i, text) in texts.enumerated() {
      switch text {
      case .text(let range):
        spans.append(TextSpan(begin: range.lowerBound, length: range.count))
        reading.list.append(line: reader.firstLine + i)
      case .blank: break
      case .noField, .otherType: reading.withoutText += 1
      case .broken(let expected, let place):
        reading.broken += 1
        if reading.broken <= DedupJob.mostComplaints {
          let found = place < offsets[i + 1] ? shown(bytes[place]) : "the line's end"
          let column = place - offsets[i] + 1
          complain("farro: \(path):\(reader.firstLine + i):\(column): expected \(expected), found \(found)")
        }
      }
    }
    try finder.add(spans, in: UnsafeRawBufferPointer(bytes))
  }

  private func find(in bytes: UnsafeMutableRawBufferPointer, _ offsets: [Int], isFirst: Bool) -> [JSONLineText] {
    if case .records(let field) = documents {
      // The mark that Windows begins a file with is no JSON.
      if isFirst && bytes.starts(with: [0xEF, 0xBB, 0xBF]) { for i in 0..<3 { bytes[i] = 0x20 } }
      return field.texts(in: bytes, offsets: offsets)
    }
    return zip(offsets, offsets.dropFirst()).map { begin, end in
      bytes[begin..<end].contains { $0 != 0x20 && !(9...13 ~= $0) } ? .text(begin..<end) : .blank
    }
  }

  private func shown(_ byte: UInt8) -> String {
    switch byte {
    case 0x0A, 0x0D: "the line's end"
    case 0x20..<0x7F: "'\(Character(UnicodeScalar(byte)))'"
    default: "byte 0x" + String(byte, radix: 16)
    }
  }
}

private func timed<Result, Failure: Error>(
  _ seconds: inout Double,
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let begin = ContinuousClock.now
  let result = try body()
  seconds += begin.duration(to: .now) / .seconds(1)
  return result
}
