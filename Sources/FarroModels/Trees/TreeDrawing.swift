import Farro
import FarroData

// Trees as drawings.

extension TreeNodes {
  /// A box for each node, its children below it.
  func drawing(_ labels: TreeLabels, maxDepth: Int) -> SVG {
    let (depths, right) = (depths, childrenRight)
    let isShown = shownNodes(depths, maxDepth: maxDepth)
    let shown = (0..<nodeCount).filter { isShown[$0] }
    let texts = Dictionary(uniqueKeysWithValues: shown.map { ($0, lines($0, labels, isCut: depths[$0] >= maxDepth)) })
    // Of letters of 12 pixels, as wide as those of the widest usual font; the first line's are bold.
    let widths = texts.values.flatMap { $0.enumerated().map { Double($1.count) * ($0 == 0 ? 7.6 : 7) } }
    let box = (width: (widths.max() ?? 0) + 16, height: Double(texts.values.map(\.count).max() ?? 0) * 15 + 10)
    let step = (x: box.width + 14, y: box.height + 40)
    // Leaves stand side by side in their order, and each parent above the middle of its children, which come after it.
    var middles = [Double](repeating: 0, count: nodeCount)
    var leaves = 0
    for node in shown where right[node] < 0 || depths[node] >= maxDepth {
      middles[node] = (Double(leaves) + 0.5) * step.x
      leaves += 1
    }
    for node in shown.reversed() where right[node] >= 0 && depths[node] < maxDepth {
      middles[node] = (middles[node + 1] + middles[right[node]]) / 2
    }
    let levels = shown.map { depths[$0] }.max()! + 1
    var drawing = SVG(width: Double(leaves) * step.x + 16, height: Double(levels) * step.y - 40 + 16)
    drawing.add(.rect(origin: .init(0, 0), width: drawing.width, height: drawing.height, .fill("white")))
    func top(_ node: Int) -> SVG.Point { SVG.Point(middles[node] + 8, Double(depths[node]) * step.y + 8) }
    for node in shown where right[node] >= 0 && depths[node] < maxDepth {
      for (child, word) in [(node + 1, "yes"), (right[node], "no")] {
        let (start, end) = (SVG.Point(top(node).x, top(node).y + box.height), top(child))
        drawing.add(.line(from: start, to: end, .stroke("#888"), .strokeWidth(1)))
        let middle = SVG.Point((start.x + end.x) / 2 + (child == node + 1 ? -5 : 5), (start.y + end.y) / 2)
        drawing.add(
          .text(
            word,
            at: middle,
            .anchor(child == node + 1 ? .end : .start),
            .fontSize(11),
            .fontFamily("Helvetica, Arial, sans-serif"),
            .fill("#666"),
            // The line behind it does not cross the word.
            .stroke("white"),
            .strokeWidth(4),
            .init("paint-order", "stroke")
          )
        )
      }
    }
    for node in shown {
      let corner = SVG.Point(top(node).x - box.width / 2, top(node).y)
      drawing.add(
        .rect(
          origin: corner,
          width: box.width,
          height: box.height,
          .fill(color(node, labels)),
          .stroke("#444"),
          .strokeWidth(1),
          .init("rx", 4)
        )
      )
      let words = texts[node]!
      let first = corner.y + (box.height - Double(words.count) * 15) / 2 + 12
      for (line, text) in words.enumerated() {
        drawing.add(
          .text(
            text,
            at: .init(top(node).x, first + Double(line) * 15),
            .anchor(.middle),
            .fontSize(12),
            .fontFamily("Helvetica, Arial, sans-serif"),
            .fontWeight(line == 0 ? "bold" : "normal")
          )
        )
      }
    }
    return drawing
  }

  private func shownNodes(_ depths: [Int], maxDepth: Int) -> [Bool] { depths.map { $0 <= maxDepth } }

  private func lines(_ node: Int, _ labels: TreeLabels, isCut: Bool) -> [String] {
    let isLeaf = feature[node] < 0
    let question = isLeaf ? [] : [isCut ? "..." : labels.question(node, self).left]
    let rows = nNodeSamples[node]
    return question + [
      labels.answer(node, self), "\(rows) row\(rows == 1 ? "" : "s")", "impurity \(labels.number(impurity[node]))",
    ]
  }

  /// Of classes the most probable one's hue, the paler the less sure; of numbers the darker the greater.
  private func color(_ node: Int, _ labels: TreeLabels) -> String {
    let hues = ["#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#ff9da7", "#9c755f"]
    let values = value[row: node].scalars
    let (hue, part): (String, Double)
    if labels.classNames != nil {
      let best = values.indices.max { values[$0] < values[$1] }!
      let chance = 1 / Double(values.count)
      (hue, part) = (hues[best % hues.count], values.count < 2 ? 1 : (values[best] - chance) / (1 - chance))
    } else {
      let (least, most) = (value.min(), value.max())
      let mean = values.reduce(0, +) / Double(values.count)
      (hue, part) = (hues[0], most > least ? (mean - least) / (most - least) : 0)
    }
    // Mixed with white, so that black letters can be read on it.
    let strength = 0.05 + 0.55 * min(max(part, 0), 1)
    let number = Int(hue.dropFirst(), radix: 16)!
    let mixed = [16, 8, 0].map { shift in
      let channel = Double(number >> shift & 255)
      return Int((255 + (channel - 255) * strength).rounded())
    }
    return "rgb(\(mixed[0]),\(mixed[1]),\(mixed[2]))"
  }
}

extension DecisionTreeClassifierModel {
  /// The tree as a drawing: questions, answers, rows and impurities in boxes that have their class's color.
  ///
  /// - Parameters:
  ///   - featureNames: What the columns are called; when nil, by number.
  ///   - classNames: What the classes are called, in order; when nil, by number.
  ///   - maxDepth: Deeper nodes are left out.
  ///   - decimals: How many decimals numbers have.
  /// - Precondition: there are as many names as columns and classes.
  public func drawing(
    featureNames: [String]? = nil,
    classNames: [String]? = nil,
    maxDepth: Int = .max,
    decimals: Int = 2
  ) -> SVG {
    tree.drawing(labels(featureNames, classNames, decimals), maxDepth: maxDepth)
  }
}

extension DecisionTreeRegressorModel {
  /// The tree as a drawing: questions, answers, rows and impurities in boxes, the darker the greater the answer.
  ///
  /// - Parameters:
  ///   - featureNames: What the columns are called; when nil, by number.
  ///   - maxDepth: Deeper nodes are left out.
  ///   - decimals: How many decimals numbers have.
  /// - Precondition: there are as many names as columns.
  public func drawing(featureNames: [String]? = nil, maxDepth: Int = .max, decimals: Int = 2) -> SVG {
    tree.drawing(labels(featureNames, decimals), maxDepth: maxDepth)
  }
}

extension Classifier {
  /// The tree as a drawing, with the labels of its classes; as
  /// ``DecisionTreeClassifierModel/drawing(featureNames:classNames:maxDepth:decimals:)``.
  public func drawing<Scalar>(featureNames: [String]? = nil, maxDepth: Int = .max, decimals: Int = 2) -> SVG
  where Model == DecisionTreeClassifierModel<Scalar> {
    model.drawing(
      featureNames: featureNames,
      classNames: classes.map { "\($0)" },
      maxDepth: maxDepth,
      decimals: decimals
    )
  }
}
