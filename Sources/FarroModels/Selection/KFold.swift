import Farro

/// Rows in folds of one size, or of sizes that differ by one. Each fold is tested once, and learned from otherwise.
public struct KFold: Splitter, Hashable {
  /// How many folds.
  public var nSplits: Int
  /// Whether rows are shuffled before they are divided; otherwise each fold is a range of rows.
  public var shuffle: Bool
  /// Of the shuffling: the same seed gives the same folds.
  public var seed: UInt64

  public init(nSplits: Int = 5, shuffle: Bool = false, seed: UInt64 = 0) {
    (self.nSplits, self.shuffle, self.seed) = (nSplits, shuffle, seed)
  }

  /// - Throws: ``ModelError`` for fewer than 2 folds, or more than rows.
  /// - Complexity: O(rows `nSplits`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try checkSplits(nSplits)
    guard rows >= nSplits else { throw .rows(rows, needed: nSplits) }
    var order = Array(0..<rows)
    if shuffle {
      var generator = Xoshiro256(seed: seed)
      order.shuffle(using: &generator)
    }
    var foldOfRow = [Int](repeating: 0, count: rows)
    var next = 0
    for fold in 0..<nSplits {
      let size = rows / nSplits + (fold < rows % nSplits ? 1 : 0)
      for place in next..<next + size { foldOfRow[order[place]] = fold }
      next += size
    }
    return FarroModels.splits(foldOfRow: foldOfRow, nSplits: nSplits)
  }
}

/// Folds in which each class has the same part of the rows as in all.
///
/// As in scikit-learn, a class with fewer rows than folds is in some folds only; if all classes are so small, it is an error.
public struct StratifiedKFold: Splitter, Hashable {
  /// How many folds.
  public var nSplits: Int
  /// Whether the rows of each class are shuffled before they are divided; otherwise each fold takes the next ones.
  public var shuffle: Bool
  /// Of the shuffling: the same seed gives the same folds.
  public var seed: UInt64

  public init(nSplits: Int = 5, shuffle: Bool = false, seed: UInt64 = 0) {
    (self.nSplits, self.shuffle, self.seed) = (nSplits, shuffle, seed)
  }

  /// - Throws: ``ModelError`` for fewer than 2 folds, or more than the rows of the largest class; without classes.
  /// - Complexity: O(rows `nSplits`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try checkSplits(nSplits)
    let classes = try required(classes: classes, rows: rows)
    let counts = codeCounts(classes)
    guard let largest = counts.max(), largest >= nSplits else {
      throw .parameter(
        name: "nSplits",
        reason: "\(nSplits) folds are more than any class has rows: the largest has \(counts.max() ?? 0)"
      )
    }
    // In the order of first occurrences, so that names of classes do not matter.
    var position = [Int](repeating: -1, count: counts.count)
    var order: [Int] = []
    for code in classes where position[Int(code)] < 0 {
      position[Int(code)] = order.count
      order.append(Int(code))
    }
    // Were all rows sorted by class and dealt to the folds one by one, fold i would get so many of each.
    var folds = order.map { _ in [Int]() }
    var dealt = 0
    for (place, code) in order.enumerated() {
      var sizes = [Int](repeating: 0, count: nSplits)
      for _ in 0..<counts[code] {
        sizes[dealt % nSplits] += 1
        dealt += 1
      }
      folds[place] = sizes.enumerated().flatMap { [Int](repeating: $0, count: $1) }
    }
    if shuffle {
      var generator = Xoshiro256(seed: seed)
      for place in folds.indices { folds[place].shuffle(using: &generator) }
    }
    var next = [Int](repeating: 0, count: order.count)
    let foldOfRow = classes.map { code in
      let place = position[Int(code)]
      defer { next[place] += 1 }
      return folds[place][next[place]]
    }
    return FarroModels.splits(foldOfRow: foldOfRow, nSplits: nSplits)
  }
}

/// ``KFold`` with shuffling, several times with other folds.
public struct RepeatedKFold: Splitter, Hashable {
  /// How many folds each time.
  public var nSplits: Int
  /// How many times.
  public var nRepeats: Int
  /// Of the shuffling: the same seed gives the same folds.
  public var seed: UInt64

