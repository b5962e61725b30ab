import Farro

// Shapes are [elements]; the element type is the smaller one.

let conversionKernels: [ProfiledKernel] = {
  var kernels = [
    narrowingKernel(of: BFloat16.self, { Tensor(casting: $0) }, Reference.narrowed),
    wideningKernel(of: BFloat16.self) { Tensor(casting: $0) },
  ]
  #if !(os(macOS) && arch(x86_64))
    kernels += [
      narrowingKernel(of: Float16.self, { Tensor(casting: $0) }, Reference.narrowed),
      wideningKernel(of: Float16.self) { Tensor(casting: $0) },
    ]
  #endif
  return kernels + [quantizingKernel(to: UInt8.self), quantizingKernel(to: Int8.self)]
}()

private func narrowingKernel<Half: HalfScalar>(
  of type: Half.Type,
  _ narrow: @escaping @Sendable (Tensor<Float>) -> Tensor<Half>,
  _ reference: @escaping @Sendable (Tensor<Float>) -> Tensor<Half>
) -> ProfiledKernel {
  conversionKernel(named: "narrow", Half.dtype, bytes: 4 + 2) { count in
    let x = operand(Float.self, shape: [count])
    return ProfiledKernel.Prepared(
      run: { blackHole(narrow(x)) },
      verify: { exactError(narrow(x), reference(x)) }
    )
  }
}

private func wideningKernel<Half: HalfScalar>(
  of type: Half.Type,
  _ narrow: @escaping @Sendable (Tensor<Float>) -> Tensor<Half>
) -> ProfiledKernel {
  conversionKernel(named: "widen", Half.dtype, bytes: 2 + 4) { count in
    let x = narrow(operand(Float.self, shape: [count]))
    return ProfiledKernel.Prepared(
      run: { blackHole(Tensor<Float>(casting: x)) },
      verify: { exactError(Tensor<Float>(casting: x), Reference.widened(x)) }
    )
  }
}

private func quantizingKernel<Scalar: QuantizedScalar>(to type: Scalar.Type) -> ProfiledKernel {
  conversionKernel(named: "quantize_\(Scalar.isSigned ? "s8" : "u8")", .i8, bytes: 4 + 1) { count in
    let x = operand(Float.self, shape: [count])
    let (scales, zeroPoints) = (Tensor<Float>([1 / 127]), Tensor<Int32>([Scalar.isSigned ? 0 : 128]))
    return ProfiledKernel.Prepared(
      run: { blackHole(quantize(x, to: type, scales: scales, zeroPoints: zeroPoints)) },
      verify: {
        let quantized = quantize(x, to: type, scales: scales, zeroPoints: zeroPoints)
        return worstError(quantized.dequantized(), x) { _ in (0.5 + 0x1p-16) / 127 + 0x1p-24 }
      }
    )
  }
}

private func conversionKernel(
  named name: String,
  _ dtype: DType,
  bytes: Int,
  prepare: @escaping @Sendable (_ count: Int) -> ProfiledKernel.Prepared
) -> ProfiledKernel {
  ProfiledKernel(
    family: "conversion",
    name: name,
    dtype: dtype,
    shapes: [[1031], [1 << 16], [1 << 17], [1 << 20], [1 << 25]],
    inCache: [1 << 17],
    outOfCache: [1 << 25],
    traffic: .copy,
    flops: { Double($0[0]) },
    bytes: { Double($0[0] * bytes) },
    prepare: { prepare($0[0]) }
  )
}
