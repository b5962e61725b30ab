// Reductions over several axes at once.

extension Tensor where Scalar: KernelScalar {
  /// The sums along some axes together; 0 where they are empty.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different.
  /// - Complexity: O(`count`).
  public func sum(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reduce(.sum, axes, keepingDimensions)
  }

  /// ``sum(axes:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func sum(axes: [Int], into result: inout Tensor) {
    reduce(.sum, axes, into: &result)
  }

  /// The products along some axes together; 1 where they are empty.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different.
  /// - Complexity: O(`count`).
  public func product(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reduce(.product, axes, keepingDimensions)
  }

  /// ``product(axes:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func product(axes: [Int], into result: inout Tensor) {
    reduce(.product, axes, into: &result)
  }

  /// The means along some axes together; NaN where they are empty.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different.
  /// - Complexity: O(`count`).
  public func mean(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reduce(.mean, axes, keepingDimensions)
  }

  /// ``mean(axes:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func mean(axes: [Int], into result: inout Tensor) {
    reduce(.mean, axes, into: &result)
  }

  /// The variances along some axes together: sums of squared differences from the mean, divided by the number of elements
  /// less `correction`; NaN unless `correction` is less than that number.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - correction: 0 for the variance of a population, 1 for the unbiased estimate from a sample.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different.
  /// - Complexity: O(`count`).
  public func variance(axes: [Int], correction: Double = 0, keepingDimensions: Bool = false) -> Tensor {
    reduce(.variance(correction: correction), axes, keepingDimensions)
  }

  /// ``variance(axes:correction:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func variance(axes: [Int], correction: Double = 0, into result: inout Tensor) {
    reduce(.variance(correction: correction), axes, into: &result)
  }

  /// The largest elements along some axes together; NaN where one is NaN.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different, and none is empty.
  /// - Complexity: O(`count`).
  public func max(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reduce(.max, axes, keepingDimensions)
  }

  /// ``max(axes:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func max(axes: [Int], into result: inout Tensor) {
    reduce(.max, axes, into: &result)
  }

  /// The smallest elements along some axes together; NaN where one is NaN.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different, and none is empty.
  /// - Complexity: O(`count`).
  public func min(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    reduce(.min, axes, keepingDimensions)
  }

  /// ``min(axes:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func min(axes: [Int], into result: inout Tensor) {
    reduce(.min, axes, into: &result)
  }
}

extension Tensor where Scalar == Bool {
  /// Whether any element along some axes together is true.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different.
  /// - Complexity: O(`count`).
  public func any(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    answer(.any, axes, keepingDimensions)
  }

  /// ``any(axes:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func any(axes: [Int], into result: inout Tensor) {
    answer(.any, axes, into: &result)
  }

  /// Whether all elements along some axes together are true.
  ///
  /// - Parameters:
  ///   - axes: The axes to reduce, in any order, counted from the front or, when negative, from the end.
  ///   - keepingDimensions: Whether the axes stay in the result with length 1; otherwise they go.
  /// - Precondition: there are such axes, all different.
  /// - Complexity: O(`count`).
  public func all(axes: [Int], keepingDimensions: Bool = false) -> Tensor {
    answer(.all, axes, keepingDimensions)
  }

  /// ``all(axes:keepingDimensions:)`` into a tensor that exists, with or without the axes.
  ///
  /// - Precondition: as there; `result` has the remaining shape.
  /// - Complexity: O(`count`).
  public func all(axes: [Int], into result: inout Tensor) {
    answer(.all, axes, into: &result)
  }
}

/// A tensor as (outer, reduced, inner), in which the axes to reduce have become one.
struct JoinedAxes<Scalar: TensorScalar> {
  let view: Tensor<Scalar>
  /// The shape of the tensor with the length 1 for each of the axes, and without them.
  let kept, remaining: [Int]
  private let axes: [Int]
  private let shape: [Int]

  /// Neighbouring axes are joined where they stand, others behind all the rest.
  init(_ x: Tensor<Scalar>, _ axes: [Int], _ function: StaticString) {
    let reduced = axes.map { axisPlace($0, in: x.shape, function) }.sorted()
    let areNeighbours = zip(reduced, reduced.dropFirst()).allSatisfy { $0 + 1 == $1 }
    require(
      zip(reduced, reduced.dropFirst()).allSatisfy { $0 != $1 },
      "\(function): \(axes) are not different axes of the shape \(x.shape)"
    )
    let others = x.shape.indices.filter { !reduced.contains($0) }
    func length(_ axes: some Sequence<Int>) -> Int { axes.reduce(1) { $0 * x.shape[$1] } }
    if areNeighbours {
      let first = reduced.first ?? x.rank
      view = x.reshaped([length(0..<first), length(reduced), length((first + reduced.count)..<x.rank)])
    } else {
      view = x.transposed(others + reduced).reshaped([length(others), length(reduced), 1])
    }
    kept = x.shape.indices.map { reduced.contains($0) ? 1 : x.shape[$0] }
    remaining = others.map { x.shape[$0] }
    (self.axes, shape) = (axes, x.shape)
  }

  func requireElements(_ function: StaticString) {
    require(view.shape[1] > 0, "\(function): the axes \(axes) of the shape \(shape) are empty")
  }

  func requireFit(_ result: [Int], _ function: StaticString) {
    require(
      result == kept || result == remaining,
      "\(function): \(shape) without the axes \(axes) does not fit \(result)"
    )
  }
}

extension Tensor where Scalar: KernelScalar {
  private func reduce(_ reduction: Reduction, _ axes: [Int], _ keepingDimensions: Bool) -> Tensor {
    let joined = JoinedAxes(self, axes, reduction.name)
    if reduction.needsElements { joined.requireElements(reduction.name) }
    return Tensor(unsafeUninitializedShape: keepingDimensions ? joined.kept : joined.remaining) {
      joined.view.run(reduction, joined.view.view(along: 1), $0.baseAddress!)
    }
  }

  private func reduce(_ reduction: Reduction, _ axes: [Int], into result: inout Tensor) {
    let joined = JoinedAxes(self, axes, reduction.name)
    if reduction.needsElements { joined.requireElements(reduction.name) }
    joined.requireFit(result.shape, reduction.name)
    result.withUnsafeMutableBufferPointer {
      joined.view.run(reduction, joined.view.view(along: 1), $0.baseAddress!)
    }
  }
}

extension Tensor where Scalar == Bool {
  private func answer(_ quantifier: Quantifier, _ axes: [Int], _ keepingDimensions: Bool) -> Tensor {
    let joined = JoinedAxes(self, axes, quantifier.name)
    return Tensor(unsafeUninitializedShape: keepingDimensions ? joined.kept : joined.remaining) {
      joined.view.run(quantifier, joined.view.view(along: 1), $0.baseAddress!)
    }
  }

  private func answer(_ quantifier: Quantifier, _ axes: [Int], into result: inout Tensor) {
    let joined = JoinedAxes(self, axes, quantifier.name)
    joined.requireFit(result.shape, quantifier.name)
    result.withUnsafeMutableBufferPointer {
      joined.view.run(quantifier, joined.view.view(along: 1), $0.baseAddress!)
    }
  }
}
