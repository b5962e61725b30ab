import Farro
import Foundation

/// How signatures are cut into bands: sets that agree in all slots of some band are candidates.
///
/// Of sets with the Jaccard similarity s, the fraction 1 - (1 - s^`rows`)^`bands` becomes candidates: few below a
/// threshold and most above it.
///
/// ```swift
/// let bands = LSHBands(threshold: 0.8, slots: 128)
/// print(bands.bands, bands.rows)      // 9 13
/// print(bands.probability(at: 0.9))   // 0.93
/// ```
///
/// Sources: J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", 3.4.2; E. Zhu and others, datasketch.
public struct LSHBands: Sendable, Hashable {
  /// The number of bands.
  public let bands: Int
  /// The slots of a band.
  public let rows: Int

  /// Bands as given.
  ///
  /// - Precondition: both are positive.
  public init(bands: Int, rows: Int) {
    require(bands > 0 && rows > 0, "LSHBands: \(bands) bands of \(rows) slots cut nothing")
    (self.bands, self.rows) = (bands, rows)
  }

  /// The bands that miss the least: those of `slots` or fewer slots with the smallest weighted sum of what is found below the
  /// threshold and what is missed above it, which are the areas below the curve and above it.
  ///
  /// datasketch weighs both the same. What is found in error costs a comparison where candidates are verified, and what is
  /// missed stays so: then a larger `missedWeight` is right.
  ///
  /// - Precondition: `threshold` is in 0...1, `slots` positive, and the weights are not negative, one of them positive.
  /// - Complexity: O(slots log slots).
  public init(threshold: Double, slots: Int, foundWeight: Double = 0.5, missedWeight: Double = 0.5) {
    require(0...1 ~= threshold, "LSHBands: the threshold \(threshold) is not a similarity")
    require(slots > 0, "LSHBands: there are no bands of \(slots) slots")
    require(
      foundWeight >= 0 && missedWeight >= 0 && foundWeight + missedWeight > 0,
      "LSHBands: the weights \(foundWeight) and \(missedWeight) prefer nothing"
    )
    var (best, least) = (LSHBands(bands: 1, rows: 1), Double.infinity)
    for bands in 1...slots {
      for rows in 1...slots / bands {
        let candidate = LSHBands(bands: bands, rows: rows)
        let found = foundWeight == 0 ? 0 : candidate.area(0, threshold) { $0 }
        let missed = missedWeight == 0 ? 0 : candidate.area(threshold, 1) { 1 - $0 }
        let error = foundWeight * found + missedWeight * missed
        if error < least { (best, least) = (candidate, error) }
      }
    }
    self = best
  }

  /// The probability that sets of this similarity are candidates.
  public func probability(at similarity: Double) -> Double {
    1 - pow(1 - pow(similarity, Double(rows)), Double(bands))
  }

  /// The integral of a function of the probability, by Simpson's rule.
  private func area(_ low: Double, _ high: Double, _ value: (Double) -> Double) -> Double {
    let pieces = 128
    let width = (high - low) / Double(pieces)
    let sum = (0...pieces).reduce(0.0) { sum, i in
      let weight = i == 0 || i == pieces ? 1.0 : i.isMultiple(of: 2) ? 2 : 4
      return sum + weight * value(probability(at: low + Double(i) * width))
    }
    return sum * width / 3
  }
}
