import ArgumentParser
import Farro
import FarroSearch

/// The kinds of index that can be built. A new one is a case, and a branch wherever the compiler then asks for it.
enum IndexKind: String, ExpressibleByArgument, CaseIterable {
  case flat, ivf, hnsw, lsh

  /// The kind of an index from a file.
  init?(of index: any VectorIndex) {
    switch index {
    case is FlatIndex: self = .flat
    case is IVFIndex: self = .ivf
    case is HNSWIndex: self = .hnsw
    case is HyperplaneLSH: self = .lsh
    default: return nil
    }
  }

  /// For sentences.
  var withArticle: String { (self == .flat ? "a " : "an ") + rawValue }

  /// What it can measure; `nil`: everything.
  private var metrics: [DistanceMetric]? {
    switch self {
    case .flat: nil
    case .ivf, .hnsw: [.euclidean, .squaredEuclidean, .cosine, .innerProduct]
    case .lsh: [.cosine]
    }
  }

  /// - Throws: `ValidationError` when it cannot measure that.
  func check(_ metric: DistanceMetric) throws {
    guard let metrics, !metrics.contains(metric) else { return }
    let names = metrics.map(\.name).joined(separator: ", ")
    throw ValidationError("The index \(rawValue) measures \(names), not \(metric.name): say --metric.")
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
    case .ivf:
      var index = try IVFIndex(
        dimension: dimension,
        metric: metric,
        lists: arguments.lists ?? max(1, Int(2 * Double(vectors.shape[0]).squareRoot())),
        codes: arguments.indexCodes(dimension),
        seed: arguments.seed ?? 0
      )
      try index.add(vectors, ids: ids, progress: progress)
      return index
    case .lsh:
      var index = try HyperplaneLSH(dimension: dimension, bits: arguments.bits ?? 256, seed: arguments.seed ?? 0)
      try index.add(vectors, ids: ids)
      return index
    case .hnsw:
      var index = try HNSWIndex(
        dimension: dimension,
        metric: metric,
        m: arguments.m ?? 16,
        efConstruction: arguments.efConstruction ?? 200,
        seed: arguments.seed ?? 0
      )
      try index.add(vectors, ids: ids, progress: progress)
      return index
    }
  }

  /// Options of a search that are for this kind, and whether any can be raised to find more.
  func tune(_ index: inout any VectorIndex, _ arguments: TuningArguments) throws {
    switch self {
    case .flat: try arguments.refuse(for: self, allowed: [])
    case .ivf:
      try arguments.refuse(for: self, allowed: ["--probes", "--rerank"])
      guard var lists = index as? IVFIndex else { return }
      if let probes = arguments.probes { lists.probes = probes }
      if let rerank = arguments.rerank { lists.rerank = rerank }
      index = lists
    case .lsh:
      try arguments.refuse(for: self, allowed: ["--candidates"])
      guard let candidates = arguments.candidates, var signatures = index as? HyperplaneLSH else { return }
      signatures.candidates = candidates
      index = signatures
    case .hnsw:
      try arguments.refuse(for: self, allowed: ["--ef"])
      guard let ef = arguments.ef, var graph = index as? HNSWIndex else { return }
      graph.efSearch = ef
      index = graph
    }
  }

  /// What the index was made with, and searches with.
  func parameters(of index: any VectorIndex) -> [(name: String, value: UInt64)] {
    let (numbers, seed): ([(String, Int)], UInt64)
    switch index {
    case let index as HNSWIndex:
      (numbers, seed) = (
        [("m", index.m), ("ef_construction", index.efConstruction), ("ef", index.efSearch)], index.seed
      )
    case let index as IVFIndex:
      (numbers, seed) = ([("lists", index.lists), ("probes", index.probes), ("rerank", index.rerank)], index.seed)
    case let index as HyperplaneLSH:
      (numbers, seed) = ([("bits", index.bits), ("candidates", index.candidates)], index.seed)
    default: return []
    }
    return numbers.map { ($0, UInt64($1)) } + [("seed", seed)]
  }

  /// What lists hold of a vector; `nil` where there are no lists.
  func codes(of index: any VectorIndex) -> String? {
    switch (index as? IVFIndex)?.codes {
    case nil: nil
    case .none?: "none"
    case .int8?: "int8"
    case .product(let subspaces)?: "product, \(subspaces) subspaces"
    }
  }
}

