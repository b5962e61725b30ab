import Farro

/// How much each neighbour's vote counts.
public enum NeighborWeights: String, Codable, Sendable, CaseIterable {
  /// As much as any other's.
  case uniform
  /// 1 by its distance; rows at distance 0, if there are any, count alone.
  case distance
}

/// How neighbours are found. Which way it is does not change the answer.
public enum NeighborAlgorithm: String, Codable, Sendable, CaseIterable {
  /// A tree where it is likely faster, otherwise all rows.
  case auto
  /// All rows are looked at, by matrix products where the metric has them.
  case brute
  /// A tree of halves, for Euclidean distances and few columns.
  case kdTree = "kd_tree"
}

/// The parameters that both estimators of nearest neighbours have, checked.
struct NeighborParameters: Codable, Equatable, Sendable {
  var nNeighbors: Int
  var weights: NeighborWeights
  var algorithm: NeighborAlgorithm
  var leafSize: Int
  var metric: DistanceMetric

  /// - Throws: for rows that have no such neighbours.
  func check<Input: NumericRows>(_ x: Input, _ rowWeights: Tensor<Double>?) throws(ModelError) {
    try checkRange(nNeighbors, "nNeighbors", atLeast: 1)
    try checkRange(leafSize, "leafSize", atLeast: 1)
    try x.checkFinite()
    guard rowWeights == nil else { throw .weights("rows count the same as neighbours: there must be none") }
    guard x.rowCount >= nNeighbors else { throw .rows(x.rowCount, needed: nNeighbors) }
    guard metric != .innerProduct || weights == .uniform else {
      throw .parameter(name: "weights", reason: "the inner product is no distance that neighbours can be weighted by")
    }
    if case .minkowski(let p) = metric, !(p > 0) {
      throw .parameter(name: "metric", reason: "p of the Minkowski distance must be above 0, not \(p)")
    }
    if metric == .haversine && x.columnCount != 2 {
      throw .parameter(name: "metric", reason: "haversine takes 2 columns, not \(x.columnCount)")
    }
    let sparse: [DistanceMetric] = [.euclidean, .squaredEuclidean, .manhattan, .cosine, .innerProduct]
    guard x is Tensor<Input.Scalar> || sparse.contains(metric) else {
      throw .parameter(name: "metric", reason: "sparse rows have no \(metric) distance")
    }
    guard algorithm != .kdTree || canHaveTree(x) else {
      throw .parameter(name: "algorithm", reason: "a tree takes dense rows and the Euclidean distance")
    }
  }

  /// Whether neighbours are looked for in a tree.
  ///
  /// By itself it is taken where it was faster than products with all rows, on rows spread evenly: from 1000 rows of up to
  /// 5 columns on, and from 100 000 of up to 8. Beyond that products win: a tree of 12 columns took 2 to 6 times as long.
  func wantsTree<Input: NumericRows>(_ x: Input) -> Bool {
    guard canHaveTree(x) && x.rowCount < Int(UInt32.max) else { return false }
    switch algorithm {
    case .kdTree: return true
    case .brute: return false
    case .auto: return x.rowCount >= (x.columnCount <= 5 ? 1000 : x.columnCount <= 8 ? 100_000 : .max)
    }
  }

  private func canHaveTree<Input: NumericRows>(_ x: Input) -> Bool {
    x is Tensor<Input.Scalar> && x.columnCount > 0 && [.euclidean, .squaredEuclidean].contains(metric)
  }
}

/// The nearest of some rows: what models of neighbours search with.
struct NeighborSearch<Input: NumericRows>: Sendable {
  typealias Scalar = Input.Scalar
  let parameters: NeighborParameters
  private let base: Base

  /// The rows, once: a tree has them in an order of its own.
  private enum Base: Sendable {
    case all(Input)
    case tree(KDTree<Scalar>)
  }

  init(rows: Input, parameters: NeighborParameters) {
    self.parameters = parameters
    base =
      parameters.wantsTree(rows)
      ? .tree(KDTree(rows as! Tensor<Scalar>, leafSize: parameters.leafSize)) : .all(rows)
  }

  /// - Complexity: O(elements) with a tree.
  var rows: Input {
    switch base {
    case .all(let rows): rows
    case .tree(let tree): tree.rows as! Input
    }
  }

  var rowCount: Int {
    switch base {
    case .all(let rows): rows.rowCount
    case .tree(let tree): tree.rowCount
    }
  }

  var columnCount: Int {
    switch base {
    case .all(let rows): rows.columnCount
    case .tree(let tree): tree.columnCount
    }
  }

  private var isSquared: Bool { parameters.metric == .squaredEuclidean }

