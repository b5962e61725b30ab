/// How mini-batch k-means runs. Names and defaults are scikit-learn's.
public struct MiniBatchKMeansOptions<Scalar: KernelScalar>: Sendable {
  /// Where it begins.
  public var initialization = KMeansInitialization<Scalar>.kMeansPlusPlus
  /// How many first centres are tried, of which those with the least inertia on some rows count; when nil, 3 for
  /// ``KMeansInitialization/random`` and 1 for others.
  public var initializations: Int?
  /// How many rows, drawn anew each time, first centres come from; when nil, 3 batches, or 3 `k` if that is more than the
  /// rows of 3 batches. At least `k` and at most all rows are taken.
  public var initializationSize: Int?
  /// The most batches, in passes over as many rows as there are.
  public var maximumIterations = 100
  /// The rows of a batch.
  public var batchSize = 1024
  /// It ends when the centres move, in squares and in all, by no more than this part of the mean variance of the
  /// coordinates; never, when 0.
  public var tolerance = 0.0
  /// It ends after so many batches that did not lower the smoothed inertia; never, when nil.
  public var maximumNoImprovement: Int? = 10
  /// Now and then, centres that have taken fewer rows than this part of the largest one's move to rows of the batch.
  public var reassignmentRatio = 0.01
  /// Of all random choices.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

/// Groups rows around `k` centres by small random batches of them: much faster than ``kMeans(_:k:weights:options:progress:)``
/// on many rows, for an inertia some percent above (D. Sculley, "Web-scale k-means clustering", WWW 2010).
///
/// ```swift
/// let clusters = try miniBatchKMeans(points, k: 64)
/// print(clusters.inertia, clusters.labels[0], clusters.centers[row: 0])
/// ```
///
/// Each centre is the mean of all rows that it has taken so far. Batches, smoothing and the moving of centres that take
/// few rows are those of scikit-learn's `MiniBatchKMeans`. The result depends on data, options and instruction set alone.
///
/// - Parameters:
///   - x: Shape (n, d).
///   - k: The number of clusters, from 1 to n.
///   - weights: Shape (n), not negative: a row is drawn in proportion; 1 when omitted.
///   - options: How it runs.
///   - progress: Called after each batch with its number and the smoothed inertia of a row.
/// - Returns: Centres, and labels and inertia of all rows. Iterations are passes, the last may be a part of one.
/// - Throws: ``KMeansError``, and `CancellationError` when the task is cancelled between two batches.
/// - Complexity: O(`batchSize` d k) for each batch, and O(n d k) for the labels.
public func miniBatchKMeans<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  k: Int,
  weights: Tensor<Scalar>? = nil,
  options: MiniBatchKMeansOptions<Scalar> = MiniBatchKMeansOptions(),
  progress: ((_ batch: Int, _ inertia: Double) -> Void)? = nil
) throws -> KMeansClusters<Scalar> {
  guard options.batchSize > 0 else { throw KMeansError.shape("a batch of \(options.batchSize) rows") }
  let problem = try KMeansProblem(x, k, weights)
  var run = MiniBatchRun(problem, options)
  let (centers, passes) = try run.centers(progress)
  var assignment = Assignment(rows: problem.n, shape: [k, problem.d])
  assignment.assign(x, to: centers, weights)
  guard assignment.inertia.isFinite else { throw KMeansError.overflow }
  return KMeansClusters(centers: centers, labels: assignment.labels, inertia: assignment.inertia, iterations: passes)
}

private struct MiniBatchRun<Scalar: KernelScalar> {
  private let problem: KMeansProblem<Scalar>
  private let options: MiniBatchKMeansOptions<Scalar>
  private let batchSize: Int
  private let cumulative: [Double]?  // weights, added up
  private var generator: Xoshiro256
  private var taken: [Double]  // rows of each centre
  private var rowsSinceReassignment = 0

  init(_ problem: KMeansProblem<Scalar>, _ options: MiniBatchKMeansOptions<Scalar>) {
    (self.problem, self.options) = (problem, options)
    batchSize = min(options.batchSize, problem.n)
    generator = Xoshiro256(seed: options.seed)
    taken = Array(repeating: 0, count: problem.k)
    var sum = 0.0
    cumulative = problem.weights?.scalars.map { weight in
      sum += Double(weight)
      return sum
    }
  }

