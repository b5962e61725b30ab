import CKernels

/// The signatures that the Python package datasketch makes, number for number: for sets that it has signed already.
///
/// ```swift
/// var signature = DatasketchMinHash(slots: 128, seed: 1)
/// signature.insert(contentsOf: ["minhash", "is", "a", "probabilistic"])
/// signature.slots  // MinHash(num_perm=128, seed=1) … .hashvalues
/// ```
///
/// Items are hashed with SHA-1, as datasketch's `sha1_hash32` does, and the permutations come from NumPy's
/// `RandomState(seed)`. ``MinHash`` is the faster choice for anything new.
///
/// Source: github.com/ekzhu/datasketch, `datasketch/minhash.py`, version 2.0.0.
public struct DatasketchMinHash: Sendable, Equatable {
  /// The `scheme` of datasketch's `MinHash`. Its `affine64` is not supported.
  public enum Scheme: Sendable, Hashable {
    /// What version 2.0 made the default.
    case affine32
    /// What earlier versions compute.
    case legacy
  }

  enum Permutations: Sendable, Equatable {
    case affine([UInt32], [UInt32])
    case legacy([UInt64], [UInt64])
  }

  /// How permutations are made and applied.
  public let scheme: Scheme
  /// What chooses the permutations.
  public let seed: UInt32
  /// The signature: datasketch's `hashvalues`.
  public internal(set) var slots: [UInt32]
  let permutations: Permutations

  /// The signature of the empty set.
  ///
  /// - Precondition: `slots` is 1 to 2^24.
  /// - Complexity: O(slots).
  public init(slots: Int = 128, seed: UInt32 = 1, scheme: Scheme = .affine32) {
    require(1...1 << 24 ~= slots, "DatasketchMinHash: a signature has 1 to 2^24 slots, not \(slots)")
    (self.scheme, self.seed) = (scheme, seed)
    self.slots = Array(repeating: farro_minhash_empty, count: slots)
    switch scheme {
    case .affine32:
      let (a, b) = parameters(slots) { farro_datasketch_parameters(seed, slots, $0, $1) }
      permutations = .affine(a, b)
    case .legacy:
      let (a, b) = parameters(slots) { farro_datasketch_legacy_parameters(seed, slots, $0, $1) }
      permutations = .legacy(a, b)
    }
  }

  /// A signature from its slots, as ``slots`` gave them or datasketch's `hashvalues`.
  ///
  /// - Precondition: there are 1 to 2^24 slots.
  /// - Complexity: O(slots).
  public init(slots: [UInt32], seed: UInt32 = 1, scheme: Scheme = .affine32) {
    self.init(slots: slots.count, seed: seed, scheme: scheme)
    self.slots = slots
  }

  /// Adds items to the set: datasketch's `update_batch`.
  ///
  /// - Complexity: O(slots · *n*) for *n* items.
  public mutating func insert(contentsOf items: some Sequence<some Sequence<UInt8>>) {
    update(Self.hashes(items, mixed: scheme == .affine32))
  }

  /// Adds the UTF-8 of texts to the set.
  ///
  /// - Complexity: O(slots · *n*) for *n* texts.
  public mutating func insert(contentsOf texts: some Sequence<String>) { insert(contentsOf: texts.map(\.utf8)) }

  /// Adds the UTF-8 of a text to the set: datasketch's `update`.
  ///
  /// - Complexity: O(slots).
  public mutating func insert(_ text: String) { insert(contentsOf: CollectionOfOne(text)) }

  /// Makes this the signature of the union of both sets: datasketch's `merge`.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same scheme, seed and number of slots.
  /// - Complexity: O(slots).
  public mutating func formUnion(_ other: DatasketchMinHash) throws(SketchMismatch) {
    try requireEqual("DatasketchMinHash", "schemes", scheme, other.scheme)
    try requireEqual("DatasketchMinHash", "seeds", seed, other.seed)
    try requireEqual("DatasketchMinHash", "numbers of slots", slots.count, other.slots.count)
    check(farro_minhash_merge(&slots, other.slots, slots.count), "DatasketchMinHash")
  }

  /// The estimate of the Jaccard similarity of both sets: datasketch's `jaccard`.
  ///
  /// - Precondition: both have the same scheme, seed and number of slots.
  /// - Complexity: O(slots).
  public func jaccardSimilarity(to other: DatasketchMinHash) -> Double {
    require(
      scheme == other.scheme && seed == other.seed && slots.count == other.slots.count,
      "DatasketchMinHash: signatures of different schemes cannot be compared"
    )
    var matches: UInt32 = 0
    check(farro_minhash_matches(slots, 1, other.slots, 1, slots.count, &matches, 1), "DatasketchMinHash")
    return Double(matches) / Double(slots.count)
  }
}
