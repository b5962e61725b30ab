import CKernels

/// A place in the streams of the counter-based generator Philox 4x32-10.
///
/// Each number is a function of the seed, the stream and its own position alone. So numbers are made on all cores at once,
/// the same on every one, and can be made again: ``dropout(_:probability:from:)`` of a gradient takes the mask that its forward
/// pass took. Make the seed that of the run, and the stream that of the use, such as the number of the step and of the layer;
/// then `offset` stays 0.
///
/// ``Xoshiro256`` gives its numbers one after the other: it serves what wants a `RandomNumberGenerator`, and the numbers that a
/// program starts from. Not for cryptography.
///
/// Source: J. Salmon, M. Moraes, R. Dror and D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct Philox: Sendable, Hashable {
  /// Which generator: the key of Philox.
  public var seed: UInt64
  /// Which of its streams, each of 2^66 words of 32 bits: the upper half of Philox's counter.
  public var stream: UInt64
  /// The first block of 4 words to use: the lower half of the counter.
  public var offset: UInt64

  /// A place.
  public init(seed: UInt64, stream: UInt64 = 0, offset: UInt64 = 0) {
    (self.seed, self.stream, self.offset) = (seed, stream, offset)
  }

  var c: farro_philox { farro_philox(seed: seed, stream: stream, offset: offset) }
}

// MARK: - Numbers

extension Tensor where Scalar == UInt32 {
  /// The words of a stream, uniform in all their bits.
  ///
  /// - Precondition: no axis has a negative length, and the elements fit in memory.
  /// - Complexity: O(`count`).
  public init(randomBits shape: [Int], from place: Philox) {
    self.init(unsafeUninitializedShape: shape) { fill($0, from: place) }
  }
}

/// ``Tensor/init(randomBits:from:)`` into a tensor that exists.
///
/// - Complexity: O(`result.count`).
public func randomBits(from place: Philox, into result: inout Tensor<UInt32>) {
  result.withUnsafeMutableBufferPointer { fill($0, from: place) }
}

extension Tensor where Scalar: KernelScalar {
  /// Independent numbers, uniform in a range: the same for the same place in a stream.
  ///
  /// Each is a multiple of 2^-53 (`Float`: 2^-24) of the range's length, made of two words (one) of the stream.
  ///
  /// - Precondition: the range is neither empty nor longer than the largest finite number.
  /// - Complexity: O(`count`).
  public init(randomUniform shape: [Int], in range: Range<Scalar> = 0..<1, from place: Philox) {
    self.init(unsafeUninitializedShape: shape) { fill($0, range, from: place) }
  }
}

/// ``Tensor/init(randomUniform:in:from:)`` into a tensor that exists.
///
/// - Precondition: the range is neither empty nor longer than the largest finite number.
/// - Complexity: O(`result.count`).
public func randomUniform<Scalar: KernelScalar>(
  in range: Range<Scalar> = 0..<1,
  from place: Philox,
  into result: inout Tensor<Scalar>
) {
  result.withUnsafeMutableBufferPointer { fill($0, range, from: place) }
}

private func fill(_ words: UnsafeMutableBufferPointer<UInt32>, from place: Philox) {
  var from = place.c
  check(farro_random_bits(&from, words.count, words.baseAddress), "randomBits")
}

private func fill<Scalar: KernelScalar>(
  _ elements: UnsafeMutableBufferPointer<Scalar>,
  _ range: Range<Scalar>,
  from place: Philox
) {
  let (low, high) = (range.lowerBound, range.upperBound)
  require(low < high && (high - low).isFinite, "randomUniform: no uniform numbers in the range \(range)")
  var from = place.c
  let (n, out) = (elements.count, elements.baseAddress!)
  switch Scalar.dtype {
  case .f32: check(farro_random_uniform_f32(&from, low.f32, high.f32, n, out.f32), "randomUniform")
  default: check(farro_random_uniform_f64(&from, low.f64, high.f64, n, out.f64), "randomUniform")
  }
}
