import CKernels

/// The products of several pairs of tensors, of any sizes, in one call that keeps all threads busy until the last is done.
///
/// Each has the bits that ``matmul(_:_:transposeA:transposeB:epilogue:)->Tensor<Scalar>`` gives, and its rules for
/// shapes: a pair may itself be a batch.
///
/// ```swift
/// let outputs = groupedMatmul(zip(tokensOfExpert, experts).map { ($0, $1) })
/// ```
///
/// - Parameters:
///   - pairs: The two factors of each product.
///   - transposeA: Whether each `a` is given with its last two axes exchanged.
///   - transposeB: Whether each `b` is.
///   - epilogues: What becomes of each product before it is written; none, or one for each pair.
/// - Returns: The products, in the order of the pairs.
/// - Precondition: the shapes of each pair agree.
/// - Complexity: O(the sum of batch m n k).
public func groupedMatmul<Scalar: KernelScalar>(
  _ pairs: [(a: Tensor<Scalar>, b: Tensor<Scalar>)],
  transposeA: Bool = false,
  transposeB: Bool = false,
  epilogues: [Epilogue<Scalar>] = []
) -> [Tensor<Scalar>] {
  let products = pairs.map { MatrixProduct($0.a.shape, $0.b.shape, transposeA, transposeB) }
  var results = zip(products, pairs).map { product, pair in
    let shape = product.resultShape(pair.a.shape, pair.b.shape)
    return Tensor<Scalar>(uninitialized: shape, count: Tensor<Scalar>.checkedCount(shape))
  }
  multiply(products, pairs, 1, 0, epilogues, &results)
  return results
}

/// `c = alpha op(a) op(b) + beta c` for each pair and the tensor at its place, as
/// ``groupedMatmul(_:transposeA:transposeB:epilogues:)`` into tensors that exist.
///
/// - Parameters:
///   - pairs: The two factors of each product.
///   - transposeA: Whether each `a` is given with its last two axes exchanged.
///   - transposeB: Whether each `b` is.
///   - alpha: What each product is multiplied by.
///   - beta: What each old result is multiplied by; with 0 it is not read.
///   - epilogues: What becomes of each sum before it is written; none, or one for each pair.
///   - results: As many tensors as there are pairs, each of the shape of its product.
/// - Precondition: the shapes agree as above.
/// - Complexity: O(the sum of batch m n k).
public func groupedMatmul<Scalar: KernelScalar>(
  _ pairs: [(a: Tensor<Scalar>, b: Tensor<Scalar>)],
  transposeA: Bool = false,
  transposeB: Bool = false,
  alpha: Scalar = 1,
  beta: Scalar = 0,
  epilogues: [Epilogue<Scalar>] = [],
  into results: inout [Tensor<Scalar>]
) {
  require(
    pairs.count == results.count,
    "groupedMatmul: \(pairs.count) products do not fit \(results.count) results"
  )
  let products = pairs.indices.map { i in
    let (a, b, c) = (pairs[i].a.shape, pairs[i].b.shape, results[i].shape)
    let product = MatrixProduct(a, b, transposeA, transposeB)
    require(
      product.hasResultShape(c, a, b),
      "groupedMatmul: product \(i), of \(a) and \(b), has the shape \(product.resultShape(a, b)), not \(c)"
    )
    return product
  }
  multiply(products, pairs, alpha, beta, epilogues, &results)
}

private func multiply<Scalar: KernelScalar>(
  _ products: [MatrixProduct],
  _ pairs: [(a: Tensor<Scalar>, b: Tensor<Scalar>)],
  _ alpha: Scalar,
  _ beta: Scalar,
  _ epilogues: [Epilogue<Scalar>],
  _ results: inout [Tensor<Scalar>]
) {
  require(
    epilogues.isEmpty || epilogues.count == pairs.count,
    "groupedMatmul: \(pairs.count) products do not fit \(epilogues.count) epilogues"
  )
  for (epilogue, result) in zip(epilogues, results) { epilogue.checkShapes(forResult: result.shape) }
  // What an operand or another result shares is copied, so that each result is the only one that sees its elements.
  for i in results.indices { results[i].makeUnique() }
  withExtendedLifetime((pairs, epilogues, results)) {
    let pointer = { (tensor: Tensor<Scalar>) in tensor.storage.base + tensor.offset }
    var problems: [farro_matmul_problem] = []
    problems.reserveCapacity(products.count)
    var fused: [farro_epilogue] = []
    for (i, product) in products.enumerated() {
      let (a, b) = product.isSwapped ? (pairs[i].b, pairs[i].a) : (pairs[i].a, pairs[i].b)
      problems += product.problems(pointer(a), pointer(b), pointer(results[i]))
      if epilogues.isEmpty { continue }
      epilogues[i].withUnsafeEpilogue(of: product) { fused += product.epilogues($0, of: Scalar.self) }
    }
    MatrixProduct.multiply(problems, fused, alpha, beta)
  }
}
