/// A floating-point number of 16 bits with the range of `Float`: its upper half, so 8 significant bits.
///
/// A type to store, not to compute in: a ``matmul(_:_:as:transposeA:transposeB:epilogue:)`` of tensors of it accumulates in `Float`,
/// and `Tensor(casting:)` converts whole tensors.
@frozen
public struct BFloat16: BitwiseCopyable, Sendable {
  /// Sign, 8 bits of exponent, 7 of fraction.
  public var bitPattern: UInt16

  /// The number with these bits.
  @inlinable
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// The nearest number, of two equally near ones the even one; infinity beyond the range. NaN stays NaN.
  @inlinable
  public init(_ number: Float) {
    let bits = number.bitPattern
    let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
    bitPattern = UInt16(truncatingIfNeeded: number.isNaN ? bits >> 16 | 0x40 : rounded)
  }

  /// The nearest number, as of a `Float`, rounded once.
  @inlinable
  public init(_ number: Double) {
    // First to a `Float` whose last bit is 1 where it is not exact: such a one is never half-way between two results.
    let nearest = Float(number)
    var bits = nearest.bitPattern
    if Double(nearest) != number && !number.isNaN {
      if Double(nearest.magnitude) > number.magnitude { bits -= 1 }
      bits |= 1
    }
    self.init(Float(bitPattern: bits))
  }
}

extension Float {
  /// The same number.
  @inlinable
  public init(_ number: BFloat16) { self.init(bitPattern: UInt32(number.bitPattern) << 16) }
}

extension BFloat16: Comparable {
  /// As IEEE 754 compares: 0 equals -0, and NaN nothing.
  @inlinable
  public static func == (a: BFloat16, b: BFloat16) -> Bool { Float(a) == Float(b) }

  /// As IEEE 754 compares: false where one is NaN.
  @inlinable
  public static func < (a: BFloat16, b: BFloat16) -> Bool { Float(a) < Float(b) }
}

extension BFloat16: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// The nearest number.
  @inlinable
  public init(floatLiteral value: Double) { self.init(value) }

  /// The nearest number.
  @inlinable
  public init(integerLiteral value: Int) { self.init(casting: .signed(Int64(value))) }
}

extension BFloat16: CustomStringConvertible {
  /// The number as a `Float` is printed.
  public var description: String { Float(self).description }
}

extension BFloat16: TensorScalar {
  /// `bf16`.
  public static var dtype: DType { .bf16 }

  /// This value, to be cast to another type.
  @inlinable
  public var scalarValue: ScalarValue { .floating(Double(Float(self))) }

  /// The nearest number of this type.
  @inlinable
  public init(casting value: ScalarValue) {
    switch value {
    case .signed(let number):
      let magnitude = BFloat16(casting: .unsigned(number.magnitude))
      self.init(bitPattern: magnitude.bitPattern | (number < 0 ? 0x8000 : 0))
    // What a `Double` cannot hold is left of half-way between two results by its last bit alone.
    case .unsigned(let number):
      let isLong = number >> 53 != 0
      self.init(Double(isLong ? number & ~0x7FF | (number & 0x7FF != 0 ? 0x800 : 0) : number))
    case .floating(let number): self.init(number)
    }
  }
}
