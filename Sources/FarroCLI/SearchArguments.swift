import ArgumentParser
import Farro
import FarroData
import Foundation

/// What near vectors are printed as.
enum NeighborFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, csv
}

/// What is near.
struct MetricArguments: ParsableArguments {
  @Option(help: ArgumentHelp("What is near: \(names).", valueName: "name"))
  var metric = "euclidean"

  @Option(name: .customShort("p"), help: "The power of the minkowski metric.")
  var power: Double?

  private static let names = DistanceMetric.simple.map(\.name).joined(separator: ", ") + ", minkowski"

  func validate() throws {
    if power != nil && metric != "minkowski" { throw ValidationError("-p is for --metric minkowski.") }
    if metric == "minkowski" && power == nil { throw ValidationError("--metric minkowski needs -p, its power.") }
    if let power, !(power > 0) { throw ValidationError("-p must be above 0, not \(power).") }
    guard DistanceMetric(name: metric, p: power ?? 2) != nil else {
      throw ValidationError("There is no metric '\(metric)'; there are: \(Self.names).")
    }
  }

  /// - Precondition: This is valid.
  var value: DistanceMetric { DistanceMetric(name: metric, p: power ?? 2)! }
}

/// What is searched for, and where results go.
struct SearchArguments: ParsableArguments {
  @Option(name: .customShort("k"), help: "How many neighbours of each query (default: 10).")
  var count: Int?

  // Of inner products, it may well be negative.
  @Option(
    parsing: .unconditional,
    help: "Instead of -k: all within this distance (of inner products: of this and more)."
  )
  var radius: Double?

  @Flag(help: "Also search exactly, and tell the share of true neighbours that was found.")
  var recall = false

  @Option(help: "What to print. The table shows some of many; the others, all.")
  var format = NeighborFormat.table

  @Option(
    help: ArgumentHelp("Write the neighbours there as NPY, (queries, k), instead of printing them.", valueName: "npy")
  )
  var output: String?

  @Option(help: ArgumentHelp("Write the distances there as NPY, (queries, k).", valueName: "npy"))
  var distances: String?

  @Option(
    help: ArgumentHelp(
      "With --radius: write there as NPY where each query's part of the other files begins, and the end.",
      valueName: "npy"
    )
  )
  var offsets: String?

  func validate() throws {
    if let count, count < 1 { throw ValidationError("-k must be at least 1, not \(count).") }
    if let radius {
      if count != nil { throw ValidationError("Say -k or --radius, not both.") }
      if radius.isNaN { throw ValidationError("--radius must be a number.") }
      if recall { throw ValidationError("--recall is of the nearest: say -k instead of --radius.") }
      if output != nil && offsets == nil { throw ValidationError("--output with --radius needs --offsets.") }
    } else if offsets != nil {
      throw ValidationError("--offsets is for --radius.")
    }
    if format == .csv && output != nil { throw ValidationError("With --output, nothing is left for --format csv.") }
    let files = [output, distances, offsets].compactMap(\.self)
    if Set(files).count < files.count { throw ValidationError("Each result needs a file of its own.") }
  }

  var k: Int { count ?? 10 }

  /// Finds out whether results can be written, before they are made.
  ///
  /// - Parameter inputs: The files that they are made from, none of which they may replace.
  func checkFiles(inputs: [String]) throws {
    try checkOutputs([output, distances, offsets].compactMap(\.self), inputs: inputs)
  }
}

/// Finds out whether files can be written, each of them another one and none of them one that is read.
///
/// - Throws: `FileError`, ``VectorFileError``.
func checkOutputs(_ outputs: [String], inputs: [String]) throws {
  func place(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
  let inputPlaces = outputs.isEmpty ? [] : inputs.map(place)
  for (i, output) in outputs.enumerated() {
    try AtomicFile.check(output)
    let here = place(output)
    if outputs[..<i].contains(where: { place($0) == here }) {
      throw VectorFileError(description: "\(output): each result needs a file of its own")
    }
    if let input = inputPlaces.firstIndex(of: here) {
      throw VectorFileError(description: "\(output): this would replace \(inputs[input]), which is read")
    }
  }
}
