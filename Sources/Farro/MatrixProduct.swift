import CKernels

/// How the product of two tensors is cut into batches of matrix products that the kernels take in one call.
///
/// Nothing here allocates unless operands are repeated in a way that a batch's one stride cannot say.
struct MatrixProduct {
  /// An axis that operands and result walk together: the elements from one index to the next in each; 0 repeats.
  struct Axis {
    var length: Int
    var a = 0
    var b = 0
    var c = 0

    /// This axis and one outside it as one, where a step along that one is a step beyond the end of this.
    fileprivate func joined(to outside: Axis) -> Axis? {
      guard outside.a == a * length, outside.b == b * length, outside.c == c * length else { return nil }
      return Axis(length: length * outside.length, a: a, b: b, c: c)
    }
  }

  /// Axes from the innermost outwards, neighbours that are one axis joined. The first is no array's, whose memory would
  /// cost more than a small product.
  struct Axes {
    fileprivate(set) var first: Axis?
    fileprivate(set) var others: [Axis] = []

    mutating func append(_ axis: Axis) {
      if axis.length == 1 { return }
      if let last = others.last {
        if let both = last.joined(to: axis) { others[others.count - 1] = both } else { others.append(axis) }
      } else if let first {
        if let both = first.joined(to: axis) { self.first = both } else { others.append(axis) }
      } else {
        first = axis
      }
    }
  }

  /// Of one call.
  private(set) var shape: farro_matmul_shape
  /// The axes around one call.
  private(set) var outer: [Axis] = []
  /// Whether the call's A is the second operand: so a matrix times a vector is a row, whose columns are the result's last
  /// axis.
  private(set) var isSwapped = false
  /// Rows and columns of one matrix of the result.
  private let rows, columns: Int

  /// Products of matrices as `shape` says, one for each index of `axes`; its batch is not looked at.
  init(_ shape: farro_matmul_shape, _ axes: Axes) {
    self.shape = shape
    (rows, columns) = (shape.m, shape.n)
    distribute(axes)
  }

  /// Gives one axis to the call's rows where they go on, one to its batch, and the rest to ``outer``.
  private mutating func distribute(_ axes: Axes) {
    shape.batch = 1
    guard var batch = axes.first else { return }
    outer = axes.others
    if batch.length == 0 || outer.contains(where: { $0.length == 0 }) {
      shape.batch = 0
      outer = []
      return
    }
    // One matrix B for many A that follow each other: their rows are those of one tall A.
    if batch.b == 0 && !shape.transpose_a && batch.a == shape.m * shape.lda && batch.c == shape.m * shape.ldc {
      shape.m *= batch.length
      if outer.isEmpty { return }
      batch = outer.removeFirst()
    }
    let span = shape.m == 0 ? 0 : (shape.m - 1) * shape.ldc + shape.n
    for i in outer.indices where outer[i].c >= span && (outer[i].length > batch.length || batch.c < span) {
      swap(&outer[i], &batch)
    }
    if batch.c < span {  // results that lie in one another are no batch
      outer.append(batch)
    } else {
      (shape.batch, shape.stride_a, shape.stride_b, shape.stride_c) = (batch.length, batch.a, batch.b, batch.c)
    }
  }

  /// The calls that ``outer`` stands for, 1 without any.
  var calls: Int { outer.reduce(1) { $0 * $1.length } }

  /// Calls `body` with the elements by which each call's matrices lie behind those of the first.
  @inline(__always)
  func forEachCall(_ body: (_ a: Int, _ b: Int, _ c: Int) -> Void) {
    if outer.isEmpty { return body(0, 0, 0) }
    for call in 0..<calls {
      var (rest, a, b, c) = (call, 0, 0, 0)
      for axis in outer {
        let index = rest % axis.length
        rest /= axis.length
        (a, b, c) = (a + index * axis.a, b + index * axis.b, c + index * axis.c)
      }
      body(a, b, c)
    }
  }
}

// MARK: - NumPy's rules

extension MatrixProduct {
  /// An operand's last two axes as stored. A vector is a matrix of one row.
  private struct Matrix {
    let rows, columns, batchAxes: Int

    init(_ shape: [Int]) {
      rows = shape.count == 1 ? 1 : shape[shape.count - 2]
      columns = shape[shape.count - 1]
      batchAxes = shape.count == 1 ? 0 : shape.count - 2
    }
  }

