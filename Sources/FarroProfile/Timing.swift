import Farro

/// How long to measure, and how finely.
public struct TimingOptions: Sendable {
  /// The time to spend in all, warm-up included. Calls that take longer are still sampled ``leastSamples`` times.
  public var budget: Duration
  /// A sample repeats the call until it lasts this long, so that reading the clock (some 50 ns) and its resolution do not
  /// count.
  public var sampleDuration: Duration
  /// Samples to take even when the budget is spent.
  public var leastSamples: Int
  /// Samples after which to stop even when the budget is not spent.
  public var mostSamples: Int

  /// Options with defaults for calls from nanoseconds to a fraction of a second.
  ///
  /// - Precondition: `leastSamples` is positive and at most `mostSamples`.
  public init(
    budget: Duration = .seconds(1),
    sampleDuration: Duration = .microseconds(200),
    leastSamples: Int = 5,
    mostSamples: Int = 10_000
  ) {
    require(
      leastSamples > 0 && mostSamples >= leastSamples,
      "TimingOptions: from \(leastSamples) to \(mostSamples) samples is not a range"
    )
    self.budget = budget
    self.sampleDuration = sampleDuration
    self.leastSamples = leastSamples
    self.mostSamples = mostSamples
  }
}

/// The time of one call, from samples of several calls each.
public struct Timing: Sendable, Equatable {
  /// Seconds per call.
  public let seconds: Summary
  /// Calls that each sample averages over.
  public let callsPerSample: Int
}

/// Two things timed in turn.
public struct TimingComparison: Sendable, Equatable {
  /// Each on its own.
  public let a, b: Timing
  /// The time of `b` divided by that of `a`, one ratio per pair of samples taken one right after the other: what slows the
  /// machine down for a while slows both, and leaves the ratio alone.
  public let ratio: Summary
}

/// Times `body`: warms it up, repeats it often enough per sample for the clock, and samples until the budget is spent.
///
/// What `body` returns counts as used, so that the compiler cannot drop the work.
///
/// ```swift
/// let timing = measure { matmul(a, b) }
/// print(timing.seconds.median, timing.seconds.interval)
/// ```
@inlinable
public func measure<Result>(_ options: TimingOptions = TimingOptions(), _ body: () throws -> Result) rethrows -> Timing
{
  try sampleAlone(options) { blackHole(try body()) }
}

/// Times two closures in turn, in the order a b, b a, a b ..., as ``measure(_:_:)`` times one.
///
/// ```swift
/// let comparison = compare { x.sum() } to: { x.scalars.reduce(0, +) }
/// print(comparison.ratio.median)  // how many times the time of the first the second takes
/// ```
@inlinable
public func compare<A, B>(
  _ options: TimingOptions = TimingOptions(),
  _ a: () throws -> A,
  to b: () throws -> B
) rethrows -> TimingComparison {
  try sampleInTurn(options, { blackHole(try a()) }, { blackHole(try b()) })
}

/// Uses a value, as far as the compiler knows.
///
/// Neither inlining nor the optimizer's knowledge of this body may reveal that nothing is done.
@inline(never)
@_optimize(none)
public func blackHole<Value>(_ value: Value) {}

@usableFromInline
func sampleAlone(_ options: TimingOptions, _ body: () throws -> Void) rethrows -> Timing {
  let clock = Stopwatch()
  let calls = try calibrate(lasting: options.sampleDuration.seconds, body).calls
  var samples: [Double] = []
  while options.wantsMore(after: samples.count, clock) {
    samples.append(try secondsPerCall(calls, body))
  }
  return Timing(seconds: Summary(samples), callsPerSample: calls)
}

@usableFromInline
func sampleInTurn(
  _ options: TimingOptions,
  _ a: () throws -> Void,
  _ b: () throws -> Void
) rethrows -> TimingComparison {
  let clock = Stopwatch()
  let callsA = try calibrate(lasting: options.sampleDuration.seconds, a).calls
  let callsB = try calibrate(lasting: options.sampleDuration.seconds, b).calls
  var (samplesA, samplesB): ([Double], [Double]) = ([], [])
  while options.wantsMore(after: samplesA.count, clock) {
    if samplesA.count.isMultiple(of: 2) {
      samplesA.append(try secondsPerCall(callsA, a))
      samplesB.append(try secondsPerCall(callsB, b))
    } else {
      samplesB.append(try secondsPerCall(callsB, b))
      samplesA.append(try secondsPerCall(callsA, a))
    }
  }
  return TimingComparison(
    a: Timing(seconds: Summary(samplesA), callsPerSample: callsA),
    b: Timing(seconds: Summary(samplesB), callsPerSample: callsB),
    ratio: ratioSummary(of: samplesB, to: samplesA)
  )
}

/// The ratios of samples taken in pairs. A clock too coarse to see the denominator tells nothing, and counts as 1.
///
/// - Precondition: as many of one as of the other, and at least one.
public func ratioSummary(of numerators: [Double], to denominators: [Double]) -> Summary {
  require(
    numerators.count == denominators.count,
    "ratioSummary: \(numerators.count) samples cannot be paired with \(denominators.count)"
  )
  return Summary(zip(numerators, denominators).map { $1 > 0 ? $0 / $1 : 1 })
}

extension TimingOptions {
  fileprivate func wantsMore(after samples: Int, _ clock: Stopwatch) -> Bool {
    samples < leastSamples || (samples < mostSamples && clock.seconds < budget.seconds)
  }
}

/// Seconds since its creation, on a clock that never steps.
struct Stopwatch {
  private let start = ContinuousClock.now

  var seconds: Double { (ContinuousClock.now - start).seconds }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

func secondsPerCall(_ calls: Int, _ body: () throws -> Void) rethrows -> Double {
  let clock = Stopwatch()
  for _ in 0..<calls { try body() }
  return clock.seconds / Double(calls)
}

/// How many calls last `duration` seconds, found by doubling, which warms the caches and the clock frequency up besides;
/// and what each took when there were so many.
func calibrate(lasting duration: Double, _ body: () throws -> Void) rethrows -> (calls: Int, secondsPerCall: Double) {
  // Of a call this long, no more are needed to know that one is a sample, though the first may be slow.
  let first = try secondsPerCall(1, body)
  if first >= 8 * duration { return (1, first) }
  var calls = 1
  while true {
    let perCall = try secondsPerCall(calls, body)
    let seconds = perCall * Double(calls)
    if seconds >= duration { return (calls, perCall) }
    // The last step goes straight to the estimate; earlier ones are too short to be believed.
    calls = seconds < duration / 16 ? calls * 4 : Int((Double(calls) * duration / seconds).rounded(.up))
  }
}
