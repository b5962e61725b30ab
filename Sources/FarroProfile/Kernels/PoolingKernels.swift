import Farro

// Shapes are [batch, channels, side, size, stride, padding]: square images and windows.

let poolingKernels = bothTypes(pooling(of: Float.self), pooling(of: Double.self))

private func pooling<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    poolingKernel(of: type, named: "max_pool", indexed: true, prepareMax(type)),
    poolingKernel(of: type, named: "max_pool_backward", indexed: true, prepareMaxBackward(type)),
    poolingKernel(of: type, named: "average_pool", indexed: false, prepareAverage(type)),
    poolingKernel(of: type, named: "average_pool_backward", indexed: false, prepareAverageBackward(type)),
  ]
}

/// The shape of the result.
private func pooled(_ shape: [Int]) -> [Int] {
  let side = (shape[2] + 2 * shape[5] - shape[3]) / shape[4] + 1
  return [shape[0], shape[1], side, side]
}

private func motion(_ shape: [Int]) -> (size: Size2D, stride: Size2D, padding: Padding2D) {
  (Size2D(integerLiteral: shape[3]), Size2D(integerLiteral: shape[4]), Padding2D(integerLiteral: shape[5]))
}

/// - Parameter indexed: Whether an index of 8 bytes goes with each result.
private func poolingKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  indexed: Bool,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "convolution",
    name: name,
    dtype: Scalar.dtype,
    shapes: [
      [2, 3, 9, 3, 2, 1], [1, 16, 56, 2, 2, 0], [8, 64, 112, 3, 2, 1], [64, 512, 7, 7, 1, 0], [32, 64, 128, 2, 2, 0],
    ],
    inCache: [1, 16, 56, 2, 2, 0],
    outOfCache: [32, 64, 128, 2, 2, 0],
    traffic: .copy,
    // An addition or a comparison for each element of a window.
    flops: { Double(pooled($0).reduce(1, *) * $0[3] * $0[3]) },
    bytes: { shape in
      let results = pooled(shape).reduce(1, *)
      let elements = shape[0] * shape[1] * shape[2] * shape[2] + results
      return Double(elements * MemoryLayout<Scalar>.stride + (indexed ? 8 * results : 0))
    },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/pooling.h)
// Each bound has a rounding more, that of the reference.

private func prepareMax<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (size, stride, padding) = motion(shape)
    let x = operand(type, shape: [shape[0], shape[1], shape[2], shape[2]], seed: 1)
    var y = operand(type, shape: pooled(shape), seed: 2)
    var indices = Tensor<Int>(zeros: pooled(shape))
    let run = {
      maxPool2DWithIndices(x, size: size, stride: stride, padding: padding, into: &y, &indices)
    }
    return ProfiledKernel.Prepared(
      run: run,
      error: {
        let expected = Reference.maxPool(x, size: shape[3], stride: shape[4], padding: shape[5])
        return max(exactError(y, expected.values), exactError(indices, expected.indices))
      }
    )
  }
}

private func prepareMaxBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (size, stride, padding) = motion(shape)
    var gradX = operand(type, shape: [shape[0], shape[1], shape[2], shape[2]], seed: 1)
    let gradY = operand(type, shape: pooled(shape), seed: 2)
    let indices = maxPool2DWithIndices(gradX, size: size, stride: stride, padding: padding).indices
    let run = {
      maxPool2DBackward(gradY, indices: indices, size: size, stride: stride, padding: padding, into: &gradX)
    }
    return ProfiledKernel.Prepared(
      run: run,
      error: {
        let expected = Reference.maxPoolBackward(
          gradY,
          indices: indices,
          x: gradX.shape,
          size: shape[3],
          stride: shape[4],
          padding: shape[5]
        )
        return exactError(gradX, expected)
      }
    )
  }
}

private func prepareAverage<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (size, stride, padding) = motion(shape)
    let x = operand(type, shape: [shape[0], shape[1], shape[2], shape[2]], seed: 1)
    var y = operand(type, shape: pooled(shape), seed: 2)
    let run = { averagePool2D(x, size: size, stride: stride, padding: padding, into: &y) }
    return ProfiledKernel.Prepared(
      run: run,
      error: {
        let expected = Reference.averagePool(x, size: shape[3], stride: shape[4], padding: shape[5])
        let means = Reference.averagePool(magnitudes(of: x), size: shape[3], stride: shape[4], padding: shape[5])
        return worst(y, expected, of: means, roundings: shape[3] * shape[3] + 3)
      }
    )
  }
}

private func prepareAverageBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (size, stride, padding) = motion(shape)
    var gradX = operand(type, shape: [shape[0], shape[1], shape[2], shape[2]], seed: 1)
    let gradY = operand(type, shape: pooled(shape), seed: 2)
    let run = { averagePool2DBackward(gradY, size: size, stride: stride, padding: padding, into: &gradX) }
    let reference = { (gradY: Tensor<Scalar>) in
      Reference.averagePoolBackward(
        gradY,
        x: [shape[0], shape[1], shape[2], shape[2]],
        size: shape[3],
        stride: shape[4],
        padding: shape[5]
      )
    }
    return ProfiledKernel.Prepared(
      run: run,
      error: {
        let sums = reference(magnitudes(of: gradY))
        return worst(gradX, reference(gradY), of: sums, roundings: shape[3] * shape[3] + 3)
      }
    )
  }
}

private func worst<Scalar: KernelScalar>(
  _ actual: Tensor<Scalar>,
  _ expected: Tensor<Scalar>,
  of sums: Tensor<Scalar>,
  roundings: Int
) -> Double {
  sums.withUnsafeBufferPointer { sums in
    worstError(actual, expected) { Double(roundings) * unitRoundoff(Scalar.self) * Double(sums[$0]) }
  }
}
