import Farro

// Shapes are [rows, columns]; of names that end in columns, [outer, axis, inner].

let softmaxKernels = bothTypes(
  softmaxes(of: Float.self) + losses(of: Float.self),
  softmaxes(of: Double.self) + losses(of: Double.self)
)

/// The operations of an element: those of its definition, with each sum as one addition, and e to its power as
/// ElementwiseKernels.swift counts it.
private func softmaxes<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  let exponential = exponentialFlops(type)
  return [
    // The difference, its exponential, the sum, the division.
    softmaxKernel(type, "softmax", flops: 3 + exponential, matrices: 2, prepareSoftmax(type)),
    softmaxKernel(type, "softmax_columns", flops: 3 + exponential, matrices: 2, prepareSoftmax(type)),
    softmaxKernel(type, "softmax_masked", flops: 3 + exponential, matrices: 2, masks: 1, prepareMasked(type)),
    // The difference, its exponential, the sum; the two differences.
    softmaxKernel(type, "log_softmax", flops: 4 + exponential, matrices: 2, prepareLogSoftmax(type)),
    softmaxKernel(type, "log_softmax_columns", flops: 4 + exponential, matrices: 2, prepareLogSoftmax(type)),
    // The difference, its exponential, the sum.
    softmaxKernel(type, "log_sum_exp", flops: 2 + exponential, matrices: 1, prepareLogSumExp(type)),
    softmaxKernel(type, "log_sum_exp_columns", flops: 2 + exponential, matrices: 1, prepareLogSumExp(type)),
    // The product and the sum; the difference and the product.
    softmaxKernel(type, "softmax_backward", flops: 4, matrices: 3, prepareSoftmaxBackward(type)),
    softmaxKernel(type, "softmax_backward_columns", flops: 4, matrices: 3, prepareSoftmaxBackward(type)),
    // The sum; the exponential, its product and the difference.
    softmaxKernel(type, "log_softmax_backward", flops: 3 + exponential, matrices: 3, prepareLogBackward(type)),
    // The difference, its exponential and the product.
    softmaxKernel(type, "log_sum_exp_backward", flops: 2 + exponential, matrices: 2, prepareSumBackward(type)),
  ]
}

func exponentialFlops<Scalar: KernelScalar>(_ type: Scalar.Type) -> Double { type.dtype == .f32 ? 21 : 31 }

/// - Parameters:
///   - matrices: How many of the shape are read or written; 1: no large result.
///   - masks: How many of the shape are read, of a byte for each element.
func softmaxKernel<Scalar: KernelScalar>(
  _ type: Scalar.Type,
  _ name: String,
  flops: Double,
  matrices: Int,
  masks: Int = 0,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  let isOfColumns = name.hasSuffix("columns")
  let shapes =
    isOfColumns
    ? [[3, 17, 29], [2, 64, 256], [64, 256, 1024], [128, 256, 1024], [8, 2048, 1024]]
    : [[7, 131], [64, 384], [4096, 768], [16_384, 1024], [32_768, 1024], [512, 50_257]]
  // 128 MiB or a little more.
  let outOfCache =
    switch (isOfColumns, matrices) {
    case (true, 1): [128, 256, 1024]
    case (true, _): [64, 256, 1024]
    case (false, 1): [32_768, 1024]
    case (false, _): [16_384, 1024]
    }
  return ProfiledKernel(
    family: "softmax",
    name: name,
    dtype: Scalar.dtype,
    shapes: shapes,
    inCache: shapes[1],
    outOfCache: outOfCache,
    traffic: matrices == 1 ? .read : .copy,
    flops: { flops * Double($0.reduce(1, *)) },
    bytes: { Double((matrices * MemoryLayout<Scalar>.stride + masks) * $0.reduce(1, *)) },
    prepare: prepare
  )
}

// MARK: - The kernels and their references

private func prepareSoftmax<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { softmax(x, axis: 1, into: &y) },
      error: {
        let expected = Reference.softmax(x, axis: 1)
        let (values, bounds) = (doubles(expected), SoftmaxBounds<Scalar>(shape))
        return worstError(y, expected) { bounds.softmax(values[$0]) }
      }
    )
  }
}

private func prepareMasked<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    let mask = maskOperand(shape: shape)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { softmax(x, mask: mask, into: &y) },
      error: {
        let expected = Reference.softmax(x, mask: mask)
        let (values, bounds) = (doubles(expected), SoftmaxBounds<Scalar>(shape, isMasked: true))
        return worstError(y, expected) { bounds.softmax(values[$0]) }
      }
    )
  }
}

private func prepareLogSoftmax<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { logSoftmax(x, axis: 1, into: &y) },
      error: {
        let expected = Reference.logSoftmax(x, axis: 1)
        let (values, bounds) = (doubles(expected), SoftmaxBounds<Scalar>(shape))
        return worstError(y, expected) { bounds.logSoftmax(values[$0]) }
      }
    )
  }
}

private func prepareLogSumExp<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, in: -4...4, seed: 1)
    var y = operand(type, shape: [shape[0]] + shape[2...], seed: 2)
    return ProfiledKernel.Prepared(
      run: { logSumExp(x, axis: 1, into: &y) },
      error: {
        let expected = Reference.logSumExp(x, axis: 1)
        let (values, bounds) = (doubles(expected), SoftmaxBounds<Scalar>(shape))
        return worstError(y, expected) { bounds.logSumExp(values[$0]) }
      }
    )
  }
}

private func prepareSoftmaxBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let y = softmax(operand(type, shape: shape, in: -4...4, seed: 1), axis: 1)
    let gradient = operand(type, shape: shape, seed: 2)
    var result = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { softmaxBackward(gradient, y: y, axis: 1, into: &result) },
      error: {
        let expected = Reference.softmaxBackward(gradient, y: y, axis: 1)
        let bound = SoftmaxBounds<Scalar>(shape).softmaxBackward(gradient, y, expected)
        return worstError(result, expected, bound: bound)
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
      error: {
        let expected = Reference.logSoftmaxBackward(gradient, y: y)
        let bound = SoftmaxBounds<Scalar>(shape).logSoftmaxBackward(gradient, y, expected)
        return worstError(result, expected, bound: bound)
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
      error: {
        let expected = Reference.logSumExpBackward(gradient, x: x, y: y)
        let (elements, sums, results) = (doubles(x), doubles(y), doubles(expected))
        return worstError(result, expected) { i in
          (abs(elements[i] - sums[i / shape[1]]) + 7) * unitRoundoff(type) * abs(results[i])
        }
      }
    )
  }
}
