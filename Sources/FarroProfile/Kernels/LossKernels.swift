import Farro

// Losses of classification. Shapes are [rows, columns]; a column is a class.

/// Operations are counted as SoftmaxKernels.swift says.
func losses<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let exponential = exponentialFlops(type)
  return [
    // The difference, its exponential, the sum; for the gradient, the product.
    softmaxKernel(type, "cross_entropy", flops: 3 + exponential, matrices: 2, prepareCrossEntropy(type)),
    softmaxKernel(type, "cross_entropy_loss", flops: 2 + exponential, matrices: 1, prepareLoss(type)),
    softmaxKernel(type, "cross_entropy_backward", flops: 3 + exponential, matrices: 2, prepareBackward(type)),
    // The difference, the margin, the larger of it and 0, the sum.
    softmaxKernel(type, "multiclass_hinge", flops: 3, matrices: 1, prepareHinge(type, .all)),
    // The greatest; its difference and the margin are one for each row.
    softmaxKernel(type, "multiclass_hinge_greatest", flops: 0, matrices: 1, prepareHinge(type, .greatest)),
    // The difference, the margin; the count of violations.
    softmaxKernel(type, "multiclass_hinge_backward", flops: 3, matrices: 2, prepareHingeBackward(type)),
  ]
}

private func labels(_ shape: [Int]) -> Tensor<Int> {
  Tensor((0..<shape[0]).map { $0 * 7919 % shape[1] })
}

// MARK: - Cross-entropy

private func prepareCrossEntropy<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (x, labels) = (operand(type, shape: shape, in: -4...4, seed: 1), labels(shape))
    var loss = Tensor<Scalar>(zeros: [])
    var gradient = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { crossEntropyWithGradient(x, labels: labels, into: &loss, gradient: &gradient) },
      error: { max(worstLossError(loss, x, labels), worstGradientError(gradient, x, labels)) }
    )
  }
}

private func prepareLoss<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (x, labels) = (operand(type, shape: shape, in: -4...4, seed: 1), labels(shape))
    var loss = Tensor<Scalar>(zeros: [])
    return ProfiledKernel.Prepared(
      run: { crossEntropy(x, labels: labels, into: &loss) },
      error: { worstLossError(loss, x, labels) }
    )
  }
}

private func prepareBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (x, labels) = (operand(type, shape: shape, in: -4...4, seed: 1), labels(shape))
    let one = Tensor<Scalar>(ones: [])
    var gradient = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { crossEntropyBackward(one, logits: x, labels: labels, into: &gradient) },
      error: { worstGradientError(gradient, x, labels) }
    )
  }
}

private func worstLossError<Scalar: KernelScalar>(
  _ loss: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  _ labels: Tensor<Int>
) -> Double {
  let (expected, bounds) = (Reference.crossEntropy(x, labels: labels).loss, SoftmaxBounds<Scalar>(x.shape))
  return worstError(loss, expected) { _ in
    (SoftmaxBounds<Scalar>.spread + bounds.h + 12 + 6 * Double(expected[])) * bounds.u
  }
}

private func worstGradientError<Scalar: KernelScalar>(
  _ gradient: Tensor<Scalar>,
  _ x: Tensor<Scalar>,
  _ labels: Tensor<Int>
) -> Double {
  let (rows, columns) = (x.shape[0], x.shape[1])
  let (shares, bounds) = (doubles(softmax(x)), SoftmaxBounds<Scalar>(x.shape))
  return worstError(gradient, Reference.crossEntropy(x, labels: labels).gradient) { i in
    let factor = 2 * SoftmaxBounds<Scalar>.spread + bounds.h + 12
    return (factor * shares[i] + (labels[i / columns] == i % columns ? 5 : 0)) * bounds.u / Double(rows)
  }
}

// MARK: - Multiclass hinge

private func prepareHinge<Scalar: KernelScalar>(_ type: Scalar.Type, _ kind: HingeKind) -> Prepare {
  { shape in
    let (x, labels) = (operand(type, shape: shape, in: -4...4, seed: 1), labels(shape))
    var loss = Tensor<Scalar>(zeros: [])
    return ProfiledKernel.Prepared(
      run: { multiclassHinge(x, labels: labels, kind: kind, into: &loss) },
      error: {
        let (expected, bounds) = (
          Reference.multiclassHinge(x, labels: labels, kind: kind).loss, SoftmaxBounds<Scalar>(shape)
        )
        return worstError(loss, expected) { _ in
          (bounds.h + 8) * (Double(expected[]) + SoftmaxBounds<Scalar>.spread) * bounds.u
        }
      }
    )
  }
}

private func prepareHingeBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (x, labels) = (operand(type, shape: shape, in: -4...4, seed: 1), labels(shape))
    let one = Tensor<Scalar>(ones: [])
    var gradient = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { multiclassHingeBackward(one, scores: x, labels: labels, kind: .all, into: &gradient) },
      error: {
        let expected = Reference.multiclassHinge(x, labels: labels, kind: .all).gradient
        let values = doubles(expected)
        return worstError(gradient, expected) { 5 * unitRoundoff(type) * abs(values[$0]) }
      }
    )
  }
}
