import Farro

/// Makes numbers of labels: 0 for the first class in ascending order.
///
/// ```swift
/// let encoder = try LabelEncoder().fit(["no", "yes", "no"])
/// print(encoder.classes, try encoder.transform(["yes"]))  // ["no", "yes"] [1]
/// ```
///
/// Estimators of classes take labels as they are: it is for what takes numbers. Labels without an order are numbered as they first
/// occur. Its name is that of scikit-learn's `LabelEncoder`.
public struct LabelEncoder<Label: Hashable & Codable & Sendable>: Hashable, Codable, Sendable {
  public init() {}

  /// The classes that occur.
  ///
  /// - Throws: ``MetricError/classes(_:reason:)`` for NaN.
  /// - Complexity: O(labels).
  public func fit(_ labels: [Label]) throws -> LabelEncoderModel<Label> {
    LabelEncoderModel(classes: try Classes(of: labels).labels)
  }
}

/// What ``LabelEncoder`` has learned.
public struct LabelEncoderModel<Label: Hashable & Codable & Sendable>: Hashable, Codable, Sendable {
  /// The classes, in the order of their numbers.
  public let classes: [Label]

  /// The number of each label.
  ///
  /// - Throws: ``MetricError/unknownLabel(_:row:)``.
  /// - Complexity: O(labels).
  public func transform(_ labels: [Label]) throws -> [Int32] { try Classes(of: labels, order: classes).codes[0] }

  /// The label of each number.
  ///
  /// - Throws: ``ModelError/unknownCategory(_:row:column:)`` for a number that is none of a class.
  /// - Complexity: O(numbers).
  public func inverseTransform(_ numbers: [Int32]) throws -> [Label] {
    if let row = numbers.firstIndex(where: { !(0..<classes.count ~= Int($0)) }) {
      throw ModelError.unknownCategory("\(numbers[row])", row: row, column: 0)
    }
    return numbers.map { classes[Int($0)] }
  }
}
