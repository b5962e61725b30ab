import Farro
import FarroData

/// Tells a row's class by a vote of the rows nearest to it.
///
/// ```swift
/// let classifier = try KNeighborsClassifier(nNeighbors: 3).fit(x, species)
/// let answers = try classifier.predict(others)
/// ```
///
/// Names and defaults are those of scikit-learn's `KNeighborsClassifier`. Its `metric="minkowski"` and p are one ``metric``
/// here, Euclidean by default. Weights of an own making are a closure, which cannot be written to a file: it is given to
/// ``KNeighborsClassModel/predictProbabilities(_:weighting:)`` in place of ``weights``. Sparse rows have the metrics of Farro's
/// `pairwiseDistances`.
public struct KNeighborsClassifier<Input: NumericRows>: ClassifierEstimator, Equatable {
  var parameters: NeighborParameters

  /// How many neighbours vote.
  public var nNeighbors: Int {
    get { parameters.nNeighbors }
    set { parameters.nNeighbors = newValue }
  }
  /// How much each one's vote counts.
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

  /// A model that keeps the rows and their classes.
  ///
  /// - Throws: ``ModelError`` for fewer rows than ``nNeighbors``, for weights, which neighbours have not, and for data and
  ///   parameters that no model can come of.
  /// - Complexity: O(elements).
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>? = nil
  ) throws -> KNeighborsClassModel<Input> {
    try parameters.check(x, weights)
    guard classes.count == x.rowCount else { throw ModelError.labels(classes.count, rows: x.rowCount) }
    return KNeighborsClassModel(
      search: NeighborSearch(rows: x, parameters: parameters),
      classes: classes,
      classCount: classCount
    )
  }
}

/// What ``KNeighborsClassifier`` keeps.
public struct KNeighborsClassModel<Input: NumericRows>: ProbabilisticClassModel, NeighborModel, Equatable, Codable {
  public typealias Scalar = Input.Scalar

  let search: NeighborSearch<Input>
  /// The class of each row that the model comes from.
  public let classes: [Int32]
  public let classCount: Int

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

  /// The class with the most votes, of equal ones the first.
  ///
  /// - Complexity: As ``NeighborModel/kneighbors(_:nNeighbors:)``.
  public func predictClasses(_ x: Input) throws -> [Int32] {
    let sums = try votes(x, nil).sums(classes, classCount)
    return (0..<x.rowCount).map { query in
      let first = query * classCount
      var best = first
      for place in first..<first + classCount where sums[place] > sums[best] { best = place }
      return Int32(best - first)
    }
  }

  /// The part that each class has of the votes; where a query has no neighbour, all classes have the same.
  ///
  /// - Complexity: As ``NeighborModel/kneighbors(_:nNeighbors:)``.
  public func predictProbabilities(_ x: Input) throws -> Tensor<Scalar> { try shares(x, nil) }

  /// The part that each class has of votes that count by a rule of one's own.
  ///
  /// - Parameters:
  ///   - x: m rows.
  ///   - weighting: Makes weights, not negative, of the neighbours' distances, shape (m, ``nNeighbors``).
  /// - Complexity: As ``NeighborModel/kneighbors(_:nNeighbors:)``.
  public func predictProbabilities(
    _ x: Input,
    weighting: (Tensor<Scalar>) -> Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    try withoutActuallyEscaping(weighting) { try shares(x, $0) }
  }

  private func shares(
    _ x: Input,
    _ weighting: ((Tensor<Scalar>) -> Tensor<Scalar>)?
  ) throws -> Tensor<Scalar> {
    var shares = try votes(x, weighting).sums(classes, classCount)
    for first in stride(from: 0, to: shares.count, by: classCount) {
      let total = shares[first..<first + classCount].reduce(0, +)
      for place in first..<first + classCount {
        shares[place] = total > 0 ? shares[place] / total : 1 / Double(classCount)
      }
    }
    return Tensor(casting: Tensor(shares, shape: [x.rowCount, classCount]))
  }
}

extension KNeighborsClassModel: SearchingModel {}

extension KNeighborsClassModel: StorableModel {
  public static var fileKind: String { "neighbors' classes of \(rowKind(Input.self))" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard classes.count == search.rowCount else {
      return "\(classes.count) classes of \(search.rowCount) rows"
    }
    // Rows need not be of all classes, as where an ensemble has drawn few of them.
    guard 1...max(classes.count, 65_535) ~= classCount, classes.allSatisfy({ 0..<Int32(clamping: classCount) ~= $0 })
    else { return "a row is of no class, or there are too many of these" }
    return nil
  }
}

/// How rows are kept in a file.
func rowKind<Input: NumericRows>(_: Input.Type) -> String {
  (Input.self == Tensor<Input.Scalar>.self ? "" : "sparse ") + Input.Scalar.dtype.rawValue
}
