import Farro

/// Priors of classes that were given, as parts of 1, or those of how often classes occur.
///
/// - Throws: for another number than classes, and for what is negative or all 0.
func classPriors(_ given: [Double]?, counts: [Double]) throws(ModelError) -> [Double] {
  let priors = given ?? counts
  guard priors.count == counts.count else {
    throw .parameter(name: "priors", reason: "\(priors.count) priors for \(counts.count) classes")
  }
  let total = priors.reduce(0, +)
  guard priors.allSatisfy({ $0 >= 0 }), total > 0, total.isFinite else {
    throw .parameter(name: "priors", reason: "must not be negative, and not all 0")
  }
  return priors.map { $0 / total }
}

/// - Throws: for what is no matrix, no rows or columns, labels of another count, and fewer classes than `needed`.
func checkClasses<Input: NumericRows>(
  _ x: Input,
  _ classes: [Int32],
  _ classCount: Int,
  weights: Tensor<Double>? = nil,
  needed: Int = 1
) throws(ModelError) {
  if let x = x as? Tensor<Input.Scalar>, x.rank != 2 { throw .notRows(shape: x.shape) }
  guard classes.count == x.rowCount else { throw .labels(classes.count, rows: x.rowCount) }
  guard x.rowCount > 0 else { throw .rows(0, needed: 1) }
  guard x.columnCount > 0 else { throw .columns(0, expected: 1) }
  guard classCount >= needed else {
    throw .parameter(name: "classes", reason: "there must be at least \(needed), not \(classCount)")
  }
  // Without a way out of the loop, which then takes many at a time.
  let count = UInt32(clamping: classCount)
  guard classes.reduce(true, { ($1 >= 0 && UInt32(bitPattern: $1) < count) && $0 }) else {
    throw .parameter(name: "classes", reason: "must be from 0 to below \(classCount)")
  }
  try checkWeights(weights, rows: x.rowCount)
}

/// How many rows each class has.
func classCounts(_ classes: [Int32], _ classCount: Int) -> [Double] {
  // Two tables: an addition to a count would wait for the one before.
  var counts = [Int](repeating: 0, count: 2 * classCount)
  for (row, number) in classes.enumerated() { counts[Int(number) + (row & 1) * classCount] += 1 }
  return (0..<classCount).map { Double(counts[$0] + counts[$0 + classCount]) }
}

/// The class of the highest score in each row, the first of equal ones.
func highestScores<Scalar: KernelScalar>(_ scores: Tensor<Scalar>) -> [Int32] {
  scores.argmax(axis: 1).scalars.map { Int32($0) }
}
