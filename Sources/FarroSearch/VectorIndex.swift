import Farro

/// A ``NeighborIndex`` of vectors of numbers.
public protocol VectorIndex: NeighborIndex where Element == Float, Metric == DistanceMetric {}

extension VectorIndex {
  /// The distance in place of one that there is not.
  var worstDistance: Float { metric == .innerProduct ? -.infinity : .infinity }

  /// What lies within a radius, by searches for ever more neighbours as long as all that are found lie within it.
  ///
  /// - Parameter most: As many vectors may be found.
  func widened(
    _ queries: Tensor<Float>,
    radius: Float,
    most: Int,
    _ found: (Tensor<Float>, _ k: Int) -> SearchResults
  ) -> RangeResults {
    var matches = [[Match]](repeating: [], count: queries.shape[0])
    var open = Array(0..<queries.shape[0])
    var k = min(most, 64)
    while !open.isEmpty {
      let results = found(queries.gather(rows: open), k)
      var stillOpen: [Int] = []
      for (row, query) in open.enumerated() {
        let within = (0..<k).prefix { isWithin(results.distances[row, $0], radius) && results.ids[row, $0] >= 0 }
        if within.count == k && k < most {
          stillOpen.append(query)
        } else {
          matches[query] = within.map { Match(distance: results.distances[row, $0], id: results.ids[row, $0]) }
        }
      }
      open = stillOpen
      k = min(most, 4 * k)
    }
    return RangeResults(matches)
  }

  /// Whether a distance is no worse than a radius.
  func isWithin(_ distance: Float, _ radius: Float) -> Bool {
    metric == .innerProduct ? distance >= radius : distance <= radius
  }
}
