import Farro
import FarroData

/// Brings the least element of each column to one number and the greatest to another, 0 and 1 by default.
///
/// A column of equal elements goes to the lower one. Names and defaults are those of scikit-learn's `MinMaxScaler`.
public struct MinMaxScaler<Scalar: KernelScalar>: Estimator, Hashable {
  /// What the least and the greatest element become.
  public var featureRange: ClosedRange<Double>
  /// Whether what lies beyond the columns' ranges, in other rows than those it has learned from, becomes the nearest within.
  public var clip: Bool

  public init(featureRange: ClosedRange<Double> = 0...1, clip: Bool = false) {
    (self.featureRange, self.clip) = (featureRange, clip)
  }

  /// The ranges of the columns.
  ///
  /// - Throws: ``ModelError`` for no rows, for what is no number, and for a range without width.
  /// - Complexity: O(elements).
  public func fit(_ x: Tensor<Scalar>) throws -> ColumnScalerModel<Tensor<Scalar>> {
    guard featureRange.lowerBound < featureRange.upperBound,
      featureRange.upperBound - featureRange.lowerBound < .infinity
    else { throw ModelError.parameter(name: "featureRange", reason: "\(featureRange) has no width") }
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let ranges = x.rangesOfColumns()
    return ColumnScalerModel(ColumnScaling(ranges, to: featureRange), clip: clip ? featureRange : nil)
  }
}

/// Divides each column by its greatest magnitude. Zeros stay zeros.
///
/// A column of zeros stays as it is. Names and defaults are those of scikit-learn's `MaxAbsScaler`.
public struct MaxAbsScaler<Input: ScalableRows>: Estimator, Hashable {
  /// Whether what is greater, in other rows than those it has learned from, becomes 1 or -1.
  public var clip: Bool

  public init(clip: Bool = false) { self.clip = clip }

  /// The greatest magnitudes of the columns.
  ///
  /// - Throws: ``ModelError`` for no rows, and for what is no number.
  /// - Complexity: O(elements).
  public func fit(_ x: Input) throws -> ColumnScalerModel<Input> {
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    return ColumnScalerModel(ColumnScaling(maximumMagnitudeOf: x.rangesOfColumns()), clip: clip ? -1...1 : nil)
  }
}

/// Brings the median of each column to 0 and the distance between two quantiles to 1: elements far out have no influence.
///
/// Where the quantiles are equal, a column is not divided. Names and defaults are those of scikit-learn's `RobustScaler`. Sparse
/// rows are scaled without medians: `RobustScaler(withCentering: false)`.
public struct RobustScaler<Input: ScalableRows>: Estimator, Hashable {
  /// Whether medians are taken away.
  public var withCentering: Bool
  /// Whether columns are divided by the distances of their quantiles.
  public var withScaling: Bool
  /// Which quantiles, in percent.
  public var quantileRange: ClosedRange<Double>
  /// Whether distances are made smaller so that columns of normal deviates get the standard deviation 1.
  public var unitVariance: Bool

  public init(
    withCentering: Bool = true,
    withScaling: Bool = true,
    quantileRange: ClosedRange<Double> = 25...75,
    unitVariance: Bool = false
  ) {
    (self.withCentering, self.withScaling) = (withCentering, withScaling)
    (self.quantileRange, self.unitVariance) = (quantileRange, unitVariance)
  }

  /// The medians and quantiles of the columns.
  ///
  /// - Throws: ``ModelError`` for no rows, for what is no number, for quantiles beyond 0 and 100, or at 0 and 100 with
  ///   ``unitVariance``, and of sparse rows unless ``withCentering`` is false.
  /// - Complexity: O(elements) on average.
  public func fit(_ x: Input) throws -> ColumnScalerModel<Input> {
    let (low, high) = (quantileRange.lowerBound / 100, quantileRange.upperBound / 100)
    guard 0 <= low, high <= 1, !unitVariance || (0 < low && low < high && high < 1) else {
      throw ModelError.parameter(name: "quantileRange", reason: "\(quantileRange) is not from 0 to 100")
    }
    guard !(withCentering && Input.isSparse) else { throw ModelError.shiftsZeros("withCentering") }
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let quantiles = x.quantilesOfColumns([low, 0.5, high])
    let zeros = quantiles[1].map { _ in 0.0 }
    let width = unitVariance ? normalQuantile(high) - normalQuantile(low) : 1
    let factors = zip(quantiles[0], quantiles[2]).map { width / ($0 == $1 ? 1 : $1 - $0) }
    return ColumnScalerModel(
      ColumnScaling(
        center: withCentering ? quantiles[1] : zeros,
        factor: withScaling ? factors : zeros.map { _ in 1 },
        shift: zeros
      ),
      clip: nil
    )
  }
}

/// What ``MinMaxScaler``, ``MaxAbsScaler`` and ``RobustScaler`` find: `(x - center) factor + shift` of each column.
public struct ColumnScalerModel<Input: ScalableRows>: Transformer, FeatureNaming, Equatable, Codable {
  /// The numbers of each column.
  public let scaling: ColumnScaling
  private let least, greatest: Double?

  init(_ scaling: ColumnScaling, clip: ClosedRange<Double>?) {
    (self.scaling, least, greatest) = (scaling, clip?.lowerBound, clip?.upperBound)
  }

