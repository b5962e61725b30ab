extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
  /// The elements in nested brackets, aligned in columns; of more than 1000, the first and last three along each axis.
  public var description: String {
    let shown = shape.map { shownIndices($0) }
    var columns = Columns(isShort: isLong)
    forEachShown(shown) { columns.cells.append($0) }
    columns.width = columns.cells.map(\.count).max() ?? 0
    return columns.text(shown[...], indentation: 1)
  }

  /// The type and the shape before ``description``.
  public var debugDescription: String { "Tensor<\(Scalar.self)> of shape \(shape)\n\(description)" }

  /// Of a tensor without elements, the brackets count.
  private var isLong: Bool { shape.reduce(1) { $0 * Swift.max($1, 1) } > 1000 }

  private func shownIndices(_ length: Int) -> [Int] {
    isLong && length > 6 ? Array(0..<3) + Array((length - 3)..<length) : Array(0..<length)
  }

  private func forEachShown(_ shown: [[Int]], _ body: (String) -> Void) {
    func walk(_ axis: Int, _ position: Int) {
      if axis == rank { return body("\(scalar(at: position))") }
      for i in shown[axis] { walk(axis + 1, position * shape[axis] + i) }
    }
    if count > 0 { walk(0, 0) }
  }
}

/// The texts of the shown elements in row-major order, and how to lay them out.
private struct Columns {
  let isShort: Bool
  var cells: [String] = []
  var width = 0
  private var next = 0

  init(isShort: Bool) { self.isShort = isShort }

  mutating func text(_ shown: ArraySlice<[Int]>, indentation: Int) -> String {
    guard let indices = shown.first else { return nextCell(padded: false) }
    var rows: [String] = []
    let isLast = shown.count == 1
    for (position, index) in indices.enumerated() {
      if position > 0, index != indices[position - 1] + 1 { rows.append("...") }
      rows.append(isLast ? nextCell(padded: true) : text(shown.dropFirst(), indentation: indentation + 1))
    }
    // Blocks of more axes stand further apart.
    let lines = String(repeating: "\n", count: shown.count - 1) + String(repeating: " ", count: indentation)
    return "[" + rows.joined(separator: isLast ? ", " : "," + lines) + "]"
  }

  private mutating func nextCell(padded: Bool) -> String {
    let cell = cells[next]
    next += 1
    return padded ? String(repeating: " ", count: width - cell.count) + cell : cell
  }
}
