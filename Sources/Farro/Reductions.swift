import CKernels

// MARK: - Of all elements

extension Tensor where Scalar: KernelScalar {
  /// The sum of all elements; 0 if there are none. It is taken in blocks, so that rounding errors hardly grow with
  /// `count`.
  ///
  /// - Complexity: O(`count`).
  public func sum() -> Scalar { reduceAll(.sum) }

  /// The mean of all elements; NaN if there are none.
  ///
  /// - Complexity: O(`count`).
  public func mean() -> Scalar { reduceAll(.mean) }

  /// The sum of squared differences from the mean, divided by `count - correction`; NaN unless `correction < count`.
  ///
  /// - Parameter correction: 0 for the variance of a population, 1 for the unbiased estimate from a sample.
  /// - Complexity: O(`count`).
  public func variance(correction: Double = 0) -> Scalar { reduceAll(.variance(correction: correction)) }

  /// The largest element; NaN if one is NaN.
  ///
  /// - Precondition: there is an element.
  /// - Complexity: O(`count`).
  public func max() -> Scalar { reduceAll(.max) }

  /// The position, in row-major order, of the first largest element, or of the first NaN.
  ///
  /// - Precondition: there is an element.
  /// - Complexity: O(`count`).
  public func argmax() -> Int { reduceAll(.argmax) }
}

// MARK: - Over one axis

extension Tensor where Scalar: KernelScalar {
  /// The sums along an axis; 0 where it is empty.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`.
  /// - Complexity: O(`count`).
  public func sum(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.sum, axis, keepingDimensions)
  }

  /// ``sum(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: `axis` is in `0..<rank`; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func sum(axis: Int, into result: inout Tensor) {
    reduce(.sum, axis, into: &result)
  }

  /// The means along an axis; NaN where it is empty.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`.
  /// - Complexity: O(`count`).
  public func mean(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.mean, axis, keepingDimensions)
  }

  /// ``mean(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: `axis` is in `0..<rank`; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func mean(axis: Int, into result: inout Tensor) {
    reduce(.mean, axis, into: &result)
  }

  /// The variances along an axis: sums of squared differences from the mean, divided by the length of the axis less
  /// `correction`; NaN unless `correction` is less than the length.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce.
  ///   - correction: 0 for the variance of a population, 1 for the unbiased estimate from a sample.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`.
  /// - Complexity: O(`count`).
  public func variance(axis: Int, correction: Double = 0, keepingDimensions: Bool = false) -> Tensor {
    reduce(.variance(correction: correction), axis, keepingDimensions)
  }

  /// ``variance(axis:correction:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: `axis` is in `0..<rank`; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func variance(axis: Int, correction: Double = 0, into result: inout Tensor) {
    reduce(.variance(correction: correction), axis, into: &result)
  }

  /// The largest elements along an axis; NaN where one is NaN.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`, and not empty.
  /// - Complexity: O(`count`).
  public func max(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.max, axis, keepingDimensions)
  }

  /// ``max(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: `axis` is in `0..<rank`, and not empty; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func max(axis: Int, into result: inout Tensor) {
    reduce(.max, axis, into: &result)
  }

  /// The positions along an axis of its first largest elements, or of the first NaN.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`, and not empty.
  /// - Complexity: O(`count`).
  public func argmax(axis: Int, keepingDimensions: Bool = false) -> Tensor<Int> {
    reduce(.argmax, axis, keepingDimensions)
  }

  /// ``argmax(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: `axis` is in `0..<rank`, and not empty; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func argmax(axis: Int, into result: inout Tensor<Int>) {
    reduce(.argmax, axis, into: &result)
  }
}

// MARK: - Kernels

/// What is told of each row of elements, and the C kernels that tell it. Not closures: those of `variance` would need memory
/// at each call.
private enum Reduction {
  case sum, mean, max, argmax
  case variance(correction: Double)

  var name: StaticString {
    switch self {
    case .sum: "sum"
    case .mean: "mean"
    case .max: "max"
    case .argmax: "argmax"
    case .variance: "variance"
    }
  }

  var needsElements: Bool {
    switch self {
    case .max, .argmax: true
    case .sum, .mean, .variance: false
    }
  }

