import Farro
import FarroData

/// Every kind of index that a file may hold, and how it is opened.
private let savedKinds: [(name: String, open: @Sendable (String) throws -> any VectorIndex)] = [
  (FlatIndex.kind, { try FlatIndex(contentsOf: $0) }),
  (IVFIndex.kind, { try IVFIndex(contentsOf: $0) }),
  (HNSWIndex.kind, { try HNSWIndex(contentsOf: $0) }),
  (HyperplaneLSH.kind, { try HyperplaneLSH(contentsOf: $0) }),
]

/// An index of whatever kind the file at `path` holds, mapped.
///
/// ```swift
/// let index = try openIndex("vectors.index")
/// let found = try index.search(queries, k: 10)
/// if var graph = index as? HNSWIndex { graph.efSearch = 100 }
/// ```
///
/// - Throws: `ArrayFileError` for a file that is damaged, of no kind of index or newer than this program; `FileError`.
/// - Complexity: O(bytes of the file), once, to check it.
public func openIndex(_ path: String) throws -> any VectorIndex {
  let kind = try ArrayFile.kind(of: path).kind
  guard let saved = savedKinds.first(where: { $0.name == kind }) else {
    let names = savedKinds.map(\.name).joined(separator: "\" or \"")
    throw ArrayFileError(.otherKind(found: kind, expected: names), path: path, offset: 16)
  }
  return try saved.open(path)
}

// MARK: - Recall

extension SearchResults {
  /// The share of the true neighbours that is among these, from 0 to 1; 1 when there are none. A vector that is as near as the
  /// last of them counts as one of them.
  ///
  /// - Parameters:
  ///   - exact: The true neighbours of the same queries.
  ///   - metric: What is near.
  /// - Precondition: both have the same number of queries.
  /// - Complexity: O(m k).
  public func recall(against exact: SearchResults, metric: DistanceMetric) -> Double {
    let (m, k) = (exact.ids.shape[0], exact.ids.shape[1])
    require(ids.shape[0] == m, "SearchResults.recall: neighbours of \(ids.shape[0]) and of \(m) queries")
    var (hits, total) = (0, 0)
    for query in 0..<m {
      let nearest = (0..<k).prefix { exact.ids[query, $0] >= 0 }
      guard let last = nearest.last else { continue }
      total += nearest.count
      let names = Set(nearest.map { exact.ids[query, $0] })
      let bound = exact.distances[query, last]
      let found = (0..<ids.shape[1]).filter { place in
        let (id, distance) = (ids[query, place], distances[query, place])
        if id < 0 { return false }
        return names.contains(id) || (metric == .innerProduct ? distance >= bound : distance <= bound)
      }
      hits += min(found.count, nearest.count)
    }
    return total == 0 ? 1 : Double(hits) / Double(total)
  }
}

/// An index that may miss neighbours, and keeps its vectors, so that it can tell how many.
public protocol ApproximateIndex: VectorIndex {
  /// The `k` nearest vectors of each query, for which all are measured.
  ///
  /// - Precondition: `k` is not negative.
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries.
  func exactSearch(_ queries: Tensor<Float>, k: Int) throws -> SearchResults
}

extension ApproximateIndex {
  /// The share of the `k` true neighbours of queries that a search finds, from 0 to 1.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries.
  public func recall(of queries: Tensor<Float>, k: Int) throws -> Double {
    try search(queries, k: k).recall(against: exactSearch(queries, k: k), metric: metric)
  }
}

extension HNSWIndex: ApproximateIndex {
  public func exactSearch(_ queries: Tensor<Float>, k: Int) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "HNSWIndex.exactSearch: k is \(k)")
    let keep = count == places ? nil : Tensor((0..<places).map { live.hasBit($0) })
    let (distances, found) = vectors.withUnsafeBufferPointer {
      nearestNeighbors(of: prepared(queries), inRows: $0, k: k, metric: metric, where: keep)
    }
    return SearchResults(distances: distances, ids: found.map { $0 < 0 ? -1 : table.ids[$0] })
  }
}

extension IVFIndex: ApproximateIndex {
  /// The `k` nearest vectors of each query, for which all are measured.
  ///
  /// - Precondition: `k` is not negative.
  /// - Throws: ``IndexError``, also when the index does not keep its vectors.
  /// - Complexity: O(m `count` d) for m queries.
  public func exactSearch(_ queries: Tensor<Float>, k: Int) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "IVFIndex.exactSearch: k is \(k)")
    guard keepsVectors else { throw IndexError(.holdsCodes(count: count), in: "exactSearch") }
    if codes == .none {
      var all = self
      all.probes = max(lists, 1)
      return try all.search(queries, k: k)
    }
    let (distances, found) = vectors.withUnsafeBufferPointer {
      nearestNeighbors(of: prepared(queries), inRows: $0, k: k, metric: metric, where: nil)
    }
    return SearchResults(distances: distances, ids: found.map { $0 < 0 ? -1 : table.ids[$0] })
  }
}

extension HyperplaneLSH: ApproximateIndex {
  public func exactSearch(_ queries: Tensor<Float>, k: Int) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "HyperplaneLSH.exactSearch: k is \(k)")
    return measured(queries, k)
  }
}
