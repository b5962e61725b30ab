import CKernels

/// What is told of each row of elements, and the C kernels that tell it. Not closures: those of `variance` would need memory
/// at each call.
enum Reduction {
  case sum, product, mean, max, min, argmax, argmin
  case variance(correction: Double)

  var name: StaticString {
    switch self {
    case .sum: "sum"
    case .product: "product"
    case .mean: "mean"
    case .max: "max"
    case .min: "min"
    case .argmax: "argmax"
    case .argmin: "argmin"
    case .variance: "variance"
    }
  }

  var needsElements: Bool {
    switch self {
    case .max, .min, .argmax, .argmin: true
    case .sum, .product, .mean, .variance: false
    }
  }

  typealias Shape = UnsafePointer<farro_reduction_shape>

  /// - Parameter out: For `argmax` and `argmin` 64-bit integers, for the others elements of the type of `x`.
  func f32(_ shape: Shape, _ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) -> farro_status {
    let scalars = out.assumingMemoryBound(to: Float.self)
    return switch self {
    case .sum: farro_sum_f32(shape, x, scalars)
    case .product: farro_product_f32(shape, x, scalars)
    case .mean: farro_mean_f32(shape, x, scalars)
    case .max: farro_max_f32(shape, x, scalars)
    case .min: farro_min_f32(shape, x, scalars)
    case .argmin: farro_argmin_f32(shape, x, out.assumingMemoryBound(to: Int64.self))
    case .argmax: farro_argmax_f32(shape, x, out.assumingMemoryBound(to: Int64.self))
    case .variance(let correction): farro_variance_f32(shape, correction, x, scalars)
    }
  }

  /// As ``f32(_:_:_:)``.
  func f64(_ shape: Shape, _ x: UnsafePointer<Double>, _ out: UnsafeMutableRawPointer) -> farro_status {
    let scalars = out.assumingMemoryBound(to: Double.self)
    return switch self {
    case .sum: farro_sum_f64(shape, x, scalars)
    case .product: farro_product_f64(shape, x, scalars)
    case .mean: farro_mean_f64(shape, x, scalars)
    case .max: farro_max_f64(shape, x, scalars)
    case .min: farro_min_f64(shape, x, scalars)
    case .argmin: farro_argmin_f64(shape, x, out.assumingMemoryBound(to: Int64.self))
    case .argmax: farro_argmax_f64(shape, x, out.assumingMemoryBound(to: Int64.self))
    case .variance(let correction): farro_variance_f64(shape, correction, x, scalars)
    }
  }
}

extension Tensor where Scalar: KernelScalar {
  func reduceAll<Result: TensorScalar & ExpressibleByIntegerLiteral>(
    _ reduction: Reduction
  ) -> Result {
    require(count > 0 || !reduction.needsElements, "\(reduction.name): there is no element in \(shape)")
    var result: Result = 0
    run(reduction, farro_reduction_shape(outer: 1, axis: count, inner: 1), &result)
    return result
  }

  func reduce<Result>(
    _ reduction: Reduction,
    _ axis: Int,
    _ keepingDimensions: Bool
  ) -> Tensor<Result> {
    let axis = axisPlace(axis, in: shape, reduction.name)
    let view = view(along: axis, of: reduction)
    return Tensor<Result>(unsafeUninitializedShape: shape(without: axis, keepingDimensions)) {
      run(reduction, view, $0.baseAddress!)
    }
  }

  @_specialize(where Scalar == Float, Result == Float)
  @_specialize(where Scalar == Float, Result == Int)
  @_specialize(where Scalar == Double, Result == Double)
  @_specialize(where Scalar == Double, Result == Int)
  func reduce<Result>(
    _ reduction: Reduction,
    _ axis: Int,
    into result: inout Tensor<Result>
  ) {
    let axis = axisPlace(axis, in: shape, reduction.name)
    let view = view(along: axis, of: reduction)
    requireFit(result, without: axis, reduction.name)
    result.withUnsafeMutableBufferPointer { run(reduction, view, $0.baseAddress!) }
  }