  /// The product of tensors of the shapes `a` and `b`, as `numpy.matmul` defines it.
  ///
  /// - Precondition: they can be multiplied.
  init(_ a: [Int], _ b: [Int], _ transposeA: Bool, _ transposeB: Bool) {
    require(
      !a.isEmpty && !b.isEmpty,
      "matmul: \(a) and \(b) must both have an axis; the product with a number is *"
    )
    require(
      !(transposeA && a.count == 1) && !(transposeB && b.count == 1),
      "matmul: a vector has no two axes to exchange: \(Self.text(a, transposeA)) and \(Self.text(b, transposeB))"
    )
    let isSwapped = a.count > 1 && b.count == 1
    if isSwapped {
      self.init(left: b, right: a, false, !transposeA)
    } else {
      self.init(left: a, right: b, transposeA, transposeB || b.count == 1)
    }
    self.isSwapped = isSwapped
    require(
      shape.k >= 0,
      "matmul: \(Self.text(a, transposeA)) and \(Self.text(b, transposeB)) cannot be multiplied"
    )
  }

  private static func text(_ shape: [Int], _ isTransposed: Bool) -> String {
    "\(shape)\(isTransposed ? " transposed" : "")"
  }

  /// - Returns: a product with negative `k` for shapes that cannot be multiplied.
  private init(left: [Int], right: [Int], _ transposeLeft: Bool, _ transposeRight: Bool) {
    let (a, b) = (Matrix(left), Matrix(right))
    let (m, k) = transposeLeft ? (a.columns, a.rows) : (a.rows, a.columns)
    let (n, kOfB) = transposeRight ? (b.rows, b.columns) : (b.columns, b.rows)
    (rows, columns) = (m, n)
    shape = farro_matmul_shape(
      batch: 1,
      m: m,
      n: n,
      k: k == kOfB ? k : -1,
      transpose_a: transposeLeft,
      transpose_b: transposeRight,
      lda: a.columns,
      ldb: b.columns,
      ldc: n,
      stride_a: 0,
      stride_b: 0,
      stride_c: m &* n  // of a result too large for memory, which is refused before C sees this
    )
    if a.batchAxes == 0 && b.batchAxes == 0 { return }
    var axes = Axes()
    var (strideOfA, strideOfB, strideOfC) = (a.rows * a.columns, b.rows * b.columns, m &* n)
    for i in 1...max(a.batchAxes, b.batchAxes) {
      let lengthOfA = i <= a.batchAxes ? left[a.batchAxes - i] : 1
      let lengthOfB = i <= b.batchAxes ? right[b.batchAxes - i] : 1
      if lengthOfA != lengthOfB && lengthOfA != 1 && lengthOfB != 1 { shape.k = -1 }
      let length = lengthOfA == 1 ? lengthOfB : lengthOfA
      axes.append(
        Axis(
          length: length,
          a: lengthOfA == 1 ? 0 : strideOfA,
          b: lengthOfB == 1 ? 0 : strideOfB,
          c: strideOfC
        )
      )
      strideOfA *= lengthOfA
      strideOfB *= lengthOfB
      strideOfC = strideOfC &* length
    }
    if shape.k >= 0 { distribute(axes) }
  }

  /// The shape of the result of the operands that this was made of.
  func resultShape(_ a: [Int], _ b: [Int]) -> [Int] {
    (0..<resultRank(a, b)).map { resultLength($0, a, b) }
  }

  /// Whether `shape` is the ``resultShape(_:_:)``, without making an array.
  func hasResultShape(_ shape: [Int], _ a: [Int], _ b: [Int]) -> Bool {
    guard shape.count == resultRank(a, b) else { return false }
    for axis in shape.indices where shape[axis] != resultLength(axis, a, b) { return false }
    return true
  }

  private func resultRank(_ a: [Int], _ b: [Int]) -> Int {
    max(a.count - 2, b.count - 2, 0) + (a.count > 1 ? 1 : 0) + (b.count > 1 ? 1 : 0)
  }

  private func resultLength(_ axis: Int, _ a: [Int], _ b: [Int]) -> Int {
    let batchAxes = max(a.count - 2, b.count - 2, 0)
    if axis == batchAxes && a.count > 1 && b.count > 1 { return rows }
    if axis >= batchAxes { return columns }
    let (i, j) = (axis - (batchAxes - (a.count - 2)), axis - (batchAxes - (b.count - 2)))
    let lengthOfA = i >= 0 && a.count > 2 ? a[i] : 1
    return lengthOfA == 1 && j >= 0 && b.count > 2 ? b[j] : lengthOfA
  }
}
