import ArgumentParser
import Farro
import FarroSearch

/// The kinds of index that can be built. A new one is a case, and a branch wherever the compiler then asks for it.
enum IndexKind: String, ExpressibleByArgument, CaseIterable {
  case flat, hnsw

  /// The kind of an index from a file.
  init?(of index: any VectorIndex) {
    switch index {
    case is FlatIndex: self = .flat
    case is HNSWIndex: self = .hnsw
    default: return nil
    }
  }

  /// An index of vectors.
  ///
  /// - Parameter progress: Called some times with the share of the vectors that are in, by kinds that take long.
  func build(
    _ vectors: Tensor<Float>,
    ids: [Int]?,
    metric: DistanceMetric,
    _ arguments: BuildArguments,
    progress: (Double) -> Void
  ) throws -> any VectorIndex {
    let dimension = vectors.shape[1]
    switch self {
    case .flat:
      var index = try FlatIndex(dimension: dimension, metric: metric)
      try index.add(vectors, ids: ids)
      return index
    case .hnsw:
      var index = try HNSWIndex(
        dimension: dimension,
        metric: metric,
        m: arguments.m,
        efConstruction: arguments.efConstruction,
        seed: arguments.seed
      )
      try index.add(vectors, ids: ids, progress: progress)
      return index
    }
  }

  /// Options of a search that are for this kind, and whether any can be raised to find more.
  func tune(_ index: inout any VectorIndex, _ arguments: TuningArguments) throws {
    switch self {
    case .flat: try arguments.refuse(for: self, allowed: [])
    case .hnsw:
      try arguments.refuse(for: self, allowed: ["--ef"])
      guard let ef = arguments.ef, var graph = index as? HNSWIndex else { return }
      graph.efSearch = ef
      index = graph
    }
  }

  /// What the index was made with, and searches with.
  func parameters(of index: any VectorIndex) -> [(name: String, value: Int)] {
    switch index {
    case let index as HNSWIndex:
      [
        ("m", index.m), ("ef_construction", index.efConstruction), ("ef", index.efSearch),
        ("seed", Int(clamping: index.seed)),
      ]
    default: []
    }
  }
}

/// What indexes are built with.
struct BuildArguments: ParsableArguments {
  @Option(name: .customLong("m"), help: "Of hnsw: neighbours of a vector, 2 to 256.")
  var m = 16

  @Option(help: "Of hnsw: how many near vectors a new one's neighbours are chosen from.")
  var efConstruction = 200

  @Option(help: "What random choices are made from.")
  var seed: UInt64 = 0

  func validate() throws {
    guard 2...256 ~= m else { throw ValidationError("--m must be 2 to 256, not \(m).") }
    guard 1...1 << 20 ~= efConstruction else {
      throw ValidationError("--ef-construction must be 1 to \(1 << 20), not \(efConstruction).")
    }
  }
}

/// How much of an index that may miss neighbours a search looks at.
struct TuningArguments: ParsableArguments {
  @Option(help: "Of hnsw: how many of the nearest vectors a walk keeps in view; more find more.")
  var ef: Int?

  func validate() throws {
    if let ef, !(1...1 << 20 ~= ef) { throw ValidationError("--ef must be 1 to \(1 << 20), not \(ef).") }
  }

  private var given: [String] { ef == nil ? [] : ["--ef"] }

  /// - Throws: `ValidationError` when an option is given that the kind does not have.
  func refuse(for kind: IndexKind, allowed: [String]) throws {
    if let option = given.first(where: { !allowed.contains($0) }) {
      throw ValidationError("\(option) is no option of searching a \(kind.rawValue) index.")
    }
  }
}
