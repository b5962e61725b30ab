import Farro
import FarroData

/// Brings each column to mean 0 and standard deviation 1.
///
/// ```swift
/// let scaler = try StandardScaler().fit(training)
/// let scaled = try scaler.transform(test)
/// ```
///
/// A column of equal elements becomes 0. Sparse rows are scaled without means: `StandardScaler(withMean: false)`. Names and defaults
/// are those of scikit-learn's `StandardScaler`. How it works is said at Farro's `columnMoments` and `scaleColumns`.
public struct StandardScaler<Scalar: KernelScalar>: Estimator, Hashable {
  public typealias Input = Tensor<Scalar>

  /// Whether means are taken away.
  public var withMean: Bool
  /// Whether columns are divided by their standard deviations.
  public var withStd: Bool

  public init(withMean: Bool = true, withStd: Bool = true) {
    (self.withMean, self.withStd) = (withMean, withStd)
  }

  /// The scaling that these rows need.
  ///
  /// - Throws: ``ModelError`` for no rows, and for what is no number.
  /// - Complexity: O(elements).
  public func fit(_ x: Tensor<Scalar>) throws -> StandardScalerModel<Scalar> { try fit(x, weights: nil) }

  /// The scaling that rows need which count differently.
  ///
  /// - Parameters:
  ///   - x: Shape (n, d).
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: As ``fit(_:)-(Tensor<Scalar>)``, and for weights that do not fit.
  /// - Complexity: O(elements).
  public func fit(_ x: Tensor<Scalar>, weights: Tensor<Double>?) throws -> StandardScalerModel<Scalar> {
    try model(x, weights)
  }

  /// The scaling that sparse rows need.
  ///
  /// - Throws: As for dense ones, and ``ModelError/parameter(name:reason:)`` unless ``withMean`` is false.
  /// - Complexity: O(elements that are stored).
  public func fit(_ x: CSRMatrix<Scalar>, weights: Tensor<Double>? = nil) throws -> StandardScalerModel<Scalar> {
    try model(x, weights)
  }

  private func model<Rows: ScalableRows>(_ x: Rows, _ weights: Tensor<Double>?) throws -> StandardScalerModel<Scalar> {
    guard !(withMean && Rows.isSparse) else { throw ModelError.shiftsZeros("withMean") }
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    try checkWeights(weights, rows: x.rowCount)
    return StandardScalerModel(moments: x.momentsOfColumns(weights: weights), withMean: withMean, withStd: withStd)
  }
}

extension ModelError {
  /// A parameter makes numbers of the zeros that sparse rows leave out.
  static func shiftsZeros(_ name: String) -> ModelError {
    .parameter(name: name, reason: "must be false for sparse rows, which would not stay sparse")
  }
}

/// What ``StandardScaler`` found.
public struct StandardScalerModel<Scalar: KernelScalar>: Transformer, FeatureNaming, Equatable, Codable {
  public typealias Input = Tensor<Scalar>
  public typealias Output = Tensor<Scalar>

  /// The means and standard deviations of the rows that it comes from; 1 is the deviation of a column of equal elements.
  public let moments: ColumnMoments
  private let withMean: Bool
  private let withStd: Bool

  init(moments: ColumnMoments, withMean: Bool, withStd: Bool) {
    (self.moments, self.withMean, self.withStd) = (moments, withMean, withStd)
  }

  private var scaling: ColumnScaling {
    ColumnScaling(
      ColumnMoments(
        mean: withMean ? moments.mean : moments.mean.map { _ in 0 },
        deviation: withStd ? moments.deviation : moments.mean.map { _ in 1 }
      )
    )
  }

  /// Rows, scaled as those that the model comes from.
  ///
  /// - Complexity: O(elements).
  public func transform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> { try scaled(x, scaling) }

  /// Sparse rows, scaled as those that the model comes from.
  ///
  /// - Throws: As for dense rows, and ``ModelError/parameter(name:reason:)`` if it takes means away.
  /// - Complexity: O(elements that are stored).
  public func transform(_ x: CSRMatrix<Scalar>) throws -> CSRMatrix<Scalar> { try scaled(x, scaling) }

  /// What was scaled as it was before, but for rounding.
  ///
  /// - Complexity: O(elements).
  public func inverseTransform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> { try scaled(x, scaling.inverse) }

  /// Sparse rows that were scaled as they were before, but for rounding.
  ///
  /// - Complexity: O(elements that are stored).
  public func inverseTransform(_ x: CSRMatrix<Scalar>) throws -> CSRMatrix<Scalar> { try scaled(x, scaling.inverse) }

  private func scaled<Rows: ScalableRows>(_ x: Rows, _ scaling: ColumnScaling) throws -> Rows {
    guard !(withMean && Rows.isSparse) else { throw ModelError.shiftsZeros("withMean") }
    try x.check(columns: moments.mean.count)
    return x.scaled(by: scaling)
  }

  public func featureNames(in columns: [String]?) -> [String] { columnNames(columns, moments.mean.count) }
}

extension StandardScalerModel: StorableModel {
  public static var fileKind: String { "standard scaler of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard moments.mean.count == moments.deviation.count else { return "means and deviations differ in number" }
    guard moments.mean.allSatisfy(\.isFinite), moments.deviation.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      return "a mean or a deviation is no number"
    }
    return nil
  }
}
