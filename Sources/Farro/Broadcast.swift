/// How two operands lie over their result when one of them may be repeated along some axes.
///
/// As in NumPy: shapes are aligned at their last axes, missing leading axes count as length 1, and an axis of length 1
/// is repeated to the other operand's length. Axes that both operands walk alike become one, so that nearly every
/// combination is a single block of rows and columns.
@usableFromInline
struct Broadcast {
  /// Rows and columns, with the distance between neighbours in each operand, in elements; 0 repeats. The result's
  /// elements are contiguous.
  @usableFromInline
  struct Block {
    @usableFromInline var rows = 1
    @usableFromInline var columns = 1
    @usableFromInline var aRow = 0
    @usableFromInline var aStep = 0
    @usableFromInline var bRow = 0
    @usableFromInline var bStep = 0
  }

  @usableFromInline
  struct Axis {
    @usableFromInline var length: Int
    @usableFromInline var a: Int
    @usableFromInline var b: Int

    /// This axis and one outside it as one, where a step along that one is a step beyond the end of this.
    fileprivate func joined(to outside: Axis) -> Axis? {
      guard outside.a == a * length, outside.b == b * length else { return nil }
      return Axis(length: length * outside.length, a: a, b: b)
    }
  }

  /// The shape of the result.
  @usableFromInline let shape: [Int]
  @usableFromInline let count: Int
  @usableFromInline let block: Block
  /// The axes outside the block, outermost first.
  @usableFromInline let outer: [Axis]

  /// - Precondition: the shapes can be broadcast; `operation` is named if not.
  @usableFromInline
  init(_ a: [Int], _ b: [Int], _ operation: StaticString) {
    if a == b {
      let count = a.reduce(1, *)
      self.init(shape: a, count: count, block: Block(columns: count, aRow: count, aStep: 1, bRow: count, bStep: 1))
      return
    }
    // Copied only where neither operand has the shape of the result.
    var shape = a.count >= b.count ? a : b
    let rank = shape.count
    var axes = Axes()
    var (strideOfA, strideOfB) = (1, 1)
    for i in 1...rank {
      let (lengthOfA, lengthOfB) = (i <= a.count ? a[a.count - i] : 1, i <= b.count ? b[b.count - i] : 1)
      require(
        lengthOfA == lengthOfB || lengthOfA == 1 || lengthOfB == 1,
        "\(operation): the shapes \(a) and \(b) cannot be broadcast together"
      )
      let length = lengthOfA == 1 ? lengthOfB : lengthOfA
      if shape[rank - i] != length { shape[rank - i] = length }
      let axis = Axis(length: length, a: lengthOfA == 1 ? 0 : strideOfA, b: lengthOfB == 1 ? 0 : strideOfB)
      strideOfA *= lengthOfA
      strideOfB *= lengthOfB
      if length != 1 { axes.append(axis) }
    }
    self.init(shape: shape, count: Tensor<UInt8>.checkedCount(shape), axes)
  }

  /// The operand `a` with one number in place of `b`.
  @usableFromInline
  init(_ a: [Int], count: Int, isScalarFirst: Bool) {
    let block =
      isScalarFirst
      ? Block(columns: count, bRow: count, bStep: 1) : Block(columns: count, aRow: count, aStep: 1)
    self.init(shape: a, count: count, block: block)
  }

  private init(shape: [Int], count: Int, block: Block) {
    self.shape = shape
    self.count = count
    self.block = block
    outer = []
  }

  private init(shape: [Int], count: Int, _ axes: Axes) {
    self.shape = shape
    self.count = count
    var block = Block(aStep: 1, bStep: 1)  // of one element: nothing is repeated, so that it can be combined in place
    if let columns = axes.columns { (block.columns, block.aStep, block.bStep) = (columns.length, columns.a, columns.b) }
    if let rows = axes.rows { (block.rows, block.aRow, block.bRow) = (rows.length, rows.a, rows.b) }
    self.block = block
    outer = axes.others.reversed()
  }

  /// Axes, innermost first. The two that make a block are no array, whose memory would cost more than a small combination.
  private struct Axes {
    var columns, rows: Axis?
    var others: [Axis] = []

    /// Adds an axis outside the others, or makes it one with the last where a step along it is a step beyond its end.
    mutating func append(_ axis: Axis) {
      if let last = others.last {
        if let both = last.joined(to: axis) { others[others.count - 1] = both } else { others.append(axis) }
      } else if let last = rows {
        if let both = last.joined(to: axis) { rows = both } else { others.append(axis) }
      } else if let last = columns {
        if let both = last.joined(to: axis) { columns = both } else { rows = axis }
      } else {
        columns = axis
      }
    }
  }

  /// Calls `body` with the offsets of each block in the operands and in the result.
  @inlinable @inline(__always)
  func forEachBlock(_ body: (_ a: Int, _ b: Int, _ out: Int) -> Void) {
    if count == 0 { return }
    if outer.isEmpty { return body(0, 0, 0) }
    var index = [Int](repeating: 0, count: outer.count)
    var (a, b) = (0, 0)
    for out in stride(from: 0, to: count, by: block.rows * block.columns) {
      body(a, b, out)
      for axis in outer.indices.reversed() {
        let step = outer[axis]
        index[axis] += 1
        (a, b) = (a + step.a, b + step.b)
        if index[axis] < step.length { break }
        (a, b) = (a - step.length * step.a, b - step.length * step.b)
        index[axis] = 0
      }
    }
  }
}
