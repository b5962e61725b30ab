import CKernels

// MARK: - Layer norm

/// Normalizes along the last axis: `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with the mean and the
/// population variance of each row.
///
/// A large mean costs no accuracy. A row with NaN or infinity becomes NaN.
///
/// Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
///
/// - Parameters:
///   - x: Shape (..., n), at least one axis.
///   - scale: Shape (n); ones when `nil`.
///   - offset: Shape (n); zeros when `nil`.
///   - epsilon: Not negative. It keeps the divisor of a row of equal elements from being zero.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func layerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  let rows = Rows(x, "layerNorm", scale, offset, epsilon)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { rows.layerNorm($0.baseAddress!, scale, offset, epsilon, y.baseAddress!) }
  }
}

/// ``layerNorm(_:scale:offset:epsilon:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func layerNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  let rows = Rows(x, "layerNorm", scale, offset, epsilon)
  requireSameShape(x, y, "layerNorm")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { rows.layerNorm($0.baseAddress!, scale, offset, epsilon, y.baseAddress!) }
  }
}

/// ``layerNorm(_:scale:offset:epsilon:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func layerNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  let rows = Rows(x, "layerNorm", scale, offset, epsilon)
  x.withUnsafeMutableBufferPointer { rows.layerNorm($0.baseAddress!, scale, offset, epsilon, $0.baseAddress!) }
}

// MARK: - RMS norm

/// Divides each row along the last axis by its root mean square: `x / sqrt(mean(x * x) + epsilon) * scale`.
///
/// Squares must not overflow.
///
/// Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", 2019.
///
/// - Parameters:
///   - x: Shape (..., n), at least one axis.
///   - scale: Shape (n); ones when `nil`.
///   - epsilon: Not negative.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func rmsNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  let rows = Rows(x, "rmsNorm", scale, nil, epsilon)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { rows.rmsNorm($0.baseAddress!, scale, epsilon, y.baseAddress!) }
  }
}

/// ``rmsNorm(_:scale:epsilon:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rmsNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  let rows = Rows(x, "rmsNorm", scale, nil, epsilon)
  requireSameShape(x, y, "rmsNorm")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { rows.rmsNorm($0.baseAddress!, scale, epsilon, y.baseAddress!) }
  }
}

/// ``rmsNorm(_:scale:epsilon:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rmsNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  let rows = Rows(x, "rmsNorm", scale, nil, epsilon)
  x.withUnsafeMutableBufferPointer { rows.rmsNorm($0.baseAddress!, scale, epsilon, $0.baseAddress!) }
}

// MARK: - Rows

/// A tensor as contiguous rows of its last axis, and the kernels that work on them.
private struct Rows {
  let count: Int
  let length: Int

  init<Scalar>(_ x: Tensor<Scalar>, _ function: StaticString) {
    require(x.rank > 0, "\(function): a tensor of the shape \(x.shape) has no axis to work along")
    length = x.shape[x.rank - 1]
    count = length == 0 ? 0 : x.count / length
  }

  init<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ function: StaticString,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ epsilon: Scalar
  ) {
    self.init(x, function)
    require(epsilon >= 0, "\(function): epsilon is \(epsilon), not 0 or more")
    requireFit(scale, "scale", x, function)
    requireFit(offset, "offset", x, function)
  }

  @inline(__always)
  private func requireFit<Scalar>(
    _ parameter: Tensor<Scalar>?,
    _ name: StaticString,
    _ x: Tensor<Scalar>,
    _ function: StaticString
  ) {
    guard let shape = parameter?.shape else { return }
    require(
      shape.count == 1 && shape[0] == length,
      "\(function): \(name) of the shape \(shape) does not fit the rows of \(x.shape)"
    )
  }

  func layerNorm<Scalar: KernelScalar>(
    _ x: UnsafePointer<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ epsilon: Scalar,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(scale, offset) { scale, offset in
      switch Scalar.dtype {
      case .f32:
        farro_layer_norm_f32(
          count,
          length,
          x.f32,
          length,
          scale?.f32,
          offset?.f32,
          epsilon.f32,
          y.f32,
          length
        )
      default:
        farro_layer_norm_f64(
          count,
          length,
          x.f64,
          length,
          scale?.f64,
          offset?.f64,
          epsilon.f64,
          y.f64,
          length
        )
      }
    }
    check(status, "layerNorm")
  }

  func rmsNorm<Scalar: KernelScalar>(
    _ x: UnsafePointer<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ epsilon: Scalar,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(scale, nil) { scale, _ in
      switch Scalar.dtype {
      case .f32: farro_rms_norm_f32(count, length, x.f32, length, scale?.f32, epsilon.f32, y.f32, length)
      default: farro_rms_norm_f64(count, length, x.f64, length, scale?.f64, epsilon.f64, y.f64, length)
      }
    }
    check(status, "rmsNorm")
  }
}

func requireSameShape<Scalar>(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ function: StaticString) {
  require(x.shape == y.shape, "\(function): the result for \(x.shape) does not fit into \(y.shape)")
}
