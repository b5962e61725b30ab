import ArgumentParser
import Farro
import FarroData
import FarroSearch
import Foundation

struct IndexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Build, search and describe files of vectors in which neighbours are found fast.",
    discussion: """
      Vectors come from NPY or CSV files, one per row. Each command exits with 1 when a file cannot be read or written, is \
      damaged or does not suit, with 64 for unknown options.
      """,
    subcommands: [IndexBuildCommand.self, IndexSearchCommand.self, IndexInfoCommand.self]
  )
}

// MARK: - Building

struct IndexBuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Build an index of the rows of a file.",
    discussion: """
      flat compares a query with all vectors, and misses none. The others miss a few. hnsw, a graph, is many times faster from \
      some ten thousand vectors on. ivf, lists around centres, is built faster and takes less memory: with codes, searches are \
      faster still. Both measure euclidean, sqeuclidean, cosine and inner_product only. lsh, bits of random planes, measures \
      cosine only, and takes vectors as they come.

      The index is written whole, when it is ready: until then, and when the command is ended by ^C, the old file stays.
      """
  )

  @Argument(help: "The vectors.")
  var vectors: String

  @Option(help: ArgumentHelp("Where the index is written.", valueName: "file"))
  var output: String

  @Option(help: "What is built.")
  var kind = IndexKind.hnsw

  @OptionGroup var metric: MetricArguments

  @Option(
    help: ArgumentHelp("What vectors are called: integers from 0 (default: the numbers of rows).", valueName: "file")
  )
  var ids: String?

  @Option(help: "What to print.")
  var format = OutputFormat.table

  @OptionGroup var building: BuildArguments
  @OptionGroup var csv: CSVArguments

  func validate() throws {
    _ = try usableInstructionSet()
    try kind.check(metric.value)
    try building.refuse(for: kind)
  }

  func run() async throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    let facts = try await endingOnSignals { [self] in
      try checkOutputs([output], inputs: [vectors] + (ids.map { [$0] } ?? []))
      progress.show("reading")
      let file = try VectorFile(vectors, csv)
      let rows: Tensor<Float> = try file.rows()
      guard rows.shape[0] > 0 else {
        throw VectorFileError(description: "\(vectors): there are no rows to search among")
      }
      let names = try ids.map { try VectorFile.ids($0, csv) }
      let (seconds, index) = try timed {
        do {
          return try kind.build(rows, ids: names, metric: metric.value, building) { progress.show("building", $0) }
        } catch let error as IndexError {
          throw error.isAboutIDs
            ? VectorFileError(description: "\(ids ?? ""): \(error.problem)") : file.named(error.problem)
        }
      }
      try Task.checkCancellation()
      progress.show("writing")
      try index.save(to: output)
      return try IndexFacts(index, path: output, buildSeconds: seconds)
    }
    progress.clear()
    try facts.show(format)
  }
}

extension IndexError {
  fileprivate var isAboutIDs: Bool {
    switch problem {
    case .wrongIDCount, .duplicateID, .invalidID, .noIDsLeft: true
    default: false
    }
  }
}

// MARK: - Searching

