import Farro

/// A tensor whose element type is known only when the program runs, for example that of a file.
public enum AnyTensor: Sendable {
  /// Elements of the type `Bool`.
  case bool(Tensor<Bool>)
  /// Elements of the type `Int8`.
  case i8(Tensor<Int8>)
  /// Elements of the type `Int16`.
  case i16(Tensor<Int16>)
  /// Elements of the type `Int32`.
  case i32(Tensor<Int32>)
  /// Elements of the type `Int64`.
  case i64(Tensor<Int64>)
  /// Elements of the type `UInt8`.
  case u8(Tensor<UInt8>)
  /// Elements of the type `UInt16`.
  case u16(Tensor<UInt16>)
  /// Elements of the type `UInt32`.
  case u32(Tensor<UInt32>)
  /// Elements of the type `UInt64`.
  case u64(Tensor<UInt64>)
  #if !(os(macOS) && arch(x86_64))
    /// Elements of the type `Float16`.
    case f16(Tensor<Float16>)
  #endif
  /// Elements of the type `Float`.
  case f32(Tensor<Float>)
  /// Elements of the type `Double`.
  case f64(Tensor<Double>)
}

extension AnyTensor {
  /// Reads the array of NPY data as what it is.
  init(npy source: any ByteSource) throws {
    let header = try NPYHeader(of: source)
    switch header.dtype {
    case .bool: self = .bool(try header.tensor(of: source))
    case .i8: self = .i8(try header.tensor(of: source))
    case .i16: self = .i16(try header.tensor(of: source))
    case .i32: self = .i32(try header.tensor(of: source))
    case .i64: self = .i64(try header.tensor(of: source))
    case .u8: self = .u8(try header.tensor(of: source))
    case .u16: self = .u16(try header.tensor(of: source))
    case .u32: self = .u32(try header.tensor(of: source))
    case .u64: self = .u64(try header.tensor(of: source))
    case .bf16: throw NPYError(problem: .unsupportedDType("bfloat16"), file: source.name, offset: 0)
    case .f16:
      #if !(os(macOS) && arch(x86_64))
        self = .f16(try header.tensor(of: source))
      #else
        throw NPYError(problem: .unsupportedDType("float16 on this platform"), file: source.name, offset: 0)
      #endif
    case .f32: self = .f32(try header.tensor(of: source))
    case .f64: self = .f64(try header.tensor(of: source))
    }
  }

  /// The length of each axis.
  public var shape: [Int] {
    switch self {
    case .bool(let tensor): tensor.shape
    case .i8(let tensor): tensor.shape
    case .i16(let tensor): tensor.shape
    case .i32(let tensor): tensor.shape
    case .i64(let tensor): tensor.shape
    case .u8(let tensor): tensor.shape
    case .u16(let tensor): tensor.shape
    case .u32(let tensor): tensor.shape
    case .u64(let tensor): tensor.shape
    #if !(os(macOS) && arch(x86_64))
      case .f16(let tensor): tensor.shape
    #endif
    case .f32(let tensor): tensor.shape
    case .f64(let tensor): tensor.shape
    }
  }

  /// The type of the elements.
  public var dtype: DType {
    switch self {
    case .bool: .bool
    case .i8: .i8
    case .i16: .i16
    case .i32: .i32
    case .i64: .i64
    case .u8: .u8
    case .u16: .u16
    case .u32: .u32
    case .u64: .u64
    #if !(os(macOS) && arch(x86_64))
      case .f16: .f16
    #endif
    case .f32: .f32
    case .f64: .f64
    }
  }

  /// The same values as numbers to compute with, each rounded to the nearest; `false` is 0 and `true` is 1.
  ///
  /// - Complexity: O(count), without a copy when the elements are of this type already.
  @inlinable  // The loops must be compiled for the caller's type.
  public func converted<Scalar: KernelScalar>(to _: Scalar.Type = Scalar.self) -> Tensor<Scalar> {
    switch self {
    case .bool(let tensor): map(tensor) { $0 ? 1 : 0 }
    case .i8(let tensor): map(tensor) { Scalar($0) }
    case .i16(let tensor): map(tensor) { Scalar($0) }
    case .i32(let tensor): map(tensor) { Scalar($0) }
    case .i64(let tensor): map(tensor) { Scalar($0) }
    case .u8(let tensor): map(tensor) { Scalar($0) }
    case .u16(let tensor): map(tensor) { Scalar($0) }
    case .u32(let tensor): map(tensor) { Scalar($0) }
    case .u64(let tensor): map(tensor) { Scalar($0) }
    #if !(os(macOS) && arch(x86_64))
      case .f16(let tensor): map(tensor) { Scalar($0) }
    #endif
    case .f32(let tensor): (tensor as? Tensor<Scalar>) ?? map(tensor) { Scalar($0) }
    case .f64(let tensor): (tensor as? Tensor<Scalar>) ?? map(tensor) { Scalar($0) }
    }
  }

  @inlinable
  func map<From: TensorScalar, To: TensorScalar>(_ tensor: Tensor<From>, _ transform: (From) -> To) -> Tensor<To> {
    Tensor(unsafeUninitializedShape: tensor.shape) { result in
      tensor.withUnsafeBufferPointer { elements in
        for i in elements.indices { result[i] = transform(elements[i]) }
      }
    }
  }
}
