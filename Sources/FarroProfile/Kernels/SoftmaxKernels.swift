import Farro

// Shapes are [rows, columns]; of softmax_columns, [outer, axis, inner].

let softmaxKernels = bothTypes(softmaxes(of: Float.self), softmaxes(of: Double.self))

/// The operations of an element: those of its definition, with each sum as one addition, and e to its power as
/// ElementwiseKernels.swift counts it.
private func softmaxes<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let exponential: Double = type.dtype == .f32 ? 21 : 31
  return [
    // The difference, its exponential, the sum, the division.
    rowKernel(type, "softmax", flops: 3 + exponential, matrices: 2, prepare: prepareSoftmax(type, axis: 1)),
    ProfiledKernel(
      family: "softmax",
      name: "softmax_columns",
      dtype: Scalar.dtype,
      shapes: [[3, 17, 29], [2, 64, 256], [64, 256, 1024], [8, 2048, 1024]],
      inCache: [2, 64, 256],
      outOfCache: [64, 256, 1024],
      traffic: .copy,
      flops: { (3 + exponential) * Double($0.reduce(1, *)) },
      bytes: { Double(2 * $0.reduce(1, *) * MemoryLayout<Scalar>.stride) },
      prepare: prepareSoftmax(type, axis: 1)
    ),
    // The difference, its exponential, the sum; the two differences.
    rowKernel(type, "log_softmax", flops: 4 + exponential, matrices: 2, prepare: prepareLogSoftmax(type)),
    // The difference, its exponential, the sum.
    rowKernel(type, "log_sum_exp", flops: 2 + exponential, matrices: 1, prepare: prepareLogSumExp(type)),
    // The product and the sum; the difference and the product.
    rowKernel(type, "softmax_backward", flops: 4, matrices: 3, prepare: prepareSoftmaxBackward(type)),
    // The sum; the exponential, its product and the difference.
    rowKernel(type, "log_softmax_backward", flops: 3 + exponential, matrices: 3, prepare: prepareLogBackward(type)),
    // The difference, its exponential and the product.
    rowKernel(type, "log_sum_exp_backward", flops: 2 + exponential, matrices: 2, prepare: prepareSumBackward(type)),
    // Loss and gradient: the difference, its exponential, the sum; the product.
    rowKernel(type, "cross_entropy", flops: 3 + exponential, matrices: 2, prepare: prepareCrossEntropy(type)),
    // Loss and gradient of all violations: the difference, the margin, the larger of it and 0, the sum.
    rowKernel(type, "multiclass_hinge", flops: 4, matrices: 1, prepare: prepareHinge(type)),
  ]
}

/// - Parameter matrices: How many of (rows, columns) are read or written; 1: no large result.
private func rowKernel<Scalar: KernelScalar>(
  _ type: Scalar.Type,
  _ name: String,
  flops: Double,
  matrices: Int,
  prepare: @escaping @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  ProfiledKernel(
    family: "softmax",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[7, 131], [64, 384], [4096, 768], [16_384, 1024], [32_768, 1024], [512, 50_257]],
    inCache: [64, 384],
    outOfCache: matrices == 1 ? [32_768, 1024] : [16_384, 1024],
    traffic: matrices == 1 ? .read : .copy,
    flops: { flops * Double($0[0] * $0[1]) },
    bytes: { Double(matrices * $0[0] * $0[1] * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/softmax.h, loss.h)
// Each bound has one more rounding, that of the reference. Elements are in -4 to 4, so that d and D are at most 8.

private typealias Prepare = @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared

private let spread = 8.0

private func prepareSoftmax<Scalar: KernelScalar>(_ type: Scalar.Type, axis: Int) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { softmax(x, axis: axis, into: &y) },
      verify: {
        softmax(x, axis: axis, into: &y)
        let expected = Reference.softmax(x, axis: axis)
        let values = doubles(expected)
        let factor = (2 * spread + chain(shape, type) + 9) * unitRoundoff(type)
        return worstError(y, expected) { factor * values[$0] + Double(Scalar.leastNormalMagnitude) }
      }
    )
  }
}

private func prepareLogSoftmax<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { logSoftmax(x, into: &y) },
      verify: {
        logSoftmax(x, into: &y)
        let expected = Reference.logSoftmax(x)
        let values = doubles(expected)
        return worstError(y, expected) {
          (spread + chain(shape, type) + 12 + 4 * abs(values[$0])) * unitRoundoff(type)
        }
      }
    )
  }
}

private func prepareLogSumExp<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    var y = operand(type, shape: [shape[0]], seed: 2)
    return ProfiledKernel.Prepared(
      run: { logSumExp(x, into: &y) },
      verify: {
        logSumExp(x, into: &y)
        let expected = Reference.logSumExp(x)
        let values = doubles(expected)
        return worstError(y, expected) {
          (spread + chain(shape, type) + 12 + 3 * abs(values[$0])) * unitRoundoff(type)
        }
      }
    )
  }
}

