import CKernels

// MARK: - Group norm

/// Normalizes groups of channels of each example: `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with the mean
/// and the population variance over the channels of a group and all of their places.
///
/// Channels lie behind the examples, and the places (of a signal, an image, a volume) behind them. Each example is
/// normalized by itself, so the size of a batch changes nothing. One group is a layer norm of whole examples; as many groups
/// as channels are an ``instanceNorm(_:scale:offset:epsilon:)``.
///
/// A large mean costs no accuracy. A group with NaN or infinity becomes NaN.
///
/// Source: Y. Wu, K. He, "Group normalization", 2018.
///
/// - Parameters:
///   - x: Shape (n, channels, ...), at least two axes.
///   - groups: Divides the number of channels.
///   - scale: Shape (channels); ones when `nil`.
///   - offset: Shape (channels); zeros when `nil`.
///   - epsilon: Not negative.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func groupNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  let channels = Channels(x, groups, scale, offset, epsilon, "groupNorm")
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { channels.normalize($0.baseAddress!, scale, offset, y.baseAddress!) }
  }
}

/// ``groupNorm(_:groups:scale:offset:epsilon:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func groupNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  let channels = Channels(x, groups, scale, offset, epsilon, "groupNorm")
  requireSameShape(x, y, "groupNorm")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { channels.normalize($0.baseAddress!, scale, offset, y.baseAddress!) }
  }
}

/// ``groupNorm(_:groups:scale:offset:epsilon:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func groupNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  let channels = Channels(x, groups, scale, offset, epsilon, "groupNorm")
  x.withUnsafeMutableBufferPointer { channels.normalize($0.baseAddress!, scale, offset, $0.baseAddress!) }
}

/// The way back through ``groupNorm(_:groups:scale:offset:epsilon:)``: from the gradient of its result to those of its
/// arguments.
///
/// - Parameters:
///   - gradY: The gradient of the result; the shape of `x`.
///   - x: Shape (n, channels, ...), what was normalized.
///   - groups: As they were given.
///   - scale: Shape (channels), as it was given; ones when `nil`.
///   - epsilon: As it was given.
/// - Returns: The gradients of `x`, of the scale and of the offset, the latter two of the shape (channels).
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func groupNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> NormGradients<Scalar, Scalar> {
  let channels = Channels(x, groups, scale, nil, epsilon, "groupNormBackward").channels
  var gradX = Tensor<Scalar>(uninitialized: x.shape, count: x.count)
  var gradScale = Tensor<Scalar>(uninitialized: [channels], count: channels)
  var gradOffset = Tensor<Scalar>(uninitialized: [channels], count: channels)
  groupNormBackward(
    gradY,
    x,
    groups: groups,
    scale: scale,
    epsilon: epsilon,
    into: &gradX,
    &gradScale,
    &gradOffset
  )
  return (gradX, gradScale, gradOffset)
}

/// ``groupNormBackward(_:_:groups:scale:epsilon:)`` into tensors that exist.
///
/// - Precondition: `gradX` has the shape of `x`, `gradScale` and `gradOffset` have the shape (channels).
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func groupNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  groups: Int,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into gradX: inout Tensor<Scalar>,
  _ gradScale: inout Tensor<Scalar>,
  _ gradOffset: inout Tensor<Scalar>
) {
  let channels = Channels(x, groups, scale, nil, epsilon, "groupNormBackward")
  requireSameShape(x, gradY, "groupNormBackward")
  requireSameShape(x, gradX, "groupNormBackward")
  channels.requireFit(gradScale, "the gradient of scale")
  channels.requireFit(gradOffset, "the gradient of offset")
  gradX.withUnsafeMutableBufferPointer { gradX in
    gradScale.withUnsafeMutableBufferPointer { gradScale in
      gradOffset.withUnsafeMutableBufferPointer { gradOffset in
        gradY.withUnsafeBufferPointer { gradY in
          x.withUnsafeBufferPointer { x in
            channels.backward(
              gradY.baseAddress!,
              x.baseAddress!,
              scale,
              gradX.baseAddress!,
              gradScale.baseAddress!,
              gradOffset.baseAddress!
            )
          }
        }
      }
    }
  }
}

// MARK: - Instance norm

/// Normalizes each channel of each example by itself, over all of its places: a
/// ``groupNorm(_:groups:scale:offset:epsilon:)`` of as many groups as channels.
///
/// Source: D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization", 2016.
///
/// - Parameters:
///   - x: Shape (n, channels, ...), at least two axes.
///   - scale: Shape (channels); ones when `nil`.
///   - offset: Shape (channels); zeros when `nil`.
///   - epsilon: Not negative.
/// - Returns: The shape of `x`.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`x.count`).
public func instanceNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> Tensor<Scalar> {
  groupNorm(x, groups: channelsOf(x, "instanceNorm"), scale: scale, offset: offset, epsilon: epsilon)
}

