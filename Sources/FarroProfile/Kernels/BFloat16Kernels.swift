import Farro

// Norms and softmax of rows that are stored as BFloat16 and computed in Float. Shapes are [rows, columns].

let bfloat16Kernels: [ProfiledKernel] = [
  // Operations are counted as for Float.
  rowKernel("normalization", "layer_norm", flops: 7, arrays: 2, prepareLayerNorm),
  rowKernel("normalization", "rms_norm", flops: 4, arrays: 2, prepareRMSNorm),
  rowKernel("normalization", "add_layer_norm", flops: 8, arrays: 4, prepareAddLayerNorm),
  rowKernel("normalization", "add_rms_norm", flops: 5, arrays: 4, prepareAddRMSNorm),
  rowKernel("normalization", "layer_norm_backward", flops: 14, arrays: 3, prepareLayerNormBackward),
  rowKernel("normalization", "rms_norm_backward", flops: 9, arrays: 3, prepareRMSNormBackward),
  rowKernel("softmax", "softmax", flops: 24, arrays: 2, prepareSoftmax),
  rowKernel("softmax", "log_softmax", flops: 25, arrays: 2, prepareLogSoftmax),
  rowKernel("softmax", "softmax_backward", flops: 4, arrays: 3, prepareSoftmaxBackward),
  rowKernel("softmax", "log_softmax_backward", flops: 24, arrays: 3, prepareLogSoftmaxBackward),
]

private func rowKernel(
  _ family: String,
  _ name: String,
  flops: Double,
  arrays: Int,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: family,
    name: name,
    dtype: .bf16,
    arithmetic: .f32,
    shapes: [[7, 131], [64, 384], [4096, 768], [32_768, 1024]],
    inCache: [64, 384],
    outOfCache: [32_768, 1024],
    traffic: .copy,
    flops: { flops * Double($0[0] * $0[1]) },
    bytes: { Double(arrays * $0[0] * $0[1] * 2) },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/normalization.h, softmax.h)
// The bounds are those of Float, and the rounding of each stored element on top.

private let u = unitRoundoff(Float.self)

private func stored(_ shape: [Int], in range: ClosedRange<Double> = -1...1, seed: UInt64) -> Tensor<BFloat16> {
  Tensor(casting: operand(Float.self, shape: shape, in: range, seed: seed))
}

private func worstStoredError(
  _ actual: Tensor<BFloat16>,
  _ expected: Tensor<Float>,
  bound: (_ element: Int) -> Double
) -> Double {
  let values = doubles(expected)
  return worstError(Tensor<Float>(casting: actual), expected) { bound($0) + 0x1p-8 * abs(values[$0]) }
}

@Sendable
private func prepareLayerNorm(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let x = stored(shape, seed: 1)
  let scale = operand(Float.self, shape: [shape[1]], seed: 2)
  var y = stored(shape, seed: 3)
  return ProfiledKernel.Prepared(
    run: { layerNorm(x, scale: scale, into: &y) },
    error: { layerNormError(y, Tensor<Float>(casting: x), scale) }
  )
}

private func layerNormError(_ y: Tensor<BFloat16>, _ x: Tensor<Float>, _ scale: Tensor<Float>) -> Double {
  let expected = Reference.layerNorm(x, scale: scale, offset: Tensor(zeros: scale.shape), epsilon: 1e-5)
  let facts = NormFacts(x, scale: scale, runs: x.shape[1], isCentered: true)
  return worstStoredError(y, expected) { facts.forward($0, expected) }
}

@Sendable
private func prepareRMSNorm(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let x = stored(shape, seed: 1)
  let scale = operand(Float.self, shape: [shape[1]], seed: 2)
  var y = stored(shape, seed: 3)
  return ProfiledKernel.Prepared(
    run: { rmsNorm(x, scale: scale, into: &y) },
    error: { rmsNormError(y, Tensor<Float>(casting: x), scale) }
  )
}

private func rmsNormError(_ y: Tensor<BFloat16>, _ x: Tensor<Float>, _ scale: Tensor<Float>) -> Double {
  let expected = Reference.rmsNorm(x, scale: scale, epsilon: 1e-5)
  let values = doubles(expected)
  return worstStoredError(y, expected) { (normChain(x.shape[1], Float.self) / 2 + 7) * u * abs(values[$0]) }
}

@Sendable
private func prepareAddLayerNorm(_ shape: [Int]) -> ProfiledKernel.Prepared {
  prepareAddition(shape, { addLayerNorm($0, to: &$1, scale: $2, into: &$3) }, layerNormError)
}

@Sendable
private func prepareAddRMSNorm(_ shape: [Int]) -> ProfiledKernel.Prepared {
  prepareAddition(shape, { addRMSNorm($0, to: &$1, scale: $2, into: &$3) }, rmsNormError)
}

/// - Parameter error: Of a norm of what is not rounded yet.
private func prepareAddition(
  _ shape: [Int],
  _ kernel: @escaping (Tensor<BFloat16>, inout Tensor<BFloat16>, Tensor<Float>, inout Tensor<BFloat16>) -> Void,
  _ error: @escaping (Tensor<BFloat16>, Tensor<Float>, Tensor<Float>) -> Double
) -> ProfiledKernel.Prepared {
  let x = stored(shape, seed: 1)
  let scale = operand(Float.self, shape: [shape[1]], seed: 2)
  var residual = stored(shape, seed: 3)
  var y = stored(shape, seed: 4)
  return ProfiledKernel.Prepared(
    run: { kernel(x, &residual, scale, &y) },
    verify: {
      let exact = Tensor<Float>(casting: x) + Tensor<Float>(casting: residual)
      kernel(x, &residual, scale, &y)
      return max(exactError(residual, Tensor(casting: exact)), error(y, exact, scale))
    }
  )
}

