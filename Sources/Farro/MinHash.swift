import CKernels

/// A signature of a set, a few hundred bytes whatever the set's size, which tells how similar it is to others: the
/// estimate of their Jaccard similarity, the number of elements that both have divided by the number that either has.
///
/// Elements are 64-bit hashes that look random, such as ``Shingler`` and ``XXH3`` make.
///
/// ```swift
/// let scheme = MinHash.Scheme(.permutations, slots: 128, seed: 7)
/// let shingler = Shingler.words(5)
/// let first = MinHash(scheme, of: shingler.shingles(of: text))
/// let second = MinHash(scheme, of: shingler.shingles(of: otherText))
/// first.jaccardSimilarity(to: second)  // ± 0.04 around the truth
/// ```
///
/// For the signatures of many texts, see ``MinHashes``.
///
/// Source: A. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
public struct MinHash: Sendable, Equatable {
  /// How elements become slots.
  public enum Engine: Sendable, Hashable {
    /// Each slot has a permutation of its own, of which it keeps the least value: O(slots) for an element. Estimates have
    /// the mean J and the variance J (1 - J) / slots.
    case permutations
    /// One permutation: an element goes to one slot, in O(1). Slots that no element has chosen take the value of others
    /// when signatures are compared ("optimal densification"). Estimates have the mean J; their variance is below that of
    /// permutations for sets of many more elements than slots, and above it for those of fewer
    /// (``MinHash/Scheme/variance(at:unionCount:)``).
    ///
    /// Sources: P. Li, A. Owen, C.-H. Zhang, "One permutation hashing", NIPS 2012; A. Shrivastava, "Optimal densification
    /// for fast and accurate minwise hashing", ICML 2017.
    case bins
  }

  /// What signatures must have in common to be compared.
  public struct Scheme: Sendable, Hashable {
    /// How elements become slots.
    public let engine: Engine
    /// The number of slots: 1 to 2^24.
    public let slots: Int
    /// What chooses the permutations, or which slot fills an empty one.
    public let seed: UInt64
    let multipliers: [UInt32]
    let addends: [UInt32]

    /// A scheme.
    ///
    /// - Precondition: `slots` is 1 to 2^24.
    /// - Complexity: O(slots).
    public init(_ engine: Engine, slots: Int = 128, seed: UInt64 = 0) {
      require(1...1 << 24 ~= slots, "MinHash: a signature has 1 to 2^24 slots, not \(slots)")
      (self.engine, self.slots, self.seed) = (engine, slots, seed)
      (multipliers, addends) =
        engine == .bins ? ([], []) : parameters(slots) { farro_minhash_parameters(seed, slots, $0, $1) }
    }

    /// Whether both are the same.
    public static func == (x: Scheme, y: Scheme) -> Bool {
      x.engine == y.engine && x.slots == y.slots && x.seed == y.seed
    }

    /// Hashes what makes the scheme.
    public func hash(into hasher: inout Hasher) {
      hasher.combine(engine)
      hasher.combine(slots)
      hasher.combine(seed)
    }
  }

  /// What the signature has in common with those that it can be compared with.
  public let scheme: Scheme
  /// The slots; those that hold `UInt32.max` are empty.
  public private(set) var slots: [UInt32]

  /// The signature of the empty set.
  ///
  /// - Complexity: O(slots).
  public init(_ scheme: Scheme) {
    (self.scheme, slots) = (scheme, Array(repeating: farro_minhash_empty, count: scheme.slots))
  }

  /// The signature of a set of elements in any order, as often as they like.
  ///
  /// - Complexity: O(slots · *n*) with permutations, O(slots + *n*) with bins, for *n* elements.
  public init(_ scheme: Scheme, of elements: some Sequence<UInt64>) {
    self.init(scheme)
    insert(contentsOf: elements)
  }

  /// A signature from its slots, as ``slots`` gave them.
  ///
  /// - Precondition: there are `scheme.slots` of them.
  public init(_ scheme: Scheme, slots: [UInt32]) {
    require(slots.count == scheme.slots, "MinHash: \(slots.count) slots are no signature of \(scheme.slots)")
    (self.scheme, self.slots) = (scheme, slots)
  }

  /// Whether the set has no elements.
  public var isEmpty: Bool { slots.allSatisfy { $0 == farro_minhash_empty } }

