import Farro
import TestSupport
import Testing

/// The shapes that `numpy.matmul` takes, against a product that finds each element by its index.
@Suite struct MatmulShapeTests {
  static let shapes: [([Int], [Int], [Int])] = [
    // Vectors.
    ([3], [3], []), ([0], [0], []), ([3], [3, 4], [4]), ([2, 3], [3], [2]), ([3], [5, 3, 4], [5, 4]),
    ([5, 2, 3], [3], [5, 2]), ([4, 1, 2, 3], [3], [4, 1, 2]), ([1], [1, 1], [1]),
    // One matrix for a whole batch, on either side.
    ([7, 2, 3], [3, 4], [7, 2, 4]), ([7, 3, 3], [3, 4], [7, 3, 4]), ([2, 3], [7, 3, 4], [7, 2, 4]),
    ([1, 2, 3], [7, 3, 4], [7, 2, 4]),
    ([6, 7, 2, 3], [1, 1, 3, 4], [6, 7, 2, 4]), ([2, 3], [1, 1, 3, 4], [1, 1, 2, 4]),
    // The same batch, and parts of it that are repeated: leading, trailing, in turn and in between.
    ([6, 7, 2, 3], [6, 7, 3, 4], [6, 7, 2, 4]), ([7, 2, 3], [6, 7, 3, 4], [6, 7, 2, 4]),
    ([6, 7, 2, 3], [7, 3, 4], [6, 7, 2, 4]), ([6, 7, 2, 3], [6, 1, 3, 4], [6, 7, 2, 4]),
    ([6, 1, 2, 3], [6, 7, 3, 4], [6, 7, 2, 4]), ([5, 1, 2, 3], [3, 3, 4], [5, 3, 2, 4]),
    ([1, 5, 2, 3], [3, 1, 3, 4], [3, 5, 2, 4]), ([2, 1, 3, 1, 2, 3], [2, 1, 4, 3, 4], [2, 2, 3, 4, 2, 4]),
    ([2, 3, 1, 5, 2, 3], [2, 1, 4, 1, 3, 4], [2, 3, 4, 5, 2, 4]),
    // Axes without length.
    ([0, 3], [3, 4], [0, 4]), ([2, 0], [0, 4], [2, 4]), ([2, 3], [3, 0], [2, 0]), ([0, 2, 3], [3, 4], [0, 2, 4]),
    ([5, 0, 2, 3], [1, 3, 4], [5, 0, 2, 4]), ([5, 1, 2, 3], [0, 3, 4], [5, 0, 2, 4]), ([0], [0, 4], [4]),
    ([3, 2, 0], [3, 0, 4], [3, 2, 4]), ([5, 1, 2, 0], [3, 0, 4], [5, 3, 2, 4]), ([2, 0], [0], [2]),
  ]

  @Test(arguments: shapes)
  func `products have the shapes and elements of numpy's`(a: [Int], b: [Int], c: [Int]) {
    check(a, b, c, Float.self)
    check(a, b, c, Double.self)
  }

