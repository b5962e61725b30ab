import CKernels

// MARK: - Overlap

/// The intersection over union of every box of `x` with every box of `y`: the area that both cover, divided by the area
/// that either covers; 0 where neither has an area.
///
/// Boxes are given by opposite corners, x1 y1 x2 y2 with x1 <= x2 and y1 <= y2.
///
/// - Parameters:
///   - x: Shape (m, 4).
///   - y: Shape (n, 4); `x` itself when omitted.
/// - Returns: Shape (m, n).
/// - Precondition: both have two axes, and rows of four.
/// - Complexity: O(m n).
public func boxIoU<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>? = nil) -> Tensor<Scalar> {
  let boxes = BoxPairs(x, y ?? x, "boxIoU")
  return Tensor(unsafeUninitializedShape: boxes.shape) { boxes.overlap(generalized: false, $0) }
}

/// ``boxIoU(_:_:)`` into a tensor that exists.
///
/// - Precondition: `overlaps` has the shape (m, n).
/// - Complexity: O(m n).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func boxIoU<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>? = nil,
  into overlaps: inout Tensor<Scalar>
) {
  let boxes = BoxPairs(x, y ?? x, "boxIoU")
  boxes.requireShape(of: overlaps)
  overlaps.withUnsafeMutableBufferPointer { boxes.overlap(generalized: false, $0) }
}

/// The generalized intersection over union of every box of `x` with every box of `y`: ``boxIoU(_:_:)`` less the part of the
/// smallest box around both that neither covers, so that it tells how far apart boxes are that do not meet. From -1 to 1.
///
/// Source: H. Rezatofighi et al., "Generalized intersection over union", CVPR 2019.
///
/// - Parameters:
///   - x: Shape (m, 4), opposite corners.
///   - y: Shape (n, 4); `x` itself when omitted.
/// - Returns: Shape (m, n).
/// - Precondition: both have two axes, and rows of four.
/// - Complexity: O(m n).
public func boxGeneralizedIoU<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  let boxes = BoxPairs(x, y ?? x, "boxGeneralizedIoU")
  return Tensor(unsafeUninitializedShape: boxes.shape) { boxes.overlap(generalized: true, $0) }
}

/// ``boxGeneralizedIoU(_:_:)`` into a tensor that exists.
///
/// - Precondition: `overlaps` has the shape (m, n).
/// - Complexity: O(m n).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func boxGeneralizedIoU<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>? = nil,
  into overlaps: inout Tensor<Scalar>
) {
  let boxes = BoxPairs(x, y ?? x, "boxGeneralizedIoU")
  boxes.requireShape(of: overlaps)
  overlaps.withUnsafeMutableBufferPointer { boxes.overlap(generalized: true, $0) }
}

private struct BoxPairs<Scalar: KernelScalar> {
  private let x, y: Tensor<Scalar>
  private let function: StaticString

  init(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ function: StaticString) {
    require(isBoxes(x) && isBoxes(y), "\(function): \(x.shape) and \(y.shape) must both be (boxes, 4)")
    (self.x, self.y, self.function) = (x, y, function)
  }

  var shape: [Int] { [x.shape[0], y.shape[0]] }

  func requireShape(of overlaps: Tensor<Scalar>) {
    require(
      overlaps.shape == shape,
      "\(function): boxes of \(x.shape) and \(y.shape) have overlaps of shape \(shape), not \(overlaps.shape)"
    )
  }

  func overlap(generalized: Bool, _ out: UnsafeMutableBufferPointer<Scalar>) {
    let (m, n) = (x.shape[0], y.shape[0])
    let status = x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        let (x, y, out) = (x.baseAddress!, y.baseAddress!, out.baseAddress!)
        return switch (Scalar.dtype, generalized) {
        case (.f32, false): farro_box_iou_f32(m, n, x.f32, y.f32, out.f32, n)
        case (.f32, true): farro_box_generalized_iou_f32(m, n, x.f32, y.f32, out.f32, n)
        case (_, false): farro_box_iou_f64(m, n, x.f64, y.f64, out.f64, n)
        case (_, true): farro_box_generalized_iou_f64(m, n, x.f64, y.f64, out.f64, n)
        }
      }
    }
    check(status, function)
  }
}

private func isBoxes<Scalar>(_ x: Tensor<Scalar>) -> Bool { x.rank == 2 && x.shape[1] == 4 }

// MARK: - Suppression

