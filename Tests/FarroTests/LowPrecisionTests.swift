import Farro
import TestSupport
import Testing

@Suite struct BFloat16Tests {
  @Test func `numbers round to nearest, ties to even`() {
    #expect(Float(BFloat16(1.0 as Float)) == 1)
    #expect(BFloat16(Float(bitPattern: 0x3F80_8000)).bitPattern == 0x3F80)
    #expect(BFloat16(Float(bitPattern: 0x3F81_8000)).bitPattern == 0x3F82)
    #expect(BFloat16(Float(bitPattern: 0x3F80_8001)).bitPattern == 0x3F81)
    #expect(BFloat16(Float.greatestFiniteMagnitude).bitPattern == 0x7F80)
    #expect(Float(BFloat16(Float.nan)).isNaN)
  }

  @Test func `a double and an integer round once`() {
    // Just above half-way between 1 and the next number; rounded to Float first it would be half-way, and go to 1.
    #expect(BFloat16(1 + 0x1p-8 + 0x1p-40).bitPattern == 0x3F81)
    #expect(BFloat16(1 + 0x1p-8 - 0x1p-40).bitPattern == 0x3F80)
    #expect(BFloat16(casting: .signed(-(1 << 62) - (1 << 54) - 1)).bitPattern == 0xDE81)
    #expect(BFloat16(casting: .unsigned(.max)) == BFloat16(0x1p64))
    #expect(BFloat16(1e300).bitPattern == 0x7F80)
  }

  @Test func `comparison is that of IEEE 754`() {
    #expect(BFloat16(bitPattern: 0x8000) == 0)
    #expect(BFloat16(Float.nan) != BFloat16(Float.nan))
    #expect((-1.5 as BFloat16) < 2)
    #expect("\(1.5 as BFloat16)" == "1.5")
  }

  @Test func `tensors are cast as their elements are`() {
    let x = Tensor<Float>(randomNormal: [3, 37], seed: 1)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let narrow = Tensor<BFloat16>(casting: x)
        #expect(narrow.scalars == x.scalars.map { BFloat16($0) })
        #expect(Tensor<Float>(casting: narrow).scalars == narrow.scalars.map { Float($0) })
        #if !(os(macOS) && arch(x86_64))
          let half = Tensor<Float16>(casting: x)
          #expect(half.scalars == x.scalars.map { Float16($0) })
          #expect(Tensor<Float>(casting: half).scalars == half.scalars.map { Float($0) })
        #endif
      }
    }
  }
}

@Suite struct QuantizationTests {
  @Test(arguments: [QuantizationAxis.tensor, .row, .column], [false, true])
  func `what is dequantized is within half a step`(axis: QuantizationAxis, isSymmetric: Bool) {
    let x = Tensor<Float>(randomUniform: [2, 5, 33], in: -1..<3, seed: 1)
    check(quantize(x, to: UInt8.self, axis: axis, isSymmetric: isSymmetric), x)
    check(quantize(x, to: Int8.self, axis: axis, isSymmetric: isSymmetric), x)
  }

  private func check<Scalar>(_ quantized: QuantizedTensor<Scalar>, _ x: Tensor<Float>) {
    let scale = quantized.scales.scalars.max()!
    let error = zip(quantized.dequantized().scalars, x.scalars).map { abs($0 - $1) }.max()!
    #expect(error > 0 && error <= scale * 1.001)
    #expect(quantized.shape == x.shape)
  }

  @Test func `scales and zero points of the caller are kept, and saturate`() {
    let q = quantize(
      Tensor<Float>([-1000, 0, 0.5, 1.5, 1000, .nan]),
      to: Int8.self,
      scales: [1],
      zeroPoints: [3]
    )
    #expect(q.elements == [-128, 3, 3, 5, 127, 3])
    #expect(q.dequantized() == [-131, 0, 0, 2, 124, 0])
  }

  @Test func `a wrong number of scales stops with both`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = quantize(Tensor<Float>(zeros: [2, 3]), to: Int8.self, axis: .column, scales: [1], zeroPoints: [0])
    }
    #expect(result.map { message($0, has: "takes 3 scales and zero points, not [1] and [1]") } ?? false)
  }
}

