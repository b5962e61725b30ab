// Decision trees, for FarroModels: what they are grown with, and what they are as arrays.

/// What a tree learns, and how pure a node is.
package enum TreeTargets {
  /// Shape (n): the class of each row, from 0 to below `count`.
  case classes([Int32], count: Int, isEntropy: Bool)
  /// Shape (n, outputs): finite numbers below 2⁵⁰⁰.
  case numbers(Tensor<Double>)

  var outputs: Int {
    switch self {
    case .classes(_, let count, _): count
    case .numbers(let y): y.shape[1]
    }
  }
}

/// How trees grow. What each means is said at `farro_tree_options`.
package struct TreeGrowth: Sendable {
  package var maxDepth = Int(Int32.max)
  package var minRowsSplit = 2
  package var minRowsLeaf = 1
  /// nil for any number.
  package var maxLeaves: Int?
  package var maxFeatures = 1
  package var minLeafWeight = 0.0
  package var minDecrease = 0.0
  package var balanced = false
  /// Rows drawn with replacement for each tree; when nil, each row once.
  package var draws: Int?
  package var seed: UInt64 = 0

  package init() {}
}

/// Why a table of ranks cannot be made: an element is infinite, or no category.
package struct TreeTableError: Error {
  package let row, column: Int
}

/// Some trees, one after the other, as `farro_tree_nodes` describes them.
package struct TreeArrays: Sendable, Equatable {
  /// Shape (trees + 1): where a tree's nodes begin, and the end.
  package var roots: Tensor<Int32>
  /// Shape (nodes): the column of the split, -1 for a leaf.
  package var feature: Tensor<Int32>
  /// Shape (nodes): the number of the right child within the tree; the left one is the next node.
  package var right: Tensor<Int32>
  /// Shape (nodes): what goes left is not above it.
  package var threshold: Tensor<Double>
  /// Shape (nodes): 1 where missing values go left.
  package var missingLeft: Tensor<UInt8>
  /// Shape (nodes): which set of categories goes left, -1 for numbers.
  package var set: Tensor<Int32>
  /// Shape (sets, words): a bit for each category.
  package var setBits: Tensor<UInt64>
  /// Shape (nodes): how many rows a node has.
  package var rows: Tensor<Int32>
  /// Shape (nodes): what these rows weigh.
  package var weight: Tensor<Double>
  /// Shape (nodes).
  package var impurity: Tensor<Double>
  /// Shape (nodes, outputs): parts of the classes, or means.
  package var values: Tensor<Double>

  package var treeCount: Int { roots.count - 1 }
  package var nodeCount: Int { feature.count }
  package var outputs: Int { values.shape[1] }

  /// Why no row may walk these trees; nil when it may. Columns are below `columnCount`.
  package func flaw(columnCount: Int, outputs: Int) -> String? {
    let count = feature.count
    guard roots.rank == 1, feature.rank == 1, count > 0, roots.count > 1 else { return "there is no tree" }
    let lengths = [
      right.shape, threshold.shape, missingLeft.shape, set.shape, rows.shape, weight.shape, impurity.shape,
    ]
    guard lengths.allSatisfy({ $0 == [count] }), values.shape == [count, outputs], setBits.rank == 2 else {
      return "arrays of nodes have different lengths"
    }
    let (starts, feature, right, set) = (roots.scalars, feature.scalars, right.scalars, set.scalars)
    guard starts[0] == 0, Int(starts[starts.count - 1]) == count else { return "trees are not all nodes" }
    for tree in 1..<starts.count {
      guard starts[tree - 1] < starts[tree], starts[tree] <= count else { return "tree \(tree - 1) has no nodes" }
      let (first, end) = (Int(starts[tree - 1]), Int(starts[tree]))
      for node in first..<end where feature[node] >= 0 {
        let place = node - first
        guard right[node] > place + 1, right[node] < end - first else { return "node \(node) has no children" }
      }
    }
    guard feature.allSatisfy({ (-1..<Int32(clamping: columnCount)).contains($0) }) else {
      return "a node's column is out of range"
    }
    guard set.allSatisfy({ (-1..<Int32(clamping: setBits.shape[0])).contains($0) }) else {
      return "a node's set of categories is missing"
    }
    guard !threshold.scalars.contains(where: \.isNaN), values.scalars.allSatisfy(\.isFinite) else {
      return "a threshold or value is no number"
    }
    guard weight.scalars.allSatisfy({ $0 > 0 && $0.isFinite }), impurity.scalars.allSatisfy({ $0 >= 0 && $0.isFinite }),
      rows.scalars.allSatisfy({ $0 > 0 })
    else { return "a node has no rows or weight, or no impurity" }
    return nil
  }

  package init(
    roots: Tensor<Int32>,
    feature: Tensor<Int32>,
    right: Tensor<Int32>,
    threshold: Tensor<Double>,
    missingLeft: Tensor<UInt8>,
    set: Tensor<Int32>,
    setBits: Tensor<UInt64>,
    rows: Tensor<Int32>,
    weight: Tensor<Double>,
    impurity: Tensor<Double>,
    values: Tensor<Double>
  ) {
    (self.roots, self.feature, self.right, self.threshold) = (roots, feature, right, threshold)
    (self.missingLeft, self.set, self.setBits, self.rows) = (missingLeft, set, setBits, rows)
    (self.weight, self.impurity, self.values) = (weight, impurity, values)
  }

  /// The nodes of one tree alone.
  ///
  /// - Precondition: there is such a tree.
  package func tree(_ number: Int) -> TreeArrays {
    let nodes = Int(roots[number])..<Int(roots[number + 1])
    return TreeArrays(
      roots: Tensor([0, Int32(nodes.count)]),
      feature: feature[nodes],
      right: right[nodes],
      threshold: threshold[nodes],
      missingLeft: missingLeft[nodes],
      set: set[nodes],
      setBits: setBits,
      rows: rows[nodes],
      weight: weight[nodes],
      impurity: impurity[nodes],
      values: values[nodes]
    )
  }

  /// The one tree without the nodes that are not kept; those whose children go become leaves.
  package func keeping(_ keep: [UInt8]) -> TreeArrays {
    var numbers = [Int32](repeating: 0, count: nodeCount)
    var kept: [Int] = []
    for node in 0..<nodeCount where keep[node] != 0 {
      numbers[node] = Int32(kept.count)
      kept.append(node)
    }
    // A node with children keeps both or none.
    let isLeaf = kept.map { feature[$0] < 0 || keep[$0 + 1] == 0 }
    func pick<Scalar>(_ array: Tensor<Scalar>) -> Tensor<Scalar> {
      let scalars = array.scalars
      return Tensor(kept.map { scalars[$0] })
    }
    func pick<Scalar>(_ array: Tensor<Scalar>, leaf: Scalar) -> Tensor<Scalar> {
      let scalars = array.scalars
      return Tensor(zip(kept, isLeaf).map { $1 ? leaf : scalars[$0] })
    }
    let children = right.scalars
    let (columns, all) = (outputs, values.scalars)
    return TreeArrays(
      roots: Tensor([0, Int32(kept.count)]),
      feature: pick(feature, leaf: -1),
      right: Tensor(zip(kept, isLeaf).map { $1 ? 0 : numbers[Int(children[$0])] }),
      threshold: pick(threshold, leaf: 0),
      missingLeft: pick(missingLeft, leaf: 0),
      set: pick(set, leaf: -1),
      setBits: setBits,
      rows: pick(rows),
      weight: pick(weight),
      impurity: pick(impurity),
      values: Tensor(kept.flatMap { all[$0 * columns..<($0 + 1) * columns] }, shape: [kept.count, columns])
    )
  }
}
