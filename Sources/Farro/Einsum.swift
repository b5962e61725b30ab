import CKernels

/// A sum of products of two tensors, by Einstein's convention: letters name the axes, and a letter that the result lacks is
/// summed over.
///
/// ```swift
/// einsum("ij,jk->ik", a, b)             // the matrix product
/// einsum("bthd,bshd->bhts", q, k)       // attention: every query with every key, for each head
/// einsum("i,j->ij", x, y)               // the outer product
/// einsum("ijk,jkl->il", a, b)           // a sum over two axes
/// ```
///
/// It serves what comes down to a batched matrix product: each letter is in both operands and the result (a batch), in both
/// operands alone (summed over), or in one operand and the result. Operands and result are used where they lie if strides
/// can say it; of what they cannot say, as little as possible is copied.
///
/// - Parameters:
///   - subscripts: As in `numpy.einsum`: a letter for each axis of the first operand, a comma, those of the second, `->`,
///     and those of the result in its order. Spaces are skipped. Upper and lower case differ.
///   - a: The first operand.
///   - b: The second operand.
/// - Returns: A tensor with an axis for each letter after `->`.
/// - Precondition: a letter stands for one length. Refused are, each with a message that says so: a letter twice in one
///   operand or in the result; a letter that only one operand has and the result lacks (sum over that axis before); a letter
///   of the result that no operand has; an ellipsis; a missing result; other than two operands.
/// - Complexity: O(the product of the lengths of all letters).
public func einsum<Scalar: KernelScalar>(
  _ subscripts: String,
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>
) -> Tensor<Scalar> {
  let plan = Contraction.best(Subscripts(subscripts, a.shape, b.shape))
  let (left, right) = plan.isSwapped ? (b, a) : (a, b)
  let (x, y) = (plan.a.order.map(left.transposed) ?? left, plan.b.order.map(right.transposed) ?? right)
  let product = Tensor<Scalar>(unsafeUninitializedShape: plan.resultShape) {
    plan.product.multiply(1, x, y, 0, $0.baseAddress!, nil)
  }
  return plan.resultOrder.map(product.transposed) ?? product
}

/// One way to make an einsum by batched matrix products: which operand is the left one, in what order the letters of rows,
/// columns and sums go, and what has to be copied for it.
struct Contraction {
  /// An axis by its letter.
  struct Axis {
    let letter: Subscripts.Letter
    let length: Int
    let stride: Int
  }

  /// A tensor as the matrices of a batch.
  struct Operand {
    /// The axes in the order in which the product walks them: the batch, the rows, the columns.
    let axes: [Axis]
    let rowStride: Int
    let isTransposed: Bool
    /// The order in which the tensor's axes must be copied, where it cannot be used as it lies.
    let order: [Int]?

    var copiedCount: Int { order == nil ? 0 : axes.reduce(1) { $0 * $1.length } }
  }

  let isSwapped: Bool
  let a, b: Operand
  let product: MatrixProduct
  /// Of what the product writes; ``resultOrder`` makes the result of it.
  let resultShape: [Int]
  let resultOrder: [Int]?
  let copiedCount: Int

  /// The way that copies least, of those that differ in what is the left operand and in the order of letters.
  static func best(_ subscripts: Subscripts) -> Contraction {
    var best: Contraction?
    for isSwapped in [false, true] {
      let (left, right) = isSwapped ? (subscripts.b, subscripts.a) : (subscripts.a, subscripts.b)
      let isFree = { (letter: Subscripts.Letter, other: [Subscripts.Letter]) in !other.contains(letter) }
      let rows = orders(left, subscripts.result) { isFree($0, right) }
      let columns = orders(right, subscripts.result) { isFree($0, left) }
      let sums = orders(left, right) { !subscripts.result.contains($0) }
      for (rows, columns, sums) in rows.flatMap({ r in columns.flatMap { c in sums.map { (r, c, $0) } } }) {
        let contraction = Contraction(subscripts, isSwapped, rows, columns, sums)
        if contraction.copiedCount == 0 { return contraction }
        if contraction.copiedCount < best?.copiedCount ?? .max { best = contraction }
      }
    }
    return best!
  }

  /// The letters that `first` and `second` share and `isIncluded` picks, in the order of each; once if they agree.
  private static func orders(
    _ first: [Subscripts.Letter],
    _ second: [Subscripts.Letter],
    where isIncluded: (Subscripts.Letter) -> Bool
  ) -> [[Subscripts.Letter]] {
    let (one, other) = (first.filter(isIncluded), second.filter { first.contains($0) && isIncluded($0) })
    return one == other ? [one] : [one, other]
  }

