import Farro

/// Groups rows around centres so that the sum of the squared distances to the nearest one is small.
///
/// ```swift
/// let model = try KMeans<Float>(nClusters: 3).fit(x)
/// print(model.labels[0], model.inertia)
/// let clusters = try model.predict(newRows)
/// ```
///
/// Names and defaults are those of scikit-learn's `KMeans`. How it works is said at Farro's `kMeans`.
public struct KMeans<Scalar: KernelScalar>: Estimator, Equatable {
  /// How many clusters.
  public var nClusters: Int
  /// Where the centres begin.
  public var initialization: CenterInitialization<Scalar>
  /// How often it runs from other first centres, of which the run with the least inertia counts; when nil, 10 times for
  /// ``CenterInitialization/random`` and once for others.
  public var nInit: Int?
  /// The most iterations of a run.
  public var maxIterations: Int
  /// A run ends when the centres move, in squares and in all, by no more than this part of the mean variance of the
  /// columns.
  public var tolerance: Double
  /// Of all random choices: the same seed gives the same model.
  public var seed: UInt64

  public init(
    nClusters: Int = 8,
    initialization: CenterInitialization<Scalar> = .kMeansPlusPlus,
    nInit: Int? = nil,
    maxIterations: Int = 300,
    tolerance: Double = 1e-4,
    seed: UInt64 = 0
  ) {
    (self.nClusters, self.initialization, self.nInit) = (nClusters, initialization, nInit)
    (self.maxIterations, self.tolerance, self.seed) = (maxIterations, tolerance, seed)
  }

  /// A model of these rows, of which each counts 1.
  ///
  /// - Throws: As ``Estimator/fit(_:)``; `KMeansError.overflow` when squared distances exceed what the type holds.
  /// - Complexity: O(n d `nClusters`) for each iteration.
  public func fit(_ x: Tensor<Scalar>) throws -> ClusterModel<Scalar> {
    try fit(x, weights: nil)
  }

  /// A model of rows that may count differently.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  ///   - progress: Called after each iteration with its number and the inertia.
  /// - Throws: As ``fit(_:)``, and for weights that do not fit.
  /// - Complexity: O(n d `nClusters`) for each iteration.
  public func fit(
    _ x: Tensor<Scalar>,
    weights: Tensor<Scalar>? = nil,
    progress: ((_ iteration: Int, _ inertia: Double) -> Void)? = nil
  ) throws -> ClusterModel<Scalar> {
    try checkClustering(x, weights, nClusters, initialization)
    try checkRange(nInit, "nInit", atLeast: 1)
    try checkRange(maxIterations, "maxIterations", atLeast: 1)
    try checkRange(tolerance, "tolerance", atLeast: 0)
    var options = KMeansOptions<Scalar>()
    options.initialization = initialization.start
    options.initializations = nInit ?? (initialization == .random ? 10 : 1)
    (options.maximumIterations, options.tolerance, options.seed) = (maxIterations, tolerance, seed)
    return ClusterModel(try kMeans(x, k: nClusters, weights: weights, options: options, progress: progress))
  }
}

/// Where centres begin.
public enum CenterInitialization<Scalar: KernelScalar>: Sendable, Equatable {
  /// Rows far from one another.
  case kMeansPlusPlus
  /// Different rows, drawn at random.
  case random
  /// These centres, one per row.
  case centers(Tensor<Scalar>)

  var start: KMeansInitialization<Scalar> {
    switch self {
    case .kMeansPlusPlus: .kMeansPlusPlus
    case .random: .random
    case .centers(let centers): .centers(centers)
    }
  }
}

extension CenterInitialization: Codable {
  /// Either a name, scikit-learn's, or rows of numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let rows = try? container.decode([[Scalar]].self) {
      let columns = rows.first?.count ?? 0
      guard rows.allSatisfy({ $0.count == columns }) else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "centres of different lengths")
      }
      self = .centers(Tensor(rows.flatMap { $0 }, shape: [rows.count, columns]))
      return
    }
    switch try container.decode(String.self) {
    case "k-means++": self = .kMeansPlusPlus
    case "random": self = .random
    case let name:
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "\"\(name)\" is neither k-means++ nor random"
      )
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .kMeansPlusPlus: try container.encode("k-means++")
    case .random: try container.encode("random")
    case .centers(let centers): try container.encode((0..<centers.shape[0]).map { centers[row: $0].scalars })
    }
  }
}

func checkClustering<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ weights: Tensor<Scalar>?,
  _ nClusters: Int,
  _ initialization: CenterInitialization<Scalar>
) throws(ModelError) {
  try checkRange(nClusters, "nClusters", atLeast: 1)
  try x.checkFinite()
  guard x.shape[0] >= nClusters else { throw .rows(x.shape[0], needed: nClusters) }
  try checkWeights(weights, rows: x.shape[0])
  guard case .centers(let centers) = initialization else { return }
  guard centers.shape == [nClusters, x.shape[1]] else {
    throw .parameter(
      name: "initialization",
      reason: "\(nClusters) centres of \(x.shape[1]) columns cannot have the shape \(centers.shape)"
    )
  }
  guard centers.scalars.allSatisfy(\.isFinite) else {
    throw .parameter(name: "initialization", reason: "a centre holds NaN or an infinity")
  }
}

/// - Throws: for a value that is less, or NaN; nil is in range.
func checkRange<Number: Comparable>(_ value: Number?, _ name: String, atLeast least: Number) throws(ModelError) {
  guard let value, !(value >= least) else { return }
  throw .parameter(name: name, reason: "must be at least \(least), not \(value)")
}
