import Farro

/// How many rows of each class were predicted as each class.
///
/// ```swift
/// let matrix = try confusionMatrix(["cat", "dog", "cat"], predicted: ["cat", "cat", "cat"])
/// print(matrix["dog", predicted: "cat"])  // 1.0
/// print(matrix.normalized(by: .actual).counts)
/// ```
public struct ConfusionMatrix<Label: Hashable & Sendable>: Sendable, Equatable {
  /// What a count is divided by.
  public enum Total: String, Sendable, Codable, CaseIterable {
    /// The rows of the same class.
    case actual
    /// The rows with the same prediction.
    case predicted
    /// All rows.
    case all
  }

  /// The classes, in the order of rows and columns.
  public let labels: [Label]
  /// Shape (classes, classes): rows are what is true, columns what was predicted. Sums of weights, or whole numbers.
  public let counts: Tensor<Double>

  /// How many rows of a class got a prediction; 0 for classes that there are not.
  public subscript(actual: Label, predicted predicted: Label) -> Double {
    guard let row = labels.firstIndex(of: actual), let column = labels.firstIndex(of: predicted) else { return 0 }
    return counts[row, column]
  }

  /// The part of the rows whose label was predicted; NaN without rows.
  public var accuracy: Double { labels.indices.reduce(0) { $0 + counts[$1, $1] } / counts.sum() }

  /// Counts divided by a total; 0 where that is 0.
  ///
  /// - Complexity: O(classes²).
  public func normalized(by total: Total) -> ConfusionMatrix {
    let cells = counts.scalars
    var (rows, columns) = ([Double](repeating: 0, count: labels.count), [Double](repeating: 0, count: labels.count))
    for (place, count) in cells.enumerated() {
      rows[place / labels.count] += count
      columns[place % labels.count] += count
    }
    let sum = rows.reduce(0, +)
    let parts = cells.enumerated().map { place, count in
      let whole =
        switch total {
        case .actual: rows[place / labels.count]
        case .predicted: columns[place % labels.count]
        case .all: sum
        }
      return whole == 0 ? 0 : count / whole
    }
    return ConfusionMatrix(labels: labels, counts: Tensor(parts, shape: counts.shape))
  }
}

extension ConfusionMatrix: Codable where Label: Codable {
  private enum Key: CodingKey { case labels, counts }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    labels = try container.decode([Label].self, forKey: .labels)
    let rows = try container.decode([[Double]].self, forKey: .counts)
    guard rows.count == labels.count, rows.allSatisfy({ $0.count == rows.count }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .counts,
        in: container,
        debugDescription: "a confusion matrix of \(labels.count) labels has as many rows and columns"
      )
    }
    counts = Tensor(rows.flatMap { $0 }, shape: [rows.count, rows.count])
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(labels, forKey: .labels)
    try container.encode(labels.indices.map { counts[row: $0].scalars }, forKey: .counts)
  }
}

/// How many rows of each class were predicted as each class.
///
/// - Parameters:
///   - actual: The true labels.
///   - predicted: As many labels.
///   - labels: All classes, in the order of rows and columns. When nil, those that occur, in ascending order where labels are
///     `Comparable` (`false` before `true`), otherwise as they first occur.
///   - weights: Shape (n), not negative: how much each row counts; 1 when nil.
/// - Throws: ``MetricError`` for no rows, different numbers of rows, weights that do not fit, and a label that `labels` lacks
///   (where scikit-learn leaves the row out).
/// - Complexity: O(n + classes²).
public func confusionMatrix<Label: Hashable & Sendable>(
  _ actual: [Label],
  predicted: [Label],
  labels: [Label]? = nil,
  weights: Tensor<Double>? = nil
) throws(MetricError) -> ConfusionMatrix<Label> {
  try checkRows(actual.count, predicted: predicted.count)
  try checkMetricWeights(weights, rows: actual.count)
  let classes = try Classes(of: actual, predicted, order: labels)
  let (count, rows, columns) = (classes.count, classes.codes[0], classes.codes[1])
  var cells = [Double](repeating: 0, count: count * count)
  if let weights = weights?.scalars {
    for row in rows.indices { cells[Int(rows[row]) * count + Int(columns[row])] += weights[row] }
  } else {
    for row in rows.indices { cells[Int(rows[row]) * count + Int(columns[row])] += 1 }
  }
  return ConfusionMatrix(labels: classes.labels, counts: Tensor(cells, shape: [count, count]))
}
