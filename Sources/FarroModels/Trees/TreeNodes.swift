import Farro

/// The nodes of a tree, as arrays: node 0 is the root, and of two children the left one follows its parent.
public struct TreeNodes: Sendable, Equatable, Codable {
  let arrays: TreeArrays

  init(_ arrays: TreeArrays) { self.arrays = arrays }

  /// How many nodes there are.
  public var nodeCount: Int { arrays.nodeCount }
  /// The column that each node asks about; -1 for a leaf. Shape (nodes).
  public var feature: Tensor<Int32> { arrays.feature }
  /// A value that is not above it goes left; 0 for leaves and for categories, and infinite where all but missing values go
  /// left. Shape (nodes).
  public var threshold: Tensor<Double> { arrays.threshold }
  /// The impurity of the rows that each node was grown from. Shape (nodes).
  public var impurity: Tensor<Double> { arrays.impurity }
  /// How many rows each node was grown from. Shape (nodes).
  public var nNodeSamples: Tensor<Int32> { arrays.rows }
  /// What these rows weigh. Shape (nodes).
  public var weightedNNodeSamples: Tensor<Double> { arrays.weight }
  /// The parts of the classes, or the means of the outputs. Shape (nodes, classes or outputs).
  public var value: Tensor<Double> { arrays.values }
  /// Whether missing values go left. Shape (nodes).
  public var missingGoToLeft: [Bool] { arrays.missingLeft.scalars.map { $0 != 0 } }

  /// The left child of each node; -1 for a leaf.
  public var childrenLeft: [Int] {
    arrays.feature.scalars.enumerated().map { node, feature in feature < 0 ? -1 : node + 1 }
  }

  /// The right child of each node; -1 for a leaf.
  public var childrenRight: [Int] {
    zip(arrays.feature.scalars, arrays.right.scalars).map { feature, right in feature < 0 ? -1 : Int(right) }
  }

  /// The categories that a node names, ascending, and whether they go left: all others and missing values go the other way. Nil
  /// where it does not ask about categories.
  public func categories(_ node: Int) -> (named: [Int], goLeft: Bool)? {
    let set = Int(arrays.set[node])
    guard set >= 0 else { return nil }
    let words = arrays.setBits[row: set].scalars
    let namedBit: UInt64 = arrays.missingLeft[node] == 0 ? 1 : 0
    let named = words.indices.flatMap { word in
      (0..<64).filter { words[word] >> UInt64($0) & 1 == namedBit }.map { 64 * word + $0 }
    }
    return (named, namedBit == 1)
  }

  /// How many splits lead to each node.
  public var depths: [Int] {
    var depths = [Int](repeating: 0, count: nodeCount)
    for (node, right) in childrenRight.enumerated() where right >= 0 {
      depths[node + 1] = depths[node] + 1
      depths[right] = depths[node] + 1
    }
    return depths
  }

  /// The most splits that lead to a leaf.
  public var depth: Int { depths.max()! }

  /// How many leaves there are.
  public var leafCount: Int { arrays.feature.scalars.count { $0 < 0 } }
}

/// What cost-complexity pruning makes of a tree: after which alpha how much impurity is left.
public struct PruningPath: Sendable, Equatable, Codable {
  /// Ascending: what each leaf that goes spared in impurity. The first, 0, stands for the tree as it was.
  public let ccpAlphas: [Double]
  /// The impurity of all leaves, each times its part of all weight, of the tree for each alpha.
  public let impurities: [Double]

  init(_ tree: TreeArrays) {
    let pruning = tree.pruning(alpha: .infinity)
    (ccpAlphas, impurities) = (pruning.alphas, pruning.impurities)
  }
}
