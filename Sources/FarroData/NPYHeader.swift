import Farro

/// What an NPY file says about its array.
///
/// Source: NEP 1 and the documentation of `numpy.lib.format`.
public struct NPYHeader: Hashable, Sendable {
  /// The order of the bytes of one element.
  public enum ByteOrder: Hashable, Sendable {
    /// The least, or the most, significant byte first.
    case little, big

    /// This machine's.
    public static var native: ByteOrder { 1.littleEndian == 1 ? .little : .big }
  }

  /// The type of the elements.
  public let dtype: DType

  /// Native for elements of one byte.
  public let byteOrder: ByteOrder

  /// The length of each axis; empty for a scalar.
  public let shape: [Int]

  /// Whether the first axis is the fastest in the file. (In a tensor, the last axis is.)
  public let isFortranOrder: Bool

  /// The major version of the format: 1, 2 or 3.
  public let version: Int

  /// Where the elements start, in bytes from the start of the file.
  public let dataOffset: Int

  /// The number of elements: the product of ``shape``.
  public var count: Int { shape.reduce(1, *) }

  /// The size of the elements. What follows them in the file is not part of this array.
  public var dataBytes: Int { count * dtype.bytes }

  /// Longer headers are refused. Those of the supported types stay under 2 KiB; names of structured types (which can
  /// then be reported by name) take more.
  public static let mostBytes = 1 << 20

  /// The most axes that NumPy, and thus this reader, takes.
  public static let mostAxes = 64
}

extension DType {
  /// The size of one element.
  var bytes: Int {
    switch self {
    case .bool, .i8, .u8: 1
    case .i16, .u16, .bf16, .f16: 2
    case .i32, .u32, .f32: 4
    case .i64, .u64, .f64: 8
    }
  }

  /// NumPy's name: a letter for the kind, and the size; `nil` for what NumPy has not.
  fileprivate var numpyName: String? {
    switch self {
    case .bool: "b1"
    case .bf16: nil
    default: "\(rawValue.first!)\(bytes)"
    }
  }
}

// MARK: - The element type

extension NPYHeader {
  /// Takes NumPy's name of an element type apart; `nil` if a tensor cannot hold such elements.
  static func elementType(named name: String) -> (dtype: DType, byteOrder: ByteOrder)? {
    guard let order = name.first, "<>=|".contains(order) else { return nil }
    guard let dtype = DType.allCases.first(where: { $0.numpyName == String(name.dropFirst()) }) else { return nil }
    switch order {
    case "<" where dtype.bytes > 1: return (dtype, .little)
    case ">" where dtype.bytes > 1: return (dtype, .big)
    default: return (dtype, .native)
    }
  }
}

// MARK: - Writing

extension NPYHeader {
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]  // \x93NUMPY

  /// The bytes before the elements of a tensor in this machine's byte order, as `numpy.save` writes them.
  ///
  /// Version 1.0 always suffices: it holds headers of 65,535 bytes, and 64 axes take less than 2 KiB.
  ///
  /// - Precondition: `shape` has at most ``mostAxes`` axes, all that NumPy can read.
  static func encoded<Scalar: NPYScalar>(_: Scalar.Type, shape: [Int]) -> [UInt8] {
    let dtype = Scalar.dtype
    require(shape.count <= mostAxes, "NPY: an array has at most \(mostAxes) axes, and this one has \(shape.count)")
    let order = dtype.bytes == 1 ? "|" : ByteOrder.native == .little ? "<" : ">"
    let lengths = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    var text = "{'descr': '\(order)\(dtype.numpyName!)', 'fortran_order': False, 'shape': (\(lengths)), }"
    // NumPy leaves room for the first axis to grow to 21 digits in place, and then aligns the elements to 64 bytes.
    if let first = shape.first { text += spaces(21 - String(first).utf8.count) }
    let bytesBeforeText = magic.count + 4
    text += spaces(64 - (bytesBeforeText + text.utf8.count + 1) % 64) + "\n"
    let length = UInt16(text.utf8.count)
    return magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + text.utf8
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
