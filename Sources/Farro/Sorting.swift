import CKernels

// MARK: - Sort

/// Sorts along an axis.
///
/// NaN counts as the largest; equal elements keep their order, whichever the direction. (-0 and 0 are equal; without their
/// indices, sorted zeros may come out in another order of signs.)
///
/// - Parameters:
///   - x: Any shape with at least one axis.
///   - axis: The axis to sort along, counted from the front or, when negative, from the end. Any but the last is moved there and back.
///   - descending: Whether the largest comes first.
/// - Returns: The shape of `x`.
/// - Precondition: there is such an axis, shorter than 2³².
/// - Complexity: O(`x.count`).
public func sort<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  descending: Bool = false
) -> Tensor<Scalar> {
  alongLastAxis(x, axis, "sort") { x, rows in
    Tensor(unsafeUninitializedShape: x.shape) { values in
      x.withUnsafeBufferPointer { rows.sort($0.baseAddress!, descending, values.baseAddress!, nil) }
    }
  }
}

/// ``sort(_:axis:descending:)`` into a tensor that exists.
///
/// - Precondition: `values` has the shape of `x`.
/// - Complexity: O(`x.count`); axes other than the last need memory as well.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func sort<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  descending: Bool = false,
  into values: inout Tensor<Scalar>
) {
  requireSameShape(x, values, "sort")
  guard isLast(axis, of: x) else {
    values = sort(x, axis: axis, descending: descending)
    return
  }
  let rows = SortedRows(x, "sort")
  values.withUnsafeMutableBufferPointer { values in
    x.withUnsafeBufferPointer { rows.sort($0.baseAddress!, descending, values.baseAddress!, nil) }
  }
}

/// ``sort(_:axis:descending:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements; axes other than the last need memory as
///   well.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func sort<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, axis: Int = -1, descending: Bool = false) {
  guard isLast(axis, of: x) else {
    x = sort(x, axis: axis, descending: descending)
    return
  }
  let rows = SortedRows(x, "sort")
  x.withUnsafeMutableBufferPointer { rows.sort($0.baseAddress!, descending, $0.baseAddress!, nil) }
}

// MARK: - Indices

/// The positions along an axis that its elements have before they are sorted by ``sort(_:axis:descending:)``: the first is
/// where the smallest stands, or the largest if `descending`.
///
/// - Parameters:
///   - x: Any shape with at least one axis.
///   - axis: The axis to sort along, counted from the front or, when negative, from the end. Any but the last is moved there and back.
///   - descending: Whether the largest comes first.
/// - Returns: The shape of `x`. Of equal elements the one that comes first in `x` comes first.
/// - Precondition: there is such an axis, shorter than 2³².
/// - Complexity: O(`x.count`).
public func argsort<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  descending: Bool = false
) -> Tensor<Int> {
  alongLastAxis(x, axis, "argsort") { x, rows in
    Tensor(unsafeUninitializedShape: x.shape) { indices in
      x.withUnsafeBufferPointer { rows.sort($0.baseAddress!, descending, nil, indices.baseAddress!) }
    }
  }
}

/// ``argsort(_:axis:descending:)`` into a tensor that exists.
///
/// - Precondition: `indices` has the shape of `x`.
/// - Complexity: O(`x.count`); axes other than the last need memory as well.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func argsort<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  descending: Bool = false,
  into indices: inout Tensor<Int>
) {
  require(x.shape == indices.shape, "argsort: the result for \(x.shape) does not fit into \(indices.shape)")
  guard isLast(axis, of: x) else {
    indices = argsort(x, axis: axis, descending: descending)
    return
  }
  let rows = SortedRows(x, "argsort")
  indices.withUnsafeMutableBufferPointer { indices in
    x.withUnsafeBufferPointer { rows.sort($0.baseAddress!, descending, nil, indices.baseAddress!) }
  }
}

/// ``sort(_:axis:descending:)`` and ``argsort(_:axis:descending:)`` at once.
///
/// - Precondition: there is such an axis, shorter than 2³².
/// - Complexity: O(`x.count`).
public func sortWithIndices<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  descending: Bool = false
) -> (values: Tensor<Scalar>, indices: Tensor<Int>) {
  let last = movedToLast(x, axis, "sortWithIndices")
  var values = Tensor<Scalar>(uninitialized: last.shape, count: last.count)
  var indices = Tensor<Int>(uninitialized: last.shape, count: last.count)
  sortWithIndices(last, descending: descending, into: &values, &indices)
  return (movedBack(values, to: axis), movedBack(indices, to: axis))
}

