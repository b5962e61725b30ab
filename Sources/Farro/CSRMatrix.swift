/// A sparse matrix in compressed rows: of each row the elements that are stored and their columns, all others being 0.
///
/// ```swift
/// let a = CSRMatrix<Float>([[0, 2, 0], [1, 0, 3]])
/// print(a.offsets, a.indices, a.values)  // [0, 1, 3] [1, 0, 2] [2.0, 1.0, 3.0]
/// ```
///
/// The columns of a row ascend, and none is named twice. Zeros may be stored.
public struct CSRMatrix<Scalar: KernelScalar>: Sendable, Equatable {
  /// The numbers of rows and of columns.
  public let rows, columns: Int
  /// Where each row's elements begin among ``values``, and where the last one's end: ``rows`` + 1 places.
  public let offsets: [Int64]
  /// The column of each element.
  public let indices: [Int32]
  /// The elements, row after row.
  public let values: [Scalar]

  /// A matrix of parts that the caller has checked.
  package init(unchecked rows: Int, _ columns: Int, _ offsets: [Int64], _ indices: [Int32], _ values: [Scalar]) {
    (self.rows, self.columns, self.offsets, self.indices, self.values) = (rows, columns, offsets, indices, values)
  }

  /// The number of elements that are stored.
  public var count: Int { values.count }

  /// The numbers of rows and of columns.
  public var shape: [Int] { [rows, columns] }
}

// MARK: - Creation

extension CSRMatrix {
  /// A matrix of parts that come from elsewhere.
  ///
  /// - Parameters:
  ///   - columns: The number of columns.
  ///   - offsets: Where each row's elements begin, and where the last one's end; one more than there are rows.
  ///   - indices: The column of each element, strictly ascending within a row.
  ///   - values: The elements.
  /// - Throws: ``CSRError`` that says what does not fit and where.
  /// - Complexity: O(rows + `values.count`).
  public init(columns: Int, offsets: [Int64], indices: [Int32], values: [Scalar]) throws(CSRError) {
    guard 0...Int(Int32.max) ~= columns else { throw .columns(columns) }
    guard let first = offsets.first, first == 0, let last = offsets.last, last == Int64(values.count) else {
      throw .ends(first: offsets.first, last: offsets.last, count: values.count)
    }
    guard indices.count == values.count else { throw .counts(indices: indices.count, values: values.count) }
    for row in 0..<offsets.count - 1 {
      guard offsets[row] <= offsets[row + 1], offsets[row + 1] <= last else { throw .offset(row: row) }
      var previous: Int32 = -1
      for place in Int(offsets[row])..<Int(offsets[row + 1]) {
        guard indices[place] > previous, indices[place] < columns else {
          throw .index(indices[place], row: row, place: place)
        }
        previous = indices[place]
      }
    }
    self.init(unchecked: offsets.count - 1, columns, offsets, indices, values)
  }

  /// The elements of a dense matrix that are not 0; NaN is one of them.
  ///
  /// - Precondition: `dense` has two axes and fewer than 2³¹ columns.
  /// - Complexity: O(`dense.count`).
  public init(_ dense: Tensor<Scalar>) {
    require(
      dense.rank == 2 && dense.shape[1] <= Int32.max,
      "CSRMatrix: a tensor of the shape \(dense.shape) is no matrix of fewer than 2^31 columns"
    )
    let (rows, columns) = (dense.shape[0], dense.shape[1])
    var (offsets, indices, values): ([Int64], [Int32], [Scalar]) = ([0], [], [])
    offsets.reserveCapacity(rows + 1)
    dense.withUnsafeBufferPointer { elements in
      for row in 0..<rows {
        for column in 0..<columns where elements[row * columns + column] != 0 {
          indices.append(Int32(column))
          values.append(elements[row * columns + column])
        }
        offsets.append(Int64(values.count))
      }
    }
    self.init(unchecked: rows, columns, offsets, indices, values)
  }
}

// MARK: - Other forms

extension CSRMatrix {
  /// The matrix with its zeros, of shape (rows, columns).
  ///
  /// - Complexity: O(rows columns).
  public func dense() -> Tensor<Scalar> {
    var dense = Tensor<Scalar>(zeros: [rows, columns])
    dense.withUnsafeMutableBufferPointer { elements in
      for row in 0..<rows {
        for place in elementsOfRow(row) { elements[row * columns + Int(indices[place])] = values[place] }
      }
    }
    return dense
  }

