import CKernels

/// The signatures of many sets, row after row.
///
/// ```swift
/// let hashes = MinHashes(of: texts, by: .words(5), scheme: .init(.bins, slots: 128))
/// hashes.jaccardSimilarities()  // every text with every other
/// ```
public struct MinHashes: Sendable, Equatable {
  /// What the signatures have in common.
  public let scheme: MinHash.Scheme
  /// The number of signatures.
  public let count: Int
  /// The slots of each signature, one after the other. With bins, those that no element chose are empty (`UInt32.max`).
  public let slots: [UInt32]

  /// Signatures from their slots, as ``slots`` gave them.
  ///
  /// - Precondition: there are `scheme.slots` for each.
  public init(_ scheme: MinHash.Scheme, slots: [UInt32]) {
    require(
      slots.count % scheme.slots == 0,
      "MinHashes: \(slots.count) slots are no signatures of \(scheme.slots) each"
    )
    (self.scheme, count, self.slots) = (scheme, slots.count / scheme.slots, slots)
  }

  /// The signatures of texts, from the shingles of each. On several threads, which does not change the result.
  ///
  /// - Complexity: O(*n*) for *n* bytes with bins, O(slots · *n*) with permutations.
  public init(of texts: [String], by shingler: Shingler, scheme: MinHash.Scheme) {
    var (bytes, offsets): ([UInt8], [Int]) = ([], [0])
    bytes.reserveCapacity(texts.reduce(0) { $0 + $1.utf8.count })
    for text in texts {
      bytes += text.utf8
      offsets.append(bytes.count)
    }
    self = bytes.withUnsafeBytes { MinHashes(ofTextsIn: $0, offsets: offsets, by: shingler, scheme: scheme) }
  }

  /// The signatures of texts in UTF-8 that lie in memory one after another.
  ///
  /// - Parameters:
  ///   - bytes: The texts.
  ///   - offsets: Where each text begins, and then where the last one ends.
  ///   - shingler: What of a text is compared.
  ///   - scheme: How the signatures are made.
  /// - Precondition: `offsets` never descend and lie within `bytes`.
  /// - Complexity: O(*n*) for *n* bytes with bins, O(slots · *n*) with permutations.
  public init(
    ofTextsIn bytes: UnsafeRawBufferPointer,
    offsets: [Int],
    by shingler: Shingler,
    scheme: MinHash.Scheme
  ) {
    let count = checkOffsets(offsets, bytes.count, "MinHashes")
    let slots = [UInt32](unsafeUninitializedCapacity: count * scheme.slots) { slots, initializedCount in
      signatures(ofTextsIn: bytes, offsets, shingler, scheme, slots.baseAddress)
      initializedCount = count * scheme.slots
    }
    (self.scheme, self.count, self.slots) = (scheme, count, slots)
  }

  /// The signature of a set.
  ///
  /// - Precondition: there is such a set.
  /// - Complexity: O(slots).
  public subscript(set: Int) -> MinHash {
    require(0..<count ~= set, "MinHashes: there is no signature \(set) of \(count)")
    return MinHash(scheme, slots: Array(slots[set * scheme.slots..<(set + 1) * scheme.slots]))
  }

  /// The estimates of the Jaccard similarity of each of these sets with each of the others.
  ///
  /// - Parameter others: n sets; these themselves when omitted.
  /// - Returns: Shape (m, n) for m sets.
  /// - Precondition: both have the same scheme.
  /// - Complexity: O(m n slots).
  public func jaccardSimilarities(to others: MinHashes? = nil) -> Tensor<Float> {
    let others = others ?? self
    require(scheme == others.scheme, "MinHashes: signatures of different schemes cannot be compared")
    let (x, y) = (scheme.filled(slots), scheme.filled(others.slots))
    return similarities(count, others.count, slots: scheme.slots) {
      farro_minhash_matches(x, count, y, others.count, scheme.slots, $0, others.count)
    }
  }

  /// The signatures with a few bits of each slot.
  ///
  /// - Precondition: `bits` is 1, 2, 4, 8 or 16.
  /// - Complexity: O(*n*) for *n* slots.
  public func packed(bits: Int) -> PackedMinHashes { PackedMinHashes(self, bits: bits) }
}

/// Signatures with a few bits of each slot: at 1 bit, 16 bytes for 128 slots, which are compared in a nanosecond or two.
///
/// Slots that differ agree in b bits with the probability c = 2^-b, so that estimates are (p - c) / (1 - c) for a fraction p
/// of slots that agree. With permutations their variance is P (1 - P) / (k (1 - c)²) for k slots, where P = c + (1 - c) J: at
/// 1 bit and J = 0.8, 2.25 times that of whole slots.
///
/// Few bits cannot tell which slot is the smaller: signatures are merged as a whole (``MinHash/formUnion(_:)``), and packed then.
///
/// Source: P. Li, A. C. König, "b-Bit minwise hashing", WWW 2010.
public struct PackedMinHashes: Sendable, Equatable {
  /// What the signatures have in common, but for the bits.
  public let scheme: MinHash.Scheme
  /// The bits of each slot: 1, 2, 4, 8 or 16.
  public let bits: Int
  /// The number of signatures.
  public let count: Int
  /// The words of each signature: for every 64 slots one, with the lowest bit of each slot; then those of the next bit.
  public let words: [UInt64]

  /// What ``MinHashes/packed(bits:)`` makes.
  public init(_ hashes: MinHashes, bits: Int) {
    require([1, 2, 4, 8, 16].contains(bits), "PackedMinHashes: a slot has 1, 2, 4, 8 or 16 bits, not \(bits)")
    (scheme, self.bits, count) = (hashes.scheme, bits, hashes.count)
    let (filled, count, slots) = (scheme.filled(hashes.slots), hashes.count, hashes.scheme.slots)
    let size = count * bits * ((slots + 63) / 64)
    words = [UInt64](unsafeUninitializedCapacity: size) { words, initializedCount in
      check(farro_minhash_pack(filled, count, slots, UInt32(bits), words.baseAddress), "PackedMinHashes")
      initializedCount = size
    }
  }

  /// Signatures from their words; `nil` if no slots become such.
  package init?(_ scheme: MinHash.Scheme, bits: Int, count: Int, words: [UInt64]) {
    let planes = (scheme.slots + 63) / 64
    let last = scheme.slots % 64 == 0 ? UInt64.max : 1 << UInt64(scheme.slots % 64) - 1
    guard
      [1, 2, 4, 8, 16].contains(bits), words.count == count * bits * planes,
      stride(from: planes - 1, to: words.count, by: planes).allSatisfy({ words[$0] & ~last == 0 })
    else { return nil }
    (self.scheme, self.bits, self.count, self.words) = (scheme, bits, count, words)
  }

  /// The estimates of the Jaccard similarity of each of these sets with each of the others, which may be a little below 0.
  ///
  /// - Parameter others: n sets; these themselves when omitted.
  /// - Returns: Shape (m, n) for m sets.
  /// - Precondition: both have the same scheme and bits.
  /// - Complexity: O(m n slots bits / 64).
  public func jaccardSimilarities(to others: PackedMinHashes? = nil) -> Tensor<Float> {
    let others = others ?? self
    require(
      scheme == others.scheme && bits == others.bits,
      "PackedMinHashes: signatures of different schemes cannot be compared"
    )
    return similarities(count, others.count, slots: scheme.slots, chance: 1 / Float(1 << bits)) {
      farro_minhash_packed_matches(
        words,
        count,
        others.words,
        others.count,
        scheme.slots,
        UInt32(bits),
        $0,
        others.count
      )
    }
  }
}
