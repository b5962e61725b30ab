import Farro

extension ClassWeight? {
  /// The weights of rows times those of their classes; nil where all are 1. Balanced classes are counted by the weights of
  /// their rows.
  ///
  /// - Throws: ``ModelError/weights(_:)`` for what are no weights, and when all are 0.
  func rowWeights(
    _ classes: [Int32],
    _ classCount: Int,
    _ weights: Tensor<Double>?
  ) throws(ModelError) -> Tensor<Double>? {
    try checkWeights(weights, rows: classes.count)
    guard var rule = self else { return weights }
    if case .balanced = rule, let own = weights?.scalars {
      var sums = [Double](repeating: 0, count: classCount)
      for (row, number) in classes.enumerated() { sums[Int(number)] += own[row] }
      let total = sums.reduce(0, +)
      rule = .weights(sums.map { $0 > 0 ? total / (Double(classCount) * $0) : 0 })
    }
    let all = try rule.applied(to: weights, classes, classCount: classCount)
    try checkWeights(all, rows: classes.count)
    return all
  }
}

/// - Throws: for classes that nothing can be told apart by, and for labels of another number than rows.
func checkClasses(_ classes: [Int32], _ classCount: Int, rows: Int) throws(ModelError) {
  guard classes.count == rows else { throw .labels(classes.count, rows: rows) }
  guard rows > 0 else { throw .rows(0, needed: 1) }
  guard classCount >= 2 else { throw .classes(classCount, needed: 2) }
}
