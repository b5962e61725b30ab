import Farro

// Shapes are [batch, channels, spatial].

let batchNormKernels = bothTypes(batchNorms(of: Float.self), batchNorms(of: Double.self))

private func batchNorms<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    // As standardize_columns of NormalizationKernels.swift, the scale and the offset. x is read twice.
    batchNormKernel(of: type, named: "batch_norm", flops: 7, tensors: 2, parameters: 4, prepareTraining(type)),
    batchNormKernel(
      of: type,
      named: "batch_norm_inference",
      flops: 3,
      tensors: 2,
      parameters: 2,
      prepareInference(type)
    ),
    // The difference, the product and two sums; a factor for the gradient, a slope and a shift. Both tensors are read
    // twice, so that out of cache three fifths of the bound is as far as it goes.
    batchNormKernel(of: type, named: "batch_norm_backward", flops: 9, tensors: 3, parameters: 5, prepareBackward(type)),
    // The difference and its factor, the product and two sums; a factor for the gradient.
    batchNormKernel(
      of: type,
      named: "batch_norm_inference_backward",
      flops: 6,
      tensors: 3,
      parameters: 5,
      prepareInferenceBackward(type)
    ),
  ]
}

private func batchNormKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  tensors: Int,
  parameters: Int,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "normalization",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[7, 131, 1], [3, 5, 77], [64, 384, 1], [4096, 768, 1], [16, 64, 3136], [16_384, 1024, 1]],
    inCache: [64, 384, 1],
    outOfCache: [16_384, 1024, 1],
    traffic: .copy,
    flops: { flops * Double($0.reduce(1, *)) },
    bytes: { Double((tensors * $0.reduce(1, *) + parameters * $0[1]) * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

/// What the bounds of CKernels/include/batch_norm.h are made of. Each bound has one more rounding, that of the reference.
private struct Channel<Scalar: KernelScalar> {
  let shape: [Int]
  let statistics: BatchStatistics
  let x: [Double]

  func of(_ i: Int) -> Int { i / shape[2] % shape[1] }

  func z(_ i: Int) -> Double { abs(x[i] - statistics.mean[of(i)]) * statistics.inverseDeviation[of(i)] }

  /// The relative error of the divisor; the elements are 2 apart at most.
  func relative(_ c: Int) -> Double {
    let (u, inverse) = (unitRoundoff(Scalar.self), statistics.inverseDeviation[c])
    let deviation = max(1 / (inverse * inverse) - 1e-5, 1e-12).squareRoot()
    let r = 300 * u * 2 / deviation
    return 300 * u * (1 + r) * (1 + r) + Double(shape[0] * shape[2]) * 0x1p-60
      + 0x1p-50 * abs(statistics.mean[c]) * inverse
  }
}

private func prepareTraining<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let scale = operand(type, shape: [shape[1]], seed: 2)
    let offset = operand(type, shape: [shape[1]], seed: 3)
    var y = operand(type, shape: shape, seed: 4)
    var mean = operand(type, shape: [shape[1]], seed: 5)
    var variance = operand(type, shape: [shape[1]], seed: 6)
    return ProfiledKernel.Prepared(
      run: {
        batchNorm(x, scale: scale, offset: offset, runningMean: &mean, runningVariance: &variance, into: &y)
      },
      error: {
        let (expected, statistics) = Reference.batchNorm(x, scale: scale, offset: offset, epsilon: 1e-5)
        let channel = Channel<Scalar>(shape: shape, statistics: statistics, x: doubles(x))
        let (values, scales, offsets) = (doubles(expected), doubles(scale), doubles(offset))
        return worstError(y, expected) { i in
          let c = channel.of(i)
          return channel.relative(c) * (1 + channel.z(i)) * abs(scales[c])
            + 5 * unitRoundoff(type) * (abs(values[i]) + abs(offsets[c]))
        }
      }
    )
  }
}

private func prepareInference<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let u = unitRoundoff(type)
    let x = operand(type, shape: shape, seed: 1)
    let mean = operand(type, shape: [shape[1]], seed: 2)
    let variance = operand(type, shape: [shape[1]], in: 0.5...2, seed: 3)
    var y = operand(type, shape: shape, seed: 4)
    return ProfiledKernel.Prepared(
      run: { batchNorm(x, mean: mean, variance: variance, into: &y) },
      error: {
        let expected = Reference.batchNorm(x, mean: mean, variance: variance, epsilon: 1e-5)
        let (values, means) = (doubles(expected), doubles(mean))
        return worstError(y, expected) { i in
          // z is y; 1 / sqrt(variance) is at most 1.5.
          9 * u * abs(values[i]) + u * u * abs(means[i / shape[2] % shape[1]]) * 1.5
        }
      }
    )
  }
}

