import CKernels

/// How often each element came, never too low and seldom much too high, in memory that does not grow with their number.
///
/// ```swift
/// var counts = CountMinSketch(relativeError: 0.0001, failureProbability: 0.001)
/// counts.insert(contentsOf: keys)
/// counts.estimatedCount(of: 42)  // at most 0.01 % of all elements too high, in 999 of 1000 cases
/// ```
///
/// An element has one counter in each of `depth` rows of `width`; the least is the estimate. Of N elements in all, it is above
/// the truth by more than e N / width with the probability e^-depth at most. In one row, the others add M / width on average,
/// with the variance S / width (1 - 1 / width), where M is the sum of their counts and S that of the squares. Counts stop at
/// 2^64 - 1.
///
/// Source: G. Cormode, S. Muthukrishnan, "An improved data stream summary: the count-min sketch and its applications",
/// Journal of Algorithms 55, 2005.
public struct CountMinSketch: Sendable, Equatable {
  /// The number of counters of each row.
  public let width: Int
  /// The number of rows.
  public let depth: Int
  /// What chooses the hash functions.
  public let seed: UInt64
  /// Whether a counter is raised no further than an element's new estimate needs ("conservative update"; C. Estan,
  /// G. Varghese, SIGCOMM 2002). No estimate is higher than without, most are much lower, and they depend on the order of
  /// elements.
  public let isConservative: Bool
  /// The number of all elements, each as often as it came.
  public private(set) var total: UInt64 = 0
  /// Row after row.
  package private(set) var counters: [UInt64]

  /// A sketch of nothing.
  ///
  /// - Precondition: `width` is 1 to 2^32, `depth` 1 to 32.
  /// - Complexity: O(width · depth).
  public init(width: Int, depth: Int = 4, seed: UInt64 = 0, isConservative: Bool = false) {
    require(
      1...1 << 32 ~= width && 1...32 ~= depth,
      "CountMinSketch: a sketch has 1 to 32 rows of 1 to 2^32 counters, not \(depth) of \(width)"
    )
    (self.width, self.depth, self.seed, self.isConservative) = (width, depth, seed, isConservative)
    counters = Array(repeating: 0, count: width * depth)
  }

  /// A sketch whose estimates are, but for a share of `failureProbability` of them, at most `relativeError` of all elements
  /// too high: ⌈e / relativeError⌉ wide and ⌈ln(1 / failureProbability)⌉ deep.
  ///
  /// - Precondition: both are between 0 and 1, and a sketch can be as large.
  /// - Complexity: O(width · depth).
  public init(relativeError: Double, failureProbability: Double, seed: UInt64 = 0, isConservative: Bool = false) {
    require(
      relativeError > 1e-9 && relativeError < 1 && failureProbability > 2e-14 && failureProbability < 1,
      "CountMinSketch: there is no sketch for errors of \(relativeError) but for \(failureProbability)"
    )
    let e = 2.718281828459045
    var (depth, probability) = (1, 1 / e)
    while probability > failureProbability { (depth, probability) = (depth + 1, probability / e) }
    self.init(width: Int((e / relativeError).rounded(.up)), depth: depth, seed: seed, isConservative: isConservative)
  }

  /// A sketch from its parts, which must fit.
  package init(width: Int, depth: Int, seed: UInt64, isConservative: Bool, total: UInt64, counters: [UInt64]) {
    require(counters.count == width * depth, "CountMinSketch: \(counters.count) counters are not \(depth) of \(width)")
    (self.width, self.depth, self.seed, self.isConservative) = (width, depth, seed, isConservative)
    (self.total, self.counters) = (total, counters)
  }

  var kernel: farro_count_min {
    farro_count_min(width: width, depth: depth, seed: seed, conservative: isConservative)
  }

  /// Adds an element some times.
  ///
  /// - Complexity: O(depth).
  public mutating func insert(_ key: UInt64, count: UInt64 = 1) {
    insert(contentsOf: CollectionOfOne(key), counts: [count])
  }

  /// Adds elements: numbers of any kind.
  ///
  /// - Complexity: O(depth · *n*) for *n* elements.
  public mutating func insert(contentsOf keys: some Sequence<UInt64>) { add(keys, nil, areKeys: true) }

  /// Adds elements, each as often as `counts` says.
  ///
  /// - Precondition: there are as many counts as elements.
  /// - Complexity: O(depth · *n*) for *n* elements.
  public mutating func insert(contentsOf keys: some Sequence<UInt64>, counts: [UInt64]) {
    add(keys, counts, areKeys: true)
  }

  /// Adds elements by their hashes, which look random in all 64 bits, such as ``XXH3`` makes.
  ///
  /// - Complexity: O(depth · *n*) for *n* elements.
  public mutating func insert(hashes: some Sequence<UInt64>) { add(hashes, nil, areKeys: false) }

  /// Adds elements by their hashes, each as often as `counts` says.
  ///
  /// - Precondition: there are as many counts as elements.
  /// - Complexity: O(depth · *n*) for *n* elements.
  public mutating func insert(hashes: some Sequence<UInt64>, counts: [UInt64]) { add(hashes, counts, areKeys: false) }

  private mutating func add(_ elements: some Sequence<UInt64>, _ counts: [UInt64]?, areKeys: Bool) {
    withElements(elements) { elements in
      require(
        counts == nil || counts?.count == elements.count,
        "CountMinSketch: \(counts?.count ?? 0) counts are not those of \(elements.count) elements"
      )
      update(&counters, kernel, elements, counts, areKeys: areKeys)
      total = counts?.reduce(total, saturatingSum) ?? saturatingSum(total, UInt64(elements.count))
    }
  }

  /// The estimate of how often an element came.
  ///
  /// - Complexity: O(depth).
  public func estimatedCount(of key: UInt64) -> UInt64 { estimatedCounts(of: CollectionOfOne(key))[0] }

  /// The estimate of how often the element with a hash came.
  ///
  /// - Complexity: O(depth).
  public func estimatedCount(ofHash hash: UInt64) -> UInt64 { estimatedCounts(ofHashes: CollectionOfOne(hash))[0] }

  /// The estimates of how often each of some elements came.
  ///
  /// - Complexity: O(depth · *n*) for *n* elements.
  public func estimatedCounts(of keys: some Sequence<UInt64>) -> [UInt64] {
    withElements(keys) { estimates(counters, kernel, $0, areKeys: true) }
  }

  /// The estimates of how often each of the elements with some hashes came.
  ///
  /// - Complexity: O(depth · *n*) for *n* elements.
  public func estimatedCounts(ofHashes hashes: some Sequence<UInt64>) -> [UInt64] {
    withElements(hashes) { estimates(counters, kernel, $0, areKeys: false) }
  }

  /// Adds what another sketch has counted. Of sketches that are not conservative, the result is that of all elements in one.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same width, depth and seed, and both or none are conservative.
  /// - Complexity: O(width · depth).
  public mutating func merge(_ other: CountMinSketch) throws(SketchMismatch) {
    try requireEqual("CountMinSketch", "widths", width, other.width)
    try requireEqual("CountMinSketch", "depths", depth, other.depth)
    try requireEqual("CountMinSketch", "seeds", seed, other.seed)
    try requireEqual("CountMinSketch", "conservative updates", isConservative, other.isConservative)
    var kernel = kernel
    check(farro_count_min_merge(&kernel, &counters, other.counters), "CountMinSketch")
    total = saturatingSum(total, other.total)
  }
}

/// `a + b`, or the largest number.
private func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let (sum, overflows) = a.addingReportingOverflow(b)
  return overflows ? .max : sum
}
