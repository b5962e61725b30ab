import Farro
import FarroData
import FarroSearch
import Foundation

/// Farro's side of `Benchmarks/peers/indexes.py`: builds an index of the rows of a file and searches it, one request per
/// line of standard input, fields between tabs, with the seconds that each took as the answer.
@main
enum IndexWorker {
  static func main() throws {
    guard CommandLine.arguments.count == 2, let threads = Int(CommandLine.arguments[1]), threads > 0 else {
      FileHandle.standardError.write(Data("usage: IndexWorker THREADS\n".utf8))
      exit(64)
    }
    Threads.setLimit(threads)
    var index: (any VectorIndex)?
    var queries = Tensor<Float>(zeros: [0, 0])
    while let line = readLine() {
      let fields = line.split(separator: "\t").map(String.init)
      switch fields[0] {
      case "facts":
        answer("this tree", InstructionSet.current?.rawValue ?? "none")
      case "build":
        let vectors = try NPY.read(fields[1], as: Float.self)
        queries = try NPY.read(fields[2], as: Float.self)
        var new = try HNSWIndex(
          dimension: vectors.shape[1],
          metric: .squaredEuclidean,
          m: Int(fields[3])!,
          efConstruction: Int(fields[4])!
        )
        let seconds = try timed { try new.add(vectors) }
        answer("\(seconds)", "\(new.memoryBytes)")
        index = new
      case "lists":
        let vectors = try NPY.read(fields[1], as: Float.self)
        queries = try NPY.read(fields[2], as: Float.self)
        let (d, rerank) = (vectors.shape[1], Int(fields[5])!)
        var new = try IVFIndex(
          dimension: d,
          metric: .squaredEuclidean,
          lists: Int(fields[3])!,
          codes: codes(fields[4], d),
          keepsVectors: rerank > 0,
          rerank: max(1, rerank)
        )
        let seconds = try timed { try new.add(vectors) }
        answer("\(seconds)", "\(new.memoryBytes)")
        index = new
      case "search":
        index = widened(index!, Int(fields[1])!)
        var ids = Tensor<Int>(zeros: [0])
        let seconds = try timed { ids = try index!.search(queries, k: Int(fields[2])!).ids }
        try NPY.write(ids, to: fields[3])
        answer("\(seconds)")
      default:
        answer("error", "'\(line)' is unknown")
      }
    }
  }

  /// Product codes take as many bytes as faiss's do.
  static func codes(_ name: String, _ dimension: Int) -> IVFIndex.Codes {
    switch name {
    case "int8": .int8
    case "product": .product(subspaces: dimension / 2)
    default: .none
    }
  }

  /// The index with another breadth of its searches.
  static func widened(_ index: any VectorIndex, _ breadth: Int) -> any VectorIndex {
    if var graph = index as? HNSWIndex {
      graph.efSearch = breadth
      return graph
    }
    var lists = index as! IVFIndex
    lists.probes = breadth
    return lists
  }

  static func timed(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  static func answer(_ fields: String...) {
    let isError = fields[0] == "error"
    FileHandle.standardOutput.write(Data(((isError ? "" : "ok\t") + fields.joined(separator: "\t") + "\n").utf8))
  }
}
