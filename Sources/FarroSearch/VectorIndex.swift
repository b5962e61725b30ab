import Farro

/// A ``NeighborIndex`` of vectors of numbers.
public protocol VectorIndex: NeighborIndex where Element == Float, Metric == DistanceMetric {}

extension VectorIndex {
  /// The distance in place of one that there is not.
  var worstDistance: Float { metric == .innerProduct ? -.infinity : .infinity }

  /// Whether a distance is no worse than a radius.
  func isWithin(_ distance: Float, _ radius: Float) -> Bool {
    metric == .innerProduct ? distance >= radius : distance <= radius
  }
}
