// The calls of the kernels of losses: their shapes, labels and pointers.

import CKernels

extension LossReduction {
  var kernelValue: farro_loss_reduction {
    switch self {
    case .none: FARRO_LOSS_NONE
    case .mean: FARRO_LOSS_MEAN
    case .sum: FARRO_LOSS_SUM
    }
  }
}

/// Rows along the last axis, each with a label.
struct LabelledRows<Scalar: KernelScalar> {
  let x: Tensor<Scalar>
  let labels: Tensor<Int>
  let classes: Int
  let reduction: LossReduction
  let function: StaticString

  init(_ x: Tensor<Scalar>, _ labels: Tensor<Int>, _ reduction: LossReduction, _ function: StaticString) {
    require(
      x.rank > 0 && labels.shape.elementsEqual(x.shape.dropLast()),
      "\(function): labels of the shape \(labels.shape) do not fit the rows of \(x.shape)"
    )
    (self.x, self.labels, self.reduction, self.function) = (x, labels, reduction, function)
    classes = x.shape[x.rank - 1]
  }

  var resultShape: [Int] { reduction == .none ? labels.shape : [] }
  var resultCount: Int { reduction == .none ? labels.count : 1 }

  func requireResult(_ shape: [Int]) {
    require(shape == resultShape, "\(function): a loss of the shape \(resultShape) does not fit \(shape)")
  }

  /// Calls `body` with x and the labels. Where it answers that an argument is wrong, all others having been checked, it is a
  /// label.
  @inline(__always)
  func run(ignoring ignored: Int?, _ body: (UnsafePointer<Scalar>, UnsafePointer<Int64>) -> farro_status) {
    let status = labels.withUnsafeBufferPointer { labels in
      x.withUnsafeBufferPointer { body($0.baseAddress!, labels.baseAddress!.as(Int64.self)) }
    }
    if status == FARRO_ERROR_ARGUMENT { failLabel(ignored) }
    check(status, function)
  }

  @inline(never)
  private func failLabel(_ ignored: Int?) {
    let labels = labels.scalars
    if let i = labels.firstIndex(where: { !(0..<classes).contains($0) && $0 != ignored }) {
      stop("\(function): the label \(labels[i]) at \(i) is not one of \(classes) classes")
    }
  }
}

/// A cross-entropy whose parameters have been checked.
struct CrossEntropy<Scalar: KernelScalar> {
  let rows: LabelledRows<Scalar>
  let weights: Tensor<Scalar>?
  let ignored: Int?
  let options: farro_cross_entropy_options

  /// A label that nothing has by chance, as 0, -1 and the least number are had.
  private static var ignoresNone: Int { -0x6A09_E667_F3BC_C909 }

  init(
    _ logits: Tensor<Scalar>,
    _ labels: Tensor<Int>,
    _ weights: Tensor<Scalar>?,
    _ labelSmoothing: Double,
    _ ignored: Int?,
    _ reduction: LossReduction,
    _ function: StaticString
  ) {
    rows = LabelledRows(logits, labels, reduction, function)
    if let shape = weights?.shape {
      require(
        shape.count == 1 && shape[0] == rows.classes,
        "\(function): class weights of the shape \(shape) do not fit the rows of \(logits.shape)"
      )
    }
    require(0 <= labelSmoothing && labelSmoothing <= 1, "\(function): label smoothing of \(labelSmoothing), not 0 to 1")
    (self.weights, self.ignored) = (weights, ignored)
    options = farro_cross_entropy_options(
      label_smoothing: labelSmoothing,
      ignored_label: Int64(ignored ?? Self.ignoresNone),
      reduction: reduction.kernelValue
    )
  }

  @inline(__always)
  func run(to loss: UnsafeMutablePointer<Scalar>, _ gradient: UnsafeMutablePointer<Scalar>?) {
    let (count, n) = (rows.labels.count, rows.classes)
    var options = options
    rows.run(ignoring: ignored) { x, labels in
      withPointers(weights, nil) { weights, _ in
        switch Scalar.dtype {
        case .f32:
          farro_cross_entropy_f32(count, n, x.f32, n, labels, weights?.f32, &options, loss.f32, gradient?.f32, n)
        default:
          farro_cross_entropy_f64(count, n, x.f64, n, labels, weights?.f64, &options, loss.f64, gradient?.f64, n)
        }
      }
    }
  }

  @inline(__always)
  func runBackward(_ gradLoss: Tensor<Scalar>, _ gradient: UnsafeMutablePointer<Scalar>) {
    let (count, n) = (rows.labels.count, rows.classes)
    var options = options
    rows.run(ignoring: ignored) { x, labels in
      withPointers(weights, gradLoss) { weights, outer in
        switch Scalar.dtype {
        case .f32:
          farro_cross_entropy_backward_f32(
            count,
            n,
            x.f32,
            n,
            labels,
            weights?.f32,
            &options,
            outer?.f32,
            gradient.f32,
            n
          )
        default:
          farro_cross_entropy_backward_f64(
            count,
            n,
            x.f64,
            n,
            labels,
            weights?.f64,
            &options,
            outer?.f64,
            gradient.f64,
            n
          )
        }
      }
    }
  }
}

/// A multiclass hinge loss whose parameters have been checked.
struct MulticlassHinge<Scalar: KernelScalar> {
  let rows: LabelledRows<Scalar>
  let options: farro_hinge_options

  init(
    _ scores: Tensor<Scalar>,
    _ labels: Tensor<Int>,
    _ margin: Double,
    _ kind: HingeKind,
    _ reduction: LossReduction,
    _ function: StaticString
  ) {
    rows = LabelledRows(scores, labels, reduction, function)
    require(margin.isFinite, "\(function): the margin is \(margin)")
    options = farro_hinge_options(
      kind: kind == .all ? FARRO_HINGE_ALL : FARRO_HINGE_GREATEST,
      margin: margin,
      reduction: reduction.kernelValue
    )
  }

  @inline(__always)
  func run(to loss: UnsafeMutablePointer<Scalar>, _ gradient: UnsafeMutablePointer<Scalar>?) {
    let (count, n) = (rows.labels.count, rows.classes)
    var options = options
    rows.run(ignoring: nil) { x, labels in
      switch Scalar.dtype {
      case .f32: farro_multiclass_hinge_f32(count, n, x.f32, n, labels, &options, loss.f32, gradient?.f32, n)
      default: farro_multiclass_hinge_f64(count, n, x.f64, n, labels, &options, loss.f64, gradient?.f64, n)
      }
    }
  }

  @inline(__always)
  func runBackward(_ gradLoss: Tensor<Scalar>, _ gradient: UnsafeMutablePointer<Scalar>) {
    let (count, n) = (rows.labels.count, rows.classes)
    var options = options
    rows.run(ignoring: nil) { x, labels in
      withPointers(gradLoss, nil) { outer, _ in
        switch Scalar.dtype {
        case .f32:
          farro_multiclass_hinge_backward_f32(count, n, x.f32, n, labels, &options, outer?.f32, gradient.f32, n)
        default:
          farro_multiclass_hinge_backward_f64(count, n, x.f64, n, labels, &options, outer?.f64, gradient.f64, n)
        }
      }
    }
  }
}
