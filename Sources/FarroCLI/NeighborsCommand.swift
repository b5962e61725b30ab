import ArgumentParser
import Farro
import FarroData
import FarroSearch
import Foundation

struct NeighborsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "neighbors",
    abstract: "Find the nearest rows of a file to each row of another.",
    discussion: """
      Both files hold a vector per row: NPY, or CSV with or without a header. The search is exact unless --index says \
      otherwise. An exact search leaves an NPY base in its file, which may be larger than memory; it computes in single \
      precision, in double for a base of f64 or of integers of 32 bits and more, and with --double.

      Exits with 1 when a file cannot be read or written or does not suit, with 64 for unknown options. To keep an index for \
      later, see farro index.
      """
  )

  @Argument(help: "The rows to search among.")
  var base: String

  @Argument(help: "The rows whose neighbours are searched for.")
  var queries: String

  @OptionGroup var search: SearchArguments
  @OptionGroup var metric: MetricArguments

  @Flag(help: "Query i is row i of the base: leave it out of its own neighbours.")
  var excludeSelf = false

  @Option(help: "Search with an index of this kind, built for the purpose; flat is exact.")
  var index: IndexKind?

  @Flag(help: "Compute in double precision.")
  var double = false

  @OptionGroup var building: BuildArguments
  @OptionGroup var tuning: TuningArguments
  @OptionGroup var csv: CSVArguments

  func validate() throws {
    _ = try usableInstructionSet()
    if double && index != nil {
      throw ValidationError("Indexes are in single precision: leave --double or --index out.")
    }
    if let index {
      try index.check(metric.value)
      try building.refuse(for: index)
    } else {
      try tuning.refuse(for: .flat, allowed: [])
      try building.refuse(for: .flat)
    }
  }

  func run() async throws {
    let progress = ProgressLine()
    defer { progress.clear() }
    try await endingOnSignals { [self] in
      try search.checkFiles(inputs: [base, queries])
      let (base, queries) = (try VectorFile(base, csv), try VectorFile(queries, csv))
      if let index, index != .flat {
        try approximate(index, base, queries, progress)
      } else if double || base.needsDouble {
        try exact(base, queries, progress, as: Double.self)
      } else {
        try exact(base, queries, progress, as: Float.self)
      }
    }
  }

  private func exact<Scalar: KernelScalar & NPYScalar & CSVScalar>(
    _ base: VectorFile,
    _ queries: VectorFile,
    _ progress: ProgressLine,
    as: Scalar.Type
  ) throws {
    progress.show("reading")
    let rows = try base.search(metric: metric.value, as: Scalar.self)
    let targets = try queries.rows(as: Scalar.self)
    try check(rows: rows.count, dimension: rows.dimension, base, targets.shape, queries)
    let (seconds, found) = try timed {
      do {
        return try search.radius.map {
          NeighborResults(try rows.within($0, of: targets) { progress.show("searching", $0) })
        } ?? results(try rows.nearest(to: targets, k: wanted) { progress.show("searching", $0) })
      } catch let error as IndexError {
        throw base.named(error.problem)
      }
    }
    var facts = facts(base, rows.count, "exact")
    facts.searchSeconds = seconds
    if search.recall { facts.recall = 1 }
    try finish(found, facts, progress)
  }

  private func approximate(
    _ kind: IndexKind,
    _ base: VectorFile,
    _ queries: VectorFile,
    _ progress: ProgressLine
  ) throws {
    progress.show("reading")
    let vectors: Tensor<Float> = try base.rows()
    let targets: Tensor<Float> = try queries.rows()
    try check(rows: vectors.shape[0], dimension: vectors.shape[1], base, targets.shape, queries)
    var facts = facts(base, vectors.shape[0], kind.rawValue)
    var (seconds, index) = try timed {
      do {
        return try kind.build(vectors, ids: nil, metric: metric.value, building) { progress.show("building", $0) }
      } catch let error as IndexError {
        throw base.named(error.problem)
      }
    }
    facts.buildSeconds = seconds
    try kind.tune(&index, tuning)
    let found: NeighborResults<Float>
    (facts.searchSeconds, found) = try timed { try index.results(targets, search, wanted, progress) }
    if search.recall {
      let exact = try ExactSearch(vectors, metric: metric.value)
        .nearest(to: targets, k: wanted) { progress.show("searching exactly", $0) }
      facts.recall = found.asSearchResults
        .recall(against: SearchResults(distances: exact.distances, ids: exact.indices), metric: metric.value)
    }
    try finish(found, facts, progress)
  }

  /// One more than asked for when each query finds itself.
  private var wanted: Int { search.k + (excludeSelf ? 1 : 0) }

  private func results<Scalar>(_ found: (distances: Tensor<Scalar>, indices: Tensor<Int>)) -> NeighborResults<Scalar> {
    NeighborResults(distances: found.distances, neighbors: found.indices)
  }

  private func facts(_ base: VectorFile, _ rows: Int, _ index: String) -> SearchFacts {
    SearchFacts(
      base: base.path,
      rows: rows,
      metric: metric.value,
      index: index,
      k: search.radius == nil ? search.k : nil,
      radius: search.radius
    )
  }

  private func check(
    rows: Int,
    dimension: Int,
    _ base: VectorFile,
    _ targets: [Int],
    _ queries: VectorFile
  ) throws {
    guard rows > 0 else { throw VectorFileError(description: "\(base.path): there are no rows to search among") }
    guard targets[1] == dimension else {
      throw VectorFileError(
        description: "\(queries.path): rows have \(targets[1]) elements, and those of \(base.path) have \(dimension)"
      )
    }
    let most = rows - (excludeSelf ? 1 : 0)
    guard search.radius != nil || search.k <= most else {
      let itself = excludeSelf ? " without the query itself" : ""
      throw VectorFileError(
        description: "\(base.path): there are \(rows) rows, not \(search.k) neighbours\(itself); say -k \(most) or less"
      )
    }
    guard !excludeSelf || targets[0] == rows else {
      throw VectorFileError(
        description: "\(queries.path): --exclude-self needs a query for each of \(rows) rows, not \(targets[0])"
      )
    }
  }

  private func finish<Scalar>(
    _ found: NeighborResults<Scalar>,
    _ facts: SearchFacts,
    _ progress: ProgressLine
  ) throws {
    let found = excludeSelf ? found.excludingSelf() : found
    progress.clear()
    try found.write(search)
    try found.show(facts, search)
  }
}