/// The boxes that remain when every box that overlaps a better one is left out.
///
/// In the order of descending scores (of equal ones, smaller indices first), a box is kept unless its intersection over
/// union with one that was kept is above `iouThreshold`.
///
/// - Parameters:
///   - boxes: Shape (n, 4), opposite corners.
///   - scores: Shape (n). NaN counts as the largest.
///   - iouThreshold: The overlap that is still allowed, at least 0.
///   - scoreThreshold: Boxes without a higher score do not take part.
///   - classes: Shape (n); with it, only boxes of one class suppress one another.
/// - Returns: The indices of the boxes kept, in the order of descending scores.
/// - Precondition: the shapes are these, and n < 2³².
/// - Complexity: O(n (kept + log n)).
public func nonMaximumSuppression<Scalar: KernelScalar>(
  _ boxes: Tensor<Scalar>,
  scores: Tensor<Scalar>,
  iouThreshold: Double,
  scoreThreshold: Double? = nil,
  classes: Tensor<Int32>? = nil
) -> Tensor<Int> {
  let n = boxes.shape.first ?? 0
  require(
    isBoxes(boxes) && scores.shape == [n] && (classes == nil || classes!.shape == [n]) && n <= UInt32.max,
    "nonMaximumSuppression: boxes of \(boxes.shape) cannot have scores of \(scores.shape)"
      + (classes.map { " and classes of \($0.shape)" } ?? "")
  )
  require(iouThreshold >= 0, "nonMaximumSuppression: the threshold \(iouThreshold) must be at least 0")
  let options = farro_nms_options(
    iou_threshold: iouThreshold,
    uses_score_threshold: scoreThreshold != nil,
    score_threshold: scoreThreshold ?? 0
  )
  var count = 0
  let kept = Tensor<Int>(unsafeUninitializedShape: [n]) { kept in
    boxes.withUnsafeBufferPointer { boxes in
      scores.withUnsafeBufferPointer { scores in
        withPointers(classes, nil) { classes, _ in
          let (boxes, scores) = (boxes.baseAddress!, scores.baseAddress!)
          let kept = kept.baseAddress!.as(Int64.self)
          let status =
            switch Scalar.dtype {
            case .f32: farro_nms_f32(n, boxes.f32, scores.f32, classes, options, kept, &count)
            default: farro_nms_f64(n, boxes.f64, scores.f64, classes, options, kept, &count)
            }
          check(status, "nonMaximumSuppression")
        }
      }
    }
  }
  return kept[0..<count]
}

// MARK: - Formats

/// What the four numbers of a box mean.
public enum BoxFormat: Sendable, Hashable, CaseIterable {
  /// Two opposite corners: x1 y1 x2 y2.
  case corners
  /// The center's x and y, the width and the height.
  case centerSize
  /// The corner x1 y1, the width and the height.
  case cornerSize

  var code: farro_box_format {
    switch self {
    case .corners: FARRO_BOX_CORNERS
    case .centerSize: FARRO_BOX_CENTER_SIZE
    case .cornerSize: FARRO_BOX_CORNER_SIZE
    }
  }
}

/// The same boxes in another format, each coordinate correctly rounded.
///
/// - Parameters:
///   - boxes: Shape (n, 4).
///   - from: What its numbers mean.
///   - to: What those of the result shall mean.
/// - Returns: Shape (n, 4).
/// - Precondition: `boxes` has two axes, and rows of four.
/// - Complexity: O(n).
public func convertBoxes<Scalar: KernelScalar>(
  _ boxes: Tensor<Scalar>,
  from: BoxFormat,
  to: BoxFormat
) -> Tensor<Scalar> {
  Tensor(unsafeUninitializedShape: boxes.shape) { convert(boxes, from, to, $0) }
}

/// ``convertBoxes(_:from:to:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape of `boxes`.
/// - Complexity: O(n).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func convertBoxes<Scalar: KernelScalar>(
  _ boxes: Tensor<Scalar>,
  from: BoxFormat,
  to: BoxFormat,
  into result: inout Tensor<Scalar>
) {
  requireSameShape(boxes, result, "convertBoxes")
  result.withUnsafeMutableBufferPointer { convert(boxes, from, to, $0) }
}

private func convert<Scalar: KernelScalar>(
  _ boxes: Tensor<Scalar>,
  _ from: BoxFormat,
  _ to: BoxFormat,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  require(isBoxes(boxes), "convertBoxes: \(boxes.shape) must be (boxes, 4)")
  let (n, from, to) = (boxes.shape[0], from.code, to.code)
  boxes.withUnsafeBufferPointer { boxes in
    let (x, y) = (boxes.baseAddress!, result.baseAddress!)
    let status =
      switch Scalar.dtype {
      case .f32: farro_box_convert_f32(n, from, to, x.f32, y.f32)
      default: farro_box_convert_f64(n, from, to, x.f64, y.f64)
      }
    check(status, "convertBoxes")
  }
}
