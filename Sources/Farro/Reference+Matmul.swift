import CKernels

extension Reference {
  /// As ``matmul(_:_:transposeA:transposeB:epilogue:)``.
  package static func matmul<Scalar: KernelScalar>(
    _ a: Tensor<Scalar>,
    _ b: Tensor<Scalar>,
    transposeA: Bool = false,
    transposeB: Bool = false,
    epilogue: Epilogue<Scalar> = Epilogue()
  ) -> Tensor<Scalar> {
    let product = MatrixProduct(a.shape, b.shape, transposeA, transposeB)
    let shape = product.resultShape(a.shape, b.shape)
    epilogue.checkShapes(forResult: shape)
    return Tensor(unsafeUninitializedShape: shape) { c in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          let (left, right) = product.isSwapped ? (b.baseAddress!, a.baseAddress!) : (a.baseAddress!, b.baseAddress!)
          epilogue.withUnsafeEpilogue(of: product) { multiply(product, left, right, c.baseAddress!, $0) }
        }
      }
    }
  }

  private static func multiply<Scalar: KernelScalar>(
    _ product: MatrixProduct,
    _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ c: UnsafeMutablePointer<Scalar>,
    _ epilogue: farro_epilogue
  ) {
    var (shape, epilogue) = (product.shape, epilogue)
    let residual = epilogue.residual
    product.forEachCall { aOffset, bOffset, cOffset in
      let (a, b, c) = (a + aOffset, b + bOffset, c + cOffset)
      epilogue.residual = residual.map { $0 + cOffset * MemoryLayout<Scalar>.stride }
      let status =
        switch Scalar.dtype {
        case .f32: farro_matmul_fused_reference_f32(&shape, 1, a.f32, b.f32, 0, c.f32, &epilogue)
        default: farro_matmul_fused_reference_f64(&shape, 1, a.f64, b.f64, 0, c.f64, &epilogue)
        }
      check(status, "Reference.matmul")
    }
  }
}
