import Farro

// From bytes to the memory of a tensor.

/// Bytes that can be read at any offset: those of a file or of memory.
///
/// Passed as `any`: functions that are generic over the source as well as the element are not compiled for the element
/// alone, and swapping bytes then takes ten times as long.
protocol ByteSource {
  /// The file's path; `nil` for memory.
  var name: String? { get }
  var count: Int { get }

  /// Fills `memory` with the bytes from `offset` on, all of which exist.
  func read(into memory: UnsafeMutableRawBufferPointer, at offset: Int) throws
}

extension ByteSource {
  func bytes(_ range: Range<Int>) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
      count = range.count
    }
  }
}

struct FileBytes: ByteSource {
  let file: OpenFile
  let count: Int
  var name: String? { file.path }

  init(_ path: String) throws {
    file = try OpenFile.reading(path)
    count = try file.size()
  }

  func read(into memory: UnsafeMutableRawBufferPointer, at offset: Int) throws {
    try file.read(into: memory, at: offset)
  }
}

struct MemoryBytes: ByteSource {
  let memory: UnsafeRawBufferPointer
  var name: String?
  var count: Int { memory.count }

  func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) {
    destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + destination.count]))
  }
}

struct MappedBytes: ByteSource {
  let file: MappedFile
  let path: String
  var name: String? { path }
  var count: Int { file.count }

  func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) {
    MemoryBytes(memory: file.memory).read(into: destination, at: offset)
  }
}

extension NPYHeader {
  /// The elements in place; `nil` when they do not lie there as a tensor's do, or are of another type.
  ///
  /// - Precondition: this is the header of `file`.
  func mapped<Scalar: NPYScalar>(_ file: MappedFile) -> Tensor<Scalar>? {
    let isOrdered = !isFortranOrder || shape.count < 2
    guard dtype == Scalar.dtype, dtype != .bool, byteOrder == .native, isOrdered else { return nil }
    let data = UnsafeRawBufferPointer(rebasing: file.memory[dataOffset..<dataOffset + dataBytes])
    guard Int(bitPattern: data.baseAddress) % MemoryLayout<Scalar>.alignment == 0 else { return nil }
    return Tensor(lent: data.assumingMemoryBound(to: Scalar.self), by: file, shape: shape)
  }

  /// The elements, row-major and in this machine's byte order.
  ///
  /// - Precondition: this is the header of `source`.
  func tensor<Scalar: NPYScalar>(of source: any ByteSource) throws -> Tensor<Scalar> {
    func error(_ problem: NPYError.Problem) -> NPYError {
      NPYError(problem: problem, file: source.name, offset: dataOffset)
    }
    guard dtype == Scalar.dtype else { throw error(.otherDType(stored: dtype, requested: Scalar.dtype)) }
    // A sparse file can be larger than memory, and a tensor that cannot be allocated stops the program.
    if dataBytes > 1 << 30, let memory = CPU.current.memoryBytes, dataBytes > memory {
      throw error(.oversizedShape(shape))
    }
    return try Tensor(unsafeUninitializedShape: shape) { elements in
      let memory = UnsafeMutableRawBufferPointer(elements)
      switch dtype.bytes {
      case 1: try read(source, into: memory.assumingMemoryBound(to: UInt8.self))
      case 2: try read(source, into: memory.assumingMemoryBound(to: UInt16.self))
      case 4: try read(source, into: memory.assumingMemoryBound(to: UInt32.self))
      default: try read(source, into: memory.assumingMemoryBound(to: UInt64.self))
      }
    }
  }

  /// Reads the elements as the unsigned integers of their size.
  private func read<Word: FixedWidthInteger>(
    _ source: any ByteSource,
    into elements: UnsafeMutableBufferPointer<Word>
  ) throws {
    if isFortranOrder && shape.count > 1 {
      try readTransposed(source, into: elements)
    } else {
      try source.read(into: UnsafeMutableRawBufferPointer(elements), at: dataOffset)
    }
    if byteOrder != .native {
      for i in elements.indices { elements[i] = elements[i].byteSwapped }
    }
    // Swift's Bool is 0 or 1; NumPy takes any other byte for true.
    if dtype == .bool {
      for i in elements.indices { elements[i] = elements[i] == 0 ? 0 : 1 }
    }
  }

  /// Reads elements whose first axis is the fastest.
  ///
  /// In the file, the array is a matrix with a row per index of the last axis; in the tensor, it is the transposed matrix,
  /// whose rows come in another order when there are more than two axes. It is read in tiles, so that the memory taken
  /// besides the tensor stays near 1 MiB; a tile has enough rows for a cache line of the tensor to be written at once.
  private func readTransposed<Word: FixedWidthInteger>(
    _ source: any ByteSource,
    into elements: UnsafeMutableBufferPointer<Word>
  ) throws {
    guard let rows = shape.last, !elements.isEmpty else { return }
    let columns = elements.count / rows
    let wordBytes = MemoryLayout<Word>.stride
    let tileColumns = min(columns, (64 << 10) / wordBytes)
    let tileRows = min(rows, max(64 / wordBytes, (1 << 20) / (tileColumns * wordBytes)))
    let tile = UnsafeMutableBufferPointer<Word>.allocate(capacity: tileColumns * tileRows)
    defer { tile.deallocate() }

    for row in stride(from: 0, to: rows, by: tileRows) {
      let rowsHere = min(tileRows, rows - row)
      for column in stride(from: 0, to: columns, by: tileColumns) {
        let columnsHere = min(tileColumns, columns - column)
        // Whole rows adjoin in the file and are read at once.
        let readings = columnsHere == columns ? 1 : rowsHere
        let wordsPerReading = columnsHere * rowsHere / readings
        for reading in 0..<readings {
          let words = UnsafeMutableBufferPointer(rebasing: tile[(reading * wordsPerReading)...].prefix(wordsPerReading))
          let offset = ((row + reading) * columns + column) * wordBytes
          try source.read(into: UnsafeMutableRawBufferPointer(words), at: dataOffset + offset)
        }
        var position = LeadingPosition(column, shape: shape)
        for c in 0..<columnsHere {
          let target = position.offset + row
          for r in 0..<rowsHere { elements[target + r] = tile[r * columnsHere + c] }
          position.advance()
        }
      }
    }
  }
}

/// A position on all axes but the last, moved as Fortran does, the first axis fastest.
private struct LeadingPosition {
  private var index: [Int]
  private let lengths: [Int]
  private let strides: [Int]

  /// Of the first element there, in row-major order.
  private(set) var offset: Int

  /// The position that `ordinal` others precede.
  init(_ ordinal: Int, shape: [Int]) {
    lengths = shape.dropLast()
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in lengths.indices.reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    self.strides = strides
    index = []
    offset = 0
    var rest = ordinal
    for axis in lengths.indices {
      index.append(rest % lengths[axis])
      offset += index[axis] * strides[axis]
      rest /= lengths[axis]
    }
  }

  mutating func advance() {
    for axis in lengths.indices {
      index[axis] += 1
      offset += strides[axis]
      if index[axis] < lengths[axis] { return }
      offset -= index[axis] * strides[axis]
      index[axis] = 0
    }
  }
}

extension Tensor {
  /// Calls `body` with the elements as the bytes that they are in this machine's memory.
  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withUnsafeBufferPointer { try body(UnsafeRawBufferPointer($0)) }
  }
}