/// What indexes are built with.
struct BuildArguments: ParsableArguments {
  @Option(name: .customLong("m"), help: "Of hnsw: neighbours of a vector, 2 to 256 (default: 16).")
  var m: Int?

  @Option(help: "Of hnsw: how many near vectors a new one's neighbours are chosen from (default: 200).")
  var efConstruction: Int?

  @Option(help: "Of ivf: how many lists (default: twice the root of the number of vectors).")
  var lists: Int?

  @Option(
    help: "Of ivf: what lists hold beside the vectors, int8 or product, 4 bits for each 2 elements (default: nothing)."
  )
  var codes: CodesArgument?

  @Option(help: "Of lsh: of a signature, 1 to 65536 (default: 256).")
  var bits: Int?

  @Option(help: "Of all but flat: what random choices are made from (default: 0).")
  var seed: UInt64?

  private static let options: [IndexKind: [String]] = [
    .ivf: ["--lists", "--codes", "--seed"], .hnsw: ["--m", "--ef-construction", "--seed"], .lsh: ["--bits", "--seed"],
  ]

  /// - Throws: `ValidationError` when an option is given that the kind does not have.
  func refuse(for kind: IndexKind) throws {
    let given = [
      ("--m", m != nil), ("--ef-construction", efConstruction != nil), ("--lists", lists != nil),
      ("--codes", codes != nil),
      ("--bits", bits != nil), ("--seed", seed != nil),
    ]
    let allowed = BuildArguments.options[kind] ?? []
    if let (option, _) = given.first(where: { $1 && !allowed.contains($0) }) {
      throw ValidationError("\(option) is no option of building \(kind.withArticle) index.")
    }
  }

  /// What an index of lists is made with.
  func indexCodes(_ dimension: Int) -> IVFIndex.Codes {
    switch codes {
    case nil: .none
    case .int8: .int8
    case .product: .product(subspaces: IVFIndex.subspaces(dimension))
    }
  }

  func validate() throws {
    if let lists, !(1...1 << 24 ~= lists) { throw ValidationError("--lists must be 1 to \(1 << 24), not \(lists).") }
    if let bits, !(1...65_536 ~= bits) { throw ValidationError("--bits must be 1 to 65536, not \(bits).") }
    if let m, !(2...256 ~= m) { throw ValidationError("--m must be 2 to 256, not \(m).") }
    if let efConstruction, !(1...1 << 20 ~= efConstruction) {
      throw ValidationError("--ef-construction must be 1 to \(1 << 20), not \(efConstruction).")
    }
  }
}

/// The codes of an index of lists.
enum CodesArgument: String, ExpressibleByArgument, CaseIterable {
  case int8, product
}

extension IVFIndex {
  /// Of a product code: half the dimension, or the most below that divide it.
  fileprivate static func subspaces(_ dimension: Int) -> Int {
    (1...max(1, min(dimension / 2, 512))).last { dimension % $0 == 0 }!
  }
}

/// How much of an index that may miss neighbours a search looks at.
struct TuningArguments: ParsableArguments {
  @Option(help: "Of hnsw: how many of the nearest vectors a walk keeps in view; more find more.")
  var ef: Int?

  @Option(help: "Of ivf: how many lists are looked into; more find more.")
  var probes: Int?

  @Option(help: "Of ivf with codes: how many times as many vectors as are wanted are measured.")
  var rerank: Int?

  @Option(help: "Of lsh: how many vectors are measured, 1 to 1024; more find more.")
  var candidates: Int?

  func validate() throws {
    for (name, value) in [("--probes", probes), ("--rerank", rerank)] {
      if let value, !(1...1 << 24 ~= value) { throw ValidationError("\(name) must be 1 to \(1 << 24), not \(value).") }
    }
    if let candidates, !(1...1024 ~= candidates) {
      throw ValidationError("--candidates must be 1 to 1024, not \(candidates).")
    }
    if let ef, !(1...1 << 20 ~= ef) { throw ValidationError("--ef must be 1 to \(1 << 20), not \(ef).") }
  }

  private var given: [String] {
    [("--ef", ef), ("--probes", probes), ("--rerank", rerank), ("--candidates", candidates)].filter { $1 != nil }.map(
      \.0
    )
  }

  /// - Throws: `ValidationError` when an option is given that the kind does not have.
  func refuse(for kind: IndexKind, allowed: [String]) throws {
    if let option = given.first(where: { !allowed.contains($0) }) {
      throw ValidationError("\(option) is no option of searching \(kind.withArticle) index.")
    }
  }
}
