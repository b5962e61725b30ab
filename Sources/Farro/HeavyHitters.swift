import CKernels

/// The elements that come most often, with their counts, in memory for some of them.
///
/// ```swift
/// var words = HeavyHitters(capacity: 1000)
/// words.insert(contentsOf: hashes)
/// for element in words.elements.prefix(10) { print(element.key, element.count) }
/// ```
///
/// Of N elements in all, every one that came more than N / `capacity` times is there, and no count is too high by more than
/// that, or by more than its ``Element/error``. None is too low. The result depends on the order of elements, and on
/// nothing else: nothing is drawn at random, and no seed is needed. Counts stop at 2^64 - 1.
///
/// Sources: A. Metwally, D. Agrawal, A. El Abbadi, "Efficient computation of frequent and top-k elements in data streams",
/// ICDT 2005 ("Space-Saving"); merging: M. Cafaro, M. Pulimeno, P. Tempesta, "A parallel space saving algorithm for frequent
/// items and the Hurwitz zeta distribution", Information Sciences 329, 2016.
public struct HeavyHitters: Sendable, Equatable {
  /// One of the elements that come often.
  public struct Element: Sendable, Hashable {
    /// The element: a number of any kind, or a hash.
    public let key: UInt64
    /// How often it came, or more.
    public let count: UInt64
    /// By how much `count` is too high at most.
    public let error: UInt64

    /// An element with its count.
    public init(key: UInt64, count: UInt64, error: UInt64) {
      (self.key, self.count, self.error) = (key, count, error)
    }
  }

  /// The number of elements that are kept at most: 1 to 2^28.
  public let capacity: Int
  private var block: [UInt64]

  /// Of nothing.
  ///
  /// - Precondition: `capacity` is 1 to 2^28.
  /// - Complexity: O(capacity).
  public init(capacity: Int) {
    require(1...1 << 28 ~= capacity, "HeavyHitters: 1 to 2^28 elements can be kept, not \(capacity)")
    self.capacity = capacity
    block = Array(repeating: 0, count: farro_heavy_hitters_words(capacity))
    check(farro_heavy_hitters_init(&block, capacity), "HeavyHitters")
  }

  /// From elements, as ``elements`` gave them, and their ``total``; `nil` if no elements were ever such.
  ///
  /// - Precondition: `capacity` is 1 to 2^28.
  /// - Complexity: O(capacity · log capacity).
  public init?(capacity: Int, total: UInt64, elements: [Element]) {
    self.init(capacity: capacity)
    let status = farro_heavy_hitters_restore(
      &block,
      capacity,
      total,
      elements.map(\.key),
      elements.map(\.count),
      elements.map(\.error),
      elements.count
    )
    if status != FARRO_OK { return nil }
  }

  /// The number of all elements, each as often as it came.
  public var total: UInt64 { farro_heavy_hitters_total(block) }

  /// The elements that are kept: those with the highest counts first, among equal ones the least key first.
  ///
  /// - Complexity: O(capacity · log capacity).
  public var elements: [Element] {
    let (keys, counts, errors) = entries(block)
    return keys.indices
      .map { Element(key: keys[$0], count: counts[$0], error: errors[$0]) }
      .sorted { ($1.count, $0.key) < ($0.count, $1.key) }
  }

  /// Adds an element some times.
  ///
  /// - Complexity: O(log capacity).
  public mutating func insert(_ key: UInt64, count: UInt64 = 1) {
    insert(contentsOf: CollectionOfOne(key), counts: [count])
  }

  /// Adds elements: numbers of any kind, or hashes.
  ///
  /// - Complexity: O(*n* · log capacity) for *n* elements.
  public mutating func insert(contentsOf keys: some Sequence<UInt64>) {
    withElements(keys) { farro_heavy_hitters_update(&block, $0.baseAddress, nil, $0.count) }
  }

  /// Adds elements, each as often as `counts` says.
  ///
  /// - Precondition: there are as many counts as elements.
  /// - Complexity: O(*n* · log capacity) for *n* elements.
  public mutating func insert(contentsOf keys: some Sequence<UInt64>, counts: [UInt64]) {
    withElements(keys) { keys in
      require(
        counts.count == keys.count,
        "HeavyHitters: \(counts.count) counts are not those of \(keys.count) elements"
      )
      farro_heavy_hitters_update(&block, keys.baseAddress, counts, keys.count)
    }
  }

  /// An element that is kept.
  ///
  /// - Complexity: O(1).
  public subscript(key: UInt64) -> Element? {
    var (count, error): (UInt64, UInt64) = (0, 0)
    return farro_heavy_hitters_find(block, key, &count, &error) ? Element(key: key, count: count, error: error) : nil
  }

  /// Adds what another has counted, with the bounds above for all elements of both.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same capacity.
  /// - Complexity: O(capacity · log capacity).
  public mutating func merge(_ other: HeavyHitters) throws(SketchMismatch) {
    try requireEqual("HeavyHitters", "capacities", capacity, other.capacity)
    check(farro_heavy_hitters_merge(&block, other.block), "HeavyHitters")
  }

  /// Whether both keep the same elements, with the same counts and errors, of as many in all.
  public static func == (x: HeavyHitters, y: HeavyHitters) -> Bool {
    x.capacity == y.capacity && x.total == y.total && x.elements == y.elements
  }
}
