import Farro

/// How many rows: a part of all, as 0.2, or a number, as 50.
public enum RowShare: Hashable, Sendable, Codable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// This part of the rows, between 0 and 1.
  case fraction(Double)
  /// So many rows.
  case count(Int)

  public init(floatLiteral value: Double) { self = .fraction(value) }
  public init(integerLiteral value: Int) { self = .count(value) }

  fileprivate func check(_ name: String, of rows: Int) throws(ModelError) {
    switch self {
    case .fraction(let part) where !(part > 0 && part < 1):
      throw .parameter(name: name, reason: "a part of the rows must be between 0 and 1, not \(part)")
    case .count(let count) where !(1..<max(1, rows) ~= count):
      throw .parameter(name: name, reason: "of \(rows) rows, it must be between 1 and \(rows - 1), not \(count)")
    default: return
    }
  }

  /// - Parameter rule: How a part of rows becomes a whole number.
  fileprivate func rows(of all: Int, _ rule: FloatingPointRoundingRule) -> Int {
    switch self {
    case .fraction(let part): Int((part * Double(all)).rounded(rule))
    case .count(let count): count
    }
  }
}

/// The rows of a test and of what is learned from, as scikit-learn counts them: what is not told is the rest, or a tenth.
///
/// - Throws: for shares out of range, or that leave no rows, or exceed them.
func trainTestCounts(
  rows: Int,
  test: RowShare?,
  train: RowShare?,
  defaultTest: RowShare
) throws(ModelError) -> (train: Int, test: Int) {
  let test = test == nil && train == nil ? defaultTest : test
  try test?.check("testSize", of: rows)
  try train?.check("trainSize", of: rows)
  let (testRows, trainRows) = (test?.rows(of: rows, .up), train?.rows(of: rows, .down))
  let counts = (train: trainRows ?? rows - testRows!, test: testRows ?? rows - trainRows!)
  guard counts.train + counts.test <= rows else {
    throw .parameter(
      name: "trainSize",
      reason: "\(counts.train) rows to learn from and \(counts.test) of a test are more than \(rows)"
    )
  }
  guard counts.train > 0 else {
    throw .parameter(name: "trainSize", reason: "of \(rows) rows, none would be left to learn from")
  }
  return counts
}

/// Rows drawn at random, several times: some to test, others to learn from. Tests may have rows in common.
public struct ShuffleSplit: Splitter, Hashable {
  /// How many divisions.
  public var nSplits: Int
  /// How many rows are tested; nil for all that are not learned from, or a tenth.
  public var testSize: RowShare?
  /// How many rows are learned from; nil for all that are not tested.
  public var trainSize: RowShare?
  /// Of all random choices: the same seed gives the same rows.
  public var seed: UInt64

  public init(nSplits: Int = 10, testSize: RowShare? = nil, trainSize: RowShare? = nil, seed: UInt64 = 0) {
    (self.nSplits, self.testSize, self.trainSize, self.seed) = (nSplits, testSize, trainSize, seed)
  }

  /// - Throws: ``ModelError`` for parameters out of range, or that leave no rows.
  /// - Complexity: O(rows `nSplits`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try checkSplits(nSplits, atLeast: 1)
    let counts = try trainTestCounts(rows: rows, test: testSize, train: trainSize, defaultTest: 0.1)
    var generator = Xoshiro256(seed: seed)
    return (0..<nSplits).map { _ in
      let order = Array(0..<rows).shuffled(using: &generator)
      return Split(train: Array(order[counts.test..<counts.test + counts.train]), test: Array(order[..<counts.test]))
    }
  }
}

/// Rows drawn at random, several times, so that each class has the same part of them as of all.
public struct StratifiedShuffleSplit: Splitter, Hashable {
  /// How many divisions.
  public var nSplits: Int
  /// How many rows are tested; nil for all that are not learned from, or a tenth.
  public var testSize: RowShare?
  /// How many rows are learned from; nil for all that are not tested.
  public var trainSize: RowShare?
  /// Of all random choices: the same seed gives the same rows.
  public var seed: UInt64

  public init(nSplits: Int = 10, testSize: RowShare? = nil, trainSize: RowShare? = nil, seed: UInt64 = 0) {
    (self.nSplits, self.testSize, self.trainSize, self.seed) = (nSplits, testSize, trainSize, seed)
  }

