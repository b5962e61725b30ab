/// The element types that a tensor can hold.
public enum DType: String, Sendable, Codable, CaseIterable {
  /// `Bool`.
  case bool
  /// Signed integers: `Int8` to `Int64`; `Int` is ``i64``.
  case i8, i16, i32, i64
  /// Unsigned integers: `UInt8` to `UInt64`.
  case u8, u16, u32, u64
  /// Floating-point numbers: ``BFloat16``, `Float16`, `Float` and `Double`.
  case bf16, f16, f32, f64
}

/// A type that a ``Tensor`` can hold: booleans, integers of 8 to 64 bits and floating-point numbers of 16 to 64.
public protocol TensorScalar: BitwiseCopyable, Sendable, Equatable {
  /// The name of this type, as files and reports write it.
  static var dtype: DType { get }

  /// This value, to be cast to another type.
  var scalarValue: ScalarValue { get }

  /// A value cast as ``Tensor/init(casting:)-(Tensor<Other>)`` says.
  init(casting value: ScalarValue)
}

/// A type whose tensors can be added, subtracted, multiplied and divided: integers, `Float` and `Double`.
public protocol ArithmeticScalar: TensorScalar, Numeric, Comparable {}

/// A type of element that distances are measured between: `Float`, `Double`, ``BFloat16`` and `Int8`. No other type may
/// conform.
public protocol DistanceElement: TensorScalar {
  /// What the distances are: the type itself or, of 16 and 8 bits, `Float`, which holds such elements exactly.
  associatedtype Distance: KernelScalar
}

/// A type that Farro's kernels compute in: `Float` and `Double`. No other type may conform.
public protocol KernelScalar: ArithmeticScalar, DistanceElement, BinaryFloatingPoint, SIMDScalar, Codable
where RawSignificand: FixedWidthInteger, Distance == Self {}

extension Bool: TensorScalar { public static var dtype: DType { .bool } }
extension Int8: ArithmeticScalar { public static var dtype: DType { .i8 } }
extension Int16: ArithmeticScalar { public static var dtype: DType { .i16 } }
extension Int32: ArithmeticScalar { public static var dtype: DType { .i32 } }
extension Int64: ArithmeticScalar { public static var dtype: DType { .i64 } }
extension Int: ArithmeticScalar { public static var dtype: DType { .i64 } }
extension UInt8: ArithmeticScalar { public static var dtype: DType { .u8 } }
extension UInt16: ArithmeticScalar { public static var dtype: DType { .u16 } }
extension UInt32: ArithmeticScalar { public static var dtype: DType { .u32 } }
extension UInt64: ArithmeticScalar { public static var dtype: DType { .u64 } }
#if !(os(macOS) && arch(x86_64))
  extension Float16: TensorScalar { public static var dtype: DType { .f16 } }
#endif
extension Float: KernelScalar { public static var dtype: DType { .f32 } }
extension Double: KernelScalar { public static var dtype: DType { .f64 } }
extension BFloat16: DistanceElement { public typealias Distance = Float }
extension Int8: DistanceElement { public typealias Distance = Float }