/// ``instanceNorm(_:scale:offset:epsilon:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
public func instanceNorm<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5,
  into y: inout Tensor<Scalar>
) {
  let groups = channelsOf(x, "instanceNorm")
  groupNorm(x, groups: groups, scale: scale, offset: offset, epsilon: epsilon, into: &y)
}

/// ``instanceNorm(_:scale:offset:epsilon:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func instanceNorm<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  offset: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) {
  let groups = channelsOf(x, "instanceNorm")
  groupNorm(inPlace: &x, groups: groups, scale: scale, offset: offset, epsilon: epsilon)
}

/// The way back through ``instanceNorm(_:scale:offset:epsilon:)``, as ``groupNormBackward(_:_:groups:scale:epsilon:)``.
///
/// - Complexity: O(`x.count`).
public func instanceNormBackward<Scalar: KernelScalar>(
  _ gradY: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  scale: Tensor<Scalar>? = nil,
  epsilon: Scalar = 1e-5
) -> NormGradients<Scalar, Scalar> {
  groupNormBackward(gradY, x, groups: channelsOf(x, "instanceNormBackward"), scale: scale, epsilon: epsilon)
}

/// At least 1, so that no channels are one group of nothing.
private func channelsOf<Scalar>(_ x: Tensor<Scalar>, _ function: StaticString) -> Int {
  require(x.rank > 1, "\(function): \(x.shape) is not (n, channels, ...)")
  return max(1, x.shape[1])
}

// MARK: - Channels

/// A tensor as (samples, channels, spatial).
private struct Channels<Scalar: KernelScalar> {
  let samples: Int
  let channels: Int
  let spatial: Int
  let groups: Int
  let epsilon: Scalar
  let function: StaticString

  init(
    _ x: Tensor<Scalar>,
    _ groups: Int,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ epsilon: Scalar,
    _ function: StaticString
  ) {
    require(x.rank > 1, "\(function): \(x.shape) is not (n, channels, ...)")
    (samples, channels) = (x.shape[0], x.shape[1])
    spatial = x.shape[2...].reduce(1, *)
    require(
      groups > 0 && channels.isMultiple(of: groups),
      "\(function): \(channels) channels of the shape \(x.shape) are not \(groups) groups"
    )
    require(epsilon >= 0, "\(function): epsilon is \(epsilon), not 0 or more")
    (self.groups, self.epsilon, self.function) = (groups, epsilon, function)
    requireFit(scale, "scale")
    requireFit(offset, "offset")
  }

  func requireFit(_ parameter: Tensor<Scalar>?, _ name: StaticString) {
    guard let shape = parameter?.shape else { return }
    require(
      shape.count == 1 && shape[0] == channels,
      "\(function): \(name) of the shape \(shape) does not fit \(channels) channels"
    )
  }

  func normalize(
    _ x: UnsafePointer<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ offset: Tensor<Scalar>?,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(scale, offset) { scale, offset in
      switch Scalar.dtype {
      case .f32:
        farro_group_norm_f32(
          samples,
          channels,
          spatial,
          groups,
          x.f32,
          scale?.f32,
          offset?.f32,
          epsilon.f32,
          y.f32,
          nil,
          nil
        )
      default:
        farro_group_norm_f64(
          samples,
          channels,
          spatial,
          groups,
          x.f64,
          scale?.f64,
          offset?.f64,
          epsilon.f64,
          y.f64,
          nil,
          nil
        )
      }
    }
    check(status, function)
  }

  func backward(
    _ gradY: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>,
    _ scale: Tensor<Scalar>?,
    _ gradX: UnsafeMutablePointer<Scalar>,
    _ gradScale: UnsafeMutablePointer<Scalar>,
    _ gradOffset: UnsafeMutablePointer<Scalar>
  ) {
    let status = withPointers(scale, nil) { scale, _ in
      switch Scalar.dtype {
      case .f32:
        farro_group_norm_backward_f32(
          samples,
          channels,
          spatial,
          groups,
          gradY.f32,
          x.f32,
          nil,
          nil,
          epsilon.f32,
          scale?.f32,
          gradX.f32,
          gradScale.f32,
          gradOffset.f32
        )
      default:
        farro_group_norm_backward_f64(
          samples,
          channels,
          spatial,
          groups,
          gradY.f64,
          x.f64,
          nil,
          nil,
          epsilon.f64,
          scale?.f64,
          gradX.f64,
          gradScale.f64,
          gradOffset.f64
        )
      }
    }
    check(status, function)
  }
}
