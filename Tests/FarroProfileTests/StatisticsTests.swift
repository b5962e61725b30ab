import Testing

@testable import FarroProfile

@Suite struct StatisticsTests {
  @Test func `quartiles interpolate between samples`() {
    let summary = Summary([4, 1, 3, 2])
    #expect(summary.count == 4)
    #expect(summary.min == 1 && summary.max == 4)
    #expect(summary.lowerQuartile == 1.75)
    #expect(summary.median == 2.5)
    #expect(summary.upperQuartile == 3.25)
    #expect(summary.spread == 0.6)
  }

  @Test func `one sample is its own summary`() {
    let summary = Summary([7])
    #expect(summary.median == 7 && summary.spread == 0 && summary.interval == 7...7)
  }

  @Test func `spread of a zero median is zero`() {
    #expect(Summary([0, 0, 0, 5]).spread == 0)
  }

  /// From the binomial distribution in exact integers.
  @Test(arguments: [
    (1, 1), (5, 1), (6, 1), (8, 1), (9, 2), (10, 2), (20, 6), (25, 8), (50, 18), (100, 40), (1000, 469), (2000, 956),
  ])
  func `interval ranks are those of the binomial distribution`(count: Int, rank: Int) {
    #expect(medianIntervalRank(count: count) == rank)
  }

  @Test func `interval is from one order statistic to another`() {
    #expect(Summary((1...10).map(Double.init).shuffled()).interval == 2...9)
    #expect(Summary((1...5).map(Double.init)).interval == 1...5)
  }

  @Test func `ratios are taken pair by pair`() {
    // The machine runs at half speed during the second pair: both medians shift, no ratio does.
    let ratio = ratioSummary(of: [2, 4, 2], to: [1, 2, 1])
    #expect(ratio.median == 2 && ratio.spread == 0 && ratio.count == 3)
  }
}
