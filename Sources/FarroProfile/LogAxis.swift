import Foundation

/// A logarithmic axis: positive values to positions in a drawing.
struct LogAxis {
  let lower, upper: Double
  private let start, end: Double

  /// - Precondition: `0 < lower < upper`.
  init(from lower: Double, to upper: Double, at start: Double, _ end: Double) {
    precondition(0 < lower && lower < upper, "LogAxis: \(lower) to \(upper) is not a range of positive numbers")
    (self.lower, self.upper, self.start, self.end) = (lower, upper, start, end)
  }

  subscript(value: Double) -> Double {
    start + (log(value) - log(lower)) / (log(upper) - log(lower)) * (end - start)
  }

  /// The powers of `base` on the axis whose exponent is a multiple of `step`.
  func powers(of base: Double, every step: Int = 1) -> [Double] {
    let first = Int((log(lower) / log(base)).rounded(.up))
    let last = Int((log(upper) / log(base)).rounded(.down))
    guard first <= last else { return [] }
    return (first...last).filter { $0.isMultiple(of: step) }.map { pow(base, Double($0)) }
  }

  /// 1, 2 and 5 times the powers of ten on the axis; the others of 2 to 9 too, without a label.
  var decades: [(value: Double, isLabelled: Bool)] {
    let first = Int(log10(lower).rounded(.down))
    let last = Int(log10(upper).rounded(.up))
    return (first...last).flatMap { exponent in
      (1...9).map { (value: Double($0) * pow(10, Double(exponent)), isLabelled: [1, 2, 5].contains($0)) }
    }
    .filter { lower <= $0.value && $0.value <= upper }
  }

  static func decimalText(_ value: Double) -> String { String(format: "%g", value) }

  /// "1/8" below one.
  static func powerOfTwoText(_ value: Double) -> String {
    value < 1 ? "1/\(Int((1 / value).rounded()))" : "\(Int(value))"
  }
}
