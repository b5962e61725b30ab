import Farro
import TestSupport
import Testing

@Suite struct LinearAlgebraTests {
  static let orders = [0, 1, 2, 7, 17, 64, 65, 131]

  /// Symmetric and positive definite: the diagonal outweighs the rest.
  private func definite<Scalar: KernelScalar>(_ n: Int, _: Scalar.Type) -> Tensor<Scalar> {
    var a = symmetricProduct(Tensor<Scalar>(randomUniform: [n, n], in: -1..<1, seed: 1))
    for i in 0..<n { a[i, i] += 1 }
    return a
  }

  private func magnitudes<Scalar: KernelScalar>(_ a: Tensor<Scalar>) -> Tensor<Scalar> {
    Tensor(a.scalars.map { abs($0) }, shape: a.shape)
  }

  /// `units` roundings of each element of `scale`.
  private func expect<Scalar: KernelScalar>(
    _ actual: Tensor<Scalar>,
    equals expected: Tensor<Scalar>,
    within units: Int,
    of scale: Tensor<Scalar>,
    _ comment: Comment
  ) {
    let (unit, scale) = (Double(units) * Double(Scalar.ulpOfOne) / 2, scale.scalars)
    #expect(worstError(actual.scalars, expected.scalars) { unit * Double(scale[$0]) } <= 1, comment)
  }

  // MARK: - Symmetric products

