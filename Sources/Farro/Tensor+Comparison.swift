/// Comparisons element by element, named as those of SIMD types: each gives a tensor of booleans. Operands are broadcast
/// as in arithmetic. As with numbers, a comparison with NaN is false, and `.!=` true.
///
/// Complexity: O(count of the result).
extension Tensor {
  @inlinable
  public static func .== (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".==") { $0 == $1 } }
  @inlinable
  public static func .== (a: Tensor, b: Scalar) -> Tensor<Bool> { a.map { $0 == b } }
  @inlinable
  public static func .== (a: Scalar, b: Tensor) -> Tensor<Bool> { b.map { a == $0 } }

  @inlinable
  public static func .!= (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".!=") { $0 != $1 } }
  @inlinable
  public static func .!= (a: Tensor, b: Scalar) -> Tensor<Bool> { a.map { $0 != b } }
  @inlinable
  public static func .!= (a: Scalar, b: Tensor) -> Tensor<Bool> { b.map { a != $0 } }
}

extension Tensor where Scalar: Comparable {
  @inlinable
  public static func .< (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".<") { $0 < $1 } }
  @inlinable
  public static func .< (a: Tensor, b: Scalar) -> Tensor<Bool> { a.map { $0 < b } }
  @inlinable
  public static func .< (a: Scalar, b: Tensor) -> Tensor<Bool> { b.map { a < $0 } }

  @inlinable
  public static func .<= (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".<=") { $0 <= $1 } }
  @inlinable
  public static func .<= (a: Tensor, b: Scalar) -> Tensor<Bool> { a.map { $0 <= b } }
  @inlinable
  public static func .<= (a: Scalar, b: Tensor) -> Tensor<Bool> { b.map { a <= $0 } }

  @inlinable
  public static func .> (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".>") { $0 > $1 } }
  @inlinable
  public static func .> (a: Tensor, b: Scalar) -> Tensor<Bool> { a.map { $0 > b } }
  @inlinable
  public static func .> (a: Scalar, b: Tensor) -> Tensor<Bool> { b.map { a > $0 } }

  @inlinable
  public static func .>= (a: Tensor, b: Tensor) -> Tensor<Bool> { compare(a, b, ".>=") { $0 >= $1 } }
  @inlinable
  public static func .>= (a: Tensor, b: Scalar) -> Tensor<Bool> { a.map { $0 >= b } }
  @inlinable
  public static func .>= (a: Scalar, b: Tensor) -> Tensor<Bool> { b.map { a >= $0 } }
}
