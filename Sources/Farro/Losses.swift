import CKernels

/// What becomes of the losses of many rows.
public enum LossReduction: Sendable {
  /// Each row keeps its own.
  case none
  /// Their mean.
  case mean
  /// Their sum.
  case sum
}

// MARK: - Cross-entropy

/// The cross-entropy between labels and the softmax of logits: `-log(softmax(logits)[label])` for each row.
///
/// With label smoothing s, a row's loss is 1 - s of that, and s of the mean over all classes. Class weights multiply each
/// term, and the mean over rows is then a weighted one, as in PyTorch. NaN, infinity or nothing but minus infinity in a row
/// makes its loss NaN; minus infinity at its label makes it infinite.
///
/// ```swift
/// let logits: Tensor<Float> = [[1, 2, 3], [0, 0, 0]]
/// print(crossEntropy(logits, labels: [2, 0]))  // the mean of 0.408 and 1.099
/// ```
///
/// - Parameters:
///   - logits: Shape (..., classes).
///   - labels: The class that is right for each row, in `0..<classes`; shape (...).
///   - classWeights: Shape (classes); ones when `nil`.
///   - labelSmoothing: From 0 to 1.
///   - ignored: Rows with this label do not count.
///   - reduction: What becomes of the rows' losses.
/// - Returns: A scalar, the shape (), or without a reduction the shape of `labels`. The mean of no loss is NaN.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`logits.count`).
public func crossEntropy<Scalar: KernelScalar>(
  _ logits: Tensor<Scalar>,
  labels: Tensor<Int>,
  classWeights: Tensor<Scalar>? = nil,
  labelSmoothing: Double = 0,
  ignoring ignored: Int? = nil,
  reduction: LossReduction = .mean
) -> Tensor<Scalar> {
  let loss = CrossEntropy(logits, labels, classWeights, labelSmoothing, ignored, reduction, "crossEntropy")
  return Tensor(unsafeUninitializedShape: loss.rows.resultShape) { loss.run(to: $0.baseAddress!, nil) }
}

/// ``crossEntropy(_:labels:classWeights:labelSmoothing:ignoring:reduction:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape that the other form returns.
/// - Complexity: O(`logits.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func crossEntropy<Scalar: KernelScalar>(
  _ logits: Tensor<Scalar>,
  labels: Tensor<Int>,
  classWeights: Tensor<Scalar>? = nil,
  labelSmoothing: Double = 0,
  ignoring ignored: Int? = nil,
  reduction: LossReduction = .mean,
  into result: inout Tensor<Scalar>
) {
  let loss = CrossEntropy(logits, labels, classWeights, labelSmoothing, ignored, reduction, "crossEntropy")
  loss.rows.requireResult(result.shape)
  result.withUnsafeMutableBufferPointer { loss.run(to: $0.baseAddress!, nil) }
}

/// Cross-entropy and its gradient in one pass over the logits.
///
/// - Returns: The loss, as ``crossEntropy(_:labels:classWeights:labelSmoothing:ignoring:reduction:)`` gives it, and the gradient by
///   the logits of the reduced loss; without a reduction, of the sum of all losses.
/// - Precondition: as for the loss alone.
/// - Complexity: O(`logits.count`).
public func crossEntropyWithGradient<Scalar: KernelScalar>(
  _ logits: Tensor<Scalar>,
  labels: Tensor<Int>,
  classWeights: Tensor<Scalar>? = nil,
  labelSmoothing: Double = 0,
  ignoring ignored: Int? = nil,
  reduction: LossReduction = .mean
) -> (loss: Tensor<Scalar>, gradient: Tensor<Scalar>) {
  let name: StaticString = "crossEntropyWithGradient"
  let loss = CrossEntropy(logits, labels, classWeights, labelSmoothing, ignored, reduction, name)
  var result = Tensor<Scalar>(uninitialized: loss.rows.resultShape, count: loss.rows.resultCount)
  let gradient = Tensor<Scalar>(unsafeUninitializedShape: logits.shape) { gradient in
    result.withUnsafeMutableBufferPointer { loss.run(to: $0.baseAddress!, gradient.baseAddress!) }
  }
  return (result, gradient)
}

/// ``crossEntropyWithGradient(_:labels:classWeights:labelSmoothing:ignoring:reduction:)`` into tensors that exist.
///
/// - Precondition: `result` and `gradient` have the shapes that the other form returns.
/// - Complexity: O(`logits.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func crossEntropyWithGradient<Scalar: KernelScalar>(
  _ logits: Tensor<Scalar>,
  labels: Tensor<Int>,
  classWeights: Tensor<Scalar>? = nil,
  labelSmoothing: Double = 0,
  ignoring ignored: Int? = nil,
  reduction: LossReduction = .mean,
  into result: inout Tensor<Scalar>,
  gradient: inout Tensor<Scalar>
) {
  let name: StaticString = "crossEntropyWithGradient"
  let loss = CrossEntropy(logits, labels, classWeights, labelSmoothing, ignored, reduction, name)
  loss.rows.requireResult(result.shape)
  requireSameShape(logits, gradient, name)
  gradient.withUnsafeMutableBufferPointer { gradient in
    result.withUnsafeMutableBufferPointer { loss.run(to: $0.baseAddress!, gradient.baseAddress!) }
  }
}

