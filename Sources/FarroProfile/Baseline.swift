/// A kernel that became slower than it was in an earlier profile.
public struct Regression: Sendable, Equatable {
  /// The kernel, its shape and its configuration.
  public let key: KernelResult.Key
  /// The time of one call, as a multiple of the earlier one.
  public let slowdown: Double
  /// How much of that the noise of both runs could explain.
  public let tolerance: Double
}

extension Profile {
  /// Below this, two runs of the same program differ by where its code and data happen to lie in memory.
  public static let leastRegression = 0.05

  /// The kernels that are slower than in `baseline` by more than the noise of both runs.
  ///
  /// Results are matched by ``KernelResult/key``; those that only one profile has are left aside. With r the time of a call
  /// divided by the earlier one, and f the earlier fraction of the bound divided by the one now, a kernel regressed when
  /// both exceed 1 + max(``leastRegression``, spread now + earlier spread). The second condition is what tells a slower
  /// kernel from a slower machine: a fraction is of a bound measured beside the kernel, and both fall with the clock
  /// frequency or with a neighbour's load. It is not asked where another bound applies than did earlier.
  public func regressions(from baseline: Profile) -> [Regression] {
    let earlier = Dictionary(baseline.kernels.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    return kernels.compactMap { now in earlier[now.key].flatMap { regression(of: now, from: $0) } }
  }

  /// How many kernels both profiles have: those that ``regressions(from:)`` compares.
  public func comparableCount(with baseline: Profile) -> Int {
    Set(kernels.map(\.key)).intersection(baseline.kernels.map(\.key)).count
  }
}

private func regression(of now: KernelResult, from earlier: KernelResult) -> Regression? {
  let slowdown = now.medianSeconds / earlier.medianSeconds
  let loss = now.bound == earlier.bound ? earlier.fractionOfBound / now.fractionOfBound : slowdown
  let tolerance = max(Profile.leastRegression, now.spread + earlier.spread)
  guard min(slowdown, loss) > 1 + tolerance else { return nil }
  return Regression(key: now.key, slowdown: slowdown, tolerance: tolerance)
}
