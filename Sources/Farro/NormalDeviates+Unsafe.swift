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
///
/// In loops without branches, which are vectorized: first as if all numbers were central, then the tails together.
@usableFromInline
func makeNormalDeviates(_ deviates: UnsafeMutableBufferPointer<Double>, from bits: UnsafeMutableBufferPointer<UInt64>) {
  let count = deviates.count
  for i in 0..<count { deviates[i] = centralQuantile(tailProbability(bits[i])) }
  withUnsafeTemporaryAllocation(of: Tail.self, capacity: count + 1) { tails in
    var tailCount = 0
    for i in 0..<count {
      let probability = tailProbability(bits[i])
      tails[tailCount] = Tail(place: i, probability: probability)
      tailCount += probability < leastCentral ? 1 : 0
    }
    for k in 0..<tailCount { tails[k].quantile = nearTailQuantile(tails[k].probability) }
    for k in 0..<tailCount {
      let tail = tails[k]
      deviates[tail.place] = tail.probability < leastNear ? farTailQuantile(tail.probability) : tail.quantile
    }
  }
  for i in 0..<count { deviates[i] = Double(bitPattern: deviates[i].bitPattern ^ (bits[i] << 63)) }
}

private struct Tail {
  let place: Int
  let probability: Double
  var quantile = 0.0
}

/// An odd multiple of 2^-54 in (0, 1/2): exact, and never 0.
@inline(__always)
private func tailProbability(_ bits: UInt64) -> Double {
  let one = Double(1).bitPattern
  return (Double(bitPattern: one | bits >> 12) - 1) * 0.5 + 0x1p-54
}
