import Farro

/// An index cannot take what it was given.
public struct IndexError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// The tensor is not rows of the index's dimension.
    case wrongShape(found: [Int], dimension: Int)
    /// An element is NaN or infinite.
    case notFinite(row: Int, column: Int, value: String)
    /// There are not as many ids as vectors.
    case wrongIDCount(found: Int, expected: Int)
    /// The id is in the index, or twice among the new ones.
    case duplicateID(Int, row: Int)
    /// The id is not in `0..<Int.max`.
    case invalidID(Int, row: Int)
    /// No number follows the largest id.
    case noIDsLeft
    /// The index cannot measure this.
    case unsupportedMetric(DistanceMetric, supported: [DistanceMetric])
    /// A number that the index is made with is out of its range.
    case outOfRange(parameter: String, found: Int, supported: ClosedRange<Int>)
    /// The index holds no more vectors.
    case full(most: Int)
    /// The dimension is no multiple of the subspaces of a product code.
    case indivisible(dimension: Int, subspaces: Int)
    /// The index holds codes alone, of which neither new lists nor exact distances can be made.
    case holdsCodes(count: Int)
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  /// The call: "add", "search", "HNSWIndex".
  public let operation: String

  init(_ problem: Problem, in operation: String) { (self.problem, self.operation) = (problem, operation) }
}

extension IndexError: CustomStringConvertible {
  /// The call and the problem, in one line.
  public var description: String { "\(operation): \(problem)" }
}

extension IndexError.Problem: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .wrongShape(let found, let dimension):
      "the shape \(found) is not that of rows of \(dimension) elements, (rows, \(dimension))"
    case .notFinite(let row, let column, let value):
      "the element at row \(row), column \(column) is \(value), and must be a finite number"
    case .wrongIDCount(let found, let expected):
      "there are \(found) ids for \(expected) vectors"
    case .duplicateID(let id, let row):
      "the id \(id) of row \(row) is taken already"
    case .invalidID(let id, let row):
      "the id \(id) of row \(row) is not a number from 0 to \(Int.max - 1)"
    case .noIDsLeft:
      "no number follows the largest id that was used; give the ids"
    case .unsupportedMetric(let metric, let supported):
      "\"\(metric.name)\" is not among \(supported.map(\.name))"
    case .outOfRange(let parameter, let found, let supported):
      "\(parameter) is \(found), and must be from \(supported.lowerBound) to \(supported.upperBound)"
    case .full(let most):
      "the index holds \(most) vectors at most"
    case .indivisible(let dimension, let subspaces):
      "\(dimension) elements cannot be cut into \(subspaces) subspaces of equal width"
    case .holdsCodes(let count):
      "the index holds \(count) vectors as codes alone, of which neither lists nor exact distances can be made; keep the vectors, or train it first"
    }
  }
}

/// Throws unless `tensor` is rows of the right length.
func checkShape<Element>(_ tensor: Tensor<Element>, _ dimension: Int, _ operation: String) throws(IndexError) {
  guard tensor.rank == 2, tensor.shape[1] == dimension else {
    throw IndexError(.wrongShape(found: tensor.shape, dimension: dimension), in: operation)
  }
}

/// Throws unless `tensor` is rows of finite numbers of the right length.
func checkRows(_ tensor: Tensor<Float>, _ dimension: Int, _ operation: String) throws(IndexError) {
  try checkShape(tensor, dimension, operation)
  // A sum that is finite has only finite terms; one that is not may have overflowed.
  if tensor.count == 0 || tensor.sum().isFinite { return }
  for row in 0..<tensor.shape[0] {
    for column in 0..<dimension where !tensor[row, column].isFinite {
      throw IndexError(.notFinite(row: row, column: column, value: "\(tensor[row, column])"), in: operation)
    }
  }
}

/// The ids of `count` new vectors: those given, once they are checked, or the numbers from `next` on.
func checkedIDs(_ ids: [Int]?, count: Int, next: Int, isTaken: (Int) -> Bool) throws(IndexError) -> [Int] {
  guard let ids else {
    guard next <= Int.max - count else { throw IndexError(.noIDsLeft, in: "add") }
    return Array(next..<next + count)
  }
  guard ids.count == count else { throw IndexError(.wrongIDCount(found: ids.count, expected: count), in: "add") }
  var seen = Set<Int>(minimumCapacity: count)
  for (row, id) in ids.enumerated() {
    guard 0..<Int.max ~= id else { throw IndexError(.invalidID(id, row: row), in: "add") }
    guard seen.insert(id).inserted, !isTaken(id) else { throw IndexError(.duplicateID(id, row: row), in: "add") }
  }
  return ids
}
