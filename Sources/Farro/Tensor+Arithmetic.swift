/// Arithmetic element by element.
///
/// Two tensors are broadcast as in NumPy: shapes are aligned at their last axes, and an axis that is missing or of length 1
/// is repeated to the other's length: (4, 3) and (3) give (4, 3), (4, 1) and (3) also. Shapes that do not agree so are
/// a precondition failure that shows both. `Float` and `Double` round each element once, as IEEE 754 says; integers trap
/// on overflow and division by zero, as Swift's operators do. `a += b` works in place when no other tensor shares the
/// elements of `a`, and needs a result of the shape of `a`.
///
/// Complexity: O(count of the result).
extension Tensor where Scalar: ArithmeticScalar {
  /// The sum of each pair of elements.
  @inlinable public static func + (a: Tensor, b: Tensor) -> Tensor { Tensor(.add, a, b) }
  /// Each element plus `b`.
  @inlinable public static func + (a: Tensor, b: Scalar) -> Tensor { Tensor(.add, a, b) }
  /// `a` plus each element.
  @inlinable public static func + (a: Scalar, b: Tensor) -> Tensor { Tensor(.add, a, b) }
  /// Adds the elements of `b`.
  @inlinable public static func += (a: inout Tensor, b: Tensor) { a.apply(.add, b) }
  /// Adds `b` to each element.
  @inlinable public static func += (a: inout Tensor, b: Scalar) { a.apply(.add, b) }

  /// The difference of each pair of elements.
  @inlinable public static func - (a: Tensor, b: Tensor) -> Tensor { Tensor(.subtract, a, b) }
  /// Each element minus `b`.
  @inlinable public static func - (a: Tensor, b: Scalar) -> Tensor { Tensor(.subtract, a, b) }
  /// `a` minus each element.
  @inlinable public static func - (a: Scalar, b: Tensor) -> Tensor { Tensor(.subtract, a, b) }
  /// Subtracts the elements of `b`.
  @inlinable public static func -= (a: inout Tensor, b: Tensor) { a.apply(.subtract, b) }
  /// Subtracts `b` from each element.
  @inlinable public static func -= (a: inout Tensor, b: Scalar) { a.apply(.subtract, b) }

  /// The product of each pair of elements; for the matrix product see
  /// ``matmul(_:_:transposeA:transposeB:epilogue:)->Tensor<Scalar>``.
  @inlinable public static func * (a: Tensor, b: Tensor) -> Tensor { Tensor(.multiply, a, b) }
  /// Each element times `b`.
  @inlinable public static func * (a: Tensor, b: Scalar) -> Tensor { Tensor(.multiply, a, b) }
  /// `a` times each element.
  @inlinable public static func * (a: Scalar, b: Tensor) -> Tensor { Tensor(.multiply, a, b) }
  /// Multiplies by the elements of `b`.
  @inlinable public static func *= (a: inout Tensor, b: Tensor) { a.apply(.multiply, b) }
  /// Multiplies each element by `b`.
  @inlinable public static func *= (a: inout Tensor, b: Scalar) { a.apply(.multiply, b) }

  /// The quotient of each pair of elements.
  @inlinable public static func / (a: Tensor, b: Tensor) -> Tensor { Tensor(.divide, a, b) }
  /// Each element divided by `b`.
  @inlinable public static func / (a: Tensor, b: Scalar) -> Tensor { Tensor(.divide, a, b) }
  /// `a` divided by each element.
  @inlinable public static func / (a: Scalar, b: Tensor) -> Tensor { Tensor(.divide, a, b) }
  /// Divides by the elements of `b`.
  @inlinable public static func /= (a: inout Tensor, b: Tensor) { a.apply(.divide, b) }
  /// Divides each element by `b`.
  @inlinable public static func /= (a: inout Tensor, b: Scalar) { a.apply(.divide, b) }
}

extension Tensor where Scalar: ArithmeticScalar & SignedNumeric {
  /// The elements with the opposite sign; the sign of a zero changes too.
  ///
  /// - Complexity: O(`count`).
  @inlinable public static prefix func - (a: Tensor) -> Tensor { Tensor(.multiply, a, -1) }
}
