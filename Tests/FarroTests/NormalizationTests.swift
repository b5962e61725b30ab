import Farro
import TestSupport
import Testing

@Suite struct NormalizationTests {
  /// Mean 3, variance 2; mean -1, variance 0.
  private let x = Tensor<Float>([1, 2, 3, 4, 5, -1, -1, -1, -1, -1], shape: [2, 5])

  @Test func `layer norm centers each row and divides by its deviation`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = elements(layerNorm(x, epsilon: 0.5))
        let step: Float = 0.632455532  // 1 / sqrt(2.5)
        #expect(worstError(y, [-2 * step, -step, 0, step, 2 * step, 0, 0, 0, 0, 0]) { _ in 1e-6 } <= 1, "\(isa)")
        let scaled = layerNorm(
          x,
          scale: Tensor([1, 2, 3, 4, 5], shape: [5]),
          offset: Tensor([10, 20, 30, 40, 50], shape: [5]),
          epsilon: 0.5
        )
        let expected: [Float] = [8.73508894, 18.7350889, 30, 42.5298221, 56.3245553, 10, 20, 30, 40, 50]
        #expect(worstError(elements(scaled), expected) { _ in 5e-6 } <= 1, "\(isa)")
      }
    }
  }

  @Test func `layer norm keeps its accuracy far from zero`() {
    let offsets = (0..<1000).map { i in Float(i * 617 % 32) / 16 - 1 }  // a float near 1e6 holds sixteenths
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let near = elements(layerNorm(Tensor(offsets, shape: [1, 1000])))
        let far = elements(layerNorm(Tensor(offsets.map { $0 + 1_000_000 }, shape: [1, 1000])))
        #expect(worstError(far, near) { _ in 1e-5 } <= 1, "\(isa)")
      }
    }
  }

  @Test func `RMS norm divides each row by its root mean square`() {
    let x = Tensor<Double>([1, 7, -5, 5, 0, 0, 0, 0], shape: [2, 4])  // mean squares 25 and 0
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = elements(rmsNorm(x, epsilon: 1e-300))
        #expect(worstError(y, [0.2, 1.4, -1, 1, 0, 0, 0, 0]) { _ in 1e-15 } <= 1, "\(isa)")
        let scaled = elements(rmsNorm(x, scale: Tensor([1, -1, 2, 0], shape: [4]), epsilon: 11))
        let expected = [1.0 / 6, -7.0 / 6, -10.0 / 6, 0, 0, 0, 0, 0]
        #expect(worstError(scaled, expected) { _ in 1e-15 } <= 1, "\(isa)")
      }
    }
  }

  @Test func `columns get mean 0 and deviation 1, equal elements 0`() {
    let x = Tensor<Float>([1, 1_000_001, 7, 2, 1_000_002, 7, 3, 1_000_003, 7], shape: [3, 3])
    let unit: Float = 1.22474487  // sqrt(3 / 2)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let moments = columnMoments(x)
        let deviation = 0.816496580927726  // sqrt(2 / 3)
        #expect(moments.mean == [2, 1_000_002, 7])
        #expect(worstError(moments.deviation, [deviation, deviation, 1]) { _ in 1e-7 } <= 1, "\(isa)")
        let expected = [-unit, -unit, 0, 0, 0, 0, unit, unit, 0]
        #expect(worstError(elements(standardizeColumns(x)), expected) { _ in 5e-7 } <= 1, "\(isa)")
      }
    }
  }

  @Test func `data go the way of the moments they are given`() {
    let moments = ColumnMoments(mean: [1, 2], deviation: [2, 0.5])
    let y = standardizeColumns(Tensor<Double>([1, 2, 5, 3], shape: [2, 2]), by: moments)
    #expect(elements(y) == [0, 0, 2, 2])
  }

  @Test func `each result is the same in place and into a tensor that exists`() {
    let x = Tensor<Float>((0..<600).map { i in Float(i * 37 % 101) / 10 - 5 }, shape: [20, 30])
    let scale = Tensor<Float>((0..<30).map { Float($0) / 10 }, shape: [30])
    var (a, b, d) = (x, x, x)
    layerNorm(inPlace: &a, scale: scale, offset: scale)
    rmsNorm(inPlace: &b, scale: scale)
    standardizeColumns(inPlace: &d)
    #expect(elements(a) == elements(layerNorm(x, scale: scale, offset: scale)))
    #expect(elements(b) == elements(rmsNorm(x, scale: scale)))
    #expect(elements(d) == elements(standardizeColumns(x)))
    var y = Tensor<Float>(zeros: [20, 30])
    layerNorm(x, scale: scale, offset: scale, into: &y)
    #expect(elements(y) == elements(a))
    rmsNorm(x, scale: scale, into: &y)
    #expect(elements(y) == elements(b))
    standardizeColumns(x, into: &y)
    #expect(elements(y) == elements(d))
  }

  @Test func `an output of another tensor's memory leaves that tensor alone`() {
    var y = x
    layerNorm(x, into: &y)
    #expect(elements(x) == [1, 2, 3, 4, 5, -1, -1, -1, -1, -1])
  }

  @Test func `empty tensors keep their shape`() {
    for shape in [[0], [0, 5], [5, 0]] {
      let x = Tensor<Double>(zeros: shape)
      #expect(layerNorm(x).shape == shape && rmsNorm(x).shape == shape)
    }
    #expect(standardizeColumns(Tensor<Double>(zeros: [0, 5])).shape == [0, 5])
    #expect(columnMoments(Tensor<Double>(zeros: [5, 0])) == ColumnMoments(mean: [], deviation: []))
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = layerNorm(Tensor<Float>(zeros: [2, 3]), scale: Tensor(zeros: [2]))
    }
    await #expect(processExitsWith: .failure) { _ = rmsNorm(Tensor<Float>(zeros: [])) }
    await #expect(processExitsWith: .failure) { _ = standardizeColumns(Tensor<Float>(zeros: [3])) }
  }
}

private func elements<Scalar>(_ tensor: Tensor<Scalar>) -> [Scalar] {
  tensor.withUnsafeBufferPointer { Array($0) }
}
