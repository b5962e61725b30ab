import Farro
import FarroData

extension LearningCurve {
  /// A chart of the mean scores by the number of rows, with a band of a standard deviation to both sides.
  public func drawing(title: String? = nil) -> SVG {
    scoreChart(
      trainSizes.map(Double.init),
      isLogarithmic: false,
      xTitle: "rows to learn from",
      yTitle: scorer,
      title: title,
      trainScores,
      testScores
    )
  }
}

extension ValidationCurve {
  /// A chart of the mean scores by the parameter's value, with a band of a standard deviation to both sides; on a logarithmic axis,
  /// where values are positive and differ by a factor of 30 or more. Values that are no numbers, or not ascending, stand in their
  /// order.
  public func drawing(title: String? = nil) -> SVG {
    let isAscending = numbers.allSatisfy(\.isFinite) && zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
    let x = isAscending ? numbers : numbers.indices.map { Double($0 + 1) }
    return scoreChart(
      x,
      isLogarithmic: isAscending && x[0] > 0 && x.last! / x[0] >= 30,
      xTitle: isAscending ? parameter : "\(parameter): \(values.joined(separator: ", "))",
      yTitle: scorer,
      title: title,
      trainScores,
      testScores
    )
  }
}

extension ROCCurve {
  /// A chart of the curve, with the diagonal of scores that tell nothing.
  public func drawing(title: String? = nil) -> SVG { ROCCurve.drawing([("", self)], title: title) }

  /// A chart of several curves, such as those of each class against all others, with their names and areas.
  public static func drawing(_ curves: [(name: String, curve: ROCCurve)], title: String? = nil) -> SVG {
    let chart = Chart(
      x: Axis(.linear, from: 0, through: 1, alongPixels: 60, 420),
      y: Axis(.linear, from: 0, through: 1, alongPixels: 400, 40)
    )
    var drawing = SVG(width: 440, height: 450)
    drawing.add(chart.axes(xTitle: "false positive rate", yTitle: "true positive rate"))
    drawing.add(chart.curve([(0, 0), (1, 1)], color: "#999", .dashes(4, 3)))
    for (place, (_, curve)) in curves.enumerated() {
      drawing.add(
        chart.curve(
          Array(zip(curve.falsePositiveRates, curve.truePositiveRates)),
          color: chartColors[place % chartColors.count]
        )
      )
    }
    let entries = curves.enumerated().map { place, entry in
      (label: "\(entry.name) AUC \(rounded(entry.curve.area))", color: chartColors[place % chartColors.count])
    }
    drawing.add(chart.legend(entries, at: SVG.Point(260, 384 - 16 * Double(entries.count))))
    drawing.add(heading(title))
    return drawing
  }
}

private let chartColors = ["#1f6fb4", "#d1495b", "#3a8f5c", "#8b5fbf", "#c98a12", "#3b9aa8", "#7a5c3e", "#d66ba0"]

private func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

private func heading(_ title: String?) -> [SVG.Element] {
  title.map { [SVG.Element.text($0, at: SVG.Point(60, 24), .fontFamily("sans-serif"), .fontSize(13), .fill("#333"))] }
    ?? []
}

private func scoreChart(
  _ x: [Double],
  isLogarithmic: Bool,
  xTitle: String,
  yTitle: String,
  title: String?,
  _ trainScores: [[Double]],
  _ testScores: [[Double]]
) -> SVG {
  let series = [("training", trainScores, chartColors[1]), ("test", testScores, chartColors[0])]
    .map { name, scores, color in (name: name, means: scores.map(average), spreads: scores.map(spread), color: color) }
  let ends = series.flatMap { line in
    zip(line.means, line.spreads).flatMap { [$0 - $1, $0 + $1] }
  }
  let (low, high) = bounds(ends.filter(\.isFinite), margin: 0.05)
  let (first, last) = x.count > 1 ? (x[0], x.last!) : bounds(x, margin: 0.5)
  let chart = Chart(
    x: Axis(isLogarithmic ? .logarithmic : .linear, from: first, through: last, alongPixels: 60, 560),
    y: Axis(.linear, from: low, through: high, alongPixels: 340, 40)
  )
  var drawing = SVG(width: 580, height: 390)
  drawing.add(chart.axes(xTitle: xTitle, yTitle: yTitle))
  for line in series {
    let points = x.indices.filter { line.means[$0].isFinite }
    let upper = points.map { chart.point((x[$0], line.means[$0] + line.spreads[$0])) }
    let lower = points.reversed().map { chart.point((x[$0], line.means[$0] - line.spreads[$0])) }
    var band = SVG.Element.polyline(upper + lower, .stroke("none"))
    band.attributes.removeAll { $0.name == "fill" }
    band.attributes += [.fill(line.color), .opacity(0.15)]
    drawing.add(band)
    drawing.add(chart.curve(points.map { (x[$0], line.means[$0]) }, color: line.color))
    for point in points {
      let value = "\(rounded(line.means[point])) +- \(rounded(line.spreads[point]))"
      drawing.add(chart.marker(at: (x[point], line.means[point]), color: line.color, title: value))
    }
  }
  drawing.add(chart.legend(series.map { ($0.name, $0.color) }, at: SVG.Point(470, 300)))
  drawing.add(heading(title))
  return drawing
}

/// The least and the greatest value with a margin, of a part of what is between them; apart even where these are equal.
private func bounds(_ values: [Double], margin: Double) -> (Double, Double) {
  guard let low = values.min(), let high = values.max() else { return (0, 1) }
  let width = high - low > 1e-9 * max(1, abs(high)) ? high - low : max(1, abs(high)) * 0.1
  return (low - width * margin, high + width * margin)
}
