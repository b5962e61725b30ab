import Farro

/// Files of named arrays in the safetensors format, as they are used for the weights of models.
///
/// Read is what the format allows, and nothing else: arrays that overlap, leave holes or lie outside of the file are refused, and
/// so are names that occur twice and headers of more than 100 MB. A file is mapped, and an array of it is a tensor in place.
///
/// ```swift
/// try Safetensors.write([NamedArray("weights", weights), NamedArray("bias", bias)], to: "layer.safetensors")
/// let file = try Safetensors("layer.safetensors")
/// let again = try file.tensor("weights", as: Float.self)
/// ```
///
/// Such a file must not be shortened or written to while tensors of it live, which would stop the program or change them;
/// ``write(_:metadata:to:)`` puts a new file in its place.
///
/// Source: the format's description at https://github.com/huggingface/safetensors.
public struct Safetensors: Sendable {
  /// What the header says about an array.
  public struct Entry: Sendable, Hashable {
    /// What the array is called.
    public let name: String
    /// The type of its elements.
    public let dtype: DType
    /// The length of each axis.
    public let shape: [Int]
    /// Where its bytes are in the file.
    let range: Range<Int>
  }

  /// The file, as the caller named it.
  public let path: String
  /// Texts beside the arrays.
  public let metadata: [String: String]
  /// All arrays, in the order of their bytes.
  public let entries: [Entry]
  private let file: MappedFile
  private let placeOfName: [String: Int]

  /// No larger header is read; the limit is the format's.
  static let mostHeaderBytes = 100_000_000

  /// Opens the file at `path`, and checks all of its header.
  ///
  /// - Throws: ``SafetensorsError``, ``FileError``.
  /// - Complexity: O(*n* log *n*) for a header of *n* bytes.
  public init(_ path: String) throws { try self.init(try MappedFile(path), path) }

  init(_ file: MappedFile, _ path: String) throws(SafetensorsError) {
    let header = try SafetensorsHeader(file.memory, path)
    (self.file, self.path, metadata, entries) = (file, path, header.metadata, header.entries)
    placeOfName = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The names of all arrays, in the order of their bytes.
  public var names: [String] { entries.map(\.name) }

  /// What the header says about an array; `nil` when there is none of that name.
  public subscript(name: String) -> Entry? { placeOfName[name].map { entries[$0] } }

  /// An array, in place where its bytes lie as a tensor's must: at a multiple of an element's size, and no booleans.
  ///
  /// - Throws: ``SafetensorsError`` when there is no such array, or one of another type.
  /// - Complexity: O(1) in place, else O(count).
  public func tensor<Scalar: TensorScalar>(
    _ name: String,
    as: Scalar.Type = Scalar.self
  ) throws(SafetensorsError) -> Tensor<Scalar> {
    let entry = try entry(name)
    guard entry.dtype == Scalar.dtype else {
      throw error(.otherDType(array: name, stored: entry.dtype, requested: Scalar.dtype), entry.range.lowerBound)
    }
    return file.tensor(entry)
  }

  /// An array of any type of elements, as numbers to compute with, each rounded to the nearest.
  ///
  /// - Throws: ``SafetensorsError`` when there is no such array.
  /// - Complexity: O(count), without a copy when the elements are of this type already.
  public func tensor<Scalar: KernelScalar>(
    casting name: String,
    to: Scalar.Type = Scalar.self
  ) throws(SafetensorsError) -> Tensor<Scalar> {
    let entry = try entry(name)
    func cast<Stored: TensorScalar>(_: Stored.Type) -> Tensor<Scalar> {
      Tensor(casting: file.tensor(entry, Stored.self))
    }
    switch entry.dtype {
    case Scalar.dtype: return file.tensor(entry)
    case .bool: return cast(Bool.self)
    case .i8: return cast(Int8.self)
    case .i16: return cast(Int16.self)
    case .i32: return cast(Int32.self)
    case .i64: return cast(Int64.self)
    case .u8: return cast(UInt8.self)
    case .u16: return cast(UInt16.self)
    case .u32: return cast(UInt32.self)
    case .u64: return cast(UInt64.self)
    case .bf16: return cast(BFloat16.self)
    case .f16:
      #if !(os(macOS) && arch(x86_64))
        return cast(Float16.self)
      #else
        throw error(.unsupportedDType("F16", array: name), entry.range.lowerBound)
      #endif
    case .f32: return cast(Float.self)
    case .f64: return cast(Double.self)
    }
  }

  private func entry(_ name: String) throws(SafetensorsError) -> Entry {
    guard let entry = self[name] else { throw error(.missingArray(name), 8) }
    return entry
  }

  private func error(_ problem: SafetensorsError.Problem, _ offset: Int) -> SafetensorsError {
    SafetensorsError(problem: problem, file: path, offset: offset)
  }
}

// MARK: - Writing

/// An array to be written to a ``Safetensors`` file.
public struct NamedArray: Sendable {
  /// What it is called.
  public let name: String
  let dtype: DType
  let shape: [Int]
  let withBytes: @Sendable ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

  /// The elements of `tensor` under a name.
  public init<Scalar: TensorScalar>(_ name: String, _ tensor: Tensor<Scalar>) {
    (self.name, dtype, shape) = (name, Scalar.dtype, tensor.shape)
    withBytes = { try tensor.withUnsafeBytes($0) }
  }

  var byteCount: Int { shape.reduce(dtype.bytes, *) }
}

extension Safetensors {
  /// Writes a file, which is there whole or not at all, as ``AtomicFile`` does it.
  ///
  /// Each array begins at a multiple of its elements' size, and the first at one of 64 bytes, so that readers can use them in place.
  ///
  /// - Parameters:
  ///   - arrays: Of different names, none of which is `__metadata__`.
  ///   - metadata: Texts that are kept beside them.
  ///   - path: The file.
  /// - Precondition: The names are as above, and the header has no more than 100 MB.
  /// - Throws: ``FileError``.
  /// - Complexity: O(*n*) for *n* bytes.
  public static func write(_ arrays: [NamedArray], metadata: [String: String] = [:], to path: String) throws {
    let members = metadata.sorted { $0.key < $1.key }.map { JSON.Member(key: $0.key, value: .string($0.value)) }
    let ordered = ordered(arrays)
    let header = SafetensorsHeader.encoded(ordered, metadata: members)
    require(header.count - 8 <= mostHeaderBytes, "Safetensors: the names and texts exceed \(mostHeaderBytes) bytes")
    try AtomicFile.write(to: path) { file in
      try file.append(header)
      for array in ordered { try array.withBytes { try file.append($0) } }
    }
  }

  /// Large elements first: then each array begins at a multiple of its elements' size, without holes.
  static func ordered(_ arrays: [NamedArray]) -> [NamedArray] {
    var names: Set<String> = [SafetensorsHeader.metadataName]
    for array in arrays {
      require(names.insert(array.name).inserted, "Safetensors: two arrays are called \"\(array.name)\"")
    }
    let sizes = [8, 4, 2, 1]
    return sizes.flatMap { size in arrays.filter { $0.dtype.bytes == size } }
  }
}
