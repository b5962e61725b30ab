import Farro

// Batch norm: shapes are [batch, channels, spatial]. Scaling of data: [rows, columns].

let columnKernels = bothTypes(
  batchNorms(of: Float.self) + scalings(of: Float.self),
  batchNorms(of: Double.self) + scalings(of: Double.self)
)

private typealias Prepare = @Sendable (_ shape: [Int]) -> ProfiledKernel.Prepared

// MARK: - Batch norm

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
      verify: {
        batchNorm(x, scale: scale, offset: offset, runningMean: &mean, runningVariance: &variance, into: &y)
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
      verify: {
        batchNorm(x, mean: mean, variance: variance, into: &y)
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
      verify: {
        batchNormBackward(gradY, x, scale: scale, statistics: statistics, into: &gradX, &gradScale, &gradOffset)
        let expected = Reference.batchNormBackward(gradY, x, scale: scale, statistics: statistics)
        let channel = Channel<Scalar>(shape: shape, statistics: statistics, x: doubles(x))
        let (g, scales, n) = (doubles(gradY).map(abs), doubles(scale), Double(shape[0] * shape[2]))
        let b = (270 + n * 0x1p-20 + 9) * unitRoundoff(type)
        var (ofG, ofGZ) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
        for i in g.indices {
          ofG[channel.of(i)] += g[i] / n
          ofGZ[channel.of(i)] += g[i] * (1 + channel.z(i)) / n
        }
        let ofX = worstError(gradX, expected.x) { i in
          let c = channel.of(i)
          return b * (g[i] + ofG[c] + channel.z(i) * ofGZ[c]) * statistics.inverseDeviation[c] * abs(scales[c])
        }
        let ofScale = worstError(gradScale, expected.scale) { b * n * ofGZ[$0] }
        let ofOffset = worstError(gradOffset, expected.offset) { b * n * ofG[$0] }
        return max(ofX, ofScale, ofOffset)
      }
    )
  }
}

// MARK: - Scaling of data

private func scalings<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    scalingKernel(of: type, named: "scale_columns", flops: 3, tensors: 2, .copy, prepareScaling(type)),
    scalingKernel(of: type, named: "column_ranges", flops: 0, tensors: 1, .read, prepareRanges(type)),
    // The median by selection, of which comparisons are not counted.
    scalingKernel(of: type, named: "column_quantiles", flops: 0, tensors: 1, .read, prepareQuantiles(type)),
  ]
}

private func scalingKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  tensors: Int,
  _ traffic: Traffic,
  _ prepare: @escaping Prepare
) -> ProfiledKernel {
  let outOfCache = [tensors == 2 ? 16_384 : 32_768, 1024]
  return ProfiledKernel(
    family: "normalization",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[7, 131], [64, 384], [4096, 768], outOfCache],
    inCache: [64, 384],
    outOfCache: outOfCache,
    traffic: traffic,
    flops: { flops * Double($0[0] * $0[1]) },
    bytes: { Double(tensors * $0[0] * $0[1] * MemoryLayout<Scalar>.stride + 16 * $0[1]) },
    prepare: prepare
  )
}

private func prepareScaling<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let u = unitRoundoff(type)
    let x = operand(type, shape: shape, seed: 1)
    let scaling = ColumnScaling(Reference.columnRanges(x), to: -1...2)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { scaleColumns(x, by: scaling, into: &y) },
      verify: {
        scaleColumns(x, by: scaling, into: &y)
        let expected = Reference.scaleColumns(x, by: scaling)
        let values = doubles(expected)
        return worstError(y, expected) { i in
          let (c, factor) = (i % shape[1], abs(scaling.factor[i % shape[1]]))
          return u * (4 * (abs(values[i] + 1) + 1) + abs(values[i]) + u * abs(scaling.center[c]) * factor)
        }
      }
    )
  }
}

private func prepareRanges<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    return ProfiledKernel.Prepared(
      run: { _ = columnRanges(x) },
      verify: { exactError(columnRanges(x), Reference.columnRanges(x)) }
    )
  }
}

private func prepareQuantiles<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    return ProfiledKernel.Prepared(
      run: { _ = columnQuantiles(x, [0.5]) },
      verify: {
        // The elements lie in -1...1.
        let allowed = 0x1p-51 + 0x1p-51 * Double(shape[0])
        return zip(columnQuantiles(x, [0.5])[0], Reference.columnQuantiles(x, 0.5)).reduce(0) {
          max($0, abs($1.0 - $1.1) / allowed)
        }
      }
    )
  }
}

private func doubles<Scalar: KernelScalar>(_ tensor: Tensor<Scalar>) -> [Double] { tensor.scalars.map { Double($0) } }
