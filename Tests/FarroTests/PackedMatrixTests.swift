import Farro
import Synchronization
import Testing

@Suite struct PackedMatrixTests {
  static let sizes = [(1, 1, 1), (1, 40, 33), (5, 3, 8), (37, 65, 130), (3, 0, 4), (3, 4, 0), (0, 3, 4)]

  @Test(arguments: sizes)
  func `products with a packed matrix are those with the matrix`(m: Int, n: Int, k: Int) {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        check(m, n, k, Float.self)
        check(m, n, k, Double.self)
      }
    }
  }

  private func check<Scalar: KernelScalar>(_ m: Int, _ n: Int, _ k: Int, _: Scalar.Type) {
    let a = Tensor<Scalar>(randomUniform: [m, k], in: -1..<1, seed: 1)
    let b = Tensor<Scalar>(randomUniform: [k, n], in: -1..<1, seed: 2)
    let epilogue = Epilogue(bias: Tensor<Scalar>(randomUniform: [n], seed: 3), activation: .relu)
    let tolerance = Double(k + 4) * Double(Scalar.ulpOfOne) * Double(k + 1)
    let near = { (x: Tensor<Scalar>, y: Tensor<Scalar>) in
      x.shape == y.shape && zip(x.scalars, y.scalars).allSatisfy { abs(Double($0) - Double($1)) <= tolerance }
    }
    for (stored, isTransposed) in [(b, false), (b.transposed(), true)] {
      let packed = PackedMatrix(stored, transposed: isTransposed)
      #expect(packed.shape == [k, n])
      #expect(packed.bytes >= k * n * MemoryLayout<Scalar>.stride)
      #expect(near(matmul(a, packed), matmul(a, b)))
      #expect(near(matmul(a.transposed(), packed, transposeA: true), matmul(a, b)))
      #expect(near(matmul(a, packed, epilogue: epilogue), matmul(a, b, epilogue: epilogue)))
      var c = Tensor<Scalar>(ones: [m, n])
      matmul(a, packed, alpha: 2, beta: -1, into: &c)
      #expect(near(c, matmul(a, b) * 2 - 1))
      if m > 0 { #expect(near(matmul(a[row: 0], packed), matmul(a[row: 0], b))) }
    }
  }

  @Test func `a batch multiplies with one packed matrix`() {
    let a = Tensor<Float>(randomUniform: [3, 4, 5, 6], seed: 1)
    let b = Tensor<Float>(randomUniform: [6, 7], seed: 2)
    let packed = PackedMatrix(b)
    let c = matmul(a, packed)
    #expect(c.shape == [3, 4, 5, 7])
    #expect(error(c, matmul(a, b)) <= 1)
    #expect(error(matmul(a.transposed(), packed, transposeA: true), matmul(a, b)) <= 1)
  }

  @Test func `many tasks use one packed matrix at once`() async {
    let b = PackedMatrix(Tensor<Float>(randomUniform: [67, 45], seed: 1))
    let inputs = (0..<16).map { Tensor<Float>(randomUniform: [20 + $0, 67], seed: UInt64($0)) }
    let expected = inputs.map { matmul($0, b) }
    await withTaskGroup(of: Bool.self) { group in
      for (input, expected) in zip(inputs, expected) {
        group.addTask { (0..<50).allSatisfy { _ in matmul(input, b) == expected } }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  @Test func `a packed matrix lives as long as somebody holds it`() {
    var b: PackedMatrix<Double>? = PackedMatrix([[2, 0], [0, 3]])
    let copy = b!
    b = nil
    #expect(matmul([[1, 1]], copy) == [[2, 3]])
  }

  @Test func `shapes that do not fit a packed matrix stop with both`() async {
    let vector = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = PackedMatrix(Tensor<Float>(zeros: [3]))
    }
    #expect(vector.map { message($0, has: "[3] is not the shape of a matrix") } ?? false)
    let product = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = matmul(Tensor<Float>(zeros: [2, 3]), PackedMatrix(Tensor<Float>(zeros: [4, 2])))
    }
    #expect(product.map { message($0, has: "[2, 3] and [4, 2] cannot be multiplied") } ?? false)
    let into = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var c = Tensor<Float>(zeros: [2, 3])
      matmul(Tensor<Float>(zeros: [2, 3]), PackedMatrix(Tensor<Float>(zeros: [3, 2])), into: &c)
    }
    #expect(into.map { message($0, has: "has the shape [2, 2], not [2, 3]") } ?? false)
  }
}

@Suite struct UnsafeTileTests {
  @Test(arguments: [(1, 1, 1), (14, 32, 5), (15, 33, 7), (131, 70, 65), (0, 3, 2), (3, 0, 2), (2, 3, 0)])
  func `each element of a product is in one tile`(m: Int, n: Int, k: Int) {
    let a = Tensor<Float>(randomUniform: [k, m], in: -1..<1, seed: 1)
    let b = Tensor<Float>(randomUniform: [n, k], in: -1..<1, seed: 2)
    let bias = Tensor<Float>(randomUniform: [n], seed: 3)
    let seen = Mutex([Float](repeating: 0, count: m * n))
    let visits = Mutex([Int](repeating: 0, count: m * n))
    withUnsafeTiles(of: a, b, transposeA: true, transposeB: true, epilogue: Epilogue(bias: bias)) { tile in
      for i in 0..<tile.rows {
        for (j, element) in tile[i].enumerated() {
          let at = (tile.row + i) * n + tile.column + j
          seen.withLock { $0[at] = element }
          visits.withLock { $0[at] += 1 }
        }
      }
    }
    #expect(visits.withLock { $0.allSatisfy { $0 == 1 } })
    let expected = matmul(a, b, transposeA: true, transposeB: true, epilogue: Epilogue(bias: bias))
    #expect(seen.withLock { $0 } == expected.scalars)
  }
}
