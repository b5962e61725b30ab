import CKernels

/// A signature of a set whose elements have weights, such as words by how rare they are.
///
/// The similarity that it estimates is that of Ruzicka: the sum of the smaller of each element's two weights, divided by the
/// sum of the larger ones; an element that is missing weighs 0. Estimates have that mean J and the variance
/// J (1 - J) / slots.
///
/// Source: S. Ioffe, "Improved consistent sampling, weighted minhash and L1 sketching", ICDM 2010.
public struct WeightedMinHash: Sendable, Equatable {
  /// What chooses the samples.
  public let seed: UInt64
  /// The signature; slots of an empty set hold `UInt32.max`.
  public private(set) var slots: [UInt32]
  /// The key of the sample in each slot, infinite where there is none.
  package private(set) var least: [Double]

  /// The signature of the empty set.
  ///
  /// - Precondition: `slots` is 1 to 2^24.
  /// - Complexity: O(slots).
  public init(slots: Int = 128, seed: UInt64 = 0) {
    require(1...1 << 24 ~= slots, "WeightedMinHash: a signature has 1 to 2^24 slots, not \(slots)")
    self.seed = seed
    self.slots = Array(repeating: farro_minhash_empty, count: slots)
    least = Array(repeating: .infinity, count: slots)
  }

  /// A signature from its parts; `nil` if no set has one such.
  package init?(seed: UInt64, slots: [UInt32], least: [Double]) {
    self.init(slots: slots.count, seed: seed)
    let isSound = zip(slots, least).allSatisfy { slot, key in
      !key.isNaN && (slot == farro_minhash_empty) == (key == .infinity)
    }
    guard isSound, slots.count == least.count else { return nil }
    (self.slots, self.least) = (slots, least)
  }

  /// Adds elements to the set. One that is there already takes the larger weight; weights that are not finite and above 0
  /// are left out.
  ///
  /// - Parameters:
  ///   - elements: Hashes that look random.
  ///   - weights: One for each element.
  /// - Precondition: there are as many weights as elements.
  /// - Complexity: O(slots · *n*) for *n* elements.
  public mutating func insert(contentsOf elements: [UInt64], weights: [Float]) {
    require(
      elements.count == weights.count,
      "WeightedMinHash: \(weights.count) weights are not those of \(elements.count) elements"
    )
    let count = slots.count
    check(
      farro_weighted_minhash_update(seed, count, elements, weights, elements.count, &least, &slots),
      "WeightedMinHash"
    )
  }

  /// Makes this the signature of the union of both sets, in which elements have the larger of their weights.
  ///
  /// - Throws: ``SketchMismatch`` unless both have the same seed and number of slots.
  /// - Complexity: O(slots).
  public mutating func formUnion(_ other: WeightedMinHash) throws(SketchMismatch) {
    try requireEqual("WeightedMinHash", "seeds", seed, other.seed)
    try requireEqual("WeightedMinHash", "numbers of slots", slots.count, other.slots.count)
    check(farro_weighted_minhash_merge(slots.count, &least, &slots, other.least, other.slots), "WeightedMinHash")
  }

  /// The estimate of the similarity of both sets.
  ///
  /// - Precondition: both have the same seed and number of slots.
  /// - Complexity: O(slots).
  public func similarity(to other: WeightedMinHash) -> Double {
    require(
      seed == other.seed && slots.count == other.slots.count,
      "WeightedMinHash: signatures of different schemes cannot be compared"
    )
    var matches: UInt32 = 0
    check(farro_minhash_matches(slots, 1, other.slots, 1, slots.count, &matches, 1), "WeightedMinHash")
    return Double(matches) / Double(slots.count)
  }
}
