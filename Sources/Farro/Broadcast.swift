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
    let rank = max(a.count, b.count)
    var shape = [Int](repeating: 1, count: rank)
    var axes: [Axis] = []  // innermost first
    var (strideOfA, strideOfB) = (1, 1)
    for i in 1...rank {
      let (lengthOfA, lengthOfB) = (i <= a.count ? a[a.count - i] : 1, i <= b.count ? b[b.count - i] : 1)
      require(
        lengthOfA == lengthOfB || lengthOfA == 1 || lengthOfB == 1,
        "\(operation): the shapes \(a) and \(b) cannot be broadcast together"
      )
      let length = lengthOfA == 1 ? lengthOfB : lengthOfA
      shape[rank - i] = length
      let axis = Axis(length: length, a: lengthOfA == 1 ? 0 : strideOfA, b: lengthOfB == 1 ? 0 : strideOfB)
      strideOfA *= lengthOfA
      strideOfB *= lengthOfB
      if length != 1 { Broadcast.append(axis, to: &axes) }
    }
    self.init(shape: shape, count: Tensor<UInt8>.checkedCount(shape), innermostFirst: axes)
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

  private init(shape: [Int], count: Int, innermostFirst axes: [Axis]) {
    self.shape = shape
    self.count = count
    var block = Block(aStep: 1, bStep: 1)  // of one element: nothing is repeated, so that it can be combined in place
    if let columns = axes.first { (block.columns, block.aStep, block.bStep) = (columns.length, columns.a, columns.b) }
    if axes.count > 1 { (block.rows, block.aRow, block.bRow) = (axes[1].length, axes[1].a, axes[1].b) }
    self.block = block
    outer = axes.dropFirst(2).reversed()
  }

  /// Adds an axis outside the others, or makes it one with the last where a step along it is a step beyond its end.
  private static func append(_ axis: Axis, to axes: inout [Axis]) {
    if let inner = axes.last, axis.a == inner.a * inner.length, axis.b == inner.b * inner.length {
      axes[axes.count - 1].length *= axis.length
    } else {
      axes.append(axis)
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
