import Farro
import FarroData

/// A model that is one tree.
public protocol DecisionTreeModel<Scalar>: Sendable {
  associatedtype Scalar: KernelScalar
  /// Its nodes.
  var tree: TreeNodes { get }
  /// How many columns it has learned from.
  var columnCount: Int { get }
}

extension DecisionTreeModel {
  /// The most splits that lead to a leaf.
  public var depth: Int { tree.depth }
  /// How many leaves there are.
  public var leafCount: Int { tree.leafCount }

  /// How much of the decrease of impurity each column has brought, to a sum of 1; all 0 for a tree of one leaf. Shape (columns).
  ///
  /// - Complexity: O(nodes).
  public var featureImportances: Tensor<Double> { tree.arrays.importances(columns: columnCount)[row: 0] }

  /// The number of the leaf that each row comes to. Shape (n).
  ///
  /// - Throws: As its predictions.
  /// - Complexity: O(n depth).
  public func apply(_ x: Tensor<Scalar>) throws -> Tensor<Int32> {
    try x.checkWalkable(columns: columnCount)
    return tree.arrays.apply(x).reshaped([x.rowCount])
  }

  /// The nodes that each row comes through, from the root on: 1 in a matrix of the shape (n, nodes).
  ///
  /// - Throws: As its predictions.
  /// - Complexity: O(n depth).
  public func decisionPath(_ x: Tensor<Scalar>) throws -> CSRMatrix<Scalar> {
    var parents = [Int](repeating: -1, count: tree.nodeCount)
    for (node, right) in tree.childrenRight.enumerated() where right >= 0 {
      (parents[node + 1], parents[right]) = (node, node)
    }
    var (offsets, indices): ([Int64], [Int32]) = ([0], [])
    for leaf in try apply(x).scalars {
      var path: [Int32] = []
      var node = Int(leaf)
      while node >= 0 {
        path.append(Int32(node))
        node = parents[node]
      }
      indices += path.reversed()
      offsets.append(Int64(indices.count))
    }
    return try CSRMatrix(
      columns: tree.nodeCount,
      offsets: offsets,
      indices: indices,
      values: [Scalar](repeating: 1, count: indices.count)
    )
  }
}

/// What ``DecisionTreeClassifier`` has learned.
public struct DecisionTreeClassifierModel<Scalar: KernelScalar>: DecisionTreeModel, ProbabilisticClassModel, Equatable {
  public let tree: TreeNodes
  public let columnCount: Int
  public let classCount: Int
  /// Whether it has learned from missing values; nil in a file that does not say.
  let sawMissing: Bool?

  /// The most probable class of each row, the first of equally probable ones.
  ///
  /// - Throws: ``ModelError`` for rows of other columns, and for an infinite element; NaN is a missing value.
  /// - Complexity: O(n depth).
  public func predictClasses(_ x: Tensor<Scalar>) throws -> [Int32] {
    try x.checkWalkable(columns: columnCount)
    return tree.arrays.predict(x).mostProbable
  }

  /// The parts of the classes in each row's leaf. Shape (n, ``classCount``).
  ///
  /// - Throws: As ``predictClasses(_:)``.
  public func predictProbabilities(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.checkWalkable(columns: columnCount)
    return Tensor(casting: tree.arrays.predict(x))
  }
}

extension DecisionTreeClassifierModel: StorableModel {
  public static var fileKind: String { "decision tree of classes, \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? {
    guard classCount > 0, columnCount > 0 else { return "there are no classes or columns" }
    return tree.arrays.flaw(columnCount: columnCount, outputs: classCount)
      ?? (tree.arrays.treeCount == 1 ? nil : "a tree is one, not \(tree.arrays.treeCount)")
  }
}

/// What ``DecisionTreeRegressor`` has learned.
public struct DecisionTreeRegressorModel<Scalar: KernelScalar>: DecisionTreeModel, Regressor, Equatable {
  public let tree: TreeNodes
  public let columnCount: Int
  /// How many numbers each row has; nil for one, as a vector.
  public let outputCount: Int?
  /// Whether it has learned from missing values; nil in a file that does not say.
  let sawMissing: Bool?

  /// The mean of the rows in each row's leaf. Shape (n), or (n, ``outputCount``).
  ///
  /// - Throws: ``ModelError`` for rows of other columns, and for an infinite element; NaN is a missing value.
  /// - Complexity: O(n depth).
  public func predict(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.checkWalkable(columns: columnCount)
    let values = Tensor<Scalar>(casting: tree.arrays.predict(x))
    return outputCount == nil ? values.reshaped([x.rowCount]) : values
  }
}

extension DecisionTreeRegressorModel: StorableModel {
  public static var fileKind: String { "decision tree of numbers, \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? {
    guard outputCount ?? 1 > 0, columnCount > 0 else { return "there are no outputs or columns" }
    return tree.arrays.flaw(columnCount: columnCount, outputs: outputCount ?? 1)
      ?? (tree.arrays.treeCount == 1 ? nil : "a tree is one, not \(tree.arrays.treeCount)")
  }
}

extension Tensor<Double> {
  /// The column of each row's greatest element, the first of equal ones.
  var mostProbable: [Int32] { shape[0] == 0 ? [] : argmax(axis: 1).scalars.map { Int32($0) } }
}
