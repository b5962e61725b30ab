// MARK: - Elements

extension Tensor {
  /// The element at index `i` of a tensor with one axis.
  ///
  /// - Precondition: `rank` is 1 and `i` is in `0..<shape[0]`.
  /// - Complexity: O(1); for a change, O(`count`) when another tensor shares the elements.
  @inlinable
  public subscript(i: Int) -> Scalar {
    get { scalar(at: position(i)) }
    set { setScalar(newValue, at: position(i)) }
  }

  /// The element at row `i` and column `j` of a matrix.
  ///
  /// - Precondition: `rank` is 2, `i` is in `0..<shape[0]` and `j` in `0..<shape[1]`.
  /// - Complexity: O(1); for a change, O(`count`) when another tensor shares the elements.
  @inlinable
  public subscript(i: Int, j: Int) -> Scalar {
    get { scalar(at: position(i, j)) }
    set { setScalar(newValue, at: position(i, j)) }
  }

  /// The element at an index of each of three axes.
  ///
  /// - Precondition: `rank` is 3 and each index is within its axis.
  /// - Complexity: O(1); for a change, O(`count`) when another tensor shares the elements.
  @inlinable
  public subscript(i: Int, j: Int, k: Int) -> Scalar {
    get { scalar(at: position(i, j, k)) }
    set { setScalar(newValue, at: position(i, j, k)) }
  }

  /// The element at an index of each of four or more axes.
  ///
  /// - Precondition: there are `rank` indices, each within its axis.
  /// - Complexity: O(`rank`); for a change, O(`count`) when another tensor shares the elements.
  @inlinable
  public subscript(i: Int, j: Int, k: Int, l: Int, others: Int...) -> Scalar {
    get { scalar(at: position([i, j, k, l] + others)) }
    set { setScalar(newValue, at: position([i, j, k, l] + others)) }
  }

  /// The one element of a tensor without axes: `a[]`.
  ///
  /// - Precondition: `rank` is 0.
  /// - Complexity: O(1).
  @inlinable
  public subscript() -> Scalar {
    get { scalar(at: position([])) }
    set { setScalar(newValue, at: position([])) }
  }

  // One to three indices are spelled out, so that they need no array.

  @inlinable
  func position(_ i: Int) -> Int {
    guard shape.count == 1, isIndex(i, of: 0) else { failIndex([i]) }
    return i
  }

  @inlinable
  func position(_ i: Int, _ j: Int) -> Int {
    guard shape.count == 2, isIndex(i, of: 0), isIndex(j, of: 1) else { failIndex([i, j]) }
    return i &* shape[1] &+ j
  }

  @inlinable
  func position(_ i: Int, _ j: Int, _ k: Int) -> Int {
    guard shape.count == 3, isIndex(i, of: 0), isIndex(j, of: 1), isIndex(k, of: 2) else { failIndex([i, j, k]) }
    return (i &* shape[1] &+ j) &* shape[2] &+ k
  }

  @usableFromInline
  func position(_ indices: [Int]) -> Int {
    guard indices.count == rank else { failIndex(indices) }
    var position = 0
    for (axis, index) in indices.enumerated() {
      guard isIndex(index, of: axis) else { failIndex(indices) }
      position = position * shape[axis] + index
    }
    return position
  }

  @inlinable @inline(__always)
  func isIndex(_ index: Int, of axis: Int) -> Bool {
    // As an unsigned number, a negative index is larger than any length.
    UInt(bitPattern: index) < UInt(bitPattern: shape[axis])
  }

  @usableFromInline @inline(never)
  func failIndex(_ indices: [Int]) -> Never {
    stop("Tensor: no element at \(indices) in the shape \(shape)")
  }
}

// MARK: - Slices along the leading axis

extension Tensor {
  /// The slice at index `i` of the leading axis, of shape `shape[1...]`: of a matrix, a row.
  ///
  /// Reading shares the elements and copies nothing; assigning copies the new row into this tensor.
  ///
  /// - Precondition: `rank` is at least 1 and `i` is in `0..<shape[0]`; a new value has the shape `shape[1...]`.
  /// - Complexity: O(`rank`) to read, O(`count`) to assign when another tensor shares the elements, else O(row).
  public subscript(row i: Int) -> Tensor {
    get {
      guard rank > 0, isIndex(i, of: 0) else { failRows("row \(i)") }
      let rowCount = count / shape[0]
      return view(from: i * rowCount, shape: Array(shape.dropFirst()), count: rowCount)
    }
    set {
      guard rank > 0, isIndex(i, of: 0) else { failRows("row \(i)") }
      replaceElements(from: i * (count / shape[0]), shape: Array(shape.dropFirst()), with: newValue)
    }
  }

  /// A range of the leading axis: of a matrix, some rows (`a[2..<5]`, `a[2...]`, `a[..<5]`).
  ///
  /// Reading shares the elements and copies nothing; assigning copies the new rows into this tensor.
  ///
  /// - Precondition: `rank` is at least 1 and the range is within `0...shape[0]`; a new value has the slice's shape.
  /// - Complexity: O(`rank`) to read, O(`count`) to assign when another tensor shares the elements, else O(slice).
  public subscript(rows: some RangeExpression<Int>) -> Tensor {
    get {
      let slice = slice(rows)
      return view(from: slice.position, shape: slice.shape, count: slice.count)
    }
    set {
      let slice = slice(rows)
      replaceElements(from: slice.position, shape: slice.shape, with: newValue)
    }
  }

  /// The slices of these indices of the leading axis, in their order: of a matrix, some rows (`a[rows: [7, 2, 2]]`).
  ///
  /// - Precondition: `rank` is at least 1 and the indices are in `0..<shape[0]`.
  /// - Complexity: O(elements of the result).
  public subscript(rows indices: [Int]) -> Tensor where Scalar: KernelScalar {
    guard rank > 0 else { failRows("rows \(indices)") }
    let row = Array(shape.dropFirst())
    let table = reshaped([shape[0], row.reduce(1, *)])
    return embedding(table, Tensor<Int>(indices, shape: [indices.count])).reshaped([indices.count] + row)
  }

  private func slice(_ rows: some RangeExpression<Int>) -> (position: Int, shape: [Int], count: Int) {
    // Relative to all indices there can be, so that a range beyond this shape fails below, with the shape.
    let all = 0..<Int.max
    let range = rows.relative(to: all)
    let last = range.upperBound == all.upperBound ? shape.first ?? 0 : range.upperBound
    guard rank > 0, range.lowerBound >= 0, range.lowerBound <= last, last <= shape[0] else {
      failRows("rows \(range.lowerBound)..<\(last)")
    }
    let rowCount = shape[0] == 0 ? 0 : count / shape[0]
    let rows = last - range.lowerBound
    return (range.lowerBound * rowCount, [rows] + shape.dropFirst(), rows * rowCount)
  }

  private mutating func replaceElements(from position: Int, shape: [Int], with other: Tensor) {
    require(
      other.shape == shape,
      "Tensor: rows of the shape \(shape) cannot be replaced by the shape \(other.shape)"
    )
    copyElements(of: other, to: position)
  }

  @inline(never)
  private func failRows(_ what: String) -> Never {
    stop("Tensor: no \(what) in the shape \(shape)")
  }
}
