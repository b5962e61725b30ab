import Farro
import FarroData

/// Centres that ``KMeans`` or ``MiniBatchKMeans`` found.
public struct ClusterModel<Scalar: KernelScalar>: Clusterer, Transformer {
  /// Shape (`nClusters`, d).
  public let centers: Tensor<Scalar>
  /// The nearest centre of each row that the model comes from.
  public let labels: [Int32]
  /// The sum of the squared distances of those rows to their nearest centres, times their weights.
  public let inertia: Double
  /// How many iterations it took; of mini-batches, how many passes over as many rows as there are.
  public let iterations: Int

  init(_ clusters: KMeansClusters<Scalar>) {
    (centers, labels) = (clusters.centers, clusters.labels)
    (inertia, iterations) = (clusters.inertia, clusters.iterations)
  }

  /// The number of clusters.
  public var nClusters: Int { centers.shape[0] }

  /// The nearest centre of each row, the first of equally near ones.
  ///
  /// - Complexity: O(n d `nClusters`).
  public func predict(_ x: Tensor<Scalar>) throws -> [Int32] {
    try x.check(columns: centers.shape[1])
    return nearestCenters(x, centers: centers).labels
  }

  /// The Euclidean distance of each row to each centre. Shape (n, `nClusters`).
  ///
  /// - Complexity: O(n d `nClusters`).
  public func transform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.check(columns: centers.shape[1])
    return pairwiseDistances(x, centers, metric: .euclidean)
  }

  /// The sum of the squared distances of rows to their nearest centres, negative: larger is better.
  ///
  /// - Throws: ``ModelError``, as ``predict(_:)`` does, and for weights that do not fit.
  /// - Complexity: O(n d `nClusters`).
  public func score(_ x: Tensor<Scalar>, weights: Tensor<Scalar>? = nil) throws -> Double {
    try x.check(columns: centers.shape[1])
    try checkWeights(weights, rows: x.shape[0])
    return -nearestCenters(x, centers: centers, weights: weights).inertia
  }
}

extension ClusterModel: StorableModel {
  public static var fileKind: String { "clusters of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard centers.rank == 2, centers.shape[0] > 0 else { return "centres cannot have the shape \(centers.shape)" }
    guard centers.scalars.allSatisfy(\.isFinite) else { return "a centre holds NaN or an infinity" }
    guard labels.allSatisfy({ 0..<Int32(clamping: nClusters) ~= $0 }) else { return "a row belongs to no cluster" }
    return inertia >= 0 && iterations >= 0 ? nil : "inertia \(inertia) or iterations \(iterations) are negative"
  }
}