  mutating func centers(_ progress: ((Int, Double) -> Void)?) throws -> (Tensor<Scalar>, passes: Int) {
    let (x, n, d) = (problem.x, problem.n, problem.d)
    let least = options.tolerance > 0 && d > 0 ? options.tolerance * Double(x.variance(axis: 0).mean()) : 0
    var centers = try firstCenters()
    var batch = Tensor<Scalar>(zeros: [batchSize, d])
    var assignment = Assignment(rows: batchSize, shape: centers.shape)
    let smoothing = min(Double(batchSize) * 2 / Double(n + 1), 1)
    var (smoothed, lowest, withoutImprovement) = (Double?.none, Double.infinity, 0)
    let batches = options.maximumIterations * n / batchSize
    var step = 0
    while step < batches {
      try Task.checkCancellation()
      embedding(x, Tensor(drawnRows(batchSize)), into: &batch)
      assignment.assign(batch, to: centers, nil)
      let reassigns = isReassignmentDue()
      let before = centers
      move(&centers, assignment)
      if reassigns { reassign(&centers, from: batch) }
      step += 1
      guard step > 1 else { continue }  // the inertia of the first is that of the first centres
      let inertia = assignment.inertia / Double(batchSize)
      let value = smoothed.map { $0 * (1 - smoothing) + inertia * smoothing } ?? inertia
      smoothed = value
      progress?(step, value)
      if least > 0 && problem.squaredShift(from: before, to: centers) <= least { break }
      withoutImprovement = value < lowest ? 0 : withoutImprovement + 1
      lowest = min(lowest, value)
      if let most = options.maximumNoImprovement, withoutImprovement >= most { break }
    }
    return (centers, (step * batchSize + n - 1) / n)
  }

  /// The best on some rows, of first centres that come from others.
  private mutating func firstCenters() throws -> Tensor<Scalar> {
    let (n, k) = (problem.n, problem.k)
    var size = options.initializationSize ?? 3 * batchSize
    if size < k { size = 3 * k }
    size = min(size, n)
    let count: Int
    switch options.initialization {
    case .centers: count = 1
    case .kMeansPlusPlus: count = max(options.initializations ?? 1, 1)
    case .random: count = max(options.initializations ?? 3, 1)
    }
    let validation = sample((0..<size).map { _ in Int.random(in: 0..<n, using: &generator) })
    var best: (centers: Tensor<Scalar>, inertia: Double)?
    for _ in 0..<count {
      let rows = size < n ? sample((0..<size).map { _ in Int.random(in: 0..<n, using: &generator) }) : problem
      let centers = try rows.firstCenters(options.initialization, using: &generator)
      if count == 1 { return centers }
      var assignment = Assignment(rows: size, shape: centers.shape)
      assignment.assign(validation.x, to: centers, validation.weights)
      if assignment.inertia < best?.inertia ?? .infinity { best = (centers, assignment.inertia) }
    }
    // Squared distances of all of them overflow.
    guard let best else { throw KMeansError.overflow }
    return best.centers
  }

  private func sample(_ rows: [Int]) -> KMeansProblem<Scalar> {
    let weights = problem.weights.map { weights in Tensor(rows.map { weights.scalar(at: $0) }) }
    return KMeansProblem(checked: embedding(problem.x, Tensor(rows)), problem.k, weights)
  }

  /// With repetition, in proportion to their weights.
  private mutating func drawnRows(_ count: Int) -> [Int] {
    let n = problem.n
    guard let cumulative else { return (0..<count).map { _ in Int.random(in: 0..<n, using: &generator) } }
    return (0..<count).map { _ in
      let wanted = Double.random(in: 0..<1, using: &generator) * cumulative[n - 1]
      var (low, high) = (0, n - 1)  // the first whose cumulative weight is above
      while low < high {
        let middle = (low + high) / 2
        if cumulative[middle] > wanted { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private mutating func move(_ centers: inout Tensor<Scalar>, _ assignment: Assignment) {
    let (k, d) = (problem.k, problem.d)
    var values = centers.scalars
    for center in 0..<k where assignment.weights[center] > 0 {
      let before = taken[center]
      taken[center] += assignment.weights[center]
      for i in center * d..<(center + 1) * d {
        values[i] = Scalar((Double(values[i]) * before + assignment.sums[i]) / taken[center])
      }
    }
    centers = Tensor(values, shape: [k, d])
  }

  /// Each time that 10 `k` rows have passed, or when a centre has none.
  private mutating func isReassignmentDue() -> Bool {
    rowsSinceReassignment += batchSize
    guard rowsSinceReassignment >= 10 * problem.k || taken.contains(0) else { return false }
    rowsSinceReassignment = 0
    return true
  }

  /// Centres that took few rows become rows of the batch, at most half as many as it has.
  private mutating func reassign(_ centers: inout Tensor<Scalar>, from batch: Tensor<Scalar>) {
    let (k, d) = (problem.k, problem.d)
    guard let most = taken.max(), options.reassignmentRatio > 0 else { return }
    var few = (0..<k).filter { taken[$0] < options.reassignmentRatio * most }
    if few.count > batchSize / 2 {
      let taken = taken
      few = Array(few.sorted { (taken[$0], $0) < (taken[$1], $1) }[0..<batchSize / 2])
    }
    guard !few.isEmpty else { return }
    let isMoved = Set(few)
    for (center, row) in zip(few, distinct(few.count, below: batchSize, using: &generator)) {
      for j in 0..<d { centers.setScalar(batch.scalar(at: row * d + j), at: center * d + j) }
    }
    // Not so few that they would move again at once.
    let fewest = (0..<k).filter { !isMoved.contains($0) }.map { taken[$0] }.min() ?? 0
    for center in few { taken[center] = fewest }
  }
}
