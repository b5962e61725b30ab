import Farro

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Glibc
#endif

/// A map from values to places along an axis of a chart, with ticks at round values.
///
/// ```swift
/// let x = Axis(.logarithmic, from: 0.1, through: 100, alongPixels: 60, 560)
/// x.position(of: 1)     // 226.67
/// x.ticks.map(\.label)  // ["0.1", "1", "10", "100"]
/// ```
public struct Axis: Sendable, Hashable {
  /// What grows evenly along an axis.
  public enum Scale: Sendable, Hashable {
    /// Equal differences take equal lengths.
    case linear
    /// Equal ratios take equal lengths; ticks are at powers of 10.
    case logarithmic
  }

  /// A value that is marked, with its label.
  public struct Tick: Sendable, Hashable {
    /// Where it lies on the axis; not in pixels.
    public let value: Double
    /// The value as text, for example "0.05", "20" or "1e6".
    public let label: String
  }

  /// Whether differences or ratios take equal lengths.
  public let scale: Scale

  /// The first and the last value.
  public let lowerBound, upperBound: Double

  /// Where in the drawing the first and the last value lie. An axis upwards has its start below, at the larger number.
  public let start, end: Double

  /// An axis from `lower` at the pixel `start` to `upper` at the pixel `end`.
  ///
  /// - Precondition: `lower < upper` with a normal number between them, and `lower > 0` on a logarithmic axis.
  public init(
    _ scale: Scale,
    from lower: Double,
    through upper: Double,
    alongPixels start: Double,
    _ end: Double
  ) {
    require(
      lower < upper && (upper - lower).isNormal && (scale == .linear || lower > 0),
      "Axis: no \(scale) axis leads from \(lower) to \(upper)"
    )
    (self.scale, lowerBound, upperBound, self.start, self.end) = (scale, lower, upper, start, end)
  }

  /// Where `value` lies in the drawing, also beyond the ends of the axis.
  ///
  /// - Precondition: `value` is finite, and positive on a logarithmic axis.
  public func position(of value: Double) -> Double {
    require(value.isFinite && (scale == .linear || value > 0), "Axis: \(value) has no place on a \(scale) axis")
    return start + (end - start) * (measure(value) - measure(lowerBound)) / (measure(upperBound) - measure(lowerBound))
  }

  /// What grows evenly along the axis.
  private func measure(_ value: Double) -> Double { scale == .linear ? value : log10(value) }

  /// Whether `value` lies between the bounds.
  public func contains(_ value: Double) -> Bool { lowerBound <= value && value <= upperBound }
}

// MARK: - Ticks

extension Axis {
  /// The marked values in ascending order, two to nine, each a round number.
  ///
  /// They are 1, 2 or 5 times a power of ten apart. On a logarithmic axis they are powers of ten, or of a power of ten where
  /// there are many; where an axis has less than two of them, 1, 2 and 5 times powers of ten, and then evenly apart.
  public var ticks: [Tick] {
    if scale == .logarithmic {
      let decades = powersOfTen
      if decades.count > 1 {
        let stride = (decades.count + 8) / 9
        return decades.filter { $0 % stride == 0 }.map { tick(digits: 1, exponent: $0) }
      }
      let few = (decadeBelow...decadeBelow + 2).flatMap { exponent in
        [1, 2, 5].map { tick(digits: $0, exponent: exponent) }
      }
      .filter { contains($0.value) }
      if few.count > 1 { return few }
    }
    return evenTicks
  }

  /// The values between ``ticks`` of a logarithmic axis that are 2 to 9 times a power of ten; none on a linear axis, or on one
  /// with so many decades that they would merge.
  public var minorTicks: [Double] {
    guard scale == .logarithmic else { return [] }
    let decades = powersOfTen
    if decades.count > 9 { return [] }
    let major = Set(ticks.map(\.value))
    return (decadeBelow...decadeBelow + decades.count).flatMap { exponent in
      (1...9).map { tick(digits: $0, exponent: exponent).value }
    }
    .filter { contains($0) && !major.contains($0) }
  }

  /// The exponents of the powers of ten between the bounds.
  private var powersOfTen: [Int] {
    (decadeBelow...Int(log10(upperBound).rounded(.up))).filter { contains(tick(digits: 1, exponent: $0).value) }
  }

  private var decadeBelow: Int { Int(log10(lowerBound).rounded(.down)) }

  private var evenTicks: [Tick] {
    let least = (upperBound - lowerBound) / 7
    let exponent = Int(log10(least).rounded(.down))
    let power = tick(digits: 1, exponent: exponent).value
    let digits = [1, 2, 5].first { Double($0) * power >= least } ?? 10
    let step = Double(digits) * power
    // The quotients are rounded; the ticks, which are exact, decide what lies within.
    let first = Int((lowerBound / step).rounded(.down))
    let last = Int((upperBound / step).rounded(.up))
    return (first...last).map { tick(digits: $0 * digits, exponent: exponent) }.filter { contains($0.value) }
  }

  /// The tick at `digits` times ten to the `exponent`.
  private func tick(digits: Int, exponent: Int) -> Tick {
    // Read from its text, the number is the double nearest to it, which products of powers of ten are not.
    Tick(value: Double("\(digits)e\(exponent)")!, label: label(digits: digits, exponent: exponent))
  }

  /// "0.05", "20", "100000"; "1e6" and "2.5e-7" where zeros would have to be counted.
  private func label(digits: Int, exponent: Int) -> String {
    if digits == 0 { return "0" }
    var significant = String(digits.magnitude)
    let wholeDigits = significant.count + exponent
    while significant.last == "0" { significant.removeLast() }
    let number: String
    if !(-3...6).contains(wholeDigits) {
      let rest = significant.dropFirst()
      number = "\(significant.first!)\(rest.isEmpty ? "" : ".")\(rest)e\(wholeDigits - 1)"
    } else if wholeDigits <= 0 {
      number = "0." + String(repeating: "0", count: -wholeDigits) + significant
    } else if significant.count <= wholeDigits {
      number = significant + String(repeating: "0", count: wholeDigits - significant.count)
    } else {
      number = "\(significant.prefix(wholeDigits)).\(significant.dropFirst(wholeDigits))"
    }
    return digits < 0 ? "-\(number)" : number
  }
}