struct IndexSearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Find the nearest vectors of an index to each row of a file."
  )

  @Argument(help: "The index.")
  var index: String

  @Argument(help: "The rows whose neighbours are searched for.")
  var queries: String

  @OptionGroup var search: SearchArguments
  @OptionGroup var tuning: TuningArguments
  @OptionGroup var csv: CSVArguments

  func validate() throws {
    _ = try usableInstructionSet()
  }

  func run() async throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    let (found, facts) = try await endingOnSignals { [self] in
      try search.checkFiles(inputs: [index, queries])
      progress.show("reading")
      var index = try openIndex(index)
      let kind = IndexKind(of: index)
      if let kind { try kind.tune(&index, tuning) }
      let file = try VectorFile(queries, csv)
      let rows: Tensor<Float> = try file.rows()
      try check(index, file, rows.shape[1])
      var facts = SearchFacts(
        base: self.index,
        rows: index.count,
        metric: index.metric,
        index: kind?.rawValue ?? "other",
        k: search.radius == nil ? search.k : nil,
        radius: search.radius,
        neighborName: "id"
      )
      let found: NeighborResults<Float>
      (facts.searchSeconds, found) = try timed { try index.results(rows, search, search.k, progress) }
      if search.recall { facts.recall = try recall(of: found, in: index, rows, progress) }
      return (found, facts)
    }
    progress.clear()
    try found.write(search)
    try found.show(facts, search)
  }

  private func check(_ index: any VectorIndex, _ file: VectorFile, _ width: Int) throws {
    guard index.count > 0 else {
      throw VectorFileError(description: "\(self.index): there are no vectors in the index")
    }
    guard width == index.dimension else {
      throw VectorFileError(
        description: "\(file.path): rows have \(width) elements, and vectors of \(self.index) have \(index.dimension)"
      )
    }
    guard search.radius != nil || search.k <= index.count else {
      throw VectorFileError(
        description:
          "\(self.index): there are \(index.count) vectors, not \(search.k) neighbours; say -k \(index.count) or less"
      )
    }
  }

  private func recall(
    of found: NeighborResults<Float>,
    in index: any VectorIndex,
    _ queries: Tensor<Float>,
    _ progress: ProgressLine
  ) throws -> Double {
    guard let index = index as? any ApproximateIndex else { return 1 }
    var hits = 0.0
    let (m, step, results) = (queries.shape[0], 256, found.asSearchResults)
    for first in stride(from: 0, to: m, by: step) {
      try Task.checkCancellation()
      progress.show("searching exactly", Double(first) / Double(m))
      let some = first..<min(first + step, m)
      let exact = try index.exactSearch(queries[some], k: search.k)
      let part = SearchResults(distances: results.distances[some], ids: results.ids[some])
      hits += part.recall(against: exact, metric: index.metric) * Double(some.count)
    }
    return m == 0 ? 1 : hits / Double(m)
  }
}

// MARK: - Describing

struct IndexInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Check an index, and tell what it holds."
  )

  @Argument(help: "The index.")
  var index: String

  @Option(help: "What to print.")
  var format = OutputFormat.table

  func run() throws { try IndexFacts(openIndex(index), path: index).show(format) }
}

/// What is told of an index, whose file has been checked.
private struct IndexFacts: Encodable, Sendable {
  let file, kind, metric, checksums: String
  let dimension, count, fileBytes, memoryBytes: Int
  let parameters: [String: UInt64]
  let codes: String?
  let buildSeconds: Double?

  private let names: [String]

  private enum CodingKeys: String, CodingKey {
    case file, kind, metric, checksums, dimension, count, parameters, codes
    case fileBytes = "file_bytes"
    case memoryBytes = "memory_bytes"
    case buildSeconds = "build_s"
  }

  init(_ index: any VectorIndex, path: String, buildSeconds: Double? = nil) throws {
    let known = IndexKind(of: index)
    let all = known?.parameters(of: index) ?? []
    (file, kind, metric) = (path, try known?.rawValue ?? ArrayFile.kind(of: path).kind, index.metric.name)
    (dimension, count, memoryBytes) = (index.dimension, index.count, index.memoryBytes)
    (fileBytes, self.buildSeconds) = (try FileHandle.size(ofFile: path), buildSeconds)
    codes = known?.codes(of: index)
    names = all.map(\.name)
    parameters = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.value) })
    // Opening an index compares them, and throws.
    checksums = "all match"
  }

  func show(_ format: OutputFormat) throws {
    switch format {
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try writeOutput(encoder.encode(self) + Data("\n".utf8))
    case .table:
      var table = TextTable(["fact", "value"], leftAligned: [0, 1])
      table.append(["file", file])
      table.append(["kind", kind])
      table.append(["metric", metric])
      table.append(["dimension", "\(dimension)"])
      table.append(["vectors", "\(count)"])
      for name in names { table.append([name.replacing("_", with: " "), "\(parameters[name]!)"]) }
      if let codes { table.append(["codes", codes]) }
      table.append(["size of the file", byteCount(fileBytes)])
      table.append(["memory", "\(byteCount(memoryBytes)), mapped"])
      if let buildSeconds { table.append(["built in", duration(buildSeconds)]) }
      table.append(["checksums", checksums])
      try writeOutput(Data(table.description.utf8))
    }
  }
}

extension FileHandle {
  fileprivate static func size(ofFile path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.size] as? NSNumber)?.intValue ?? 0
  }
}
