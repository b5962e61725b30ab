import Foundation

/// `text` with the five characters that mean something to HTML and XML replaced, safe between tags and in quoted attributes;
/// control characters, which XML forbids, become the replacement character.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
    case _ where scalar.value < 0x20 || scalar.value & 0xFFFE == 0xFFFE: result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A number as people write it: three significant digits, without an exponent.
func rounded(_ value: Double) -> String {
  guard value.isFinite else { return "–" }
  let magnitude = abs(value)
  if magnitude == 0 { return "0" }
  let digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
  return String(format: "%.\(digits)f", value)
}

/// A fraction in percent, to a tenth.
func percent(_ fraction: Double) -> String { String(format: "%.1f%%", fraction * 100) }

/// Seconds with the unit that suits.
func roundedDuration(_ seconds: Double) -> String {
  let units = [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)]
  let (name, scale) = units.first { seconds >= $0.1 } ?? ("ns", 1e-9)
  return "\(rounded(seconds / scale)) \(name)"
}

/// Bytes in binary units.
func roundedBytes(_ bytes: Int) -> String {
  let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
  guard let (name, scale) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes) B" }
  let value = Double(bytes) / Double(scale)
  return (value == value.rounded() ? String(Int(value)) : rounded(value)) + " " + name
}
