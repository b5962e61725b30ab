import Farro
import FarroData

/// Tells a row's number, or numbers, by the mean of those of the rows nearest to it.
///
/// ```swift
/// let model = try KNeighborsRegressor<Tensor<Double>>(nNeighbors: 10, weights: .distance).fit(x, y)
/// let numbers = try model.predict(others)
/// ```
///
/// Names and defaults are those of scikit-learn's `KNeighborsRegressor`; what ``KNeighborsClassifier`` says of metrics and of
/// weights of an own making holds here too.
public struct KNeighborsRegressor<Input: NumericRows>: RegressorEstimator, Equatable {
  var parameters: NeighborParameters

  /// Of how many neighbours the mean is.
  public var nNeighbors: Int {
    get { parameters.nNeighbors }
    set { parameters.nNeighbors = newValue }
  }
  /// How much each one's number counts.
  public var weights: NeighborWeights {
    get { parameters.weights }
    set { parameters.weights = newValue }
  }
  /// How neighbours are found.
  public var algorithm: NeighborAlgorithm {
    get { parameters.algorithm }
    set { parameters.algorithm = newValue }
  }
  /// The most rows of a leaf of a tree.
  public var leafSize: Int {
    get { parameters.leafSize }
    set { parameters.leafSize = newValue }
  }
  /// What is near.
  public var metric: DistanceMetric {
    get { parameters.metric }
    set { parameters.metric = newValue }
  }

  public init(
    nNeighbors: Int = 5,
    weights: NeighborWeights = .uniform,
    algorithm: NeighborAlgorithm = .auto,
    leafSize: Int = 30,
    metric: DistanceMetric = .euclidean
  ) {
    parameters = NeighborParameters(
      nNeighbors: nNeighbors,
      weights: weights,
      algorithm: algorithm,
      leafSize: leafSize,
      metric: metric
    )
  }

  /// A model that keeps the rows and their numbers.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - y: Shape (n), or (n, outputs).
  ///   - weights: None: neighbours have no weights of their own.
  /// - Throws: ``ModelError`` for fewer rows than ``nNeighbors``, for weights, and for data and parameters that no model can
  ///   come of.
  /// - Complexity: O(elements).
  public func fit(
    _ x: Input,
    _ y: Tensor<Input.Scalar>,
    weights: Tensor<Double>? = nil
  ) throws -> KNeighborsRegressionModel<Input> {
    try parameters.check(x, weights)
    try checkTargets(y, rows: x.rowCount)
    return KNeighborsRegressionModel(search: NeighborSearch(rows: x, parameters: parameters), targets: y)
  }
}

/// - Throws: for what are no numbers of these rows.
func checkTargets<Scalar: KernelScalar>(_ y: Tensor<Scalar>, rows: Int) throws(ModelError) {
  guard y.rank == 1 || y.rank == 2 else { throw .notRows(shape: y.shape) }
  guard y.shape[0] == rows else { throw .labels(y.shape[0], rows: rows) }
  try y.reshaped([rows, y.rank == 1 ? 1 : y.shape[1]]).checkTarget()
}

/// What ``KNeighborsRegressor`` keeps.
public struct KNeighborsRegressionModel<Input: NumericRows>: Regressor, NeighborModel, Equatable, Codable {
  public typealias Scalar = Input.Scalar

  let search: NeighborSearch<Input>
  /// What belongs to each row that the model comes from. Shape (n), or (n, outputs).
  public let targets: Tensor<Scalar>

  /// The rows that the model comes from.
  ///
  /// - Complexity: O(1); with a tree, which has them in another order, O(elements).
  public var rows: Input { search.rows }
  public var nNeighbors: Int { search.parameters.nNeighbors }

  public func kneighbors(
    _ x: Input,
    nNeighbors: Int?
  ) throws -> (distances: Tensor<Scalar>, indices: Tensor<Int>) { try nearest(x, nNeighbors) }

  public func radiusNeighbors(_ x: Input, radius: Double) throws -> NeighborLists<Scalar> { try within(x, radius) }

  /// The mean of the neighbours' numbers; NaN where a query has no neighbour.
  ///
  /// - Complexity: As ``NeighborModel/kneighbors(_:nNeighbors:)``.
  public func predict(_ x: Input) throws -> Tensor<Scalar> { try means(x, nil) }

  /// The mean of the neighbours' numbers, weighted by a rule of one's own.
  ///
  /// - Parameters:
  ///   - x: m rows.
  ///   - weighting: Makes weights, not negative, of the neighbours' distances, shape (m, ``nNeighbors``).
  /// - Complexity: As ``NeighborModel/kneighbors(_:nNeighbors:)``.
  public func predict(_ x: Input, weighting: (Tensor<Scalar>) -> Tensor<Scalar>) throws -> Tensor<Scalar> {
    try withoutActuallyEscaping(weighting) { try means(x, $0) }
  }

  private func means(_ x: Input, _ weighting: ((Tensor<Scalar>) -> Tensor<Scalar>)?) throws -> Tensor<Scalar> {
    let votes = try votes(x, weighting)
    let outputs = targets.rank == 1 ? 1 : targets.shape[1]
    let numbers = targets.reshaped([search.rowCount, outputs])[rows: votes.rows.map { max($0, 0) }]
    let means = votes.means(Tensor<Double>(casting: numbers).scalars, outputs)
    return Tensor(casting: Tensor(means, shape: [x.rowCount] + targets.shape.dropFirst()))
  }
}

extension KNeighborsRegressionModel: SearchingModel {}

extension KNeighborsRegressionModel: StorableModel {
  public static var fileKind: String { "neighbors' numbers of \(rowKind(Input.self))" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    do throws(ModelError) { try checkTargets(targets, rows: search.rowCount) } catch { return error.description }
    return nil
  }
}
