import Farro
import FarroDatasets
import FarroModels
import TestSupport
import Testing

/// Trees beside those of scikit-learn (Tests/Golden/trees.py).
@Suite struct TreeGoldenTests {
  /// A data set with its target as classes or numbers.
  struct Data {
    var x: Tensor<Double>
    var classes: [Int]?
    var numbers: Tensor<Double>?

    init(_ name: String) {
      func classes(_ set: ClassificationDataset<Double>) -> (Tensor<Double>, [Int]?, Tensor<Double>?) {
        (set.x, set.y, nil)
      }
      (x, self.classes, numbers) =
        switch name {
        case "iris": classes(Datasets.iris())
        case "wine": classes(Datasets.wine())
        case "breast_cancer": classes(Datasets.breastCancer())
        case "digits": classes(Datasets.digits())
        default: (Datasets.diabetes().x, nil, Datasets.diabetes().y)
        }
    }

    func rows(where isIn: (Int) -> Bool) -> [Int] { (0..<x.shape[0]).filter(isIn) }

    mutating func makeGaps() {
      for row in 0..<x.shape[0] {
        for column in 0..<x.shape[1] where (row * 7 + column * 3) % 11 == 0 { x[row, column] = .nan }
      }
    }
  }

  /// A tree of either kind, fitted as the case's name says.
  private struct Fitted {
    var tree: TreeNodes
    var predictions: [Double]
    var importances: [Double]
  }

  private static func fit<Scalar: KernelScalar>(_ name: String, as: Scalar.Type, depth: Int? = nil) throws -> Fitted {
    let words = name.split(separator: " ").map(String.init)
    var data = Data(words[0])
    let has = { (word: String) in words.contains(word) }
    if has("gaps") { data.makeGaps() }
    let (kept, held) = (data.rows { $0 % 3 != 0 }, data.rows { $0 % 3 == 0 })
    let weights = Tensor<Double>(
      kept.map { has("whole") ? Double($0 % 4) : 0.25 + Double($0 % 7) * 0.375 + Double($0 % 5) * 0.125 }
    )
    let used = has("weights") || has("fraction") ? weights : nil
    let (x, test) = (Tensor<Scalar>(casting: data.x[rows: kept]), Tensor<Scalar>(casting: data.x[rows: held]))
    let isFree = has("leaves") || has("limits") || has("fraction") || has("decrease")
    let deepest: Int? =
      depth
      ?? (isFree
        ? nil
        : has("weights") && !has("whole")
          ? (data.classes == nil ? 5 : 4)
          : has("pruned") || (has("gaps") && words[0] != "iris") ? 6 : 8)
    let leaves = has("leaves") ? (data.classes == nil ? 12 : 20) : nil
    if let classes = data.classes {
      let model = try DecisionTreeClassifier<Scalar>(
        criterion: has("entropy") ? .entropy : .gini,
        maxDepth: deepest,
        minSamplesSplit: has("limits") ? 30 : 2,
        minSamplesLeaf: has("limits") ? 7 : 1,
        maxLeafNodes: leaves,
        minImpurityDecrease: has("decrease") ? 0.01 : 0
      ).fit(x, kept.map { classes[$0] }, weights: used)
      return Fitted(
        tree: model.tree,
        predictions: try model.predict(test).map(Double.init),
        importances: model.featureImportances.scalars
      )
    }
    let model = try DecisionTreeRegressor<Scalar>(
      maxDepth: deepest,
      minWeightFractionLeaf: has("fraction") ? 0.04 : 0,
      maxLeafNodes: leaves,
      ccpAlpha: has("pruned") ? 60 : 0
    ).fit(x, Tensor<Scalar>(casting: data.numbers![rows: kept]), weights: used)
    return Fitted(
      tree: model.tree,
      predictions: try model.predict(test).scalars.map { Double($0) },
      importances: model.featureImportances.scalars
    )
  }

