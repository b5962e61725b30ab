import CKernels

extension Reference {
  /// As ``boxIoU(_:_:)``, or ``boxGeneralizedIoU(_:_:)``.
  package static func boxIoU<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    generalized: Bool
  ) -> Tensor<Scalar> {
    let (m, n) = (x.shape[0], y.shape[0])
    return Tensor(unsafeUninitializedShape: [m, n]) { out in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          let (x, y, out) = (x.baseAddress!, y.baseAddress!, out.baseAddress!)
          let status =
            switch (Scalar.dtype, generalized) {
            case (.f32, false): farro_box_iou_reference_f32(m, n, x.f32, y.f32, out.f32, n)
            case (.f32, true): farro_box_generalized_iou_reference_f32(m, n, x.f32, y.f32, out.f32, n)
            case (_, false): farro_box_iou_reference_f64(m, n, x.f64, y.f64, out.f64, n)
            case (_, true): farro_box_generalized_iou_reference_f64(m, n, x.f64, y.f64, out.f64, n)
            }
          check(status, "Reference.boxIoU")
        }
      }
    }
  }

  /// As ``nonMaximumSuppression(_:scores:iouThreshold:scoreThreshold:classes:)``.
  package static func nonMaximumSuppression<Scalar: KernelScalar>(
    _ boxes: Tensor<Scalar>,
    scores: Tensor<Scalar>,
    iouThreshold: Double
  ) -> Tensor<Int> {
    let options = farro_nms_options(iou_threshold: iouThreshold, uses_score_threshold: false, score_threshold: 0)
    let n = boxes.shape[0]
    var count = 0
    let kept = Tensor<Int>(unsafeUninitializedShape: [n]) { kept in
      boxes.withUnsafeBufferPointer { boxes in
        scores.withUnsafeBufferPointer { scores in
          let (boxes, scores) = (boxes.baseAddress!, scores.baseAddress!)
          let kept = kept.baseAddress!.as(Int64.self)
          let status =
            switch Scalar.dtype {
            case .f32: farro_nms_reference_f32(n, boxes.f32, scores.f32, nil, options, kept, &count)
            default: farro_nms_reference_f64(n, boxes.f64, scores.f64, nil, options, kept, &count)
            }
          check(status, "Reference.nonMaximumSuppression")
        }
      }
    }
    return kept[0..<count]
  }
}
