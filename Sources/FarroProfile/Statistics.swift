import Farro
import Foundation

/// What repeated measurements of one quantity say, without assuming how they are distributed: timings are skewed, and a
/// mean with a standard deviation would follow the few samples that something else disturbed.
public struct Summary: Sendable, Equatable {
  /// The number of samples.
  public let count: Int
  /// The least and the greatest sample.
  public let min, max: Double
  /// Quartiles, by linear interpolation between the samples at ranks around `(count - 1) p`.
  public let lowerQuartile, median, upperQuartile: Double
  /// Contains the true median with at least 95% probability, whatever the distribution: from one order statistic to
  /// another. With fewer than 6 samples no two of them reach 95%, and it is all that was seen, `min...max`.
  public let interval: ClosedRange<Double>

  /// The interquartile range divided by the median: the relative width of the middle half.
  public var spread: Double { median == 0 ? 0 : (upperQuartile - lowerQuartile) / median }

  /// What `samples`, in any order, say.
  ///
  /// - Precondition: `samples` is not empty and holds no NaN.
  /// - Complexity: O(n log n).
  public init(_ samples: some Sequence<Double>) {
    let sorted = samples.sorted()
    require(!sorted.isEmpty, "Summary: there are no samples to summarize")
    require(sorted.allSatisfy { !$0.isNaN }, "Summary: a sample is not a number")
    count = sorted.count
    min = sorted.first!
    max = sorted.last!
    lowerQuartile = quantile(0.25, ofSorted: sorted)
    median = quantile(0.5, ofSorted: sorted)
    upperQuartile = quantile(0.75, ofSorted: sorted)
    let rank = medianIntervalRank(count: count)
    interval = sorted[rank - 1]...sorted[count - rank]
  }
}

private func quantile(_ p: Double, ofSorted samples: [Double]) -> Double {
  let position = Double(samples.count - 1) * p
  let below = Int(position)
  let above = Swift.min(below + 1, samples.count - 1)
  return samples[below] + (samples[above] - samples[below]) * (position - Double(below))
}

/// The largest rank r, from 1, such that the r-th smallest and the r-th largest of `count` samples enclose the median of
/// their distribution with at least 95% probability; 1 when none does.
///
/// Each sample falls below the median with probability 1/2, so the r-th smallest lies above it with probability
/// P(B ≤ r - 1), B binomial (count, 1/2), and that may be 2.5% on each side.
///
/// Source: H. A. David and H. N. Nagaraja, "Order Statistics", 3rd ed., section 7.1.
func medianIntervalRank(count: Int) -> Int {
  // In logarithms: 2^-count is below the smallest Double for count > 1074.
  var logarithm = -Double(count) * log(2.0)
  var tail = exp(logarithm)
  var rank = 0
  while tail <= 0.025 {
    rank += 1
    logarithm += log(Double(count - rank + 1) / Double(rank))
    tail += exp(logarithm)
  }
  return Swift.max(rank, 1)
}
