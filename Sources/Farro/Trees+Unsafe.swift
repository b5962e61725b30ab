import CKernels

/// Columns by rank, or for random thresholds as they are: what any number of trees is grown from.
package final class TreeTable: @unchecked Sendable {  // nothing writes to the table once it is made
  package let rows, columns: Int
  private let table: OpaquePointer
  private let x: any Sendable  // what the table refers to

  /// - Parameters:
  ///   - x: Shape (n, d), n and d not 0; NaN is a missing value.
  ///   - categories: Shape (d): how many categories a column has, 0 for numbers; when empty, all are numbers.
  ///   - randomThresholds: Whether one threshold or set is drawn of each column, rather than the best found.
  /// - Throws: for the first element that is infinite, or no category of its column.
  /// - Complexity: O(n d).
  package init<Scalar: KernelScalar>(_ x: Tensor<Scalar>, categories: [Int32], randomThresholds: Bool)
    throws(TreeTableError)
  {
    (rows, columns, self.x) = (x.shape[0], x.shape[1], x)
    var result: OpaquePointer?
    var wrong = 0
    let (n, d) = (rows, columns)
    let status = x.withUnsafeBufferPointer { x in
      categories.withUnsafeBufferPointer { categories in
        let (x, categories) = (x.baseAddress!, categories.isEmpty ? nil : categories.baseAddress)
        return switch Scalar.dtype {
        case .f32: farro_tree_table_create_f32(n, d, x.f32, d, categories, randomThresholds, &result, &wrong)
        default: farro_tree_table_create_f64(n, d, x.f64, d, categories, randomThresholds, &result, &wrong)
        }
      }
    }
    check(status, "TreeTable")
    guard let result else { throw TreeTableError(row: wrong / d, column: wrong % d) }
    table = result
  }

  deinit { farro_tree_table_release(table) }

  /// Trees `range` of a forest.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  /// - Precondition: targets and weights belong to the table's rows, and `growth` is as `farro_trees_grow` asks for.
  package func grow(
    _ range: Range<Int>,
    _ targets: TreeTargets,
    weights: Tensor<Double>?,
    _ growth: TreeGrowth
  ) throws -> TreeArrays {
    var options = farro_tree_options()
    (options.max_depth, options.min_rows_split, options.min_rows_leaf) = (
      growth.maxDepth, growth.minRowsSplit, growth.minRowsLeaf
    )
    (options.max_leaves, options.max_features) = (growth.maxLeaves ?? 0, growth.maxFeatures)
    (options.min_leaf_weight, options.min_decrease) = (growth.minLeafWeight, growth.minDecrease)
    (options.draws, options.seed, options.balanced) = (growth.draws ?? 0, growth.seed, growth.balanced)
    options.is_cancelled = { Task.isCancelled }
    var learned = farro_tree_targets()
    learned.outputs = targets.outputs
    var trees: OpaquePointer?
    let status = withExtendedLifetime(weights) {
      learned.weights = weights.map { UnsafePointer($0.storage.base + $0.offset) }
      switch targets {
      case .classes(let classes, _, let isEntropy):
        learned.criterion = isEntropy ? FARRO_TREE_ENTROPY : FARRO_TREE_GINI
        return classes.withUnsafeBufferPointer { classes in
          learned.classes = classes.baseAddress
          return farro_trees_grow(table, &learned, &options, range.lowerBound, range.count, &trees)
        }
      case .numbers(let y):
        learned.criterion = FARRO_TREE_SQUARED_ERROR
        return y.withUnsafeBufferPointer { y in
          learned.y = y.baseAddress
          return farro_trees_grow(table, &learned, &options, range.lowerBound, range.count, &trees)
        }
      }
    }
    check(status, "TreeTable.grow")
    guard let trees else { throw CancellationError() }
    return TreeArrays(GrownTrees(trees))
  }
}

/// Trees in the memory in which they have grown.
private final class GrownTrees: @unchecked Sendable {  // nothing writes to them any more
  let trees: OpaquePointer

  init(_ trees: OpaquePointer) { self.trees = trees }

  deinit { farro_trees_release(trees) }
}

/// Nodes of trees that come part by part. Room for all is made when the first ones come, by their size: a whole forest does not
/// stand beside its parts.
private struct JoinedTrees {
  let count: Int
  var roots: [Int32] = [0]
  var feature = Rows<Int32>()
  var right = Rows<Int32>()
  var threshold = Rows<Double>()
  var missingLeft = Rows<UInt8>()
  var set = Rows<Int32>()
  var rows = Rows<Int32>()
  var weight = Rows<Double>()
  var impurity = Rows<Double>()
  var values = Rows<Double>()
  var setBits: [Tensor<UInt64>] = []
  var setCount: Int32 = 0

  init(count: Int) { self.count = count }

  /// The leading axis of a tensor, with room for more.
  struct Rows<Scalar: TensorScalar> {
    private var room: Tensor<Scalar>?
    private var count = 0

