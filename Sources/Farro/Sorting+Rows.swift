import CKernels

/// A tensor as rows of its last axis, and the kernels that sort them.
struct SortedRows {
  private let count, length: Int
  private let function: StaticString

  init<Scalar>(_ x: Tensor<Scalar>, _ function: StaticString) {
    require(x.rank > 0, "\(function): a tensor of the shape \(x.shape) has no axis to work along")
    length = x.shape[x.rank - 1]
    require(length <= UInt32.max, "\(function): an axis of length \(length) is too long")
    count = length == 0 ? 0 : x.count / length
    self.function = function
  }

  func sort<Scalar: KernelScalar>(
    _ x: UnsafePointer<Scalar>,
    _ descending: Bool,
    _ values: UnsafeMutablePointer<Scalar>?,
    _ indices: UnsafeMutablePointer<Int>?
  ) {
    let indices = indices?.as(Int64.self)
    let status =
      switch Scalar.dtype {
      case .f32: farro_sort_f32(count, length, descending, x.f32, length, values?.f32, length, indices, length)
      default: farro_sort_f64(count, length, descending, x.f64, length, values?.f64, length, indices, length)
      }
    check(status, function)
  }

  func topK<Scalar: KernelScalar>(
    _ x: UnsafePointer<Scalar>,
    _ k: Int,
    _ smallest: Bool,
    _ sorted: Bool,
    _ values: UnsafeMutablePointer<Scalar>,
    _ indices: UnsafeMutablePointer<Int>
  ) {
    let options = farro_top_k_options(smallest: smallest, unsorted: !sorted)
    let indices = indices.as(Int64.self)
    let status =
      switch Scalar.dtype {
      case .f32: farro_top_k_f32(count, length, k, options, x.f32, length, values.f32, k, indices, k)
      default: farro_top_k_f64(count, length, k, options, x.f64, length, values.f64, k, indices, k)
      }
    check(status, function)
  }
}

// MARK: - Axes other than the last

func isLast<Scalar>(_ axis: Int, of x: Tensor<Scalar>) -> Bool { axis == -1 || axis == x.rank - 1 }

/// The tensor with an axis behind all others.
func movedToLast<Scalar>(_ x: Tensor<Scalar>, _ axis: Int, _ function: StaticString) -> Tensor<Scalar> {
  if isLast(axis, of: x) { return x }
  let place = axisPlace(axis, in: x.shape, function)
  return x.transposed(x.shape.indices.filter { $0 != place } + [place])
}

/// The tensor with its last axis in the place of another.
func movedBack<Scalar>(_ x: Tensor<Scalar>, to axis: Int) -> Tensor<Scalar> {
  if isLast(axis, of: x) { return x }
  var axes = Array(x.shape.indices)
  axes.insert(axes.removeLast(), at: axis < 0 ? x.rank + axis : axis)
  return x.transposed(axes)
}

/// What `body` makes of a tensor whose last axis is the one to work along.
func alongLastAxis<Scalar, Result>(
  _ x: Tensor<Scalar>,
  _ axis: Int,
  _ function: StaticString,
  _ body: (Tensor<Scalar>, SortedRows) -> Tensor<Result>
) -> Tensor<Result> {
  let last = movedToLast(x, axis, function)
  return movedBack(body(last, SortedRows(last, function)), to: axis)
}
