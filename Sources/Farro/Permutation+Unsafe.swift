/// A transposition of any rank with as few axes as possible: axes of length 1 are left out, and neighbours that stay
/// neighbours are one.
struct Permutation {
  struct Axis {
    var length: Int
    var stride: Int  // in the source, in elements
  }

  /// In the order of the result, whose elements are contiguous.
  private(set) var axes: [Axis] = []

  init(_ shape: [Int], _ order: [Int]) {
    var strides = shape
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    for axis in order where shape[axis] != 1 {
      let next = Axis(length: shape[axis], stride: strides[axis])
      if let last = axes.last, last.stride == next.length * next.stride {
        axes[axes.count - 1] = Axis(length: last.length * next.length, stride: next.stride)
      } else {
        axes.append(next)
      }
    }
  }

  /// Whether the elements keep their order.
  var isIdentity: Bool { axes.count <= 1 }

  /// Copies the elements; neither `isIdentity` nor any length is 0.
  func copy<Scalar: TensorScalar>(_ source: UnsafeBufferPointer<Scalar>, to out: UnsafeMutableBufferPointer<Scalar>) {
    let (source, out) = (UnsafeRawPointer(source.baseAddress!), UnsafeMutableRawPointer(out.baseAddress!))
    switch MemoryLayout<Scalar>.stride {  // only the size matters: four copies of the loops serve every type
    case 1: copy(source, to: out, as: UInt8.self)
    case 2: copy(source, to: out, as: UInt16.self)
    case 4: copy(source, to: out, as: UInt32.self)
    default: copy(source, to: out, as: UInt64.self)
    }
  }

  private func copy<Word: FixedWidthInteger>(_ source: UnsafeRawPointer, to out: UnsafeMutableRawPointer, as: Word.Type)
  {
    let (source, out) = (source.assumingMemoryBound(to: Word.self), out.assumingMemoryBound(to: Word.self))
    let columns = axes[axes.count - 1]
    // Where the source is contiguous: along the result's last axis, or along the one that is exchanged with it.
    let along = axes.firstIndex { $0.stride == 1 }!
    let isRowCopy = along == axes.count - 1
    let rows = isRowCopy ? Axis(length: 1, stride: 0) : axes[along]
    let rowStep = axes[(along + 1)...].reduce(1) { $0 * $1.length }
    forEachOffset(of: axes.indices.filter { $0 != along && $0 != axes.count - 1 }) { from, to in
      if isRowCopy {
        (out + to).update(from: source + from, count: columns.length)
      } else {
        transpose(source + from, columns.stride, to: out + to, rowStep, rows: rows.length, columns: columns.length)
      }
    }
  }

  /// `out[i * outRow + j] = source[j * sourceRow + i]`, in square tiles that stay in the L1 cache: each line of the source
  /// is used up before it is evicted, and each line of the result is written whole.
  @inline(__always)
  private func transpose<Word: FixedWidthInteger>(
    _ source: UnsafePointer<Word>,
    _ sourceRow: Int,
    to out: UnsafeMutablePointer<Word>,
    _ outRow: Int,
    rows: Int,
    columns: Int
  ) {
    let tile = 64 / MemoryLayout<Word>.stride  // one cache line
    for i0 in stride(from: 0, to: rows, by: tile) {
      let i1 = min(i0 + tile, rows)
      for j0 in stride(from: 0, to: columns, by: tile) {
        let j1 = min(j0 + tile, columns)
        for i in i0..<i1 {
          for j in j0..<j1 { out[i &* outRow &+ j] = source[j &* sourceRow &+ i] }
        }
      }
    }
  }

  /// Calls `body` with the offsets in source and result of each index of some of the axes.
  @inline(__always)
  private func forEachOffset(of outer: [Int], _ body: (_ source: Int, _ out: Int) -> Void) {
    var outStrides = axes.map { _ in 1 }
    for axis in axes.indices.dropLast().reversed() { outStrides[axis] = outStrides[axis + 1] * axes[axis + 1].length }
    var index = outer.map { _ in 0 }
    var (from, to) = (0, 0)
    while true {
      body(from, to)
      var position = outer.count - 1
      while position >= 0 {
        let axis = outer[position]
        index[position] += 1
        from += axes[axis].stride
        to += outStrides[axis]
        if index[position] < axes[axis].length { break }
        from -= axes[axis].length * axes[axis].stride
        to -= axes[axis].length * outStrides[axis]
        index[position] = 0
        position -= 1
      }
      if position < 0 { return }
    }
  }
}
