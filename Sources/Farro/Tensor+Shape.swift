// MARK: - The same elements in another shape

extension Tensor {
  /// The same elements, in the same order, in another shape. One length may be -1: it becomes what the others leave.
  ///
  /// - Precondition: the lengths multiply to `count`.
  /// - Complexity: O(`rank`): the elements are shared.
  public func reshaped(_ shape: [Int]) -> Tensor {
    let shape = inferredShape(shape)
    require(
      Tensor.checkedCount(shape) == count,
      "Tensor: the \(count) elements of the shape \(self.shape) cannot take the shape \(shape)"
    )
    return view(from: 0, shape: shape, count: count)
  }

  /// ``reshaped(_:)-([Int])`` with the lengths spelled out: `a.reshaped(3, -1)`.
  public func reshaped(_ shape: Int...) -> Tensor { reshaped(shape) }

  private func inferredShape(_ shape: [Int]) -> [Int] {
    guard let free = shape.firstIndex(of: -1) else { return shape }
    var result = shape
    result[free] = 1
    let known = Tensor.checkedCount(result)
    require(
      known > 0 && count % known == 0,
      "Tensor: the \(count) elements of the shape \(self.shape) cannot take the shape \(shape)"
    )
    result[free] = count / known
    return result
  }

  /// The same elements with an axis of length 1 inserted before `axis`, or at the end for `axis == rank`.
  ///
  /// - Precondition: `axis` is in `0...rank`.
  /// - Complexity: O(`rank`): the elements are shared.
  public func expandingDimensions(at axis: Int) -> Tensor {
    require((0...rank).contains(axis), "Tensor: no place \(axis) for a new axis in the shape \(shape)")
    var result = shape
    result.insert(1, at: axis)
    return view(from: 0, shape: result, count: count)
  }

  /// The same elements without an axis of length 1.
  ///
  /// - Precondition: `axis` is in `0..<rank` and has the length 1.
  /// - Complexity: O(`rank`): the elements are shared.
  public func squeezed(axis: Int) -> Tensor {
    require(
      shape.indices.contains(axis) && shape[axis] == 1,
      "Tensor: no axis \(axis) of length 1 in the shape \(shape)"
    )
    var result = shape
    result.remove(at: axis)
    return view(from: 0, shape: result, count: count)
  }
}

// MARK: - Another order of the axes

extension Tensor {
  /// The matrix with rows and columns exchanged; with more axes, the last two are.
  ///
  /// - Precondition: `rank` is at least 2.
  /// - Complexity: O(`count`).
  public func transposed() -> Tensor {
    require(rank >= 2, "Tensor: no two axes to exchange in the shape \(shape)")
    var axes = Array(shape.indices)
    axes.swapAt(rank - 2, rank - 1)
    return transposed(axes)
  }

  /// The tensor with its axes in another order: axis `i` of the result is axis `axes[i]` of this one.
  ///
  /// - Precondition: `axes` holds each of `0..<rank` once.
  /// - Complexity: O(`count`); O(`rank`) when only axes of length 1 move, since the elements are then shared.
  public func transposed(_ axes: [Int]) -> Tensor {
    require(
      axes.sorted() == Array(shape.indices),
      "Tensor: \(axes) is not an order of the axes of the shape \(shape)"
    )
    let result = axes.map { shape[$0] }
    let permutation = Permutation(shape, axes)
    if permutation.isIdentity || count == 0 { return view(from: 0, shape: result, count: count) }
    return Tensor(unsafeUninitializedShape: result) { out in
      withUnsafeBufferPointer { permutation.copy($0, to: out) }
    }
  }

  /// ``transposed(_:)-([Int])`` with the axes spelled out: `images.transposed(0, 3, 1, 2)`.
  public func transposed(_ axes: Int...) -> Tensor { transposed(axes) }
}
