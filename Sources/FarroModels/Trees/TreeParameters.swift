import Farro

/// What estimators of trees and forests have in common.
protocol TreeParameters {
  var maxDepth: Int? { get }
  var minSamplesSplit: MinSamples { get }
  var minSamplesLeaf: MinSamples { get }
  var minWeightFractionLeaf: Double { get }
  var maxFeatures: MaxFeatures { get }
  var maxLeafNodes: Int? { get }
  var minImpurityDecrease: Double { get }
  var ccpAlpha: Double { get }
  var categoricalFeatures: [Int] { get }
  var seed: UInt64 { get }
}

extension TreeParameters {
  /// - Throws: ``ModelError/parameter(name:reason:)`` for what is out of its range.
  func growth(rows: Int, columns: Int) throws(ModelError) -> TreeGrowth {
    try checkRange(maxDepth, "maxDepth", atLeast: 1)
    try checkRange(maxLeafNodes, "maxLeafNodes", atLeast: 2)
    try checkRange(minImpurityDecrease, "minImpurityDecrease", atLeast: 0)
    try checkRange(ccpAlpha, "ccpAlpha", atLeast: 0)
    guard minWeightFractionLeaf >= 0 && minWeightFractionLeaf <= 0.5 else {
      throw .parameter(
        name: "minWeightFractionLeaf",
        reason: "must be from 0 to 0.5, not \(minWeightFractionLeaf)"
      )
    }
    var growth = TreeGrowth()
    growth.maxDepth = maxDepth ?? Int(Int32.max)
    growth.minRowsSplit = try minSamplesSplit.resolved(rows, "minSamplesSplit", atLeast: 2)
    growth.minRowsLeaf = try minSamplesLeaf.resolved(rows, "minSamplesLeaf", atLeast: 1)
    (growth.maxLeaves, growth.maxFeatures) = (maxLeafNodes, try maxFeatures.resolved(columns))
    (growth.minLeafWeight, growth.minDecrease, growth.seed) = (minWeightFractionLeaf, minImpurityDecrease, seed)
    return growth
  }

  /// The table of columns that trees grow from.
  ///
  /// - Throws: ``ModelError`` for what is no matrix of at least one row and column, an infinite element, and a column of
  ///   categories that holds anything but whole numbers from 0 to 32767 and NaN.
  func table<Scalar: KernelScalar>(_ x: Tensor<Scalar>, randomThresholds: Bool) throws(ModelError) -> TreeTable {
    guard x.rank == 2 else { throw .notRows(shape: x.shape) }
    guard x.rowCount > 0 else { throw .rows(0, needed: 1) }
    guard (1...65535).contains(x.columnCount) else {
      throw .parameter(name: "x", reason: "trees take from 1 to 65535 columns, not \(x.columnCount)")
    }
    var categories = [Int32](repeating: 0, count: categoricalFeatures.isEmpty ? 0 : x.columnCount)
    for column in categoricalFeatures {
      guard categories.indices.contains(column) else {
        throw .parameter(name: "categoricalFeatures", reason: "there is no column \(column) of \(x.columnCount)")
      }
      var most: Scalar = 0
      for row in 0..<x.rowCount {
        let value = x[row, column]
        if value > most { most = value }
      }
      categories[column] = Int32(min(most, 32767)) + 1
    }
    do {
      return try TreeTable(x, categories: categories, randomThresholds: randomThresholds)
    } catch {
      guard categoricalFeatures.contains(error.column) else {
        throw .notFinite(row: error.row, column: error.column)
      }
      throw .parameter(
        name: "categoricalFeatures",
        reason: "row \(error.row) holds \(x[error.row, error.column]) in column \(error.column), "
          + "which is no category: a whole number from 0 to 32767, or NaN"
      )
    }
  }
}

extension Tensor where Scalar: KernelScalar {
  /// Whether an element is NaN.
  var hasMissing: Bool { !sum().isFinite && scalars.contains(where: \.isNaN) }

  /// - Throws: ``ModelError`` for rows that a tree of `columns` columns cannot walk: NaN is a missing value.
  func checkWalkable(columns: Int) throws(ModelError) {
    guard rank == 2 else { throw .notRows(shape: shape) }
    guard columnCount == columns else { throw .columns(columnCount, expected: columns) }
    guard count > 0 && !sum().isFinite else { return }
    if let place = scalars.firstIndex(where: \.isInfinite) {
      throw .notFinite(row: place / columns, column: place % columns)
    }
  }
}

/// The weight of each row, all of which count.
func treeWeights(
  _ weights: Tensor<Double>?,
  _ classWeight: ClassWeight?,
  _ classes: [Int32],
  classCount: Int
) throws(ModelError) -> Tensor<Double>? {
  try checkWeights(weights, rows: classes.count)
  guard let classWeight else { return weights }
  let all = try classWeight.applied(to: weights, classes, classCount: classCount)
  try checkWeights(all, rows: classes.count)
  return all
}

/// What a tree learns of classes.
///
/// - Throws: ``ModelError`` for classes that do not belong to the rows.
func treeTargets(
  _ classes: [Int32],
  classCount: Int,
  rows: Int,
  _ criterion: ClassCriterion
) throws(ModelError) -> TreeTargets {
  guard classes.count == rows else { throw .labels(classes.count, rows: rows) }
  guard (1...65535).contains(classCount) else {
    throw .parameter(name: "classCount", reason: "trees tell from 1 to 65535 classes apart, not \(classCount)")
  }
  return .classes(classes, count: classCount, isEntropy: criterion == .entropy)
}

/// What a tree learns of numbers.
///
/// - Throws: ``ModelError`` for numbers that do not belong to the rows, or whose squares are not finite.
func treeTargets<Scalar: KernelScalar>(_ y: Tensor<Scalar>, rows: Int) throws(ModelError) -> TreeTargets {
  guard y.rank == 1 || (y.rank == 2 && y.shape[1] > 0) else { throw .notRows(shape: y.shape) }
  guard y.shape[0] == rows else { throw .labels(y.shape[0], rows: rows) }
  let outputs = y.rank == 1 ? 1 : y.shape[1]
  let numbers = Tensor<Double>(casting: y).reshaped([rows, outputs])
  if !numbers.sum().isFinite || max(-numbers.min(), numbers.max()) > 1e150 {
    if let place = numbers.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: place / outputs, column: place % outputs)
    }
    if let place = numbers.scalars.firstIndex(where: { abs($0) > 1e150 }) {
      throw .parameter(
        name: "y",
        reason: "the square of row \(place / outputs)'s \(numbers.scalars[place]) is too large"
      )
    }
  }
  return .numbers(numbers)
}
