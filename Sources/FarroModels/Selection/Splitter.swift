import Farro

/// Numbers of rows to learn from, and of rows to test what was learned on.
public struct Split: Sendable, Hashable, Codable {
  /// The rows to learn from.
  public let train: [Int]
  /// The rows to test on.
  public let test: [Int]

  public init(train: [Int], test: [Int]) {
    (self.train, self.test) = (train, test)
  }
}

/// What divides rows into those to learn from and those to test on, several times.
///
/// ```swift
/// for split in try StratifiedKFold(nSplits: 10).split(species) {
///   let model = try GaussianNB().fit(x[rows: split.train], split.train.map { species[$0] })
///   print(try model.predict(x[rows: split.test]))
/// }
/// ```
///
/// Parameters have scikit-learn's names and defaults. Where nothing is drawn at random, the rows are those of scikit-learn.
public protocol Splitter: Codable, Sendable {
  /// Some divisions of rows.
  ///
  /// - Parameters:
  ///   - rows: How many rows there are.
  ///   - classes: The number of each row's class, from 0 on; nil for rows without classes.
  ///   - groups: The number of each row's group, from 0 on, in the order of the groups; nil for rows without groups.
  /// - Throws: ``ModelError`` for parameters out of range, for too few rows, and where classes or groups are needed and missing.
  func splits(rows: Int, classes: [Int32]?, groups: [Int32]?) throws(ModelError) -> [Split]
}

extension Splitter {
  /// Divisions of rows that have neither classes nor groups.
  ///
  /// - Throws: As ``splits(rows:classes:groups:)``.
  public func split(rows: Int) throws -> [Split] { try splits(rows: rows, classes: nil, groups: nil) }

  /// Divisions of rows of which each has a class.
  ///
  /// - Throws: As ``splits(rows:classes:groups:)``.
  public func split<Label: Hashable & Sendable>(_ y: [Label]) throws -> [Split] {
    try splits(rows: y.count, classes: Classes(of: y).codes[0], groups: nil)
  }

  /// Divisions of rows of which each belongs to a group.
  ///
  /// - Throws: As ``splits(rows:classes:groups:)``.
  public func split<Group: Hashable & Sendable>(groups: [Group]) throws -> [Split] {
    try splits(rows: groups.count, classes: nil, groups: Classes(of: groups).codes[0])
  }

  /// Divisions of rows of which each has a class and belongs to a group.
  ///
  /// - Throws: As ``splits(rows:classes:groups:)``.
  public func split<Label: Hashable & Sendable, Group: Hashable & Sendable>(
    _ y: [Label],
    groups: [Group]
  ) throws -> [Split] {
    try splits(rows: y.count, classes: Classes(of: y).codes[0], groups: Classes(of: groups).codes[0])
  }
}

// MARK: - What splitters have in common

extension Splitter {
  static var name: String { "\(Self.self)" }

  func checkSplits(_ nSplits: Int, atLeast least: Int = 2) throws(ModelError) {
    guard nSplits < least else { return }
    throw .parameter(name: "nSplits", reason: "must be at least \(least), not \(nSplits)")
  }

  /// - Throws: when there are no classes, or not one for each row.
  func required(classes: [Int32]?, rows: Int) throws(ModelError) -> [Int32] {
    guard let classes else {
      throw .parameter(
        name: Self.name,
        reason: "it needs the class of each row; of rows without, take KFold or ShuffleSplit"
      )
    }
    guard classes.count == rows else { throw .labels(classes.count, rows: rows) }
    return classes
  }

  /// - Throws: when there are no groups, or not one for each row.
  func required(groups: [Int32]?, rows: Int) throws(ModelError) -> [Int32] {
    guard let groups else { throw .parameter(name: "groups", reason: "\(Self.name) needs the group of each row") }
    guard groups.count == rows else {
      throw .parameter(
        name: "groups",
        reason: "\(groups.count) groups cannot belong to \(rows) rows: each row needs one"
      )
    }
    return groups
  }
}

/// Each fold is tested once, what learns has all others.
///
/// - Parameter foldOfRow: From 0 to below `nSplits`; of a row that is never tested, -1.
func splits(foldOfRow: [Int], nSplits: Int) -> [Split] {
  (0..<nSplits).map { fold in
    var (train, test): ([Int], [Int]) = ([], [])
    for (row, other) in foldOfRow.enumerated() {
      if other == fold { test.append(row) } else { train.append(row) }
    }
    return Split(train: train, test: test)
  }
}

/// How many rows each number of a class or group has.
func codeCounts(_ codes: [Int32]) -> [Int] {
  var counts = [Int](repeating: 0, count: Int(codes.max() ?? -1) + 1)
  for code in codes { counts[Int(code)] += 1 }
  return counts
}
