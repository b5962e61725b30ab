import FarroData
import Foundation
import Testing

@Suite struct SVGTests {
  @Test func `a drawing is written an element per line`() {
    var drawing = SVG(width: 200, height: 100.5)
    drawing.add(.rect(origin: .init(0, 0), width: 200, height: 100, .fill("white")))
    drawing.add(
      .group(
        [
          .line(from: .init(1, 2), to: .init(3, 4), .dashes(4, 2)),
          .polyline([.init(0, 0), .init(1.5, -2)], .stroke("#123")),
          .path([.move(.init(0, 0)), .curve(.init(1, 0), .init(2, 1), to: .init(2, 2)), .line(.init(0, 2)), .close]),
        ],
        .strokeWidth(0.5),
        .opacity(0.25)
      )
    )
    drawing.add([
      .circle(center: .init(50, 50), radius: 20, .fill("teal")).titled("a dot"),
      .text("R&D", at: .init(100, 50), .anchor(.middle), .fontSize(11), .rotation(degrees: -90, about: .init(100, 50))),
    ])
    #expect(
      drawing.description == """
        <svg xmlns="http://www.w3.org/2000/svg" width="200" height="100.5" viewBox="0 0 200 100.5">
          <rect x="0" y="0" width="200" height="100" fill="white"/>
          <g stroke-width="0.5" opacity="0.25">
            <line x1="1" y1="2" x2="3" y2="4" stroke-dasharray="4 2"/>
            <polyline points="0,0 1.5,-2" fill="none" stroke="#123"/>
            <path d="M0,0C1,0 2,1 2,2L0,2Z"/>
          </g>
          <circle cx="50" cy="50" r="20" fill="teal">
            <title>a dot</title>
          </circle>
          <text x="100" y="50" text-anchor="middle" font-size="11" transform="rotate(-90 100 50)">R&amp;D</text>
        </svg>

        """
    )
  }

  @Test(
    arguments: [
      (0, "0"), (-0.0, "0"), (1, "1"), (-3, "-3"), (0.5, "0.5"), (-0.25, "-0.25"), (1.0 / 3, "0.333"),
      (2.0 / 3, "0.667"),
      (0.0004, "0"), (-0.0004, "0"), (0.0005, "0.001"), (9.9996, "10"), (1.05, "1.05"), (1e6, "1000000"),
      (123456.789, "123456.789"), (1e16, "1e+16"), (-1e300, "-1e+300"),
    ] as [(Double, String)]
  )
  func `numbers are as short as a thousandth allows`(number: Double, text: String) {
    #expect(SVG.Attribute("x", number).value == text)
  }

  @Test func `nothing in a text is taken for markup`() {
    let hostile = "</text><script>\"'&amp;\u{0}\u{1B}\t\r\nπ\u{1F600}\u{FFFF}"
    var drawing = SVG(width: 1, height: 1)
    drawing.add(.text(hostile, at: .init(0, 0), .fill(hostile)))
    let escaped = "&lt;/text&gt;&lt;script&gt;&quot;'&amp;amp;\u{FFFD}\u{FFFD}&#9;&#13;&#10;π\u{1F600}\u{FFFD}"
    #expect(drawing.description.contains("<text x=\"0\" y=\"0\" fill=\"\(escaped)\">\(escaped)</text>"))
  }

  @Test func `a chart is well-formed and written whole`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/chart.svg"
      try roofline().write(to: path)
      #expect(contents(path) == Array(roofline().description.utf8))
      guard let status = try xmllint(path) else {
        print("skipped: xmllint is not installed")
        return
      }
      #expect(status == 0)
    }
  }

  @Test func `a chart puts data where its axes say`() {
    let chart = Chart(
      x: Axis(.logarithmic, from: 1, through: 100, alongPixels: 0, 200),
      y: Axis(.linear, from: 0, through: 10, alongPixels: 100, 0)
    )
    #expect(chart.point((10, 5)) == SVG.Point(100, 50))
    let curve = chart.curve([(1, 0), (10, 5), (100, 10)], color: "red", .dashes(1))
    #expect(curve.attributes.contains(.init("points", "0,100 100,50 200,0")))
    #expect(curve.attributes.suffix(1) == [.dashes(1)])
    #expect(chart.clipped([curve]).attributes.contains(.init("viewBox", "0 0 200 100")))
    let marker = chart.marker(at: (10, 5), color: "red", label: "here", title: "there")
    #expect(marker.children.map(\.name) == ["title", "circle", "text"])
    let legend = chart.legend([("a", "red"), ("b", "blue")], at: .init(5, 5))
    #expect(legend.children.map(\.text) == ["", "a", "", "b"])
    let axes = chart.axes(xTitle: "x", yTitle: "y")
    #expect(axes.children.map(\.children.count) == [16, 9, 0, 11])
  }

  private func roofline() -> SVG {
    let chart = Chart(
      x: Axis(.logarithmic, from: 0.05, through: 200, alongPixels: 70, 570),
      y: Axis(.logarithmic, from: 1, through: 2000, alongPixels: 350, 30)
    )
    var drawing = SVG(width: 600, height: 400)
    drawing.add(.rect(origin: .init(0, 0), width: 600, height: 400, .fill("white")))
    drawing.add(chart.axes(xTitle: "arithmetic intensity (FLOP/byte)", yTitle: "GFLOP/s"))
    drawing.add(chart.clipped([chart.curve([(0.01, 0.5), (12, 600), (300, 600)], color: "black")]))
    drawing.add(chart.marker(at: (40, 560), color: "crimson", label: "matmul <f32>", title: "93% of the bound"))
    drawing.add(chart.marker(at: (0.25, 10), color: "teal", label: "layer norm"))
    drawing.add(chart.legend([("compute", "crimson"), ("memory", "teal")], at: .init(90, 45)))
    return drawing
  }
}

/// The exit status of `xmllint` for a file; `nil` where it is not installed.
private func xmllint(_ path: String) throws -> Int32? {
  let program = URL(fileURLWithPath: "/usr/bin/xmllint")
  guard FileManager.default.isExecutableFile(atPath: program.path) else { return nil }
  let process = try Process.run(program, arguments: ["--noout", path])
  process.waitUntilExit()
  return process.terminationStatus
}
