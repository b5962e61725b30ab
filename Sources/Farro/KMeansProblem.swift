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
      guard weights.min() >= 0 && weights.sum().isFinite else { throw .shape("a weight is negative or no number") }
      guard weights.sum() > 0 else { throw .shape("all weights are 0") }
    }
    // NaN and infinity stay in sums; a sum may also overflow where no element does.
    guard d > 0 && !x.sum().isFinite else { return }
    for row in 0..<n {
      if let column = (0..<d).first(where: { !x.scalar(at: row * d + $0).isFinite }) {
        throw .notFinite(row: row, column: column)
      }
    }
  }

  /// Rows of data that has been checked.
  init(checked x: Tensor<Scalar>, _ k: Int, _ weights: Tensor<Scalar>?) {
    (self.x, self.k, self.weights) = (x, k, weights)
  }

  // MARK: - The first centres

  func firstCenters(
    _ initialization: KMeansInitialization<Scalar>,
    using generator: inout Xoshiro256
  ) throws -> Tensor<Scalar> {
    switch initialization {
    case .centers(let centers):
      guard centers.shape == [k, d] else {
        throw KMeansError.shape("\(k) centres of rows of \(d) have the shape [\(k), \(d)], not \(centers.shape)")
      }
      guard centers.scalars.allSatisfy(\.isFinite) else { throw KMeansError.shape("a centre holds NaN or an infinity") }
      return centers
    case .random:
      return embedding(x, Tensor(distinct(k, below: n, using: &generator)))
    case .kMeansPlusPlus:
      var (trials, bound) = (2, 2.718281828459045)  // 2 + log k, rounded down
      while bound <= Double(k) { (trials, bound) = (trials + 1, bound * 2.718281828459045) }
      var rows: [Int] = []
      try drawSpreadRows(x, weights) { draw in
        try Task.checkCancellation()
        let count = rows.isEmpty ? 1 : trials
        rows.append(draw((0..<count).map { _ in Double.random(in: 0..<1, using: &generator) }))
        return rows.count < k
      }
      return embedding(x, Tensor(rows))
    }
  }

  // MARK: - Iterations

  /// Assigns and moves centres until nothing changes, or little, or often enough.
  func run(
    from first: Tensor<Scalar>,
    _ options: KMeansOptions<Scalar>,
    _ progress: ((Int, Double) -> Void)?
  ) throws -> KMeansClusters<Scalar> {
    let least = d == 0 ? 0 : options.tolerance * Double(x.variance(axis: 0).mean())
    var (centers, iteration) = (first, 0)
    var assignment = Assignment(rows: n, shape: [k, d])
    let bounds = AssignmentBounds()
    while iteration < options.maximumIterations {
      try Task.checkCancellation()
      assignment.assign(x, to: centers, weights, bounds)
      iteration += 1
      progress?(iteration, assignment.inertia)
      if bounds.movedRows == 0 { break }
      let moved = nextCenters(centers, assignment)
      let hasSettled = squaredShift(from: centers, to: moved) <= least
      centers = moved
      if hasSettled { break }
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
  private func nextCenters(_ centers: Tensor<Scalar>, _ assignment: Assignment) -> Tensor<Scalar> {
    var (sums, totals) = (assignment.sums, assignment.weights)
    let empty = (0..<k).filter { totals[$0] == 0 }
    if !empty.isEmpty {
      var measured = Assignment(rows: n, shape: [k, d], measured: true)
      measured.assign(x, to: centers, weights)
      let distances = measured.distances
      let rows = (0..<n).filter { (weights?.scalar(at: $0) ?? 1) > 0 }
      let farthest = rows.sorted {
        let (a, b) = (distances[$0], distances[$1])
        return a != b ? a > b : $0 < $1
      }
      var members = Array(repeating: 0, count: k)
      for row in rows where assignment.labels[row] >= 0 { members[Int(assignment.labels[row])] += 1 }
      for (center, row) in zip(empty, farthest) where distances[row] > 0 {
        let (weight, old) = (Double(weights?.scalar(at: row) ?? 1), Int(assignment.labels[row]))
        members[old] -= 1
        for j in 0..<d {
          let term = weight * Double(x.scalar(at: row * d + j))
          sums[old * d + j] -= term
          sums[center * d + j] = term
        }
        // Without rows it stays where it is: what rounding leaves of its sums is no place.
        totals[old] = members[old] > 0 ? totals[old] - weight : 0
        totals[center] = weight
      }
    }
    return Tensor(unsafeUninitializedShape: [k, d]) { to in
      for center in 0..<k {
        let weight = totals[center]
        for i in center * d..<(center + 1) * d {
          to[i] = weight > 0 ? Scalar(sums[i] / weight) : centers.scalar(at: i)
        }
      }
    }
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  func squaredShift(from old: Tensor<Scalar>, to new: Tensor<Scalar>) -> Double {
    (0..<k * d).reduce(0) { sum, i in
      let difference = Double(new.scalar(at: i)) - Double(old.scalar(at: i))
      return sum + difference * difference
    }
  }
}

/// Some different numbers below a bound, in any order.
func distinct(_ count: Int, below bound: Int, using generator: inout Xoshiro256) -> [Int] {
  var numbers = Array(0..<bound)
  for i in 0..<count { numbers.swapAt(i, Int.random(in: i..<bound, using: &generator)) }
  return Array(numbers[0..<count])
}