  /// - Throws: ``ModelError`` for parameters out of range, a class of one row, and fewer rows than classes on either side; without
  ///   classes.
  /// - Complexity: O(rows `nSplits`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    try checkSplits(nSplits, atLeast: 1)
    let classes = try required(classes: classes, rows: rows)
    let sizes = try trainTestCounts(rows: rows, test: testSize, train: trainSize, defaultTest: 0.1)
    let counts = codeCounts(classes)
    guard counts.min() ?? 0 >= 2 else {
      throw .parameter(name: Self.name, reason: "each class needs 2 rows at least, one to learn from and one to test")
    }
    for (name, size) in [("trainSize", sizes.train), ("testSize", sizes.test)] where size < counts.count {
      throw .parameter(name: name, reason: "\(counted(size, "row")) cannot be of all \(counts.count) classes")
    }
    var members = [[Int]](repeating: [], count: counts.count)
    for (row, code) in classes.enumerated() { members[Int(code)].append(row) }
    var generator = Xoshiro256(seed: seed)
    return (0..<nSplits).map { _ in
      let train = shares(of: counts, draws: sizes.train, &generator)
      let test = shares(of: zip(counts, train).map(-), draws: sizes.test, &generator)
      var (trainRows, testRows): ([Int], [Int]) = ([], [])
      for (code, all) in members.enumerated() {
        let order = all.shuffled(using: &generator)
        trainRows += order[..<train[code]]
        testRows += order[train[code]..<train[code] + test[code]]
      }
      return Split(train: trainRows.shuffled(using: &generator), test: testRows.shuffled(using: &generator))
    }
  }

  /// How many of each class are drawn: its part of the draws, rounded down; what is left goes to the largest fractions, and among
  /// equal ones by lot.
  private func shares(of counts: [Int], draws: Int, _ generator: inout Xoshiro256) -> [Int] {
    let total = counts.reduce(0, +)
    // Whole numbers, so that equal fractions are equal.
    var shares = counts.map { $0 * draws / total }
    let rests = counts.map { $0 * draws % total }
    let order = counts.indices.shuffled(using: &generator).sorted { rests[$0] > rests[$1] }
    for code in order.prefix(draws - shares.reduce(0, +)) { shares[code] += 1 }
    return shares
  }
}

/// Groups drawn at random, several times: the rows of some to test, of others to learn from.
public struct GroupShuffleSplit: Splitter, Hashable {
  /// How many divisions.
  public var nSplits: Int
  /// How many groups are tested; nil for all that are not learned from, or a fifth.
  public var testSize: RowShare?
  /// How many groups are learned from; nil for all that are not tested.
  public var trainSize: RowShare?
  /// Of all random choices: the same seed gives the same groups.
  public var seed: UInt64

  public init(nSplits: Int = 5, testSize: RowShare? = nil, trainSize: RowShare? = nil, seed: UInt64 = 0) {
    (self.nSplits, self.testSize, self.trainSize, self.seed) = (nSplits, testSize, trainSize, seed)
  }

  /// - Throws: ``ModelError`` for parameters out of range, or that leave no groups; without groups.
  /// - Complexity: O(rows `nSplits`).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    let groups = try required(groups: groups, rows: rows)
    let drawn = try ShuffleSplit(
      nSplits: nSplits,
      testSize: testSize ?? (trainSize == nil ? 0.2 : nil),
      trainSize: trainSize,
      seed: seed
    )
    .splits(rows: codeCounts(groups).count, classes: nil, groups: nil)
    return drawn.map { split in
      let (train, test) = (Set(split.train), Set(split.test))
      return Split(
        train: groups.indices.filter { train.contains(Int(groups[$0])) },
        test: groups.indices.filter { test.contains(Int(groups[$0])) }
      )
    }
  }
}

/// Folds that are given.
public struct PredefinedSplit: Splitter, Hashable {
  /// The fold that each row is tested with, from 0 on; -1 for a row that is never tested.
  public var testFold: [Int]

  public init(testFold: [Int]) { self.testFold = testFold }

  /// - Throws: ``ModelError`` for a fold of which there are no rows, and for other rows than folds were given for.
  /// - Complexity: O(rows folds).
  public func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split] {
    guard testFold.count == rows else { throw .labels(testFold.count, rows: rows) }
    let folds = Set(testFold).subtracting([-1]).sorted()
    guard !folds.isEmpty, folds.first! >= 0 else {
      throw .parameter(name: "testFold", reason: "it must be the number of a fold, or -1, and there must be a fold")
    }
    let number = Dictionary(uniqueKeysWithValues: folds.enumerated().map { ($1, $0) })
    return FarroModels.splits(foldOfRow: testFold.map { number[$0] ?? -1 }, nSplits: folds.count)
  }
}
