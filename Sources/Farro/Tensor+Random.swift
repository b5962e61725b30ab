// Numbers come one after the other from one generator: the same on every platform, whatever the number of threads. The
// standard library's `random(in:using:)` does not promise the same numbers in its next version.

extension Tensor where Scalar: KernelScalar {
  /// Independent numbers, uniform in a range.
  ///
  /// Each takes one number from the generator, and is a multiple of 2^-53 (`Float`: 2^-24) of the range's length.
  ///
  /// - Parameters:
  ///   - shape: The shape of the tensor.
  ///   - range: What the numbers are in; the upper bound is not among them.
  ///   - generator: Advanced by `count` numbers.
  /// - Precondition: the range is neither empty nor longer than the largest finite number.
  /// - Complexity: O(`count`).
  @inlinable
  public init(
    randomUniform shape: [Int],
    in range: Range<Scalar> = 0..<1,
    using generator: inout some RandomNumberGenerator
  ) {
    let length = range.upperBound - range.lowerBound
    require(!range.isEmpty && length.isFinite, "Tensor: no uniform numbers in the range \(range)")
    let bits = Scalar.significandBitCount + 1
    let unit = Scalar(sign: .plus, exponent: Scalar.Exponent(-bits), significand: 1)
    let last = range.upperBound.nextDown
    self.init(unsafeUninitializedShape: shape) { elements in
      for i in 0..<elements.count {
        let fraction = Scalar(Int(truncatingIfNeeded: generator.next() >> UInt64(64 - bits))) * unit
        // Rounding may lead to the upper bound.
        elements[i] = Swift.min(range.lowerBound + length * fraction, last)
      }
    }
  }

  /// Independent numbers, uniform in a range: the same for the same seed.
  ///
  /// - Precondition: the range is neither empty nor longer than the largest finite number.
  /// - Complexity: O(`count`).
  @inlinable
  public init(randomUniform shape: [Int], in range: Range<Scalar> = 0..<1, seed: UInt64) {
    var generator = Xoshiro256(seed: seed)
    self.init(randomUniform: shape, in: range, using: &generator)
  }

  /// Independent numbers of a normal distribution.
  ///
  /// Each takes one number from the generator and inverts the distribution function (Wichura's algorithm AS 241), with
  /// IEEE 754's basic operations alone.
  ///
  /// - Parameters:
  ///   - shape: The shape of the tensor.
  ///   - mean: The centre of the distribution.
  ///   - standardDeviation: Its width.
  ///   - generator: Advanced by `count` numbers.
  /// - Complexity: O(`count`).
  @inlinable
  public init(
    randomNormal shape: [Int],
    mean: Scalar = 0,
    standardDeviation: Scalar = 1,
    using generator: inout some RandomNumberGenerator
  ) {
    self.init(unsafeUninitializedShape: shape) { elements in
      withNormalDeviates(elements.count, using: &generator) { i, deviate in
        elements[i] = mean + standardDeviation * Scalar(deviate)
      }
    }
  }

  /// Independent numbers of a normal distribution: the same for the same seed.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public init(randomNormal shape: [Int], mean: Scalar = 0, standardDeviation: Scalar = 1, seed: UInt64) {
    var generator = Xoshiro256(seed: seed)
    self.init(randomNormal: shape, mean: mean, standardDeviation: standardDeviation, using: &generator)
  }
}
