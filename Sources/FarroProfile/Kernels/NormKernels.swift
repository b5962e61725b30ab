import Farro

// The norms of rows and groups beyond layer norm and RMS norm themselves. Shapes are [rows, columns], of group norms
// [samples, channels, places].

let normKernels = bothTypes(norms(of: Float.self), norms(of: Double.self))

/// The operations of an element: those of its definition, with each sum as one addition.
private func norms<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    // The sum, and those of the norm.
    rowKernel(of: type, named: "add_layer_norm", flops: 8, arrays: 4, prepareAddLayerNorm(type)),
    rowKernel(of: type, named: "add_rms_norm", flops: 5, arrays: 4, prepareAddRMSNorm(type)),
    // z and g: 4; four sums, with a product in two of them: 6; grad_x: 4.
    rowKernel(of: type, named: "layer_norm_backward", flops: 14, arrays: 3, prepareLayerNormBackward(type)),
    // z and g: 2; two sums of products: 4; grad_x: 3.
    rowKernel(of: type, named: "rms_norm_backward", flops: 9, arrays: 3, prepareRMSNormBackward(type)),
    // The square and the sum; the division.
    rowKernel(of: type, named: "l2_normalize", flops: 3, arrays: 2, prepareL2Normalize(type)),
    // Two sums of products: 4; grad_x: 3.
    rowKernel(of: type, named: "l2_normalize_backward", flops: 7, arrays: 3, prepareL2NormalizeBackward(type)),
    groupKernel(of: type, named: "group_norm", flops: 7, arrays: 2, prepareGroupNorm(type, channels: 8)),
    groupKernel(
      of: type,
      named: "group_norm_backward",
      flops: 14,
      arrays: 3,
      prepareGroupNormBackward(type, channels: 8)
    ),
    groupKernel(of: type, named: "instance_norm", flops: 7, arrays: 2, prepareGroupNorm(type, channels: 1)),
    groupKernel(
      of: type,
      named: "instance_norm_backward",
      flops: 14,
      arrays: 3,
      prepareGroupNormBackward(type, channels: 1)
    ),
  ]
}

private func rowKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  arrays: Int,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "normalization",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[7, 131], [64, 384], [4096, 768], [16_384, 1024], [32_768, 1024]],
    inCache: [64, 384],
    outOfCache: [16_384, 1024],
    traffic: .copy,
    flops: { flops * Double($0[0] * $0[1]) },
    bytes: { Double(arrays * $0[0] * $0[1] * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

private func groupKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  arrays: Int,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "normalization",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[2, 16, 43], [1, 64, 384], [16, 256, 784], [16, 256, 4096]],
    inCache: [1, 64, 384],
    outOfCache: [16, 256, 4096],
    traffic: .copy,
    flops: { flops * Double($0[0] * $0[1] * $0[2]) },
    bytes: { Double(arrays * $0[0] * $0[1] * $0[2] * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/normalization.h)
// Elements lie within 1 of zero, so that r is next to nothing. Each bound has one more rounding, that of the reference.

private func prepareAddLayerNorm<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  prepareAddition {
    addLayerNorm($0, to: &$1, scale: $2, into: &$3)
  } error: { y, x, scale in
    let expected = Reference.layerNorm(x, scale: scale, offset: Tensor(zeros: scale.shape), epsilon: 1e-5)
    let facts = NormFacts(x, scale: scale, runs: x.shape[1], isCentered: true)
    return worstError(y, expected) { facts.forward($0, expected) }
  }
}

private func prepareAddRMSNorm<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  prepareAddition {
    addRMSNorm($0, to: &$1, scale: $2, into: &$3)
  } error: { y, x, scale in
    let expected = Reference.rmsNorm(x, scale: scale, epsilon: 1e-5)
    let (values, bound) = (doubles(expected), (normChain(x.shape[1], type) / 2 + 7) * unitRoundoff(type))
    return worstError(y, expected) { bound * abs(values[$0]) }
  }
}

/// - Parameter error: Of y, the norm of x.
private func prepareAddition<Scalar: KernelScalar>(
  _ kernel:
    @escaping @Sendable (
      _ x: Tensor<Scalar>, _ residual: inout Tensor<Scalar>, _ scale: Tensor<Scalar>, _ y: inout Tensor<Scalar>
    ) -> Void,
  error: @escaping @Sendable (_ y: Tensor<Scalar>, _ x: Tensor<Scalar>, _ scale: Tensor<Scalar>) -> Double
) -> Prepare {
  { shape in
    let x = operand(Scalar.self, shape: shape, seed: 1)
    let scale = operand(Scalar.self, shape: [shape[1]], seed: 2)
    var residual = operand(Scalar.self, shape: shape, seed: 3)
    var y = operand(Scalar.self, shape: shape, seed: 4)
    return ProfiledKernel.Prepared(
      run: { kernel(x, &residual, scale, &y) },
      verify: {
        let sum = x + residual
        kernel(x, &residual, scale, &y)
        return max(exactError(residual, sum), error(y, sum, scale))
      }
    )
  }
}

