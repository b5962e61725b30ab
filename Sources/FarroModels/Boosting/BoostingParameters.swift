import Farro

/// When boosting stops before all iterations are done.
public enum BoostingEarlyStopping: String, Codable, Sendable, CaseIterable {
  /// When scores do not improve any more, if there are more than 10,000 rows.
  case automatic
  /// When scores do not improve any more.
  case always
  /// Never.
  case never
}

/// What the estimators of boosting have in common, under the names that they have there.
struct BoostingParameters {
  var options = BoostingOptions()
  var maxIterations: Int
  var maxBins: Int
  var columns: Int
  var categoricalFeatures: [Int]
  var monotonicConstraints: [Int]
  var interactionConstraints: [[Int]]
  var earlyStopping: BoostingEarlyStopping
  var validationFraction: Double?
  var nIterationsNoChange: Int
  var tolerance: Double

  /// - Throws: for a parameter that is out of its range.
  func check(trees: Int) throws(ModelError) {
    try checkRange(options.learningRate, "learningRate", atLeast: 0)
    guard options.learningRate > 0, options.learningRate.isFinite else {
      throw .parameter(name: "learningRate", reason: "must be above 0, and no more than a number")
    }
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    try checkRange(options.minSamplesLeaf, "minSamplesLeaf", atLeast: 1)
    try checkRange(options.l2, "l2Regularization", atLeast: 0)
    guard options.l2.isFinite else { throw .parameter(name: "l2Regularization", reason: "must be a number") }
    guard options.maxFeatures > 0, options.maxFeatures <= 1 else {
      throw .parameter(name: "maxFeatures", reason: "must be above 0 and at most 1, not \(options.maxFeatures)")
    }
    guard 2...255 ~= maxBins else {
      throw .parameter(name: "maxBins", reason: "must be from 2 to 255, not \(maxBins)")
    }
    try checkRange(nIterationsNoChange, "nIterationsNoChange", atLeast: 1)
    try checkRange(tolerance, "tolerance", atLeast: 0)
    if let validationFraction, !(validationFraction > 0 && validationFraction < 1) {
      throw .parameter(name: "validationFraction", reason: "must be between 0 and 1, not \(validationFraction)")
    }
    for column in categoricalFeatures where !(0..<columns ~= column) {
      throw .parameter(name: "categoricalFeatures", reason: "there is no column \(column) among \(columns)")
    }
    for column in interactionConstraints.joined() where !(0..<columns ~= column) {
      throw .parameter(name: "interactionConstraints", reason: "there is no column \(column) among \(columns)")
    }
    try checkMonotonic(trees: trees)
  }

  private func checkMonotonic(trees: Int) throws(ModelError) {
    guard !monotonicConstraints.isEmpty else { return }
    func wrong(_ reason: String) -> ModelError { .parameter(name: "monotonicConstraints", reason: reason) }
    guard monotonicConstraints.count == columns, monotonicConstraints.allSatisfy({ -1...1 ~= $0 }) else {
      throw wrong("\(columns) columns need as many of -1, 0 and 1")
    }
    guard trees == 1 else { throw wrong("of more than two classes, no probability ascends by itself") }
    for column in categoricalFeatures where monotonicConstraints[column] != 0 {
      throw wrong("column \(column) holds categories, which have no order")
    }
  }

  /// The sets of columns that may stand above one another, with those in none of them as one more; nil: all may.
  var interactions: [UInt8]? {
    guard !interactionConstraints.isEmpty else { return nil }
    let rest = Set(0..<columns).subtracting(interactionConstraints.joined())
    let sets = interactionConstraints.map { Set($0) } + (rest.isEmpty ? [] : [rest])
    return sets.flatMap { set in (0..<columns).map { set.contains($0) ? 1 : 0 } }
  }

  /// - Throws: for a limit that is no number of leaves or levels.
  static func limit(_ value: Int?, _ name: String, atLeast least: Int) throws(ModelError) -> Int {
    try checkRange(value, name, atLeast: least)
    return value ?? 0
  }
}

/// What a model learns from, with what is set aside to see when to stop.
struct BoostingData<Scalar: KernelScalar> {
  private let x: Tensor<Scalar>
  /// The rows that are learned from, whose numbers and weights follow; nil for all.
  private(set) var rows: [UInt32]?
  var y: Tensor<Double>
  private(set) var weights: Tensor<Double>?
  var validation: (x: Tensor<Scalar>, y: Tensor<Double>, weights: Tensor<Double>?)?

  init(_ x: Tensor<Scalar>, _ y: Tensor<Double>, _ weights: Tensor<Double>?) {
    (self.x, self.y, self.weights) = (x, y, weights)
  }

  /// Sets a part of the rows aside, of each class as much.
  ///
  /// - Throws: when nothing would be left.
  mutating func setAside(_ fraction: Double, stratified: Bool, seed: UInt64) throws(ModelError) {
    var generator = Xoshiro256(seed: seed)
    let n = x.shape[0]
    var groups = [[Int]](repeating: [], count: stratified ? Int(y.max()) + 1 : 1)
    if stratified {
      for (row, number) in y.scalars.enumerated() { groups[Int(number)].append(row) }
    } else {
      groups[0] = Array(0..<n)
    }
    // Of each group its share, rounded so that the sum is right.
    var (kept, aside): ([Int], [Int]) = ([], [])
    var owed = 0.0
    for group in groups {
      owed += fraction * Double(group.count)
      let count = min(Int(owed.rounded()), max(0, group.count - 1))
      owed -= Double(count)
      let order = group.shuffled(using: &generator)
      aside += order[..<count]
      kept += order[count...]
    }
    guard !aside.isEmpty, !kept.isEmpty else {
      throw .parameter(name: "validationFraction", reason: "\(fraction) of \(n) rows are none, or all")
    }
    aside.sort()
    kept.sort()
    validation = (x[rows: aside], take(y, aside), weights.map { take($0, aside) })
    (rows, y, weights) = (kept.map { UInt32($0) }, take(y, kept), weights.map { take($0, kept) })
    guard weights.map({ $0.sum() > 0 }) ?? true, validation?.weights.map({ $0.sum() > 0 }) ?? true else {
      throw .weights("all are 0 of the rows that are set aside to see when to stop, or of all others")
    }
  }

  private func take(_ numbers: Tensor<Double>, _ rows: [Int]) -> Tensor<Double> {
    let scalars = numbers.scalars
    return Tensor(rows.map { scalars[$0] })
  }

  /// Rows that borders between bins are found from: those that are learned from, up to 200,000, with the weights of all; of more, so
  /// many drawn with replacement, each as often as its weight says.
  func sample(of allWeights: Tensor<Double>?, seed: UInt64) -> (rows: [UInt32]?, weights: Tensor<Double>?) {
    let (n, most) = (y.shape[0], 200_000)
    guard n > most else { return (rows, allWeights) }
    var generator = Xoshiro256(seed: seed &+ 1)
    let sums = weights.map { cumulativeSum($0).scalars }
    let drawn = (0..<most).map { _ in
      sums.map { UInt32(drawnRow($0, &generator)) } ?? UInt32.random(in: 0..<UInt32(n), using: &generator)
    }
    return (rows.map { rows in drawn.map { rows[Int($0)] } } ?? drawn, nil)
  }
}
