/// The element types that a tensor can hold.
public enum DType: String, Sendable, Codable, CaseIterable {
  case bool
  case i8, i16, i32, i64
  case u8, u16, u32, u64
  case f16, f32, f64
}

/// A type that a ``Tensor`` can hold: booleans, integers of 8 to 64 bits and floating-point numbers of 16 to 64.
public protocol TensorScalar: BitwiseCopyable, Sendable, Equatable {
  static var dtype: DType { get }
}

/// A type that Farro's kernels compute in: `Float` and `Double`.
public protocol KernelScalar: TensorScalar, BinaryFloatingPoint, SIMDScalar where RawSignificand: FixedWidthInteger {}

extension Bool: TensorScalar { public static var dtype: DType { .bool } }
extension Int8: TensorScalar { public static var dtype: DType { .i8 } }
extension Int16: TensorScalar { public static var dtype: DType { .i16 } }
extension Int32: TensorScalar { public static var dtype: DType { .i32 } }
extension Int64: TensorScalar { public static var dtype: DType { .i64 } }
extension Int: TensorScalar { public static var dtype: DType { .i64 } }
extension UInt8: TensorScalar { public static var dtype: DType { .u8 } }
extension UInt16: TensorScalar { public static var dtype: DType { .u16 } }
extension UInt32: TensorScalar { public static var dtype: DType { .u32 } }
extension UInt64: TensorScalar { public static var dtype: DType { .u64 } }
#if !(os(macOS) && arch(x86_64))
  extension Float16: TensorScalar { public static var dtype: DType { .f16 } }
#endif
extension Float: KernelScalar { public static var dtype: DType { .f32 } }
extension Double: KernelScalar { public static var dtype: DType { .f64 } }
