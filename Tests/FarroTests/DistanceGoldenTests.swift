import TestSupport
import Testing

@testable import Farro

/// Distances as SciPy and scikit-learn give them (Tests/Golden/distances.py has the same rows).
@Suite struct DistanceGoldenTests {
  private static let x = table(3, 5) { i, k in
    i == 2 ? Double(k * 11 % 17 - 8) / 4 : Double((i * 7 + k * 5) % 13 - 6) / 4
  }
  private static let y = table(4, 5) { i, k in Double((i * 3 + k * 11) % 17 - 8) / 4 }
  private static let anglesX = Tensor<Double>([0.5, -1.25, -1.5, 3, 0, 0], shape: [3, 2])
  private static let anglesY = Tensor<Double>([0.5, -1.25, 0.75, -3, -0.25, 0.125, 1.5, 0.5], shape: [4, 2])
  static let inverseCovariance = table(5, 5) { i, j in (i == j ? 2 : 0) + Double((i + j) % 3) / 8 }

  @Test(arguments: [
    (DistanceMetric.euclidean, DistanceGolden.euclidean),
    (.squaredEuclidean, DistanceGolden.squaredEuclidean),
    (.manhattan, DistanceGolden.manhattan),
    (.cosine, DistanceGolden.cosine),
    (.innerProduct, DistanceGolden.innerProduct),
    (.chebyshev, DistanceGolden.chebyshev),
    (.minkowski(p: 0.5), DistanceGolden.minkowskiHalf),
    (.minkowski(p: 3), DistanceGolden.minkowski3),
    (.minkowski(p: 3.5), DistanceGolden.minkowski3And1Half),
    (.correlation, DistanceGolden.correlation),
    (.canberra, DistanceGolden.canberra),
    (.brayCurtis, DistanceGolden.brayCurtis),
    (.hellinger, DistanceGolden.hellinger),
    (.jensenShannon, DistanceGolden.jensenShannon),
    (.haversine, DistanceGolden.haversine),
  ])
  func `every metric gives what SciPy or scikit-learn gives`(metric: DistanceMetric, expected: [Double]) {
    let isAmount = metric == .hellinger || metric == .jensenShannon
    let (x, y) =
      if metric == .haversine {
        (Self.anglesX, Self.anglesY)
      } else if isAmount {
        (Self.amounts(Self.x), Self.amounts(Self.y))
      } else {
        (Self.x, Self.y)
      }
    for isa in InstructionSet.supported {
      let f64 = withInstructionSet(isa) { pairwiseDistances(x, y, metric: metric) }
      #expect(worst(f64, expected, 1e-14) <= 1, "\(metric) \(isa)")
      let f32 = withInstructionSet(isa) {
        pairwiseDistances(Tensor<Float>(casting: x), Tensor<Float>(casting: y), metric: metric)
      }
      #expect(worst(f32, expected, 4e-6) <= 1, "\(metric) \(isa)")
    }
  }

  @Test func `Mahalanobis distances are those of SciPy`() throws {
    let f64 = try mahalanobisDistances(Self.x, Self.y, inverseCovariance: Self.inverseCovariance)
    #expect(worst(f64, DistanceGolden.mahalanobis, 1e-14) <= 1)
  }

  private static func amounts(_ x: Tensor<Double>) -> Tensor<Double> {
    Tensor(x.withUnsafeBufferPointer { $0.map { max($0, 0) } }, shape: x.shape)
  }

  private static func table(_ rows: Int, _ columns: Int, _ value: (Int, Int) -> Double) -> Tensor<Double> {
    Tensor((0..<rows).flatMap { i in (0..<columns).map { value(i, $0) } }, shape: [rows, columns])
  }

  /// SciPy itself leaves about 1e-16 between rows that are equal.
  private func worst<Scalar: KernelScalar>(_ actual: Tensor<Scalar>, _ expected: [Double], _ relative: Double) -> Double
  {
    let actual = actual.withUnsafeBufferPointer { $0.map { Double($0) } }
    return worstError(actual, expected) { relative * max(abs(expected[$0]), 0.1) }
  }
}