@Suite struct LowPrecisionMatmulTests {
  @Test func `products of 16 bits agree with those of Float`() {
    let a = Tensor<BFloat16>(casting: Tensor<Float>(randomUniform: [3, 5, 37], in: -1..<1, seed: 1))
    let b = Tensor<BFloat16>(casting: Tensor<Float>(randomUniform: [3, 9, 37], in: -1..<1, seed: 2))
    let exact = matmul(Tensor<Double>(casting: a), Tensor<Double>(casting: b), transposeB: true)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let wide = matmul(a, b, as: Float.self, transposeB: true)
        #expect(wide.shape == [3, 5, 9])
        for (x, y) in zip(wide.scalars, exact.scalars) { #expect(abs(Double(x) - y) <= 40 * 37 * 0x1p-24) }
        #expect(matmul(a, b, transposeB: true).scalars == wide.scalars.map { BFloat16($0) })
        var c = wide
        matmul(a, b, transposeB: true, alpha: -1, beta: 1, into: &c)
        #expect(c.scalars.allSatisfy { $0 == 0 })
      }
    }
  }

  @Test func `products of integers are exact`() {
    let a: Tensor<UInt8> = [[255, 1, 2], [0, 7, 255]]
    let b: Tensor<Int8> = [[-128, 1], [3, 4], [127, -5]]
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(matmul(a, b) == [[-32383, 249], [32406, -1247]])
        #expect(matmul(a.transposed(), b.transposed(), transposeA: true, transposeB: true) == matmul(a, b))
      }
    }
  }

  @Test(arguments: [false, true])
  func `products of quantized tensors are those of what they stand for`(transposeB: Bool) {
    let x = Tensor<Float>(randomUniform: [2, 7, 19], in: -1..<3, seed: 1)
    let y = Tensor<Float>(randomUniform: transposeB ? [11, 19] : [19, 11], in: -2..<1, seed: 2)
    for axis in [QuantizationAxis.tensor, .row] {
      let a = quantize(x, to: UInt8.self, axis: axis)
      let b = quantize(y, to: Int8.self, axis: axis == .tensor ? .tensor : transposeB ? .row : .column)
      let exact = matmul(
        Tensor<Double>(casting: a.dequantized()),
        Tensor<Double>(casting: b.dequantized()),
        transposeB: transposeB
      )
      let product = matmul(a, b, transposeB: transposeB)
      #expect(product.shape == [2, 7, 11])
      for (p, e) in zip(product.scalars, exact.scalars) { #expect(abs(Double(p) - e) <= 1e-4) }
    }
  }

  @Test func `an operand quantized along k is refused`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Float>(ones: [2, 2])
      _ = matmul(quantize(x, to: UInt8.self, axis: .column), quantize(x, to: Int8.self))
    }
    #expect(result.map { message($0, has: "quantized along k") } ?? false)
  }
}

@Suite struct PackedLowPrecisionTests {
  let epilogue = Epilogue<Float>(bias: Tensor(randomNormal: [11], seed: 3), activation: .gelu)

  @Test(arguments: [false, true])
  func `packed factors of 16 bits give the bits of those that are not`(transposed: Bool) {
    let a = Tensor<BFloat16>(casting: Tensor<Float>(randomNormal: [2, 7, 19], seed: 1))
    let b = Tensor<BFloat16>(casting: Tensor<Float>(randomNormal: transposed ? [11, 19] : [19, 11], seed: 2))
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let packed = PackedMatrix(b, transposed: transposed)
        #expect(packed.shape == [19, 11])
        #expect(matmul(a, packed) == matmul(a, b, transposeB: transposed))
        #expect(
          matmul(a, packed, as: Float.self, epilogue: epilogue)
            == matmul(a, b, as: Float.self, transposeB: transposed, epilogue: epilogue)
        )
      }
    }
  }

  @Test(arguments: [false, true])
  func `packed factors of 8 bits give the bits of those that are not`(transposed: Bool) {
    let x = Tensor<Float>(randomUniform: [2, 7, 19], in: -1..<3, seed: 1)
    let y = Tensor<Float>(randomUniform: transposed ? [11, 19] : [19, 11], in: -2..<1, seed: 2)
    let a = quantize(x, to: UInt8.self, axis: .row)
    let b = quantize(y, to: Int8.self, axis: transposed ? .row : .column)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(
          matmul(a.elements, PackedMatrix(b.elements, transposed: transposed))
            == matmul(a.elements, b.elements, transposeB: transposed)
        )
        #expect(
          matmul(a, PackedQuantizedMatrix(b, transposed: transposed), epilogue: epilogue)
            == matmul(a, b, transposeB: transposed, epilogue: epilogue)
        )
      }
    }
  }

  @Test func `an epilogue is applied before the result is rounded`() {
    let a = Tensor<BFloat16>(casting: Tensor<Float>(randomNormal: [5, 1, 7, 19], seed: 1))
    let b = Tensor<BFloat16>(casting: Tensor<Float>(randomNormal: [3, 19, 11], seed: 2))
    let residual = Tensor<Float>(randomNormal: [5, 3, 7, 11], seed: 4)
    let fused = Epilogue(bias: epilogue.bias, activation: .relu, residual: residual)
    let expected = relu(matmul(a, b, as: Float.self) + epilogue.bias!) + residual
    #expect(matmul(a, b, as: Float.self, epilogue: fused) == expected)
    #expect(matmul(a, b, epilogue: fused) == Tensor<BFloat16>(casting: expected))
  }

  @Test func `a factor quantized along k stops with both axes`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = PackedQuantizedMatrix(quantize(Tensor<Float>(ones: [3, 4]), to: Int8.self, axis: .row))
    }
    #expect(result.map { message($0, has: "quantized along k") } ?? false)
  }
}
