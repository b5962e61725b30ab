import Farro

/// Rows, parted into those to learn from and those to test with.
public struct TrainTest<Part> {
  /// To learn from.
  public let train: Part
  /// To test with.
  public let test: Part
}

extension TrainTest: Sendable where Part: Sendable {}
extension TrainTest: Equatable where Part: Equatable {}

/// Parts rows at random into some to learn from and some to test with: tensors, sparse matrices, tables, arrays of labels, all in
/// the same way.
///
/// ```swift
/// let (x, y) = try trainTestSplit(data.x, data.labels, testSize: 0.2, stratify: data.labels, seed: 1)
/// let model = try GaussianNB().fit(x.train, y.train)
/// print(try accuracy(y.test, predicted: model.predict(x.test)))
/// ```
///
/// Names and defaults are those of scikit-learn's `train_test_split`, except that the seed is 0, and not another one each time.
///
/// - Parameters:
///   - parts: As many rows each.
///   - testSize: How many rows are tested; nil for all that are not learned from, or a quarter.
///   - trainSize: How many rows are learned from; nil for all that are not tested.
///   - stratify: The class of each row: each class has the same part of both sides.
///   - seed: Of all random choices: the same seed gives the same rows.
/// - Throws: ``ModelError`` for parts of different numbers of rows, sizes out of range or that leave no rows, a class of one row, and
///   fewer rows than classes on either side.
/// - Complexity: O(elements).
public func trainTestSplit<each Part: RowCollection, Label: Hashable & Sendable>(
  _ parts: repeat each Part,
  testSize: RowShare? = nil,
  trainSize: RowShare? = nil,
  stratify: [Label],
  seed: UInt64 = 0
) throws -> (repeat TrainTest<each Part>) {
  let rows = try commonRowCount(repeat each parts)
  guard stratify.count == rows else { throw ModelError.labels(stratify.count, rows: rows) }
  let size = testSize == nil && trainSize == nil ? 0.25 : testSize
  let split = try StratifiedShuffleSplit(nSplits: 1, testSize: size, trainSize: trainSize, seed: seed)
    .splits(rows: rows, classes: Classes(of: stratify).codes[0], groups: nil)[0]
  return (repeat parted(each parts, split))
}

/// Parts rows into some to learn from and some to test with, at random or in their order; see
/// ``trainTestSplit(_:testSize:trainSize:stratify:seed:)``.
///
/// - Parameters:
///   - parts: As many rows each.
///   - testSize: How many rows are tested; nil for all that are not learned from, or a quarter.
///   - trainSize: How many rows are learned from; nil for all that are not tested.
///   - shuffle: Whether rows are drawn; otherwise the first ones are learned from, and those that follow tested.
///   - seed: Of all random choices: the same seed gives the same rows.
/// - Throws: ``ModelError`` for parts of different numbers of rows, and sizes out of range or that leave no rows.
/// - Complexity: O(elements).
public func trainTestSplit<each Part: RowCollection>(
  _ parts: repeat each Part,
  testSize: RowShare? = nil,
  trainSize: RowShare? = nil,
  shuffle: Bool = true,
  seed: UInt64 = 0
) throws -> (repeat TrainTest<each Part>) {
  let rows = try commonRowCount(repeat each parts)
  var split: Split
  if shuffle {
    let size = testSize == nil && trainSize == nil ? 0.25 : testSize
    split = try ShuffleSplit(nSplits: 1, testSize: size, trainSize: trainSize, seed: seed)
      .splits(rows: rows, classes: nil, groups: nil)[0]
  } else {
    let counts = try trainTestCounts(rows: rows, test: testSize, train: trainSize, defaultTest: 0.25)
    split = Split(train: Array(0..<counts.train), test: Array(counts.train..<counts.train + counts.test))
  }
  return (repeat parted(each parts, split))
}

private func parted<Part: RowCollection>(_ part: Part, _ split: Split) -> TrainTest<Part> {
  TrainTest(train: part[rows: split.train], test: part[rows: split.test])
}

private func commonRowCount<each Part: RowCollection>(_ parts: repeat each Part) throws(ModelError) -> Int {
  var rows: Int?
  for part in repeat each parts {
    if let rows, rows != part.rowCount { throw .labels(part.rowCount, rows: rows) }
    rows = part.rowCount
  }
  return rows ?? 0
}