  /// How many splits are those of the golden tree, up to a depth; what is not, and what is not told, is not gone below.
  private func compare(_ tree: TreeNodes, _ golden: String, depth: Int, tolerance: Double, _ name: String) -> Int {
    var tokens = golden.split(separator: " ")[...]
    var same = 0
    let (right, missingLeft) = (tree.childrenRight, tree.missingGoToLeft)
    // The golden tree's nodes in their order, beside ours; nil where ours is not looked at any more.
    var open: [(node: Int?, depth: Int)] = [(0, 0)]
    while let (node, level) = open.popLast() {
      let token = tokens.removeFirst()
      if token == "?" { continue }
      guard token != "L" else {
        if let node { #expect(right[node] < 0, "\(name): node \(node) is no leaf") }
        continue
      }
      var next: (Int?, Int?) = (nil, nil)
      if let node, level < depth {
        let agrees = token.split(separator: "|").contains { choice in
          let parts = choice.split(separator: ":")
          let threshold = Double(parts[1])!
          return Int32(parts[0])! == tree.feature[node] && (Int(parts[2])! == 1) == missingLeft[node]
            && (threshold == tree.threshold[node]
              || abs(threshold - tree.threshold[node]) <= tolerance * max(abs(threshold), 0.05))
        }
        #expect(agrees, "\(name): node \(node) asks \(tree.feature[node]):\(tree.threshold[node]), not \(token)")
        if agrees {
          same += 1
          next = (node + 1, right[node])
        }
      }
      open.append((next.1, level + 1))
      open.append((next.0, level + 1))
    }
    return same
  }

  @Test(arguments: TreesGolden.splits.keys.sorted())
  func `splits are those of scikit-learn, and so are answers to rows that were held out`(name: String) throws {
    let golden = TreesGolden.splits[name]!
    let single = try Self.fit(name, as: Float.self)
    let double = try Self.fit(name, as: Double.self)
    // scikit-learn rounds what it sees to Float.
    let same = compare(single.tree, golden, depth: .max, tolerance: 1e-9, name)
    #expect(same >= 2, "\(name)")
    #expect(compare(double.tree, golden, depth: .max, tolerance: 3e-7, name) == same)
    let expected = TreesGolden.predictions[name]!.split(separator: " ")
    #expect(expected.count == single.predictions.count)
    #expect(expected.count { $0 != "?" } * 2 > expected.count)
    // Of Double, a row that lies on a threshold may be beside it when rounded to Float.
    var moved = 0
    for (row, text) in expected.enumerated() where text != "?" {
      let value = Double(text)!
      #expect(abs(single.predictions[row] - value) <= 1e-6 * abs(value), "\(name), row \(row)")
      moved += abs(double.predictions[row] - value) <= 1e-8 * abs(value) ? 0 : 1
    }
    #expect(moved <= 2, "\(name)")
    guard let importances = TreesGolden.importances[name] else { return }
    for (column, text) in importances.split(separator: " ").enumerated() {
      #expect(abs(double.importances[column] - Double(text)!) < 1e-9, "\(name), column \(column)")
    }
  }

  @Test(arguments: ["iris gini", "wine entropy", "breast_cancer gini", "digits gini", "diabetes squared_error"])
  func `a tree of less depth is the top of a deeper one`(name: String) throws {
    for depth in 1...8 {
      let fitted = try Self.fit(name, as: Double.self, depth: depth)
      #expect(fitted.tree.depth <= depth)
      #expect(compare(fitted.tree, TreesGolden.splits[name]!, depth: depth, tolerance: 3e-7, name) >= 1)
    }
  }

  @Test(arguments: TreesGolden.paths.keys.sorted())
  func `pruning goes the way of scikit-learn's`(name: String) throws {
    let data = Data(name)
    let path =
      if let classes = data.classes {
        try DecisionTreeClassifier().costComplexityPruningPath(data.x, classes)
      } else {
        try DecisionTreeRegressor(maxDepth: 6).costComplexityPruningPath(data.x, data.numbers!)
      }
    let golden = TreesGolden.paths[name]!.split(separator: " ").map { $0.split(separator: ":").map { Double($0)! } }
    #expect(golden.count > 1)
    try #require(path.ccpAlphas.count == golden.count && path.impurities.count == golden.count)
    for (step, values) in golden.enumerated() {
      #expect(abs(path.ccpAlphas[step] - values[0]) <= 1e-9 * max(values[0], 1e-3))
      #expect(abs(path.impurities[step] - values[1]) <= 1e-9 * max(values[1], 1e-3))
    }
  }

  @Test(arguments: TreesGolden.scores.keys.sorted())
  func `forests are no worse than those of scikit-learn`(name: String) throws {
    let words = name.split(separator: " ").map(String.init)
    let data = Data(words[1])
    let golden = TreesGolden.scores[name]!.split(separator: " ").map { Double($0)! }
    let differences = try golden.indices.map { seed in
      let (kept, held) = (data.rows { $0 % 5 != seed % 5 }, data.rows { $0 % 5 == seed % 5 })
      let (x, test) = (data.x[rows: kept], data.x[rows: held])
      let isExtra = words[0] == "extra"
      guard let classes = data.classes else {
        let (y, truth) = (data.numbers![rows: kept], data.numbers![rows: held])
        let seed = UInt64(seed)
        let model =
          isExtra
          ? try ExtraTreesRegressor(nEstimators: 50, seed: seed).fit(x, y)
          : try RandomForestRegressor(nEstimators: 50, seed: seed).fit(x, y)
        return try r2Score(truth, predicted: model.predict(test)) - golden[Int(seed)]
      }
      let labels = kept.map { classes[$0] }
      let model =
        isExtra
        ? try ExtraTreesClassifier(nEstimators: 50, seed: UInt64(seed)).fit(x, labels)
        : try RandomForestClassifier(nEstimators: 50, seed: UInt64(seed)).fit(x, labels)
      return try accuracy(held.map { classes[$0] }, predicted: model.predict(test)) - golden[seed]
    }
    let mean = differences.reduce(0, +) / Double(differences.count)
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(differences.count - 1)
    let error = (variance / Double(differences.count)).squareRoot()
    print("\(name): \(mean) +- \(error)")
    #expect(mean >= -2 * error, "\(name): \(mean) beside scikit-learn's, standard error \(error)")
    // A forest that learned nothing would be far below.
    #expect(mean > -0.05)
  }
}
