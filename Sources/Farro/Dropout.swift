import CKernels

/// Each element becomes 0 with a probability, and is divided by `1 - probability` otherwise, so that its mean stays.
///
/// The mask is a function of the place and of an element's position: the gradient of `x` is the dropout of the result's gradient
/// with the same probability and from the same place. Nothing has to be kept for it.
///
/// ```swift
/// let place = Philox(seed: run, stream: step)
/// let y = dropout(x, probability: 0.1, from: place)
/// let gradX = dropout(gradY, probability: 0.1, from: place)
/// ```
///
/// Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014.
///
/// - Parameters:
///   - x: Of any shape.
///   - probability: In `0...1`; it is rounded to a multiple of 2^-16. With 1 everything is 0, whatever it was.
///   - place: Where the mask is taken from: another one for each layer and each step. Element i takes half a word.
/// - Returns: The shape of `x`.
/// - Precondition: the probability is as above.
/// - Complexity: O(`x.count`).
public func dropout<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  probability: Double,
  from place: Philox
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { drop($0, probability, place, y.baseAddress!) }
  }
}

/// ``dropout(_:probability:from:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`; the probability is in `0...1`.
/// - Complexity: O(`x.count`).
public func dropout<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  probability: Double,
  from place: Philox,
  into y: inout Tensor<Scalar>
) {
  requireSameShape(x, y, "dropout")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { drop($0, probability, place, y.baseAddress!) }
  }
}

/// ``dropout(_:probability:from:)`` in place.
///
/// - Precondition: the probability is in `0...1`.
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
public func dropout<Scalar: KernelScalar>(inPlace x: inout Tensor<Scalar>, probability: Double, from place: Philox) {
  x.withUnsafeMutableBufferPointer { drop(UnsafeBufferPointer($0), probability, place, $0.baseAddress!) }
}

private func drop<Scalar: KernelScalar>(
  _ x: UnsafeBufferPointer<Scalar>,
  _ probability: Double,
  _ place: Philox,
  _ y: UnsafeMutablePointer<Scalar>
) {
  require((0...1).contains(probability), "dropout: the probability is \(probability), not in 0...1")
  var from = place.c
  let (n, x) = (x.count, x.baseAddress!)
  switch Scalar.dtype {
  case .f32: check(farro_dropout_f32(&from, probability, n, x.f32, y.f32), "dropout")
  default: check(farro_dropout_f64(&from, probability, n, x.f64, y.f64), "dropout")
  }
}
