import FarroData

/// A rectangle of a drawing, y downwards.
struct Box: Equatable {
  var x, y, width, height: Double

  func overlap(with other: Box) -> Double {
    let across = min(x + width, other.x + other.width) - max(x, other.x)
    let down = min(y + height, other.y + other.height) - max(y, other.y)
    return across > 0 && down > 0 ? across * down : 0
  }

  func contains(_ other: Box) -> Bool {
    x <= other.x && y <= other.y && x + width >= other.x + other.width && y + height >= other.y + other.height
  }
}

/// Puts a label beside each of many points so that none covers another label, a point, or an obstacle, and near its point.
///
/// Every label starts at the cheapest of a few dozen places around its point; then each in turn moves to the place that is
/// the cheapest given all others, until nothing moves. Not the optimum, which is NP-hard to find, and good enough for the
/// few dozen points of a chart.
///
/// - Complexity: O(passes × labels × places × (labels + obstacles)).
struct LabelPlacement {
  struct Label {
    var point: SVG.Point
    var width: Double
  }

  let bounds: Box
  let obstacles: [Box]
  let labels: [Label]
  /// Points that no label should cover, those of the labels among them.
  let marks: [SVG.Point]
  static let height = 13.0
  static let markerRadius = 5.0

  /// The boxes of the labels, in their order.
  func boxes() -> [Box] {
    let places = labels.map(places(around:))
    var boxes = places.map { $0[0] }
    for _ in 0..<8 {
      var hasMoved = false
      for i in labels.indices {
        let best = places[i].enumerated().min { cost($0, of: i, in: boxes) < cost($1, of: i, in: boxes) }!.element
        hasMoved = hasMoved || best != boxes[i]
        boxes[i] = best
      }
      if !hasMoved { break }
    }
    return boxes
  }

  /// In order of preference: right, left, above, below, the corners; each time farther away.
  private func places(around label: Label) -> [Box] {
    let directions = [(1.0, 0.0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1), (1, -0.5), (-1, 0.5)]
    let distances = [9.0, 16, 26, 38, 52, 68, 86, 106]
    return distances.flatMap { distance in
      directions.map { dx, dy in
        let (x, y) = (label.point.x + dx * distance, label.point.y + dy * distance)
        let left = dx > 0 ? x : dx < 0 ? x - label.width : x - label.width / 2
        return Box(x: left, y: y - Self.height / 2, width: label.width, height: Self.height)
      }
    }
  }

  private func cost(_ place: (offset: Int, element: Box), of index: Int, in boxes: [Box]) -> Double {
    let box = place.element
    var cost = Double(place.offset) * 4
    if !bounds.contains(box) { cost += 1e6 }
    for i in labels.indices where i != index {
      cost += 40 * box.overlap(with: boxes[i])
    }
    for mark in marks {
      let marker = Box(
        x: mark.x - Self.markerRadius,
        y: mark.y - Self.markerRadius,
        width: 2 * Self.markerRadius,
        height: 2 * Self.markerRadius
      )
      cost += 20 * box.overlap(with: marker)
    }
    for obstacle in obstacles { cost += 10 * box.overlap(with: obstacle) }
    return cost
  }
}
