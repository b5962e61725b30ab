import Farro
import FarroData

/// What both estimators of bagging have.
protocol Bagging {
  associatedtype Base: Sendable
  var estimator: Base { get }
  var nEstimators: Int { get }
  var maxSamples: Double { get }
  var maxFeatures: Double { get }
  var bootstrap: Bool { get }
  var bootstrapFeatures: Bool { get }
  var oobScore: Bool { get }
  var seed: UInt64 { get }
}

/// The rows and columns that one estimator learns from; columns are nil where it takes all.
struct BaggingDraw {
  var rows: [Int]
  var columns: [Int]?
}

/// What one estimator of bagging has learned, and from which columns; nil for all.
struct BaggedModel<Model: Sendable>: Sendable {
  let model: Model
  let columns: [Int]?

  /// The columns that it has learned from.
  ///
  /// - Throws: for rows that lack them.
  func own<Input: Rows>(_ x: Input) throws -> Input { try chosen(x, columns) }

  var flaw: String? {
    columns?.allSatisfy { $0 >= 0 } ?? true ? flawOfMember(model) : "an estimator knows other columns"
  }
}

extension BaggedModel: Encodable where Model: Encodable {}
extension BaggedModel: Decodable where Model: Decodable {}
extension BaggedModel: Equatable where Model: Equatable {}

extension Bagging {
  /// Fits all estimators, one after the other.
  ///
  /// - Parameter fit: A model of drawn rows, of which it gets their columns and their numbers.
  /// - Throws: for parameters out of range, and what `fit` throws.
  func fitMembers<Input: Rows, Model>(
    _ x: Input,
    weights: Tensor<Double>?,
    _ fit: (_ x: Input, _ rows: [Int]) throws -> Model
  ) throws -> (members: [BaggedModel<Model>], draws: [BaggingDraw]) {
    let draws = try draws(rows: x.rowCount, columns: (x as? any NumericRows)?.columnCount ?? 1, weights: weights)
    let members = try draws.map { draw in
      try Task.checkCancellation()
      return BaggedModel(model: try fit(chosen(x[rows: draw.rows], draw.columns), draw.rows), columns: draw.columns)
    }
    return (members, draws)
  }

  /// Calls `body` with each member that has not learned from all rows, and the rows that it lacks.
  func forRowsLeftOut<Input: Rows, Model>(
    _ x: Input,
    _ found: (members: [BaggedModel<Model>], draws: [BaggingDraw]),
    _ body: (_ model: Model, _ x: Input, _ rows: [Int]) throws -> Void
  ) throws {
    for (member, draw) in zip(found.members, found.draws) {
      let drawn = Set(draw.rows)
      let left = (0..<x.rowCount).filter { !drawn.contains($0) }
      if !left.isEmpty { try body(member.model, member.own(x[rows: left]), left) }
    }
  }

  private func draws(rows: Int, columns: Int, weights: Tensor<Double>?) throws(ModelError) -> [BaggingDraw] {
    try checkRange(nEstimators, "nEstimators", atLeast: 1)
    for (part, name) in [(maxSamples, "maxSamples"), (maxFeatures, "maxFeatures")] where !(part > 0 && part <= 1) {
      throw .parameter(name: name, reason: "must be above 0 and at most 1, not \(part)")
    }
    guard bootstrap || (!oobScore && weights == nil) else {
      throw .parameter(
        name: "bootstrap",
        reason: "must be true for \(oobScore ? "oobScore, as otherwise no rows are left out" : "weights of rows")"
      )
    }
    guard rows > 0 else { throw .rows(0, needed: 1) }
    try checkWeights(weights, rows: rows)
    let (rowCount, columnCount) = (max(1, Int(maxSamples * Double(rows))), max(1, Int(maxFeatures * Double(columns))))
    let sums = weights.map { cumulativeSum($0).scalars }
    let takesAll = columnCount == columns && !bootstrapFeatures
    var seeds = SplitMix64(seed: seed)
    return (0..<nEstimators).map { _ in
      var generator = Xoshiro256(seed: seeds.next())
      return BaggingDraw(
        rows: draw(rowCount, of: rows, again: bootstrap, sums, &generator).sorted(),
        columns: takesAll
          ? nil : draw(columnCount, of: columns, again: bootstrapFeatures, nil, &generator).sorted()
      )
    }
  }

  /// Some numbers below `count`, each as likely as its weight, or, if none comes again, all as likely.
  private func draw(
    _ drawn: Int,
    of count: Int,
    again: Bool,
    _ sums: [Double]?,
    _ generator: inout Xoshiro256
  ) -> [Int] {
    guard again else { return Array((0..<count).shuffled(using: &generator).prefix(drawn)) }
    guard let sums else { return (0..<drawn).map { _ in Int.random(in: 0..<count, using: &generator) } }
    return (0..<drawn).map { _ in drawnRow(sums, &generator) }
  }
}

/// A row, as likely as its weight is in the sums of weights.
func drawnRow(_ sums: [Double], _ generator: inout Xoshiro256) -> Int {
  let wanted = Double.random(in: 0..<sums[sums.count - 1], using: &generator)
  var (low, high) = (0, sums.count - 1)
  while low < high {
    let middle = (low + high) / 2
    if sums[middle] > wanted { high = middle } else { low = middle + 1 }
  }
  return low
}

/// Some columns of rows, all when nil.
///
/// - Throws: for rows that have none.
private func chosen<Input: Rows>(_ x: Input, _ columns: [Int]?) throws -> Input {
  guard let columns else { return x }
  let count = (x as? any NumericRows)?.columnCount ?? 1
  if let last = columns.max(), last >= count { throw ModelError.columns(count, expected: last + 1) }
  if let x = x as? Tensor<Double> { return try x.numbers(ofColumns: columns, as: Double.self) as! Input }
  if let x = x as? Tensor<Float> { return try x.numbers(ofColumns: columns, as: Float.self) as! Input }
  if let x = x as? CSRMatrix<Double> { return try x.sparseNumbers(ofColumns: columns, as: Double.self) as! Input }
  if let x = x as? CSRMatrix<Float> { return try x.sparseNumbers(ofColumns: columns, as: Float.self) as! Input }
  throw ModelError.parameter(name: "maxFeatures", reason: "rows of \(Input.self) have no columns to choose from")
}