private func prepareSoftmaxBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let y = softmax(operand(type, shape: shape, in: -4...4, seed: 1))
    let gradient = operand(type, shape: shape, seed: 2)
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { softmaxBackward(gradient, y: y, into: &result) },
      verify: {
        softmaxBackward(gradient, y: y, into: &result)
        let expected = Reference.softmaxBackward(gradient, y: y)
        let (values, gradients, results) = (doubles(y), doubles(gradient), doubles(expected))
        let sums = rowSums(shape) { abs(values[$0] * gradients[$0]) }
        return worstError(result, expected) { i in
          let all = (chain(shape, type) + 4) * sums[i / shape[1]] + 4 * abs(gradients[i])
          return (all * values[i] + abs(results[i])) * unitRoundoff(type) + Double(Scalar.leastNormalMagnitude)
        }
      }
    )
  }
}

private func prepareLogBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let y = logSoftmax(operand(type, shape: shape, in: -4...4, seed: 1))
    let gradient = operand(type, shape: shape, seed: 2)
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { logSoftmaxBackward(gradient, y: y, into: &result) },
      verify: {
        logSoftmaxBackward(gradient, y: y, into: &result)
        let expected = Reference.logSoftmaxBackward(gradient, y: y)
        let (shares, gradients) = (doubles(exp(y)), doubles(gradient))
        let sums = rowSums(shape) { abs(gradients[$0]) }
        return worstError(result, expected) { i in
          let all = (chain(shape, type) + 6) * shares[i] * sums[i / shape[1]] + 5 * abs(gradients[i])
          return all * unitRoundoff(type)
        }
      }
    )
  }
}

private func prepareSumBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    let y = logSumExp(x)
    let gradient = operand(type, shape: [shape[0]], seed: 2)
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { logSumExpBackward(gradient, x: x, y: y, into: &result) },
      verify: {
        logSumExpBackward(gradient, x: x, y: y, into: &result)
        let expected = Reference.logSumExpBackward(gradient, x: x, y: y)
        let (elements, sums, results) = (doubles(x), doubles(y), doubles(expected))
        return worstError(result, expected) { i in
          (abs(elements[i] - sums[i / shape[1]]) + 7) * unitRoundoff(type) * abs(results[i])
        }
      }
    )
  }
}

private func prepareCrossEntropy<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    let labels = labels(shape)
    var loss = Tensor<Scalar>(zeros: [])
    var gradient = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { crossEntropyWithGradient(x, labels: labels, into: &loss, gradient: &gradient) },
      verify: {
        crossEntropyWithGradient(x, labels: labels, into: &loss, gradient: &gradient)
        let expected = Reference.crossEntropy(x, labels: labels)
        let (shares, u) = (doubles(softmax(x)), unitRoundoff(type))
        let factor = spread + chain(shape, type) + 12
        let ofLoss = worstError(loss, expected.loss) { _ in (factor + 6 * Double(expected.loss[])) * u }
        let ofGradient = worstError(gradient, expected.gradient) { i in
          ((factor + spread) * shares[i] + (labels[i / shape[1]] == i % shape[1] ? 5 : 0)) * u / Double(shape[0])
        }
        return max(ofLoss, ofGradient)
      }
    )
  }
}

private func prepareHinge<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    let labels = labels(shape)
    var loss = Tensor<Scalar>(zeros: [])
    return ProfiledKernel.Prepared(
      run: { multiclassHinge(x, labels: labels, kind: .all, into: &loss) },
      verify: {
        multiclassHinge(x, labels: labels, kind: .all, into: &loss)
        let expected = Reference.multiclassHinge(x, labels: labels, kind: .all)
        return worstError(loss, expected.loss) { _ in
          (chain(shape, type) + 8) * (Double(expected.loss[]) + spread) * unitRoundoff(type)
        }
      }
    )
  }
}

/// h of the header: the most roundings that a term of a sum along axis 1 meets.
private func chain<Scalar: KernelScalar>(_ shape: [Int], _ type: Scalar.Type) -> Double {
  let n = Double(shape[1])
  let within = shape.count == 2 ? min(n, 4096) / 8 + 8 : min(n, 64) + 4
  return within + (type.dtype == .f64 ? n / 64 : 0)
}

private func labels(_ shape: [Int]) -> Tensor<Int> {
  Tensor((0..<shape[0]).map { $0 * 7919 % shape[1] })
}

private func rowSums(_ shape: [Int], _ value: (Int) -> Double) -> [Double] {
  (0..<shape[0]).map { row in (0..<shape[1]).reduce(0) { $0 + value(row * shape[1] + $1) } }
}

private func doubles<Scalar: KernelScalar>(_ tensor: Tensor<Scalar>) -> [Double] { tensor.scalars.map { Double($0) } }
