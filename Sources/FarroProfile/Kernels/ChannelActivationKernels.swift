import Farro

// Shapes are [outer, channels, inner].

let channelActivationKernels = bothTypes(channelActivations(of: Float.self), channelActivations(of: Double.self))

private func channelActivations<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [preluKernel(of: type), preluGradientKernel(of: type), maxoutKernel(of: type), maxoutGradientKernel(of: type)]
}

/// - Parameter bytes: What is moved for an element of x.
private func channelKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  bytes: Int,
  flops: Double,
  prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "elementwise",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[3, 10, 7], [64, 384, 1], [8, 64, 196], [128, 256, 1024]],
    inCache: [64, 384, 1],
    outOfCache: [128, 256, 1024],
    traffic: .copy,
    flops: { flops * Double($0[0] * $0[1] * $0[2]) },
    bytes: { Double($0[0] * $0[1] * $0[2] * bytes) },
    prepare: prepare
  )
}

private func preluKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  channelKernel(of: type, named: "prelu", bytes: 2 * MemoryLayout<Scalar>.stride, flops: 1) { shape in
    let (x, slope) = (operand(type, shape: shape, seed: 1), operand(type, shape: [shape[1]], seed: 2))
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { prelu(x, slope: slope, axis: 1, into: &result) },
      error: { worstError(result, Reference.prelu(x, slope: slope), ulps: 0) }
    )
  }
}

private func preluGradientKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  channelKernel(of: type, named: "prelu_backward", bytes: 3 * MemoryLayout<Scalar>.stride, flops: 3) { shape in
    let (gradY, x) = (operand(type, shape: shape, seed: 1), operand(type, shape: shape, seed: 2))
    let slope = operand(type, shape: [shape[1]], seed: 3)
    var (gradX, gradSlope) = (operand(type, shape: shape, seed: 4), operand(type, shape: [shape[1]], seed: 5))
    return ProfiledKernel.Prepared(
      run: { preluBackward(gradY, x, slope: slope, axis: 1, into: &gradX, &gradSlope) },
      error: {
        let expected = Reference.preluBackward(gradY, x, slope: slope)
        // Products are below 1.
        let count = Double(shape[0] * shape[2])
        let bound = min(count + 2, 4100) * unitRoundoff(type) * count
        return max(worstError(gradX, expected.x, ulps: 0), worstError(gradSlope, expected.slope) { _ in bound })
      }
    )
  }
}

private func maxoutKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  channelKernel(of: type, named: "maxout", bytes: 3 * MemoryLayout<Scalar>.stride / 2, flops: 0) { shape in
    let x = operand(type, shape: shape, seed: 1)
    var result = operand(type, shape: [shape[0], shape[1] / 2, shape[2]], seed: 2)
    return ProfiledKernel.Prepared(
      run: { maxout(x, pieces: 2, axis: 1, into: &result) },
      error: { worstError(result, Reference.maxout(x, pieces: 2), ulps: 0) }
    )
  }
}

/// Half as many gradients as elements, each with the position, of 4 bytes, that it goes to.
private func maxoutGradientKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  channelKernel(of: type, named: "maxout_backward", bytes: 3 * MemoryLayout<Scalar>.stride / 2 + 2, flops: 0) { shape in
    var gradX = operand(type, shape: shape, seed: 1)
    let (values, positions) = maxoutWithPositions(gradX, pieces: 2, axis: 1)
    let gradY = operand(type, shape: values.shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { maxoutBackward(gradY, positions: positions, pieces: 2, axis: 1, into: &gradX) },
      error: { exactError(gradX, Reference.maxoutBackward(gradY, positions: positions, pieces: 2)) }
    )
  }
}
