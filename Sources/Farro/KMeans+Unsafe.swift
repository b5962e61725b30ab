import CKernels

/// Rows that belong to centres, and their sums.
struct Assignment {
  var labels: [Int32]
  var distances: [Double]
  var sums: [Double]
  var weights: [Double]
  var inertia = 0.0

  init(rows: Int, shape: [Int]) {
    labels = Array(repeating: -1, count: rows)
    distances = Array(repeating: 0, count: rows)
    sums = Array(repeating: 0, count: shape[0] * shape[1])
    weights = Array(repeating: 0, count: shape[0])
  }

  mutating func assign<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    to centers: Tensor<Scalar>,
    _ rowWeights: Tensor<Scalar>?
  ) {
    var shape = farro_assignment_shape()
    (shape.n, shape.d, shape.k) = (x.shape[0], x.shape[1], centers.shape[0])
    (shape.ldx, shape.ld_centers) = (shape.d, shape.d)
    var result = farro_assignment()
    labels.withUnsafeMutableBufferPointer { labels in
      distances.withUnsafeMutableBufferPointer { distances in
        sums.withUnsafeMutableBufferPointer { sums in
          weights.withUnsafeMutableBufferPointer { weights in
            // Of no rows, an array's address may be nil; the kernel wants one.
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1) { spare in
              (result.labels, result.distances) = (labels.baseAddress ?? spare.baseAddress!, distances.baseAddress)
              (result.sums, result.weights) = (sums.baseAddress, weights.baseAddress)
              withPointers(x, centers) { x, centers in
                withPointer(rowWeights) { rowWeights in
                  let status =
                    switch Scalar.dtype {
                    case .f32: farro_assign_f32(&shape, x.f32, centers.f32, rowWeights?.f32, &result)
                    default: farro_assign_f64(&shape, x.f64, centers.f64, rowWeights?.f64, &result)
                    }
                  check(status, "kMeans")
                }
              }
            }
          }
        }
      }
    }
    inertia = result.inertia
  }
}

private func withPointers<Scalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>,
  _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Void
) {
  x.withUnsafeBufferPointer { x in y.withUnsafeBufferPointer { body(x.baseAddress!, $0.baseAddress!) } }
}

private func withPointer<Scalar>(_ x: Tensor<Scalar>?, _ body: (UnsafePointer<Scalar>?) -> Void) {
  if let x { x.withUnsafeBufferPointer { body($0.baseAddress!) } } else { body(nil) }
}

/// Data that k-means can group.
struct KMeansProblem<Scalar: KernelScalar> {
  let x: Tensor<Scalar>
  let weights: Tensor<Scalar>?
  let k: Int
  var n: Int { x.shape[0] }
  var d: Int { x.shape[1] }