  /// The places among ``indices`` and ``values`` of a row's elements.
  ///
  /// - Precondition: there is such a row.
  /// - Complexity: O(1).
  public func elementsOfRow(_ row: Int) -> Range<Int> {
    require(0..<rows ~= row, "CSRMatrix: there is no row \(row) of \(rows)")
    return Int(offsets[row])..<Int(offsets[row + 1])
  }

  /// Some rows, one after another.
  ///
  /// - Precondition: there are such rows.
  /// - Complexity: O(rows and elements of the result).
  public subscript(range: Range<Int>) -> CSRMatrix {
    require(
      range.lowerBound >= 0 && range.upperBound <= rows,
      "CSRMatrix: the rows \(range) are not among \(rows)"
    )
    let (first, last) = (offsets[range.lowerBound], offsets[range.upperBound])
    return CSRMatrix(
      unchecked: range.count,
      columns,
      offsets[range.lowerBound...range.upperBound].map { $0 - first },
      Array(indices[Int(first)..<Int(last)]),
      Array(values[Int(first)..<Int(last)])
    )
  }

  /// The rows of these numbers, in their order.
  ///
  /// - Precondition: there are such rows.
  /// - Complexity: O(rows and elements of the result).
  public subscript(rows numbers: [Int]) -> CSRMatrix {
    var offsets: [Int64] = [0]
    offsets.reserveCapacity(numbers.count + 1)
    for row in numbers { offsets.append(offsets[offsets.count - 1] + Int64(elementsOfRow(row).count)) }
    var (indices, values): ([Int32], [Scalar]) = ([], [])
    indices.reserveCapacity(Int(offsets[numbers.count]))
    values.reserveCapacity(Int(offsets[numbers.count]))
    for row in numbers {
      indices += self.indices[elementsOfRow(row)]
      values += self.values[elementsOfRow(row)]
    }
    return CSRMatrix(unchecked: numbers.count, columns, offsets, indices, values)
  }

  /// The matrix with rows and columns changed about.
  ///
  /// - Precondition: there are fewer than 2³¹ rows.
  /// - Complexity: O(rows + columns + count).
  public func transposed() -> CSRMatrix {
    require(rows <= Int32.max, "CSRMatrix: \(rows) rows are too many to be columns")
    var next = [Int64](repeating: 0, count: columns + 1)
    for index in indices { next[Int(index) + 1] += 1 }
    for column in 0..<columns { next[column + 1] += next[column] }
    let offsets = next
    var rowOfElement = [Int32](repeating: 0, count: count)
    var moved = values
    for row in 0..<rows {
      for place in elementsOfRow(row) {
        let column = Int(indices[place])
        let target = Int(next[column])
        next[column] += 1
        rowOfElement[target] = Int32(row)
        moved[target] = values[place]
      }
    }
    return CSRMatrix(unchecked: columns, rows, offsets, rowOfElement, moved)
  }
}

// MARK: - Errors

/// Why parts are no matrix in compressed rows.
public enum CSRError: Error, Hashable, Sendable {
  /// There cannot be so many columns.
  case columns(Int)
  /// The first offset must be 0, and the last one the number of values.
  case ends(first: Int64?, last: Int64?, count: Int)
  /// There must be as many indices as values.
  case counts(indices: Int, values: Int)
  /// The offset after that of `row` is smaller, or beyond the values.
  case offset(row: Int)
  /// The column at `place` is not among the columns, or not larger than the one before it in its row.
  case index(Int32, row: Int, place: Int)
}

extension CSRError: CustomStringConvertible {
  /// What is wrong and where, in one line.
  public var description: String {
    switch self {
    case .columns(let columns): "\(columns) columns: there can be 0 to 2147483647"
    case .ends(nil, _, _): "there are no offsets: one more than rows are needed, the first of them 0"
    case .ends(let first, let last, let count):
      "offsets go from \(first ?? 0) to \(last ?? 0): they must go from 0 to the number of values, \(count)"
    case .counts(let indices, let values): "\(indices) indices for \(values) values"
    case .offset(let row): "the offset after row \(row) is smaller than the one before it, or beyond the values"
    case .index(let index, let row, let place):
      "column \(index) of row \(row), at place \(place): columns must ascend within a row and exist"
    }
  }
}
