import Farro
import FarroData

/// Trees, and how rows were drawn for them where some are to be predicted by trees that have not seen them.
struct GrownForest {
  let trees: TreeArrays
  let outOfBag: (draws: Int, seed: UInt64)?
}

extension ForestOptions {
  func grow<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ targets: TreeTargets,
    _ weights: Tensor<Double>?,
    balanced: Bool,
    randomThresholds: Bool
  ) throws -> GrownForest {
    try checkRange(nEstimators, "nEstimators", atLeast: 1)
    let table = try table(x, randomThresholds: randomThresholds)
    var growth = try growth(rows: x.rowCount, columns: x.columnCount)
    growth.balanced = balanced
    for (name, isAsked) in [("oobScore", oobScore), ("maxSamples", maxSamples != nil)] where isAsked && !bootstrap {
      throw ModelError.parameter(name: name, reason: "needs rows that are drawn: bootstrap")
    }
    if bootstrap { growth.draws = try maxSamples?.resolved(x.rowCount) ?? x.rowCount }
    // Only some at a time are kept whole where most of each is cut away. A tree does not depend on those beside it.
    let grown = try TreeArrays(nEstimators, atOnce: ccpAlpha > 0 ? 4 * Threads.current : nEstimators) { range in
      try Task.checkCancellation()
      let trees = try table.grow(range, targets, weights: weights, growth)
      return ccpAlpha > 0 ? trees.pruned(ccpAlpha) : trees
    }
    return GrownForest(
      trees: grown,
      outOfBag: oobScore ? (growth.draws!, seed) : nil
    )
  }
}

extension TreeArrays {
  fileprivate func pruned(_ alpha: Double) -> TreeArrays {
    TreeArrays(treeCount, atOnce: 1) { range in
      let tree = tree(range.lowerBound)
      return tree.keeping(tree.pruning(alpha: alpha).keep)
    }
  }
}

/// A model of many trees.
public protocol ForestModel<Scalar>: Sendable {
  associatedtype Scalar: KernelScalar
  /// The nodes of all trees; see ``estimators``.
  var trees: ForestNodes { get }
  /// How many columns it has learned from.
  var columnCount: Int { get }
}

/// The nodes of many trees.
public struct ForestNodes: Sendable, Equatable, Codable {
  let arrays: TreeArrays

  /// How many trees there are.
  public var count: Int { arrays.treeCount }
  /// How many nodes they have together.
  public var nodeCount: Int { arrays.nodeCount }
  /// One tree.
  ///
  /// - Precondition: there is such a tree.
  public subscript(number: Int) -> TreeNodes { TreeNodes(arrays.tree(number)) }
}

extension ForestModel {
  /// The trees.
  public var estimators: [TreeNodes] { (0..<trees.count).map { trees[$0] } }

  /// The mean of what each column has brought in each tree that has a split, to a sum of 1; all 0 where none has. Shape (columns).
  ///
  /// - Complexity: O(nodes).
  public var featureImportances: Tensor<Double> {
    let sums = trees.arrays.importances(columns: columnCount).sum(axis: 0)
    let all = sums.sum()
    return all > 0 ? sums / all : sums
  }

  /// The number of the leaf in each tree that each row comes to. Shape (n, trees).
  ///
  /// - Throws: As its predictions.
  /// - Complexity: O(n trees depth).
  public func apply(_ x: Tensor<Scalar>) throws -> Tensor<Int32> {
    try x.checkWalkable(columns: columnCount)
    return trees.arrays.apply(x)
  }
}

/// What ``RandomForestClassifier`` or ``ExtraTreesClassifier`` has learned.
public struct ForestClassifierModel<Scalar: KernelScalar>: ForestModel, ProbabilisticClassModel, Equatable {
  public let trees: ForestNodes
  public let columnCount: Int
  public let classCount: Int
  /// The accuracy of ``outOfBagProbabilities``, of the rows that have any; nil where it was not asked for, or none has.
  public let outOfBagScore: Double?
  /// The mean of the trees that were not grown from a row, shape (n, ``classCount``); 0 where all were.
  public let outOfBagProbabilities: Tensor<Double>?

