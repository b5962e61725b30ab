extension Tensor {
  /// The results of `transform` on each element, in the same shape.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public func map<Result: TensorScalar, Failure: Error>(
    _ transform: (Scalar) throws(Failure) -> Result
  ) throws(Failure) -> Tensor<Result> {
    var result = Tensor<Result>(uninitialized: shape, count: count)
    try withUnsafeBufferPointer { (elements) throws(Failure) in
      try result.withUnsafeMutableBufferPointer { (results) throws(Failure) in
        for i in 0..<elements.count { results[i] = try transform(elements[i]) }
      }
    }
    return result
  }

  /// The elements converted to another type.
  ///
  /// Numbers become floating-point numbers by rounding to nearest, and integers by dropping the fraction; `false` and
  /// `true` become 0 and 1, and every number but 0 becomes `true`.
  ///
  /// - Precondition: the integer part of each element fits the new type, where that is an integer type.
  /// - Complexity: O(`count`).
  @inlinable
  public init<Other>(casting other: Tensor<Other>) { self = other.map { Scalar(casting: $0.scalarValue) } }
}