  @Test(arguments: orders)
  func `a symmetric product is the matrix product of a matrix and its transpose`(n: Int) {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        checkProducts(n, Float.self, "\(isa)")
        checkProducts(n, Double.self, "\(isa)")
      }
    }
  }

  private func checkProducts<Scalar: KernelScalar>(_ n: Int, _: Scalar.Type, _ isa: String) {
    let a = Tensor<Scalar>(randomUniform: [n + 3, n], in: -1..<1, seed: 1)
    let scale = matmul(magnitudes(a), magnitudes(a), transposeA: true)
    let expected = matmul(a, a, transposeA: true)
    for (c, form) in [(symmetricProduct(a), "aᵀa"), (symmetricProduct(a.transposed(), transpose: true), "aaᵀ")] {
      #expect(c.shape == [n, n] && c == c.transposed())
      expect(c, equals: expected, within: 2 * (n + 7), of: scale, "\(isa) \(Scalar.self) \(form)")
    }
  }

  @Test func `a symmetric product by hand, scaled and added to what was there`() {
    let a: Tensor<Float> = [[1, 2], [3, 4], [5, 6]]
    #expect(symmetricProduct(a) == [[35, 44], [44, 56]])
    #expect(symmetricProduct(a, transpose: true) == [[5, 11, 17], [11, 25, 39], [17, 39, 61]])
    var c: Tensor<Float> = [[2, -1], [4, 6]]
    symmetricProduct(a, alpha: 2, beta: 0.5, into: &c)
    #expect(c == [[71, 90], [90, 115]])
    #expect(symmetricProduct(stack([a, a], axis: 0)).shape == [2, 2, 2])
  }

  // MARK: - Triangular systems

  @Test(arguments: orders)
  func `solutions of triangular systems give back their right-hand sides`(n: Int) throws {
    for isa in InstructionSet.supported {
      try withInstructionSet(isa) {
        for flags in 0..<16 {
          try checkSystem(n, flags, Float.self, "\(isa)")
          try checkSystem(n, flags, Double.self, "\(isa)")
        }
      }
    }
  }

  private func checkSystem<Scalar: KernelScalar>(_ n: Int, _ flags: Int, _: Scalar.Type, _ isa: String) throws {
    let (upper, left, transpose, unit) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0, flags & 8 != 0)
    var stored = Tensor<Scalar>(randomUniform: [n, n], in: -1..<1, seed: 1)
    var t = Tensor<Scalar>(zeros: [n, n])
    for i in 0..<n {
      for j in 0..<n {
        stored[i, j] = i == j ? 2 + stored[i, j] : stored[i, j] / Scalar(n)
        if upper ? j < i : j > i { continue }
        t[i, j] = i == j && unit ? 1 : stored[i, j]
      }
    }
    let b = Tensor<Scalar>(randomUniform: left ? [n, 5] : [5, n], in: -1..<1, seed: 2)
    let x = try solveTriangular(stored, b, upper: upper, left: left, transpose: transpose, unitDiagonal: unit)
    let multiply = { (t: Tensor<Scalar>, x: Tensor<Scalar>) in
      left ? matmul(t, x, transposeA: transpose) : matmul(x, t, transposeB: transpose)
    }
    let scale = multiply(magnitudes(t), magnitudes(x))
    expect(multiply(t, x), equals: b, within: 2 * n + 6, of: scale, "\(isa) \(Scalar.self) flags \(flags)")
  }

  @Test func `a triangular system by hand, and the forms that write to tensors`() throws {
    let t: Tensor<Double> = [[2, 9], [1, 4]]
    let b: Tensor<Double> = [[4, 2], [6, 5]]
    #expect(try solveTriangular(t, b) == [[2, 1], [1, 1]])
    var x = Tensor<Double>(zeros: [2, 2])
    try solveTriangular(t, b, into: &x)
    #expect(x == [[2, 1], [1, 1]])
    var y = b
    try solveTriangular(t, inPlace: &y)
    #expect(y == x && b == [[4, 2], [6, 5]])
  }

  @Test func `a vector is a system's right side, or its left`() throws {
    let t: Tensor<Double> = [[2, 0], [1, 4]]
    #expect(try solveTriangular(t, [2, 9]) == [1, 2])
    #expect(try solveTriangular(t, [4, 8], left: false) == [1, 2])
    #expect(try choleskySolve([6, 18] as Tensor<Double>, factor: t) == [1.03125, 0.9375])
  }

  @Test func `one triangle serves a batch of systems`() throws {
    let t: Tensor<Float> = [[2, 0], [1, 4]]
    let b = Tensor<Float>(randomUniform: [3, 2, 4], seed: 1)
    let x = try solveTriangular(t, b)
    for i in 0..<3 { #expect(x[row: i] == (try solveTriangular(t, b[row: i]))) }
  }

  @Test func `a zero on the diagonal is thrown with its place, and nothing is solved`() throws {
    var t = stack([definite(5, Float.self), definite(5, Float.self)], axis: 0)
    t[1, 3, 3] = 0
    var b = Tensor<Float>(repeating: 1, shape: [2, 5, 1])
    #expect(throws: LinearAlgebraError.singular(row: 3, item: 1)) { try solveTriangular(t, inPlace: &b) }
    #expect(b == Tensor(repeating: 1, shape: [2, 5, 1]))
    #expect(throws: Never.self) { try solveTriangular(t, inPlace: &b, unitDiagonal: true) }
  }

  // MARK: - Cholesky

  @Test(arguments: orders)
  func `the Cholesky factor times its transpose is the matrix`(n: Int) throws {
    for isa in InstructionSet.supported {
      try withInstructionSet(isa) {
        try checkFactor(n, Float.self, "\(isa)")
        try checkFactor(n, Double.self, "\(isa)")
      }
    }
  }

  private func checkFactor<Scalar: KernelScalar>(_ n: Int, _: Scalar.Type, _ isa: String) throws {
    let a = definite(n, Scalar.self)
    for upper in [false, true] {
      let factor = try cholesky(a, upper: upper)
      for i in 0..<n {
        for j in 0..<n where upper ? j < i : j > i { #expect(factor[i, j] == 0) }
      }
      let sizes = magnitudes(factor)
      let product = matmul(factor, factor, transposeA: upper, transposeB: !upper)
      let scale = matmul(sizes, sizes, transposeA: upper, transposeB: !upper)
      expect(product, equals: a, within: 2 * n + 6, of: scale, "\(isa) \(Scalar.self) upper \(upper)")
    }
  }

  @Test func `a factor by hand, in place, and solved with`() throws {
    let a: Tensor<Double> = [[4, 2], [2, 5]]
    #expect(try cholesky(a) == [[2, 0], [1, 2]])
    var u = a
    try cholesky(inPlace: &u, upper: true)
    #expect(u == [[2, 1], [0, 2]] && a == [[4, 2], [2, 5]])
    let b: Tensor<Double> = [[8], [12]]
    #expect(try choleskySolve(b, factor: cholesky(a)) == [[1], [2]])
    #expect(try choleskySolve(b, factor: u, upper: true) == [[1], [2]])
  }

  @Test func `matrices of a batch are factored one by one`() throws {
    let (a, b) = (definite(9, Float.self), definite(70, Float.self)[0..<9].transposed()[0..<9].transposed())
    let factors = try cholesky(stack([a, b], axis: 0))
    #expect(try factors[row: 0] == cholesky(a) && factors[row: 1] == cholesky(b))
  }

  @Test(arguments: [1, 2, 64, 65, 100])
  func `the first leading minor that is not positive is thrown`(minor: Int) {
    for value in [-1, 0, Float.nan] {
      var a = definite(100, Float.self)
      a[minor - 1, minor - 1] = value
      #expect(throws: LinearAlgebraError.notPositiveDefinite(leadingMinor: minor)) { try cholesky(a) }
      #expect(throws: LinearAlgebraError.notPositiveDefinite(leadingMinor: minor)) { try cholesky(a, upper: true) }
    }
  }

  @Test func `errors say what is wrong and where`() {
    #expect("\(LinearAlgebraError.singular(row: 3))" == "matrix 0 of the batch is singular: its diagonal is 0 in row 3")
    #expect(
      "\(LinearAlgebraError.notPositiveDefinite(leadingMinor: 2, item: 1))"
        == "matrix 1 of the batch is not positive definite: its leading minor of order 2 is not positive"
    )
  }

  @Test(arguments: InstructionSet.supported)
  func `the bits do not depend on the number of threads`(isa: InstructionSet) throws {
    let a = definite(301, Float.self)
    try withInstructionSet(isa) {
      let compute = { (threads: Int) throws(LinearAlgebraError) in
        try withThreads(threads) { () throws(LinearAlgebraError) in
          let factor = try cholesky(a)
          return (factor, try solveTriangular(factor, a, left: false), symmetricProduct(a))
        }
      }
      let (one, many) = (try compute(1), try compute(8))
      #expect(one.0 == many.0 && one.1 == many.1 && one.2 == many.2)
    }
  }

  @Test func `shapes that do not fit stop with their sizes`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try solveTriangular(Tensor<Float>(zeros: [3, 3]), Tensor<Float>(zeros: [2, 3]))
    }
    #expect(result.map { message($0, has: "[3, 3] cannot be the left side of a system with [2, 3]") } ?? false)
    let second = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try cholesky(Tensor<Float>(zeros: [2, 3]))
    }
    #expect(second.map { message($0, has: "[2, 3] must have the same length") } ?? false)
  }
}
