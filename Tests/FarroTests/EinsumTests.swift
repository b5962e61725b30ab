import Testing

@testable import Farro

@Suite struct EinsumTests {
  /// The letters have these lengths everywhere, all different.
  static let lengths: [Character: Int] = ["b": 2, "c": 3, "h": 4, "i": 5, "j": 6, "k": 7, "l": 8, "t": 1]

  static let contractions = [
    "ij,jk->ik", "ij,jk->ki", "ji,jk->ik", "ij,kj->ik", "ji,kj->ki", "i,i->", "i,j->ij", "i,j->ji", "ij,j->i",
    "j,ij->i",
    "ij,ij->", "ij,ji->", "ij,ij->ij", "ij,ij->ji", "ij,ij->i", "ij,ij->j", ",->", ",i->i", "i,->i", "ij,->ji",
    // Batches in any place.
    "bij,bjk->bik", "bij,bjk->bki", "ibj,bjk->bik", "ibj,jbk->ibk", "ijb,jkb->ikb", "bij,kbj->ikb", "bhij,bhjk->bhik",
    "bihj,bkhj->bhik", "bhik,bkhj->bihj", "hbij,bhjk->bihk", "bi,bi->b", "bi,bj->bij", "bi,bj->ijb", "b,bi->ib",
    "b,b->b",
    // Several letters in each place.
    "ijk,jkl->il", "ijk,kjl->il", "ijk,jkl->li", "hijk,jkl->hil", "hijk,jkl->lhi", "hijk,kbj->bih", "ij,kl->ijkl",
    "ij,kl->kilj", "ijkl,kl->ij", "bihj,jhkc->bikc", "bcijk,cbkhl->jlhicb", "bijkl,bk->lbji",
    // Axes of length 1.
    "tij,tjk->tik", "ti,tj->tij", "ijt,tjk->ikt", "it,tj->ij", "itj,jtk->itk",
  ]

  @Test(arguments: contractions)
  func `sums of products are those of their definition`(subscripts: String) {
    check(subscripts, Float.self)
    check(subscripts, Double.self)
  }

  private func check<Scalar: KernelScalar>(_ text: String, _: Scalar.Type, without zero: Character? = nil) {
    var lengths = Self.lengths
    if let zero { lengths[zero] = 0 }
    let (x, y, out) = parts(text)
    let shape = { (letters: [Character]) in letters.map { lengths[$0]! } }
    let a = Tensor<Scalar>(randomUniform: shape(x), in: -1..<1, seed: 1)
    let b = Tensor<Scalar>(randomUniform: shape(y), in: -1..<1, seed: 2)
    let result = einsum(text, a, b)
    #expect(result.shape == shape(out), "\(text)")
    let sums = Array(Set(x + y).subtracting(out))
    let summands = indices(of: shape(sums))
    let expected = indices(of: shape(out)).map { index in
      let outer = zip(out, index)
      return summands.reduce(0.0) { sum, inner in
        let at = Dictionary(uniqueKeysWithValues: Array(outer) + Array(zip(sums, inner)))
        return sum + element(a, x.map { at[$0]! }) * element(b, y.map { at[$0]! })
      }
    }
    #expect(error(result, Tensor(expected.map { Scalar($0) }, shape: shape(out))) <= 2, "\(text) \(Scalar.self)")
  }

