import Farro

// Shapes are [rows, columns], of four classes. Of each element a difference, a sum, a square and the sum of those count.

let classKernels = bothTypes(moments(of: Float.self), moments(of: Double.self))

private let classCount = 4

private func moments<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    ProfiledKernel(
      family: "bayes",
      name: "class_moments",
      dtype: Scalar.dtype,
      arithmetic: .f64,
      shapes: [[131, 7], [515, 37], [1024, 100], [1 << 19, 64], [1 << 22, 9]],
      inCache: [1024, 100],
      outOfCache: [1 << 19, 64],
      traffic: .read,
      flops: { 4 * Double($0[0]) * Double($0[1]) },
      bytes: {
        Double($0[0] * ($0[1] * MemoryLayout<Scalar>.stride + MemoryLayout<Int32>.stride) + classCount * $0[1] * 16)
      },
      prepare: { shape in
        let x = Tensor<Scalar>(randomNormal: shape, seed: 1)
        let classes = (0..<shape[0]).map { Int32(truncatingIfNeeded: ($0 ^ $0 >> 3) % classCount) }
        var (mean, variance) = (Tensor<Double>(zeros: [0]), Tensor<Double>(zeros: [0]))
        return ProfiledKernel.Prepared(
          run: { (mean, variance, _) = classMoments(x, classes: classes, classCount: classCount, weights: nil) },
          error: {
            let exact = Reference.classMoments(x, classes: classes, classCount: classCount, weights: nil)
            let (part, variances) = (Double(shape[0]) * 0x1p-52, exact.variance.scalars)
            // The mean of 16 rows is a quarter of the deviation from that of all, and seldom more than all of it.
            return max(
              worstError(mean, exact.mean) { 2 * part * variances[$0].squareRoot() },
              worstError(variance, exact.variance) { 2 * part * variances[$0] }
            )
          }
        )
      }
    )
  ]
}