  private init(
    _ subscripts: Subscripts,
    _ isSwapped: Bool,
    _ rows: [Subscripts.Letter],
    _ columns: [Subscripts.Letter],
    _ sums: [Subscripts.Letter]
  ) {
    let (left, right) = isSwapped ? (subscripts.b, subscripts.a) : (subscripts.a, subscripts.b)
    let batch = subscripts.result.filter { left.contains($0) && right.contains($0) }
    let length = subscripts.lengths
    let a = Operand(left, length, batch, rows, sums)
    let b = Operand(right, length, batch, sums, columns)
    // What cannot be written in the result's order is written in the product's, and then brought into that one.
    let direct = Operand(subscripts.result, length, batch, rows, columns)
    let isDirect = direct.order == nil && !direct.isTransposed
    let written = isDirect ? subscripts.result : batch + rows + columns
    let c = isDirect ? direct : Operand(written, length, batch, rows, columns)
    resultShape = written.map { length[$0]! }
    resultOrder = isDirect ? nil : subscripts.result.map { written.firstIndex(of: $0)! }
    let count = { (letters: [Subscripts.Letter]) in letters.reduce(1) { $0 * length[$1]! } }
    let shape = farro_matmul_shape(
      batch: 1,
      m: count(rows),
      n: count(columns),
      k: count(sums),
      transpose_a: a.isTransposed,
      transpose_b: b.isTransposed,
      lda: a.rowStride,
      ldb: b.rowStride,
      ldc: c.rowStride,
      stride_a: 0,
      stride_b: 0,
      stride_c: 0
    )
    var axes = MatrixProduct.Axes()
    for i in batch.indices.reversed() {
      axes.append(
        MatrixProduct.Axis(length: c.axes[i].length, a: a.axes[i].stride, b: b.axes[i].stride, c: c.axes[i].stride)
      )
    }
    product = MatrixProduct(shape, axes)
    copiedCount = a.copiedCount + b.copiedCount + (isDirect ? 0 : count(written))
    (self.a, self.b, self.isSwapped) = (a, b, isSwapped)
  }
}

extension Contraction.Operand {
  /// The tensor whose axes have `letters`, as matrices of `rows` and `columns`.
  fileprivate init(
    _ letters: [Subscripts.Letter],
    _ length: [Subscripts.Letter: Int],
    _ batch: [Subscripts.Letter],
    _ rows: [Subscripts.Letter],
    _ columns: [Subscripts.Letter]
  ) {
    let inPlace = Self.axes(letters, length)
    let ordered = { (letters: [Subscripts.Letter]) in letters.map { letter in inPlace.first { $0.letter == letter }! } }
    let (rowAxes, columnAxes) = (ordered(rows), ordered(columns))
    if let row = Self.walk(rowAxes), let column = Self.walk(columnAxes) {
      if column.stride == 1 {
        self.init(axes: ordered(batch + rows + columns), row, column, isTransposed: false)
        return
      }
      if row.stride == 1 {
        self.init(axes: ordered(batch + rows + columns), column, row, isTransposed: true)
        return
      }
    }
    let order = (batch + rows + columns).map { letters.firstIndex(of: $0)! }
    let copied = Self.axes(order.map { letters[$0] }, length)
    let row = columns.reduce(1) { $0 * length[$1]! }
    self.init(axes: copied, rowStride: max(row, 1), isTransposed: false, order: order)
  }

  private init(
    axes: [Contraction.Axis],
    _ row: (length: Int, stride: Int),
    _ column: (length: Int, stride: Int),
    isTransposed: Bool
  ) {
    self.init(axes: axes, rowStride: max(row.stride, column.length), isTransposed: isTransposed, order: nil)
  }

  /// The axes of a tensor of this shape, with their strides.
  private static func axes(_ letters: [Subscripts.Letter], _ length: [Subscripts.Letter: Int]) -> [Contraction.Axis] {
    var stride = 1
    return letters.reversed().map { letter in
      defer { stride *= length[letter]! }
      return Contraction.Axis(letter: letter, length: length[letter]!, stride: stride)
    }.reversed()
  }

  /// Some axes walked as one, the last fastest; `nil` if one stride cannot say it. Nothing to walk has the stride 1.
  private static func walk(_ axes: [Contraction.Axis]) -> (length: Int, stride: Int)? {
    var walked = (length: 1, stride: 1)
    for axis in axes.reversed() where axis.length != 1 {
      if walked.length == 1 {
        walked = (axis.length, axis.stride)
      } else if axis.stride == walked.length * walked.stride {
        walked.length *= axis.length
      } else {
        return nil
      }
    }
    return walked
  }
}
