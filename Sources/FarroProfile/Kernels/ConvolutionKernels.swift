import Farro

// Shapes of convolutions are [batch, channels, filters, side, kernel, stride, groups]: square images and kernels, padded by
// half of the kernel; of convolution_1d, sequences of the length side; of convolution_backward_bias, [batch, filters, side].

let convolutionKernels = bothTypes(convolutions(of: Float.self), convolutions(of: Double.self)) + poolingKernels

private func convolutions<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    convolutionKernel(of: type, named: "convolution", prepareForward(type)),
    convolutionKernel(of: type, named: "convolution_backward_x", prepareBackwardX(type)),
    convolutionKernel(of: type, named: "convolution_backward_weight", prepareBackwardWeight(type)),
    biasKernel(of: type),
    // Images of height 1: its gradients are those of images too.
    kernel(
      of: type,
      named: "convolution_1d",
      shapes: [
        [2, 3, 5, 19, 3, 2, 1], [1, 64, 64, 256, 3, 1, 1], [8, 64, 64, 4096, 9, 1, 1], [16, 64, 64, 16_384, 3, 1, 1],
      ],
      inCache: [1, 64, 64, 256, 3, 1, 1],
      outOfCache: [16, 64, 64, 16_384, 3, 1, 1],
      describedBy: describeSequences,
      prepareSequences(type)
    ),
    depthwiseKernel(of: type, named: "depthwise_convolution", prepareForward(type)),
    depthwiseKernel(of: type, named: "depthwise_convolution_backward_x", prepareBackwardX(type)),
    depthwiseKernel(of: type, named: "depthwise_convolution_backward_weight", prepareBackwardWeight(type)),
  ]
}

private func convolutionKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  kernel(
    of: type,
    named: name,
    shapes: [
      [2, 3, 5, 9, 3, 2, 1], [1, 32, 32, 28, 3, 1, 1], [8, 64, 64, 56, 3, 1, 1], [8, 256, 64, 56, 1, 1, 1],
      [8, 512, 512, 7, 3, 1, 1], [2, 3, 64, 224, 7, 2, 1], [16, 32, 32, 224, 3, 1, 1],
    ],
    inCache: [1, 32, 32, 28, 3, 1, 1],
    outOfCache: [16, 32, 32, 224, 3, 1, 1],
    prepare
  )
}

private func depthwiseKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  kernel(
    of: type,
    named: name,
    shapes: [
      [2, 5, 5, 9, 3, 2, 5], [1, 64, 64, 28, 3, 1, 64], [8, 144, 144, 56, 3, 1, 144], [8, 144, 144, 56, 3, 2, 144],
      [8, 64, 64, 224, 3, 1, 64],
    ],
    inCache: [1, 64, 64, 28, 3, 1, 64],
    outOfCache: [8, 64, 64, 224, 3, 1, 64],
    prepare
  )
}

private func kernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  shapes: [[Int]],
  inCache: [Int],
  outOfCache: [Int],
  describedBy describe: @escaping @Sendable (_ shape: [Int]) -> Reference.Convolution = describe,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "convolution",
    name: name,
    dtype: Scalar.dtype,
    shapes: shapes,
    inCache: inCache,
    outOfCache: outOfCache,
    traffic: .copy,
    // Those of windows that lie whole within the image; padding counts as if it were multiplied.
    flops: { shape in
      let described = describe(shape)
      return 2 * Double(described.result.reduce(1, *)) * Double(described.weight.dropFirst().reduce(1, *))
    },
    bytes: { shape in
      let described = describe(shape)
      let elements = [described.x, described.weight, described.result].map { $0.reduce(1, *) }
      return Double(elements.reduce(0, +) * MemoryLayout<Scalar>.stride)
    },
    prepare: prepare
  )
}

@Sendable
private func describe(_ shape: [Int]) -> Reference.Convolution {
  Reference.Convolution(
    x: [shape[0], shape[1], shape[3], shape[3]],
    weight: [shape[2], shape[1] / shape[6], shape[4], shape[4]],
    stride: shape[5],
    padding: shape[4] / 2,
    groups: shape[6]
  )
}

@Sendable
private func describeSequences(_ shape: [Int]) -> Reference.Convolution {
  var described = describe(shape)
  (described.x[2], described.weight[2]) = (1, 1)
  return described
}

private func biasKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  let gradients = { @Sendable (shape: [Int]) in Double(shape[0] * shape[1] * shape[2] * shape[2]) }
  return ProfiledKernel(
    family: "convolution",
    name: "convolution_backward_bias",
    dtype: Scalar.dtype,
    shapes: [[2, 5, 5], [1, 32, 28], [8, 64, 56], [16, 64, 224]],
    inCache: [1, 32, 28],
    outOfCache: [16, 64, 224],
    traffic: .read,
    flops: gradients,
    bytes: { (gradients($0) + Double($0[1])) * Double(MemoryLayout<Scalar>.stride) },
    prepare: prepareBackwardBias(type)
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/convolution.h)
// Each bound has two more roundings, those of the reference.