@Sendable
private func prepareLayerNormBackward(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let x = stored(shape, seed: 1)
  let gradY = stored(shape, seed: 2)
  let scale = operand(Float.self, shape: [shape[1]], seed: 3)
  var gradX = stored(shape, seed: 4)
  var (gradScale, gradOffset) = (scale, scale)
  var statistics = RowStatistics()
  layerNorm(x, scale: scale, statistics: &statistics, into: &gradX)
  let kept = statistics
  return ProfiledKernel.Prepared(
    run: { layerNormBackward(gradY, x, scale: scale, statistics: kept, into: &gradX, &gradScale, &gradOffset) },
    error: {
      let (x, gradY) = (Tensor<Float>(casting: x), Tensor<Float>(casting: gradY))
      let expected = Reference.layerNormBackward(gradY, x, scale: scale, epsilon: 1e-5)
      let facts = NormFacts(x, scale: scale, runs: shape[1], isCentered: true, gradY: gradY)
      return max(
        worstStoredError(gradX, expected.x) { facts.gradX($0) },
        worstError(gradScale, expected.scale) { facts.gradScale($0, more: 300 + Double(shape[0]) / 256) },
        worstError(gradOffset, expected.offset) { facts.gradScale($0, more: 300 + Double(shape[0]) / 256) }
      )
    }
  )
}

@Sendable
private func prepareRMSNormBackward(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let x = stored(shape, seed: 1)
  let gradY = stored(shape, seed: 2)
  let scale = operand(Float.self, shape: [shape[1]], seed: 3)
  var gradX = stored(shape, seed: 4)
  var gradScale = scale
  var statistics = RowStatistics()
  rmsNorm(x, scale: scale, statistics: &statistics, into: &gradX)
  let kept = statistics
  return ProfiledKernel.Prepared(
    run: { rmsNormBackward(gradY, x, scale: scale, statistics: kept, into: &gradX, &gradScale) },
    error: {
      let (x, gradY) = (Tensor<Float>(casting: x), Tensor<Float>(casting: gradY))
      let expected = Reference.rmsNormBackward(gradY, x, scale: scale, epsilon: 1e-5)
      let facts = NormFacts(x, scale: scale, runs: shape[1], isCentered: false, gradY: gradY)
      return max(
        worstStoredError(gradX, expected.x) { facts.gradX($0) },
        worstError(gradScale, expected.scale) { facts.gradScale($0, more: 300 + Double(shape[0]) / 256) }
      )
    }
  )
}

@Sendable
private func prepareSoftmax(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let x = stored(shape, in: -4...4, seed: 1)
  var y = stored(shape, seed: 2)
  return ProfiledKernel.Prepared(
    run: { softmax(x, into: &y) },
    error: {
      let expected = Reference.softmax(Tensor<Float>(casting: x))
      let (values, bound) = (doubles(expected), SoftmaxBounds<Float>(shape))
      return worstStoredError(y, expected) { bound.softmax(values[$0]) }
    }
  )
}

@Sendable
private func prepareLogSoftmax(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let x = stored(shape, in: -4...4, seed: 1)
  var y = stored(shape, seed: 2)
  return ProfiledKernel.Prepared(
    run: { logSoftmax(x, into: &y) },
    error: {
      let expected = Reference.logSoftmax(Tensor<Float>(casting: x))
      let (values, bound) = (doubles(expected), SoftmaxBounds<Float>(shape))
      return worstStoredError(y, expected) { bound.logSoftmax(values[$0]) }
    }
  )
}

@Sendable
private func prepareSoftmaxBackward(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let y = softmax(stored(shape, in: -4...4, seed: 1))
  let gradient = stored(shape, seed: 2)
  var result = stored(shape, seed: 3)
  return ProfiledKernel.Prepared(
    run: { softmaxBackward(gradient, y: y, into: &result) },
    error: {
      let (gradient, y) = (Tensor<Float>(casting: gradient), Tensor<Float>(casting: y))
      let expected = Reference.softmaxBackward(gradient, y: y)
      let bound = SoftmaxBounds<Float>(shape).softmaxBackward(gradient, y, expected)
      return worstStoredError(result, expected, bound: bound)
    }
  )
}

@Sendable
private func prepareLogSoftmaxBackward(_ shape: [Int]) -> ProfiledKernel.Prepared {
  let y = logSoftmax(stored(shape, in: -4...4, seed: 1))
  let gradient = stored(shape, seed: 2)
  var result = stored(shape, seed: 3)
  return ProfiledKernel.Prepared(
    run: { logSoftmaxBackward(gradient, y: y, into: &result) },
    error: {
      let (gradient, y) = (Tensor<Float>(casting: gradient), Tensor<Float>(casting: y))
      let expected = Reference.logSoftmaxBackward(gradient, y: y)
      let bound = SoftmaxBounds<Float>(shape).logSoftmaxBackward(gradient, y, expected)
      return worstStoredError(result, expected, bound: bound)
    }
  )
}
