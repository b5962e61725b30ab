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

  /// `out[i * outRow + j] = source[j * sourceRow + i]`, tile by tile through a copy of the tile: each cache line of source
  /// and result is touched once, so that it does not matter when a power of two as row length puts a whole column of
  /// lines into one set of the cache.
  @inline(__always)
  private func transpose<Word: FixedWidthInteger>(
    _ source: UnsafePointer<Word>,
    _ sourceRow: Int,
    to out: UnsafeMutablePointer<Word>,
    _ outRow: Int,
    rows: Int,
    columns: Int
  ) {
    let side = max(16, 64 / MemoryLayout<Word>.stride)  // at least one cache line, and at most 4 KiB of them
    withUnsafeTemporaryAllocation(of: Word.self, capacity: side * side) { buffer in
      let tile = buffer.baseAddress!
      for i0 in Swift.stride(from: 0, to: rows, by: side) {
        let height = min(side, rows - i0)
        for j0 in Swift.stride(from: 0, to: columns, by: side) {
          let width = min(side, columns - j0)
          // Whole lines go in and single elements come out: the other way round, each load of a line would have to wait
          // until the stores of its elements have left the store buffer, behind those that miss the cache.
          for j in 0..<width { (tile + j * side).update(from: source + ((j0 + j) * sourceRow + i0), count: height) }
          for i in 0..<height {
            let line = out + ((i0 + i) * outRow + j0)
            for j in 0..<width { line[j] = tile[j * side + i] }
          }
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
