import Farro

let linearAlgebraKernels =
  bothTypes([symmetricProductKernel(of: Float.self)], [symmetricProductKernel(of: Double.self)])
  + bothTypes([triangularSolveKernel(of: Float.self)], [triangularSolveKernel(of: Double.self)])
  + bothTypes([choleskyKernel(of: Float.self)], [choleskyKernel(of: Double.self)])

/// Shapes are [n, k]: a product of (n, n) with sums over k.
private func symmetricProductKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "linear_algebra",
    name: "symmetric_product",
    dtype: Scalar.dtype,
    shapes: [[37, 19], [256, 256], [1024, 1024], [2048, 2048], [64, 100_000]],
    inCache: [256, 256],
    outOfCache: [2048, 2048],
    traffic: .copy,
    // Of one triangle, with its diagonal.
    flops: { Double($0[0] * ($0[0] + 1) * $0[1]) },
    bytes: { Double(($0[0] * $0[1] + $0[0] * $0[0]) * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let a = operand(type, shape: [shape[1], shape[0]], seed: 1)
      var c = operand(type, shape: [shape[0], shape[0]], seed: 2)
      return ProfiledKernel.Prepared(
        run: { symmetricProduct(a, into: &c) },
        error: {
          let bounds = Reference.symmetricProduct(magnitudes(of: a))
          return bounds.withUnsafeBufferPointer { bounds in
            worstError(c, Reference.symmetricProduct(a)) {
              Double(shape[1] + 4) * unitRoundoff(type) * Double(bounds[$0])
            }
          }
        }
      )
    }
  )
}

/// Shapes are [n, m]: a triangle of (n, n) and m right-hand sides.
private func triangularSolveKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "linear_algebra",
    name: "triangular_solve",
    dtype: Scalar.dtype,
    shapes: [[37, 19], [256, 256], [1024, 1024], [2048, 2048], [2048, 1]],
    inCache: [256, 256],
    outOfCache: [2048, 2048],
    traffic: .copy,
    flops: { Double($0[0] * $0[0] * $0[1]) },
    bytes: { Double(($0[0] * $0[0] / 2 + 2 * $0[0] * $0[1]) * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let t = lowerTriangle(type, shape[0])
      let b = operand(type, shape: shape, seed: 2)
      var x = b
      return ProfiledKernel.Prepared(
        run: { try! solveTriangular(t, b, into: &x) },  // The diagonal has no 0.
        verify: {
          try! solveTriangular(t, b, into: &x)
          let bounds = Reference.matmul(magnitudes(of: t), magnitudes(of: x))
          return bounds.withUnsafeBufferPointer { bounds in
            worstError(Reference.matmul(t, x), b) { Double(shape[0] + 2) * unitRoundoff(type) * Double(bounds[$0]) }
          }
        }
      )
    }
  )
}

/// Shapes are [n].
private func choleskyKernel<Scalar: KernelScalar>(of type: Scalar.Type) -> ProfiledKernel {
  ProfiledKernel(
    family: "linear_algebra",
    name: "cholesky",
    dtype: Scalar.dtype,
    shapes: [[37], [256], [1024], [2048]],
    inCache: [256],
    outOfCache: [2048],
    traffic: .copy,
    flops: { shape in
      let n = Double(shape[0])
      return n * n * n / 3
    },
    bytes: { Double(2 * $0[0] * $0[0] * MemoryLayout<Scalar>.stride) },
    prepare: { shape in
      let n = shape[0]
      let a = lowerTriangle(type, n)
      var factor = a
      return ProfiledKernel.Prepared(
        run: { try! cholesky(a, into: &factor) },  // The diagonal outweighs the rest.
        verify: {
          try! cholesky(a, into: &factor)
          let product = Reference.matmul(factor, factor, transposeB: true)
          let sizes = magnitudes(of: factor)
          let bounds = Reference.matmul(sizes, sizes, transposeB: true)
          return bounds.withUnsafeBufferPointer { bounds in
            a.withUnsafeBufferPointer { a in
              product.withUnsafeBufferPointer { product in
                var worst = 0.0
                for i in 0..<n {
                  for j in 0...i {
                    let error = abs(Double(product[i * n + j]) - Double(a[i * n + j]))
                    let ratio = error / (Double(n + 2) * unitRoundoff(type) * Double(bounds[i * n + j]))
                    worst = ratio.isNaN ? .infinity : max(worst, ratio)
                  }
                }
                return worst
              }
            }
          }
        }
      )
    }
  )
}

/// A lower triangle whose systems are well conditioned, and which is one of a positive definite matrix.
private func lowerTriangle<Scalar: KernelScalar>(_ type: Scalar.Type, _ n: Int) -> Tensor<Scalar> {
  var t = operand(type, shape: [n, n], seed: 1)
  t.withUnsafeMutableBufferPointer { t in
    for i in 0..<n {
      t[i * n + i] += Scalar(n)
      for j in (i + 1)..<max(i + 1, n) { t[i * n + j] = 0 }
    }
  }
  return t
}
