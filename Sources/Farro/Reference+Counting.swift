import CKernels

/// Sketches one hash after another, as the definitions read.
extension Reference {
  /// The hashes of numbers: SplitMix64's finalizer of each, combined with what that makes of the seed.
  package static func mixed(_ keys: [UInt64], seed: UInt64) -> [UInt64] {
    func mix(_ x: UInt64) -> UInt64 {
      var x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
      x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
      return x ^ x >> 31
    }
    let key = mix(seed &+ 0x9E37_79B9_7F4A_7C15)
    return keys.map { mix($0 ^ key) }
  }

  /// The registers of a set.
  package static func hyperLogLog(precision: Int, _ hashes: [UInt64]) -> [UInt8] {
    var registers = [UInt8](repeating: 0, count: 1 << precision)
    farro_hyperloglog_reference_update(&registers, UInt32(precision), hashes, hashes.count)
    return registers
  }

  /// The words of a filter.
  package static func bloomFilter(blocks: Int, _ hashes: [UInt64]) -> [UInt32] {
    var words = [UInt32](repeating: 0, count: 8 * blocks)
    farro_bloom_reference_insert(&words, blocks, hashes, hashes.count)
    return words
  }

  /// Which elements a filter has.
  package static func bloomMembership(_ words: [UInt32], _ hashes: [UInt64]) -> [Bool] {
    [Bool](unsafeUninitializedCapacity: hashes.count) { found, initializedCount in
      farro_bloom_reference_find(words, words.count / 8, hashes, hashes.count, found.baseAddress)
      initializedCount = hashes.count
    }
  }

  /// The counters of a stream.
  package static func countMin(_ sketch: CountMinSketch, _ hashes: [UInt64]) -> [UInt64] {
    var kernel = sketch.kernel
    var counters = [UInt64](repeating: 0, count: sketch.width * sketch.depth)
    farro_count_min_reference_update(&kernel, &counters, hashes, nil, hashes.count)
    return counters
  }
}