private func prepareLayerNormBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let gradY = operand(type, shape: shape, seed: 2)
    let scale = operand(type, shape: [shape[1]], seed: 3)
    var gradX = operand(type, shape: shape, seed: 4)
    var (gradScale, gradOffset) = (scale, scale)
    var statistics = RowStatistics()
    layerNorm(x, scale: scale, statistics: &statistics, into: &gradX)
    let kept = statistics
    let call = {
      layerNormBackward(gradY, x, scale: scale, statistics: kept, into: &gradX, &gradScale, &gradOffset)
    }
    return ProfiledKernel.Prepared(
      run: call,
      error: {
        let expected = Reference.layerNormBackward(gradY, x, scale: scale, epsilon: 1e-5)
        let facts = NormFacts(x, scale: scale, runs: shape[1], isCentered: true, gradY: gradY)
        return max(
          worstError(gradX, expected.x) { facts.gradX($0) },
          worstError(gradScale, expected.scale) { facts.gradScale($0, more: 300 + Double(shape[0]) / 256) },
          worstError(gradOffset, expected.offset) { facts.gradScale($0, more: 300 + Double(shape[0]) / 256) }
        )
      }
    )
  }
}

private func prepareRMSNormBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let gradY = operand(type, shape: shape, seed: 2)
    let scale = operand(type, shape: [shape[1]], seed: 3)
    var gradX = operand(type, shape: shape, seed: 4)
    var gradScale = scale
    var statistics = RowStatistics()
    rmsNorm(x, scale: scale, statistics: &statistics, into: &gradX)
    let kept = statistics
    let call = { rmsNormBackward(gradY, x, scale: scale, statistics: kept, into: &gradX, &gradScale) }
    return ProfiledKernel.Prepared(
      run: call,
      error: {
        let expected = Reference.rmsNormBackward(gradY, x, scale: scale, epsilon: 1e-5)
        let facts = NormFacts(x, scale: scale, runs: shape[1], isCentered: false, gradY: gradY)
        return max(
          worstError(gradX, expected.x) { facts.gradX($0) },
          worstError(gradScale, expected.scale) { facts.gradScale($0, more: 300 + Double(shape[0]) / 256) }
        )
      }
    )
  }
}

private func prepareL2Normalize<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { l2Normalize(x, into: &y) },
      error: {
        let expected = Reference.l2Normalize(x, epsilon: 1e-12)
        let values = doubles(expected)
        return worstError(y, expected) { (normChain(shape[1], type) / 2 + 7) * unitRoundoff(type) * abs(values[$0]) }
      }
    )
  }
}

private func prepareL2NormalizeBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let gradY = operand(type, shape: shape, seed: 2)
    let ones = Tensor<Scalar>(ones: [shape[1]])
    var gradX = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { l2NormalizeBackward(gradY, x, into: &gradX) },
      error: {
        let expected = Reference.l2NormalizeBackward(gradY, x, epsilon: 1e-12)
        // An RMS norm, but for the square root of the number of columns that it multiplies by.
        let facts = NormFacts(x, scale: ones, runs: shape[1], isCentered: false, gradY: gradY)
        let share = 1 / Double(shape[1]).squareRoot()
        return worstError(gradX, expected) { share * facts.gradX($0) }
      }
    )
  }
}

/// - Parameter channels: How many make a group; one, as instance norm has it.
private func prepareGroupNorm<Scalar: KernelScalar>(_ type: Scalar.Type, channels: Int) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let scale = operand(type, shape: [shape[1]], seed: 2)
    let offset = Tensor<Scalar>(zeros: [shape[1]])
    var y = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { groupNorm(x, groups: shape[1] / channels, scale: scale, offset: offset, into: &y) },
      error: {
        let expected = Reference.groupNorm(x, groups: shape[1] / channels, scale: scale, offset: offset, epsilon: 1e-5)
        let facts = NormFacts(x, scale: scale, runs: channels * shape[2], isCentered: true, places: shape[2])
        return worstError(y, expected) { facts.forward($0, expected) }
      }
    )
  }
}

private func prepareGroupNormBackward<Scalar: KernelScalar>(_ type: Scalar.Type, channels: Int) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let gradY = operand(type, shape: shape, seed: 2)
    let scale = operand(type, shape: [shape[1]], seed: 3)
    var gradX = operand(type, shape: shape, seed: 4)
    var (gradScale, gradOffset) = (scale, scale)
    let groups = shape[1] / channels
    let call = { groupNormBackward(gradY, x, groups: groups, scale: scale, into: &gradX, &gradScale, &gradOffset) }
    return ProfiledKernel.Prepared(
      run: call,
      error: {
        let expected = Reference.groupNormBackward(gradY, x, groups: groups, scale: scale, epsilon: 1e-5)
        let facts = NormFacts(
          x,
          scale: scale,
          runs: channels * shape[2],
          isCentered: true,
          gradY: gradY,
          places: shape[2]
        )
        return max(
          worstError(gradX, expected.x) { facts.gradX($0) },
          worstError(gradScale, expected.scale) { facts.gradScale($0, more: facts.b + 8 + Double(shape[0])) },
          worstError(gradOffset, expected.offset) { facts.gradScale($0, more: facts.b + 8 + Double(shape[0])) }
        )
      }
    )
  }
}
