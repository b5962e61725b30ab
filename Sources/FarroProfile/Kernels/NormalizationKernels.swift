import Farro

// Shapes are [rows, columns].

let normalizationKernels = bothTypes(normalization(of: Float.self), normalization(of: Double.self))

/// The operations of an element: those of its definition, with each sum as one addition.
private func normalization<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    // The mean; the difference, its square and their sum; the division, the scale and the offset.
    normalizationKernel(of: type, named: "layer_norm", flops: 7, parameters: 2, prepare: prepareLayerNorm(type)),
    // The square and the sum; the division and the scale.
    normalizationKernel(of: type, named: "rms_norm", flops: 4, parameters: 1, prepare: prepareRMSNorm(type)),
    // The mean; the difference, its square and their sum; the division. A column is known only when all of x has been
    // read, so that out of cache x is read twice, and two thirds of the bound is as far as it goes.
    normalizationKernel(
      of: type,
      named: "standardize_columns",
      flops: 5,
      parameters: 0,
      prepare: prepareStandardizeColumns(type)
    ),
  ]
}

private func normalizationKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double,
  parameters: Int,
  prepare: @escaping Prepare
) -> ProfiledKernel {
  ProfiledKernel(
    family: "normalization",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[7, 131], [32, 1024], [512, 768], [128, 8192], [16_384, 1024], [512, 50_257]],
    inCache: [32, 1024],
    outOfCache: [16_384, 1024],
    traffic: .copy,
    flops: { flops * Double($0[0] * $0[1]) },
    bytes: { Double((2 * $0[0] * $0[1] + parameters * $0[1]) * MemoryLayout<Scalar>.stride) },
    prepare: prepare
  )
}

// MARK: - The kernels, their references and their bounds (CKernels/include/normalization.h)
// Each bound has one more rounding, that of the reference.

private func prepareLayerNorm<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let (columns, u) = (shape[1], unitRoundoff(type))
    let x = operand(type, shape: shape, seed: 1)
    let scale = operand(type, shape: [columns], seed: 2)
    let offset = operand(type, shape: [columns], seed: 3)
    var y = operand(type, shape: shape, seed: 4)
    return ProfiledKernel.Prepared(
      run: { layerNorm(x, scale: scale, offset: offset, into: &y) },
      error: {
        let expected = Reference.layerNorm(x, scale: scale, offset: offset, epsilon: 1e-5)
        let rows = rows(of: x)
        let moments = rows.map(Moments.init)
        let (scales, offsets) = (doubles(scale), doubles(offset))
        let values = doubles(expected)
        return worstError(y, expected) { i in
          let (row, column) = (i / columns, i % columns)
          let (mean, deviation) = (moments[row].mean, moments[row].deviation)
          let (r, z) = (normChain(columns, type) * u * abs(mean) / deviation, abs(rows[row][column] - mean) / deviation)
          return (normChain(columns, type) + 8) * u * (1 + r) * (1 + r) * (1 + z) * abs(scales[column])
            + 3 * u * (abs(values[i]) + abs(offsets[column]))
        }
      }
    )
  }
}

private func prepareRMSNorm<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let x = operand(type, shape: shape, seed: 1)
    let scale = operand(type, shape: [shape[1]], seed: 2)
    var y = operand(type, shape: shape, seed: 3)
    return ProfiledKernel.Prepared(
      run: { rmsNorm(x, scale: scale, into: &y) },
      error: {
        let expected = Reference.rmsNorm(x, scale: scale, epsilon: 1e-5)
        let values = doubles(expected)
        return worstError(y, expected) { (normChain(shape[1], type) / 2 + 7) * unitRoundoff(type) * abs(values[$0]) }
      }
    )
  }
}

private func prepareStandardizeColumns<Scalar: KernelScalar>(_ type: Scalar.Type) -> Prepare {
  { shape in
    let u = unitRoundoff(type)
    let x = operand(type, shape: shape, seed: 1)
    var y = operand(type, shape: shape, seed: 2)
    return ProfiledKernel.Prepared(
      run: { standardizeColumns(x, into: &y) },
      error: {
        let (moments, expected) = Reference.standardizeColumns(x)
        let values = doubles(expected)
        // The error of the mean, that of the deviation, and those of the two operations; the elements are 2 apart at most.
        return worstError(y, expected) { i in
          let (mean, deviation) = (moments.mean[i % shape[1]], moments.deviation[i % shape[1]])
          let (r, offset) = (300 * u * 2 / deviation, abs(mean) / deviation)
          let ofDeviation = 300 * u * (1 + r) * (1 + r) + Double(shape[0]) * 0x1p-60 + 0x1p-50 * offset
          return 300 * u * (1 + r) + 0x1p-50 * offset + abs(values[i]) * (ofDeviation + 7 * u) + 6 * u * u * offset
        }
      }
    )
  }
}

private func rows<Scalar: KernelScalar>(of x: Tensor<Scalar>) -> [[Double]] {
  let elements = doubles(x)
  return stride(from: 0, to: x.count, by: x.shape[1]).map { start in
    Array(elements[start..<(start + x.shape[1])])
  }
}

private struct Moments {
  let mean, deviation: Double

  init(_ x: [Double]) {
    let mean = x.reduce(0, +) / Double(x.count)
    self.mean = mean
    deviation = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)).squareRoot()
  }
}