  private func view(along axis: Int, of reduction: Reduction) -> farro_reduction_shape {
    require(
      shape[axis] > 0 || !reduction.needsElements,
      "\(reduction.name): axis \(axis) of the shape \(shape) is empty"
    )
    return view(along: axis)
  }

  func run(_ reduction: Reduction, _ view: farro_reduction_shape, _ out: UnsafeMutableRawPointer) {
    withUnsafeBufferPointer { elements in
      withUnsafePointer(to: view) { view in
        let x = elements.baseAddress!
        switch Scalar.dtype {
        case .f32: check(reduction.f32(view, x.f32, out), reduction.name)
        default: check(reduction.f64(view, x.f64, out), reduction.name)
        }
      }
    }
  }
}

/// Whether any, or all, of a row of booleans are true.
enum Quantifier {
  case any, all

  var name: StaticString { self == .any ? "any" : "all" }
}

extension Tensor where Scalar == Bool {
  func answer(_ quantifier: Quantifier, _ view: farro_reduction_shape) -> Bool {
    var result = false
    run(quantifier, view, &result)
    return result
  }

  func answer(_ quantifier: Quantifier, _ axis: Int, _ keepingDimensions: Bool) -> Tensor {
    let axis = axisPlace(axis, in: shape, quantifier.name)
    let view = view(along: axis)
    return Tensor(unsafeUninitializedShape: shape(without: axis, keepingDimensions)) {
      run(quantifier, view, $0.baseAddress!)
    }
  }

  func answer(_ quantifier: Quantifier, _ axis: Int, into result: inout Tensor) {
    let axis = axisPlace(axis, in: shape, quantifier.name)
    let view = view(along: axis)
    requireFit(result, without: axis, quantifier.name)
    result.withUnsafeMutableBufferPointer { run(quantifier, view, $0.baseAddress!) }
  }

  func run(_ quantifier: Quantifier, _ view: farro_reduction_shape, _ out: UnsafeMutableRawPointer) {
    withUnsafeBufferPointer { elements in
      withUnsafePointer(to: view) { view in
        let (x, out) = (elements.baseAddress!.as(UInt8.self), out.assumingMemoryBound(to: UInt8.self))
        let status =
          switch quantifier {
          case .any: farro_any_u8(view, x, out)
          case .all: farro_all_u8(view, x, out)
          }
        check(status, quantifier.name)
      }
    }
  }
}

// MARK: - Shapes

extension Tensor {
  /// The tensor as (outer, axis, inner), of an axis that it has.
  func view(along axis: Int) -> farro_reduction_shape {
    var (outer, inner) = (1, 1)
    for i in 0..<axis { outer *= shape[i] }
    for i in (axis + 1)..<rank { inner *= shape[i] }
    return farro_reduction_shape(outer: outer, axis: shape[axis], inner: inner)
  }

  func shape(without axis: Int, _ keepingDimensions: Bool) -> [Int] {
    var reduced = shape
    if keepingDimensions { reduced[axis] = 1 } else { reduced.remove(at: axis) }
    return reduced
  }

  func requireFit<Result>(_ result: Tensor<Result>, without axis: Int, _ function: StaticString) {
    require(
      isShape(result.shape, without: axis),
      "\(function): \(shape) without axis \(axis) does not fit \(result.shape)"
    )
  }

  /// Whether `reduced` is this tensor's shape without an axis, or with its length 1.
  private func isShape(_ reduced: [Int], without axis: Int) -> Bool {
    let isKept = reduced.count == rank
    return (isKept || reduced.count == rank - 1)
      && reduced.indices.allSatisfy { i in
        reduced[i] == (isKept ? (i == axis ? 1 : shape[i]) : shape[i < axis ? i : i + 1])
      }
  }
}
