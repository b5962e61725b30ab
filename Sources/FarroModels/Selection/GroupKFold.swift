import Farro

/// Folds of whole groups: rows of one group are never both learned from and tested on.
///
/// Without shuffling, the largest group that is left goes to the fold that has the fewest rows.
public struct GroupKFold: Splitter, Hashable {
  /// How many folds.
  public var nSplits: Int
  /// Whether groups are shuffled and divided evenly, as ``KFold`` divides rows; sizes of groups do not count then.
  public var shuffle: Bool
  /// Of the shuffling: the same seed gives the same folds.
  public var seed: UInt64

  public init(nSplits: Int = 5, shuffle: Bool = false, seed: UInt64 = 0) {
    (self.nSplits, self.shuffle, self.seed) = (nSplits, shuffle, seed)
  }

  /// - Throws: ``ModelError`` for fewer than 2 folds, or more than groups; without groups.
  /// - Complexity: O(rows `nSplits`), and O(groups log groups).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try checkSplits(nSplits)
    let groups = try required(groups: groups, rows: rows)
    let counts = codeCounts(groups)
    try checkGroups(counts.count, nSplits)
    var foldOfGroup = [Int](repeating: 0, count: counts.count)
    if shuffle {
      let folds = try KFold(nSplits: nSplits, shuffle: true, seed: seed)
        .splits(rows: counts.count, classes: nil, groups: nil)
      for (fold, split) in folds.enumerated() {
        for group in split.test { foldOfGroup[group] = fold }
      }
    } else {
      // scikit-learn reverses an ascending order: of groups of one size, the last comes first.
      let order = counts.indices.sorted { (counts[$0], $0) > (counts[$1], $1) }
      var sizes = [Int](repeating: 0, count: nSplits)
      for group in order {
        let lightest = sizes.firstIndex(of: sizes.min()!)!
        sizes[lightest] += counts[group]
        foldOfGroup[group] = lightest
      }
    }
    return FarroModels.splits(foldOfRow: groups.map { foldOfGroup[Int($0)] }, nSplits: nSplits)
  }
}

/// Folds of whole groups in which each class has about the same part of the rows as in all.
///
/// Groups whose rows are of the most different classes come first, each to the fold where the classes' parts then differ least
/// among the folds.
public struct StratifiedGroupKFold: Splitter, Hashable {
  /// How many folds.
  public var nSplits: Int
  /// Whether groups that are alike are shuffled.
  public var shuffle: Bool
  /// Of the shuffling: the same seed gives the same folds.
  public var seed: UInt64

  public init(nSplits: Int = 5, shuffle: Bool = false, seed: UInt64 = 0) {
    (self.nSplits, self.shuffle, self.seed) = (nSplits, shuffle, seed)
  }

  /// - Throws: ``ModelError`` for fewer than 2 folds, or more than groups or than the rows of the largest class; without groups or
  ///   classes.
  /// - Complexity: O(rows `nSplits` + groups classes `nSplits`^2).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try checkSplits(nSplits)
    let classes = try required(classes: classes, rows: rows)
    let groups = try required(groups: groups, rows: rows)
    let classCounts = codeCounts(classes).map(Double.init)
    let groupCount = codeCounts(groups).count
    guard let largest = classCounts.max(), largest >= Double(nSplits) else {
      throw .parameter(
        name: "nSplits",
        reason: "\(nSplits) folds are more than any class has rows: the largest has \(Int(classCounts.max() ?? 0))"
      )
    }
    try checkGroups(groupCount, nSplits)
    var perGroup = [[Double]](repeating: classCounts.map { _ in 0 }, count: groupCount)
    for (group, code) in zip(groups, classes) { perGroup[Int(group)][Int(code)] += 1 }

    var order = Array(0..<groupCount)
    if shuffle {
      var generator = Xoshiro256(seed: seed)
      order.shuffle(using: &generator)
    }
    let deviations = perGroup.map(deviation)
    order = order.enumerated().sorted { (-deviations[$0.element], $0.offset) < (-deviations[$1.element], $1.offset) }
      .map(\.element)
    var perFold = [[Double]](repeating: classCounts.map { _ in 0 }, count: nSplits)
    var foldOfGroup = [Int](repeating: 0, count: groupCount)
    for group in order {
      let fold = bestFold(for: perGroup[group], perFold, classCounts)
      foldOfGroup[group] = fold
      perFold[fold] = sum(perFold[fold], perGroup[group])
    }
    return FarroModels.splits(foldOfRow: groups.map { foldOfGroup[Int($0)] }, nSplits: nSplits)
  }

  private func bestFold(for group: [Double], _ perFold: [[Double]], _ classCounts: [Double]) -> Int {
    var (best, least, fewest) = (0, Double.infinity, Double.infinity)
    for fold in perFold.indices {
      var proposed = perFold
      proposed[fold] = sum(proposed[fold], group)
      let spread = classCounts.indices.reduce(0) { sum, code in
        sum + deviation(proposed.map { $0[code] / classCounts[code] })
      }
      let (mean, size) = (spread / Double(classCounts.count), perFold[fold].reduce(0, +))
      // Sums that differ by rounding alone are alike: numpy's isclose.
      let isClose = abs(mean - least) <= 1e-8 + 1e-5 * abs(least)
      if mean < least || (isClose && size < fewest) { (best, least, fewest) = (fold, mean, size) }
    }
    return best
  }
}

/// Each group is tested once, and all others are learned from.
public struct LeaveOneGroupOut: Splitter, Hashable {
  public init() {}

  /// - Throws: ``ModelError`` for fewer than 2 groups; without groups.
  /// - Complexity: O(rows groups).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    let groups = try required(groups: groups, rows: rows)
    let count = codeCounts(groups).count
    try checkGroups(count, 2)
    return FarroModels.splits(foldOfRow: groups.map(Int.init), nSplits: count)
  }
}

private func checkGroups(_ count: Int, _ needed: Int) throws(ModelError) {
  guard count < needed else { return }
  throw .parameter(name: "groups", reason: "there must be at least \(needed) groups, not \(count)")
}

private func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map(+) }

/// The standard deviation, of a whole population.
private func deviation(_ values: [Double]) -> Double {
  let mean = values.reduce(0, +) / Double(values.count)
  return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
}
