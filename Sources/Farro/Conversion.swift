import CKernels

/// A floating-point type of 16 bits that tensors store and matrix products take: ``BFloat16`` and, where Swift has it,
/// `Float16`.
public protocol HalfScalar: TensorScalar {}

extension BFloat16: HalfScalar {}
#if !(os(macOS) && arch(x86_64))
  extension Float16: HalfScalar {}
#endif

// MARK: - Casts of whole tensors

extension Tensor where Scalar == BFloat16 {
  /// The nearest numbers, ties to even; infinity beyond the range. NaN stays NaN.
  ///
  /// - Complexity: O(`count`), at the speed of memory.
  public init(casting other: Tensor<Float>) { self = convert(other, farro_convert_f32_to_bf16) }
}

#if !(os(macOS) && arch(x86_64))
  extension Tensor where Scalar == Float16 {
    /// The nearest numbers, ties to even; infinity beyond the range. NaN stays NaN.
    ///
    /// - Complexity: O(`count`), at the speed of memory.
    public init(casting other: Tensor<Float>) { self = convert(other, farro_convert_f32_to_f16) }
  }
#endif

extension Tensor where Scalar == Float {
  /// The same numbers.
  ///
  /// - Complexity: O(`count`), at the speed of memory.
  public init<Half: HalfScalar>(casting other: Tensor<Half>) {
    self = Half.dtype == .bf16 ? convert(other, farro_convert_bf16_to_f32) : convert(other, farro_convert_f16_to_f32)
  }
}

/// Both types have the layout that the kernel takes for granted.
private func convert<From, To, FromBits, ToBits>(
  _ x: Tensor<From>,
  _ kernel: (Int, UnsafePointer<FromBits>?, UnsafeMutablePointer<ToBits>?) -> farro_status
) -> Tensor<To> {
  Tensor(unsafeUninitializedShape: x.shape) { out in
    x.withUnsafeBufferPointer {
      check(kernel($0.count, $0.baseAddress!.as(FromBits.self), out.baseAddress!.as(ToBits.self)), "Tensor(casting:)")
    }
  }
}
