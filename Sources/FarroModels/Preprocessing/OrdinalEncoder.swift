import Farro
import FarroData

/// Makes the number of its category of each element: 0 for the first.
///
/// ```swift
/// let sizes = Table([Table.Column("size", ["small", "large", "small"])])
/// let encoder = try OrdinalEncoder(categories: .given([["small", "large"]])).fit(sizes)
/// print(try encoder.transform(sizes))  // 0, 1, 0
/// ```
///
/// It takes tables, and tensors, whose NaN is missing. Names and defaults are those of scikit-learn's `OrdinalEncoder`.
public struct OrdinalEncoder<Input: CategoricalRows, Scalar: KernelScalar>: Estimator, Hashable {
  /// The categories of each column.
  public var categories: CategoryChoice
  /// What a category becomes that was not learned, which may be NaN; when nil, it is an error.
  public var unknownValue: Double?
  /// What becomes of what is missing.
  public var encodedMissingValue: Double
  /// Categories of fewer rows share the last number.
  public var minFrequency: RowShare?
  /// The most numbers of a column; the rarest categories share the last one.
  public var maxCategories: Int?

  public init(
    categories: CategoryChoice = .automatic,
    unknownValue: Double? = nil,
    encodedMissingValue: Double = .nan,
    minFrequency: RowShare? = nil,
    maxCategories: Int? = nil,
    as: Scalar.Type = Double.self
  ) {
    (self.categories, self.unknownValue) = (categories, unknownValue)
    self.encodedMissingValue = encodedMissingValue
    (self.minFrequency, self.maxCategories) = (minFrequency, maxCategories)
  }

  /// The categories of these rows.
  ///
  /// - Throws: ``ModelError`` for no rows, an infinite number, parameters that do not fit: one is that ``unknownValue`` is also the
  ///   number of a category.
  /// - Complexity: O(elements) for few categories.
  public func fit(_ x: Input) throws -> OrdinalEncoderModel<Input, Scalar> {
    let learned = try LearnedCategories(
      x,
      categories,
      minFrequency: minFrequency,
      maxCategories: maxCategories,
      allowsUnknown: unknownValue != nil
    )
    let most = learned.groupCounts.max() ?? 0
    func isNumber(_ value: Double) -> Bool { value == value.rounded() && 0 <= value && value < Double(most) }
    if let unknownValue, isNumber(unknownValue) {
      throw ModelError.parameter(name: "unknownValue", reason: "\(unknownValue) is the number of a category")
    }
    if isNumber(encodedMissingValue) {
      throw ModelError.parameter(
        name: "encodedMissingValue",
        reason: "\(encodedMissingValue) is the number of a category"
      )
    }
    return OrdinalEncoderModel(learned, unknownValue, encodedMissingValue)
  }
}

/// What ``OrdinalEncoder`` has learned.
public struct OrdinalEncoderModel<Input: CategoricalRows, Scalar: KernelScalar>: Transformer, FeatureNaming, Codable {
  private let learned: LearnedCategories
  private let unknownValue: Double?
  private let encodedMissingValue: Double

  init(_ learned: LearnedCategories, _ unknownValue: Double?, _ encodedMissingValue: Double) {
    (self.learned, self.unknownValue, self.encodedMissingValue) = (learned, unknownValue, encodedMissingValue)
  }

  /// The categories of each column.
  public var categories: [[Category]] { learned.categories }

  /// The number of each element's category. Shape (rows, columns).
  ///
  /// - Throws: ``ModelError`` for other columns, an infinite number, and a category that was not learned, unless there is a number
  ///   for such.
  /// - Complexity: O(elements) for few categories.
  public func transform(_ x: Input) throws -> Tensor<Scalar> {
    let columns = learned.columnCount
    guard x.columnCount == columns else { throw ModelError.columns(x.columnCount, expected: columns) }
    var result = Tensor<Scalar>(zeros: [x.rowCount, columns])
    for column in 0..<columns {
      let places = try learned.places(x, column, allowsUnknown: unknownValue != nil)
      var values = learned.groups[column].map { Scalar($0) } + [Scalar(unknownValue ?? .nan)]
      if let missing = learned.categories[column].firstIndex(of: .missing) {
        values[missing] = Scalar(encodedMissingValue)
      }
      result.withUnsafeMutableBufferPointer { result in
        for (row, place) in places.enumerated() {
          result[row * columns + column] = values[place < 0 ? values.count - 1 : Int(place)]
        }
      }
    }
    return result
  }

  /// The categories that numbers stand for, those of each row together: ``Category/missing`` for what stands for none, and the
  /// first of the rare ones where these share a number.
  ///
  /// - Throws: ``ModelError`` for other columns than it makes.
  /// - Complexity: O(elements).
  public func inverseTransform(_ x: Tensor<Scalar>) throws -> [[Category]] {
    guard x.rank == 2 else { throw ModelError.notRows(shape: x.shape) }
    guard x.columnCount == learned.columnCount else {
      throw ModelError.columns(x.columnCount, expected: learned.columnCount)
    }
    return (0..<x.rowCount).map { row in
      (0..<learned.columnCount).map { column in
        let number = Double(x[row, column])
        guard let group = Int32(exactly: number), let place = learned.groups[column].firstIndex(of: group) else {
          return .missing
        }
        return learned.categories[column][place]
      }
    }
  }

  public func featureNames(in columns: [String]?) -> [String] { columnNames(columns, learned.columnCount) }
}

extension OrdinalEncoderModel: Equatable {
  /// NaN, which may stand for what is missing, is equal to itself here.
  public static func == (a: Self, b: Self) -> Bool {
    func same(_ a: Double?, _ b: Double?) -> Bool { a == b || (a?.isNaN == true && b?.isNaN == true) }
    return a.learned == b.learned && same(a.unknownValue, b.unknownValue)
      && same(a.encodedMissingValue, b.encodedMissingValue)
  }
}

extension OrdinalEncoderModel: StorableModel {
  public static var fileKind: String { "ordinal encoder of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }
  public var flaw: String? { learned.flaw }
}
