import Farro

/// Why data, or a parameter, does not fit a model.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  /// The data is no matrix.
  case notRows(shape: [Int])
  /// An element is NaN or infinite.
  case notFinite(row: Int, column: Int)
  /// There are fewer rows than the model needs.
  case rows(Int, needed: Int)
  /// Rows have more or fewer columns than those that the model has learned from.
  case columns(Int, expected: Int)
  /// There are more or fewer labels, or numbers to learn, than rows.
  case labels(Int, rows: Int)
  /// A number to learn is NaN or infinite.
  case target(row: Int, output: Int)
  /// There are fewer classes than can be told apart.
  case classes(Int, needed: Int)
  /// Weights are not one number of at least 0 for each row, or all 0.
  case weights(String)
  /// A category that the model has not learned.
  case unknownCategory(String, row: Int, column: Int)
  /// There is no such column, by name or by number.
  case missingColumn(String, reason: String)
  /// A parameter is out of its range.
  case parameter(name: String, reason: String)

  public var description: String {
    switch self {
    case .notRows(let shape): "the data must be rows of a matrix, not of the shape \(shape)"
    case .notFinite(let row, let column): "row \(row) holds NaN or an infinity in column \(column)"
    case .rows(let rows, let needed): "there must be at least \(needed) rows, not \(rows)"
    case .columns(let columns, let expected):
      "the model has learned from \(expected) columns, and cannot take \(columns)"
    case .labels(let labels, let rows): "\(labels) labels cannot belong to \(rows) rows: each row needs one"
    case .target(let row, let output): "of row \(row), output \(output) to be learned is NaN or infinite"
    case .classes(let classes, let needed): "labels of \(classes) classes: at least \(needed) are needed"
    case .weights(let reason): "weights: \(reason)"
    case .unknownCategory(let category, let row, let column):
      "row \(row) holds \(category) in column \(column), which is none of the categories that the model has learned"
    case .missingColumn(let column, let reason): "there is no column \(column): \(reason)"
    case .parameter(let name, let reason): "\(name): \(reason)"
    }
  }
}

func checkWeights<Scalar: KernelScalar>(_ weights: Tensor<Scalar>?, rows: Int) throws(ModelError) {
  guard let weights else { return }
  guard weights.shape == [rows] else {
    throw .weights("of \(rows) rows, they must have the shape [\(rows)], not \(weights.shape)")
  }
  guard rows > 0 else { return }
  guard weights.min() >= 0 && weights.sum().isFinite else { throw .weights("one is negative or no number") }
  guard weights.sum() > 0 else { throw .weights("all are 0") }
}
