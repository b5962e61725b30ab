/// The xoshiro256** generator: fast, seeded, with the same numbers on every platform and in every version of Farro.
///
/// Its period is 2^256 - 1. Not for cryptography.
///
/// Source: D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021.
public struct Xoshiro256: RandomNumberGenerator, Sendable {
  @usableFromInline var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator whose state is four numbers of ``SplitMix64``, as its authors advise.
  public init(seed: UInt64) {
    var seeds = SplitMix64(seed: seed)
    state = (seeds.next(), seeds.next(), seeds.next(), seeds.next())
  }

  /// The next 64 bits, uniform.
  ///
  /// - Complexity: O(1).
  @inlinable
  public mutating func next() -> UInt64 {
    let result = rotatedLeft(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotatedLeft(state.3, 45)
    return result
  }
}

/// The SplitMix64 generator: a counter behind a mixing function, so that any seed is good. Best to make seeds from seeds,
/// for example one for each of several independent ``Xoshiro256``.
///
/// Source: G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  @usableFromInline var state: UInt64

  /// A generator whose counter starts at `seed`.
  @inlinable
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits, uniform.
  ///
  /// - Complexity: O(1).
  @inlinable
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@inlinable @inline(__always)
func rotatedLeft(_ bits: UInt64, _ count: UInt64) -> UInt64 { (bits &<< count) | (bits &>> (64 &- count)) }