    mutating func append(_ part: Tensor<Scalar>, expecting expected: Int) {
      let (needed, width) = (count + part.shape[0], part.shape.dropFirst().reduce(1, *))
      if room.map({ $0.shape[0] < needed }) ?? true {
        let shape = [max(needed, expected)] + part.shape.dropFirst()
        var larger = Tensor<Scalar>(uninitialized: shape, count: shape[0] * width)
        if let room { larger.copy(room[0..<count], at: 0) }
        room = larger
      }
      room!.copy(part, at: count * width)
      count = needed
    }

    var value: Tensor<Scalar> { room!.shape[0] == count ? room! : room![0..<count] }
  }

  mutating func append(_ part: TreeArrays) {
    let nodes = roots[roots.count - 1]
    roots += part.roots.scalars.dropFirst().map { $0 + nodes }
    let (all, trees) = (Int(roots[roots.count - 1]), roots.count - 1)
    let expected = trees >= count ? all : all / trees * count / 16 * 17
    feature.append(part.feature, expecting: expected)
    right.append(part.right, expecting: expected)
    rows.append(part.rows, expecting: expected)
    threshold.append(part.threshold, expecting: expected)
    weight.append(part.weight, expecting: expected)
    impurity.append(part.impurity, expecting: expected)
    values.append(part.values, expecting: expected)
    missingLeft.append(part.missingLeft, expecting: expected)
    let first = setCount
    let moved = part.setBits.shape[0] == 0 ? part.set : Tensor(part.set.scalars.map { $0 < 0 ? -1 : $0 + first })
    set.append(moved, expecting: expected)
    setBits.append(part.setBits)
    setCount += Int32(part.setBits.shape[0])
  }

  var arrays: TreeArrays {
    TreeArrays(
      roots: Tensor(roots),
      feature: feature.value,
      right: right.value,
      threshold: threshold.value,
      missingLeft: missingLeft.value,
      set: set.value,
      setBits: concatenate(setBits, axis: 0),
      rows: rows.value,
      weight: weight.value,
      impurity: impurity.value,
      values: values.value
    )
  }
}

extension Tensor {
  /// Writes the scalars of another one over those from `place` on.
  fileprivate mutating func copy(_ other: Tensor, at place: Int) {
    withUnsafeMutableBufferPointer { memory in
      other.withUnsafeBufferPointer { other in
        guard let source = other.baseAddress else { return }
        (memory.baseAddress! + place).update(from: source, count: other.count)
      }
    }
  }
}

extension TreeArrays {
  /// `count` trees, of which `grow` makes up to `most` at a time.
  package init(_ count: Int, atOnce most: Int, _ grow: (Range<Int>) throws -> TreeArrays) rethrows {
    guard count > most else {
      self = try grow(0..<count)
      return
    }
    var joined = JoinedTrees(count: count)
    for first in stride(from: 0, to: count, by: most) {
      joined.append(try grow(first..<min(first + most, count)))
    }
    self = joined.arrays
  }

  fileprivate init(_ grown: GrownTrees) {
    let nodes = farro_trees_nodes(grown.trees).pointee
    func lent<Scalar>(_ array: UnsafeMutablePointer<Scalar>?, _ shape: Int...) -> Tensor<Scalar> {
      let count = shape.reduce(1, *)
      return Tensor(lent: UnsafeBufferPointer(start: count > 0 ? array : nil, count: count), by: grown, shape: shape)
    }
    self.init(
      roots: lent(nodes.roots, nodes.trees + 1),
      feature: lent(nodes.feature, nodes.nodes),
      right: lent(nodes.right, nodes.nodes),
      threshold: lent(nodes.threshold, nodes.nodes),
      missingLeft: lent(nodes.missing_left, nodes.nodes),
      set: lent(nodes.set, nodes.nodes),
      setBits: lent(nodes.set_bits, nodes.sets, nodes.words),
      rows: lent(nodes.rows, nodes.nodes),
      weight: lent(nodes.weight, nodes.nodes),
      impurity: lent(nodes.impurity, nodes.nodes),
      values: lent(nodes.values, nodes.nodes, nodes.outputs)
    )
  }

  /// Calls `body` with the arrays' memory, which it only reads.
  private func withNodes<Result>(_ body: (inout farro_tree_nodes) -> Result) -> Result {
    func base<Scalar>(_ array: Tensor<Scalar>) -> UnsafeMutablePointer<Scalar> { array.storage.base + array.offset }
    return withExtendedLifetime(self) {
      var nodes = farro_tree_nodes()
      (nodes.trees, nodes.nodes, nodes.outputs) = (treeCount, nodeCount, outputs)
      (nodes.sets, nodes.words) = (setBits.shape[0], setBits.shape[1])
      (nodes.roots, nodes.feature, nodes.right) = (base(roots), base(feature), base(right))
      (nodes.threshold, nodes.missing_left) = (base(threshold), base(missingLeft))
      (nodes.set, nodes.set_bits, nodes.rows) = (base(set), base(setBits), base(rows))
      (nodes.weight, nodes.impurity, nodes.values) = (base(weight), base(impurity), base(values))
      return body(&nodes)
    }
  }

