import Farro
import FarroData
import FarroSearch
import Foundation

/// The neighbours of some queries, `k` of each or as many as there are within a radius.
struct NeighborResults<Scalar: KernelScalar & NPYScalar & CSVScalar>: Sendable {
  /// `nil`: all within a radius.
  let k: Int?
  /// Where each query's begin, and the end.
  let offsets: [Int]
  let distances: Tensor<Scalar>
  /// -1: there is none.
  let neighbors: Tensor<Int>

  /// Shape (m, k) both.
  init(distances: Tensor<Scalar>, neighbors: Tensor<Int>) {
    let (m, k) = (neighbors.shape[0], neighbors.shape[1])
    (self.k, offsets) = (k, (0...m).map { $0 * k })
    self.distances = distances.reshaped([m * k])
    self.neighbors = neighbors.reshaped([m * k])
  }

  init(_ lists: NeighborLists<Scalar>) {
    (k, offsets, distances, neighbors) = (nil, lists.offsets, lists.distances, lists.indices)
  }

  init(offsets: [Int], distances: [Scalar], neighbors: [Int]) {
    (k, self.offsets) = (nil, offsets)
    self.distances = Tensor(distances, shape: [distances.count])
    self.neighbors = Tensor(neighbors, shape: [neighbors.count])
  }

  var queries: Int { offsets.count - 1 }

  /// The neighbours of a query that there are.
  func found(_ query: Int) -> [(neighbor: Int, distance: Scalar)] {
    (offsets[query]..<offsets[query + 1]).compactMap { neighbors[$0] < 0 ? nil : (neighbors[$0], distances[$0]) }
  }

  /// Without query i among its own neighbours. Of nearest ones, there is then one less of each: where it is not among them, for
  /// there are many as near, the last one goes.
  func excludingSelf() -> NeighborResults {
    var (rest, nearness, ends): ([Int], [Scalar], [Int]) = ([], [], [0])
    for query in 0..<queries {
      let places = offsets[query]..<offsets[query + 1]
      let own = places.first { neighbors[$0] == query } ?? (k == nil ? nil : places.last)
      for place in places where place != own {
        rest.append(neighbors[place])
        nearness.append(distances[place])
      }
      ends.append(rest.count)
    }
    guard let k else { return NeighborResults(offsets: ends, distances: nearness, neighbors: rest) }
    let shape = [queries, k - 1]
    return NeighborResults(distances: Tensor(nearness, shape: shape), neighbors: Tensor(rest, shape: shape))
  }

  /// Writes the files that were asked for.
  func write(_ arguments: SearchArguments) throws {
    let shape = k.map { [queries, $0] } ?? [neighbors.count]
    if let path = arguments.output { try NPY.write(neighbors.reshaped(shape), to: path) }
    if let path = arguments.distances { try NPY.write(distances.reshaped(shape), to: path) }
    if let path = arguments.offsets { try NPY.write(Tensor(offsets, shape: [offsets.count]), to: path) }
  }
}

/// What is told of a search beside its results.
struct SearchFacts: Sendable {
  var base: String
  /// Of the base.
  var rows: Int
  var metric: DistanceMetric
  var index: String
  var k: Int?
  var radius: Double?
  var buildSeconds: Double?
  var searchSeconds = 0.0
  var recall: Double?
  /// What a neighbour is called: "index" of a row, or "id".
  var neighborName = "index"
}

// MARK: - Printing

extension NeighborResults {
  /// Prints in the format that was asked for, all results but for a table; with `--output`, only what is told of the search.
  func show(_ facts: SearchFacts, _ arguments: SearchArguments) throws {
    let isWritten = arguments.output != nil
    switch arguments.format {
    case .table: try writeOutput(Data(((isWritten ? "" : table + "\n") + facts.text(queries: queries)).utf8))
    case .json: try writeJSON(facts, isWritten: isWritten)
    case .csv:
      try writeLines(header: "query,rank,\(facts.neighborName),distance\n") { query in
        found(query).enumerated().map { "\(query),\($0 + 1),\($1.neighbor),\($1.distance)\n" }.joined()
      }
      if let recall = facts.recall { complain("recall@\(facts.k ?? 0): \(percent(recall))") }
    }
  }

