import Farro
import FarroData

/// All vectors of bits, compared with every query: exact.
///
/// Bits are packed eight to a byte, in any order that is the same for all. Distances are numbers of bits or their ratios; as
/// `Float`, they are exact.
///
/// ```swift
/// var index = try BinaryFlatIndex(dimension: 32, metric: .hamming)    // 256 bits
/// try index.add(codes)                                                // Tensor<UInt8>, [n, 32]
/// let found = try index.search(queries, k: 10)
/// ```
///
/// Vectors lie in the order of their ids, so that adding ids beyond all others costs least.
public struct BinaryFlatIndex: NeighborIndex {
  /// What is measured between two vectors, of which one has a bits and the other b, and h are in only one of them.
  public enum Metric: String, Sendable, Hashable, CaseIterable, Codable {
    /// h: in how many bits they differ.
    case hamming
    /// h / ((a + b + h) / 2): 1 less the share of common bits among all; 0 of two without bits.
    case jaccard
    /// h / (a + b); 0 of two without bits.
    case dice
  }

  public let metric: Metric
  private var rows: NamedRows<UInt8>

  private static let kind = "binary flat index"
  /// Numbers of bits are exact as `Float`.
  private static let dimensions = 1...1 << 21
  private static let mostNeighbors = 1024

  /// An index without vectors.
  ///
  /// - Parameters:
  ///   - dimension: The bytes of a vector, up to 2²¹: an eighth of its bits. Bits that are not used must be the same in all vectors
  ///     for Hamming, and 0 for the other metrics.
  ///   - metric: What is measured.
  /// - Throws: ``IndexError`` when `dimension` is out of its range.
  public init(dimension: Int, metric: Metric = .hamming) throws(IndexError) {
    guard BinaryFlatIndex.dimensions ~= dimension else {
      let problem = IndexError.Problem.outOfRange(
        parameter: "dimension",
        found: dimension,
        supported: BinaryFlatIndex.dimensions
      )
      throw IndexError(problem, in: "BinaryFlatIndex")
    }
    (rows, self.metric) = (NamedRows(dimension: dimension), metric)
  }

  public var dimension: Int { rows.dimension }

  public var count: Int { rows.count }

  public var memoryBytes: Int { rows.bytes }

  /// Whether there is a vector of that id.
  ///
  /// - Complexity: O(log `count`).
  public func contains(_ id: Int) -> Bool { rows.contains(id) }

  // MARK: Changes

  /// Adds the rows of `vectors`.
  ///
  /// - Throws: ``IndexError``; the index is then as it was.
  /// - Complexity: O(n d) for n vectors of d bytes whose ids are beyond all others, usually; else O((`count` + n) d).
  public mutating func add(_ vectors: Tensor<UInt8>, ids: [Int]?) throws {
    try checkShape(vectors, dimension, "add")
    _ = try rows.add(vectors, ids: ids)
  }

  /// Removes vectors, and answers how many of them there were.
  ///
  /// - Complexity: O(r log `count`) for r ids, and O(`count` d) when there are any of them.
  @discardableResult
  public mutating func remove(_ ids: some Sequence<Int>) -> Int { rows.remove(ids).count }

  // MARK: Search

  /// The `k` nearest vectors of each query.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries, and copying the vectors that a filter accepts. For `k` beyond 1024, all distances
  ///   of a query are sorted.
  public func search(_ queries: Tensor<UInt8>, k: Int, filter: SearchFilter?) throws -> SearchResults {
    try checkShape(queries, dimension, "search")
    require(k >= 0, "BinaryFlatIndex.search: k is \(k)")
    let (m, places) = (queries.shape[0], rows.places(filter))
    let found = min(k, places?.count ?? count)
    var distances = [Float](repeating: .infinity, count: m * k)
    var ids = [Int](repeating: -1, count: m * k)
    rows.withRows(places) { base in
      // So many that lists of all distances stay small.
      let step = found <= BinaryFlatIndex.mostNeighbors ? m : max(1, (1 << 22) / found)
      for first in stride(from: 0, to: found > 0 ? m : 0, by: max(step, 1)) {
        let some = queries[first..<min(first + step, m)]
        let nearest =
          found <= BinaryFlatIndex.mostNeighbors ? nearest(some, base, found) : within(some, base, .infinity)
        let named = rows.ids(of: nearest.indices, places)
        for row in 0..<some.shape[0] {
          for i in 0..<found {
            distances[(first + row) * k + i] = nearest.distances[nearest.offsets[row] + i]
            ids[(first + row) * k + i] = named[nearest.offsets[row] + i]
          }
        }
      }
    }
    return SearchResults(distances: Tensor(distances, shape: [m, k]), ids: Tensor(ids, shape: [m, k]))
  }

  /// The vectors within a radius of each query.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m `count` d) for m queries, and sorting what is found.
  public func search(_ queries: Tensor<UInt8>, radius: Float, filter: SearchFilter?) throws -> RangeResults {
    try checkShape(queries, dimension, "search")
    require(!radius.isNaN, "BinaryFlatIndex.search: no vector lies within a radius of NaN")
    let places = rows.places(filter)
    let found = rows.withRows(places) { within(queries, $0, Double(radius)) }
    return RangeResults(
      offsets: found.offsets,
      distances: found.distances,
      ids: rows.ids(of: found.indices, places)
    )
  }

  /// Of query i at `offsets[i]` and after it.
  private typealias Found = (offsets: [Int], distances: [Float], indices: [Int])

  private func nearest(_ queries: Tensor<UInt8>, _ base: UnsafeBufferPointer<UInt8>, _ k: Int) -> Found {
    func found<Distance>(_ metric: BitMetric<Distance>, _ number: (Distance) -> Float) -> Found {
      let (distances, indices) = bitNeighbors(of: queries, inRows: base, k: k, metric: metric)
      return ((0...queries.shape[0]).map { $0 * k }, distances.scalars.map(number), indices.scalars)
    }
    return switch metric {
    case .hamming: found(.hamming) { Float($0) }
    case .jaccard: found(.jaccard) { $0 }
    case .dice: found(.dice) { $0 }
    }
  }

  private func within(_ queries: Tensor<UInt8>, _ base: UnsafeBufferPointer<UInt8>, _ radius: Double) -> Found {
    func found<Distance>(_ metric: BitMetric<Distance>, _ number: (Distance) -> Float) -> Found {
      let lists = bitNeighbors(of: queries, inRows: base, radius: radius, metric: metric)
      return (lists.offsets, lists.distances.scalars.map(number), lists.indices.scalars)
    }
    return switch metric {
    case .hamming: found(.hamming) { Float($0) }
    case .jaccard: found(.jaccard) { $0 }
    case .dice: found(.dice) { $0 }
    }
  }

  // MARK: Files

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    rows.describe(in: &header)
    header["metric"] = metric.rawValue
    try IndexFile.write(BinaryFlatIndex.kind, header, rows.sections, to: path)
  }

  /// An index from a file, mapped.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: BinaryFlatIndex.kind)
    metric = try file.value("metric", "one of \(Metric.allCases.map(\.rawValue))", Metric.init)
    rows = try NamedRows(file, dimensions: BinaryFlatIndex.dimensions)
  }
}
