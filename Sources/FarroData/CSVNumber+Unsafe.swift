// From the text of a field to a number.

/// A number in decimal notation, taken apart: mantissa * 10^exponent.
struct DecimalNumber {
  var isNegative = false
  var mantissa: UInt64 = 0
  var exponent = 0
  /// Whether the mantissa holds every digit.
  var isWhole = true
  /// Whether there is neither a point nor an exponent.
  var isInteger = true

  /// `nil` when `text` is something else.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    var i = 0
    let end = text.count
    if i < end, text[i] == 0x2B || text[i] == 0x2D {
      isNegative = text[i] == 0x2D
      i += 1
    }
    // Below this, another digit fits into 64 bits.
    let most: UInt64 = 1_000_000_000_000_000_000
    var digits = 0
    while i < end, case let digit = text[i] &- 0x30, digit < 10 {
      if mantissa < most {
        mantissa = mantissa &* 10 &+ UInt64(digit)
      } else {
        (isWhole, exponent) = (false, exponent + 1)
      }
      (i, digits) = (i + 1, digits + 1)
    }
    if i < end, text[i] == 0x2E {
      (isInteger, i) = (false, i + 1)
      while i < end, case let digit = text[i] &- 0x30, digit < 10 {
        if mantissa < most {
          mantissa = mantissa &* 10 &+ UInt64(digit)
          exponent -= 1
        } else {
          isWhole = false
        }
        (i, digits) = (i + 1, digits + 1)
      }
    }
    guard digits > 0 else { return nil }
    guard i < end else { return }
    guard text[i] | 0x20 == 0x65 else { return nil }
    (isInteger, i) = (false, i + 1)
    var isSmall = false
    if i < end, text[i] == 0x2B || text[i] == 0x2D {
      isSmall = text[i] == 0x2D
      i += 1
    }
    guard i < end else { return nil }
    var power = 0
    while i < end {
      let digit = text[i] &- 0x30
      guard digit < 10 else { return nil }
      // Far beyond any number's range, whatever the mantissa.
      if power < 1 << 40 { power = power * 10 + Int(digit) }
      i += 1
    }
    exponent += isSmall ? -power : power
  }

  /// The nearest number, when one operation on numbers that are exact gives it.
  ///
  /// Source: W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990.
  var quickly: Double? {
    guard isWhole, mantissa <= 1 << 53, -22...22 ~= exponent else { return nil }
    let size = Double(mantissa)
    let value = exponent < 0 ? size / powersOfTen[-exponent] : size * powersOfTen[exponent]
    return isNegative ? -value : value
  }
}

private let powersOfTen: [Double] = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]

/// A number that the text of a field, without blanks around it, is read as.
protocol DecimalReadable: CSVScalar {
  static func number(_ text: UnsafeBufferPointer<UInt8>) throws(CSVProblem) -> Self
}

/// A problem whose place is not known yet; `nil`: the task was cancelled.
struct CSVProblem: Error {
  let problem: CSVError.Problem?
}

extension Double: DecimalReadable {
  static func number(_ text: UnsafeBufferPointer<UInt8>) throws(CSVProblem) -> Double {
    guard let decimal = DecimalNumber(text) else { return try special(text) }
    if let value = decimal.quickly { return value }
    return try slowly(text)
  }
}

extension Float: DecimalReadable {
  static func number(_ text: UnsafeBufferPointer<UInt8>) throws(CSVProblem) -> Float {
    guard let decimal = DecimalNumber(text) else { return try special(text) }
    // Rounding twice errs only where the first result lies halfway between two Floats: 2^-52 of what it was on
    // either side, and the halfway point on neither.
    let halfway: UInt64 = 1 << 28
    if let value = decimal.quickly, value.bitPattern & (2 * halfway - 1) != halfway,
      value == 0 || Double(Float.leastNormalMagnitude)...Double(Float.greatestFiniteMagnitude) ~= abs(value)
    {
      return Float(value)
    }
    return try slowly(text)
  }
}

extension Int: DecimalReadable {
  static func number(_ text: UnsafeBufferPointer<UInt8>) throws(CSVProblem) -> Int {
    guard let decimal = DecimalNumber(text), decimal.isInteger else {
      throw CSVProblem(problem: .notAnInteger(string(text)))
    }
    let most = UInt64(Int.max) + (decimal.isNegative ? 1 : 0)
    guard decimal.isWhole, decimal.mantissa <= most else {
      throw CSVProblem(problem: .outOfRange(string(text), Int.dtype))
    }
    return decimal.isNegative ? Int(truncatingIfNeeded: 0 &- decimal.mantissa) : Int(decimal.mantissa)
  }
}

/// Any number in decimal notation.
private func slowly<Scalar: DecimalReadable & BinaryFloatingPoint & LosslessStringConvertible>(
  _ text: UnsafeBufferPointer<UInt8>
) throws(CSVProblem) -> Scalar {
  // The notation has been checked: the standard library, which rounds correctly, knows more of them.
  guard let value = Scalar(string(text)), value.isFinite else {
    throw CSVProblem(problem: .outOfRange(string(text), Scalar.dtype))
  }
  return value
}

/// "nan" and "inf".
private func special<Scalar: BinaryFloatingPoint>(_ text: UnsafeBufferPointer<UInt8>) throws(CSVProblem) -> Scalar {
  let isNegative = text.first == 0x2D
  let hasSign = isNegative || text.first == 0x2B
  switch string(text).dropFirst(hasSign ? 1 : 0).lowercased() {
  case "nan": return .nan
  case "inf", "infinity": return isNegative ? -.infinity : .infinity
  default: throw CSVProblem(problem: .notANumber(string(text)))
  }
}

private func string(_ text: UnsafeBufferPointer<UInt8>) -> String { String(decoding: text, as: UTF8.self) }