/// The gradient of ``crossEntropy(_:labels:classWeights:labelSmoothing:ignoring:reduction:)`` by its logits.
///
/// - Parameters:
///   - gradLoss: The gradient by the loss, of the loss's shape.
///   - logits: As they were given for the loss, like the parameters below.
///   - labels: As they were given for the loss.
///   - classWeights: As they were given for the loss.
///   - labelSmoothing: As it was given for the loss.
///   - ignored: As it was given for the loss.
///   - reduction: As it was given for the loss.
/// - Returns: The shape of `logits`.
/// - Precondition: as for the loss.
/// - Complexity: O(`logits.count`).
public func crossEntropyBackward<Scalar: KernelScalar>(
  _ gradLoss: Tensor<Scalar>,
  logits: Tensor<Scalar>,
  labels: Tensor<Int>,
  classWeights: Tensor<Scalar>? = nil,
  labelSmoothing: Double = 0,
  ignoring ignored: Int? = nil,
  reduction: LossReduction = .mean
) -> Tensor<Scalar> {
  let name: StaticString = "crossEntropyBackward"
  let loss = CrossEntropy(logits, labels, classWeights, labelSmoothing, ignored, reduction, name)
  loss.rows.requireResult(gradLoss.shape)
  return Tensor(unsafeUninitializedShape: logits.shape) { loss.runBackward(gradLoss, $0.baseAddress!) }
}

/// ``crossEntropyBackward(_:logits:labels:classWeights:labelSmoothing:ignoring:reduction:)`` into a tensor that exists.
///
/// - Precondition: `gradient` has the shape of `logits`.
/// - Complexity: O(`logits.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func crossEntropyBackward<Scalar: KernelScalar>(
  _ gradLoss: Tensor<Scalar>,
  logits: Tensor<Scalar>,
  labels: Tensor<Int>,
  classWeights: Tensor<Scalar>? = nil,
  labelSmoothing: Double = 0,
  ignoring ignored: Int? = nil,
  reduction: LossReduction = .mean,
  into gradient: inout Tensor<Scalar>
) {
  let name: StaticString = "crossEntropyBackward"
  let loss = CrossEntropy(logits, labels, classWeights, labelSmoothing, ignored, reduction, name)
  loss.rows.requireResult(gradLoss.shape)
  requireSameShape(logits, gradient, name)
  gradient.withUnsafeMutableBufferPointer { loss.runBackward(gradLoss, $0.baseAddress!) }
}

// MARK: - Multiclass hinge

/// Which violations of the margin a multiclass hinge loss counts.
public enum HingeKind: Sendable {
  /// The greatest: `max(0, margin + max(scores[j]) - scores[label])`, with j other than the label. What scikit-learn's
  /// `hinge_loss` computes.
  ///
  /// Source: K. Crammer, Y. Singer, "On the algorithmic implementation of multiclass kernel-based vector machines", 2001.
  case greatest
  /// All: the sum over j of `max(0, margin + scores[j] - scores[label])`, divided by the number of classes. What PyTorch's
  /// `MultiMarginLoss` computes.
  ///
  /// Source: J. Weston, C. Watkins, "Support vector machines for multi-class pattern recognition", 1999.
  case all
}

/// The multiclass hinge loss: by how much scores of wrong classes come nearer to the right one's than the margin.
///
/// NaN in a row makes its loss NaN.
///
/// - Parameters:
///   - scores: Shape (..., classes).
///   - labels: The class that is right for each row, in `0..<classes`; shape (...).
///   - margin: Finite.
///   - kind: Which violations count.
///   - reduction: What becomes of the rows' losses.
/// - Returns: A scalar, the shape (), or without a reduction the shape of `labels`. The mean of no loss is NaN.
/// - Precondition: the parameters are as above.
/// - Complexity: O(`scores.count`).
public func multiclassHinge<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  labels: Tensor<Int>,
  margin: Double = 1,
  kind: HingeKind = .greatest,
  reduction: LossReduction = .mean
) -> Tensor<Scalar> {
  let loss = MulticlassHinge(scores, labels, margin, kind, reduction, "multiclassHinge")
  return Tensor(unsafeUninitializedShape: loss.rows.resultShape) { loss.run(to: $0.baseAddress!, nil) }
}

