import Farro
import FarroModels
import Foundation
import Testing

@Suite struct SplitterTests {
  static let rows = 61
  static let classes = (0..<rows).map { ($0 * $0 * 7 + $0 * 3) % 23 % 4 }
  static let names = classes.map { ["dog", "ape", "cow", "bee"][$0] }
  static let groups = (0..<rows).map { ($0 * $0 + 5 * $0) % 29 % 11 }
  static let rare = (0..<rows).map { [7, 50].contains($0) ? "rare" : "often" }

  /// As the golden values have it.
  private func marks(_ splits: [Split]) -> String {
    splits.map { split in
      var marks = [Character](repeating: ".", count: Self.rows)
      for row in split.train { marks[row] = "l" }
      for row in split.test { marks[row] = "T" }
      return String(marks)
    }
    .joined(separator: " ")
  }

  @Test func `where nothing is drawn, rows are divided as scikit-learn divides them`() throws {
    let (rows, names, groups) = (Self.rows, Self.names, Self.groups)
    var found: [String: [Split]] = [:]
    for n in [2, 5, 7, 61] { found["k-fold \(n)"] = try KFold(nSplits: n).split(rows: rows) }
    for n in [2, 3, 5, 8] {
      found["stratified \(n)"] = try StratifiedKFold(nSplits: n).split(names)
      found["stratified rare \(n)"] = try StratifiedKFold(nSplits: n).split(Self.rare)
    }
    for n in [2, 3, 5, 10] { found["group \(n)"] = try GroupKFold(nSplits: n).split(groups: groups) }
    for n in [2, 3, 4] {
      found["stratified group \(n)"] = try StratifiedGroupKFold(nSplits: n).split(names, groups: groups)
    }
    found["leave one group out"] = try LeaveOneGroupOut().split(groups: groups)
    found["leave one out"] = try LeaveOneOut().split(rows: rows)
    found["time 5"] = try TimeSeriesSplit().split(rows: rows)
    found["time 3 gap"] = try TimeSeriesSplit(nSplits: 3, testSize: 7, gap: 4).split(rows: rows)
    found["time 4 most"] = try TimeSeriesSplit(nSplits: 4, maxTrainSize: 10, gap: 1).split(rows: rows)
    found["predefined"] = try PredefinedSplit(testFold: (0..<rows).map { $0 * 3 % 5 - 1 }).split(rows: rows)
    #expect(Set(found.keys) == Set(SelectionGolden.splits.keys))
    for (name, splits) in found { #expect(marks(splits) == SelectionGolden.splits[name], "\(name)") }
  }

  @Test func `a group that would fit two folds as well goes to the smaller one, as with scikit-learn`() throws {
    let folds = try StratifiedGroupKFold(nSplits: 2)
      .split([0, 0, 0, 1, 1, 1, 0, 0, 1], groups: [0, 0, 3, 1, 2, 2, 3, 1, 1])
    #expect(folds.map(\.test) == [[0, 1, 3, 7, 8], [2, 4, 5, 6]])
  }

  @Test func `folds of classes do not depend on what classes are called`() throws {
    let splits = try StratifiedKFold(nSplits: 4).split(Self.names)
    #expect(try StratifiedKFold(nSplits: 4).split(Self.classes.map { -$0 }) == splits)
    let shuffled = try StratifiedKFold(nSplits: 4, shuffle: true, seed: 3).split(Self.names)
    #expect(try StratifiedKFold(nSplits: 4, shuffle: true, seed: 3).split(Self.classes.map { 7 - $0 }) == shuffled)
    #expect(shuffled != splits)
  }

  @Test func `each row is tested once, whatever is shuffled`() throws {
    let (names, groups) = (Self.names, Self.groups)
    func check(_ splitter: some Splitter, repeats: Int = 1) throws -> [Split] {
      let splits = try splitter.split(names, groups: groups)
      #expect(try splitter.split(names, groups: groups) == splits)
      let tested = splits.flatMap(\.test).sorted()
      #expect(tested == (0..<Self.rows).flatMap { [Int](repeating: $0, count: repeats) })
      for split in splits {
        #expect(!split.train.isEmpty && Set(split.train + split.test).count == Self.rows)
        #expect(split.train.count + split.test.count == Self.rows)
      }
      return splits
    }
    let first = try check(KFold(nSplits: 5, shuffle: true))
    #expect(try check(KFold(nSplits: 5, shuffle: true, seed: 1)) != first)
    #expect(try first != KFold(nSplits: 5).split(rows: Self.rows))
    #expect(first.map(\.test.count) == [13, 12, 12, 12, 12])
    let repeated = try check(RepeatedKFold(nSplits: 3, nRepeats: 4), repeats: 4)
    #expect(repeated.count == 12 && Set(repeated).count == 12)
    #expect(try check(RepeatedStratifiedKFold(nSplits: 3, nRepeats: 2), repeats: 2).count == 6)
    for split in try check(StratifiedKFold(nSplits: 5, shuffle: true)) {
      for code in 0..<4 {
        let all = Self.classes.filter { $0 == code }.count
        let tested = split.test.filter { Self.classes[$0] == code }.count
        #expect(tested == all / 5 || tested == all / 5 + 1)
      }
    }
    for splits in [
      try check(GroupKFold(nSplits: 4, shuffle: true)), try check(StratifiedGroupKFold(nSplits: 4, shuffle: true)),
    ] {
      for split in splits {
        #expect(Set(split.train.map { groups[$0] }).isDisjoint(with: split.test.map { groups[$0] }))
      }
    }
  }

  @Test func `rows that are drawn are as many as was said`() throws {
    for (test, train, expected) in [
      (nil, nil, (54, 7)), (0.25, nil, (45, 16)), (20, nil, (41, 20)), (nil, 0.5, (30, 31)), (0.2, 0.3, (18, 13)),
      (5, 9, (9, 5)),
    ] as [(RowShare?, RowShare?, (Int, Int))] {
      let plain = try ShuffleSplit(nSplits: 3, testSize: test, trainSize: train, seed: 5).split(rows: Self.rows)
      let stratified = try StratifiedShuffleSplit(nSplits: 3, testSize: test, trainSize: train, seed: 5)
        .split(Self.names)
      for splits in [plain, stratified] {
        #expect(splits.count == 3 && Set(splits).count == 3)
        for split in splits {
          #expect((split.train.count, split.test.count) == expected)
          #expect(Set(split.train + split.test).count == expected.0 + expected.1)
        }
      }
      for split in stratified {
        for code in 0..<4 {
          let part = Double(Self.classes.filter { $0 == code }.count) / Double(Self.rows)
          let tested = Double(split.test.filter { Self.classes[$0] == code }.count)
          let learned = Double(split.train.filter { Self.classes[$0] == code }.count)
          #expect(abs(learned - part * Double(expected.0)) < 1 && abs(tested - part * Double(expected.1)) < 2)
        }
      }
    }
    // Of 8, 4 and 2 rows, 5 are 2.9, 1.4 and 0.7.
    let labels = [Int](repeating: 0, count: 8) + [1, 1, 1, 1, 2, 2]
    for split in try StratifiedShuffleSplit(trainSize: 5).split(labels) {
      #expect((0..<3).map { label in split.train.count { labels[$0] == label } } == [3, 1, 1])
    }
    for split in try GroupShuffleSplit(testSize: 3).split(groups: Self.groups) {
      #expect(Set(split.test.map { Self.groups[$0] }).count == 3)
      #expect(Set(split.train.map { Self.groups[$0] }).isDisjoint(with: split.test.map { Self.groups[$0] }))
      #expect(split.train.count + split.test.count == Self.rows)
    }
  }

  @Test func `splitters survive being coded`() throws {
    func check<S: Splitter & Equatable>(_ splitter: S) throws {
      #expect(try JSONDecoder().decode(S.self, from: JSONEncoder().encode(splitter)) == splitter)
    }
    try check(StratifiedKFold(nSplits: 7, shuffle: true, seed: .max))
    try check(TimeSeriesSplit(nSplits: 7, maxTrainSize: 3))
    try check(StratifiedShuffleSplit(testSize: 0.2, trainSize: 30))
  }

  @Test func `what cannot be divided so is told of`() {
    func refused(_ splitter: some Splitter, rows: Int = 10, _ classes: [Int32]? = nil, _ groups: [Int32]? = nil)
      -> String
    {
      do {
        let splits = try splitter.splits(rows: rows, classes: classes, groups: groups)
        return "\(splits.count) divisions"
      } catch { return "\(error)" }
    }
    let two: [Int32] = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    let all = [Int32](0..<10)
    for (found, expected) in [
      (refused(KFold(nSplits: 1)), "nSplits: must be at least 2, not 1"),
      (refused(KFold(), rows: 4), "at least 5 rows, not 4"),
      (refused(KFold(), rows: 0), "at least 5 rows, not 0"),
      (refused(StratifiedKFold()), "needs the class of each row"),
      (refused(StratifiedKFold(nSplits: 6), two), "6 folds are more than any class has rows: the largest has 5"),
      (refused(StratifiedKFold(), rows: 11, two), "10 labels cannot belong to 11 rows"),
      (refused(StratifiedKFold(), rows: 0, []), "the largest has 0"),
      (refused(GroupKFold()), "GroupKFold needs the group"),
      (refused(GroupKFold(), two, two), "there must be at least 5 groups, not 2"),
      (refused(GroupKFold(), nil, [0, 1]), "2 groups cannot belong to 10 rows"),
      (refused(StratifiedGroupKFold(), all, all), "more than any class has rows: the largest has 1"),
      (refused(LeaveOneOut(), rows: 1), "at least 2 rows, not 1"),
      (refused(LeaveOneGroupOut(), nil, all.map { _ in 0 }), "not 1"),
      (refused(RepeatedKFold(nRepeats: 0)), "nRepeats: must be at least 1"),
      (refused(TimeSeriesSplit(), rows: 5), "at least 6 rows"),
      (refused(TimeSeriesSplit(testSize: 2)), "leave none of 10 rows"),
      (refused(TimeSeriesSplit(gap: 5)), "5 tests of 1 row with a gap of 5 leave none"),
      (refused(TimeSeriesSplit(testSize: .max)), "leave none"),
      (refused(TimeSeriesSplit(gap: -1)), "gap: must be at least 0"),
      (refused(TimeSeriesSplit(maxTrainSize: 0)), "maxTrainSize: must be at least 1"),
      (refused(ShuffleSplit(testSize: 0.0)), "testSize: a part of the rows must be between 0 and 1, not 0.0"),
      (refused(ShuffleSplit(testSize: 10)), "between 1 and 9, not 10"), (refused(ShuffleSplit(trainSize: 0)), "not 0"),
      (refused(ShuffleSplit(testSize: .fraction(.nan))), "not nan"),
      (refused(ShuffleSplit(testSize: 6, trainSize: 5)), "5 rows to learn from and 6 of a test are more than 10"),
      (refused(ShuffleSplit(testSize: 0.99)), "none would be left"),
      (refused(ShuffleSplit(nSplits: 0)), "at least 1, not 0"),
      (refused(ShuffleSplit(), rows: 0), "none would be left"),
      (refused(StratifiedShuffleSplit(), all), "each class needs 2 rows"),
      (refused(StratifiedShuffleSplit(testSize: 1), two), "testSize: 1 row cannot be of all 2 classes"),
      (refused(PredefinedSplit(testFold: [-1, -1]), rows: 2), "there must be a fold"),
      (refused(PredefinedSplit(testFold: [0])), "1 labels cannot belong to 10 rows"),
    ] { #expect(found.contains(expected), "\(found)") }
  }
}
