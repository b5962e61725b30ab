import Farro
import FarroData
import Foundation

extension Roofline {
  /// The roofline chart of `profile` as an SVG document of its own, light or dark as its viewer prefers: what the machine
  /// allows at each arithmetic intensity, and where kernels stand under it.
  ///
  /// It shows the kernels that ran with the most threads and the best instruction set. A level of memory is a band from
  /// its copy to its read bandwidth; kernels without arithmetic have no place on the chart.
  public static func svg(_ profile: Profile) -> String { RooflineChart(profile).svg }
}

struct RooflineChart {
  private let profile: Profile
  private let threads: Int
  private let isa: InstructionSet?
  private let kernels: [KernelResult]
  private let roofs: [Roof]
  private let x, y: Axis
  private let plot = Box(x: 62, y: 18, width: 922, height: 520)
  static let width = 1000.0
  static let height = 620.0

  init(_ profile: Profile) {
    self.profile = profile
    let (threads, isa) = (profile.mostThreads, profile.bestInstructionSet)
    (self.threads, self.isa) = (threads, isa)
    kernels = profile.kernels.filter { $0.threads == threads && $0.isa == isa && $0.gflops > 0 && $0.intensity > 0 }
    roofs = Self.roofs(profile, isa: isa, threads: threads, over: kernels)
    let rates = kernels.map(\.gflops) + roofs.map(\.gflops)
    let intensities = kernels.map(\.intensity)
    x = Axis(
      .logarithmic,
      from: min(0.06, (intensities.min() ?? 1) / 1.8),
      through: max(128, (intensities.max() ?? 1) * 2.5),
      alongPixels: plot.x,
      plot.x + plot.width
    )
    y = Axis(
      .logarithmic,
      from: min((rates.min() ?? 1) / 2.2, (rates.max() ?? 100) / 100),
      through: (rates.max() ?? 100) * 1.7,
      alongPixels: plot.y + plot.height,
      plot.y
    )
  }

  var svg: String {
    var drawing = SVG(width: Self.width, height: Self.height)
    let threadText = threads == 1 ? "1 thread" : "\(threads) threads"
    drawing.add(.init("title", text: "Roofline of \(profile.machine.name), \(threadText)"))
    drawing.add(.init("style", text: Self.style))
    let clip = SVG.Element.rect(origin: .init(plot.x, plot.y), width: plot.width, height: plot.height)
    drawing.add(.init("clipPath", [.init("id", "roofline-plot")], children: [clip]))
    let paper = SVG.Element.rect(
      origin: .init(0, 0),
      width: Self.width,
      height: Self.height,
      style("paper"),
      .init("rx", 10)
    )
    let clipped = SVG.Element.group(bands, .init("clip-path", "url(#roofline-plot)"))
    drawing.add(.group([paper] + grid + [clipped] + ceilings + points + legend, style("roofline")))
    return drawing.description
  }

  // MARK: - Axes

  private var grid: [SVG.Element] {
    let bottom = plot.y + plot.height
    let vertical = powersOfFour.flatMap { value in
      let place = x.position(of: value)
      return [
        line(.init(place, plot.y), .init(place, bottom), "grid"),
        text(value < 1 ? "1/\(Int(1 / value))" : "\(Int(value))", .init(place, bottom + 17), "axis middle"),
      ]
    }
    let horizontal = (y.ticks.map(\.value) + y.minorTicks).flatMap { value in
      let (place, label) = (y.position(of: value), String(format: "%g", value))
      let isLabelled = label.contains { "125".contains($0) } && Set(label).isSubset(of: Set("0.125"))
      return [line(.init(plot.x, place), .init(plot.x + plot.width, place), isLabelled ? "grid" : "grid faint")]
        + (isLabelled ? [text(label, .init(plot.x - 8, place + 4), "axis end")] : [])
    }
    let xTitle = "arithmetic intensity, flop per byte of minimum traffic"
    let side = SVG.Point(16, plot.y + plot.height / 2)
    return vertical + horizontal + [
      text(xTitle, .init(plot.x + plot.width / 2, bottom + 37), "axis middle"),
      text("GFLOP/s", side, "axis middle", .rotation(degrees: -90, about: side)),
    ]
  }

  private var powersOfFour: [Double] {
    (-12...12).map { exp2(2 * Double($0)) }.filter(x.contains)
  }

  // MARK: - Roofs

  private struct Level {
    let level: MemoryLevel
    let low, high: Double
  }

  private var levels: [Level] {
    MemoryLevel.allCases.compactMap { level in
      let rates = [
        profile.copyPeak(level, isa: isa, threads: threads), profile.peak(.read, level, isa: isa, threads: threads),
      ].compactMap(\.self)
      guard let low = rates.min(), let high = rates.max() else { return nil }
      return Level(level: level, low: low, high: high)
    }
  }

  private struct Roof {
    var name: String
    let gflops: Double
  }

