import Farro

/// Vectors with names, in which the nearest to a query are found.
///
/// An index is a value: a copy is independent, and shares memory until one of them changes. Any number of threads may search one
/// at the same time; a search uses several itself, with the same result for any number.
///
/// ```swift
/// var index = try HNSWIndex(dimension: 128, metric: .cosine)
/// try index.add(vectors)                                // ids 0, 1, 2 ...
/// let found = try index.search(queries, k: 10)
/// found.ids[0, 0]                                       // the nearest to the first query
/// ```
///
/// Of numbers, an index is a ``VectorIndex``; ``BinaryFlatIndex`` holds vectors of bits, eight to an element.
public protocol NeighborIndex<Element>: Sendable {
  /// What a vector is made of.
  associatedtype Element: TensorScalar

  /// What can be measured between two vectors.
  associatedtype Metric: Sendable, Hashable

  /// The elements of a vector.
  var dimension: Int { get }

  /// The vectors in the index.
  var count: Int { get }

  /// What is measured between a query and a vector. Of inner products, the largest are the nearest; of all others, the
  /// smallest.
  var metric: Metric { get }

  /// The memory that the vectors and all that belongs to them take, in bytes, whether it is the index's own or a mapped
  /// file's.
  var memoryBytes: Int { get }

  /// Whether there is a vector of that id.
  func contains(_ id: Int) -> Bool

  /// Adds vectors.
  ///
  /// - Parameters:
  ///   - vectors: The rows of a tensor of the shape (n, `dimension`).
  ///   - ids: What the vectors are called: `n` different numbers from 0 that the index does not hold yet. When omitted,
  ///     numbers follow on the largest that was ever used.
  /// - Throws: ``IndexError``; the index is then as it was.
  mutating func add(_ vectors: Tensor<Element>, ids: [Int]?) throws

  /// Removes vectors, and answers how many of them there were. Ids that the index does not hold are passed over.
  @discardableResult
  mutating func remove(_ ids: some Sequence<Int>) -> Int

  /// The nearest vectors of each query, best first; of equally near ones, those with the smaller id first.
  ///
  /// - Parameters:
  ///   - queries: The rows of a tensor of the shape (m, `dimension`).
  ///   - k: How many are found for each.
  ///   - filter: Which vectors may be found; `nil`: all.
  /// - Returns: Shapes (m, `k`). Where fewer than `k` vectors may be found, the id -1 and the distance infinity (of inner
  ///   products, minus infinity) follow.
  /// - Precondition: `k` is not negative.
  /// - Throws: ``IndexError``.
  func search(_ queries: Tensor<Element>, k: Int, filter: SearchFilter?) throws -> SearchResults

  /// The vectors of each row of `queries` that are no farther than `radius` (of inner products: that have `radius` or
  /// more), in the same order.
  ///
  /// - Precondition: `radius` is not NaN.
  /// - Throws: ``IndexError``.
  func search(_ queries: Tensor<Element>, radius: Float, filter: SearchFilter?) throws -> RangeResults

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  func save(to path: String) throws

  /// An index from a file, mapped: it takes memory of its own for what is changed later.
  ///
  /// A file that another process shortens or overwrites in place while it is mapped takes the reader down; ``save(to:)``
  /// does neither.
  ///
  /// - Throws: `ArrayFileError` for a file that is damaged, of another kind or newer than this program; `FileError`.
  init(contentsOf path: String) throws
}

extension NeighborIndex {
  /// Adds the rows of `vectors`, shape (n, ``dimension``), under the numbers that follow on the largest that was ever used.
  ///
  /// - Throws: ``IndexError``; the index is then as it was.
  public mutating func add(_ vectors: Tensor<Element>) throws { try add(vectors, ids: nil) }

  /// The `k` nearest vectors of each row of `queries`, as ``search(_:k:filter:)`` finds them without a filter.
  ///
  /// - Throws: ``IndexError``.
  public func search(_ queries: Tensor<Element>, k: Int) throws -> SearchResults {
    try search(queries, k: k, filter: nil)
  }

  /// The vectors within a radius, as ``search(_:radius:filter:)`` finds them without a filter.
  ///
  /// - Throws: ``IndexError``.
  public func search(_ queries: Tensor<Element>, radius: Float) throws -> RangeResults {
    try search(queries, radius: radius, filter: nil)
  }

  /// Whether there is no vector in the index.
  public var isEmpty: Bool { count == 0 }
}

/// The nearest vectors of some queries.
public struct SearchResults: Sendable, Equatable {
  /// Shape (m, k), best first.
  public let distances: Tensor<Float>
  /// Shape (m, k); -1 where there is none.
  public let ids: Tensor<Int>

  /// Results that were found otherwise, both of shape (m, k).
  public init(distances: Tensor<Float>, ids: Tensor<Int>) { (self.distances, self.ids) = (distances, ids) }
}

/// The vectors within a radius of some queries, one after the other.
public struct RangeResults: Sendable, Equatable {
  /// Where the results of each query begin, and then where the last ones end: one more than there are queries.
  public internal(set) var offsets: [Int]
  /// Of the results of all queries.
  public internal(set) var distances: [Float]
  /// Of the results of all queries.
  public internal(set) var ids: [Int]

  /// The places in ``distances`` and ``ids`` that belong to a query.
  ///
  /// - Complexity: O(1).
  public func places(ofQuery query: Int) -> Range<Int> { offsets[query]..<offsets[query + 1] }
}

/// Which vectors may be found.
public struct SearchFilter: Sendable {
  enum Rule: Sendable {
    case among(Set<Int>)
    case except(Set<Int>)
    case holding(@Sendable (Int) -> Bool)
  }

  let rule: Rule

  /// Only those with these ids. Ids that the index does not hold are passed over.
  public static func among(_ ids: some Sequence<Int>) -> SearchFilter { SearchFilter(rule: .among(Set(ids))) }

  /// All but those with these ids.
  public static func except(_ ids: some Sequence<Int>) -> SearchFilter { SearchFilter(rule: .except(Set(ids))) }

  /// Those for whose id the closure holds. It is asked once for each vector of the index in each call.
  public static func holding(_ condition: @escaping @Sendable (Int) -> Bool) -> SearchFilter {
    SearchFilter(rule: .holding(condition))
  }

  func accepts(_ id: Int) -> Bool {
    switch rule {
    case .among(let ids): ids.contains(id)
    case .except(let ids): !ids.contains(id)
    case .holding(let condition): condition(id)
    }
  }
}
