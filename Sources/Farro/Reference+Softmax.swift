import CKernels

/// Softmax and losses.
extension Reference {
  package static func softmax<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    axis: Int = -1,
    temperature: Double = 1,
    mask: Tensor<Bool>? = nil,
    bias: Tensor<Scalar>? = nil
  ) -> Tensor<Scalar> {
    forward(
      x,
      axis,
      temperature,
      mask,
      bias,
      x.shape,
      farro_softmax_reference_f32,
      farro_softmax_reference_f64
    )
  }

  package static func logSoftmax<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    axis: Int = -1,
    temperature: Double = 1,
    mask: Tensor<Bool>? = nil,
    bias: Tensor<Scalar>? = nil
  ) -> Tensor<Scalar> {
    forward(
      x,
      axis,
      temperature,
      mask,
      bias,
      x.shape,
      farro_log_softmax_reference_f32,
      farro_log_softmax_reference_f64
    )
  }

  package static func logSumExp<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    axis: Int = -1,
    temperature: Double = 1,
    mask: Tensor<Bool>? = nil,
    bias: Tensor<Scalar>? = nil
  ) -> Tensor<Scalar> {
    let reduced = SoftmaxAxis(x.shape, axis, "Reference").reduced(x.shape, keepingDimensions: false)
    return forward(
      x,
      axis,
      temperature,
      mask,
      bias,
      reduced,
      farro_log_sum_exp_reference_f32,
      farro_log_sum_exp_reference_f64
    )
  }

  package static func softmaxBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    y: Tensor<Scalar>,
    axis: Int = -1
  ) -> Tensor<Scalar> {
    backward(gradY, y, axis, farro_softmax_backward_reference_f32, farro_softmax_backward_reference_f64)
  }

  package static func logSoftmaxBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    y: Tensor<Scalar>,
    axis: Int = -1
  ) -> Tensor<Scalar> {
    backward(gradY, y, axis, farro_log_softmax_backward_reference_f32, farro_log_softmax_backward_reference_f64)
  }

  package static func logSumExpBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    x: Tensor<Scalar>,
    y: Tensor<Scalar>,
    axis: Int = -1
  ) -> Tensor<Scalar> {
    var view = SoftmaxAxis(x.shape, axis, "Reference").view
    return results(x.shape) { gradX in
      withThree(x, y, gradY) { x, y, gradY in
        switch Scalar.dtype {
        case .f32: farro_log_sum_exp_backward_reference_f32(&view, nil, x.f32, y.f32, gradY.f32, gradX.f32)
        default: farro_log_sum_exp_backward_reference_f64(&view, nil, x.f64, y.f64, gradY.f64, gradX.f64)
        }
      }
    }
  }

  /// The loss and the gradient by the logits.
  package static func crossEntropy<Scalar: KernelScalar>(
    _ logits: Tensor<Scalar>,
    labels: Tensor<Int>,
    labelSmoothing: Double = 0,
    reduction: LossReduction = .mean
  ) -> (loss: Tensor<Scalar>, gradient: Tensor<Scalar>) {
    let loss = CrossEntropy(logits, labels, nil, labelSmoothing, nil, reduction, "Reference")
    var options = loss.options
    let (rows, n) = (labels.count, loss.rows.classes)
    return losses(loss.rows) { x, labels, loss, gradient in
      switch Scalar.dtype {
      case .f32:
        farro_cross_entropy_reference_f32(rows, n, x.f32, n, labels, nil, &options, nil, loss.f32, gradient.f32, n)
      default:
        farro_cross_entropy_reference_f64(rows, n, x.f64, n, labels, nil, &options, nil, loss.f64, gradient.f64, n)
      }
    }
  }

  /// The loss and the gradient by the scores.
  package static func multiclassHinge<Scalar: KernelScalar>(
    _ scores: Tensor<Scalar>,
    labels: Tensor<Int>,
    margin: Double = 1,
    kind: HingeKind = .greatest,
    reduction: LossReduction = .mean
  ) -> (loss: Tensor<Scalar>, gradient: Tensor<Scalar>) {
    let loss = MulticlassHinge(scores, labels, margin, kind, reduction, "Reference")
    var options = loss.options
    let (rows, n) = (labels.count, loss.rows.classes)
    return losses(loss.rows) { x, labels, loss, gradient in
      switch Scalar.dtype {
      case .f32:
        farro_multiclass_hinge_reference_f32(rows, n, x.f32, n, labels, &options, nil, loss.f32, gradient.f32, n)
      default:
        farro_multiclass_hinge_reference_f64(rows, n, x.f64, n, labels, &options, nil, loss.f64, gradient.f64, n)
      }
    }
  }

  // MARK: - Calls

  private typealias Shape = UnsafePointer<farro_reduction_shape>
  private typealias Options = UnsafePointer<farro_softmax_options>
  private typealias Forward<T> = (Shape?, Options?, UnsafePointer<T>?, UnsafeMutablePointer<T>?) -> farro_status
  private typealias Backward<T> = (
    Shape?, Double, UnsafePointer<T>?, UnsafePointer<T>?, UnsafeMutablePointer<T>?
  ) -> farro_status

  private static func results<Scalar: KernelScalar>(
    _ shape: [Int],
    _ body: (UnsafeMutablePointer<Scalar>) -> farro_status
  ) -> Tensor<Scalar> {
    Tensor(unsafeUninitializedShape: shape) { check(body($0.baseAddress!), "Reference") }
  }

  private static func withThree<Scalar: KernelScalar, Result>(
    _ a: Tensor<Scalar>,
    _ b: Tensor<Scalar>,
    _ c: Tensor<Scalar>,
    _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Result
  ) -> Result {
    a.withUnsafeBufferPointer { a in withPointers(b, c) { body(a.baseAddress!, $0!, $1!) } }
  }

  private static func forward<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    _ axis: Int,
    _ temperature: Double,
    _ mask: Tensor<Bool>?,
    _ bias: Tensor<Scalar>?,
    _ shape: [Int],
    _ f32: Forward<Float>,
    _ f64: Forward<Double>
  ) -> Tensor<Scalar> {
    let axis = SoftmaxAxis(x.shape, axis, "Reference")
    let options = SoftmaxOptions(x.shape, axis, temperature, mask, bias)
    var view = axis.view
    return results(shape) { y in
      x.withUnsafeBufferPointer { elements in
        let x = elements.baseAddress!
        return options.withUnsafeOptions {
          Scalar.dtype == .f32 ? f32(&view, $0, x.f32, y.f32) : f64(&view, $0, x.f64, y.f64)
        }
      }
    }
  }

  private static func backward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    _ axis: Int,
    _ f32: Backward<Float>,
    _ f64: Backward<Double>
  ) -> Tensor<Scalar> {
    var view = SoftmaxAxis(y.shape, axis, "Reference").view
    return results(y.shape) { gradX in
      withThree(y, y, gradY) { y, _, gradY in
        Scalar.dtype == .f32
          ? f32(&view, 1, y.f32, gradY.f32, gradX.f32) : f64(&view, 1, y.f64, gradY.f64, gradX.f64)
      }
    }
  }

  private static func losses<Scalar: KernelScalar>(
    _ rows: LabelledRows<Scalar>,
    _ body: (
      UnsafePointer<Scalar>, UnsafePointer<Int64>, UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>
    ) -> farro_status
  ) -> (loss: Tensor<Scalar>, gradient: Tensor<Scalar>) {
    var loss = Tensor<Scalar>(zeros: rows.resultShape)
    let gradient: Tensor<Scalar> = results(rows.x.shape) { gradient in
      loss.withUnsafeMutableBufferPointer { loss in
        rows.labels.withUnsafeBufferPointer { labels in
          rows.x.withUnsafeBufferPointer {
            body($0.baseAddress!, labels.baseAddress!.as(Int64.self), loss.baseAddress!, gradient)
          }
        }
      }
    }
    return (loss, gradient)
  }
}
