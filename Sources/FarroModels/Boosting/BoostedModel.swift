import Farro

/// What boosting has learned, whatever for.
struct BoostedModel<Scalar: KernelScalar>: Sendable, Equatable, Codable {
  /// How many columns it has learned from.
  let columns: Int
  let loss: BoostingLoss
  /// The raw prediction of no trees.
  let baseline: [Double]
  var trees: BoostedTrees
  /// Columns of categories, and the categories of each, ascending.
  let categoricalColumns: [Int]
  let categories: [[Double]]
  var trainScore: [Double] = []
  var validationScore: [Double] = []

  /// Rows as trees take them: with the numbers of categories, and NaN for unknown ones.
  func encoded(_ x: Tensor<Scalar>) throws(ModelError) -> Tensor<Scalar> {
    guard x.rank == 2 else { throw .notRows(shape: x.shape) }
    guard x.columnCount == columns else { throw .columns(x.columnCount, expected: columns) }
    var x = x
    for (column, known) in zip(categoricalColumns, categories) { encodeCategories(&x, column: column, known) }
    return x
  }

  func untrained(rows: Int) -> Tensor<Double> {
    stack(baseline.map { Tensor(repeating: $0, shape: [rows]) })
  }

  /// Raw predictions, shape (trees, n).
  func raw(_ x: Tensor<Scalar>) throws(ModelError) -> Tensor<Double> {
    let x = try encoded(x)
    var raw = untrained(rows: x.shape[0])
    trees.add(0..<trees.iterations, of: x, to: &raw)
    return raw
  }

  /// Raw predictions after each iteration.
  func staged<Result>(_ x: Tensor<Scalar>, _ result: (Tensor<Double>) -> Result) throws(ModelError) -> [Result] {
    let x = try encoded(x)
    var raw = untrained(rows: x.shape[0])
    return (0..<trees.iterations).map { iteration in
      trees.add(iteration..<iteration + 1, of: x, to: &raw)
      return result(raw)
    }
  }

  /// By how much the splits of each column lessened the loss, as a part of all.
  var featureImportances: [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for (feature, gain) in zip(trees.features, trees.gains) where feature >= 0 { sums[Int(feature)] += gain }
    let total = sums.reduce(0, +)
    return total > 0 ? sums.map { $0 / total } : sums
  }

  func flaw(trees count: Int) -> String? {
    guard columns > 0, columns < Int(Int32.max) else { return "there are no columns" }
    guard baseline.count == count, trees.treesPerIteration == count else { return "there are other trees than classes" }
    guard baseline.allSatisfy(\.isFinite) else { return "the baseline is no number" }
    guard categoricalColumns.count == categories.count, categoricalColumns.allSatisfy({ 0..<columns ~= $0 }) else {
      return "columns of categories are incomplete"
    }
    for known in categories {
      guard known.count <= 256, zip(known, known.dropFirst()).allSatisfy({ $0 < $1 }) else {
        return "categories do not ascend"
      }
    }
    return trees.flaw(columns: columns)
  }
}

extension Tensor<Double> {
  /// The same numbers in another type.
  func converted<Other: KernelScalar>() -> Tensor<Other> {
    self as? Tensor<Other> ?? Tensor<Other>(casting: self)
  }
}
