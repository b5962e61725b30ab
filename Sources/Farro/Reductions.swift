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
  public func variance(correction: Double = 0) -> Scalar { reduceAll(.variance(correction)) }

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
  /// - Parameter keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`.
  /// - Complexity: O(`count`).
  public func sum(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.sum, axis, keepingDimensions)
  }

  /// ``sum(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  public func sum(axis: Int, into result: inout Tensor) {
    reduce(.sum, axis, into: &result)
  }

  /// The means along an axis; NaN where it is empty.
  ///
  /// - Parameter keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`.
  /// - Complexity: O(`count`).
  public func mean(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.mean, axis, keepingDimensions)
  }

  /// ``mean(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
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
    reduce(.variance(correction), axis, keepingDimensions)
  }

  /// ``variance(axis:correction:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  public func variance(axis: Int, correction: Double = 0, into result: inout Tensor) {
    reduce(.variance(correction), axis, into: &result)
  }

  /// The largest elements along an axis; NaN where one is NaN.
  ///
  /// - Parameter keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`, and not empty.
  /// - Complexity: O(`count`).
  public func max(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.max, axis, keepingDimensions)
  }

  /// ``max(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  public func max(axis: Int, into result: inout Tensor) {
    reduce(.max, axis, into: &result)
  }

  /// The positions along an axis of its first largest elements, or of the first NaN.
  ///
  /// - Parameter keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: `axis` is in `0..<rank`, and not empty.
  /// - Complexity: O(`count`).
  public func argmax(axis: Int, keepingDimensions: Bool = false) -> Tensor<Int> {
    reduce(.argmax, axis, keepingDimensions)
  }

  /// ``argmax(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  public func argmax(axis: Int, into result: inout Tensor<Int>) {
    reduce(.argmax, axis, into: &result)
  }
}

// MARK: - Kernels

/// A pair of C kernels that reduce `Scalar` to `Result`.
private struct Reduction<Scalar, Result> {
  typealias Kernel<Element> = (
    UnsafePointer<farro_reduction_shape>, UnsafePointer<Element>, UnsafeMutablePointer<Result>
  ) -> farro_status

  let name: StaticString
  var needsElements = false
  let f32: Kernel<Float>
  let f64: Kernel<Double>
}

extension Reduction where Result == Scalar {
  static var sum: Self {
    Reduction(name: "sum", f32: { farro_sum_f32($0, $1, $2.f32) }, f64: { farro_sum_f64($0, $1, $2.f64) })
  }

  static var mean: Self {
    Reduction(name: "mean", f32: { farro_mean_f32($0, $1, $2.f32) }, f64: { farro_mean_f64($0, $1, $2.f64) })
  }

  static func variance(_ correction: Double) -> Self {
    Reduction(
      name: "variance",
      f32: { farro_variance_f32($0, correction, $1, $2.f32) },
      f64: { farro_variance_f64($0, correction, $1, $2.f64) }
    )
  }

  static var max: Self {
    Reduction(
      name: "max",
      needsElements: true,
      f32: { farro_max_f32($0, $1, $2.f32) },
      f64: { farro_max_f64($0, $1, $2.f64) }
    )
  }
}

extension Reduction where Result == Int {
  static var argmax: Self {
    Reduction(
      name: "argmax",
      needsElements: true,
      f32: { farro_argmax_f32($0, $1, $2.i64) },
      f64: { farro_argmax_f64($0, $1, $2.i64) }
    )
  }
}

extension Tensor where Scalar: KernelScalar {
  private func reduceAll<Result: TensorScalar & ExpressibleByIntegerLiteral>(
    _ reduction: Reduction<Scalar, Result>
  ) -> Result {
    require(count > 0 || !reduction.needsElements, "\(reduction.name): there is no element in \(shape)")
    var result: Result = 0
    run(reduction, farro_reduction_shape(outer: 1, axis: count, inner: 1), &result)
    return result
  }

  private func reduce<Result>(
    _ reduction: Reduction<Scalar, Result>,
    _ axis: Int,
    _ keepingDimensions: Bool
  ) -> Tensor<Result> {
    let view = view(along: axis, of: reduction)
    var reduced = shape
    if keepingDimensions { reduced[axis] = 1 } else { reduced.remove(at: axis) }
    return Tensor<Result>(unsafeUninitializedShape: reduced) { run(reduction, view, $0.baseAddress!) }
  }

  private func reduce<Result>(
    _ reduction: Reduction<Scalar, Result>,
    _ axis: Int,
    into result: inout Tensor<Result>
  ) {
    let view = view(along: axis, of: reduction)
    var (kept, dropped) = (shape, shape)
    kept[axis] = 1
    dropped.remove(at: axis)
    require(
      result.shape == dropped || result.shape == kept,
      "\(reduction.name): \(shape) without axis \(axis) does not fit \(result.shape)"
    )
    result.withUnsafeMutableBufferPointer { run(reduction, view, $0.baseAddress!) }
  }

  private func view<Result>(along axis: Int, of reduction: Reduction<Scalar, Result>) -> farro_reduction_shape {
    require(shape.indices.contains(axis), "\(reduction.name): no axis \(axis) in the shape \(shape)")
    require(
      shape[axis] > 0 || !reduction.needsElements,
      "\(reduction.name): axis \(axis) of the shape \(shape) is empty"
    )
    return farro_reduction_shape(
      outer: shape[..<axis].reduce(1, *),
      axis: shape[axis],
      inner: shape[(axis + 1)...].reduce(1, *)
    )
  }

  private func run<Result>(
    _ reduction: Reduction<Scalar, Result>,
    _ view: farro_reduction_shape,
    _ out: UnsafeMutablePointer<Result>
  ) {
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

extension UnsafeMutablePointer<Int> {
  /// `Int` has 64 bits wherever Farro runs.
  fileprivate var i64: UnsafeMutablePointer<Int64> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Int64.self) }
}
