/// The parts of a chart over two axes, as elements of a drawing.
///
/// ```swift
/// let chart = Chart(
///   x: Axis(.logarithmic, from: 0.1, through: 100, alongPixels: 60, 560),
///   y: Axis(.logarithmic, from: 1, through: 1000, alongPixels: 340, 20)
/// )
/// var drawing = SVG(width: 600, height: 400)
/// drawing.add(chart.axes(xTitle: "FLOP/byte", yTitle: "GFLOP/s"))
/// drawing.add(chart.clipped([chart.curve([(0.1, 3), (10, 300), (100, 300)], color: "black")]))
/// drawing.add(chart.marker(at: (2, 40), color: "crimson", label: "matmul"))
/// ```
public struct Chart: Sendable, Hashable {
  /// The axes, which place what is drawn.
  public let x, y: Axis

  /// A chart between two axes.
  public init(x: Axis, y: Axis) { (self.x, self.y) = (x, y) }

  private static let grid = "#ccc"
  private static let ink = "#333"

  /// Where the values lie in the drawing.
  ///
  /// - Precondition: as of ``Axis/position(of:)``.
  public func point(_ values: (x: Double, y: Double)) -> SVG.Point {
    SVG.Point(x.position(of: values.x), y.position(of: values.y))
  }

  private var left: Double { min(x.start, x.end) }
  private var right: Double { max(x.start, x.end) }
  private var top: Double { min(y.start, y.end) }
  private var bottom: Double { max(y.start, y.end) }
}

// MARK: - Axes

extension Chart {
  /// A frame, grid lines at the ticks (fainter ones between them), and the labels of ticks and axes.
  ///
  /// The labels need some 45 pixels below and 60 to the left of the frame.
  public func axes(xTitle: String, yTitle: String) -> SVG.Element {
    let middle = SVG.Point((left + right) / 2, (top + bottom) / 2)
    let yTitlePlace = SVG.Point(left - 46, middle.y)
    let xLabels = x.ticks.map { tick in
      SVG.Element.text(tick.label, at: SVG.Point(x.position(of: tick.value), bottom + 16), .anchor(.middle))
    }
    let yLabels = y.ticks.map { tick in
      // The baseline is set lower by about half a digit's height.
      SVG.Element.text(tick.label, at: SVG.Point(left - 6, y.position(of: tick.value) + 4), .anchor(.end))
    }
    let titles: [SVG.Element] = [
      .text(xTitle, at: SVG.Point(middle.x, bottom + 36), .anchor(.middle)),
      .text(yTitle, at: yTitlePlace, .anchor(.middle), .rotation(degrees: -90, about: yTitlePlace)),
    ]
    let frame = SVG.Element.rect(
      origin: SVG.Point(left, top),
      width: right - left,
      height: bottom - top,
      .fill("none"),
      .stroke(Chart.ink)
    )
    return .group([
      gridLines(x.minorTicks, y.minorTicks, width: 0.25),
      gridLines(x.ticks.map(\.value), y.ticks.map(\.value), width: 1),
      frame,
      .group(xLabels + yLabels + titles, .fill(Chart.ink), .fontFamily("sans-serif"), .fontSize(11)),
    ])
  }

  private func gridLines(_ xs: [Double], _ ys: [Double], width: Double) -> SVG.Element {
    let vertical = xs.map { value in
      let across = x.position(of: value)
      return SVG.Element.line(from: SVG.Point(across, top), to: SVG.Point(across, bottom))
    }
    let horizontal = ys.map { value in
      let down = y.position(of: value)
      return SVG.Element.line(from: SVG.Point(left, down), to: SVG.Point(right, down))
    }
    return .group(vertical + horizontal, .stroke(Chart.grid), .strokeWidth(width))
  }
}

// MARK: - Data

extension Chart {
  /// Straight lines from value to value. Draw it ``clipped(_:)`` if it may leave the frame.
  public func curve(
    _ values: [(x: Double, y: Double)],
    color: String,
    _ attributes: SVG.Attribute...
  ) -> SVG.Element {
    var line = SVG.Element.polyline(values.map(point), .stroke(color), .strokeWidth(1.5))
    line.attributes += attributes
    return line
  }

  /// A dot, with a label to its right and perhaps a title that appears under the pointer.
  public func marker(
    at values: (x: Double, y: Double),
    color: String,
    label: String = "",
    title: String? = nil
  ) -> SVG.Element {
    let center = point(values)
    var parts = [SVG.Element.circle(center: center, radius: 4, .fill(color), .stroke("white"))]
    if !label.isEmpty {
      let place = SVG.Point(center.x + 7, center.y + 4)
      parts.append(.text(label, at: place, .fill(Chart.ink), .fontFamily("sans-serif"), .fontSize(11)))
    }
    let marker = SVG.Element.group(parts)
    return title.map(marker.titled) ?? marker
  }

  /// Elements of which only what lies within the frame is seen.
  public func clipped(_ elements: [SVG.Element]) -> SVG.Element {
    let (width, height) = (right - left, bottom - top)
    let box = [left, top, width, height].map(SVG.text).joined(separator: " ")
    // An inner drawing with the coordinates of the outer one hides what leaves it, and needs no identifier as a clip path does.
    return SVG.Element(
      "svg",
      [.init("x", left), .init("y", top), .init("width", width), .init("height", height), .init("viewBox", box)],
      children: elements
    )
  }

  /// A line for each entry, its color before it, downwards from `corner`.
  public func legend(_ entries: [(label: String, color: String)], at corner: SVG.Point) -> SVG.Element {
    let lines = entries.enumerated().flatMap { row, entry in
      let y = corner.y + 16 * Double(row)
      return [
        SVG.Element.rect(origin: SVG.Point(corner.x, y), width: 10, height: 10, .fill(entry.color)),
        SVG.Element.text(entry.label, at: SVG.Point(corner.x + 15, y + 9), .fill(Chart.ink)),
      ]
    }
    return .group(lines, .fontFamily("sans-serif"), .fontSize(11))
  }
}