  private func element<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ index: [Int]) -> Double {
    x.withUnsafeBufferPointer { Double($0[zip(index, x.shape).reduce(0) { $0 * $1.1 + $1.0 }]) }
  }

  private func parts(_ text: String) -> ([Character], [Character], [Character]) {
    let words = text.split(separator: "->", omittingEmptySubsequences: false)
    let operands = words[0].split(separator: ",", omittingEmptySubsequences: false)
    return (Array(operands[0]), Array(operands[1]), Array(words[1]))
  }

  @Test(arguments: ["ij,jk->ik", "bij,bjk->bik", "bihj,bkhj->bhik", "ijk,jkl->li", "ij,kl->kilj", "ij,ij->"])
  func `axes without length sum to zero or have no elements`(subscripts: String) {
    for letter in Set(subscripts).intersection(Self.lengths.keys) { check(subscripts, Float.self, without: letter) }
  }

  @Test func `spaces are skipped and case matters`() {
    let a: Tensor<Float> = [[1, 2], [3, 4]]
    let b: Tensor<Float> = [[5, 6], [7, 8]]
    #expect(einsum(" i j , j k -> i k ", a, b) == matmul(a, b))
    #expect(einsum("iI,Ik->ik", a, b) == matmul(a, b))
  }

  @Test(arguments: [
    "ij,jk->ik", "ij,kj->ki", "ijk,jkl->il", "bihj,bkhj->bhik", "bhik,bkhj->bihj", "bij,bjk->bik", "i,j->ji",
    "ibj,jbk->ibk",
    "bi,bj->bij", "ij,ij->",
  ])
  func `what strides can say is not copied`(subscripts: String) {
    let (x, y, _) = parts(subscripts)
    let shape = { (letters: [Character]) in letters.map { Self.lengths[$0]! } }
    #expect(Contraction.best(Subscripts(subscripts, shape(x), shape(y))).copiedCount == 0)
  }

  @Test func `the smaller of two tensors is copied where one must be`() {
    // The sums go in different orders: the small operand is brought into the order of the large one.
    let plan = Contraction.best(Subscripts("ijk,kjl->il", [100, 6, 7], [7, 6, 8]))
    #expect(plan.copiedCount == 7 * 6 * 8)
    #expect(Contraction.best(Subscripts("kjl,ijk->il", [7, 6, 8], [100, 6, 7])).copiedCount == 7 * 6 * 8)
  }

  @Test(arguments: [
    ("ii,ij->ij", [2, 2], [2, 2], "\"i\" is twice in the first operand"),
    ("ij,jj->ij", [2, 2], [2, 2], "\"j\" is twice in the second operand"),
    ("ij,jk->ii", [2, 2], [2, 2], "\"i\" is twice in the result"),
    ("...j,jk->...k", [2, 2], [2, 2], "an ellipsis is not supported"),
    ("ij,jk", [2, 2], [2, 2], "it must name the axes of the result after one \"->\""),
    ("ij->ji", [2, 2], [2, 2], "it must name two operands, with one comma between them"),
    ("ij,jk,kl->il", [2, 2], [2, 2], "it must name two operands, with one comma between them"),
    ("ij,jk->i", [2, 2], [2, 2], "only one operand has \"k\", and the result does not; sum over it before"),
    ("ij,jk->ikl", [2, 2], [2, 2], "no operand has the \"l\" of the result"),
    ("ij,jk->ik", [2, 3], [4, 5], "\"j\" has the lengths 3 and 4"),
    ("ij,jk->ik", [2, 3, 4], [3, 5], "\"ij\" names 2 axes, and the first operand has 3"),
    ("i1,1k->ik", [2, 3], [3, 5], "\"1\" is not a letter"), ("ié,ék->ik", [2, 3], [3, 5], "\"é\" is not a letter"),
    ("ij,jk->ik->", [2, 3], [3, 5], "after one \"->\""), ("ij,jk->i,k", [2, 3], [3, 5], "\",\" is not a letter"),
  ])
  func `what is no batched product stops with subscripts and shapes`(
    subscripts: String,
    a: [Int],
    b: [Int],
    text: String
  ) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [subscripts, a, b] in
      _ = einsum(subscripts, Tensor<Float>(zeros: a), Tensor<Float>(zeros: b))
    }
    let start = "einsum: \"\(subscripts)\" with the shapes \(a) and \(b): "
    #expect(result.map { message($0, has: start) && message($0, has: text) } ?? false)
  }
}