  /// The k nearest rows of each query, nearest first, rows of equal distance by their number. Shape (m, k) both.
  func nearest(_ queries: Input, _ k: Int) -> (distances: Tensor<Scalar>, indices: Tensor<Int>) {
    switch base {
    case .tree(let tree): tree.nearest(queries as! Tensor<Scalar>, k: k, isSquared: isSquared)
    case .all(let rows):
      queries.denseOrSparse(
        { nearestNeighbors(of: $0, in: rows as! Tensor<Scalar>, k: k, metric: parameters.metric) },
        { sparseNeighbors($0, rows as! CSRMatrix<Scalar>, k) }
      )
    }
  }

  /// All rows within a radius of each query, the nearest first.
  func within(_ queries: Input, _ radius: Double) -> NeighborLists<Scalar> {
    switch base {
    case .tree(let tree): tree.within(radius, of: queries as! Tensor<Scalar>, isSquared: isSquared)
    case .all(let rows):
      queries.denseOrSparse(
        { radiusNeighbors(of: $0, in: rows as! Tensor<Scalar>, radius: radius, metric: parameters.metric) },
        { sparseNeighbors($0, rows as! CSRMatrix<Scalar>, within: radius) }
      )
    }
  }

  /// As many queries at a time as their distances take 16 MB.
  private func blocks(_ queries: Int) -> StrideTo<Int> { stride(from: 0, to: queries, by: blockRows) }

  private var blockRows: Int { max(1, (16 << 20) / max(1, rowCount * MemoryLayout<Scalar>.stride)) }

  private var isSimilarity: Bool { parameters.metric == .innerProduct }

  private func sparseNeighbors(
    _ queries: CSRMatrix<Scalar>,
    _ base: CSRMatrix<Scalar>,
    _ k: Int
  ) -> (distances: Tensor<Scalar>, indices: Tensor<Int>) {
    var (distances, indices): ([Scalar], [Int]) = ([], [])
    for first in blocks(queries.rows) {
      let some = queries[first..<min(first + blockRows, queries.rows)]
      let all = pairwiseDistances(some, base, metric: parameters.metric)
      let found = topK(all, k, smallest: !isSimilarity)
      distances += found.values.scalars
      indices += found.indices.scalars
    }
    return (Tensor(distances, shape: [queries.rows, k]), Tensor(indices, shape: [queries.rows, k]))
  }

  private func sparseNeighbors(
    _ queries: CSRMatrix<Scalar>,
    _ base: CSRMatrix<Scalar>,
    within radius: Double
  ) -> NeighborLists<Scalar> {
    var (offsets, distances, indices): ([Int], [Scalar], [Int]) = ([0], [], [])
    for first in blocks(queries.rows) {
      let some = queries[first..<min(first + blockRows, queries.rows)]
      let all = pairwiseDistances(some, base, metric: parameters.metric)
      let (sorted, order) = sortWithIndices(all, descending: isSimilarity)
      for query in 0..<some.rows {
        let row = sorted[row: query].scalars
        let count = row.count { isSimilarity ? Double($0) >= radius : Double($0) <= radius }
        distances += row[..<count]
        indices += order[row: query].scalars[..<count]
        offsets.append(distances.count)
      }
    }
    return NeighborLists(offsets: offsets, distances: Tensor(distances), indices: Tensor(indices))
  }
}

extension NeighborSearch: Equatable {
  static func == (a: Self, b: Self) -> Bool {
    let others = b.rows
    return a.parameters == b.parameters
      && a.rows.denseOrSparse({ $0 == others as! Tensor<Scalar> }, { $0 == others as! CSRMatrix<Scalar> })
  }
}

extension NeighborSearch: Codable {
  private enum CodingKeys: CodingKey { case rows, columns, offsets, indices, values, parameters }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let parameters = try container.decode(NeighborParameters.self, forKey: .parameters)
    let found: Any
    if Input.self == Tensor<Scalar>.self {
      found = try container.decode(Tensor<Scalar>.self, forKey: .rows)
    } else {
      do {
        found = try CSRMatrix<Scalar>(
          columns: container.decode(Int.self, forKey: .columns),
          offsets: container.decode([Int64].self, forKey: .offsets),
          indices: container.decode([Int32].self, forKey: .indices),
          values: container.decode([Scalar].self, forKey: .values)
        )
      } catch let error as CSRError {
        throw DecodingError.dataCorruptedError(forKey: .offsets, in: container, debugDescription: "\(error)")
      }
    }
    let rows = found as! Input
    do throws(ModelError) {
      try parameters.check(rows, nil)
    } catch {
      throw DecodingError.dataCorruptedError(forKey: .parameters, in: container, debugDescription: error.description)
    }
    self.init(rows: rows, parameters: parameters)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(parameters, forKey: .parameters)
    try rows.denseOrSparse(
      { try container.encode($0, forKey: .rows) },
      {
        try container.encode($0.columns, forKey: .columns)
        try container.encode($0.offsets, forKey: .offsets)
        try container.encode($0.indices, forKey: .indices)
        try container.encode($0.values, forKey: .values)
      }
    )
  }
}
