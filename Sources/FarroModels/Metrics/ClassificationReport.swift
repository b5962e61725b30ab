import Farro
import Foundation

/// Precision, recall and F1 of each class and of all, as a table.
///
/// ```swift
/// print(try classificationReport(["cat", "dog", "cat"], predicted: ["cat", "cat", "cat"]))
/// ```
public struct ClassificationReport<Label: Hashable & Sendable>: Sendable, Equatable {
  /// Scores of a class, or averages.
  public struct Row: Sendable, Equatable, Codable {
    public let precision: Double
    public let recall: Double
    /// The harmonic mean of precision and recall.
    public let f1: Double
    /// How many rows truly belong there, or the sum of their weights.
    public let support: Double
  }

  /// The classes, in their order.
  public let labels: [Label]
  /// The scores of each class.
  public let rows: [Row]
  /// The part of the rows whose label was predicted.
  public let accuracy: Double
  /// Averages in which each class counts the same.
  public let macro: Row
  /// Averages in which each class counts by its support.
  public let weighted: Row
  /// Whether supports are sums of weights, and not counts.
  public let isWeighted: Bool

  /// The scores of a class; nil for one that there is not.
  public subscript(label: Label) -> Row? { labels.firstIndex(of: label).map { rows[$0] } }
}

extension ClassificationReport: Codable where Label: Codable {}

extension ClassificationReport: CustomStringConvertible {
  /// The table with two digits.
  public var description: String { table(digits: 2) }

  /// The table as scikit-learn prints it.
  ///
  /// - Parameters:
  ///   - digits: Behind the point.
  ///   - names: How classes are called, in the order of ``labels``; as the labels print, when nil.
  /// - Precondition: there are as many names as labels.
  /// - Complexity: O(classes).
  public func table(digits: Int = 2, names: [String]? = nil) -> String {
    let names = names ?? labels.map { "\($0)" }
    require(names.count == labels.count, "table: \(names.count) names for \(labels.count) classes")
    let width = max(names.map(\.count).max() ?? 0, "weighted avg".count, digits)
    func line(_ name: String, _ cells: [String]) -> String {
      padded(name, width) + " " + cells.map { " " + padded($0, 9) }.joined() + "\n"
    }
    func number(_ value: Double) -> String {
      value.isFinite ? String(format: "%.\(digits)f", value) : value.isNaN ? "nan" : "\(value)"
    }
    func support(_ value: Double) -> String { isWeighted ? "\(value)" : String(format: "%.0f", value) }
    func line(_ name: String, _ row: Row) -> String {
      line(name, [number(row.precision), number(row.recall), number(row.f1), support(row.support)])
    }
    var text = line("", ["precision", "recall", "f1-score", "support"]) + "\n"
    for (name, row) in zip(names, rows) { text += line(name, row) }
    text += "\n" + line("accuracy", ["", "", number(accuracy), support(macro.support)])
    return text + line("macro avg", macro) + line("weighted avg", weighted)
  }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

/// Precision, recall and F1 of each class and of all.
///
/// - Parameters:
///   - actual: The true labels.
///   - predicted: As many labels.
///   - labels: All classes, in the order of the rows. When nil, those that occur, in ascending order where labels are `Comparable`
///     (`false` before `true`), otherwise as they first occur.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
///   - zeroDivision: The value where there is nothing to divide by: 0, 1 or NaN. NaN leaves a class out of averages.
/// - Throws: ``MetricError`` for no rows, different numbers of rows, weights that do not fit, a `zeroDivision` of another value, and a
///   label that `labels` lacks (where scikit-learn leaves the row out).
/// - Complexity: O(n + classes).
public func classificationReport<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  labels: [Label]? = nil,
  weights: Tensor<Double>? = nil,
  zeroDivision: Double = 0
) throws(MetricError) -> ClassificationReport<Label> {
  try checkZeroDivision(zeroDivision)
  let totals = try ClassTotals(actual, predicted, labels: labels, weights: weights)
  func scores(_ score: ClassScore) -> [Double] { totals.scores(score, zeroDivision: zeroDivision) }
  let (precisions, recalls, f1s) = (scores(.precision), scores(.recall), scores(.f(beta: 1)))
  func averaged(_ average: ClassAverage) -> ClassificationReport<Label>.Row {
    func value(_ score: ClassScore) -> Double { totals.average(score, average, zeroDivision: zeroDivision) }
    return .init(precision: value(.precision), recall: value(.recall), f1: value(.f(beta: 1)), support: totals.total)
  }
  return ClassificationReport(
    labels: totals.labels,
    rows: totals.labels.indices.map {
      .init(precision: precisions[$0], recall: recalls[$0], f1: f1s[$0], support: totals.actual[$0])
    },
    accuracy: totals.right.reduce(0, +) / totals.total,
    macro: averaged(.macro),
    weighted: averaged(.weighted),
    isWeighted: weights != nil
  )
}
