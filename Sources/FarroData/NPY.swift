import Farro

/// Arrays in NumPy's file format, as `numpy.save` writes and `numpy.load` reads them.
///
/// Read are versions 1.0 to 3.0, elements of every ``NPYScalar`` in either byte order, and C and Fortran order. Structured
/// types, objects, strings, complex and longer floating-point numbers are refused by name. Reading goes straight into the
/// tensor's memory: nothing is held twice.
///
/// What follows the array in a file is ignored, as `numpy.load` does (several arrays may be saved into one file); the next
/// would start at ``NPYHeader/dataOffset`` + ``NPYHeader/dataBytes``.
///
/// Source: NEP 1 (https://numpy.org/neps/nep-0001-npy-format.html) and the documentation of `numpy.lib.format`.
///
/// ```swift
/// try NPY.write(weights, to: "weights.npy")
/// let again = try NPY.read("weights.npy", as: Float.self)
/// ```
public enum NPY {}

/// An element type that NumPy has: every one that a tensor holds but `BFloat16`, which is to be cast to `Float` first.
public protocol NPYScalar: TensorScalar {}

extension Bool: NPYScalar {}
extension Int8: NPYScalar {}
extension Int16: NPYScalar {}
extension Int32: NPYScalar {}
extension Int64: NPYScalar {}
extension Int: NPYScalar {}
extension UInt8: NPYScalar {}
extension UInt16: NPYScalar {}
extension UInt32: NPYScalar {}
extension UInt64: NPYScalar {}
#if !(os(macOS) && arch(x86_64))
  extension Float16: NPYScalar {}
#endif
extension Float: NPYScalar {}
extension Double: NPYScalar {}

// MARK: - Files

extension NPY {
  /// What the file at `path` says about its array, having checked that the array is there.
  ///
  /// - Throws: ``FileError`` when the file cannot be read, ``NPYError`` when it is not what it claims to be.
  /// - Complexity: O(length of the header).
  public static func header(of path: String) throws -> NPYHeader {
    try NPYHeader(of: FileBytes(path))
  }

  /// Reads the array of the file at `path`, whose elements must be of the type `Scalar`.
  ///
  /// - Throws: ``FileError`` when the file cannot be read, ``NPYError`` when it is not what it claims to be or has
  ///   elements of another type.
  /// - Complexity: O(count); elements in Fortran order take a further 1 MiB of memory.
  public static func read<Scalar: NPYScalar>(_ path: String, as: Scalar.Type = Scalar.self) throws -> Tensor<Scalar> {
    let source = try FileBytes(path)
    return try NPYHeader(of: source).tensor(of: source)
  }

  /// The array of the file at `path`, in place: mapped, so that its pages come in from the device as they are touched, and may
  /// be more than fit in memory.
  ///
  /// A file that does not hold the elements as a tensor does (booleans, the other byte order, Fortran order, or data that begins at
  /// no multiple of an element's size) is read instead, as by ``read(_:as:)``. The file must not be shortened or written to as long
  /// as the tensor lives, which would stop the program or change the elements; ``write(_:to:)`` puts a new file in its place. A
  /// tensor that is changed becomes a copy in memory first.
  ///
  /// - Throws: as ``read(_:as:)``.
  /// - Complexity: O(length of the header).
  public static func map<Scalar: NPYScalar>(_ path: String, as: Scalar.Type = Scalar.self) throws -> Tensor<Scalar> {
    let file = try MappedFile(path)
    let source = MappedBytes(file: file, path: path)
    return try NPYHeader(of: source).mapped(file) ?? NPYHeader(of: source).tensor(of: source)
  }

  /// Reads the array of the file at `path`, whatever the type of its elements.
  ///
  /// - Throws: as ``read(_:as:)``.
  /// - Complexity: O(count).
  public static func readAny(_ path: String) throws -> AnyTensor {
    try AnyTensor(npy: FileBytes(path))
  }

  /// Writes `tensor` to the file at `path`, whole or not at all (see ``AtomicFile``).
  ///
  /// The bytes are those that `numpy.save` of NumPy 2 writes for the same array.
  ///
  /// - Precondition: `tensor` has at most ``NPYHeader/mostAxes`` axes.
  /// - Throws: ``FileError``.
  /// - Complexity: O(count).
  public static func write<Scalar: NPYScalar>(_ tensor: Tensor<Scalar>, to path: String) throws {
    let header = NPYHeader.encoded(Scalar.self, shape: tensor.shape)
    try AtomicFile.write(to: path) { file in
      try file.append(header)
      try tensor.withUnsafeBytes { try file.append($0) }
    }
  }
}

// MARK: - Memory

extension NPY {
  /// What `bytes`, the contents of an NPY file, say about their array.
  ///
  /// - Throws: ``NPYError``.
  public static func decodeHeader(_ bytes: some Collection<UInt8>) throws -> NPYHeader {
    try withSource(bytes) { try NPYHeader(of: $0) }
  }

  /// The array of `bytes`, the contents of an NPY file, whose elements must be of the type `Scalar`.
  ///
  /// - Throws: ``NPYError``.
  /// - Complexity: O(count).
  public static func decode<Scalar: NPYScalar>(
    _ bytes: some Collection<UInt8>,
    as: Scalar.Type = Scalar.self
  ) throws -> Tensor<Scalar> {
    try withSource(bytes) { try NPYHeader(of: $0).tensor(of: $0) }
  }

  /// The array of `bytes`, the contents of an NPY file, whatever the type of its elements.
  ///
  /// - Throws: ``NPYError``.
  /// - Complexity: O(count).
  public static func decodeAny(_ bytes: some Collection<UInt8>) throws -> AnyTensor {
    try withSource(bytes) { try AnyTensor(npy: $0) }
  }

  /// The contents of the file that ``write(_:to:)`` makes.
  ///
  /// - Precondition: `tensor` has at most ``NPYHeader/mostAxes`` axes.
  /// - Complexity: O(count).
  public static func encode<Scalar: NPYScalar>(_ tensor: Tensor<Scalar>) -> [UInt8] {
    tensor.withUnsafeBytes { NPYHeader.encoded(Scalar.self, shape: tensor.shape) + $0 }
  }

  private static func withSource<Result>(
    _ bytes: some Collection<UInt8>,
    _ body: (MemoryBytes) throws -> Result
  ) throws -> Result {
    try bytes.withContiguousStorageIfAvailable { try body(MemoryBytes(memory: UnsafeRawBufferPointer($0))) }
      ?? Array(bytes).withUnsafeBytes { try body(MemoryBytes(memory: $0)) }
  }
}
