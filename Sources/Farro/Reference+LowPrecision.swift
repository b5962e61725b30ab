import CKernels

extension Reference {
  /// As `Tensor(casting:)`.
  package static func narrowed<Half: HalfScalar>(_ x: Tensor<Float>) -> Tensor<Half> {
    Tensor(unsafeUninitializedShape: x.shape) { out in
      x.withUnsafeBufferPointer { x in
        let to = out.baseAddress!.as(UInt16.self)
        let kernel =
          Half.dtype == .bf16 ? farro_convert_reference_f32_to_bf16 : farro_convert_reference_f32_to_f16
        check(kernel(x.count, x.baseAddress, to), "Reference.narrowed")
      }
    }
  }

  /// As `Tensor(casting:)`.
  package static func widened<Half: HalfScalar>(_ x: Tensor<Half>) -> Tensor<Float> {
    Tensor(unsafeUninitializedShape: x.shape) { out in
      x.withUnsafeBufferPointer { x in
        let from = x.baseAddress!.as(UInt16.self)
        let kernel =
          Half.dtype == .bf16 ? farro_convert_reference_bf16_to_f32 : farro_convert_reference_f16_to_f32
        check(kernel(x.count, from, out.baseAddress), "Reference.widened")
      }
    }
  }

  /// As ``matmul(_:_:transposeA:transposeB:)`` of 8-bit integers.
  package static func matmul(
    _ a: Tensor<UInt8>,
    _ b: Tensor<Int8>,
    transposeA: Bool = false,
    transposeB: Bool = false
  ) -> Tensor<Int32> {
    let product = MatrixProduct(a.shape, b.shape, transposeA, transposeB)
    var shape = product.shape
    return Tensor(unsafeUninitializedShape: product.resultShape(a.shape, b.shape)) { c in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          product.forEachCall {
            let (a, b, c) = (a.baseAddress! + $0, b.baseAddress! + $1, c.baseAddress! + $2)
            check(farro_matmul_reference_u8s8_s32(&shape, nil, nil, a, b, c), "Reference.matmul")
          }
        }
      }
    }
  }
}
