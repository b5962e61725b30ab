/// Comparisons element by element, named as those of SIMD types: each gives a tensor of booleans. Operands are broadcast
/// as in arithmetic. As with numbers, a comparison with NaN is false, and `.!=` true.
///
/// Complexity: O(count of the result).
extension Tensor {
  /// Whether each element of `a` equals that of `b`.
  @inlinable
  public static func .== (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".==") { $0 == $1 } }
  /// Whether each element of `a` equals `b`.
  @inlinable
  public static func .== (a: Tensor, b: Scalar) -> Tensor<Bool> { compare(a, b) { $0 == $1 } }
  /// Whether `a` equals each element of `b`.
  @inlinable
  public static func .== (a: Scalar, b: Tensor) -> Tensor<Bool> { compare(b, a) { $1 == $0 } }

  /// Whether each element of `a` differs from that of `b`.
  @inlinable
  public static func .!= (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".!=") { $0 != $1 } }
  /// Whether each element of `a` differs from `b`.
  @inlinable
  public static func .!= (a: Tensor, b: Scalar) -> Tensor<Bool> { compare(a, b) { $0 != $1 } }
  /// Whether `a` differs from each element of `b`.
  @inlinable
  public static func .!= (a: Scalar, b: Tensor) -> Tensor<Bool> { compare(b, a) { $1 != $0 } }
}

extension Tensor where Scalar: Comparable {
  /// Whether each element of `a` is less than that of `b`.
  @inlinable
  public static func .< (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".<") { $0 < $1 } }
  /// Whether each element of `a` is less than `b`.
  @inlinable
  public static func .< (a: Tensor, b: Scalar) -> Tensor<Bool> { compare(a, b) { $0 < $1 } }
  /// Whether `a` is less than each element of `b`.
  @inlinable
  public static func .< (a: Scalar, b: Tensor) -> Tensor<Bool> { compare(b, a) { $1 < $0 } }

  /// Whether each element of `a` is at most that of `b`.
  @inlinable
  public static func .<= (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".<=") { $0 <= $1 } }
  /// Whether each element of `a` is at most `b`.
  @inlinable
  public static func .<= (a: Tensor, b: Scalar) -> Tensor<Bool> { compare(a, b) { $0 <= $1 } }
  /// Whether `a` is at most each element of `b`.
  @inlinable
  public static func .<= (a: Scalar, b: Tensor) -> Tensor<Bool> { compare(b, a) { $1 <= $0 } }

  /// Whether each element of `a` is greater than that of `b`.
  @inlinable
  public static func .> (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".>") { $0 > $1 } }
  /// Whether each element of `a` is greater than `b`.
  @inlinable
  public static func .> (a: Tensor, b: Scalar) -> Tensor<Bool> { compare(a, b) { $0 > $1 } }
  /// Whether `a` is greater than each element of `b`.
  @inlinable
  public static func .> (a: Scalar, b: Tensor) -> Tensor<Bool> { compare(b, a) { $1 > $0 } }

  /// Whether each element of `a` is at least that of `b`.
  @inlinable
  public static func .>= (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".>=") { $0 >= $1 } }
  /// Whether each element of `a` is at least `b`.
  @inlinable
  public static func .>= (a: Tensor, b: Scalar) -> Tensor<Bool> { compare(a, b) { $0 >= $1 } }
  /// Whether `a` is at least each element of `b`.
  @inlinable
  public static func .>= (a: Scalar, b: Tensor) -> Tensor<Bool> { compare(b, a) { $1 >= $0 } }
}
