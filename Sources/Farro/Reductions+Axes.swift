// Reductions over several axes at once.

extension Tensor where Scalar: KernelScalar {
  /// The sums along some axes together; 0 where they are empty.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`.
  /// - Complexity: O(`count`).
  public func sum(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "sum") { $0.sum(axis: 1) }
  }

  /// The products along some axes together; 1 where they are empty.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`.
  /// - Complexity: O(`count`).
  public func product(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "product") { $0.product(axis: 1) }
  }

  /// The means along some axes together; NaN where they are empty.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`.
  /// - Complexity: O(`count`).
  public func mean(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "mean") { $0.mean(axis: 1) }
  }

  /// The variances along some axes together: sums of squared differences from the mean, divided by the number of elements
  /// less `correction`; NaN unless `correction` is less than that number.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - correction: 0 for the variance of a population, 1 for the unbiased estimate from a sample.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`.
  /// - Complexity: O(`count`).
  public func variance(axes: [Int], correction: Double = 0, keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "variance") { $0.variance(axis: 1, correction: correction) }
  }

  /// The largest elements along some axes together; NaN where one is NaN.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`, and none is empty.
  /// - Complexity: O(`count`).
  public func max(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "max") { $0.max(axis: 1) }
  }

  /// The smallest elements along some axes together; NaN where one is NaN.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`, and none is empty.
  /// - Complexity: O(`count`).
  public func min(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "min") { $0.min(axis: 1) }
  }
}

extension Tensor where Scalar == Bool {
  /// Whether any element along some axes together is true.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`.
  /// - Complexity: O(`count`).
  public func any(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "any") { $0.any(axis: 1) }
  }

  /// Whether all elements along some axes together are true.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: `axes` are different and in `0..<rank`.
  /// - Complexity: O(`count`).
  public func all(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reducing(axes, keepingDimensions, "all") { $0.all(axis: 1) }
  }
}

extension Tensor {
  /// Reduces axis 1 of (outer, reduced, inner): the axes to reduce become one, if they are neighbours where they stand, and
  /// otherwise behind all others.
  private func reducing(
    _ axes: [Int],
    _ keepingDimensions: Bool,
    _ function: StaticString,
    _ reduce: (Tensor) -> Tensor
  ) -> Tensor {
    let reduced = axes.sorted()
    require(
      Set(reduced).count == reduced.count && reduced.allSatisfy(shape.indices.contains),
      "\(function): \(axes) are not different axes of the shape \(shape)"
    )
    let others = shape.indices.filter { !reduced.contains($0) }
    let areNeighbours = zip(reduced, reduced.dropFirst()).allSatisfy { $0 + 1 == $1 }
    let length = { (axes: [Int]) in axes.reduce(1) { $0 * shape[$1] } }
    let view: Tensor
    if areNeighbours {
      let first = reduced.first ?? rank
      view = reshaped([length(Array(0..<first)), length(reduced), length(Array((first + reduced.count)..<rank))])
    } else {
      view = transposed(others + reduced).reshaped([length(others), length(reduced), 1])
    }
    let result =
      keepingDimensions ? shape.indices.map { reduced.contains($0) ? 1 : shape[$0] } : others.map { shape[$0] }
    return reduce(view).reshaped(result)
  }
}