/// ``sortWithIndices(_:axis:descending:)`` into tensors that exist.
///
/// - Precondition: `values` and `indices` have the shape of `x`.
/// - Complexity: O(`x.count`); axes other than the last need memory as well.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func sortWithIndices<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  descending: Bool = false,
  into values: inout Tensor<Scalar>,
  _ indices: inout Tensor<Int>
) {
  require(
    values.shape == x.shape && indices.shape == x.shape,
    "sortWithIndices: the results for \(x.shape) do not fit into \(values.shape) and \(indices.shape)"
  )
  guard isLast(axis, of: x) else {
    (values, indices) = sortWithIndices(x, axis: axis, descending: descending)
    return
  }
  let rows = SortedRows(x, "sortWithIndices")
  values.withUnsafeMutableBufferPointer { values in
    indices.withUnsafeMutableBufferPointer { indices in
      x.withUnsafeBufferPointer {
        rows.sort($0.baseAddress!, descending, values.baseAddress!, indices.baseAddress!)
      }
    }
  }
}

// MARK: - The best k

/// The `k` largest or smallest elements along an axis, and where they stand: the first `k` that sorting would give.
///
/// NaN counts as the largest; of equal elements those that come first in `x` are taken.
///
/// - Parameters:
///   - x: Any shape with at least one axis.
///   - k: At most the length of the axis.
///   - axis: The axis to choose along, counted from the front or, when negative, from the end. Any but the last is moved there and back.
///   - smallest: Whether the smallest are chosen.
///   - sorted: Whether the best comes first; otherwise they keep their order in `x`.
/// - Returns: The shape of `x` with the length `k` for that of the axis.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count` + `k` log(length)) for each row, for most inputs.
public func topK<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ k: Int,
  axis: Int = -1,
  smallest: Bool = false,
  sorted: Bool = true
) -> (values: Tensor<Scalar>, indices: Tensor<Int>) {
  let last = movedToLast(x, axis, "topK")
  _ = topKShape(x.shape, k, axis)
  let shape: [Int] = last.shape.dropLast() + [k]
  var values = Tensor<Scalar>(unsafeUninitializedShape: shape) { _ in }
  var indices = Tensor<Int>(unsafeUninitializedShape: shape) { _ in }
  topK(last, k, smallest: smallest, sorted: sorted, into: &values, &indices)
  return (movedBack(values, to: axis), movedBack(indices, to: axis))
}

/// ``topK(_:_:axis:smallest:sorted:)`` into tensors that exist.
///
/// - Precondition: `values` and `indices` have the shape of `x` with the length `k` for that of the axis.
/// - Complexity: O(`x.count` + `k` log(length)) for each row, for most inputs; axes other than the last need memory as well.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func topK<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ k: Int,
  axis: Int = -1,
  smallest: Bool = false,
  sorted: Bool = true,
  into values: inout Tensor<Scalar>,
  _ indices: inout Tensor<Int>
) {
  let shape = topKShape(x.shape, k, axis)
  require(
    values.shape == shape && indices.shape == shape,
    "topK: the best \(k) of \(x.shape) do not fit into \(values.shape) and \(indices.shape)"
  )
  guard isLast(axis, of: x) else {
    (values, indices) = topK(x, k, axis: axis, smallest: smallest, sorted: sorted)
    return
  }
  let rows = SortedRows(x, "topK")
  values.withUnsafeMutableBufferPointer { values in
    indices.withUnsafeMutableBufferPointer { indices in
      x.withUnsafeBufferPointer {
        rows.topK($0.baseAddress!, k, smallest, sorted, values.baseAddress!, indices.baseAddress!)
      }
    }
  }
}

private func topKShape(_ shape: [Int], _ k: Int, _ axis: Int = -1) -> [Int] {
  var result = shape
  let place = axisPlace(axis, in: shape, "topK")
  let length = shape[place]
  require((0...length).contains(k), "topK: there are no \(k) elements in the axis of length \(length) of \(shape)")
  result[place] = k
  return result
}
