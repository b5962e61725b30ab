import ArgumentParser
import FarroData
import FarroSearch
import Foundation

/// What `farro dedup` prints.
enum DedupListing: String, ExpressibleByArgument, CaseIterable {
  case groups, pairs, kept
}

/// How it prints it.
enum DedupFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, jsonl
}

/// Prints what was found, piece by piece.
struct DedupOutput {
  let listing: DedupListing
  let format: DedupFormat
  let choice: NearDuplicates.Choice
  let list: DocumentList
  let found: NearDuplicates

  /// - Throws: what `write` throws; ``FileProblem`` when a file whose lines are kept cannot be read again, or has fewer now.
  func print(_ write: (Data) throws -> Void) throws {
    switch listing {
    case .groups:
      try printItems(found.groups, write) {
        "{\"documents\":[\($0.map(list.json).joined(separator: ","))]}"
      } row: { group in
        group.map { list.name(of: $0) + "\n" }.joined() + "\n"
      }
    case .pairs:
      try printItems(found.pairs ?? [], write) { pair in
        let documents = "\"first\":\(list.json(of: pair.first)),\"second\":\(list.json(of: pair.second))"
        return "{\"similarity\":\(pair.similarity),\(documents)}"
      } row: { pair in
        "\(fixed(pair.similarity, 4))  \(list.name(of: pair.first))  \(list.name(of: pair.second))\n"
      }
    case .kept:
      let kept = found.kept(choice)
      if format == .table && list.areLines { return try printLines(kept, write) }
      try printItems(kept, write, json: list.json) { list.name(of: $0) + "\n" }
    }
  }

  private func printItems<Item>(
    _ items: [Item],
    _ write: (Data) throws -> Void,
    json: (Item) -> String,
    row: (Item) -> String
  ) throws {
    var pending = format == .json ? "[" : ""
    for (i, item) in items.enumerated() {
      switch format {
      case .table: pending += row(item)
      case .jsonl: pending += json(item) + "\n"
      case .json: pending += (i == 0 ? "\n" : ",\n") + json(item)
      }
      if pending.utf8.count > 1 << 16 {
        try write(Data(pending.utf8))
        pending = ""
      }
    }
    if format == .json { pending += items.isEmpty ? "]\n" : "\n]\n" }
    if !pending.isEmpty { try write(Data(pending.utf8)) }
  }

  /// The lines of documents, which are read again, as they are.
  private func printLines(_ documents: [Int], _ write: (Data) throws -> Void) throws {
    var rest = documents[...]
    while let first = rest.first {
      let file = list.file(of: first)
      do {
        let reader = try LineReader(list.files[file])
        while let next = rest.first, list.file(of: next) == file {
          guard try reader.next() else { throw FileProblem(.reading, because: "it has become shorter") }
          try printLines(of: reader, file, &rest, write)
        }
      } catch let problem as FileProblem {
        let reason = "\(list.files[file]): cannot read the lines that are kept again: \(problem.reason)"
        throw FileProblem(problem.moment, because: reason)
      }
    }
  }

  private func printLines(
    of reader: LineReader,
    _ file: Int,
    _ rest: inout ArraySlice<Int>,
    _ write: (Data) throws -> Void
  ) throws {
    var pending = Data()
    let lines = reader.offsets.count - 1
    while let document = rest.first, list.file(of: document) == file {
      let place = Int(list.lines[document]) - reader.firstLine
      guard place < lines else { break }
      rest.removeFirst()
      pending.append(contentsOf: reader.bytes[reader.offsets[place]..<reader.offsets[place + 1]])
      if pending.last != 0x0A { pending.append(0x0A) }
    }
    try write(pending)
  }
}

// MARK: - Statistics

extension NearDuplicates.Statistics {
  /// What was found, how fast, and where the time went: lines for standard error.
  func summary(_ reading: DedupJob.Reading, seconds: Double) -> String {
    let megabytes = Double(reading.bytes) / 1e6
    let rate = seconds > 0 ? 1 / seconds : 0
    var text = """
      \(counted(documents, "document")) in \(counted(reading.files, "file")), \(fixed(megabytes, 1)) MB, \
      in \(duration(seconds)): \
      \(fixed(Double(documents) * rate, 0)) documents/s, \(fixed(megabytes * rate, 1)) MB/s
      \(counted(duplicates, "near-duplicate")) of others, in \(counted(groups, "group")); \
      \(counted(documents - duplicates, "document")) would be kept

      """
    var table = TextTable(["stage", "time", "share", "MB/s"], leftAligned: [0])
    let stages = [
      ("read", reading.reading), ("parse", reading.parsing), ("shingle and sign", signing), ("sets", sets),
      ("keys of bands", keys), ("spill", spilling), ("sort, verify, group", joining),
    ]
    for (name, time) in stages where time > 0 {
      table.append([
        name, duration(time), percent(seconds > 0 ? time / seconds : 0), fixed(megabytes / time, 0),
      ])
    }
    text += table.description
    if spilledBytes > 0 { text += "\(byteCount(spilledBytes)) did not fit into memory and went to files\n" }
    if let peak = peakMemory {
      let mapped = spilledBytes > 0 ? ", with what was read of those files" : ""
      text += "\(byteCount(peak)) of memory at most\(mapped)\n"
    }
    return text
  }

  /// Of this process, what is mapped from files included.
  private var peakMemory: Int? {
    var usage = rusage()
    // RUSAGE_SELF, which Glibc declares as another type than it takes.
    guard getrusage(0, &usage) == 0 else { return nil }
    #if canImport(Darwin)
      let unit = 1
    #else
      let unit = 1024
    #endif
    return usage.ru_maxrss * unit
  }
}
