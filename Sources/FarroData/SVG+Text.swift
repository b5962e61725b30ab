import Farro

// From elements to the text of a file.

extension SVG: CustomStringConvertible {
  /// The drawing as the text of an SVG file, an element per line.
  public var description: String {
    let size: [Attribute] = [
      .init("xmlns", "http://www.w3.org/2000/svg"), .init("width", width), .init("height", height),
      .init("viewBox", "0 0 \(SVG.text(width)) \(SVG.text(height))"),
    ]
    var text = ""
    Element("svg", size, children: elements).write(to: &text, indentation: "")
    return text
  }
}

extension SVG.Element {
  fileprivate func write(to output: inout String, indentation: String) {
    output += "\(indentation)<\(name)"
    for attribute in attributes { output += " \(attribute.name)=\"\(escaped(attribute.value))\"" }
    if children.isEmpty && text.isEmpty {
      output += "/>\n"
      return
    }
    output += ">\(escaped(text))"
    if !children.isEmpty {
      output += "\n"
      for child in children { child.write(to: &output, indentation: indentation + "  ") }
      output += indentation
    }
    output += "</\(name)>\n"
  }
}

/// A text in which nothing is taken for markup. XML allows no control characters but tab and line ends, not even escaped:
/// the others become U+FFFD.
private func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    // An XML reader would turn these into a space in an attribute.
    case "\t", "\n", "\r": result += "&#\(scalar.value);"
    case "\0"..<" ", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

// MARK: - Numbers

extension SVG {
  /// A number as short as a thousandth of a pixel allows: "3", "-0.25".
  ///
  /// - Precondition: `number` is finite.
  static func text(_ number: Double) -> String {
    require(number.isFinite, "SVG: \(number) cannot be drawn")
    let thousandths = (number * 1000).rounded()
    // Beyond, thousandths are not exact, and no drawing is that large.
    guard abs(thousandths) < 0x1p53 else { return number.description }
    let (whole, rest) = Int(thousandths.magnitude).quotientAndRemainder(dividingBy: 1000)
    let sign = thousandths < 0 ? "-" : ""
    guard rest > 0 else { return "\(sign)\(whole)" }
    var digits = String(1000 + rest).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(sign)\(whole).\(digits)"
  }

  static func text(_ point: Point) -> String { "\(text(point.x)),\(text(point.y))" }

  static func text(_ step: Step) -> String {
    switch step {
    case .move(let point): "M\(text(point))"
    case .line(let point): "L\(text(point))"
    case .curve(let first, let second, let end): "C\(text(first)) \(text(second)) \(text(end))"
    case .close: "Z"
    }
  }
}
