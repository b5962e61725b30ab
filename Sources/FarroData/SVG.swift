/// A drawing in the Scalable Vector Graphics format.
///
/// A drawing is a value: elements in the order in which they are painted. Its text depends on nothing but its elements: not
/// on the locale, and not on the order of a dictionary.
///
/// ```swift
/// var drawing = SVG(width: 200, height: 100)
/// drawing.add(.circle(center: .init(50, 50), radius: 20, .fill("teal")))
/// drawing.add(.text("R&D", at: .init(100, 50), .anchor(.middle)))
/// try drawing.write(to: "drawing.svg")
/// ```
///
/// Source: Scalable Vector Graphics 2 (https://www.w3.org/TR/SVG2/).
public struct SVG: Sendable, Hashable {
  /// In pixels.
  public let width, height: Double
  /// In the order in which they are painted: what comes later covers what came before.
  public var elements: [Element] = []

  /// An empty drawing, `width` by `height` pixels.
  public init(width: Double, height: Double) {
    (self.width, self.height) = (width, height)
  }

  /// Paints an element over the others.
  public mutating func add(_ element: Element) { elements.append(element) }
  /// Paints elements over the others, in their order.
  public mutating func add(_ more: some Sequence<Element>) { elements += more }

  /// Writes the drawing to the file at `path`, whole or not at all (see ``AtomicFile``).
  ///
  /// - Throws: ``FileError``.
  public func write(to path: String) throws { try AtomicFile.write(description, to: path) }

  /// A place in a drawing: pixels to the right of and below its upper left corner.
  public struct Point: Sendable, Hashable {
    /// Pixels to the right of, and below, the upper left corner.
    public var x, y: Double
    /// The place `x` pixels to the right of and `y` below the upper left corner.
    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
  }

  /// A step of a path; after each, the pen is at its last point.
  public enum Step: Sendable, Hashable {
    /// The pen goes to a point without drawing.
    case move(Point)
    /// A straight line.
    case line(Point)
    /// A cubic Bézier curve with two control points.
    case curve(Point, Point, to: Point)
    /// A line back to the last `move`.
    case close
  }

  /// How far along a text its position lies.
  public enum Anchor: String, Sendable {
    /// The position is where the text starts, its middle, or where it ends.
    case start, middle, end
  }
}

// MARK: - Elements

extension SVG {
  /// An element with its attributes, and either elements or a text within.
  public struct Element: Sendable, Hashable {
    /// The element's name in SVG, for example "circle".
    public let name: String
    /// In the order in which they are written.
    public var attributes: [Attribute]
    /// The elements within, in the order in which they are painted.
    public var children: [Element]
    /// The text within, unescaped; empty for none.
    public var text: String

    /// Any element. Attributes and text are plain text: they are escaped when written.
    ///
    /// - Precondition: `name` is a name of SVG.
    public init(_ name: String, _ attributes: [Attribute] = [], children: [Element] = [], text: String = "") {
      (self.name, self.attributes, self.children, self.text) = (name, attributes, children, text)
    }

    /// The element with a title, which browsers show when the pointer rests on it.
    public func titled(_ title: String) -> Element {
      var titled = self
      titled.children.insert(Element("title", text: title), at: 0)
      return titled
    }

    /// A straight line.
    public static func line(from start: Point, to end: Point, _ attributes: Attribute...) -> Element {
      let ends: [Attribute] = [.init("x1", start.x), .init("y1", start.y), .init("x2", end.x), .init("y2", end.y)]
      return Element("line", ends + attributes)
    }

    /// Straight lines from point to point, not filled.
    public static func polyline(_ points: [Point], _ attributes: Attribute...) -> Element {
      let places = points.map { "\(SVG.text($0))" }.joined(separator: " ")
      return Element("polyline", [.init("points", places), .fill("none")] + attributes)
    }

    /// Lines and curves from step to step.
    public static func path(_ steps: [Step], _ attributes: Attribute...) -> Element {
      Element("path", [.init("d", steps.map(SVG.text).joined())] + attributes)
    }

    /// A rectangle whose upper left corner is `origin`.
    public static func rect(origin: Point, width: Double, height: Double, _ attributes: Attribute...) -> Element {
      let box: [Attribute] = [
        .init("x", origin.x), .init("y", origin.y), .init("width", width), .init("height", height),
      ]
      return Element("rect", box + attributes)
    }

    /// A circle, filled unless an attribute says otherwise.
    public static func circle(center: Point, radius: Double, _ attributes: Attribute...) -> Element {
      Element("circle", [.init("cx", center.x), .init("cy", center.y), .init("r", radius)] + attributes)
    }

    /// A text whose baseline passes through `position`.
    public static func text(_ text: String, at position: Point, _ attributes: Attribute...) -> Element {
      Element("text", [.init("x", position.x), .init("y", position.y)] + attributes, text: text)
    }

    /// Elements that share attributes.
    public static func group(_ children: [Element], _ attributes: Attribute...) -> Element {
      Element("g", attributes, children: children)
    }
  }

  /// A name and a value of an element.
  public struct Attribute: Sendable, Hashable {
    /// The attribute's name in SVG, and its value, unescaped.
    public let name, value: String

    /// Any attribute, with a plain text as value.
    ///
    /// - Precondition: `name` is a name of SVG.
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }

    /// An attribute whose value is a number, rounded to a thousandth.
    ///
    /// - Precondition: `value` is finite.
    public init(_ name: String, _ value: Double) { self.init(name, SVG.text(value)) }

    /// The color within; "none" for none.
    public static func fill(_ color: String) -> Attribute { .init("fill", color) }
    /// The color of the line.
    public static func stroke(_ color: String) -> Attribute { .init("stroke", color) }
    /// The width of the line.
    public static func strokeWidth(_ pixels: Double) -> Attribute { .init("stroke-width", pixels) }
    /// Lengths of dashes and gaps in turn, in pixels.
    public static func dashes(_ pixels: Double...) -> Attribute {
      .init("stroke-dasharray", pixels.map(SVG.text).joined(separator: " "))
    }
    /// From 0, which cannot be seen, to 1.
    public static func opacity(_ fraction: Double) -> Attribute { .init("opacity", fraction) }
    /// Names of fonts with commas between them, the preferred one first.
    public static func fontFamily(_ names: String) -> Attribute { .init("font-family", names) }
    /// The height of the font.
    public static func fontSize(_ pixels: Double) -> Attribute { .init("font-size", pixels) }
    /// "normal", "bold" or a number from 1 to 1000.
    public static func fontWeight(_ weight: String) -> Attribute { .init("font-weight", weight) }
    /// Which part of a text is at its position.
    public static func anchor(_ anchor: Anchor) -> Attribute { .init("text-anchor", anchor.rawValue) }
    /// A rotation clockwise about a point.
    public static func rotation(degrees: Double, about center: Point) -> Attribute {
      .init("transform", "rotate(\(SVG.text(degrees)) \(SVG.text(center.x)) \(SVG.text(center.y)))")
    }
  }
}
