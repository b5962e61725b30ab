import CKernels

// MARK: - Cumulative sum

/// Every partial sum along an axis: element k of the result is the sum of the elements 0 to k.
///
/// The error does not grow with the length: a cumulative sum of 10⁸ ones is exact as far as its type goes.
///
/// - Parameters:
///   - x: Any shape with at least one axis.
///   - axis: The axis to go along, counted from the front or, when negative, from the end.
///   - reversed: Whether to start at the end: element k of the result is that of the elements from k on.
///   - exclusive: Whether element k itself stays out; the first result is 0.
/// - Returns: The shape of `x`.
/// - Precondition: there is such an axis.
/// - Complexity: O(`x.count`).
public func cumulativeSum<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) -> Tensor<Scalar> {
  let scan = Scan(x, .sum, axis, reversed, exclusive)
  return Tensor(unsafeUninitializedShape: x.shape) { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeSum(_:axis:reversed:exclusive:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeSum<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false,
  into result: inout Tensor<Scalar>
) {
  let scan = Scan(x, .sum, axis, reversed, exclusive)
  requireSameShape(x, result, "cumulativeSum")
  result.withUnsafeMutableBufferPointer { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeSum(_:axis:reversed:exclusive:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeSum<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) {
  let scan = Scan(x, .sum, axis, reversed, exclusive)
  x.withUnsafeMutableBufferPointer { scan.run($0.baseAddress!, $0.baseAddress!) }
}

// MARK: - Cumulative product

/// Every partial product along an axis: element k of the result is the product of the elements 0 to k.
///
/// - Parameters:
///   - x: Any shape with at least one axis.
///   - axis: The axis to go along, counted from the front or, when negative, from the end.
///   - reversed: Whether to start at the end: element k of the result is that of the elements from k on.
///   - exclusive: Whether element k itself stays out; the first result is 1.
/// - Returns: The shape of `x`.
/// - Precondition: there is such an axis.
/// - Complexity: O(`x.count`).
public func cumulativeProduct<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) -> Tensor<Scalar> {
  let scan = Scan(x, .product, axis, reversed, exclusive)
  return Tensor(unsafeUninitializedShape: x.shape) { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeProduct(_:axis:reversed:exclusive:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeProduct<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false,
  into result: inout Tensor<Scalar>
) {
  let scan = Scan(x, .product, axis, reversed, exclusive)
  requireSameShape(x, result, "cumulativeProduct")
  result.withUnsafeMutableBufferPointer { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeProduct(_:axis:reversed:exclusive:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeProduct<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) {
  let scan = Scan(x, .product, axis, reversed, exclusive)
  x.withUnsafeMutableBufferPointer { scan.run($0.baseAddress!, $0.baseAddress!) }
}

// MARK: - Cumulative max

/// Every partial maximum along an axis: element k of the result is the largest of the elements 0 to k; NaN from the first
/// NaN on.
///
/// - Parameters:
///   - x: Any shape with at least one axis.
///   - axis: The axis to go along, counted from the front or, when negative, from the end.
///   - reversed: Whether to start at the end: element k of the result is that of the elements from k on.
///   - exclusive: Whether element k itself stays out; the first result is -infinity.
/// - Returns: The shape of `x`.
/// - Precondition: there is such an axis.
/// - Complexity: O(`x.count`).
public func cumulativeMax<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) -> Tensor<Scalar> {
  let scan = Scan(x, .max, axis, reversed, exclusive)
  return Tensor(unsafeUninitializedShape: x.shape) { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeMax(_:axis:reversed:exclusive:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeMax<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false,
  into result: inout Tensor<Scalar>
) {
  let scan = Scan(x, .max, axis, reversed, exclusive)
  requireSameShape(x, result, "cumulativeMax")
  result.withUnsafeMutableBufferPointer { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeMax(_:axis:reversed:exclusive:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeMax<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) {
  let scan = Scan(x, .max, axis, reversed, exclusive)
  x.withUnsafeMutableBufferPointer { scan.run($0.baseAddress!, $0.baseAddress!) }
}

// MARK: - Cumulative min

/// Every partial minimum along an axis: element k of the result is the smallest of the elements 0 to k; NaN from the first
/// NaN on.
///
/// - Parameters:
///   - x: Any shape with at least one axis.
///   - axis: The axis to go along, counted from the front or, when negative, from the end.
///   - reversed: Whether to start at the end: element k of the result is that of the elements from k on.
///   - exclusive: Whether element k itself stays out; the first result is infinity.
/// - Returns: The shape of `x`.
/// - Precondition: there is such an axis.
/// - Complexity: O(`x.count`).
public func cumulativeMin<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) -> Tensor<Scalar> {
  let scan = Scan(x, .min, axis, reversed, exclusive)
  return Tensor(unsafeUninitializedShape: x.shape) { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeMin(_:axis:reversed:exclusive:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeMin<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false,
  into result: inout Tensor<Scalar>
) {
  let scan = Scan(x, .min, axis, reversed, exclusive)
  requireSameShape(x, result, "cumulativeMin")
  result.withUnsafeMutableBufferPointer { out in
    x.withUnsafeBufferPointer { scan.run($0.baseAddress!, out.baseAddress!) }
  }
}

/// ``cumulativeMin(_:axis:reversed:exclusive:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func cumulativeMin<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  axis: Int = -1,
  reversed: Bool = false,
  exclusive: Bool = false
) {
  let scan = Scan(x, .min, axis, reversed, exclusive)
  x.withUnsafeMutableBufferPointer { scan.run($0.baseAddress!, $0.baseAddress!) }
}

// MARK: - Kernels

/// A scan of a tensor of some shape.
private struct Scan {
  enum Operation {
    case sum, product, max, min

    var function: StaticString {
      switch self {
      case .sum: "cumulativeSum"
      case .product: "cumulativeProduct"
      case .max: "cumulativeMax"
      case .min: "cumulativeMin"
      }
    }
  }

  let operation: Operation
  let shape: farro_reduction_shape
  let options: farro_scan_options

  init<Scalar>(_ x: Tensor<Scalar>, _ operation: Operation, _ axis: Int, _ reversed: Bool, _ exclusive: Bool) {
    self.operation = operation
    shape = x.view(along: axisPlace(axis, in: x.shape, operation.function))
    options = farro_scan_options(reverse: reversed, exclusive: exclusive)
  }

  func run<Scalar: KernelScalar>(_ x: UnsafePointer<Scalar>, _ out: UnsafeMutablePointer<Scalar>) {
    withUnsafePointer(to: shape) { shape in
      let status =
        switch (operation, Scalar.dtype) {
        case (.sum, .f32): farro_cumulative_sum_f32(shape, options, x.f32, out.f32)
        case (.sum, _): farro_cumulative_sum_f64(shape, options, x.f64, out.f64)
        case (.product, .f32): farro_cumulative_product_f32(shape, options, x.f32, out.f32)
        case (.product, _): farro_cumulative_product_f64(shape, options, x.f64, out.f64)
        case (.max, .f32): farro_cumulative_max_f32(shape, options, x.f32, out.f32)
        case (.max, _): farro_cumulative_max_f64(shape, options, x.f64, out.f64)
        case (.min, .f32): farro_cumulative_min_f32(shape, options, x.f32, out.f32)
        case (.min, _): farro_cumulative_min_f64(shape, options, x.f64, out.f64)
        }
      check(status, operation.function)
    }
  }
}