private func prepareBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let channels = shape[1]
    let x = operand(type, shape: shape, seed: 1)
    let gradY = operand(type, shape: shape, seed: 2)
    let scale = operand(type, shape: [channels], seed: 3)
    let statistics = Reference.batchNorm(x, scale: scale, offset: scale, epsilon: 1e-5).statistics
    var gradX = operand(type, shape: shape, seed: 4)
    var gradScale = operand(type, shape: [channels], seed: 5)
    var gradOffset = operand(type, shape: [channels], seed: 6)
    return ProfiledKernel.Prepared(
      run: { batchNormBackward(gradY, x, scale: scale, statistics: statistics, into: &gradX, &gradScale, &gradOffset) },
      error: {
        let expected = Reference.batchNormBackward(gradY, x, scale: scale, statistics: statistics)
        let channel = Channel<Scalar>(shape: shape, statistics: statistics, x: doubles(x))
        let (g, scales, bounds) = (doubles(gradY).map(abs), doubles(scale), BackwardBounds(channel, gradY))
        let b = bounds.b + 8 * unitRoundoff(type)
        let ofX = worstError(gradX, expected.x) { i in
          let c = channel.of(i)
          let all = g[i] + bounds.ofG[c] + channel.z(i) * bounds.ofGZ[c]
          return b * all * statistics.inverseDeviation[c] * abs(scales[c])
        }
        return max(ofX, bounds.worst(ofScale: gradScale, expected.scale, ofOffset: gradOffset, expected.offset))
      }
    )
  }
}

private func prepareInferenceBackward<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let gradY = operand(type, shape: shape, seed: 2)
    let mean = operand(type, shape: [shape[1]], seed: 3)
    let variance = operand(type, shape: [shape[1]], in: 0.5...2, seed: 4)
    let scale = operand(type, shape: [shape[1]], seed: 5)
    var gradX = operand(type, shape: shape, seed: 6)
    var (gradScale, gradOffset) = (scale, scale)
    return ProfiledKernel.Prepared(
      run: {
        batchNormBackward(
          gradY,
          x,
          mean: mean,
          variance: variance,
          scale: scale,
          into: &gradX,
          &gradScale,
          &gradOffset
        )
      },
      error: {
        // The sums are those of training with these statistics.
        let epsilon = Double(1e-5 as Scalar)
        let statistics = BatchStatistics(
          mean: doubles(mean),
          inverseDeviation: doubles(variance).map { 1 / ($0 + epsilon).squareRoot() }
        )
        let expected = Reference.batchNormBackward(gradY, x, scale: scale, statistics: statistics)
        let channel = Channel<Scalar>(shape: shape, statistics: statistics, x: doubles(x))
        let bounds = BackwardBounds(channel, gradY)
        let (g, scales) = (doubles(gradY), doubles(scale))
        let exact = g.indices.map { i in
          Scalar(g[i] * scales[channel.of(i)] * statistics.inverseDeviation[channel.of(i)])
        }
        let ofX = worstError(gradX, Tensor(exact, shape: shape)) { 5 * unitRoundoff(type) * abs(Double(exact[$0])) }
        return max(ofX, bounds.worst(ofScale: gradScale, expected.scale, ofOffset: gradOffset, expected.offset))
      }
    )
  }
}

/// The bounds of sums over a channel, and what they are of: G and P of the header.
private struct BackwardBounds<Scalar: KernelScalar> {
  let b: Double
  private(set) var ofG, ofGZ: [Double]
  private let n: Double

  init(_ channel: Channel<Scalar>, _ gradY: Tensor<Scalar>) {
    n = Double(channel.shape[0] * channel.shape[2])
    b = (271 + n * 0x1p-20) * unitRoundoff(Scalar.self)
    ofG = [Double](repeating: 0, count: channel.shape[1])
    ofGZ = ofG
    for (i, g) in doubles(gradY).enumerated() {
      ofG[channel.of(i)] += abs(g) / n
      ofGZ[channel.of(i)] += abs(g) * (1 + channel.z(i)) / n
    }
  }

  func worst(
    ofScale gradScale: Tensor<Scalar>,
    _ scale: Tensor<Scalar>,
    ofOffset gradOffset: Tensor<Scalar>,
    _ offset: Tensor<Scalar>
  ) -> Double {
    max(
      worstError(gradScale, scale) { 1.01 * b * n * ofGZ[$0] },
      worstError(gradOffset, offset) { b * n * ofG[$0] }
    )
  }
}
