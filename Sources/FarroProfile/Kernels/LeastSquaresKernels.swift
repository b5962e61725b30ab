import Farro

// Shapes are [rows, columns]. Of the products one triangle counts, with the column of ones that sums are taken by. They are of
// doubles for both element types, as discriminants and components take them.

let leastSquaresKernels = bothTypes(products(of: Float.self), products(of: Double.self))

private func products<Scalar: KernelScalar>(of type: Scalar.Type) -> [ProfiledKernel] {
  [
    ProfiledKernel(
      family: "least_squares",
      name: "cross_products",
      dtype: Scalar.dtype,
      arithmetic: .f64,
      shapes: [[131, 7], [515, 37], [1024, 100], [1 << 19, 64], [1 << 17, 256]],
      inCache: [1024, 100],
      outOfCache: [1 << 19, 64],
      traffic: .read,
      flops: { Double($0[0]) * Double($0[1] + 1) * Double($0[1] + 2) },
      bytes: {
        Double($0[0] * ($0[1] * MemoryLayout<Scalar>.stride + MemoryLayout<Int32>.stride) + $0[1] * $0[1] * 8)
      },
      prepare: { shape in
        let (rows, columns) = (shape[0], shape[1])
        let x = Tensor<Scalar>(randomNormal: shape, seed: 1)
        let groups = (0..<rows).map { Int32($0 % 2) }
        let centers = (0..<2 * columns).map { Double($0 % 5) / 8 }
        var products = Tensor<Double>(zeros: [0])
        return ProfiledKernel.Prepared(
          run: { products = centeredProducts(x, weights: nil, groups: groups, centers: centers) },
          error: {
            let exact = Reference.centeredProducts(x, weights: nil, groups: groups, centers: centers)
            // Cauchy and Schwarz: the sum of the products' sizes.
            let roots = (0..<columns).map { exact[$0, $0].squareRoot() }
            let part = 256 * 0x1p-53 + Double(rows) * 0x1p-60
            return worstError(products, exact) { part * roots[$0 / columns] * roots[$0 % columns] }
          }
        )
      }
    )
  ]
}