  typealias Shape = UnsafePointer<farro_reduction_shape>

  /// - Parameter out: For `argmax` 64-bit integers, for the others elements of the type of `x`.
  func f32(_ shape: Shape, _ x: UnsafePointer<Float>, _ out: UnsafeMutableRawPointer) -> farro_status {
    let scalars = out.assumingMemoryBound(to: Float.self)
    return switch self {
    case .sum: farro_sum_f32(shape, x, scalars)
    case .mean: farro_mean_f32(shape, x, scalars)
    case .max: farro_max_f32(shape, x, scalars)
    case .argmax: farro_argmax_f32(shape, x, out.assumingMemoryBound(to: Int64.self))
    case .variance(let correction): farro_variance_f32(shape, correction, x, scalars)
    }
  }

  /// As ``f32(_:_:_:)``.
  func f64(_ shape: Shape, _ x: UnsafePointer<Double>, _ out: UnsafeMutableRawPointer) -> farro_status {
    let scalars = out.assumingMemoryBound(to: Double.self)
    return switch self {
    case .sum: farro_sum_f64(shape, x, scalars)
    case .mean: farro_mean_f64(shape, x, scalars)
    case .max: farro_max_f64(shape, x, scalars)
    case .argmax: farro_argmax_f64(shape, x, out.assumingMemoryBound(to: Int64.self))
    case .variance(let correction): farro_variance_f64(shape, correction, x, scalars)
    }
  }
}

extension Tensor where Scalar: KernelScalar {
  private func reduceAll<Result: TensorScalar & ExpressibleByIntegerLiteral>(
    _ reduction: Reduction
  ) -> Result {
    require(count > 0 || !reduction.needsElements, "\(reduction.name): there is no element in \(shape)")
    var result: Result = 0
    run(reduction, farro_reduction_shape(outer: 1, axis: count, inner: 1), &result)
    return result
  }

  private func reduce<Result>(
    _ reduction: Reduction,
    _ axis: Int,
    _ keepingDimensions: Bool
  ) -> Tensor<Result> {
    let view = view(along: axis, of: reduction)
    var reduced = shape
    if keepingDimensions { reduced[axis] = 1 } else { reduced.remove(at: axis) }
    return Tensor<Result>(unsafeUninitializedShape: reduced) { run(reduction, view, $0.baseAddress!) }
  }

  @_specialize(where Scalar == Float, Result == Float)
  @_specialize(where Scalar == Float, Result == Int)
  @_specialize(where Scalar == Double, Result == Double)
  @_specialize(where Scalar == Double, Result == Int)
  private func reduce<Result>(
    _ reduction: Reduction,
    _ axis: Int,
    into result: inout Tensor<Result>
  ) {
    let view = view(along: axis, of: reduction)
    require(
      isShape(result.shape, without: axis),
      "\(reduction.name): \(shape) without axis \(axis) does not fit \(result.shape)"
    )
    result.withUnsafeMutableBufferPointer { run(reduction, view, $0.baseAddress!) }
  }

  /// Whether `reduced` is this tensor's shape without an axis, or with its length 1.
  private func isShape(_ reduced: [Int], without axis: Int) -> Bool {
    let isKept = reduced.count == rank
    return (isKept || reduced.count == rank - 1)
      && reduced.indices.allSatisfy { i in
        reduced[i] == (isKept ? (i == axis ? 1 : shape[i]) : shape[i < axis ? i : i + 1])
      }
  }

  private func view(along axis: Int, of reduction: Reduction) -> farro_reduction_shape {
    require(shape.indices.contains(axis), "\(reduction.name): no axis \(axis) in the shape \(shape)")
    require(
      shape[axis] > 0 || !reduction.needsElements,
      "\(reduction.name): axis \(axis) of the shape \(shape) is empty"
    )
    var (outer, inner) = (1, 1)
    for i in 0..<axis { outer *= shape[i] }
    for i in (axis + 1)..<rank { inner *= shape[i] }
    return farro_reduction_shape(outer: outer, axis: shape[axis], inner: inner)
  }

  private func run(_ reduction: Reduction, _ view: farro_reduction_shape, _ out: UnsafeMutableRawPointer) {
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