  /// Up to 20 queries, and 8 neighbours of each: above, which; below, how far.
  private var table: String {
    let (mostQueries, mostNeighbors) = (20, 8)
    let widest = (0..<min(queries, mostQueries)).map { found($0).count }.max() ?? 0
    // Of nearest ones, there are as many of each.
    let isCounted = k == nil
    let columns = min(widest, mostNeighbors)
    let titles = ["query"] + (isCounted ? ["found"] : []) + (0..<columns).map { "\($0 + 1)" }
    var table = TextTable(titles + [""])
    for query in 0..<min(queries, mostQueries) {
      let all = found(query)
      let shown = all.prefix(columns)
      let blanks = [String](repeating: "", count: columns - shown.count)
      let more = all.count > columns ? "+\(all.count - columns)" : ""
      let count = isCounted ? ["\(all.count)"] : []
      table.append(["\(query)"] + count + shown.map { "\($0.neighbor)" } + blanks + [more])
      if shown.isEmpty { continue }
      let far = shown.map { String(format: "%.5g", Double("\($0.distance)") ?? .nan) }
      table.append([""] + count.map { _ in "" } + far + blanks + [""])
    }
    let rest = queries - mostQueries
    let note = rest > 0 ? "... and \(rest) more; --format csv or json prints all, --output writes them as NPY\n" : ""
    return table.description + note
  }

  private func writeJSON(_ facts: SearchFacts, isWritten: Bool) throws {
    let head = try facts.json(queries: queries)
    if isWritten { return try writeOutput(Data("{\n\(head)\n}\n".utf8)) }
    try writeLines(header: "{\n\(head),\n  \"neighbors\": [\n") { query in
      let found = found(query)
      let names = found.map { "\($0.neighbor)" }.joined(separator: ", ")
      // JSON knows no infinity.
      let far = found.map { $0.distance - $0.distance == 0 ? "\($0.distance)" : "null" }.joined(separator: ", ")
      let comma = query + 1 < queries ? "," : ""
      return "    {\"query\": \(query), \"\(facts.neighborName)\": [\(names)], \"distance\": [\(far)]}\(comma)\n"
    }
    try writeOutput(Data("  ]\n}\n".utf8))
  }

  /// Prints piece by piece: all at once could take more memory than the results.
  private func writeLines(header: String, _ line: (Int) -> String) throws {
    var text = header
    for query in 0..<queries {
      text += line(query)
      if text.utf8.count > 1 << 16 {
        try writeOutput(Data(text.utf8))
        text = ""
      }
    }
    try writeOutput(Data(text.utf8))
  }
}

extension SearchFacts {
  private var reach: String { k.map { "\($0) nearest" } ?? "all within \(radius ?? 0)" }

  fileprivate func text(queries: Int) -> String {
    var text = "\(queries) queries, \(reach) of \(rows) by \(metric), \(index): \(duration(searchSeconds))"
    if let buildSeconds { text += ", built in \(duration(buildSeconds))" }
    if let k, let recall { text += "\nrecall@\(k): \(percent(recall))" }
    return text + "\n"
  }

  /// The members of an object, without its braces.
  fileprivate func json(queries: Int) throws -> String {
    var members = [
      ("base", try quoted(base)), ("rows", "\(rows)"), ("queries", "\(queries)"), ("metric", try quoted("\(metric)")),
      ("kind", try quoted(index)),
    ]
    if let k { members.append(("k", "\(k)")) }
    if let radius { members.append(("radius", radius.isFinite ? "\(radius)" : "null")) }
    if let buildSeconds { members.append(("build_s", "\(buildSeconds)")) }
    members.append(("search_s", "\(searchSeconds)"))
    if let recall { members.append(("recall", "\(recall)")) }
    return members.map { "  \"\($0.0)\": \($0.1)" }.joined(separator: ",\n")
  }

  private func quoted(_ text: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(text), as: UTF8.self)
  }
}

/// Seconds that `body` takes, and what it returns.
func timed<Result>(_ body: () throws -> Result) rethrows -> (seconds: Double, result: Result) {
  let clock = ContinuousClock()
  let start = clock.now
  let result = try body()
  return ((clock.now - start) / .seconds(1), result)
}
