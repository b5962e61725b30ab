import Farro

// Shapes are [rows]. Scores are normal deviates, nearly all different; a third of the rows are positive. Scores are read
// twice, and keys dealt out, sorted and read; what is counted is one reading of scores and classes.

let rankingKernels = bothTypes(ranking(of: Float.self), ranking(of: Double.self))

private func ranking<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    rankingKernel(
      of: type,
      named: "roc_area",
      run: { rocArea($0, positive: $1).value },
      exact: { (Reference.ranking($0, positive: $1).area, 2 * 0x1p-53) }
    ),
    rankingKernel(
      of: type,
      named: "average_precision",
      run: { averagePrecisionOfScores($0, positive: $1).value },
      exact: { (Reference.ranking($0, positive: $1).averagePrecision, 2 * Double($0.count) * 0x1p-53) }
    ),
  ]
}

private func rankingKernel<Scalar: KernelScalar>(
  of type: Scalar.Type,
  named name: String,
  run: @escaping @Sendable (Tensor<Scalar>, Tensor<UInt8>) -> Double,
  exact: @escaping @Sendable (Tensor<Scalar>, Tensor<UInt8>) -> (value: Double, bound: Double)
) -> ProfiledKernel {
  ProfiledKernel(
    family: "ranking",
    name: name,
    dtype: Scalar.dtype,
    shapes: [[131], [70_001], [1 << 15], [10_000_000], [1 << 25]],
    inCache: [1 << 15],
    outOfCache: [1 << 25],
    traffic: .read,
    flops: { _ in 0 },
    bytes: { Double($0[0] * (MemoryLayout<Scalar>.stride + 1)) },
    prepare: { shape in
      let scores = Tensor<Scalar>(randomNormal: shape, seed: 1)
      let positive = Tensor<UInt8>((0..<shape[0]).map { $0 % 3 == 0 ? 1 : 0 })
      var value = Double.nan
      return ProfiledKernel.Prepared(
        run: { value = run(scores, positive) },
        error: {
          let (exact, bound) = exact(scores, positive)
          let error = abs(value - exact) / (bound * exact)
          return error.isNaN ? .infinity : error
        }
      )
    }
  )
}