  /// Rows, scaled as those that the model comes from.
  ///
  /// - Throws: ``ModelError`` for other columns, and for what is no number.
  /// - Complexity: O(elements).
  public func transform(_ x: Input) throws -> Input {
    try x.check(columns: scaling.center.count)
    let scaled = x.scaled(by: scaling)
    guard let least, let greatest else { return scaled }
    return scaled.clipped(to: Input.Scalar(least)...Input.Scalar(greatest))
  }

  /// What was scaled as it was before, but for rounding.
  ///
  /// - Throws: ``ModelError`` for other columns, and for what is no number.
  /// - Complexity: O(elements).
  public func inverseTransform(_ x: Input) throws -> Input {
    try x.check(columns: scaling.center.count)
    return x.scaled(by: scaling.inverse)
  }

  public func featureNames(in columns: [String]?) -> [String] { columnNames(columns, scaling.center.count) }
}

extension ColumnScalerModel: StorableModel {
  public static var fileKind: String { "column scaler of \(Input.Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    let count = scaling.center.count
    guard scaling.factor.count == count, scaling.shift.count == count else { return "numbers of columns differ" }
    guard [scaling.center, scaling.factor, scaling.shift].allSatisfy({ $0.allSatisfy(\.isFinite) }),
      scaling.factor.allSatisfy({ $0 != 0 })
    else { return "a factor is 0, or no number" }
    switch (least, greatest) {
    case (nil, nil): return nil
    case (let least?, let greatest?): return least < greatest ? nil : "the limits do not fit"
    default: return "a limit is missing"
    }
  }
}

/// Divides each row by its length.
///
/// A row of zeros stays as it is. Names and defaults are those of scikit-learn's `Normalizer`. There is nothing to learn: it
/// transforms rows without being fitted, too.
public struct Normalizer<Input: ScalableRows>: Estimator, Transformer, Hashable {
  /// What the length is.
  public var norm: VectorNorm

  public init(norm: VectorNorm = .l2) { self.norm = norm }

  /// Itself, and how many columns there are.
  ///
  /// - Throws: ``ModelError`` for what is no number.
  public func fit(_ x: Input) throws -> RowStepModel<Normalizer> { try RowStepModel(self, x) }

  /// - Throws: ``ModelError`` for what is no number.
  /// - Complexity: O(elements).
  public func transform(_ x: Input) throws -> Input {
    try x.checkFinite()
    return x.normalizedRows(norm)
  }
}

/// Makes 1 of each element that is greater than a threshold, and 0 of all others.
///
/// Names and defaults are those of scikit-learn's `Binarizer`. There is nothing to learn: it transforms rows without being fitted,
/// too.
public struct Binarizer<Input: ScalableRows>: Estimator, Transformer, Hashable {
  /// The threshold; of sparse rows at least 0.
  public var threshold: Input.Scalar

  public init(threshold: Input.Scalar = 0) { self.threshold = threshold }

  /// Itself, and how many columns there are.
  ///
  /// - Throws: ``ModelError`` for what is no number, and for a threshold below 0 of sparse rows.
  public func fit(_ x: Input) throws -> RowStepModel<Binarizer> {
    if Input.isSparse { try checkRange(threshold, "threshold", atLeast: 0) }
    return try RowStepModel(self, x)
  }

  /// - Throws: ``ModelError`` for what is no number.
  /// - Complexity: O(elements).
  public func transform(_ x: Input) throws -> Input {
    try x.checkFinite()
    if Input.isSparse { try checkRange(threshold, "threshold", atLeast: 0) }
    return x.binarized(threshold: threshold)
  }
}

/// A step that has nothing to learn but how many columns there are, which it keeps as they are: ``Normalizer``, ``Binarizer``.
public struct RowStepModel<Step: Transformer & Hashable & Codable>: Transformer, FeatureNaming, Equatable, Codable
where Step.Input: NumericRows, Step.Output == Step.Input {
  /// What is done with rows.
  public let step: Step
  private let columnCount: Int

  init(_ step: Step, _ x: Step.Input) throws(ModelError) {
    try x.checkFinite()
    (self.step, columnCount) = (step, x.columnCount)
  }

  /// - Throws: As the step does, and ``ModelError/columns(_:expected:)``.
  /// - Complexity: O(elements).
  public func transform(_ x: Step.Input) throws -> Step.Input {
    guard x.columnCount == columnCount else { throw ModelError.columns(x.columnCount, expected: columnCount) }
    return try step.transform(x)
  }

  public func featureNames(in columns: [String]?) -> [String] { columnNames(columns, columnCount) }
}

extension RowStepModel: StorableModel where Step: StorableModel {
  public static var fileKind: String { "\(Step.fileKind), of columns" }
  public static var fileVersion: Int { Step.fileVersion }
  public var flaw: String? { columnCount >= 0 ? step.flaw : "there are fewer than no columns" }
}

extension Normalizer: StorableModel {
  public static var fileKind: String { "normalizer" }
  public static var fileVersion: Int { 1 }
}

extension Binarizer: StorableModel {
  public static var fileKind: String { "binarizer of \(Input.Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? { threshold.isFinite ? nil : "the threshold is no number" }
}