extension Reference.Convolution {
  /// The stride and the padding, as the functions take them.
  fileprivate var motion: (stride: Size2D, padding: Padding2D) {
    (Size2D(integerLiteral: stride), Padding2D(integerLiteral: padding))
  }
}

/// (K + 5) u times the sums of the products' magnitudes.
private func worstError<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  _ expected: Tensor<Scalar>,
  of sums: Tensor<Scalar>,
  depth: Int
) -> Double {
  sums.withUnsafeBufferPointer { sums in
    worstError(actual, expected) { Double(depth + 5) * unitRoundoff(Scalar.self) * Double(sums[$0]) }
  }
}

private func prepareForward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let described = describe(shape)
    let x = operand(type, shape: described.x, seed: 1)
    let weight = operand(type, shape: described.weight, seed: 2)
    let bias = operand(type, shape: [described.weight[0]], seed: 3)
    var y = operand(type, shape: described.result, seed: 4)
    let (stride, padding) = described.motion
    let run = {
      convolution2D(x, weight, bias: bias, stride: stride, padding: padding, groups: described.groups, into: &y)
    }
    return ProfiledKernel.Prepared(
      run: run,
      error: {
        let sums = Reference.convolution(described, magnitudes(of: x), magnitudes(of: weight), magnitudes(of: bias))
        let expected = Reference.convolution(described, x, weight, bias)
        return worstError(y, expected, of: sums, depth: described.weight.dropFirst().reduce(1, *))
      }
    )
  }
}

private func prepareBackwardX<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let described = describe(shape)
    let gradY = operand(type, shape: described.result, seed: 1)
    let weight = operand(type, shape: described.weight, seed: 2)
    var gradX = operand(type, shape: described.x, seed: 3)
    let (stride, padding) = described.motion
    let run = {
      convolution2DBackwardX(
        gradY,
        weight,
        stride: stride,
        padding: padding,
        groups: described.groups,
        into: &gradX
      )
    }
    return ProfiledKernel.Prepared(
      run: run,
      error: {
        let sums = Reference.convolutionBackwardX(described, magnitudes(of: gradY), magnitudes(of: weight))
        let expected = Reference.convolutionBackwardX(described, gradY, weight)
        let depth = described.weight[0] / described.groups * described.weight[2] * described.weight[3]
        return worstError(gradX, expected, of: sums, depth: depth)
      }
    )
  }
}

private func prepareBackwardWeight<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let described = describe(shape)
    let gradY = operand(type, shape: described.result, seed: 1)
    let x = operand(type, shape: described.x, seed: 2)
    var gradWeight = operand(type, shape: described.weight, seed: 3)
    let (stride, padding) = described.motion
    let run = {
      convolution2DBackwardWeight(
        gradY,
        x,
        stride: stride,
        padding: padding,
        groups: described.groups,
        into: &gradWeight
      )
    }
    return ProfiledKernel.Prepared(
      run: run,
      error: {
        let sums = Reference.convolutionBackwardWeight(described, magnitudes(of: gradY), magnitudes(of: x))
        let expected = Reference.convolutionBackwardWeight(described, gradY, x)
        let depth = described.x[0] * described.result[2] * described.result[3]
        return worstError(gradWeight, expected, of: sums, depth: depth)
      }
    )
  }
}

private func prepareBackwardBias<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let gradY = operand(type, shape: [shape[0], shape[1], shape[2], shape[2]], seed: 1)
    var gradBias = operand(type, shape: [shape[1]], seed: 2)
    return ProfiledKernel.Prepared(
      run: { convolution2DBackwardBias(gradY, into: &gradBias) },
      error: {
        let sums = doubles(Reference.convolutionBackwardBias(magnitudes(of: gradY)))
        let (u, places) = (unitRoundoff(type), Double(shape[0] * shape[2] * shape[2]))
        return worstError(gradBias, Reference.convolutionBackwardBias(gradY)) {
          (521 + places * 0x1p-53 / u) * u * sums[$0]
        }
      }
    )
  }
}

private func prepareSequences<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let described = describeSequences(shape)
    let x = operand(type, shape: described.x, seed: 1)
    let weight = operand(type, shape: described.weight, seed: 2)
    let bias = operand(type, shape: [described.weight[0]], seed: 3)
    let (sequences, kernels) = (withoutHeight(x), withoutHeight(weight))
    var y = withoutHeight(operand(type, shape: described.result, seed: 4))
    let (stride, padding, groups) = (described.stride, described.padding, described.groups)
    return ProfiledKernel.Prepared(
      run: {
        convolution1D(
          sequences,
          kernels,
          bias: bias,
          stride: stride,
          padding: Padding1D(integerLiteral: padding),
          groups: groups,
          into: &y
        )
      },
      error: {
        let sums = Reference.convolution(described, magnitudes(of: x), magnitudes(of: weight), magnitudes(of: bias))
        let expected = Reference.convolution(described, x, weight, bias)
        let depth = described.weight.dropFirst().reduce(1, *)
        return worstError(y, withoutHeight(expected), of: sums, depth: depth)
      }
    )
  }
}

private func withoutHeight<Scalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  x.reshaped([x.shape[0], x.shape[1], x.shape[3]])
}
