// Reductions over one axis.

extension Tensor where Scalar: KernelScalar {
  /// The sums along an axis; 0 where it is empty.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis.
  /// - Complexity: O(`count`).
  public func sum(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.sum, axis, keepingDimensions)
  }

  /// ``sum(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func sum(axis: Int, into result: inout Tensor) {
    reduce(.sum, axis, into: &result)
  }

  /// The products along an axis; 1 where it is empty.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis.
  /// - Complexity: O(`count`).
  public func product(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.product, axis, keepingDimensions)
  }

  /// ``product(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func product(axis: Int, into result: inout Tensor) {
    reduce(.product, axis, into: &result)
  }

  /// The means along an axis; NaN where it is empty.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis.
  /// - Complexity: O(`count`).
  public func mean(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.mean, axis, keepingDimensions)
  }

  /// ``mean(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func mean(axis: Int, into result: inout Tensor) {
    reduce(.mean, axis, into: &result)
  }

  /// The variances along an axis: sums of squared differences from the mean, divided by the length of the axis less
  /// `correction`; NaN unless `correction` is less than the length.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - correction: 0 for the variance of a population, 1 for the unbiased estimate from a sample.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis.
  /// - Complexity: O(`count`).
  public func variance(axis: Int, correction: Double = 0, keepingDimensions: Bool = false) -> Tensor {
    reduce(.variance(correction: correction), axis, keepingDimensions)
  }

  /// ``variance(axis:correction:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func variance(axis: Int, correction: Double = 0, into result: inout Tensor) {
    reduce(.variance(correction: correction), axis, into: &result)
  }

  /// The largest elements along an axis; NaN where one is NaN.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis, and it is not empty.
  /// - Complexity: O(`count`).
  public func max(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.max, axis, keepingDimensions)
  }

  /// ``max(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis, and it is not empty; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func max(axis: Int, into result: inout Tensor) {
    reduce(.max, axis, into: &result)
  }

  /// The smallest elements along an axis; NaN where one is NaN.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis, and it is not empty.
  /// - Complexity: O(`count`).
  public func min(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    reduce(.min, axis, keepingDimensions)
  }

  /// ``min(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis, and it is not empty; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func min(axis: Int, into result: inout Tensor) {
    reduce(.min, axis, into: &result)
  }

  /// The positions along an axis of its first largest elements, or of the first NaN.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis, and it is not empty.
  /// - Complexity: O(`count`).
  public func argmax(axis: Int, keepingDimensions: Bool = false) -> Tensor<Int> {
    reduce(.argmax, axis, keepingDimensions)
  }

  /// ``argmax(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis, and it is not empty; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func argmax(axis: Int, into result: inout Tensor<Int>) {
    reduce(.argmax, axis, into: &result)
  }

  /// The positions along an axis of its first smallest elements, or of the first NaN.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis, and it is not empty.
  /// - Complexity: O(`count`).
  public func argmin(axis: Int, keepingDimensions: Bool = false) -> Tensor<Int> {
    reduce(.argmin, axis, keepingDimensions)
  }

  /// ``argmin(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis, and it is not empty; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func argmin(axis: Int, into result: inout Tensor<Int>) {
    reduce(.argmin, axis, into: &result)
  }
}

extension Tensor where Scalar == Bool {
  /// Whether any element along an axis is true; false where the axis is empty.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis.
  /// - Complexity: O(`count`).
  public func any(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    answer(.any, axis, keepingDimensions)
  }

  /// ``any(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func any(axis: Int, into result: inout Tensor) {
    answer(.any, axis, into: &result)
  }

  /// Whether all elements along an axis are true; true where the axis is empty.
  ///
  /// - Parameters:
  ///   - axis: The axis to reduce, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axis stays in the result with length 1; otherwise it goes.
  /// - Precondition: there is such an axis.
  /// - Complexity: O(`count`).
  public func all(axis: Int, keepingDimensions: Bool = false) -> Tensor {
    answer(.all, axis, keepingDimensions)
  }

  /// ``all(axis:keepingDimensions:)`` into a tensor that exists, with or without the axis.
  ///
  /// - Precondition: there is such an axis; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func all(axis: Int, into result: inout Tensor) {
    answer(.all, axis, into: &result)
  }
}
