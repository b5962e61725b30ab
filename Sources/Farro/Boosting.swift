import CKernels

// Gradient boosting over histograms, for FarroModels.

/// What a boosted model makes small.
package enum BoostingLoss: Int32, Sendable, Codable {
  case squared, absolute, quantile, poisson, gamma, binomial, multinomial

  var raw: farro_boosting_loss { farro_boosting_loss(rawValue: UInt32(rawValue)) }
}

/// Borders between bins of columns.
package struct BoostingBins: Sendable {
  /// Shape (columns, `maxBins` - 1), of which each row is used as far as ``counts`` says: of categories all but the last, ascending.
  package var thresholds: Tensor<Double>
  /// How many borders each column has.
  package var counts: [UInt16]
}

/// Parameters of how trees grow.
package struct BoostingOptions: Sendable {
  package var loss = BoostingLoss.squared
  package var quantile = 0.5
  package var learningRate = 0.1
  package var l2 = 0.0
  /// 0: no limit.
  package var maxLeafNodes = 31
  /// 0: no limit.
  package var maxDepth = 0
  package var minSamplesLeaf = 20
  /// The part of its columns that each node considers.
  package var maxFeatures = 1.0
  package var seed: UInt64 = 0
  /// Of each column, whether it holds the numbers of categories; nil: none does.
  package var isCategorical: [UInt8]?
  /// Of each column, 1 where trees ascend, -1 where they descend; nil: wherever they like.
  package var monotonic: [Int8]?
  /// 1 for the columns of each set, one set after the other: a node considers those of sets that have all columns above it; nil: all.
  package var interactions: [UInt8]?

  package init() {}
}

/// Trees of all iterations, one after the other. What stands in a file is checked by ``flaw(columns:)``.
package struct BoostedTrees: Sendable, Codable, Equatable {
  /// Trees of an iteration.
  package let treesPerIteration: Int
  /// Where each tree begins in the arrays of nodes.
  package private(set) var roots: [UInt32] = []
  /// The column of each split; -1 at leaves.
  package private(set) var features: [Int32] = []
  /// What goes to the left is not above it; at leaves, what the tree adds; of categories, which of ``categories``.
  package private(set) var thresholds: [Double] = []
  /// The left child, counted from the tree's root; the right one follows.
  package private(set) var left: [Int32] = []
  /// 1: what is missing goes to the left; 2: by categories.
  package private(set) var flags: [UInt8] = []
  /// 8 words of bits of each split by categories.
  package private(set) var categories: [UInt32] = []
  /// By how much each split lessens the loss; 0 at leaves.
  package private(set) var gains: [Double] = []
  /// The rows of each node.
  package private(set) var counts: [UInt32] = []

  package init(treesPerIteration: Int) { self.treesPerIteration = treesPerIteration }

  /// How many iterations there are.
  package var iterations: Int { roots.count / max(1, treesPerIteration) }

  /// Appends a tree.
  ///
  /// - Parameter scale: What values, and by its square gains, are multiplied by.
  mutating func append(_ nodes: some Collection<farro_boosting_node>, _ bins: BoostingBins, scale: Double) {
    roots.append(UInt32(features.count))
    let width = bins.thresholds.shape[1]
    for node in nodes {
      features.append(node.feature)
      left.append(node.left)
      counts.append(node.count)
      gains.append(node.feature < 0 ? 0 : node.gain * scale * scale)
      flags.append(node.feature < 0 ? 0 : node.missing_left | (node.is_categorical << 1))
      if node.feature < 0 {
        thresholds.append(node.value * scale)
      } else if node.is_categorical != 0 {
        thresholds.append(Double(categories.count / 8))
        let words = node.categories
        categories += [words.0, words.1, words.2, words.3, words.4, words.5, words.6, words.7]
      } else {
        // Behind the last bin there is only what is missing.
        let (column, bin) = (Int(node.feature), Int(node.bin))
        thresholds.append(
          bin < Int(bins.counts[column]) ? bins.thresholds.scalar(at: column * width + bin) : .infinity
        )
      }
    }
  }

  /// Removes all but the first iterations.
  package mutating func keep(iterations: Int) {
    let trees = iterations * treesPerIteration
    guard trees < roots.count else { return }
    let nodes = Int(roots[trees])
    roots.removeSubrange(trees...)
    let splits = (0..<nodes).count { flags[$0] & 2 != 0 }
    features.removeSubrange(nodes...)
    thresholds.removeSubrange(nodes...)
    left.removeSubrange(nodes...)
    flags.removeSubrange(nodes...)
    gains.removeSubrange(nodes...)
    counts.removeSubrange(nodes...)
    categories.removeSubrange((8 * splits)...)
  }

  /// What is wrong with trees that were read, nil when they may be used: every walk from a root then ends at a leaf.
  package func flaw(columns: Int) -> String? {
    let nodes = features.count
    guard treesPerIteration > 0, roots.count % treesPerIteration == 0 else { return "iterations are incomplete" }
    guard [thresholds.count, left.count, flags.count, gains.count, counts.count].allSatisfy({ $0 == nodes }),
      categories.count % 8 == 0
    else { return "nodes are incomplete" }
    guard roots.first ?? 0 == 0, roots.isEmpty == (nodes == 0) else { return "trees do not begin at the first node" }
    for tree in roots.indices {
      let (begin, end) = (Int(roots[tree]), tree + 1 < roots.count ? Int(roots[tree + 1]) : nodes)
      guard begin < end, end <= nodes else { return "tree \(tree) has no nodes" }
      for node in begin..<end {
        let (feature, flag) = (Int(features[node]), flags[node])
        guard flag < 4, feature < columns else { return "node \(node) is of no known kind" }
        guard feature >= 0 else {
          guard thresholds[node].isFinite else { return "leaf \(node) adds no number" }
          continue
        }
        // Children behind their parents: no walk comes back.
        let child = Int(left[node])
        guard child > node - begin, child + 1 < end - begin else { return "node \(node) has no children" }
        guard !thresholds[node].isNaN, gains[node].isFinite else { return "node \(node) splits at no number" }
        guard flag & 2 == 0 || (0..<Double(categories.count / 8) ~= thresholds[node]) else {
          return "node \(node) has no categories"
        }
      }
    }
    return nil
  }
}
