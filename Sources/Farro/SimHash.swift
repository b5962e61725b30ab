import CKernels

/// 64 bits that tell how similar bags of elements are: those of similar ones differ in few.
///
/// Bit i is set if more elements' hashes have bit i set than not, and not set where they are as many. Of two bags whose vectors of weights (or of counts) are at
/// an angle θ, about 64 θ / π bits differ, with the variance 64 θ / π (1 - θ / π), for bags of many elements. A seed is that of
/// the elements' hashes.
///
/// Signatures cannot be merged; the votes that they are made from can (``Votes``).
///
/// Source: M. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002.
public struct SimHash: Sendable, Hashable {
  /// The bits.
  public let bits: UInt64

  /// From its bits.
  public init(bits: UInt64) { self.bits = bits }

  /// Of elements that look random, such as ``Shingler`` makes; those that repeat count as often.
  ///
  /// - Complexity: O(*n*) for *n* elements.
  public init(of elements: [UInt64]) {
    var votes = Votes()
    votes.insert(contentsOf: elements)
    self = votes.simHash
  }

  /// Of elements with weights. One that is not a number leaves no bit set.
  ///
  /// - Precondition: there are as many weights as elements.
  /// - Complexity: O(*n*) for *n* elements.
  public init(of elements: [UInt64], weights: [Float]) {
    var votes = Votes()
    votes.insert(contentsOf: elements, weights: weights)
    self = votes.simHash
  }

  /// Of texts in UTF-8 that lie in memory one after another, from their shingles. On several threads, which does not change
  /// the result.
  ///
  /// - Parameters:
  ///   - bytes: The texts.
  ///   - offsets: Where each text begins, and then where the last one ends.
  ///   - shingler: What of a text is compared.
  /// - Precondition: `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes.
  public static func hashes(
    ofTextsIn bytes: UnsafeRawBufferPointer,
    offsets: [Int],
    by shingler: Shingler
  ) -> [SimHash] {
    let count = checkOffsets(offsets, bytes.count, "SimHash")
    guard count > 0 else { return [] }
    let bits = [UInt64](unsafeUninitializedCapacity: count) { bits, initializedCount in
      var kernel = shingler.kernel
      let status = offsets.withUInt64Pointer {
        farro_simhash_texts(&kernel, bytes.baseAddress, $0, count, bits.baseAddress)
      }
      check(status, "SimHash")
      initializedCount = count
    }
    return bits.map(SimHash.init(bits:))
  }

  /// The number of bits in which two differ.
  ///
  /// - Complexity: O(1).
  public func distance(to other: SimHash) -> Int { (bits ^ other.bits).nonzeroBitCount }
}

extension SimHash {
  /// The votes of a bag's elements on each of the 64 bits, which elements and other bags can join.
  ///
  /// ```swift
  /// var votes = SimHash.Votes()
  /// votes.insert(contentsOf: shingler.shingles(of: page))
  /// votes.merge(otherVotes)
  /// votes.simHash  // of both bags together
  /// ```
  ///
  /// The sums are exact, and their order makes no difference, for weights that are whole numbers, up to 2^53 in all.
  public struct Votes: Sendable, Equatable {
    /// For each bit, from the lowest, the weight of the elements that have it less that of those that do not.
    public private(set) var sums: [Double]

    /// Of no elements.
    public init() { sums = Array(repeating: 0, count: 64) }

    /// Votes from their sums, as ``sums`` gave them.
    ///
    /// - Precondition: there are 64.
    public init(sums: [Double]) {
      require(sums.count == 64, "SimHash.Votes: \(sums.count) sums are not those of 64 bits")
      self.sums = sums
    }

    /// Adds elements; those that repeat count as often.
    ///
    /// - Complexity: O(*n*) for *n* elements.
    public mutating func insert(contentsOf elements: some Sequence<UInt64>) {
      withElements(elements) { check(farro_simhash_vote($0.baseAddress, nil, $0.count, &sums), "SimHash.Votes") }
    }

    /// Adds elements with weights.
    ///
    /// - Precondition: there are as many weights as elements.
    /// - Complexity: O(*n*) for *n* elements.
    public mutating func insert(contentsOf elements: [UInt64], weights: [Float]) {
      require(
        elements.count == weights.count,
        "SimHash: \(weights.count) weights are not those of \(elements.count) elements"
      )
      check(farro_simhash_vote(elements, weights, elements.count, &sums), "SimHash.Votes")
    }

    /// Adds the elements of another bag.
    ///
    /// - Complexity: O(1).
    public mutating func merge(_ other: Votes) {
      for bit in sums.indices { sums[bit] += other.sums[bit] }
    }

    /// The signature of the bag.
    ///
    /// - Complexity: O(1).
    public var simHash: SimHash { SimHash(bits: farro_simhash_result(sums)) }
  }
}
