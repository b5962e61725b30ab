import Farro
import TestSupport
import Testing

@Suite struct MatmulTests {
  static let sizes = [
    (0, 3, 2), (2, 0, 3), (3, 2, 0), (1, 1, 1), (1, 7, 3), (5, 1, 17), (6, 16, 8), (13, 33, 31), (61, 67, 71),
  ]

  @Test(arguments: sizes)
  func `products agree with three plain loops on every instruction set`(m: Int, n: Int, k: Int) {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        check(m, n, k, Float.self, "\(isa)")
        check(m, n, k, Double.self, "\(isa)")
      }
    }
  }

  private func check<Scalar: KernelScalar>(_ m: Int, _ n: Int, _ k: Int, _: Scalar.Type, _ isa: String) {
    let a = Tensor<Scalar>(randomUniform: [m, k], in: -1..<1, seed: 1)
    let b = Tensor<Scalar>(randomUniform: [k, n], in: -1..<1, seed: 2)
    let (expected, magnitude) = product(a, b)
    let unit = Double(Scalar.ulpOfOne) / 2
    for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
      let c = matmul(
        transposeA ? a.transposed() : a,
        transposeB ? b.transposed() : b,
        transposeA: transposeA,
        transposeB: transposeB
      )
      #expect(c.shape == [m, n])
      let error = worstError(c.scalars, expected.map { Scalar($0) }) { Double(k + 4) * unit * magnitude[$0] }
      #expect(error <= 1, "\(isa) \(Scalar.self) \(transposeA) \(transposeB)")
    }
  }

  /// The product by its definition in `Double`, and the same of absolute values.
  private func product<Scalar: KernelScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> ([Double], [Double]) {
    var (sums, magnitudes): ([Double], [Double]) = ([], [])
    for i in 0..<a.shape[0] {
      for j in 0..<b.shape[1] {
        var (sum, magnitude) = (0.0, 0.0)
        for l in 0..<a.shape[1] {
          let term = Double(a[i, l]) * Double(b[l, j])
          sum += term
          magnitude += abs(term)
        }
        sums.append(sum)
        magnitudes.append(magnitude)
      }
    }
    return (sums, magnitudes)
  }

  @Test func `a product by hand`() {
    let a: Tensor<Float> = [[1, 2], [3, 4], [5, 6]]
    let b: Tensor<Float> = [[1, 0, -1], [2, 1, 0]]
    #expect(matmul(a, b) == [[5, 2, -1], [11, 4, -3], [17, 6, -5]])
    #expect(matmul(a, a, transposeA: true) == [[35, 44], [44, 56]])
    #expect(matmul(a, a, transposeB: true) == [[5, 11, 17], [11, 25, 39], [17, 39, 61]])
  }

  @Test func `alpha and beta scale the product and what was there`() {
    let a: Tensor<Double> = [[1, 2], [3, 4]]
    var c: Tensor<Double> = [[10, 20], [30, 40]]
    matmul(a, a, alpha: 2, beta: 0.5, into: &c)
    #expect(c == [[19, 30], [45, 64]])
    var overwritten = Tensor<Double>(repeating: .nan, shape: [2, 2])
    matmul(a, a, into: &overwritten)
    #expect(overwritten == [[7, 10], [15, 22]])
  }

  @Test func `a product into a tensor leaves its copies alone`() {
    let a: Tensor<Float> = [[2]]
    var c: Tensor<Float> = [[1]]
    let copy = c
    matmul(a, a, into: &c)
    matmul(c, c, into: &c)
    #expect(copy == [[1]] && c == [[16]])
  }

  @Test func `an operand can be the result`() {
    var a: Tensor<Float> = [[1, 2], [3, 4]]
    let copy = a
    matmul(copy, copy, into: &a)
    #expect(a == [[7, 10], [15, 22]] && copy == [[1, 2], [3, 4]])
    // The value of the argument is taken before the result is written to.
    matmul(a, a, transposeB: true, into: &a)
    #expect(a == [[149, 325], [325, 709]])
    // A slice of the operand's elements.
    let all = Tensor<Float>((0..<8).map { Float($0) }, shape: [4, 2])
    var rows = all[1..<3]
    matmul(all[0..<2], all[2..<4], into: &rows)
    #expect(rows == [[6, 7], [26, 31]] && all.scalars == (0..<8).map { Float($0) })
  }

  @Test func `batches multiply matrix by matrix, and one matrix serves a whole batch`() {
    let a = Tensor<Float>(randomUniform: [2, 3, 4, 5], seed: 1)
    let b = Tensor<Float>(randomUniform: [2, 3, 5, 2], seed: 2)
    let batch = matmul(a, b)
    let single = matmul(a, b[row: 1][row: 2])
    let first = matmul(a[row: 0][row: 1], b)
    #expect(batch.shape == [2, 3, 4, 2] && single.shape == [2, 3, 4, 2] && first.shape == [2, 3, 4, 2])
    for i in 0..<2 {
      for j in 0..<3 {
        let (x, y) = (a[row: i][row: j], b[row: i][row: j])
        #expect(batch[row: i][row: j] == matmul(x, y))
        #expect(single[row: i][row: j] == matmul(x, b[row: 1][row: 2]))
        #expect(first[row: i][row: j] == matmul(a[row: 0][row: 1], y))
      }
    }
    #expect(matmul(a[0..<0], b[0..<0]).shape == [0, 3, 4, 2])
    #expect(matmul(a[row: 0][0..<1], b[row: 0]) == matmul(a[row: 0][row: 0], b[row: 0]))
  }

  @Test(arguments: InstructionSet.supported)
  func `the bits do not depend on the number of threads`(isa: InstructionSet) {
    let a = Tensor<Float>(randomNormal: [301, 257], seed: 1)
    let b = Tensor<Float>(randomNormal: [257, 203], seed: 2)
    withInstructionSet(isa) {
      let one = withThreads(1) { matmul(a, b) }
      #expect(withThreads(8) { matmul(a, b) } == one)
    }
  }

  @Test func `views multiply as what they show`() {
    let a = Tensor<Float>(randomUniform: [7, 4], seed: 1)
    #expect(
      matmul(a[2..<5], a, transposeB: true) == matmul(Tensor(a[2..<5].scalars, shape: [3, 4]), a, transposeB: true)
    )
  }

  @Test func `shapes that cannot be multiplied stop with both`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = matmul(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [2, 3]))
    }
    #expect(result.map { message($0, has: "[2, 3] and [2, 3] cannot be multiplied") } ?? false)
  }

  @Test func `a result of the wrong shape stops with the right one`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var c = Tensor<Float>(zeros: [3, 2])
      matmul(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3, 3]), into: &c)
    }
    #expect(result.map { message($0, has: "has the shape [2, 3], not [3, 2]") } ?? false)
  }
}
