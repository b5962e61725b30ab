import Farro
import FarroData
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct ForestTests {
  private static let wine = Datasets.wine()

  @Test func `a forest is the mean of its trees`() throws {
    let forest = try RandomForestClassifier(nEstimators: 7, maxDepth: 4, seed: 2).fit(Self.wine.x, Self.wine.y)
    let leaves = try forest.model.apply(Self.wine.x)
    let probabilities = try forest.predictProbabilities(Self.wine.x)
    let trees = forest.estimators
    #expect(trees.count == 7 && leaves.shape == [178, 7])
    for row in [0, 60, 177] {
      for number in 0..<3 {
        let mean = trees.indices.reduce(0) { $0 + trees[$1].value[Int(leaves[row, $1]), number] } / 7
        #expect(abs(mean - probabilities[row, number]) < 1e-12)
      }
    }
    #expect(abs(forest.featureImportances.sum() - 1) < 1e-12)
    // Fewer rows than are walked together.
    #expect(try forest.predictProbabilities(Self.wine.x[5..<8]) == probabilities[5..<8])
    #expect(try forest.predict(Tensor(zeros: [0, 13])).isEmpty)
  }

  @Test func `the seed decides, and a tree does not depend on how many follow it`() throws {
    let one = try RandomForestClassifier(nEstimators: 5, seed: 1).fit(Self.wine.x, Self.wine.y)
    let more = try RandomForestClassifier(nEstimators: 40, seed: 1).fit(Self.wine.x, Self.wine.y)
    #expect(Array(more.estimators[..<5]) == one.estimators)
    let other = try RandomForestClassifier(nEstimators: 5, seed: 2).fit(Self.wine.x, Self.wine.y)
    #expect(other.estimators != one.estimators)
    #expect(Set(more.estimators.map(\.nodeCount)).count > 3)
  }

  @Test func `rows that trees have not seen tell how good a forest is`() throws {
    let forest = try RandomForestClassifier(nEstimators: 60, oobScore: true).fit(Self.wine.x, Self.wine.y)
    #expect(forest.outOfBagScore! > 0.93 && forest.outOfBagScore! <= 1)
    let probabilities = forest.outOfBagProbabilities!
    #expect((0..<178).allSatisfy { abs(probabilities[row: $0].sum() - 1) < 1e-9 })
    #expect(try RandomForestClassifier(nEstimators: 3).fit(Self.wine.x, Self.wine.y).outOfBagScore == nil)
    // Labels that mean nothing cannot be told of rows that were not seen.
    let nonsense = (0..<178).map { ($0 * $0 * 31 + $0 * 7) % 101 % 3 }
    let fooled = try RandomForestClassifier(nEstimators: 60, oobScore: true).fit(Self.wine.x, nonsense)
    #expect(fooled.outOfBagScore! < 0.55)
    #expect(try accuracy(nonsense, predicted: fooled.predict(Self.wine.x)) > 0.95)
    let diabetes = Datasets.diabetes()
    let regressor = try RandomForestRegressor(nEstimators: 60, minSamplesLeaf: 3, oobScore: true).fit(
      diabetes.x,
      diabetes.y
    )
    #expect(regressor.outOfBagScore! > 0.35 && regressor.outOfBagScore! < 0.55)
  }

  @Test func `so many rows are drawn for each tree, and each row once without drawing`() throws {
    let part = try RandomForestClassifier(nEstimators: 4, maxSamples: .fraction(0.25)).fit(Self.wine.x, Self.wine.y)
    #expect(part.estimators.allSatisfy { $0.weightedNNodeSamples[0] == 45 && $0.nNodeSamples[0] < 45 })
    let few = try ExtraTreesClassifier(nEstimators: 4, bootstrap: true, maxSamples: .count(20)).fit(
      Self.wine.x,
      Self.wine.y
    )
    #expect(few.estimators.allSatisfy { $0.weightedNNodeSamples[0] == 20 })
    let all = try ExtraTreesClassifier(nEstimators: 4).fit(Self.wine.x, Self.wine.y)
    #expect(all.estimators.allSatisfy { $0.nNodeSamples[0] == 178 })
    #expect(try all.predict(Self.wine.x) == Self.wine.y)
    let pruned = try RandomForestClassifier(nEstimators: 4, ccpAlpha: 0.02).fit(Self.wine.x, Self.wine.y)
    let grown = try RandomForestClassifier(nEstimators: 4).fit(Self.wine.x, Self.wine.y)
    #expect(pruned.trees.nodeCount < grown.trees.nodeCount)
    #expect(try pruned.predictProbabilities(Self.wine.x).shape == [178, 3])
  }

  @Test func `a fit that is cancelled ends`() async throws {
    let x = Tensor<Float>(randomNormal: [2000, 20], seed: 1)
    let y = (0..<2000).map { $0 * 7 % 3 }
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try RandomForestClassifier(nEstimators: 4).fit(x, y)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `a tree that is cancelled midway ends`() async throws {
    // Labels that mean nothing: it would grow for seconds.
    let x = Tensor<Float>(randomNormal: [100_000, 40], seed: 1)
    let classes = [Int32](repeating: 0, count: 50_000) + [Int32](repeating: 1, count: 50_000)
    let task = Task { try DecisionTreeClassifier().fit(x, classes: classes, classCount: 2) }
    // Not by a task, which might wait for this one's thread.
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.2)
      task.cancel()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.wine.x
    broken[41, 2] = .infinity
    let y = Self.wine.y
    let wide = ModelError.notFinite(row: 41, column: 2)
    #expect(throws: wide) { try DecisionTreeClassifier().fit(broken, y) }
    #expect(throws: wide) { try RandomForestRegressor().fit(broken, Tensor(zeros: [178])) }
    let model = try DecisionTreeClassifier().fit(Self.wine.x, y)
    #expect(throws: wide) { try model.predict(broken) }
    #expect(throws: ModelError.columns(3, expected: 13)) { try model.predict(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.rows(0, needed: 1)) {
      try DecisionTreeClassifier<Float>().fit(Tensor(zeros: [0, 3]), [Int]())
    }
    #expect(throws: ModelError.notRows(shape: [4])) {
      try DecisionTreeRegressor<Float>().fit(Tensor(zeros: [4]), [1, 2, 3, 4])
    }
    #expect(throws: ModelError.labels(3, rows: 178)) { try DecisionTreeClassifier().fit(Self.wine.x, [1, 2, 3]) }
    #expect(throws: ModelError.labels(2, rows: 178)) { try ExtraTreesRegressor().fit(Self.wine.x, [1, 2]) }
    var numbers = Tensor<Double>(zeros: [178])
    numbers[9] = .nan
    #expect(throws: ModelError.notFinite(row: 9, column: 0)) { try DecisionTreeRegressor().fit(Self.wine.x, numbers) }
    numbers[9] = 1e200
    #expect(throws: ModelError.self) { try DecisionTreeRegressor().fit(Self.wine.x, numbers) }
    #expect(throws: ModelError.weights("all are 0")) {
      try DecisionTreeClassifier().fit(Self.wine.x, y, weights: Tensor(zeros: [178]))
    }
    let half = ModelError.parameter(
      name: "categoricalFeatures",
      reason: "row 0 holds 14.23 in column 0, which is no category: a whole number from 0 to 32767, or NaN"
    )
    #expect(throws: half) { try DecisionTreeClassifier(categoricalFeatures: [0]).fit(Self.wine.x, y) }
    for estimator in [
      DecisionTreeClassifier<Double>(maxDepth: 0), .init(minSamplesSplit: 1), .init(minSamplesLeaf: 0),
      .init(minSamplesSplit: .fraction(0)), .init(minSamplesLeaf: .fraction(1.5)),
      .init(minSamplesLeaf: .fraction(.nan)),
      .init(minWeightFractionLeaf: 0.6), .init(maxFeatures: .count(14)), .init(maxFeatures: .fraction(0)),
      .init(maxLeafNodes: 1), .init(minImpurityDecrease: -1), .init(classWeight: .weights([1])),
      .init(ccpAlpha: .nan), .init(categoricalFeatures: [13]),
    ] {
      #expect(throws: ModelError.self) { try estimator.fit(Self.wine.x, y) }
    }
    for estimator in [
      ExtraTreesClassifier<Double>(nEstimators: 0), .init(oobScore: true), .init(maxSamples: .count(4)),
      .init(bootstrap: true, maxSamples: .count(179)),
    ] {
      #expect(throws: ModelError.self) { try estimator.fit(Self.wine.x, y) }
    }
  }

  @Test func `trees and forests survive being saved, and damaged files do no harm`() throws {
    let x = Tensor<Float>(casting: Self.wine.x)
    // Small ones: a file is read for each of their parts.
    let tree = try DecisionTreeClassifier(maxDepth: 1, categoricalFeatures: [4]).fit(
      x[rows: Array(0..<40)],
      Array(Self.wine.y[100..<140])
    ).model
    try checkDamage(to: tree) { model in
      guard model.columnCount == 13 else { return }
      let classes = try model.predictClasses(x)
      #expect(classes.allSatisfy { 0..<Int32(model.classCount) ~= $0 })
      _ = (model.featureImportances, model.rules(), model.depth)
    }
    let few = x[rows: Array(stride(from: 0, to: 178, by: 30))]
    let y = Tensor<Float>(stride(from: 0, to: 178, by: 30).map { Float(Self.wine.y[$0]) })
    let forest = try RandomForestRegressor(nEstimators: 2, maxDepth: 1, oobScore: true).fit(few, y)
    try checkDamage(to: forest) { model in
      guard model.columnCount == 13 else { return }
      _ = (try model.predict(x), model.featureImportances, model.estimators)
    }
    let labels = stride(from: 0, to: 178, by: 30).map { Self.wine.y[$0] }
    let votes = try ExtraTreesClassifier(nEstimators: 2, maxDepth: 1).fit(few, labels).model
    try checkDamage(to: votes) { model in
      guard model.columnCount == 13 else { return }
      let classes = try model.predictClasses(x)
      #expect(classes.allSatisfy { 0..<Int32(model.classCount) ~= $0 })
    }
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString).farro")
    defer { try? FileManager.default.removeItem(at: url) }
    try tree.save(to: url.path)
    #expect(try DecisionTreeClassifierModel<Float>(contentsOf: url.path) == tree)
    try forest.save(to: url.path)
    let again = try ForestRegressorModel<Float>(contentsOf: url.path)
    #expect(again == forest)
    #expect(try again.predict(x) == forest.predict(x))
    let estimator = RandomForestClassifier<Float>(
      maxFeatures: .fraction(0.5),
      classWeight: .balanced,
      maxSamples: .count(7)
    )
    let coded = try JSONDecoder().decode(type(of: estimator), from: JSONEncoder().encode(estimator))
    #expect(coded == estimator)
  }
}
