import CKernels

/// 64 bits that tell how similar bags of elements are: those of similar ones differ in few.
///
/// Bit i is set if more elements' hashes have bit i set than not. Of two bags whose vectors of weights (or of counts) are at
/// an angle θ, about 64 θ / π bits differ, with the variance 64 θ / π (1 - θ / π), for bags of many elements.
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
    var bits: UInt64 = 0
    check(farro_simhash(elements, nil, elements.count, &bits), "SimHash")
    self.bits = bits
  }

  /// Of elements with weights.
  ///
  /// - Precondition: there are as many weights as elements.
  /// - Complexity: O(*n*) for *n* elements.
  public init(of elements: [UInt64], weights: [Float]) {
    require(
      elements.count == weights.count,
      "SimHash: \(weights.count) weights are not those of \(elements.count) elements"
    )
    var bits: UInt64 = 0
    // No weights at all are no NULL to C: without elements all are the same.
    if !elements.isEmpty { check(farro_simhash(elements, weights, elements.count, &bits), "SimHash") }
    self.bits = bits
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