  /// The mean of the trees' values for each row. Shape (n, outputs).
  ///
  /// - Precondition: ``flaw(columnCount:outputs:)`` is nil, and no element of `x` infinite.
  package func predict<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Double> {
    let (n, d) = (x.shape[0], x.shape[1])
    var values = Tensor<Double>(uninitialized: [n, outputs], count: n * outputs)
    let status = withNodes { nodes in
      x.withUnsafeBufferPointer { x in
        values.withUnsafeMutableBufferPointer { values in
          let (x, values) = (x.baseAddress!, values.baseAddress!)
          return switch Scalar.dtype {
          case .f32: farro_trees_predict_f32(&nodes, n, d, x.f32, d, values)
          default: farro_trees_predict_f64(&nodes, n, d, x.f64, d, values)
          }
        }
      }
    }
    check(status, "TreeArrays.predict")
    return values
  }

  /// The number of the leaf in each tree that each row comes to. Shape (n, trees).
  package func apply<Scalar: KernelScalar>(_ x: Tensor<Scalar>) -> Tensor<Int32> {
    let (n, d) = (x.shape[0], x.shape[1])
    var leaves = Tensor<Int32>(uninitialized: [n, treeCount], count: n * treeCount)
    let status = withNodes { nodes in
      x.withUnsafeBufferPointer { x in
        leaves.withUnsafeMutableBufferPointer { leaves in
          let (x, leaves) = (x.baseAddress!, leaves.baseAddress!)
          return switch Scalar.dtype {
          case .f32: farro_trees_apply_f32(&nodes, n, d, x.f32, d, leaves)
          default: farro_trees_apply_f64(&nodes, n, d, x.f64, d, leaves)
          }
        }
      }
    }
    check(status, "TreeArrays.apply")
    return leaves
  }

  /// The mean of the values of the trees that were not grown from a row, shape (n, outputs), and how many they are.
  package func outOfBag<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    draws: Int,
    seed: UInt64
  ) -> (values: Tensor<Double>, counts: Tensor<UInt32>) {
    let (n, d) = (x.shape[0], x.shape[1])
    var values = Tensor<Double>(uninitialized: [n, outputs], count: n * outputs)
    var counts = Tensor<UInt32>(uninitialized: [n], count: n)
    let status = withNodes { nodes in
      x.withUnsafeBufferPointer { x in
        values.withUnsafeMutableBufferPointer { values in
          counts.withUnsafeMutableBufferPointer { counts in
            let (x, values, counts) = (x.baseAddress!, values.baseAddress!, counts.baseAddress!)
            return switch Scalar.dtype {
            case .f32: farro_trees_out_of_bag_f32(&nodes, n, d, x.f32, d, draws, seed, values, counts)
            default: farro_trees_out_of_bag_f64(&nodes, n, d, x.f64, d, draws, seed, values, counts)
            }
          }
        }
      }
    }
    check(status, "TreeArrays.outOfBag")
    return (values, counts)
  }

  /// The decrease of impurity by each column, of each tree to a sum of 1. Shape (trees, d).
  package func importances(columns: Int) -> Tensor<Double> {
    var importances = Tensor<Double>(uninitialized: [treeCount, columns], count: treeCount * columns)
    let status = withNodes { nodes in
      importances.withUnsafeMutableBufferPointer { farro_tree_importances(&nodes, columns, $0.baseAddress!) }
    }
    check(status, "TreeArrays.importances")
    return importances
  }

  /// Which nodes of the one tree pruning leaves, and how it gets there: what each leaf spared, and the impurity of all leaves
  /// after each step.
  package func pruning(alpha: Double) -> (keep: [UInt8], alphas: [Double], impurities: [Double]) {
    var keep = [UInt8](repeating: 0, count: nodeCount)
    var (alphas, impurities) = (
      [Double](repeating: 0, count: nodeCount + 1), [Double](repeating: 0, count: nodeCount + 1)
    )
    var steps = 0
    let status = withNodes { farro_tree_prune(&$0, alpha, &keep, &alphas, &impurities, &steps) }
    check(status, "TreeArrays.pruning")
    return (keep, Array(alphas[..<steps]), Array(impurities[..<steps]))
  }
}

/// How often each of `n` rows is drawn for a tree.
package func treeDraw(_ n: Int, draws: Int, seed: UInt64, tree: Int) -> [UInt32] {
  var counts = [UInt32](repeating: 0, count: n)
  check(farro_tree_draw(n, draws, seed, tree, &counts), "treeDraw")
  return counts
}
