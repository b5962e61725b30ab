import CKernels

/// Where k-means begins.
public enum KMeansInitialization<Scalar: KernelScalar>: Sendable {
  /// Rows far from one another: each is drawn with a probability in proportion to its squared distance from those before
  /// it, the best of a few such draws (D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding",
  /// SODA 2007; greedy, as scikit-learn's).
  case kMeansPlusPlus
  /// Different rows, drawn at random.
  case random
  /// These centres, of shape (k, d).
  case centers(Tensor<Scalar>)
}

/// How k-means runs. Names and defaults are scikit-learn's.
public struct KMeansOptions<Scalar: KernelScalar>: Sendable {
  /// Where it begins.
  public var initialization = KMeansInitialization<Scalar>.kMeansPlusPlus
  /// How often it begins anew; the result with the least inertia counts.
  public var initializations = 1
  /// The most iterations of one run; 0 leaves the first centres where they are.
  public var maximumIterations = 300
  /// A run ends when the centres move, in squares and in all, by no more than this part of the mean variance of the
  /// coordinates; when no label changes, in any case.
  public var tolerance = 1e-4
  /// Of all random choices.
  public var seed: UInt64 = 0

  /// The defaults.
  public init() {}
}

/// What k-means found.
public struct KMeansClusters<Scalar: KernelScalar>: Sendable {
  /// Shape (k, d).
  public let centers: Tensor<Scalar>
  /// The nearest centre of each row. Shape (n).
  public let labels: [Int32]
  /// The sum of the squared distances of the rows to their nearest centres, times their weights.
  public let inertia: Double
  /// Of the run that counts.
  public let iterations: Int
}

/// Why data cannot be clustered.
public enum KMeansError: Error, Equatable, CustomStringConvertible {
  /// There are fewer rows than clusters are wanted, or no cluster is wanted.
  case clusters(Int, rows: Int)
  /// A row holds NaN or infinity.
  case notFinite(row: Int, column: Int)
  /// Centres or weights do not fit the data.
  case shape(String)
  /// Squared distances between rows and centres are beyond the largest number of the type.
  case overflow

  public var description: String {
    switch self {
    case .clusters(let k, let rows): "\(rows) rows cannot form \(k) clusters: there must be from 1 to \(rows)"
    case .notFinite(let row, let column):
      "row \(row) holds NaN or an infinity in column \(column): k-means needs numbers"
    case .shape(let text): text
    case .overflow: "squared distances are beyond the largest number: scale the rows down"
    }
  }
}

/// Groups rows around `k` centres so that the sum of the squared distances to the nearest centre is small (S. Lloyd,
/// "Least squares quantization in PCM", 1982).
///
/// ```swift
/// let clusters = try kMeans(points, k: 64)
/// print(clusters.inertia, clusters.labels[0], clusters.centers[row: 0])
/// ```
///
/// A centre that loses all its rows moves to the row that is farthest from its own centre. Once few rows change, only
/// those are measured whose nearest centre is not certain, which finds the same (Y. Ding et al., "Yinyang k-means", ICML
/// 2015). The result depends on data, options and instruction set alone, not on the number of threads.
///
/// - Parameters:
///   - x: Shape (n, d).
///   - k: The number of clusters, from 1 to n.
///   - weights: Shape (n), not negative: how much each row counts; 1 when omitted.
///   - options: How it runs.
///   - progress: Called after each iteration with its number and the inertia.
/// - Throws: ``KMeansError``, and `CancellationError` when the task is cancelled between two iterations.
/// - Complexity: O(n d k) for each iteration, at the speed of matrix products, and less for late ones; O(n d k log k) to
///   begin with k-means++. Memory: O(n k / 16) bytes.
public func kMeans<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  k: Int,
  weights: Tensor<Scalar>? = nil,
  options: KMeansOptions<Scalar> = KMeansOptions(),
  progress: ((_ iteration: Int, _ inertia: Double) -> Void)? = nil
) throws -> KMeansClusters<Scalar> {
  let problem = try KMeansProblem(x, k, weights)
  var best: KMeansClusters<Scalar>?
  var seeds = SplitMix64(seed: options.seed)
  for _ in 0..<max(1, options.initializations) {
    var generator = Xoshiro256(seed: seeds.next())
    let centers = try problem.firstCenters(options.initialization, using: &generator)
    let clusters = try problem.run(from: centers, options, progress)
    guard clusters.inertia.isFinite else { throw KMeansError.overflow }
    if clusters.inertia < best?.inertia ?? .infinity { best = clusters }
  }
  return best!
}

/// The nearest of some centres for each row, and how far it is.
///
/// - Parameters:
///   - x: Shape (n, d).
///   - centers: Shape (k, d), k at least 1.
///   - weights: Shape (n): how much each row counts; 1 when omitted.
/// - Returns: The nearest centre of each row, the first of equally near ones, and the sum of the squared distances, times the
///   weights. The label is -1, and the sum NaN, for a row with NaN or an infinity, or whose squares overflow.
/// - Precondition: the shapes are as above.
/// - Complexity: O(n d k).
public func nearestCenters<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  centers: Tensor<Scalar>,
  weights: Tensor<Scalar>? = nil
) -> (labels: [Int32], inertia: Double) {
  require(
    x.rank == 2 && centers.rank == 2 && x.shape[1] == centers.shape[1] && centers.shape[0] > 0,
    "nearestCenters: rows of \(x.shape) and centres of \(centers.shape) must both be (rows, d) with the same d"
  )
  require(
    weights.map { $0.shape == [x.shape[0]] } ?? true,
    "nearestCenters: rows of \(x.shape) have weights of \(weights?.shape ?? [])"
  )
  var assignment = Assignment(rows: x.shape[0], shape: centers.shape)
  assignment.assign(x, to: centers, weights)
  return (assignment.labels, assignment.inertia)
}