  public init(nSplits: Int = 5, nRepeats: Int = 10, seed: UInt64 = 0) {
    (self.nSplits, self.nRepeats, self.seed) = (nSplits, nRepeats, seed)
  }

  /// - Throws: As ``KFold/splits(rows:classes:groups:)``, and for less than one time.
  /// - Complexity: O(rows `nSplits` `nRepeats`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try repeated(nRepeats, seed) { seed throws(ModelError) in
      try KFold(nSplits: nSplits, shuffle: true, seed: seed).splits(rows: rows, classes: classes, groups: groups)
    }
  }
}

/// ``StratifiedKFold`` with shuffling, several times with other folds.
public struct RepeatedStratifiedKFold: Splitter, Hashable {
  /// How many folds each time.
  public var nSplits: Int
  /// How many times.
  public var nRepeats: Int
  /// Of the shuffling: the same seed gives the same folds.
  public var seed: UInt64

  public init(nSplits: Int = 5, nRepeats: Int = 10, seed: UInt64 = 0) {
    (self.nSplits, self.nRepeats, self.seed) = (nSplits, nRepeats, seed)
  }

  /// - Throws: As ``StratifiedKFold/splits(rows:classes:groups:)``, and for less than one time.
  /// - Complexity: O(rows `nSplits` `nRepeats`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try repeated(nRepeats, seed) { seed throws(ModelError) in
      try StratifiedKFold(nSplits: nSplits, shuffle: true, seed: seed)
        .splits(rows: rows, classes: classes, groups: groups)
    }
  }
}

private func repeated(
  _ nRepeats: Int,
  _ seed: UInt64,
  _ splits: (UInt64) throws(ModelError) -> [Split]
) throws(ModelError) -> [Split] {
  try checkRange(nRepeats, "nRepeats", atLeast: 1)
  var seeds = SplitMix64(seed: seed)
  var all: [Split] = []
  for _ in 0..<nRepeats { all += try splits(seeds.next()) }
  return all
}

/// Each row is tested once, and all others are learned from.
public struct LeaveOneOut: Splitter, Hashable {
  public init() {}

  /// - Throws: ``ModelError`` for fewer than 2 rows.
  /// - Complexity: O(rows^2).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    guard rows >= 2 else { throw .rows(rows, needed: 2) }
    return (0..<rows).map { row in
      Split(train: Array(0..<row) + Array(row + 1..<rows), test: [row])
    }
  }
}

/// Rows in the order of time: what is tested comes after what is learned from, which grows.
public struct TimeSeriesSplit: Splitter, Hashable {
  /// How many divisions.
  public var nSplits: Int
  /// The most rows to learn from, the last ones before the test; nil for all.
  public var maxTrainSize: Int?
  /// The rows of a test; nil for rows / (`nSplits` + 1).
  public var testSize: Int?
  /// How many rows before a test are left out.
  public var gap: Int

  public init(nSplits: Int = 5, maxTrainSize: Int? = nil, testSize: Int? = nil, gap: Int = 0) {
    (self.nSplits, self.maxTrainSize, self.testSize, self.gap) = (nSplits, maxTrainSize, testSize, gap)
  }

  /// - Throws: ``ModelError`` for parameters out of range, and for rows of which none is left to learn from.
  /// - Complexity: O(rows `nSplits`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try checkSplits(nSplits)
    try checkRange(maxTrainSize, "maxTrainSize", atLeast: 1)
    try checkRange(testSize, "testSize", atLeast: 1)
    try checkRange(gap, "gap", atLeast: 0)
    guard rows > nSplits else { throw .rows(rows, needed: nSplits + 1) }
    let size = testSize ?? rows / (nSplits + 1)
    let (tested, overflow) = size.multipliedReportingOverflow(by: nSplits)
    let first = rows.subtractingReportingOverflow(tested)
    guard !overflow, !first.overflow, first.partialValue > 0, first.partialValue > gap else {
      throw .parameter(
        name: "nSplits",
        reason:
          "\(nSplits) tests of \(counted(size, "row")) with a gap of \(gap) leave none of \(rows) rows to learn from"
      )
    }
    return stride(from: first.partialValue, to: rows, by: size).map { start in
      let end = start - gap
      return Split(train: Array(max(0, end - (maxTrainSize ?? end))..<end), test: Array(start..<start + size))
    }
  }
}

/// "1 row", "2 rows".
func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
