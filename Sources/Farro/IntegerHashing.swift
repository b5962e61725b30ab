import CKernels

/// Multiply-shift hashing: a seed draws a function that takes any two different keys to any two values with the same
/// probability. The cheapest hash for sketches of integers: some in each vector.
///
/// ```swift
/// let function = MultiplyShift(seed: 1)
/// let bins = function.hashes(of: [3, 5, 9] as [UInt64], bits: 10)  // below 1024
/// ```
///
/// Of 32-bit keys it is (a x + b) / 2^(64 - bits), of 64-bit keys ((a + high(x)) (b + low(x)) + c) / 2^(64 - bits), with
/// random a, b and c, modulo 2^64. Two keys collide with probability 2^-bits; of three nothing is said.
///
/// Sources: M. Dietzfelbinger, "Universal hashing and k-wise independent random variables via integer arithmetic without
/// primes", STACS 1996; M. Thorup, "High speed hashing for integers and strings", 2015.
public struct MultiplyShift: Sendable {
  private var function = farro_multiply_shift()

  /// The function that the seed draws.
  public init(seed: UInt64) { farro_multiply_shift_init(&function, seed) }

  /// The hashes of 32-bit keys, on several threads when there are enough of them.
  ///
  /// - Precondition: `bits` is 1 to 32.
  /// - Complexity: O(*n*) for *n* keys.
  public func hashes(of keys: [UInt32], bits: Int) -> [UInt32] {
    requireBits(bits)
    return [UInt32](unsafeUninitializedCapacity: keys.count) { hashes, count in
      let status = withUnsafePointer(to: function) {
        farro_multiply_shift_u32($0, keys, keys.count, Int32(bits), hashes.baseAddress)
      }
      check(status, "MultiplyShift")
      count = keys.count
    }
  }

  /// The hashes of 64-bit keys, on several threads when there are enough of them.
  ///
  /// - Precondition: `bits` is 1 to 32.
  /// - Complexity: O(*n*) for *n* keys.
  public func hashes(of keys: [UInt64], bits: Int) -> [UInt32] {
    requireBits(bits)
    return [UInt32](unsafeUninitializedCapacity: keys.count) { hashes, count in
      let status = withUnsafePointer(to: function) {
        farro_multiply_shift_u64($0, keys, keys.count, Int32(bits), hashes.baseAddress)
      }
      check(status, "MultiplyShift")
      count = keys.count
    }
  }

  private func requireBits(_ bits: Int) {
    require(1...32 ~= bits, "MultiplyShift.hashes: a hash has 1 to 32 bits, not \(bits)")
  }
}

/// Tabulation hashing: the exclusive or of one random word for each byte of the key. 3-independent, and as good as
/// independent for linear probing, cuckoo hashing and sketches of minima.
///
/// Source: M. Patrascu, M. Thorup, "The power of simple tabulation hashing", JACM 2012.
public struct Tabulation: Sendable {
  /// As C lays out its tables: 8 of 256 words, that of the lowest byte first.
  private let tables: [UInt64]

  /// The function that the seed draws.
  public init(seed: UInt64) {
    tables = [UInt64](unsafeUninitializedCapacity: 8 * 256) { words, count in
      words.baseAddress!.withMemoryRebound(to: farro_tabulation_u64.self, capacity: 1) {
        farro_tabulation_init_u64($0, seed)
      }
      count = 8 * 256
    }
  }

  /// The hashes of 32-bit keys, on several threads when there are enough of them.
  ///
  /// - Complexity: O(*n*) for *n* keys.
  public func hashes(of keys: [UInt32]) -> [UInt64] {
    hashes(keys.count) { tables, hashes in
      tables.withMemoryRebound(to: farro_tabulation_u32.self, capacity: 1) {
        farro_tabulate_u32($0, keys, keys.count, hashes)
      }
    }
  }

  /// The hashes of 64-bit keys, on several threads when there are enough of them.
  ///
  /// - Complexity: O(*n*) for *n* keys.
  public func hashes(of keys: [UInt64]) -> [UInt64] {
    hashes(keys.count) { tables, hashes in
      tables.withMemoryRebound(to: farro_tabulation_u64.self, capacity: 1) {
        farro_tabulate_u64($0, keys, keys.count, hashes)
      }
    }
  }

  private func hashes(
    _ keys: Int,
    _ kernel: (UnsafePointer<UInt64>, UnsafeMutablePointer<UInt64>?) -> farro_status
  ) -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: keys) { hashes, count in
      check(tables.withUnsafeBufferPointer { kernel($0.baseAddress!, hashes.baseAddress) }, "Tabulation")
      count = keys
    }
  }
}
