import Farro
import Foundation

extension BoostedModel {
  /// Learns from rows that have been checked.
  ///
  /// - Parameters:
  ///   - y: What is to be predicted, in units of the loss.
  ///   - trees: Of an iteration.
  ///   - existing: A model that is continued.
  init(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Double>,
    _ weights: Tensor<Double>?,
    trees count: Int,
    stratified: Bool,
    _ parameters: BoostingParameters,
    from existing: BoostedModel?
  ) throws {
    var parameters = parameters
    let d = x.shape[1]
    var (columns, categories) = try Self.categories(of: x, parameters)
    if let existing {
      try existing.checkContinuation(trees: count, columns, categories, parameters)
      categories = existing.categories
    }
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
    if !columns.isEmpty {
      parameters.options.isCategorical = (0..<d).map { columns.contains($0) ? 1 : 0 }
    }
    if parameters.monotonicConstraints.contains(where: { $0 != 0 }) {
      parameters.options.monotonic = parameters.monotonicConstraints.map { Int8($0) }
    }
    parameters.options.interactions = parameters.interactions
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
    let start =
      existing?.baseline.map { $0 / unit }
      ?? boostingBaseline(loss, parameters.options.quantile, data.y, data.weights, trees: count)
    let raw = try existing.map { model in
      let all = try model.raw(x)
      let own = data.rows.map { all.transposed()[rows: $0.map { Int($0) }].transposed() } ?? all
      return (iterations: model.trees.iterations, raw: unit == 1 ? own : own / unit)
    }
    self =
      existing
      ?? BoostedModel(
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
      existing: raw,
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
    var raw = data.validation.map { validation in
      var raw = untrained(rows: validation.x.shape[0])
      trees.add(0..<trees.iterations, of: validation.x, to: &raw)
      return raw
    }
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
    if stopsEarly && trees.iterations == 0 { score() }
    for iteration in trees.iterations..<parameters.maxIterations {
      try Task.checkCancellation()
      guard booster.trainingLoss.isFinite else {
        // Gradients are numbers of single precision, and so are their sums.
        if let weight = data.weights?.sum(), weight > Double(Float.greatestFiniteMagnitude) {
          throw ModelError.weights("they come to \(weight), with which sums of gradients are no numbers any more")
        }
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

  /// - Throws: for what cannot be learned from such data, or with such parameters.
  private func checkContinuation(
    trees count: Int,
    _ columns: [Int],
    _ found: [[Double]],
    _ parameters: BoostingParameters
  ) throws(ModelError) {
    func wrong(_ reason: String) -> ModelError { .parameter(name: "from", reason: reason) }
    guard self.columns == parameters.columns else { throw .columns(parameters.columns, expected: self.columns) }
    guard loss == parameters.options.loss, trees.treesPerIteration == count else {
      throw wrong("the model has learned with another loss, or other classes")
    }
    guard parameters.maxIterations >= trees.iterations else {
      throw .parameter(
        name: "maxIterations",
        reason: "counts those that the model has, which are \(trees.iterations), but is \(parameters.maxIterations)"
      )
    }
    guard columns == categoricalColumns else { throw wrong("the model has other columns of categories") }
    for (column, (known, found)) in zip(columns, zip(categories, found)) {
      if let new = Set(found).subtracting(known).min() {
        throw wrong("column \(column) holds the category \(new), which the model does not know")
      }
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
