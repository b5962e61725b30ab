import CKernels

// MARK: - PReLU

/// Each element that is above 0, and the others times the slope of their channel.
///
/// Source: K. He et al., "Delving deep into rectifiers", 2015.
///
/// - Parameters:
///   - x: At least one axis.
///   - slope: Shape (x.shape[axis]), or one element for all channels.
///   - axis: The axis of the channels, counted from the front or, negative, from the back.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func prelu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, slope: Tensor<Scalar>, axis: Int = -1) -> Tensor<Scalar> {
  let channels = Channels(x.shape, axis, "prelu").matching(slope)
  return Tensor(unsafeUninitializedShape: x.shape) { channels.prelu(x, slope, $0.baseAddress!) }
}

/// ``prelu(_:slope:axis:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func prelu<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  slope: Tensor<Scalar>,
  axis: Int = -1,
  into result: inout Tensor<Scalar>
) {
  let channels = Channels(x.shape, axis, "prelu").matching(slope)
  requireSameShape(x, result, "prelu")
  result.withUnsafeMutableBufferPointer { channels.prelu(x, slope, $0.baseAddress!) }
}

/// The gradients of ``prelu(_:slope:axis:)``: of x, `gradY` where x is above 0 and `gradY * slope` elsewhere; of each
/// slope, the sum of `gradY * x` over the elements of its channel that are not above 0.
///
/// - Parameters:
///   - gradY: The gradient of the result.
///   - x: What the function was given.
///   - slope: As the function was given it.
///   - axis: As the function was given it.
/// - Returns: Tensors of the shapes of `x` and of `slope`; the same bits on any number of threads.
/// - Precondition: `gradY` has the shape of `x`.
/// - Complexity: O(`x.count`), in one pass.
public func preluBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  slope: Tensor<Scalar>,
  axis: Int = -1
) -> (x: Tensor<Scalar>, slope: Tensor<Scalar>) {
  var gradX = Tensor<Scalar>(unsafeUninitializedShape: x.shape) { _ in }
  var gradSlope = Tensor<Scalar>(unsafeUninitializedShape: slope.shape) { _ in }
  preluBackward(gradY, x, slope: slope, axis: axis, into: &gradX, &gradSlope)
  return (gradX, gradSlope)
}

/// ``preluBackward(_:_:slope:axis:)`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, and `gradSlope` that of `slope`.
/// - Complexity: O(`x.count`), in one pass.
public func preluBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  slope: Tensor<Scalar>,
  axis: Int = -1,
  into gradX: inout Tensor<Scalar>,
  _ gradSlope: inout Tensor<Scalar>
) {
  let channels = Channels(x.shape, axis, "preluBackward").matching(slope)
  require(gradY.shape == x.shape, "preluBackward: the gradient's shape \(gradY.shape) is not \(x.shape)")
  requireSameShape(x, gradX, "preluBackward")
  requireSameShape(slope, gradSlope, "preluBackward")
  gradX.withUnsafeMutableBufferPointer { gradX in
    gradSlope.withUnsafeMutableBufferPointer { gradSlope in
      channels.preluBackward(gradY, x, slope, gradX.baseAddress!, gradSlope.baseAddress!)
    }
  }
}

// MARK: - Maxout

/// The greatest of each `pieces` channels that follow one another; NaN where one is NaN.
///
/// Source: I. Goodfellow et al., "Maxout networks", 2013.
///
/// - Parameters:
///   - x: At least one axis.
///   - pieces: How many channels make one; at least 1, and a divisor of x.shape[axis].
///   - axis: The axis of the channels, counted from the front or, negative, from the back.
/// - Returns: The shape of `x` with x.shape[axis] / pieces channels.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func maxout<Scalar: KernelScalar>(_ x: Tensor<Scalar>, pieces: Int, axis: Int = -1) -> Tensor<Scalar> {
  let channels = Channels(x.shape, axis, "maxout").dividing(by: pieces)
  return Tensor(unsafeUninitializedShape: channels.groupShape) { channels.maxout(x, $0.baseAddress!, nil) }
}