  private func check<Scalar: KernelScalar>(_ a: [Int], _ b: [Int], _ c: [Int], _: Scalar.Type) {
    let x = Tensor<Scalar>(randomUniform: a, in: -1..<1, seed: 1)
    let y = Tensor<Scalar>(randomUniform: b, in: -1..<1, seed: 2)
    let expected = productByIndex(x, y, shape: c)
    let old = Tensor<Scalar>(randomUniform: c, in: -1..<1, seed: 3)
    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
      if (transposeA && a.count == 1) || (transposeB && b.count == 1) { continue }
      let (x, y) = (transposeA ? x.transposed() : x, transposeB ? y.transposed() : y)
      let product = matmul(x, y, transposeA: transposeA, transposeB: transposeB)
      #expect(product.shape == c, "\(a) \(b)")
      #expect(error(product, expected) <= 1, "\(a) \(b) \(transposeA) \(transposeB)")
      var into = old
      matmul(x, y, transposeA: transposeA, transposeB: transposeB, alpha: 2, beta: -1, into: &into)
      #expect(error(into, expected * 2 - old) <= 2, "\(a) \(b) \(transposeA) \(transposeB)")
      var overwritten = Tensor<Scalar>(repeating: .nan, shape: c)
      matmul(x, y, transposeA: transposeA, transposeB: transposeB, into: &overwritten)
      #expect(overwritten == product, "\(a) \(b)")
    }
  }

  @Test(arguments: shapes)
  func `epilogues see the columns and rows of every product`(a: [Int], b: [Int], c: [Int]) {
    let x = Tensor<Double>(randomUniform: a, in: -1..<1, seed: 1)
    let y = Tensor<Double>(randomUniform: b, in: -1..<1, seed: 2)
    let columns = Array(c.suffix(1))
    let bias = Tensor<Double>(randomUniform: columns, in: -1..<1, seed: 3)
    let scale = Tensor<Double>(randomUniform: columns, in: -1..<1, seed: 4)
    let residual = Tensor<Double>(randomUniform: c, in: -1..<1, seed: 5)
    let expected = relu(productByIndex(x, y, shape: c) * scale + bias) + residual
    let epilogue = Epilogue(bias: bias, activation: .relu, residual: residual, scale: scale)
    #expect(error(matmul(x, y, epilogue: epilogue), expected) <= 1, "\(a) \(b)")
    var into = Tensor<Double>(repeating: .nan, shape: c)
    matmul(x, y, epilogue: epilogue, into: &into)
    #expect(error(into, expected) <= 1, "\(a) \(b)")
  }

  @Test func `a long batch with one right side is multiplied as it is without batch`() {
    let a = Tensor<Float>(randomUniform: [9, 5, 17], seed: 1)
    let b = Tensor<Float>(randomUniform: [17, 33], seed: 2)
    #expect(matmul(a, b) == matmul(a.reshaped(45, 17), b).reshaped(9, 5, 33))
  }

  @Test(arguments: [
    ([], [3], "must both have an axis"), ([3], [], "must both have an axis"), ([3], [4], "[3] and [4] cannot be"),
    ([2, 3], [4], "[2, 3] and [4] cannot be"), ([4], [3, 4], "[4] and [3, 4] cannot be"),
    ([2, 2, 3], [3, 3, 4], "[2, 2, 3] and [3, 3, 4] cannot be"),
    ([0, 2, 3], [3, 3, 4], "[0, 2, 3] and [3, 3, 4] cannot be"),
  ])
  func `shapes that numpy refuses stop with both`(a: [Int], b: [Int], text: String) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [a, b] in
      _ = matmul(Tensor<Float>(zeros: a), Tensor<Float>(zeros: b))
    }
    #expect(result.map { message($0, has: text) } ?? false)
  }

  @Test func `a vector cannot be transposed`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = matmul(Tensor<Float>(zeros: [3]), Tensor<Float>(zeros: [3, 2]), transposeA: true)
    }
    #expect(result.map { message($0, has: "a vector has no two axes to exchange: [3] transposed and [3, 2]") } ?? false)
  }
}

/// The product by its definition: each element of the result by its index, in `Double`.
func productByIndex<Scalar: KernelScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>, shape: [Int]) -> Tensor<Scalar> {
  let x = a.rank == 1 ? a.expandingDimensions(at: 0) : a
  let y = b.rank == 1 ? b.expandingDimensions(at: 1) : b
  let k = x.shape[x.rank - 1]
  let full = shape + (a.rank == 1 && b.rank == 1 ? [1, 1] : [])
  let elements = indices(of: full).map { index -> Scalar in
    // The index with an axis for each vector, whose length is 1.
    var index = index
    if a.rank == 1 && b.rank > 1 { index.insert(0, at: index.count - 1) }
    if b.rank == 1 && a.rank > 1 { index.append(0) }
    let (batch, i, j) = (Array(index.dropLast(2)), index[index.count - 2], index[index.count - 1])
    return Scalar((0..<k).reduce(0.0) { $0 + element(x, batch, i, $1) * element(y, batch, $1, j) })
  }
  return Tensor(elements, shape: shape)
}

/// An element of a matrix of a batch, where axes that are missing or of length 1 are repeated.
private func element<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ batch: [Int], _ i: Int, _ j: Int) -> Double {
  let own = zip(batch.suffix(x.rank - 2), x.shape).map { $1 == 1 ? 0 : $0 }
  return Double(x.scalars[zip(own + [i, j], x.shape).reduce(0) { $0 * $1.1 + $1.0 }])
}

/// All indices of a shape in row-major order.
func indices(of shape: [Int]) -> [[Int]] {
  shape.reduce([[]]) { indices, length in indices.flatMap { index in (0..<length).map { index + [$0] } } }
}

/// The worst error against what a few products of numbers below 1 can lose: 16 roundings.
func error<Scalar: KernelScalar>(_ actual: Tensor<Scalar>, _ expected: Tensor<Scalar>) -> Double {
  if actual.shape != expected.shape { return .infinity }
  return worstError(actual.scalars, expected.scalars) { _ in 16 * Double(Scalar.ulpOfOne) }
}
