import Farro

/// ``KMeans`` by small random batches of rows: much faster on many rows, for an inertia some percent above.
///
/// ```swift
/// let model = try MiniBatchKMeans<Float>(nClusters: 64).fit(x)
/// ```
///
/// Names and defaults are those of scikit-learn's `MiniBatchKMeans`. How it works is said at Farro's `miniBatchKMeans`.
public struct MiniBatchKMeans<Scalar: KernelScalar>: Estimator, Equatable {
  /// How many clusters.
  public var nClusters: Int
  /// Where the centres begin.
  public var initialization: CenterInitialization<Scalar>
  /// The most batches, in passes over as many rows as there are.
  public var maxIterations: Int
  /// The rows of a batch.
  public var batchSize: Int
  /// It ends when the centres move, in squares and in all, by no more than this part of the mean variance of the
  /// columns; never, when 0.
  public var tolerance: Double
  /// It ends after so many batches that did not lower the smoothed inertia; never, when nil.
  public var maxNoImprovement: Int?
  /// How many rows first centres come from; when nil, 3 batches.
  public var initSize: Int?
  /// How many first centres are tried; when nil, 3 for ``CenterInitialization/random`` and 1 for others.
  public var nInit: Int?
  /// Centres that have taken fewer rows than this part of the largest one's move to rows of a batch.
  public var reassignmentRatio: Double
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    nClusters: Int = 8,
    initialization: CenterInitialization<Scalar> = .kMeansPlusPlus,
    maxIterations: Int = 100,
    batchSize: Int = 1024,
    tolerance: Double = 0,
    maxNoImprovement: Int? = 10,
    initSize: Int? = nil,
    nInit: Int? = nil,
    reassignmentRatio: Double = 0.01,
    seed: UInt64 = 0
  ) {
    (self.nClusters, self.initialization, self.maxIterations) = (nClusters, initialization, maxIterations)
    (self.batchSize, self.tolerance, self.maxNoImprovement) = (batchSize, tolerance, maxNoImprovement)
    (self.initSize, self.nInit, self.reassignmentRatio, self.seed) = (initSize, nInit, reassignmentRatio, seed)
  }

  /// A model of these rows, of which each counts 1.
  ///
  /// - Throws: As ``Estimator/fit(_:)``; `KMeansError.overflow` when squared distances exceed what the type holds.
  /// - Complexity: O(`batchSize` d `nClusters`) for each batch, and O(n d `nClusters`) for the labels.
  public func fit(_ x: Tensor<Scalar>) throws -> ClusterModel<Scalar> {
    try fit(x, weights: nil)
  }

  /// A model of rows that may count differently.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  ///   - progress: Called after each batch with its number and the smoothed inertia of a row.
  /// - Throws: As ``fit(_:)``, and for weights that do not fit.
  /// - Complexity: O(`batchSize` d `nClusters`) for each batch, and O(n d `nClusters`) for the labels.
  public func fit(
    _ x: Tensor<Scalar>,
    weights: Tensor<Scalar>? = nil,
    progress: ((_ batch: Int, _ inertia: Double) -> Void)? = nil
  ) throws -> ClusterModel<Scalar> {
    try checkClustering(x, weights, nClusters, initialization)
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    try checkRange(batchSize, "batchSize", atLeast: 1)
    try checkRange(tolerance, "tolerance", atLeast: 0)
    try checkRange(maxNoImprovement, "maxNoImprovement", atLeast: 0)
    try checkRange(initSize, "initSize", atLeast: 1)
    try checkRange(nInit, "nInit", atLeast: 1)
    try checkRange(reassignmentRatio, "reassignmentRatio", atLeast: 0)
    var options = MiniBatchKMeansOptions<Scalar>()
    (options.initialization, options.initializations) = (initialization.start, nInit)
    (options.initializationSize, options.batchSize) = (initSize, batchSize)
    (options.maximumIterations, options.tolerance) = (maxIterations, tolerance)
    (options.maximumNoImprovement, options.reassignmentRatio) = (maxNoImprovement, reassignmentRatio)
    options.seed = seed
    return ClusterModel(try miniBatchKMeans(x, k: nClusters, weights: weights, options: options, progress: progress))
  }
}