// MARK: - Indexes

extension VectorIndex {
  /// Searches some queries at a time, so that it can be seen how far it is, and cancelled.
  func results(
    _ queries: Tensor<Float>,
    _ arguments: SearchArguments,
    _ k: Int,
    _ progress: ProgressLine
  ) throws -> NeighborResults<Float> {
    let (m, step) = (queries.shape[0], 1024)
    var (distances, ids, offsets): ([Float], [Int], [Int]) = ([], [], [0])
    for first in stride(from: 0, to: m, by: step) {
      try Task.checkCancellation()
      progress.show("searching", Double(first) / Double(m))
      let some = queries[first..<min(first + step, m)]
      if let radius = arguments.radius {
        let found = try search(some, radius: Float(radius))
        offsets += found.offsets.dropFirst().map { $0 + ids.count }
        distances += found.distances
        ids += found.ids
      } else {
        let found = try search(some, k: k)
        distances += found.distances.scalars
        ids += found.ids.scalars
      }
    }
    if arguments.radius != nil { return NeighborResults(offsets: offsets, distances: distances, neighbors: ids) }
    return NeighborResults(distances: Tensor(distances, shape: [m, k]), neighbors: Tensor(ids, shape: [m, k]))
  }
}

extension NeighborResults<Float> {
  /// - Precondition: These are nearest neighbours.
  var asSearchResults: SearchResults {
    SearchResults(distances: distances.reshaped([queries, k!]), ids: neighbors.reshaped([queries, k!]))
  }
}

extension ProgressLine {
  func show(_ activity: String, _ fraction: Double) { show("\(activity): \(Int(fraction * 100))%") }
}
