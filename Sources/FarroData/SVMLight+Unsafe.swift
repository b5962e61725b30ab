import Farro

// From the bytes of a text to rows.

/// A problem at a place of the text; `nil`: the task was cancelled.
private struct SVMLightProblem: Error {
  let problem: SVMLightError.Problem?
}

private let blank: UInt8 = 0x20
private let tabulator: UInt8 = 0x09
private let colon: UInt8 = 0x3A
private let numberSign: UInt8 = 0x23

private struct SVMLightReader<Scalar: DecimalReadable & KernelScalar> {
  let text: UnsafeBufferPointer<UInt8>
  let options: SVMLight.Options
  private var position = 0
  private(set) var line = 1
  private var lineStart = 0
  /// Where the part begins that is being read.
  private var start = 0
  private var parts = 0

  private var offsets: [Int64] = [0]
  private var indices: [Int32] = []
  private var values: [Scalar] = []
  private var targets: [Double] = []
  private var queries: [Int] = []
  /// The least index, and the largest one and its place.
  private var least = Int.max
  private var largest = -1
  private var largestPlace = (line: 1, column: 1)

  init(_ text: UnsafeBufferPointer<UInt8>, _ options: SVMLight.Options) { (self.text, self.options) = (text, options) }

  var column: Int { start - lineStart + 1 }

  mutating func rows() throws(SVMLightProblem) -> SVMLight.Rows<Scalar> {
    if let columns = options.columns, !(0...Int(Int32.max) ~= columns) { throw fail(.columns(columns)) }
    var colons = 0
    for byte in text { colons &+= byte == colon ? 1 : 0 }
    // A feature has four bytes at least, such as " 1:1".
    let most = min(colons, text.count / 4 + 1)
    indices.reserveCapacity(most)
    values.reserveCapacity(most)
    while position < text.count { try readLine() }

    let first = options.firstIndex?.rawValue ?? (least == 0 || largest < 0 ? 0 : 1)
    let needed = largest < 0 ? 0 : largest - first + 1
    if let columns = options.columns, needed > columns {
      (line, lineStart, start) = (largestPlace.line, 0, largestPlace.column - 1)
      throw fail(.indexBeyondColumns(largest, columns: columns))
    }
    if first > 0 { for place in indices.indices { indices[place] -= Int32(first) } }
    do {
      let columns = options.columns ?? needed
      let x = try CSRMatrix(columns: columns, offsets: offsets, indices: indices, values: values)
      return SVMLight.Rows(x: x, y: targets, queries: queries.isEmpty ? nil : queries)
    } catch {
      stop("SVMLight: rows that were checked are none: \(error)")
    }
  }

  private func fail(_ problem: SVMLightError.Problem) -> SVMLightProblem { SVMLightProblem(problem: problem) }

  private mutating func readLine() throws(SVMLightProblem) {
    if let target = try nextPart() {
      try readTarget(target)
      var (previous, isFirst) = (-1, true)
      while let part = try nextPart() {
        if part.starts(with: [0x71, 0x69, 0x64, colon]) {
          guard isFirst, let query = Int(string(part[4...])) else { throw fail(.notAQuery(string(part[...]))) }
          queries.append(query)
        } else {
          previous = try readFeature(part, after: previous)
        }
        isFirst = false
      }
      offsets.append(Int64(values.count))
      guard queries.isEmpty || queries.count == targets.count else {
        start = lineStart
        throw fail(.otherQueries)
      }
    }
    // Here is the line's end, or the text's.
    if position < text.count { position += 1 }
    (line, lineStart, start) = (line + 1, position, position)
  }

  /// The next part between blanks; `nil` at the end of the line, where a comment does not count.
  @inline(__always)
  private mutating func nextPart() throws(SVMLightProblem) -> UnsafeBufferPointer<UInt8>? {
    parts &+= 1
    if parts % 4096 == 0 && Task.isCancelled { throw SVMLightProblem(problem: nil) }
    while position < text.count, isBlank(text[position]) { position += 1 }
    start = position
    while position < text.count, case let byte = text[position], !isBlank(byte), byte != newline, byte != numberSign {
      position += 1
    }
    if position > start { return UnsafeBufferPointer(rebasing: text[start..<position]) }
    while position < text.count, text[position] != newline { position += 1 }
    return nil
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == blank || byte == tabulator || byte == carriageReturn }

  private mutating func readTarget(_ part: UnsafeBufferPointer<UInt8>) throws(SVMLightProblem) {
    if part.contains(colon) { throw fail(.missingTarget) }
    if part.contains(0x2C) { throw fail(.severalLabels(string(part[...]))) }
    targets.append(try number(part))
  }

  private mutating func readFeature(
    _ part: UnsafeBufferPointer<UInt8>,
    after previous: Int
  ) throws(SVMLightProblem) -> Int {
    var (index, digits) = (0, 0)
    while digits < part.count, case let digit = part[digits] &- 0x30, digit < 10, index <= SVMLight.mostIndex {
      (index, digits) = (index * 10 + Int(digit), digits + 1)
    }
    guard digits > 0, digits < part.count, part[digits] == colon, index <= SVMLight.mostIndex else {
      guard let place = part.firstIndex(of: colon) else { throw fail(.notAFeature(string(part[...]))) }
      throw fail(.notAnIndex(string(part[..<place])))
    }
    guard index > previous else { throw fail(.unorderedIndex(index, after: previous)) }
    if index == 0 && options.firstIndex == .one { throw fail(.zeroIndex) }
    least = min(least, index)
    if index > largest { (largest, largestPlace) = (index, (line, column)) }
    start += digits + 1
    indices.append(Int32(index))
    values.append(try number(UnsafeBufferPointer(rebasing: part[(digits + 1)...])))
    return index
  }

  private func number<Number: DecimalReadable>(_ text: UnsafeBufferPointer<UInt8>) throws(SVMLightProblem) -> Number {
    do throws(CSVProblem) {
      return try Number.number(text)
    } catch {
      if case .outOfRange(let text, let dtype) = error.problem { throw fail(.outOfRange(text, dtype)) }
      throw fail(.notANumber(string(text[...])))
    }
  }

  private func string(_ part: Slice<UnsafeBufferPointer<UInt8>>) -> String { String(decoding: part, as: UTF8.self) }
}

extension SVMLight {
  static func rows<Scalar: KernelScalar>(
    of memory: UnsafeRawBufferPointer,
    _ file: String?,
    _ options: Options
  ) throws -> Rows<Scalar> {
    // Compiled for each type, which a reader that is generic here would not be.
    if Scalar.dtype == .f32 { return try read(memory, file, options, Float.self) as! Rows<Scalar> }
    return try read(memory, file, options, Double.self) as! Rows<Scalar>
  }

  private static func read<Scalar: DecimalReadable & KernelScalar>(
    _ memory: UnsafeRawBufferPointer,
    _ file: String?,
    _ options: Options,
    _: Scalar.Type
  ) throws -> Rows<Scalar> {
    let start = memory.starts(with: byteOrderMark) ? byteOrderMark.count : 0
    return try UnsafeRawBufferPointer(rebasing: memory[start...]).withMemoryRebound(to: UInt8.self) { text in
      var reader = SVMLightReader<Scalar>(text, options)
      do throws(SVMLightProblem) {
        return try reader.rows()
      } catch {
        guard let problem = error.problem else { throw CancellationError() }
        throw SVMLightError(problem: problem, file: file, line: reader.line, column: reader.column)
      }
    }
  }
}
