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
  /// - Complexity: O(m n d), at the rate of matrix products for most metrics.
  func kneighbors(
    _ x: Input,
    nNeighbors: Int?
  ) throws -> (distances: Tensor<Input.Scalar>, indices: Tensor<Int>)

  /// All of the rows that the model comes from at a distance of `radius` and less from each query, the nearest first.
  ///
  /// - Throws: As ``kneighbors(_:nNeighbors:)``, and for a radius of NaN.
  /// - Complexity: O(m n d), and memory for all that is found.
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
    try x.check(columns: search.rows.columnCount)
    let k = count ?? nNeighbors
    try checkRange(k, "nNeighbors", atLeast: 1)
    guard k <= search.rows.rowCount else { throw .rows(search.rows.rowCount, needed: k) }
    return search.nearest(x, k)
  }

  func within(_ x: Input, _ radius: Double) throws(ModelError) -> NeighborLists<Input.Scalar> {
    try x.check(columns: search.rows.columnCount)
    guard !radius.isNaN else { throw .parameter(name: "radius", reason: "must be a number") }
    return search.within(x, radius)
  }

  /// The neighbours of each query with what their votes count.
  ///
  /// - Parameter weighting: Makes weights, not negative, of the distances, shape (m, k); by the model's rule when nil.
  /// - Returns: Of each query, k rows or -1, and their weights: what is no neighbour has 0.
  func votes(
    _ x: Input,
    _ weighting: ((Tensor<Input.Scalar>) -> Tensor<Input.Scalar>)?
  ) throws -> (rows: [Int], weights: [Double], k: Int) {
    let (distances, indices) = try nearest(x, nil)
    let rows = indices.scalars
    let k = nNeighbors
    var weights = [Double](repeating: 1, count: rows.count)
    if let weighting {
      let own = weighting(distances)
      guard own.shape == distances.shape && own.scalars.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw ModelError.parameter(
          name: "weighting",
          reason: "must make finite numbers of at least 0 of the shape \(distances.shape)"
        )
      }
      weights = Tensor<Double>(casting: own).scalars
    } else if search.parameters.weights == .distance {
      weights = Tensor<Double>(casting: distances).scalars
      for first in stride(from: 0, to: weights.count, by: k) {
        let isZero = weights[first] == 0  // the nearest stands first
        for place in first..<first + k { weights[place] = isZero ? (weights[place] == 0 ? 1 : 0) : 1 / weights[place] }
      }
    }
    for place in rows.indices where rows[place] < 0 { weights[place] = 0 }
    return (rows, weights, k)
  }
}
