import CKernels

/// The root of the sum of all squares of several tensors, as it is taken of all gradients of a model; 0 of none.
///
/// Squares are added in double precision and neither overflow nor underflow. To clip without a pass of its own, give a step
/// the `gradientScale` of `min(1, most / (globalNorm(gradients) + 1e-6))`.
///
/// - Complexity: O(elements of all tensors).
public func globalNorm<Scalar: KernelScalar>(_ tensors: [Tensor<Scalar>]) -> Double {
  var norm = 0.0
  let status = withExtendedLifetime(tensors) {
    let sizes = tensors.map(\.count)
    let bases: [UnsafePointer<Scalar>?] = tensors.map { UnsafePointer($0.storage.base + $0.offset) }
    return switch Scalar.dtype {
    case .f32: farro_global_norm_f32(sizes.count, bases.map { $0?.f32 }, sizes, &norm)
    default: farro_global_norm_f64(sizes.count, bases.map { $0?.f64 }, sizes, &norm)
    }
  }
  check(status, "globalNorm")
  return norm
}

/// Multiplies all tensors by `most / (norm + 1e-6)`, if that is below 1, with the ``globalNorm(_:)`` of them together: as
/// PyTorch's `clip_grad_norm_`. With NaN in one, all become NaN.
///
/// Source: R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
///
/// - Parameters:
///   - tensors: Changed in place.
///   - most: Not negative.
/// - Returns: The norm before.
/// - Precondition: `most` is as above.
/// - Complexity: O(elements of all tensors), and copies of those whose elements another tensor shares.
@discardableResult
public func clipGlobalNorm<Scalar: KernelScalar>(_ tensors: inout [Tensor<Scalar>], to most: Double) -> Double {
  require(most >= 0, "clipGlobalNorm: the greatest norm is \(most), not 0 or more")
  for i in tensors.indices { tensors[i].makeUnique() }
  var norm = 0.0
  let status = withExtendedLifetime(tensors) {
    let sizes = tensors.map(\.count)
    let bases: [UnsafeMutablePointer<Scalar>?] = tensors.map { $0.storage.base + $0.offset }
    return switch Scalar.dtype {
    case .f32: farro_clip_global_norm_f32(sizes.count, bases.map { $0?.f32 }, sizes, most, &norm)
    default: farro_clip_global_norm_f64(sizes.count, bases.map { $0?.f64 }, sizes, most, &norm)
    }
  }
  check(status, "clipGlobalNorm")
  return norm
}