/// ``maxout(_:pieces:axis:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape that the function returns.
/// - Complexity: O(`x.count`).
public func maxout<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  pieces: Int,
  axis: Int = -1,
  into result: inout Tensor<Scalar>
) {
  let channels = Channels(x.shape, axis, "maxout").dividing(by: pieces)
  channels.requireGroups(result.shape)
  result.withUnsafeMutableBufferPointer { channels.maxout(x, $0.baseAddress!, nil) }
}

/// ``maxout(_:pieces:axis:)``, and which of its group each of them was, counted from 0: what the gradient asks for. The
/// first of equal ones counts, and the first NaN before all.
///
/// - Returns: Two tensors of the shape of `x` with x.shape[axis] / pieces channels.
/// - Complexity: O(`x.count`).
public func maxoutWithPositions<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  pieces: Int,
  axis: Int = -1
) -> (values: Tensor<Scalar>, positions: Tensor<Int32>) {
  let channels = Channels(x.shape, axis, "maxoutWithPositions").dividing(by: pieces)
  var values = Tensor<Scalar>(unsafeUninitializedShape: channels.groupShape) { _ in }
  let positions = Tensor<Int32>(unsafeUninitializedShape: channels.groupShape) { positions in
    values.withUnsafeMutableBufferPointer { channels.maxout(x, $0.baseAddress!, positions.baseAddress!) }
  }
  return (values, positions)
}

/// ``maxoutWithPositions(_:pieces:axis:)`` into tensors that exist.
///
/// - Precondition: both have the shape that the function returns.
/// - Complexity: O(`x.count`).
public func maxoutWithPositions<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  pieces: Int,
  axis: Int = -1,
  into values: inout Tensor<Scalar>,
  _ positions: inout Tensor<Int32>
) {
  let channels = Channels(x.shape, axis, "maxoutWithPositions").dividing(by: pieces)
  channels.requireGroups(values.shape)
  channels.requireGroups(positions.shape)
  values.withUnsafeMutableBufferPointer { values in
    positions.withUnsafeMutableBufferPointer { channels.maxout(x, values.baseAddress!, $0.baseAddress!) }
  }
}

/// The gradient of ``maxout(_:pieces:axis:)``: `gradY` at the greatest of each group, 0 at the others.
///
/// - Parameters:
///   - gradY: The gradient of the result, and of its shape.
///   - positions: What ``maxoutWithPositions(_:pieces:axis:)`` gave.
///   - pieces: As the function was given it.
///   - axis: As the function was given it.
/// - Returns: The shape of `gradY` with `pieces` times as many channels.
/// - Precondition: the parameters are as above.
/// - Complexity: O(count of the result).
public func maxoutBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  positions: Tensor<Int32>,
  pieces: Int,
  axis: Int = -1
) -> Tensor<Scalar> {
  let channels = Channels(ofGroups: gradY.shape, pieces, axis, "maxoutBackward")
  channels.requireGroups(positions.shape)
  return Tensor(unsafeUninitializedShape: channels.shape) { channels.maxoutBackward(gradY, positions, $0.baseAddress!) }
}

/// ``maxoutBackward(_:positions:pieces:axis:)`` into a tensor that exists.
///
/// - Precondition: `gradX` has the shape that the function returns.
/// - Complexity: O(`gradX.count`).
public func maxoutBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  positions: Tensor<Int32>,
  pieces: Int,
  axis: Int = -1,
  into gradX: inout Tensor<Scalar>
) {
  let channels = Channels(ofGroups: gradY.shape, pieces, axis, "maxoutBackward")
  channels.requireGroups(positions.shape)
  require(
    gradX.shape == channels.shape,
    "maxoutBackward: the gradient of the shape \(channels.shape) does not fit \(gradX.shape)"
  )
  gradX.withUnsafeMutableBufferPointer { channels.maxoutBackward(gradY, positions, $0.baseAddress!) }
}

// MARK: - Channels

/// A shape as (outer, channels, inner), and the kernels that work on it.
private struct Channels {
  let shape: [Int]
  private let axis: Int
  private var sizes: farro_channels_shape
  private var pieces = 1
  private let function: StaticString

