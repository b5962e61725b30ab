import Testing

@testable import FarroProfile

@Suite struct TimingTests {
  private let four = TimingOptions(budget: .zero, sampleDuration: .zero, leastSamples: 4, mostSamples: 4)

  @Test func `samples are taken even without a budget`() {
    var calls = 0
    let timing = measure(four) { calls += 1 }
    #expect(timing.seconds.count == 4)
    #expect(timing.callsPerSample == 1)
    #expect(calls == 5, "four samples and one call to warm up")
  }

  @Test func `sampling stops at the most samples`() {
    let options = TimingOptions(budget: .seconds(3600), sampleDuration: .zero, leastSamples: 1, mostSamples: 3)
    #expect(measure(options) { 1 }.seconds.count == 3)
  }

  @Test func `short calls are repeated within a sample`() {
    let options = TimingOptions(budget: .zero, sampleDuration: .milliseconds(1))
    let timing = measure(options) { 1 + 1 }
    #expect(timing.callsPerSample > 1)
    #expect(timing.seconds.min > 0)
    #expect(timing.seconds.min <= timing.seconds.median && timing.seconds.median <= timing.seconds.max)
    #expect(timing.seconds.interval.contains(timing.seconds.median))
  }

  @Test func `compared closures take turns at going first`() {
    var order = ""
    let comparison = compare(four, { order += "a" }, to: { order += "b" })
    #expect(order == "ab" + "abbaabba", "a warm-up of each, then pairs")
    #expect(comparison.ratio.count == 4)
  }

  @Test func `errors of the closure come through`() {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try measure(four) { throw Failure() } }
    #expect(throws: Failure.self) { try compare(four, { 1 }, to: { throw Failure() }) }
  }
}
