import CKernels

/// Whether an element may be in a set, from some bits for each: what was inserted is always found, and what was not, at a rate
/// that the filter's size decides.
///
/// ```swift
/// var seen = BloomFilter(expectedCount: 1_000_000, falsePositiveRate: 0.01)
/// seen.insert(42)                  // a number of any kind
/// seen.insert(hash: XXH3.hash("a"))  // or a hash
/// seen.contains(42)                // true
/// seen.contains(43)                // false, in 99 of 100 cases
/// ```
///
/// An element sets one bit in each of the 8 words of 32 bits of one block, which is one access to memory. Blocks have
/// Poisson(*n* / blocks) elements, so that the rate of false positives is Σ P(i) (1 - (31/32)^i)^8
/// (``falsePositiveRate(afterInserting:)``): 0.0126 at 10 bits per element, 0.0013 at 16. Those of many other elements that are
/// found vary as so many independent ones do.
///
/// The bits are those of Apache Parquet's filters: one of hashes by ``XXH64`` with the seed 0 can be written to a Parquet
/// file as it is (``words``), and one from there can be asked.
///
/// Sources: F. Putze, P. Sanders, J. Singler, "Cache-, hash- and space-efficient Bloom filters", WEA 2007; J. Apple, "Split
/// block Bloom filters", arXiv 2101.01719; BloomFilter.md of Apache Parquet's format.
public struct BloomFilter: Sendable, Equatable {
  /// The number of blocks of 256 bits: 1 to 2^31.
  public let blocks: Int
  /// What chooses the hash function of numbers. Hashes that are ready do not depend on it.
  public let seed: UInt64
  package var bits: Tensor<UInt32>

  /// An empty filter.
  ///
  /// - Precondition: `blocks` is 1 to 2^31.
  /// - Complexity: O(blocks).
  public init(blocks: Int, seed: UInt64 = 0) {
    require(1...1 << 31 ~= blocks, "BloomFilter: a filter has 1 to 2^31 blocks, not \(blocks)")
    (self.blocks, self.seed) = (blocks, seed)
    bits = Tensor(repeating: 0, shape: [8 * blocks])
  }

  /// The smallest filter whose rate of false positives, after as many different elements were inserted, is at most the one
  /// that is wanted.
  ///
  /// - Precondition: `expectedCount` is not negative, `falsePositiveRate` between 0 and 1, and 64 GiB are enough.
  /// - Complexity: O(blocks).
  public init(expectedCount: Int, falsePositiveRate: Double, seed: UInt64 = 0) {
    require(
      expectedCount >= 0 && falsePositiveRate > 0 && falsePositiveRate < 1,
      "BloomFilter: there is no filter for \(expectedCount) elements with a rate of \(falsePositiveRate)"
    )
    let blocks = farro_bloom_blocks(Double(expectedCount), falsePositiveRate)
    // None is large enough: SIZE_MAX, which is -1 here.
    require(
      blocks > 0,
      "BloomFilter: a filter for \(expectedCount) elements with a rate of \(falsePositiveRate) is larger than 64 GiB"
    )
    self.init(blocks: blocks, seed: seed)
  }

  /// A filter from its words, as ``words`` gave them.
  ///
  /// - Precondition: there are 8 for each of 1 to 2^31 blocks.
  /// - Complexity: O(words).
  public init(words: [UInt32], seed: UInt64 = 0) {
    require(
      words.count % 8 == 0 && 1...1 << 31 ~= words.count / 8,
      "BloomFilter: \(words.count) words are no filter, which has 8 for each block"
    )
    (blocks, self.seed) = (words.count / 8, seed)
    bits = Tensor(words)
  }

  /// The words of all blocks, one after another. Their little-endian bytes are the bitset of a Parquet file.
  ///
  /// - Complexity: O(blocks).
  public var words: [UInt32] { bits.withUnsafeBufferPointer(Array.init) }

  /// Adds an element.
  ///
  /// - Complexity: O(1).
  public mutating func insert(_ key: UInt64) { insert(contentsOf: CollectionOfOne(key)) }

  /// Adds an element by its hash.
  ///
  /// - Complexity: O(1).
  public mutating func insert(hash: UInt64) { insert(hashes: CollectionOfOne(hash)) }

  /// Adds elements: numbers of any kind.
  ///
  /// - Complexity: O(*n*) for *n* elements.
  public mutating func insert(contentsOf keys: some Sequence<UInt64>) {
    withElements(keys) { insert($0, areKeys: true) }
  }

  /// Adds elements by their hashes, which look random in all 64 bits, such as ``XXH3`` makes.
  ///
  /// - Complexity: O(*n*) for *n* elements.
  public mutating func insert(hashes: some Sequence<UInt64>) {
    withElements(hashes) { insert($0, areKeys: false) }
  }

  /// Whether an element may be in the set: `true` if it is.
  ///
  /// - Complexity: O(1).
  public func contains(_ key: UInt64) -> Bool { membership(of: CollectionOfOne(key))[0] }

  /// Whether the element with a hash may be in the set.
  ///
  /// - Complexity: O(1).
  public func contains(hash: UInt64) -> Bool { membership(ofHashes: CollectionOfOne(hash))[0] }

  /// Whether each of some elements may be in the set. On several threads when they are many.
  ///
  /// - Complexity: O(*n*) for *n* elements.
  public func membership(of keys: some Sequence<UInt64>) -> [Bool] {
    withElements(keys) { membership(of: $0, areKeys: true) }
  }

  /// Whether each of the elements with some hashes may be in the set. On several threads when they are many.
  ///
  /// - Complexity: O(*n*) for *n* elements.
  public func membership(ofHashes hashes: some Sequence<UInt64>) -> [Bool] {
    withElements(hashes) { membership(of: $0, areKeys: false) }
  }

  /// The rate at which elements are found that are not in the set, when it has as many different ones.
  ///
  /// - Complexity: O(*n* / blocks) for *n* elements.
  public func falsePositiveRate(afterInserting count: Int) -> Double {
    farro_bloom_false_positive_rate(blocks, Double(count))
  }

  /// Makes this the filter of the union of both sets.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same number of blocks and the same seed.
  /// - Complexity: O(blocks).
  public mutating func formUnion(_ other: BloomFilter) throws(SketchMismatch) {
    try requireEqual("BloomFilter", "numbers of blocks", blocks, other.blocks)
    try requireEqual("BloomFilter", "seeds", seed, other.seed)
    merge(other)
  }

  /// The filter of the union of both sets.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same number of blocks and the same seed.
  /// - Complexity: O(blocks).
  public func union(_ other: BloomFilter) throws(SketchMismatch) -> BloomFilter {
    var result = self
    try result.formUnion(other)
    return result
  }
}