  init(_ shape: [Int], _ axis: Int, _ function: StaticString) {
    let position = axisPlace(axis, in: shape, function)
    (self.shape, self.axis, self.function) = (shape, position, function)
    sizes = farro_channels_shape(
      outer: shape[..<position].reduce(1, *),
      channels: shape[position],
      inner: shape[(position + 1)...].reduce(1, *)
    )
  }

  /// Of groups of channels.
  init(ofGroups shape: [Int], _ pieces: Int, _ axis: Int, _ function: StaticString) {
    let position = axisPlace(axis, in: shape, function)
    let (channels, overflow) = shape[position].multipliedReportingOverflow(by: pieces)
    require(
      pieces >= 1 && !overflow,
      "\(function): axis \(axis) of \(shape) cannot be that of groups of \(pieces)"
    )
    var whole = shape
    whole[position] = channels
    self = Channels(whole, position, function).dividing(by: pieces)
  }

  /// With one slope each, or one for all.
  func matching<Scalar>(_ slope: Tensor<Scalar>) -> Channels {
    var result = self
    if slope.count == 1 {
      result.sizes = farro_channels_shape(outer: 1, channels: 1, inner: shape.reduce(1, *))
    } else {
      require(
        slope.shape == [sizes.channels],
        "\(function): a slope of the shape \(slope.shape) does not fit axis \(axis) of \(shape)"
      )
    }
    return result
  }

  func dividing(by pieces: Int) -> Channels {
    require(
      pieces >= 1 && sizes.channels % pieces == 0,
      "\(function): axis \(axis) of \(shape) cannot be cut into groups of \(pieces)"
    )
    var result = self
    result.pieces = pieces
    return result
  }

  var groupShape: [Int] {
    var groups = shape
    groups[axis] /= pieces
    return groups
  }

  func requireGroups(_ other: [Int]) {
    require(other == groupShape, "\(function): the shape \(other) is not \(groupShape)")
  }

  func prelu<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ slope: Tensor<Scalar>, _ y: UnsafeMutablePointer<Scalar>) {
    var sizes = sizes
    let status = withPointers(x, slope) { x, slope in
      switch Scalar.dtype {
      case .f32: farro_prelu_f32(&sizes, x!.f32, slope!.f32, y.f32)
      default: farro_prelu_f64(&sizes, x!.f64, slope!.f64, y.f64)
      }
    }
    check(status, function)
  }

  func preluBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ x: Tensor<Scalar>,
    _ slope: Tensor<Scalar>,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ gradSlope: UnsafeMutablePointer<Scalar>
  ) {
    var sizes = sizes
    let status = gradY.withUnsafeBufferPointer { gradY in
      withPointers(x, slope) { x, slope in
        let gradY = gradY.baseAddress!
        return switch Scalar.dtype {
        case .f32: farro_prelu_backward_f32(&sizes, gradY.f32, x!.f32, slope!.f32, gradX.f32, gradSlope.f32)
        default: farro_prelu_backward_f64(&sizes, gradY.f64, x!.f64, slope!.f64, gradX.f64, gradSlope.f64)
        }
      }
    }
    check(status, function)
  }

  func maxout<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>,
    _ positions: UnsafeMutablePointer<Int32>?
  ) {
    var sizes = sizes
    x.withUnsafeBufferPointer { x in
      let x = x.baseAddress!
      switch Scalar.dtype {
      case .f32: check(farro_maxout_f32(&sizes, pieces, x.f32, y.f32, positions), function)
      default: check(farro_maxout_f64(&sizes, pieces, x.f64, y.f64, positions), function)
      }
    }
  }

  func maxoutBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ positions: Tensor<Int32>,
    _ gradX: UnsafeMutablePointer<Scalar>
  ) {
    var sizes = sizes
    gradY.withUnsafeBufferPointer { gradY in
      positions.withUnsafeBufferPointer { positions in
        let (gradY, positions) = (gradY.baseAddress!, positions.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(farro_maxout_backward_f32(&sizes, pieces, gradY.f32, positions, gradX.f32), function)
        default: check(farro_maxout_backward_f64(&sizes, pieces, gradY.f64, positions, gradX.f64), function)
        }
      }
    }
  }
}
