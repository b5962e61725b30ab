import Farro

// Shapes are [queries, vectors, columns]. Of each value of the kernel matrix the product's operations are counted, 2 columns, and
// one for each of the four functions; vectors come in two groups.

let supportVectorKernels = bothTypes(sums(of: Float.self), sums(of: Double.self))

private let functions = 4

private func sums<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    ProfiledKernel(
      family: "svm",
      name: "svm_sums",
      dtype: Scalar.dtype,
      shapes: [[7, 19, 5], [130, 1500, 33], [1024, 2048, 50], [65536, 2048, 50], [1 << 19, 512, 64]],
      inCache: [1024, 2048, 50],
      outOfCache: [1 << 19, 512, 64],
      traffic: .read,
      flops: { 2 * Double($0[0]) * Double($0[1]) * Double($0[2] + functions) },
      bytes: { Double($0[0] * $0[2] * MemoryLayout<Scalar>.stride + $0[0] * 2 * functions * 8) },
      prepare: { shape in
        let queries = Tensor<Scalar>(randomNormal: [shape[0], shape[2]], seed: 1)
        let vectors = Tensor<Scalar>(randomNormal: [shape[1], shape[2]], seed: 2)
        let coefficients = Tensor<Double>(randomNormal: [functions, shape[1]], seed: 3)
        let starts = [0, shape[1] / 3, shape[1]]
        let similarity = RowSimilarity(.rbf, gamma: 1 / Double(shape[2]))
        var sums = Tensor<Double>(zeros: [0])
        return ProfiledKernel.Prepared(
          run: {
            sums = similaritySums(
              queries,
              vectors: vectors,
              starts: starts,
              coefficients: coefficients,
              similarity: similarity
            )
          },
          error: {
            let exact = Reference.similaritySums(
              queries,
              vectors: vectors,
              starts: starts,
              coefficients: coefficients,
              similarity: similarity
            )
            // gamma times the squared norms of two rows is about 2, and some times that for the longest.
            let unit = Scalar.dtype == .f32 ? 0x1p-24 : 0x1p-53
            let magnitude = coefficients.scalars.reduce(0) { $0 + abs($1) }
            let bound = Double(shape[2] + 6) * 16 * unit * magnitude
            let worst = (sums - exact).scalars.reduce(0) { max($0, abs($1)) } / bound
            return worst.isNaN ? .infinity : worst
          }
        )
      }
    )
  ]
}
