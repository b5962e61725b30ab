import Farro

/// A model that knows the rows that it comes from: what both models of nearest neighbours can tell.
public protocol NeighborModel<Input>: Sendable {
  associatedtype Input: NumericRows

  /// How many neighbours vote.
  var nNeighbors: Int { get }

  /// The nearest of the rows that the model comes from, for each query.
  ///
  /// - Parameters:
  ///   - x: m queries.
  ///   - nNeighbors: How many; ``nNeighbors`` when nil.
  /// - Returns: Shape (m, k) both, the nearest first, rows of equal distance by their number. A row at a distance of NaN is no
  ///   neighbour: in its place stands -1.
  /// - Throws: ``ModelError`` for rows of another length, of what is no number, and for more neighbours than there are rows.
  /// - Complexity: O(m n d), at the rate of matrix products for most metrics; with a tree about O(m log n).
  func kneighbors(
    _ x: Input,
    nNeighbors: Int?
  ) throws -> (distances: Tensor<Input.Scalar>, indices: Tensor<Int>)

  /// All of the rows that the model comes from at a distance of `radius` and less from each query, the nearest first.
  ///
  /// - Throws: As ``kneighbors(_:nNeighbors:)``, and for a radius of NaN.
  /// - Complexity: O(m n d), with a tree about O(m log n); and memory for all that is found.
  func radiusNeighbors(_ x: Input, radius: Double) throws -> NeighborLists<Input.Scalar>
}

/// A model that searches: what its answers come from.
protocol SearchingModel: NeighborModel {
  var search: NeighborSearch<Input> { get }
}

extension NeighborModel {
  /// The nearest of the rows that the model comes from, as many as vote.
  public func kneighbors(_ x: Input) throws -> (distances: Tensor<Input.Scalar>, indices: Tensor<Int>) {
    try kneighbors(x, nNeighbors: nil)
  }
}

extension SearchingModel {
  func nearest(_ x: Input, _ count: Int?) throws(ModelError) -> (distances: Tensor<Input.Scalar>, indices: Tensor<Int>)
  {
    try x.check(columns: search.columnCount)
    let k = count ?? nNeighbors
    try checkRange(k, "nNeighbors", atLeast: 1)
    guard k <= search.rowCount else { throw .rows(search.rowCount, needed: k) }
    return search.nearest(x, k)
  }

  func within(_ x: Input, _ radius: Double) throws(ModelError) -> NeighborLists<Input.Scalar> {
    try x.check(columns: search.columnCount)
    guard !radius.isNaN else { throw .parameter(name: "radius", reason: "must be a number") }
    return search.within(x, radius)
  }

  /// The neighbours of each query with what their votes count.
  ///
  /// - Parameter weighting: Makes weights, not negative, of the distances, shape (m, k); by the model's rule when nil.
  func votes(
    _ x: Input,
    _ weighting: ((Tensor<Input.Scalar>) -> Tensor<Input.Scalar>)?
  ) throws -> NeighborVotes {
    let (distances, indices) = try nearest(x, nil)
    var votes = NeighborVotes(rows: indices.scalars, weights: nil, k: nNeighbors)
    if let weighting {
      let own = weighting(distances)
      guard own.shape == distances.shape && own.scalars.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw ModelError.parameter(
          name: "weighting",
          reason: "must make finite numbers of at least 0 of the shape \(distances.shape)"
        )
      }
      votes.weights = Tensor<Double>(casting: own).scalars
    } else if search.parameters.weights == .distance {
      votes.weigh(by: Tensor<Double>(casting: distances).scalars)
    }
    return votes
  }
}

/// Of each query, k rows, -1 for none, and what each counts: 1 when nil. Numbers of one type, so that its loops are compiled for it.
struct NeighborVotes {
  let rows: [Int]
  var weights: [Double]?
  let k: Int

  /// By 1 over the distance; rows where that is infinite, as at distance 0, count alone.
  mutating func weigh(by distances: [Double]) {
    var weights = distances.map { 1 / $0 }
    // The nearest stands first.
    for first in stride(from: 0, to: weights.count, by: k) where weights[first] == .infinity {
      for place in first..<first + k { weights[place] = weights[place] == .infinity ? 1 : 0 }
    }
    self.weights = weights
  }

  /// The sums of the weights of each class's rows, of each query.
  func sums(_ classes: [Int32], _ classCount: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: rows.count / k * classCount)
    for (query, first) in stride(from: 0, to: rows.count, by: k).enumerated() {
      for place in first..<first + k where rows[place] >= 0 {
        sums[query * classCount + Int(classes[rows[place]])] += weights?[place] ?? 1
      }
    }
    return sums
  }

  /// The means of what belongs to the rows, `outputs` numbers each; NaN where there is none.
  ///
  /// - Parameter numbers: Of each row in ``rows``; any number where there is none.
  func means(_ numbers: [Double], _ outputs: Int) -> [Double] {
    var means = [Double](repeating: 0, count: rows.count / k * outputs)
    for (query, first) in stride(from: 0, to: rows.count, by: k).enumerated() {
      var total = 0.0
      for place in first..<first + k where rows[place] >= 0 {
        let weight = weights?[place] ?? 1
        guard weight > 0 else { continue }
        total += weight
        for output in 0..<outputs { means[query * outputs + output] += weight * numbers[place * outputs + output] }
      }
      for output in 0..<outputs { means[query * outputs + output] /= total }
    }
    return means
  }
}
