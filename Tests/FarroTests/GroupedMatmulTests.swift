import Farro
import Testing

@Suite struct GroupedMatmulTests {
  private func pairs<Scalar: KernelScalar>(_: Scalar.Type) -> [(a: Tensor<Scalar>, b: Tensor<Scalar>)] {
    let shapes: [([Int], [Int])] = [
      ([3, 4], [4, 5]), ([1, 1], [1, 1]), ([0, 2], [2, 3]), ([61, 67], [67, 71]), ([2, 0], [0, 2]),
      ([4, 2, 3], [3, 5]),
      ([5, 1, 2, 3], [3, 3, 4]), ([7], [7, 2]), ([6, 7], [7]),
    ]
    return shapes.enumerated().map { i, shapes in
      let a = Tensor<Scalar>(randomUniform: shapes.0, in: -1..<1, seed: UInt64(2 * i))
      return (a, Tensor<Scalar>(randomUniform: shapes.1, in: -1..<1, seed: UInt64(2 * i + 1)))
    }
  }

  @Test func `each product has the bits that it has alone`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        check(pairs(Float.self))
        check(pairs(Double.self))
      }
    }
  }

  private func check<Scalar: KernelScalar>(_ pairs: [(a: Tensor<Scalar>, b: Tensor<Scalar>)]) {
    let products = groupedMatmul(pairs)
    #expect(products == pairs.map { matmul($0.a, $0.b) })
    var results = products.map { Tensor<Scalar>(repeating: 3, shape: $0.shape) }
    groupedMatmul(pairs, alpha: 2, beta: -1, into: &results)
    for (i, pair) in pairs.enumerated() {
      var expected = Tensor<Scalar>(repeating: 3, shape: products[i].shape)
      matmul(pair.a, pair.b, alpha: 2, beta: -1, into: &expected)
      #expect(results[i] == expected, "\(pair.a.shape) \(pair.b.shape)")
    }
    let squares = pairs.filter { $0.a.rank == 2 && $0.b.rank == 2 }
    let transposed = squares.map { (a: $0.a.transposed(), b: $0.b.transposed()) }
    let again = groupedMatmul(transposed, transposeA: true, transposeB: true)
    #expect(again == transposed.map { matmul($0.a, $0.b, transposeA: true, transposeB: true) })
  }

  @Test func `each product has its own epilogue`() {
    let pairs = pairs(Float.self)
    let shapes = pairs.map { matmul($0.a, $0.b).shape }
    let epilogues = shapes.enumerated().map { i, shape in
      let bias = Tensor<Float>(randomUniform: [shape[shape.count - 1]], in: -1..<1, seed: UInt64(40 + i))
      let residual = Tensor<Float>(randomUniform: shape, in: -1..<1, seed: UInt64(60 + i))
      return Epilogue(bias: bias, activation: i % 2 == 0 ? .gelu : .none, residual: residual)
    }
    let results = groupedMatmul(pairs, epilogues: epilogues)
    for (i, pair) in pairs.enumerated() {
      #expect(results[i] == matmul(pair.a, pair.b, epilogue: epilogues[i]), "\(pair.a.shape) \(pair.b.shape)")
      var expected = Tensor<Float>(repeating: 3, shape: shapes[i])
      matmul(pair.a, pair.b, alpha: 2, beta: -1, epilogue: epilogues[i], into: &expected)
      var old = [Tensor<Float>(repeating: 3, shape: shapes[i])]
      groupedMatmul([pair], alpha: 2, beta: -1, epilogues: [epilogues[i]], into: &old)
      #expect(old == [expected], "\(pair.a.shape) \(pair.b.shape)")
    }
  }

  @Test func `broadcast in two ways, each product meets its part of the residual`() {
    let a = Tensor<Float>(randomUniform: [2, 1, 3, 5], in: -1..<1, seed: 1)
    let b = Tensor<Float>(randomUniform: [4, 5, 6], in: -1..<1, seed: 2)
    let residual = Tensor<Float>(randomUniform: [2, 4, 3, 6], in: -1..<1, seed: 3)
    let fused = matmul(a, b, epilogue: Epilogue(activation: .relu, residual: residual))
    #expect(fused == relu(matmul(a, b)) + residual)
  }

  @Test func `a group of none is nothing`() {
    #expect(groupedMatmul([(a: Tensor<Float>, b: Tensor<Float>)]()).isEmpty)
  }

  @Test func `results that share elements with each other or an operand are copied first`() {
    let a: Tensor<Double> = [[1, 2], [3, 4]]
    var results = [a, a]
    groupedMatmul([(a, a), (a, [[1, 0], [0, 1]])], beta: 1, into: &results)
    #expect(results == [[[8, 12], [18, 26]], [[2, 4], [6, 8]]])
    #expect(a == [[1, 2], [3, 4]])
  }

  @Test func `results that do not fit stop with the product and both shapes`() async {
    let count = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var results: [Tensor<Float>] = []
      groupedMatmul([(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3, 4]))], into: &results)
    }
    #expect(count.map { message($0, has: "1 products do not fit 0 results") } ?? false)
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var results = [Tensor<Float>(zeros: [4, 2])]
      groupedMatmul([(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3, 4]))], into: &results)
    }
    let epilogues = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let pair = (Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3, 4]))
      _ = groupedMatmul([pair, pair], epilogues: [Epilogue(activation: .relu)])
    }
    #expect(epilogues.map { message($0, has: "2 products do not fit 1 epilogues") } ?? false)
    #expect(
      shape.map { message($0, has: "product 0, of [2, 3] and [3, 4], has the shape [2, 4], not [4, 2]") } ?? false
    )
  }
}