  /// The rates of arithmetic: of multiply-adds, and those that bound a kernel on the chart. Where two are so close that
  /// their names would cover each other, the names share the first one's line.
  private static func roofs(
    _ profile: Profile,
    isa: InstructionSet?,
    threads: Int,
    over kernels: [KernelResult]
  ) -> [Roof] {
    let bounds = Set(kernels.map(\.bound))
    let kinds: [(String, Peak.Kind)] = [
      ("FMA f32", .fmaF32), ("FMA f64", .fmaF64), ("dot bf16", .dotBF16), ("dot u8s8", .dotU8S8),
    ]
    var roofs: [Roof] = []
    for (name, kind) in kinds where [.fmaF32, .fmaF64].contains(kind) || bounds.contains(.compute(kind)) {
      guard let rate = profile.peak(kind, isa: isa, threads: threads) else { continue }
      if let near = roofs.firstIndex(where: { abs(log($0.gflops / rate)) < 0.15 }) {
        roofs[near].name += ", \(name)"
      } else {
        roofs.append(Roof(name: name, gflops: rate))
      }
    }
    return roofs
  }

  private var top: Double { roofs.map(\.gflops).max() ?? y.upperBound }

  /// Each level as a band under the highest roof, with its name along the upper edge.
  private var bands: [SVG.Element] {
    levels.flatMap { level in
      let edges = [level.low, level.high].map { rate in
        [
          SVG.Point(x.position(of: x.lowerBound), y.position(of: rate * x.lowerBound)),
          SVG.Point(x.position(of: top / rate), y.position(of: top)),
        ]
      }
      let outline = [SVG.Step.move(edges[0][0])] + (edges[0].dropFirst() + edges[1].reversed()).map(SVG.Step.line)
      return [.path(outline + [.close], style("band"))]
        + edges.map { line($0[0], $0[1], "roof") } + [name(of: level)]
    }
  }

  private func name(of level: Level) -> SVG.Element {
    let (start, angle) = nameBaseline(of: level)
    let range = level.high / level.low < 1.02 ? rounded(level.high) : "\(rounded(level.low)) – \(rounded(level.high))"
    let rotation = SVG.Attribute.rotation(degrees: -angle * 180 / .pi, about: start)
    return text("\(level.level.rawValue) \(range) GB/s", start, "halo level", rotation)
  }

  /// Just above the upper edge, where the edge enters the plot.
  private func nameBaseline(of level: Level) -> (start: SVG.Point, angle: Double) {
    let entry = max(x.lowerBound, y.lowerBound / level.high) * 1.12
    let angle = atan2(
      y.position(of: level.high) - y.position(of: level.high * 10),
      x.position(of: 10) - x.position(of: 1)
    )
    return (.init(x.position(of: entry) - 4 * sin(angle), y.position(of: level.high * entry) - 4 * cos(angle)), angle)
  }

  private var ceilings: [SVG.Element] {
    let start = levels.map(\.high).max()
    let right = plot.x + plot.width
    return roofs.flatMap { roof in
      let height = y.position(of: roof.gflops)
      let left = start.map { max(plot.x, x.position(of: roof.gflops / $0)) } ?? plot.x
      return [
        line(.init(left, height), .init(right, height), "roof ceiling"),
        text("\(roof.name) \(rounded(roof.gflops)) GFLOP/s", .init(right - 6, height - 6), "halo level end"),
      ]
    }
  }

  /// What labels of points should not cover: the texts along the roofs, and the flat roofs.
  private var obstacles: [Box] {
    let slanted = levels.flatMap { level in
      let (start, angle) = nameBaseline(of: level)
      return stride(from: 0.0, to: 150, by: 12).map { along in
        Box(x: start.x + along * cos(angle), y: start.y - along * sin(angle) - 14, width: 14, height: 18)
      }
    }
    let flat = roofs.map {
      Box(x: plot.x + plot.width - 180, y: y.position(of: $0.gflops) - 18, width: 180, height: 20)
    }
    let ceilings = roofs.map { Box(x: plot.x, y: y.position(of: $0.gflops) - 3, width: plot.width, height: 6) }
    return slanted + flat + ceilings
  }

  // MARK: - Kernels

  private var points: [SVG.Element] {
    let places = kernels.map { SVG.Point(x.position(of: $0.intensity), y.position(of: $0.gflops)) }
    let named = named
    let labels = named.map { LabelPlacement.Label(point: places[$0], width: 6 * Double(kernels[$0].name.count) + 4) }
    let inner = Box(x: plot.x + 3, y: plot.y + 3, width: plot.width - 6, height: plot.height - 6)
    let boxes = LabelPlacement(bounds: inner, obstacles: obstacles, labels: labels, marks: places).boxes()
    let leaders = zip(named, boxes).compactMap { leader(from: places[$0], to: $1) }
    let marks = zip(kernels, places).map(mark(_:at:))
    let texts = zip(named, boxes).map { i, box in
      text(kernels[i].name, .init(box.x + 2, box.y + 10), "halo name \(color(kernels[i].family))")
    }
    return leaders + marks + texts
  }

  /// The points that carry a name: of each kernel the fastest, in single precision if it has any. A name at every shape and
  /// type would hide what it names.
  private var named: [Int] {
    var best: [String: Int] = [:]
    func rank(_ i: Int) -> (Int, Double) { (kernels[i].dtype == .f32 ? 1 : 0, kernels[i].gflops) }
    for (i, kernel) in kernels.enumerated() where best[kernel.name].map({ rank($0) < rank(i) }) ?? true {
      best[kernel.name] = i
    }
    return best.values.sorted()
  }

