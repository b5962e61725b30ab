import Farro

// Shapes are [rows, columns].

let scalingKernels = bothTypes(scalings(of: Float.self), scalings(of: Double.self))

private func scalings<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    scalingKernel(of: type, named: "scale_columns", flops: 3, tensors: 2, .copy, prepareScaling(type)),
    statisticKernel(of: type, named: "column_ranges", skippingNaN: false, prepareRanges),
    statisticKernel(of: type, named: "column_ranges_skipping_nan", skippingNaN: true, prepareRanges),
    // The mean; the difference, its square and their sum.
    statisticKernel(of: type, named: "column_moments", flops: 4, skippingNaN: false, prepareMoments),
    statisticKernel(of: type, named: "column_moments_skipping_nan", flops: 4, skippingNaN: true, prepareMoments),
    // By selection, of which comparisons are not counted: the median, and what a robust scaling takes.
    statisticKernel(of: type, named: "column_quantiles", skippingNaN: false) {
      prepareQuantiles($0, skippingNaN: $1, [0.5])
    },
    statisticKernel(of: type, named: "column_quartiles", skippingNaN: false) {
      prepareQuantiles($0, skippingNaN: $1, [0.25, 0.5, 0.75])
    },
    statisticKernel(of: type, named: "column_quartiles_skipping_nan", skippingNaN: true) {
      prepareQuantiles($0, skippingNaN: $1, [0.25, 0.5, 0.75])
    },
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
      error: {
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

// MARK: - Statistics (CKernels/include/scaling.h; of moments, normalization.h)

private func statisticKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  flops: Double = 0,
  skippingNaN: Bool,
  _ prepare: @escaping @Sendable (Tensor<Scalar>, _ skippingNaN: Bool) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  scalingKernel(of: type, named: name, flops: flops, tensors: 1, .read) { shape in
    prepare(skippingNaN ? operandWithGaps(type, shape: shape) : operand(type, shape: shape, seed: 1), skippingNaN)
  }
}

@Sendable
private func prepareRanges<Scalar: KernelScalar>(_ x: Tensor<Scalar>, skippingNaN: Bool) -> ProfiledKernel.Prepared {
  ProfiledKernel.Prepared(
    run: { blackHole(columnRanges(x, skippingNaN: skippingNaN)) },
    verify: {
      exactError(
        columnRanges(x, skippingNaN: skippingNaN),
        Reference.columnRanges(x, skippingNaN: skippingNaN)
      )
    }
  )
}

@Sendable
private func prepareQuantiles<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  skippingNaN: Bool,
  _ probabilities: [Double]
) -> ProfiledKernel.Prepared {
  ProfiledKernel.Prepared(
    run: { blackHole(columnQuantiles(x, probabilities, skippingNaN: skippingNaN)) },
    verify: {
      // The elements lie in -1...1.
      let allowed = 0x1p-51 + 0x1p-51 * Double(x.shape[0])
      let quantiles = columnQuantiles(x, probabilities, skippingNaN: skippingNaN)
      return zip(quantiles, probabilities).map { quantiles, probability in
        largestShare(
          quantiles,
          Reference.columnQuantiles(x, probability, skippingNaN: skippingNaN)
        ) { _ in allowed }
      }.max()!
    }
  )
}

@Sendable
private func prepareMoments<Scalar: KernelScalar>(_ x: Tensor<Scalar>, skippingNaN: Bool) -> ProfiledKernel.Prepared {
  ProfiledKernel.Prepared(
    run: { blackHole(columnMoments(x, skippingNaN: skippingNaN)) },
    verify: {
      let moments = columnMoments(x, skippingNaN: skippingNaN)
      let (exact, u) = (Reference.columnMoments(x), unitRoundoff(Scalar.self))
      // The elements are 2 apart at most.
      let ratio = { (v: Double) in 1 + 300 * u * 2 / v }
      return max(
        largestShare(moments.mean, exact.mean) {
          300 * u * exact.deviation[$0] * ratio(exact.deviation[$0]) + 0x1p-49 * abs(exact.mean[$0])
        },
        largestShare(moments.deviation, exact.deviation) { c in
          let v = exact.deviation[c]
          return 300 * u * v * ratio(v) * ratio(v) + Double(x.shape[0]) * 0x1p-60 * v + 0x1p-49 * abs(exact.mean[c])
        }
      )
    }
  )
}

/// As ``worstError(_:_:bound:)``.
private func largestShare(_ actual: [Double], _ expected: [Double], of bound: (_ column: Int) -> Double) -> Double {
  worstError(Tensor(actual, shape: [actual.count]), Tensor(expected, shape: [expected.count]), bound: bound)
}