  init(_ forest: GrownForest, _ x: Tensor<Scalar>, _ classes: [Int32], _ classCount: Int) {
    (trees, columnCount, self.classCount) = (ForestNodes(arrays: forest.trees), x.columnCount, classCount)
    guard let (draws, seed) = forest.outOfBag else {
      (outOfBagScore, outOfBagProbabilities) = (nil, nil)
      return
    }
    let found = forest.trees.outOfBag(x, draws: draws, seed: seed)
    let answers = found.values.mostProbable
    let seen = found.counts.scalars
    let rows = classes.indices.filter { seen[$0] > 0 }
    let right = rows.count { answers[$0] == classes[$0] }
    outOfBagScore = rows.isEmpty ? nil : Double(right) / Double(rows.count)
    outOfBagProbabilities = found.values
  }

  /// The most probable class of each row, the first of equally probable ones.
  ///
  /// - Throws: ``ModelError`` for rows of other columns, and for an infinite element; NaN is a missing value.
  /// - Complexity: O(n trees depth).
  public func predictClasses(_ x: Tensor<Scalar>) throws -> [Int32] {
    try x.checkWalkable(columns: columnCount)
    return trees.arrays.predict(x).mostProbable
  }

  /// The mean of the parts of the classes in each row's leaves. Shape (n, ``classCount``).
  ///
  /// - Throws: As ``predictClasses(_:)``.
  public func predictProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.checkWalkable(columns: columnCount)
    return Tensor(casting: trees.arrays.predict(x))
  }
}

extension ForestClassifierModel: StorableModel {
  public static var fileKind: String { "forest of classes, \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? {
    guard classCount > 0, columnCount > 0 else { return "there are no classes or columns" }
    guard outOfBagProbabilities?.shape.last ?? classCount == classCount else { return "probabilities of other classes" }
    return trees.arrays.flaw(columnCount: columnCount, outputs: classCount)
  }
}

/// What ``RandomForestRegressor`` or ``ExtraTreesRegressor`` has learned.
public struct ForestRegressorModel<Scalar: KernelScalar>: ForestModel, Regressor, Equatable {
  public let trees: ForestNodes
  public let columnCount: Int
  /// How many numbers each row has; nil for one, as a vector.
  public let outputCount: Int?
  /// R² of ``outOfBagPrediction``, of the rows that have one, the mean of all outputs; nil where it was not asked for, or fewer than
  /// two have.
  public let outOfBagScore: Double?
  /// The mean of the trees that were not grown from a row, shape (n) or (n, outputs); 0 where all were.
  public let outOfBagPrediction: Tensor<Double>?

  init(_ forest: GrownForest, _ x: Tensor<Scalar>, _ y: Tensor<Scalar>) {
    (trees, columnCount) = (ForestNodes(arrays: forest.trees), x.columnCount)
    outputCount = y.rank == 1 ? nil : y.shape[1]
    guard let (draws, seed) = forest.outOfBag else {
      (outOfBagScore, outOfBagPrediction) = (nil, nil)
      return
    }
    let found = forest.trees.outOfBag(x, draws: draws, seed: seed)
    let seen = found.counts.scalars
    let rows = seen.indices.filter { seen[$0] > 0 }
    let truth = Tensor<Double>(casting: y).reshaped([x.rowCount, outputCount ?? 1])
    outOfBagScore = rows.count < 2 ? nil : try? r2Score(truth[rows: rows], predicted: found.values[rows: rows])
    outOfBagPrediction = outputCount == nil ? found.values.reshaped([x.rowCount]) : found.values
  }

  /// The mean of the trees. Shape (n), or (n, ``outputCount``).
  ///
  /// - Throws: ``ModelError`` for rows of other columns, and for an infinite element; NaN is a missing value.
  /// - Complexity: O(n trees depth).
  public func predict(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.checkWalkable(columns: columnCount)
    let values = Tensor<Scalar>(casting: trees.arrays.predict(x))
    return outputCount == nil ? values.reshaped([x.rowCount]) : values
  }
}

extension ForestRegressorModel: StorableModel {
  public static var fileKind: String { "forest of numbers, \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? {
    guard outputCount ?? 1 > 0, columnCount > 0 else { return "there are no outputs or columns" }
    return trees.arrays.flaw(columnCount: columnCount, outputs: outputCount ?? 1)
  }
}
