import Farro

/// The array of an NPY file, left where it is: the operating system brings in what is touched, and forgets it when memory is
/// needed for something else. So the array may be larger than memory.
///
/// ```swift
/// let points = try NPY.map("points.npy", as: Float.self)
/// let part = points[0..<1000]  // a tensor of the first rows
/// ```
///
/// A file that another process shortens or overwrites in place while it is mapped takes the reader down; ``NPY/write(_:to:)`` does
/// neither.
public struct MappedTensor<Scalar: NPYScalar>: Sendable {
  private let file: MappedFile
  private let offset: Int

  /// The length of each axis; empty for a scalar.
  public let shape: [Int]

  /// The number of elements: the product of ``shape``.
  public let count: Int

  fileprivate init(_ file: MappedFile, _ header: NPYHeader) {
    (self.file, offset, shape, count) = (file, header.dataOffset, header.shape, header.count)
  }

  /// Calls `body` with the elements in row-major order. The pointer is valid only during the call.
  ///
  /// - Complexity: O(1) besides `body`.
  public func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Scalar>) throws -> Result) rethrows -> Result
  {
    try withExtendedLifetime(file) {
      let bytes = UnsafeRawBufferPointer(rebasing: file.memory[offset..<offset + count * MemoryLayout<Scalar>.stride])
      return try body(bytes.assumingMemoryBound(to: Scalar.self))
    }
  }

  /// A part of the leading axis, copied.
  ///
  /// - Precondition: there is a leading axis, and the range lies within it.
  /// - Complexity: O(elements of the part).
  public subscript(rows: Range<Int>) -> Tensor<Scalar> {
    require(
      shape.first.map { 0 <= rows.lowerBound && rows.upperBound <= $0 } ?? false,
      "MappedTensor: \(rows) is not a part of the leading axis of \(shape)"
    )
    let width = shape.dropFirst().reduce(1, *)
    return Tensor(unsafeUninitializedShape: [rows.count] + shape.dropFirst()) { elements in
      withUnsafeBufferPointer { all in
        _ = elements.initialize(fromContentsOf: all[rows.lowerBound * width..<rows.upperBound * width])
      }
    }
  }
}

extension NPY {
  /// The array of the file at `path`, mapped instead of read.
  ///
  /// - Throws: As ``read(_:as:)``; and ``NPYError`` for an array that must be turned around to be a tensor: in Fortran
  ///   order, with bytes in the other order, or at an odd place.
  /// - Complexity: O(1).
  public static func map<Scalar: NPYScalar>(_ path: String, as: Scalar.Type = Scalar.self) throws -> MappedTensor<
    Scalar
  > {
    let file = try MappedFile(path)
    let header = try NPYHeader(of: MemoryBytes(memory: file.memory, name: path))
    guard header.dtype == Scalar.dtype else {
      let problem = NPYError.Problem.otherDType(stored: header.dtype, requested: Scalar.dtype)
      throw NPYError(problem: problem, file: path, offset: header.dataOffset)
    }
    guard header.isMappable else {
      throw NPYError(problem: .notMappable, file: path, offset: header.dataOffset)
    }
    return MappedTensor(file, header)
  }
}

extension NPYHeader {
  /// Whether the array lies in the file as a tensor lies in memory, so that ``NPY/map(_:as:)`` takes it.
  public var isMappable: Bool {
    (!isFortranOrder || shape.count < 2) && byteOrder == .native && dataOffset % dtype.bytes == 0 && dtype != .bool
  }
}
