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
public struct StandardScaler<Input: ScalableRows>: Estimator, Hashable {
  /// Whether means are taken away.
  public var withMean: Bool
  /// Whether columns are divided by their standard deviations.
  public var withStd: Bool

  public init(withMean: Bool = true, withStd: Bool = true) {
    (self.withMean, self.withStd) = (withMean, withStd)
  }

  /// The scaling that these rows need.
  ///
  /// - Throws: ``ModelError`` for no rows, for what is no number, and of sparse rows unless ``withMean`` is false.
  /// - Complexity: O(elements); of sparse rows, of those that are stored.
  public func fit(_ x: Input) throws -> StandardScalerModel<Input> { try fit(x, weights: nil) }

  /// The scaling that rows need which count differently.
  ///
  /// - Parameters:
  ///   - x: n rows.
  ///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
  /// - Throws: As ``fit(_:)``, and for weights that do not fit.
  /// - Complexity: As ``fit(_:)``.
  public func fit(_ x: Input, weights: Tensor<Double>?) throws -> StandardScalerModel<Input> {
    guard !(withMean && Input.isSparse) else { throw ModelError.shiftsZeros("withMean") }
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
public struct StandardScalerModel<Input: ScalableRows>: Transformer, FeatureNaming, Equatable, Codable {
  public typealias Output = Input

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
  /// - Throws: ``ModelError`` for other columns, and for what is no number.
  /// - Complexity: O(elements); of sparse rows, of those that are stored.
  public func transform(_ x: Input) throws -> Input { try scaled(x, scaling) }

  /// What was scaled as it was before, but for rounding.
  ///
  /// - Throws: As ``transform(_:)``.
  /// - Complexity: As ``transform(_:)``.
  public func inverseTransform(_ x: Input) throws -> Input { try scaled(x, scaling.inverse) }

  private func scaled(_ x: Input, _ scaling: ColumnScaling) throws -> Input {
    try x.check(columns: moments.mean.count)
    return x.scaled(by: scaling)
  }

  public func featureNames(in columns: [String]?) -> [String] { columnNames(columns, moments.mean.count) }
}

extension StandardScalerModel: StorableModel {
  public static var fileKind: String { "standard scaler of \(Input.Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard moments.mean.count == moments.deviation.count else { return "means and deviations differ in number" }
    guard moments.mean.allSatisfy(\.isFinite), moments.deviation.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      return "a mean or a deviation is no number"
    }
    return withMean && Input.isSparse ? "means cannot be taken from sparse rows" : nil
  }
}