  init(_ x: Tensor<Scalar>, _ k: Int, _ weights: Tensor<Scalar>?) throws(KMeansError) {
    guard x.rank == 2 else { throw .shape("k-means groups rows of a matrix, not \(x.shape)") }
    guard k >= 1 && k <= x.shape[0] else { throw .clusters(k, rows: x.shape[0]) }
    (self.x, self.k, self.weights) = (x, k, weights)
    if let weights {
      guard weights.shape == [n] else { throw .shape("\(n) rows have \(n) weights, not \(weights.shape)") }
      guard weights.scalars.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw .shape("a weight is negative or no number")
      }
    }
    if d > 0 {
      // NaN and infinity stay in sums of magnitudes; a sum may also overflow where no element does.
      let rows = x.sum(axis: 1)
      for row in 0..<n where !rows.scalar(at: row).isFinite {
        guard x[row: row].scalars.allSatisfy(\.isFinite) else { throw .notFinite(row: row) }
      }
    }
  }

  // MARK: - The first centres

  func firstCenters(
    _ initialization: KMeansInitialization<Scalar>,
    using generator: inout Xoshiro256
  ) throws(KMeansError) -> Tensor<Scalar> {
    switch initialization {
    case .centers(let centers):
      guard centers.shape == [k, d] else {
        throw .shape("\(k) centres of rows of \(d) have the shape [\(k), \(d)], not \(centers.shape)")
      }
      guard centers.scalars.allSatisfy(\.isFinite) else { throw .shape("a centre holds NaN or an infinity") }
      return centers
    case .random:
      var rows = Array(0..<n)
      for i in 0..<k { rows.swapAt(i, Int.random(in: i..<n, using: &generator)) }
      return embedding(x, Tensor(rows[0..<k].map { $0 }))
    case .kMeansPlusPlus:
      return embedding(x, Tensor(spreadRows(using: &generator)))
    }
  }

  /// Rows of which each is far from those before it.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private func spreadRows(using generator: inout Xoshiro256) -> [Int] {
    var (trials, bound) = (2, 2.718281828459045)  // 2 + log k, rounded down
    while bound <= Double(k) { (trials, bound) = (trials + 1, bound * 2.718281828459045) }
    var cumulative = [Double](repeating: 0, count: n)
    func drawn(_ total: Double) -> Int {
      let wanted = Double.random(in: 0..<1, using: &generator) * total
      var (low, high) = (0, n - 1)  // the first whose cumulative weight is above
      while low < high {
        let middle = (low + high) / 2
        if cumulative[middle] > wanted { high = middle } else { low = middle + 1 }
      }
      return low
    }
    func accumulate(_ closest: Tensor<Scalar>?) -> Double {
      var sum = 0.0
      for i in 0..<n {
        sum += Double((closest?.scalar(at: i) ?? 1) * (weights?.scalar(at: i) ?? 1))
        cumulative[i] = sum
      }
      return sum
    }

    var rows = [drawn(accumulate(nil))]
    var closest = pairwiseDistances(x[rows[0]...rows[0]], x, metric: .squaredEuclidean).reshaped([n])
    while rows.count < k {
      let total = accumulate(closest)
      let candidates = (0..<trials).map { _ in drawn(total) }
      let distances = pairwiseDistances(embedding(x, Tensor(candidates)), x, metric: .squaredEuclidean)
      let best = lowerClosest(&closest, to: distances)
      rows.append(candidates[best])
    }
    return rows
  }

  /// Takes the candidate that makes the sum of the closest distances least into account; returns which it is.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private func lowerClosest(_ closest: inout Tensor<Scalar>, to distances: Tensor<Scalar>) -> Int {
    let (n, trials) = (n, distances.shape[0])
    return closest.withUnsafeMutableBufferPointer { closest in
      distances.withUnsafeBufferPointer { distances in
        var (best, least) = (0, Double.infinity)
        for trial in 0..<trials {
          let row = distances.baseAddress! + trial * n
          var sum = 0.0
          for i in 0..<n { sum += Double(Swift.min(row[i], closest[i])) * Double(weights?.scalar(at: i) ?? 1) }
          if sum < least { (best, least) = (trial, sum) }
        }
        let row = distances.baseAddress! + best * n
        for i in 0..<n { closest[i] = Swift.min(row[i], closest[i]) }
        return best
      }
    }
  }

  // MARK: - Iterations

  func run(
    from first: Tensor<Scalar>,
    _ options: KMeansOptions<Scalar>,
    _ progress: ((Int, Double) -> Void)?
  ) throws -> KMeansClusters<Scalar> {
    let least = d == 0 ? 0 : options.tolerance * Double(x.variance(axis: 0).mean())
    var (centers, iteration, hasSettled) = (first, 0, false)
    var assignment = Assignment(rows: n, shape: [k, d])
    var labels: [Int32] = []
    while iteration < options.maximumIterations && !hasSettled {
      try Task.checkCancellation()
      assignment.assign(x, to: centers, weights)
      iteration += 1
      progress?(iteration, assignment.inertia)
      let keepsLabels = assignment.labels == labels
      hasSettled = keepsLabels
      guard !keepsLabels else { break }
      labels = assignment.labels
      let moved = nextCenters(centers, &assignment)
      hasSettled = squaredShift(from: centers, to: moved) <= least
      centers = moved
    }
    assignment.assign(x, to: centers, weights)
    return KMeansClusters(
      centers: centers,
      labels: assignment.labels,
      inertia: assignment.inertia,
      iterations: iteration
    )
  }

  /// The means of the centres' rows. A centre without rows takes the row that is farthest from its own centre, which
  /// loses it; several take them in turn.
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private func nextCenters(_ centers: Tensor<Scalar>, _ assignment: inout Assignment) -> Tensor<Scalar> {
    let empty = (0..<k).filter { assignment.weights[$0] == 0 }
    if !empty.isEmpty {
      let rows = (0..<n).filter { (weights?.scalar(at: $0) ?? 1) > 0 }
      let farthest = rows.sorted {
        let (a, b) = (assignment.distances[$0], assignment.distances[$1])
        return a != b ? a > b : $0 < $1
      }
      for (center, row) in zip(empty, farthest) where assignment.distances[row] > 0 {
        let (weight, old) = (Double(weights?.scalar(at: row) ?? 1), Int(assignment.labels[row]))
        for j in 0..<d {
          let term = weight * Double(x.scalar(at: row * d + j))
          assignment.sums[old * d + j] -= term
          assignment.sums[center * d + j] = term
        }
        assignment.weights[old] -= weight
        assignment.weights[center] = weight
      }
    }
    return Tensor(unsafeUninitializedShape: [k, d]) { to in
      for center in 0..<k {
        let weight = assignment.weights[center]
        for i in center * d..<(center + 1) * d {
          to[i] = weight > 0 ? Scalar(assignment.sums[i] / weight) : centers.scalar(at: i)
        }
      }
    }
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  private func squaredShift(from old: Tensor<Scalar>, to new: Tensor<Scalar>) -> Double {
    (0..<k * d).reduce(0) { sum, i in
      let difference = Double(new.scalar(at: i)) - Double(old.scalar(at: i))
      return sum + difference * difference
    }
  }
}