  /// Adds an element to the set.
  ///
  /// - Complexity: O(slots) with permutations, O(1) with bins.
  public mutating func insert(_ element: UInt64) { insert(contentsOf: CollectionOfOne(element)) }

  /// Adds elements to the set.
  ///
  /// - Complexity: O(slots · *n*) with permutations, O(*n*) with bins, for *n* elements.
  public mutating func insert(contentsOf elements: some Sequence<UInt64>) {
    if elements.withContiguousStorageIfAvailable({ update(&slots, scheme, $0) }) == nil {
      Array(elements).withUnsafeBufferPointer { update(&slots, scheme, $0) }
    }
  }

  /// Makes this the signature of the union of both sets.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same scheme.
  /// - Complexity: O(slots).
  public mutating func formUnion(_ other: MinHash) throws(SketchMismatch) {
    try requireEqual("MinHash", "engines", scheme.engine, other.scheme.engine)
    try requireEqual("MinHash", "numbers of slots", scheme.slots, other.scheme.slots)
    try requireEqual("MinHash", "seeds", scheme.seed, other.scheme.seed)
    check(farro_minhash_merge(&slots, other.slots, slots.count), "MinHash")
  }

  /// The signature of the union of both sets.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same scheme.
  /// - Complexity: O(slots).
  public func union(_ other: MinHash) throws(SketchMismatch) -> MinHash {
    var result = self
    try result.formUnion(other)
    return result
  }

  /// The estimate of the Jaccard similarity of both sets: the fraction of slots that are equal. Two empty sets are equal.
  ///
  /// - Precondition: both have the same scheme.
  /// - Complexity: O(slots).
  public func jaccardSimilarity(to other: MinHash) -> Double {
    require(scheme == other.scheme, "MinHash: signatures of different schemes cannot be compared")
    var matches: UInt32 = 0
    let (x, y) = (scheme.filled(slots), scheme.filled(other.slots))
    check(farro_minhash_matches(x, 1, y, 1, scheme.slots, &matches, 1), "MinHash")
    return Double(matches) / Double(scheme.slots)
  }
}

extension MinHash.Scheme {
  /// The variance of estimates for sets whose similarity is `similarity` and whose union has `unionCount` elements, over
  /// random seeds.
  ///
  /// With permutations it is J (1 - J) / k for k slots. With bins, of which m get no element,
  /// J q + J J' (1 - q) - J², where J' = (J f - 1) / (f - 1) for f elements, and q = E[k + 2 m + m (m - 1) / (k - m)] / k²
  /// is what it costs that filled slots repeat others.
  ///
  /// - Complexity: O(1) with permutations, O(slots²) with bins.
  public func variance(at similarity: Double, unionCount: Int) -> Double {
    let (j, k, f) = (similarity, Double(slots), Double(unionCount))
    guard engine == .bins else { return j * (1 - j) / k }
    guard unionCount > 1 else { return j * (1 - j) }
    let q = expectedRepetition(unionCount) / (k * k)
    return max(0, j * q + j * max(0, (j * f - 1) / (f - 1)) * (1 - q) - j * j)
  }

  /// E[k + 2 m + m (m - 1) / (k - m)] for m empty slots of k, after `elements` have each chosen one.
  private func expectedRepetition(_ elements: Int) -> Double {
    // The probability of each number of slots that are taken, element by element. After 40 k of them none is empty, but
    // with a probability below k e^-40.
    var taken = [1.0] + Array(repeating: 0, count: slots)
    let k = Double(slots)
    for _ in 0..<min(elements, 40 * slots) {
      for n in stride(from: slots, to: 0, by: -1) {
        taken[n] = taken[n] * Double(n) / k + taken[n - 1] * (k - Double(n - 1)) / k
      }
      taken[0] = 0
    }
    return (1...slots).reduce(0) { sum, n in
      let m = k - Double(n)
      return sum + taken[n] * (k + 2 * m + m * (m - 1) / Double(n))
    }
  }
}

extension Reference {
  /// The slots of a set's signature.
  package static func minHash(_ scheme: MinHash.Scheme, _ elements: [UInt64]) -> [UInt32] {
    var slots = MinHash(scheme).slots
    scheme.withKernel { farro_minhash_reference_update($0, elements, elements.count, &slots) }
    return slots
  }
}