  /// A thin line to the label, when it stands so far away that its point would not be found.
  private func leader(from point: SVG.Point, to box: Box) -> SVG.Element? {
    let nearest = SVG.Point(
      min(max(point.x, box.x), box.x + box.width),
      min(max(point.y, box.y + 2), box.y + box.height - 2)
    )
    return hypot(nearest.x - point.x, nearest.y - point.y) > 14 ? line(point, nearest, "leader") : nil
  }

  /// A disc for single precision, a diamond for anything else.
  private func mark(_ kernel: KernelResult, at point: SVG.Point) -> SVG.Element {
    let facts =
      "\(kernel.name) \(kernel.dtype.rawValue) \(kernel.shapeText): \(rounded(kernel.gflops)) GFLOP/s, "
      + "\(percent(kernel.fractionOfBound)) of \(kernel.bound.rawValue)"
    let style = style("mark \(color(kernel.family))")
    if kernel.dtype == .f32 { return .circle(center: point, radius: 4.5, style).titled(facts) }
    let corners = [(0.0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)].map { SVG.Point(point.x + $0.0, point.y + $0.1) }
    return .path([.move(corners[0])] + corners.dropFirst().map(SVG.Step.line) + [.close], style).titled(facts)
  }

  private var legend: [SVG.Element] {
    let row = Self.height - 20
    var left = plot.x
    var result: [SVG.Element] = []
    for family in profile.families where kernels.contains(where: { $0.family == family }) {
      result.append(.circle(center: .init(left + 5, row - 4), radius: 4.5, style("mark \(color(family))")))
      result.append(text(family, .init(left + 15, row), "axis"))
      left += 34 + 6.4 * Double(family.count)
    }
    let threadText = threads == 1 ? "1 thread" : "\(threads) threads"
    let isaText = isa?.rawValue ?? "unknown"
    let note = "● f32  ◆ others, named where fastest · \(threadText) · \(isaText) · bands: copy to read"
    return result + [text(note, .init(plot.x + plot.width, row), "axis end")]
  }

  // MARK: - Elements

  private func line(_ start: SVG.Point, _ end: SVG.Point, _ name: String) -> SVG.Element {
    .line(from: start, to: end, style(name))
  }

  private func text(
    _ content: String,
    _ position: SVG.Point,
    _ name: String,
    _ more: SVG.Attribute...
  ) -> SVG.Element {
    var text = SVG.Element.text(content, at: position, style(name))
    text.attributes += more
    return text
  }

  private func style(_ name: String) -> SVG.Attribute { .init("class", name) }

  private func color(_ family: String) -> String { "family-\(profile.colorIndex(of: family))" }

  /// The selectors begin with the class of the chart, because a page that the chart stands in shares them.
  private static let style = """
    .roofline { --paper: #ffffff; --ink: #1d2430; --muted: #667085; --line: #e4e7ec; --roof: #475467; \(Palette.light) }
    @media (prefers-color-scheme: dark) {
      .roofline { --paper: #161b22; --ink: #e6eaf0; --muted: #98a2b3; --line: #2a313c; --roof: #aeb8c7; \(Palette.dark) }
    }
    .roofline .paper { fill: var(--paper); }
    .roofline text { fill: var(--ink); font: 11.5px system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif; }
    .roofline .axis { fill: var(--muted); }
    .roofline .middle { text-anchor: middle; }
    .roofline .end { text-anchor: end; }
    .roofline .grid { stroke: var(--line); }
    .roofline .faint { stroke-opacity: 0.5; }
    .roofline .band { fill: var(--roof); fill-opacity: 0.07; }
    .roofline .roof { stroke: var(--roof); stroke-opacity: 0.55; }
    .roofline .ceiling { stroke-width: 1.6; stroke-opacity: 1; }
    .roofline .leader { stroke: var(--muted); stroke-width: 0.75; }
    .roofline .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 3.5; stroke-linejoin: round; }
    .roofline .level { fill: var(--roof); font-weight: 600; font-size: 11px; }
    .roofline .name { font-size: 11px; }
    .roofline .mark { stroke: var(--paper); stroke-width: 1.2; }
    \((0..<8).map { ".roofline .family-\($0) { fill: var(--family-\($0)); }" }.joined(separator: "\n"))
    """
}

/// The colours of families, told apart also by people who do not see all colours; dark ones on light paper and light ones
/// on dark paper.
enum Palette {
  static let light = variables([
    "#2458c5", "#b54708", "#067a55", "#8a35b5", "#b42318", "#0e7490", "#4d5b1a", "#9d174d",
  ])
  static let dark = variables([
    "#84adff", "#fdb022", "#47cd9a", "#d6a5f0", "#ff8a80", "#67d5e8", "#c5d86d", "#f5a3c7",
  ])

  private static func variables(_ colors: [String]) -> String {
    colors.enumerated().map { "--family-\($0): \($1);" }.joined(separator: " ")
  }
}
