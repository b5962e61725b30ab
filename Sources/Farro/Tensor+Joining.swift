/// Tensors one after the other along an axis that they have.
///
/// - Parameters:
///   - tensors: Of equal shapes but for the length of `axis`.
///   - axis: The axis along which the result is as long as all of them together.
/// - Precondition: there is at least one tensor, and the shapes agree as above.
/// - Complexity: O(count of the result).
public func concatenate<Scalar>(_ tensors: [Tensor<Scalar>], axis: Int = 0) -> Tensor<Scalar> {
  require(!tensors.isEmpty, "concatenate: no tensors")
  var shape = tensors[0].shape
  require(shape.indices.contains(axis), "concatenate: no axis \(axis) in the shape \(shape)")
  for (i, tensor) in tensors.enumerated().dropFirst() {
    var expected = tensor.shape
    if expected.indices.contains(axis) { expected[axis] = tensors[0].shape[axis] }
    require(
      expected == tensors[0].shape,
      "concatenate: tensors 0 and \(i) of shapes \(tensors[0].shape) and \(tensor.shape) differ in more than axis \(axis)"
    )
    shape[axis] += tensor.shape[axis]
  }
  return Tensor(joining: tensors, leading: shape[..<axis].reduce(1, *), shape: shape)
}

/// Tensors of one shape one after the other along a new axis.
///
/// - Parameters:
///   - tensors: Of one shape.
///   - axis: The place of the new axis in the result, `0...rank`; its length is the number of tensors.
/// - Precondition: there is at least one tensor, and all have the same shape.
/// - Complexity: O(count of the result).
public func stack<Scalar>(_ tensors: [Tensor<Scalar>], axis: Int = 0) -> Tensor<Scalar> {
  require(!tensors.isEmpty, "stack: no tensors")
  var shape = tensors[0].shape
  require((0...shape.count).contains(axis), "stack: no place \(axis) for a new axis in the shape \(shape)")
  for (i, tensor) in tensors.enumerated() {
    require(
      tensor.shape == shape,
      "stack: tensors 0 and \(i) have different shapes: \(shape) and \(tensor.shape)"
    )
  }
  shape.insert(tensors.count, at: axis)
  return Tensor(joining: tensors, leading: shape[..<axis].reduce(1, *), shape: shape)
}

extension Tensor {
  /// The rows at `indices`, in that order, copied: slices along the leading axis of shape `shape[1...]`.
  ///
  /// - Returns: Shape (`indices.count`, `shape[1]`, ...).
  /// - Precondition: `rank` is at least 1, and each index is in `0..<shape[0]`.
  /// - Complexity: O(count of the result).
  public func gather(rows indices: [Int]) -> Tensor {
    require(rank > 0, "gather: the shape \(shape) has no rows")
    for index in indices where !isIndex(index, of: 0) {
      stop("gather: no row \(index) in the shape \(shape)")
    }
    return Tensor(gathering: indices, of: self, shape: [indices.count] + shape.dropFirst())
  }
}
