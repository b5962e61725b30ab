import Farro

/// Why labels, scores or predictions cannot be measured.
public enum MetricError: Error, Equatable, CustomStringConvertible {
  /// There is no row.
  case empty
  /// Predictions, scores or probabilities are not as many as there are labels.
  case rows(Int, expected: Int)
  /// Something has a shape that it cannot have.
  case shape([Int], reason: String)
  /// A number is NaN, or infinite where that means nothing.
  case notFinite(row: Int, column: Int)
  /// A score is NaN.
  case scoreIsNaN(row: Int, column: Int)
  /// A probability is not from 0 to 1.
  case probability(Double, row: Int, column: Int)
  /// A label is none of those that were named.
  case unknownLabel(String, row: Int)
  /// The rows are of other classes than the metric needs.
  case classes([String], reason: String)
  /// Weights are not one number of at least 0 for each row, or all 0.
  case weights(String)
  /// A parameter is out of its range.
  case parameter(name: String, reason: String)

  public var description: String {
    switch self {
    case .empty: "there are no rows to measure"
    case .rows(let rows, let expected): "there are labels or targets of \(expected) rows, but predictions of \(rows)"
    case .shape(let shape, let reason): "the shape \(shape): \(reason)"
    case .notFinite(let row, let column): "row \(row) holds NaN or an infinity in column \(column)"
    case .scoreIsNaN(let row, let column): "the score of row \(row) in column \(column) is NaN"
    case .probability(let value, let row, let column):
      "row \(row) has \(value) in column \(column), which is no probability from 0 to 1"
    case .unknownLabel(let label, let row):
      "row \(row) has the label \(label), which is not among those that were named"
    case .classes([], let reason): reason
    case .classes(let labels, let reason): "labels of the classes \(labels.joined(separator: ", ")): \(reason)"
    case .weights(let reason): "weights: \(reason)"
    case .parameter(let name, let reason): "\(name): \(reason)"
    }
  }

  /// Of classes that may be many.
  static func classes(_ labels: [some Hashable], _ reason: String) -> MetricError {
    let some = labels.prefix(10).map { "\($0)" }
    return .classes(labels.count > some.count ? some + ["..."] : some, reason: reason)
  }
}

func checkRows(_ rows: Int, predicted: Int) throws(MetricError) {
  guard predicted == rows else { throw .rows(predicted, expected: rows) }
  guard rows > 0 else { throw .empty }
}

func checkMetricWeights<Scalar: KernelScalar>(_ weights: Tensor<Scalar>?, rows: Int) throws(MetricError) {
  do { try checkWeights(weights, rows: rows) } catch {
    if case .weights(let reason) = error { throw .weights(reason) }
  }
}

func checkZeroDivision(_ value: Double) throws(MetricError) {
  guard !(value == 0 || value == 1 || value.isNaN) else { return }
  throw .parameter(name: "zeroDivision", reason: "must be 0, 1 or NaN, not \(value)")
}

extension Tensor where Scalar: KernelScalar {
  /// The same numbers in double precision.
  var inDouble: Tensor<Double> {
    if let doubles = self as? Tensor<Double> { return doubles }
    return Tensor<Double>(casting: self as! Tensor<Float>)
  }
}
