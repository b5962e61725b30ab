import Farro
import Foundation

extension BoostedModel {
  /// Learns from rows that have been checked.
  ///
  /// - Parameters:
  ///   - y: What is to be predicted, in units of the loss.
  ///   - trees: Of an iteration.
  init(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Double>,
    _ weights: Tensor<Double>?,
    trees count: Int,
    stratified: Bool,
    _ parameters: BoostingParameters
  ) throws {
    var parameters = parameters
    let d = x.shape[1]
    let (columns, categories) = try Self.categories(of: x, parameters)
    var data = BoostingData(x, y, weights)
    let stopsEarly =
      switch parameters.earlyStopping {
      case .automatic: x.shape[0] > 10_000
      case .always: true
      case .never: false
      }
    if stopsEarly, let fraction = parameters.validationFraction {
      try data.setAside(fraction, stratified: stratified, seed: parameters.options.seed)
    }
    var bins = {
      let sample = data.sample(of: weights, seed: parameters.options.seed)
      return boostingBins(x, weights: sample.weights, sample: sample.rows, maxBins: parameters.maxBins)
    }()
    for (column, known) in zip(columns, categories) {
      if data.validation != nil { encodeCategories(&data.validation!.x, column: column, known) }
      bins.counts[column] = UInt16(max(0, known.count - 1))
      for (i, category) in known.dropLast().enumerated() { bins.thresholds[column, i] = category }
    }
    parameters.options.maxFeatures = max(1, Int((parameters.maxFeatures * Double(d)).rounded(.up)))
    if !columns.isEmpty {
      parameters.options.isCategorical = (0..<d).map { columns.contains($0) ? 1 : 0 }
    }
    if parameters.monotonicConstraints.contains(where: { $0 != 0 }) {
      parameters.options.monotonic = parameters.monotonicConstraints.map { Int8($0) }
    }
    // Losses of differences have no unit: numbers near 1 keep gradients within the range of single precision. By a power
    // of two nothing else changes.
    let loss = parameters.options.loss
    let largest = max(abs(data.y.min()), abs(data.y.max()))
    let hasUnit = [.squared, .absolute, .quantile].contains(loss) && largest > 0
    let unit = hasUnit ? Double(sign: .plus, exponent: max(largest.exponent, -1021), significand: 1) : 1
    if hasUnit {
      data.y /= unit
      if let validation = data.validation { data.validation?.y = validation.y / unit }
    }
    let start = boostingBaseline(loss, parameters.options.quantile, data.y, data.weights, trees: count)
    self.init(
      columns: d,
      loss: loss,
      baseline: start.map { $0 * unit },
      trees: BoostedTrees(treesPerIteration: count),
      categoricalColumns: columns,
      categories: categories
    )
    let booster = Booster(
      x,
      rows: data.rows,
      data.y,
      weights: data.weights,
      baseline: start,
      bins: bins,
      options: parameters.options
    )
    try grow(booster, data, unit: unit, stopsEarly: stopsEarly, parameters)
  }

  private mutating func grow(
    _ booster: Booster,
    _ data: BoostingData<Scalar>,
    unit: Double,
    stopsEarly: Bool,
    _ parameters: BoostingParameters
  ) throws {
    var raw = data.validation.map { untrained(rows: $0.x.shape[0]) }
    let scale = loss == .squared ? unit * unit : unit
    func score() {
      trainScore.append(-booster.trainingLoss * scale)
      guard let validation = data.validation, let raw else { return }
      let (y, own) = unit == 1 ? (validation.y, raw) : (validation.y, raw / unit)
      let mean = boostingLoss(loss, quantile: parameters.options.quantile, y, raw: own, weights: validation.weights)
      validationScore.append(-mean * scale)
    }
    func hasStopped() -> Bool {
      let scores = data.validation == nil ? trainScore : validationScore
      guard scores.count > parameters.nIterationsNoChange else { return false }
      let recent = scores.suffix(parameters.nIterationsNoChange + 1)
      return !recent.dropFirst().contains { $0 > recent.first! + parameters.tolerance }
    }
    if stopsEarly { score() }
    for iteration in 0..<parameters.maxIterations {
      try Task.checkCancellation()
      guard booster.trainingLoss.isFinite else {
        throw ModelError.parameter(
          name: "learningRate",
          reason: "after \(iteration) iterations the loss is no number any more: steps are too large for these targets"
        )
      }
      booster.grow(into: &trees, scale: unit)
      guard stopsEarly else { continue }
      if let validation = data.validation { trees.add(iteration..<iteration + 1, of: validation.x, to: &raw!) }
      score()
      if hasStopped() { break }
    }
  }

  /// Columns of categories, ascending, and what categories occur there.
  private static func categories(
    of x: Tensor<Scalar>,
    _ parameters: BoostingParameters
  ) throws(ModelError) -> ([Int], [[Double]]) {
    let columns = Set(parameters.categoricalFeatures).sorted()
    var all: [[Double]] = []
    guard !columns.isEmpty else { return ([], []) }
    let (scalars, d) = (x.scalars, x.shape[1])
    for column in columns {
      var known: Set<Double> = []
      for row in 0..<x.shape[0] {
        let number = Double(scalars[row * d + column])
        if !number.isNaN { known.insert(number) }
      }
      guard known.count <= parameters.maxBins else {
        throw .parameter(
          name: "categoricalFeatures",
          reason: "column \(column) holds \(known.count) categories, more than maxBins = \(parameters.maxBins)"
        )
      }
      all.append(known.sorted())
    }
    return (columns, all)
  }
}

/// The raw prediction that makes the loss least without any trees.
private func boostingBaseline(
  _ loss: BoostingLoss,
  _ quantile: Double,
  _ y: Tensor<Double>,
  _ weights: Tensor<Double>?,
  trees: Int
) -> [Double] {
  func mean(_ values: Tensor<Double>) -> Double {
    guard let weights else { return values.sum() / Double(values.count) }
    return (values * weights).sum() / weights.sum()
  }
  switch loss {
  case .squared: return [mean(y)]
  case .absolute: return [middle(y, weights, 0.5)]
  case .quantile: return [middle(y, weights, quantile)]
  case .poisson, .gamma: return [log(max(mean(y), 10 * Double.ulpOfOne))]
  case .binomial:
    let part = min(max(mean(y), 10 * Double.ulpOfOne), 1 - 10 * Double.ulpOfOne)
    return [log(part / (1 - part))]
  case .multinomial:
    let codes = y.scalars
    var sums = [Double](repeating: 0, count: trees)
    let each = weights?.scalars
    for (row, code) in codes.enumerated() { sums[Int(code)] += each?[row] ?? 1 }
    let total = sums.reduce(0, +)
    let logs = sums.map { log(min(max($0 / total, Double.ulpOfOne), 1 - Double.ulpOfOne)) }
    let center = logs.reduce(0, +) / Double(trees)
    return logs.map { $0 - center }
  }
}

/// A quantile: without weights between two neighbours where it falls there, otherwise the first number that reaches it.
private func middle(_ y: Tensor<Double>, _ weights: Tensor<Double>?, _ part: Double) -> Double {
  guard let weights else {
    let sorted = sort(y).scalars
    let position = part * Double(sorted.count - 1)
    let below = min(Int(position), sorted.count - 1)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
  }
  let (sorted, order) = sortWithIndices(y)
  let each = weights.scalars
  let wanted = part * weights.sum()
  var sum = 0.0
  for (number, row) in zip(sorted.scalars, order.scalars) {
    sum += each[row]
    if sum >= wanted && sum > 0 { return number }
  }
  return sorted.scalars.last ?? 0
}
