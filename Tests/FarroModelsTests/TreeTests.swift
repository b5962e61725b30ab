import Farro
import FarroData
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct TreeTests {
  private static let iris = Datasets.iris()

  /// Numbers of which none equals another, from a formula.
  private static func rows(_ count: Int, _ columns: Int) -> Tensor<Double> {
    Tensor<Double>(randomNormal: [count, columns], seed: 3)
  }

  @Test func `a tree that grows until its leaves are pure knows the rows it was fitted with`() throws {
    let x = Self.rows(300, 4)
    let y = (0..<300).map { "\($0 * $0 % 7)" }
    for splitter in [TreeSplitter.best, .random] {
      let model = try DecisionTreeClassifier(splitter: splitter).fit(x, y)
      #expect(try model.predict(x) == y)
      #expect(model.leafCount == model.tree.nodeCount / 2 + 1)
      let numbers = Tensor<Double>((0..<300).map { Double($0 * $0 % 71) })
      let regressor = try DecisionTreeRegressor(splitter: splitter).fit(x, numbers)
      #expect(try regressor.predict(x) == numbers)
    }
  }

  @Test func `rows of weight 0 do not exist, and a weight of 2 is a row that is there twice`() throws {
    let x = Self.rows(200, 3)
    let y = (0..<200).map { $0 * 5 / 2 % 3 }
    let weights = Tensor<Double>((0..<200).map { Double($0 % 3) })
    let twice = (0..<200).flatMap { [Int](repeating: $0, count: $0 % 3) }
    let weighted = try DecisionTreeClassifier(maxDepth: 6).fit(x, y, weights: weights)
    let repeated = try DecisionTreeClassifier(maxDepth: 6).fit(x[rows: twice], twice.map { y[$0] })
    #expect(weighted.tree.feature == repeated.tree.feature && weighted.tree.threshold == repeated.tree.threshold)
    #expect(weighted.tree.value == repeated.tree.value)
    #expect(weighted.tree.nNodeSamples[0] == 133 && weighted.tree.weightedNNodeSamples[0] == 199)
    let numbers = Tensor<Double>(y.map { Double($0) })
    let first = try DecisionTreeRegressor(maxDepth: 6).fit(x, numbers, weights: weights)
    let second = try DecisionTreeRegressor(maxDepth: 6).fit(x[rows: twice], numbers[rows: twice])
    #expect(first.tree.feature == second.tree.feature && first.tree.threshold == second.tree.threshold)
  }

  @Test func `neither the order of rows nor the numbers of classes change a tree`() throws {
    let order = (0..<150).map { $0 * 67 % 150 }
    let y = Self.iris.y
    for criterion in [ClassCriterion.gini, .entropy] {
      let plain = try DecisionTreeClassifier(criterion: criterion).fit(Self.iris.x, y)
      let moved = try DecisionTreeClassifier(criterion: criterion).fit(Self.iris.x[rows: order], order.map { y[$0] })
      #expect(moved.model == plain.model)
      let renamed = try DecisionTreeClassifier(criterion: criterion).fit(Self.iris.x, y.map { [5, -1, 2][$0] })
      #expect(renamed.tree.threshold == plain.tree.threshold && renamed.tree.feature == plain.tree.feature)
      #expect(try renamed.predict(Self.iris.x) == plain.predict(Self.iris.x).map { [5, -1, 2][$0] })
    }
    let numbers = Tensor<Double>((0..<150).map { Double($0 * 31 % 17) + 1e6 })
    let plain = try DecisionTreeRegressor().fit(Self.iris.x, numbers)
    let moved = try DecisionTreeRegressor().fit(Self.iris.x[rows: order], numbers[rows: order])
    #expect(moved.tree.feature == plain.tree.feature && moved.tree.threshold == plain.tree.threshold)
  }

  @Test func `one and two threads grow the same trees`() throws {
    let x = Tensor<Float>(randomNormal: [6000, 12], seed: 8)
    let y = (0..<6000).map { ($0 * 13 % 29) % 4 }
    let numbers = Tensor<Float>(y.map { Float($0) })
    func both<Model: Equatable>(_ fit: () throws -> Model) throws {
      let one = try withThreads(1) { try fit() }
      #expect(try fit() == one)
    }
    try both { try DecisionTreeClassifier().fit(x, y).model }
    try both { try DecisionTreeRegressor(maxFeatures: .sqrt, seed: 3).fit(x, numbers) }
    try both { try RandomForestClassifier(nEstimators: 9, oobScore: true, seed: 4).fit(x, y).model }
    try both { try ExtraTreesRegressor(nEstimators: 3, maxDepth: 9).fit(x, numbers) }
    let forest = try RandomForestClassifier(nEstimators: 20, maxDepth: 5).fit(x, y)
    let one = try withThreads(1) { try forest.predictProbabilities(x) }
    #expect(try forest.predictProbabilities(x) == one)
  }

  @Test func `constant columns, one class, one row, more columns than rows and duplicated rows`() throws {
    let constant = Tensor<Float>(ones: [10, 3])
    let stump = try DecisionTreeClassifier().fit(constant, [0, 1, 0, 1, 0, 1, 0, 1, 0, 0])
    #expect(stump.leafCount == 1 && stump.depth == 0)
    #expect(try stump.predictProbabilities(constant[0..<1]) == [[0.6, 0.4]])
    #expect(stump.featureImportances == Tensor(zeros: [3]))
    let same = try DecisionTreeClassifier().fit(Self.iris.x, [String](repeating: "a", count: 150))
    #expect(same.leafCount == 1 && same.classes == ["a"])
    let row = try DecisionTreeRegressor<Float>().fit([[1, 2]], [7])
    #expect(try row.predict([[0, 0], [3, 4]]) == [7, 7])
    let wide = Self.rows(8, 100)
    #expect(
      try DecisionTreeClassifier().fit(wide, [1, 2, 3, 4, 5, 6, 7, 8]).predict(wide) == [1, 2, 3, 4, 5, 6, 7, 8]
    )
    #expect(
      try RandomForestClassifier(nEstimators: 3).fit(constant, [0, 1, 0, 1, 0, 1, 0, 1, 0, 0]).trees.nodeCount == 3
    )
    let twice = (0..<300).map { $0 / 2 }
    let plain = try DecisionTreeClassifier().fit(Self.iris.x, Self.iris.y)
    let doubled = try DecisionTreeClassifier().fit(Self.iris.x[rows: twice], twice.map { Self.iris.y[$0] })
    #expect(doubled.tree.threshold == plain.tree.threshold && doubled.tree.value == plain.tree.value)
  }

  @Test func `the scale of columns and numbers does not matter, however huge or tiny`() throws {
    let y = Tensor<Double>((0..<150).map { Double($0 * 31 % 17) })
    let (classes, numbers) = (
      try DecisionTreeClassifier().fit(Self.iris.x, Self.iris.y), try DecisionTreeRegressor().fit(Self.iris.x, y)
    )
    for exponent in [-500, -40, 40, 400] {
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      let scaled = try DecisionTreeClassifier().fit(Self.iris.x * scale, Self.iris.y)
      #expect(scaled.tree.threshold == classes.tree.threshold * scale && scaled.tree.feature == classes.tree.feature)
      let other = try DecisionTreeRegressor().fit(Self.iris.x * scale, y * scale)
      #expect(other.tree.threshold == numbers.tree.threshold * scale)
      #expect(other.tree.value == numbers.tree.value * scale)
    }
    // Neighbours, which rounding may have made of the same number, and what is close but not so close.
    let close = Tensor<Double>([[1], [(1 as Double).nextUp], [1 + 0x1p-40]])
    let model = try DecisionTreeClassifier().fit(close, ["a", "a", "b"])
    #expect(model.leafCount == 2)
    #expect(try model.predict(close) == ["a", "a", "b"])
    #expect(try DecisionTreeClassifier().fit(close[0..<2], ["a", "b"]).leafCount == 1)
    let single = Tensor<Float>([[1], [1 + 0x1p-21]])
    #expect(try DecisionTreeClassifier().fit(single, ["a", "b"]).predict(single) == ["a", "b"])
  }

  @Test func `of categories the best of all sets is found, for two classes and for numbers`() throws {
    let categories: [Int] = (0..<240).map { $0 * 7 % 6 }
    let y: [Double] = (0..<240).map { row in
      let bump = categories[row] % 2 == 0 ? 3 : 0
      return Double((row * row + row / 6) % 11 + bump)
    }
    let x = Tensor<Double>(categories.map { Double($0) }).reshaped([240, 1])
    /// What a measure of both sides comes to for the best set.
    func best(_ measure: ([Double]) -> Double) -> Double {
      var least = Double.infinity
      for set in 1..<63 {
        let left = y.indices.filter { set >> categories[$0] & 1 == 1 }.map { y[$0] }
        let right = y.indices.filter { set >> categories[$0] & 1 == 0 }.map { y[$0] }
        least = min(least, measure(left) + measure(right))
      }
      return least
    }
    /// What it comes to for a tree of one split.
    func found(_ tree: TreeNodes) -> Double {
      tree.impurity[1] * tree.weightedNNodeSamples[1] + tree.impurity[2] * tree.weightedNNodeSamples[2]
    }
    let bestSquares = best { side in
      let mean = side.reduce(0, +) / Double(side.count)
      return side.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    let tree = try DecisionTreeRegressor(maxDepth: 1, categoricalFeatures: [0]).fit(x, Tensor(y)).tree
    #expect(abs(found(tree) - bestSquares) < 1e-9 * bestSquares)
    let bestGini = best { side in
      let high = Double(side.count { $0 > 6 }) / Double(side.count)
      return Double(side.count) * 2 * high * (1 - high)
    }
    let classes = try DecisionTreeClassifier(maxDepth: 1, categoricalFeatures: [0]).fit(x, y.map { $0 > 6 })
    #expect(abs(found(classes.tree) - bestGini) < 1e-9 * bestGini)
    // As numbers, no threshold is as good.
    let numeric = try DecisionTreeRegressor(maxDepth: 1).fit(x, Tensor(y)).tree
    #expect(found(numeric) > bestSquares * 1.01)
    #expect(classes.tree.categories(0)!.named.count < 6 && numeric.categories(0) == nil)
  }

  @Test func `categories of three classes part at once, and those not seen go where missing ones go`() throws {
    let codes: [Int] = (0..<90).map { $0 % 9 }
    let labels: [String] = codes.map { ["a", "b", "c"][$0 * 2 % 3] }
    let x = Tensor<Double>(codes.map { Double($0) }).reshaped([90, 1])
    let tree = DecisionTreeClassifier<Double>(categoricalFeatures: [0])
    let model = try tree.fit(x, labels)
    #expect(model.leafCount == 3)
    #expect(try model.predict(x) == labels)
    // Of three categories two go one way: so do missing ones, and others.
    let few = try tree.fit(Tensor<Double>([0, 1, 2, 0, 1, 2]).reshaped([6, 1]), ["a", "a", "b", "a", "a", "b"])
    #expect(try few.predict(Tensor([[.nan], [7], [0.5], [-1], [1e300], [2]])) == ["a", "a", "a", "a", "a", "b"])
    // Missing ones that were there have a side of their own.
    let gaps = try tree.fit(Tensor<Double>([[0], [1], [.nan], [0], [1], [.nan]]), ["a", "a", "b", "a", "a", "b"])
    #expect(gaps.leafCount == 2)
    #expect(try gaps.predict(Tensor([[.nan], [0], [1]])) == ["b", "a", "a"])
    let forest = try ExtraTreesClassifier(nEstimators: 30, categoricalFeatures: [0]).fit(
      x,
      labels
    )
    #expect(try forest.predict(x) == labels)
  }

  @Test func `missing values go to the better side`() throws {
    let x = Tensor<Double>([[1], [2], [3], [4], [.nan], [.nan]])
    let low = try DecisionTreeClassifier().fit(x, ["a", "a", "b", "b", "a", "a"])
    #expect(low.tree.threshold[0] == 2.5 && low.tree.missingGoToLeft[0])
    #expect(try low.predict(Tensor([[.nan], [1], [4]])) == ["a", "a", "b"])
    let apart = try DecisionTreeClassifier().fit(x, ["a", "a", "a", "a", "b", "b"])
    #expect(apart.tree.threshold[0] == .infinity)
    #expect(try apart.predict(Tensor([[.nan], [1], [4e300]])) == ["b", "a", "a"])
    #expect(apart.rules().contains("feature 0 is missing"))
    // Where none was missing, they go with most rows.
    let unseen = try DecisionTreeClassifier<Double>().fit([[1], [2], [3]], ["a", "b", "b"])
    #expect(try unseen.predict(Tensor([[.nan]])) == ["b"])
  }

  @Test func `limits hold`() throws {
    let x = Self.rows(400, 5)
    let y = (0..<400).map { $0 * 11 % 5 }
    func tree(_ change: (inout DecisionTreeClassifier<Double>) -> Void) throws -> TreeNodes {
      var estimator = DecisionTreeClassifier<Double>()
      change(&estimator)
      return try estimator.fit(x, y).tree
    }
    func leafRows(_ tree: TreeNodes) -> [Int32] {
      (0..<tree.nodeCount).filter { tree.feature[$0] < 0 }.map { tree.nNodeSamples[$0] }
    }
    #expect(try tree { $0.maxDepth = 3 }.depth == 3)
    #expect(try leafRows(tree { $0.minSamplesLeaf = 17 }).min()! >= 17)
    #expect(try leafRows(tree { $0.minWeightFractionLeaf = 0.1 }).min()! >= 40)
    #expect(try tree { $0.maxLeafNodes = 7 }.leafCount == 7)
    // Parts of the 400 rows are rounded up.
    #expect(try tree { $0.minSamplesLeaf = .fraction(0.0401) } == tree { $0.minSamplesLeaf = 17 })
    #expect(try tree { $0.minSamplesSplit = .fraction(0.224) } == tree { $0.minSamplesSplit = 90 })
    #expect(try tree { $0.minSamplesSplit = .fraction(1e-9) } == tree { _ in })
    let split = try tree { $0.minSamplesSplit = 90 }
    #expect((0..<split.nodeCount).allSatisfy { split.feature[$0] < 0 || split.nNodeSamples[$0] >= 90 })
    for features in [MaxFeatures.sqrt, .log2, .count(2), .fraction(0.5)] {
      let one = try tree { ($0.maxFeatures, $0.seed) = (features, 1) }
      #expect(try tree { ($0.maxFeatures, $0.seed) = (features, 1) } == one)
      #expect(try tree { ($0.maxFeatures, $0.seed) = (features, 2) } != one)
    }
    let path = try DecisionTreeClassifier().costComplexityPruningPath(x, y)
    let middle = path.ccpAlphas[path.ccpAlphas.count / 2]
    let pruned = try tree { $0.ccpAlpha = middle }
    let full = try tree { _ in }
    #expect(pruned.leafCount > 1 && pruned.leafCount < full.leafCount)
    #expect(try tree { $0.ccpAlpha = 1 }.nodeCount == 1)
    let impurity = (0..<pruned.nodeCount).filter { pruned.feature[$0] < 0 }.reduce(0) {
      $0 + pruned.impurity[$1] * pruned.weightedNNodeSamples[$1] / 400
    }
    let step = path.ccpAlphas.lastIndex { $0 <= middle }!
    #expect(abs(impurity - path.impurities[step]) < 1e-9)
  }

  @Test func `classes may weigh alike`() throws {
    let x = Self.rows(120, 2)
    let y = (0..<120).map { $0 % 10 == 0 ? "rare" : "usual" }
    let balanced = try DecisionTreeClassifier(maxDepth: 2, classWeight: .balanced).fit(x, y)
    #expect(abs(balanced.tree.value[0, 0] - 0.5) < 1e-12)
    let given = try DecisionTreeClassifier(maxDepth: 2, classWeight: .weights([9, 1])).fit(x, y)
    #expect(given.tree.feature == balanced.tree.feature && given.tree.threshold == balanced.tree.threshold)
    let rows = Tensor<Double>(y.map { $0 == "rare" ? 9 : 1 })
    #expect(try DecisionTreeClassifier(maxDepth: 2).fit(x, y, weights: rows).model == given.model)
    let forest = try RandomForestClassifier(nEstimators: 5, balancedSubsample: true).fit(x, y)
    #expect(forest.estimators.allSatisfy { abs($0.value[0, 0] - 0.5) < 1e-12 })
  }

  @Test func `several numbers are learned at once`() throws {
    let x = Self.rows(200, 3)
    let one = Tensor<Double>((0..<200).map { Double($0 * 7 % 31) })
    let both = Tensor<Double>((0..<200).flatMap { [one[$0], 2 - one[$0] * 4] }, shape: [200, 2])
    let single = try DecisionTreeRegressor(maxDepth: 5).fit(x, one)
    let double = try DecisionTreeRegressor(maxDepth: 5).fit(x, both)
    #expect(double.tree.feature == single.tree.feature && double.tree.threshold == single.tree.threshold)
    let answers = try double.predict(x)
    #expect(answers.shape == [200, 2])
    let expected = try single.predict(x)
    #expect(
      (0..<200).allSatisfy { abs(answers[$0, 0] - expected[$0]) + abs(answers[$0, 1] - 2 + expected[$0] * 4) < 1e-9 }
    )
    let forest = try RandomForestRegressor(nEstimators: 4, oobScore: true).fit(x, both)
    #expect(try forest.predict(x).shape == [200, 2])
    #expect(forest.outOfBagPrediction?.shape == [200, 2])
  }
}
