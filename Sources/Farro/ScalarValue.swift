/// The value of an element of any type, without loss: the middle of every cast. The optimizer removes it.
@frozen
public enum ScalarValue: Sendable, Equatable {
  /// Of a boolean (0 or 1) or a signed integer.
  case signed(Int64)
  /// Of an unsigned integer.
  case unsigned(UInt64)
  /// Of a floating-point number.
  case floating(Double)
}

extension Bool {
  /// This value, to be cast to another type.
  @inlinable
  public var scalarValue: ScalarValue { .signed(self ? 1 : 0) }

  /// `false` for 0, `true` for every other number, NaN among them.
  @inlinable
  public init(casting value: ScalarValue) {
    switch value {
    case .signed(let number): self = number != 0
    case .unsigned(let number): self = number != 0
    case .floating(let number): self = number != 0
    }
  }
}

extension TensorScalar where Self: FixedWidthInteger {
  /// This value, to be cast to another type.
  @inlinable
  public var scalarValue: ScalarValue {
    Self.isSigned ? .signed(Int64(truncatingIfNeeded: self)) : .unsigned(UInt64(truncatingIfNeeded: self))
  }

  /// A number without its fraction.
  ///
  /// - Precondition: the integer part fits this type.
  @inlinable
  public init(casting value: ScalarValue) {
    switch value {
    case .signed(let number):
      guard let result = Self(exactly: number) else { failCast("\(number)", Self.self) }
      self = result
    case .unsigned(let number):
      guard let result = Self(exactly: number) else { failCast("\(number)", Self.self) }
      self = result
    case .floating(let number):
      guard let result = Self.truncating(number) else { failCast("\(number)", Self.self) }
      self = result
    }
  }

  /// The integer part; `nil` where it does not fit.
  @inlinable
  static func truncating(_ number: Double) -> Self? {
    // Through a type that converts in one instruction. 2^63 is the first number beyond Int64.
    if abs(number) < 0x1p63 { return Self(exactly: Int64(number)) }
    return UInt64(exactly: number.rounded(.towardZero)).flatMap(Self.init(exactly:))
      ?? (number == -0x1p63 ? Self(exactly: Int64.min) : nil)
  }
}

extension TensorScalar where Self: BinaryFloatingPoint {
  /// This value, to be cast to another type.
  @inlinable
  public var scalarValue: ScalarValue { .floating(Double(self)) }

  /// The nearest number of this type.
  @inlinable
  public init(casting value: ScalarValue) {
    switch value {
    case .signed(let number): self = Self(number)
    case .unsigned(let number): self = Self(number)
    case .floating(let number): self = Self(number)
    }
  }
}

@usableFromInline @inline(never)
func failCast(_ value: String, _ type: Any.Type) -> Never {
  stop("Tensor(casting:): \(value) does not fit \(type)")
}
