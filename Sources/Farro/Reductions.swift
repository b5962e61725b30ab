// Reductions of all elements to one number.

import CKernels

extension Tensor where Scalar: KernelScalar {
  /// The sum of all elements; 0 if there are none. It is taken in blocks, so that rounding errors hardly grow with
  /// `count`.
  ///
  /// - Complexity: O(`count`).
  public func sum() -> Scalar { reduceAll(.sum) }

  /// The mean of all elements; NaN if there are none.
  ///
  /// - Complexity: O(`count`).
  public func mean() -> Scalar { reduceAll(.mean) }

  /// The sum of squared differences from the mean, divided by `count - correction`; NaN unless `correction < count`.
  ///
  /// - Parameter correction: 0 for the variance of a population, 1 for the unbiased estimate from a sample.
  /// - Complexity: O(`count`).
  public func variance(correction: Double = 0) -> Scalar { reduceAll(.variance(correction: correction)) }

  /// The product of all elements; 1 if there are none.
  ///
  /// - Complexity: O(`count`).
  public func product() -> Scalar { reduceAll(.product) }

  /// The largest element; NaN if one is NaN.
  ///
  /// - Precondition: there is an element.
  /// - Complexity: O(`count`).
  public func max() -> Scalar { reduceAll(.max) }

  /// The smallest element; NaN if one is NaN.
  ///
  /// - Precondition: there is an element.
  /// - Complexity: O(`count`).
  public func min() -> Scalar { reduceAll(.min) }

  /// The position, in row-major order, of the first largest element, or of the first NaN.
  ///
  /// - Precondition: there is an element.
  /// - Complexity: O(`count`).
  public func argmax() -> Int { reduceAll(.argmax) }

  /// The position, in row-major order, of the first smallest element, or of the first NaN.
  ///
  /// - Precondition: there is an element.
  /// - Complexity: O(`count`).
  public func argmin() -> Int { reduceAll(.argmin) }
}

extension Tensor where Scalar == Bool {
  /// Whether any element is true; false if there are none.
  ///
  /// - Complexity: O(`count`).
  public func any() -> Bool { answer(.any, farro_reduction_shape(outer: 1, axis: count, inner: 1)) }

  /// Whether all elements are true; true if there are none.
  ///
  /// - Complexity: O(`count`).
  public func all() -> Bool { answer(.all, farro_reduction_shape(outer: 1, axis: count, inner: 1)) }
}
