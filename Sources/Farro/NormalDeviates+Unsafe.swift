/// Calls `body` with 0..<`count` and a normal deviate for each, made from one number of the generator.
@inlinable @inline(__always)
func withNormalDeviates(
  _ count: Int,
  using generator: inout some RandomNumberGenerator,
  _ body: (_ i: Int, _ deviate: Double) -> Void
) {
  let block = 256
  withUnsafeTemporaryAllocation(of: UInt64.self, capacity: block) { bits in
    withUnsafeTemporaryAllocation(of: Double.self, capacity: block) { deviates in
      for first in stride(from: 0, to: count, by: block) {
        let length = min(block, count - first)
        for i in 0..<length { bits[i] = generator.next() }
        makeNormalDeviates(UnsafeMutableBufferPointer(rebasing: deviates[..<length]), from: bits)
        for i in 0..<length { body(first + i, deviates[i]) }
      }
    }
  }
}

/// Turns 64 random bits each into normal deviates (mean 0, standard deviation 1): the sign is the lowest bit, the size the
/// quantile of a uniform number made of the 52 highest. The largest deviate is 8.3.
@usableFromInline
func makeNormalDeviates(_ deviates: UnsafeMutableBufferPointer<Double>, from bits: UnsafeMutableBufferPointer<UInt64>) {
  for i in 0..<deviates.count { deviates[i] = centralQuantile(tailProbability(bits[i])) }
  // Apart, so that the loop above has no branch and is vectorized: three times as fast together.
  for i in 0..<deviates.count {
    let tail = tailProbability(bits[i])
    if tail < leastCentral { deviates[i] = tailQuantile(tail) }
  }
  for i in 0..<deviates.count {
    deviates[i] = Double(bitPattern: deviates[i].bitPattern ^ (bits[i] << 63))
  }
}

/// An odd multiple of 2^-54 in (0, 1/2): exact, and never 0.
@inline(__always)
private func tailProbability(_ bits: UInt64) -> Double {
  let one = Double(1).bitPattern
  return (Double(bitPattern: one | bits >> 12) - 1) * 0.5 + 0x1p-54
}