/// ``multiclassHinge(_:labels:margin:kind:reduction:)`` into a tensor that exists.
///
/// - Precondition: `result` has the shape that the other form returns.
/// - Complexity: O(`scores.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func multiclassHinge<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  labels: Tensor<Int>,
  margin: Double = 1,
  kind: HingeKind = .greatest,
  reduction: LossReduction = .mean,
  into result: inout Tensor<Scalar>
) {
  let loss = MulticlassHinge(scores, labels, margin, kind, reduction, "multiclassHinge")
  loss.rows.requireResult(result.shape)
  result.withUnsafeMutableBufferPointer { loss.run(to: $0.baseAddress!, nil) }
}

/// The multiclass hinge loss and its gradient in one pass over the scores.
///
/// - Returns: The loss, as ``multiclassHinge(_:labels:margin:kind:reduction:)`` gives it, and the gradient by the scores of the
///   reduced loss; without a reduction, of the sum of all losses.
/// - Precondition: as for the loss alone.
/// - Complexity: O(`scores.count`).
public func multiclassHingeWithGradient<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  labels: Tensor<Int>,
  margin: Double = 1,
  kind: HingeKind = .greatest,
  reduction: LossReduction = .mean
) -> (loss: Tensor<Scalar>, gradient: Tensor<Scalar>) {
  let loss = MulticlassHinge(scores, labels, margin, kind, reduction, "multiclassHingeWithGradient")
  var result = Tensor<Scalar>(uninitialized: loss.rows.resultShape, count: loss.rows.resultCount)
  let gradient = Tensor<Scalar>(unsafeUninitializedShape: scores.shape) { gradient in
    result.withUnsafeMutableBufferPointer { loss.run(to: $0.baseAddress!, gradient.baseAddress!) }
  }
  return (result, gradient)
}

/// ``multiclassHingeWithGradient(_:labels:margin:kind:reduction:)`` into tensors that exist.
///
/// - Precondition: `result` and `gradient` have the shapes that the other form returns.
/// - Complexity: O(`scores.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func multiclassHingeWithGradient<Scalar: KernelScalar>(
  _ scores: Tensor<Scalar>,
  labels: Tensor<Int>,
  margin: Double = 1,
  kind: HingeKind = .greatest,
  reduction: LossReduction = .mean,
  into result: inout Tensor<Scalar>,
  gradient: inout Tensor<Scalar>
) {
  let loss = MulticlassHinge(scores, labels, margin, kind, reduction, "multiclassHingeWithGradient")
  loss.rows.requireResult(result.shape)
  requireSameShape(scores, gradient, "multiclassHingeWithGradient")
  gradient.withUnsafeMutableBufferPointer { gradient in
    result.withUnsafeMutableBufferPointer { loss.run(to: $0.baseAddress!, gradient.baseAddress!) }
  }
}

/// The gradient of ``multiclassHinge(_:labels:margin:kind:reduction:)`` by its scores: 0 where a margin is just kept; of equally
/// great violations the first one counts.
///
/// - Parameters:
///   - gradLoss: The gradient by the loss, of the loss's shape.
///   - scores: As they were given for the loss, like the parameters below.
///   - labels: As they were given for the loss.
///   - margin: As it was given for the loss.
///   - kind: As it was given for the loss.
///   - reduction: As it was given for the loss.
/// - Returns: The shape of `scores`.
/// - Precondition: as for the loss.
/// - Complexity: O(`scores.count`).
public func multiclassHingeBackward<Scalar: KernelScalar>(
  _ gradLoss: Tensor<Scalar>,
  scores: Tensor<Scalar>,
  labels: Tensor<Int>,
  margin: Double = 1,
  kind: HingeKind = .greatest,
  reduction: LossReduction = .mean
) -> Tensor<Scalar> {
  let loss = MulticlassHinge(scores, labels, margin, kind, reduction, "multiclassHingeBackward")
  loss.rows.requireResult(gradLoss.shape)
  return Tensor(unsafeUninitializedShape: scores.shape) { loss.runBackward(gradLoss, $0.baseAddress!) }
}

/// ``multiclassHingeBackward(_:scores:labels:margin:kind:reduction:)`` into a tensor that exists.
///
/// - Precondition: `gradient` has the shape of `scores`.
/// - Complexity: O(`scores.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func multiclassHingeBackward<Scalar: KernelScalar>(
  _ gradLoss: Tensor<Scalar>,
  scores: Tensor<Scalar>,
  labels: Tensor<Int>,
  margin: Double = 1,
  kind: HingeKind = .greatest,
  reduction: LossReduction = .mean,
  into gradient: inout Tensor<Scalar>
) {
  let loss = MulticlassHinge(scores, labels, margin, kind, reduction, "multiclassHingeBackward")
  loss.rows.requireResult(gradLoss.shape)
  requireSameShape(scores, gradient, "multiclassHingeBackward")
  gradient.withUnsafeMutableBufferPointer { loss.runBackward(gradLoss, $0.baseAddress!) }
}
