import Farro
import TestSupport
import Testing

/// Norms of sums, of groups and of lengths, and the ways back through all of them.
@Suite struct NormTests {
  private let epsilon = 0.1

  // MARK: Small cases

  @Test func `a sum and its norm are those of two calls`() {
    let x = numbers(Float.self, [6, 37], seed: 1)
    let residual = numbers(Float.self, [6, 37], seed: 2)
    let scale = numbers(Float.self, [37], seed: 3)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let (sum, y) = addLayerNorm(x, residual, scale: scale, offset: scale)
        #expect(sum.scalars == (x + residual).scalars)
        #expect(y.scalars == layerNorm(x + residual, scale: scale, offset: scale).scalars)
        let rms = addRMSNorm(x, residual, scale: scale)
        #expect(rms.sum.scalars == sum.scalars)
        #expect(rms.y.scalars == rmsNorm(sum, scale: scale).scalars)
        var (stream, z, statistics) = (residual, x, RowStatistics())
        addLayerNorm(x, to: &stream, scale: scale, offset: scale, statistics: &statistics, into: &z)
        #expect(stream.scalars == sum.scalars && z.scalars == y.scalars && statistics.mean.count == 6)
        stream = residual
        addLayerNorm(x, residual, scale: scale, offset: scale, into: &stream, &z)
        #expect(stream.scalars == sum.scalars && z.scalars == y.scalars)
        addRMSNorm(x, residual, scale: scale, into: &stream, &z)
        #expect(stream.scalars == sum.scalars && z.scalars == rms.y.scalars)
        stream = residual
        addRMSNorm(x, to: &stream, scale: scale, into: &z)
        #expect(stream.scalars == sum.scalars && z.scalars == rms.y.scalars)
      }
    }
  }

  @Test func `group norm takes the channels of a group and all of their places together`() {
    // Two groups of two channels of two places: means 4 and 0, variances 5 and 0.
    let x = Tensor<Float>([1, 3, 5, 7, 0, 0, 0, 0], shape: [1, 4, 2])
    let unit: Float = 0.447213595  // 1 / sqrt(5)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = groupNorm(x, groups: 2, scale: [1, 2, 3, 4], offset: [0, 1, 2, 3], epsilon: 0)
        let expected = [-3 * unit, -unit, 2 * unit + 1, 6 * unit + 1]
        #expect(worstError(Array(y.scalars.prefix(4)), expected) { _ in 1e-6 } <= 1, "\(isa)")
        #expect(y.scalars.suffix(4).allSatisfy { $0.isNaN }, "equal elements without epsilon")
        let each = instanceNorm(x, epsilon: 0)
        #expect(worstError(Array(each.scalars.prefix(4)), [-1, 1, -1, 1]) { _ in 1e-6 } <= 1, "\(isa)")
      }
    }
  }

  @Test func `rows get the length 1, and those shorter than epsilon stay in proportion`() {
    let x = Tensor<Double>([3, 4, 0, 0, 0.3, 0.4], shape: [3, 2])
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(worstError(l2Normalize(x).scalars, [0.6, 0.8, 0, 0, 0.6, 0.8]) { _ in 1e-15 } <= 1, "\(isa)")
        let clamped = l2Normalize(x, epsilon: 1).scalars
        #expect(worstError(clamped, [0.6, 0.8, 0, 0, 0.3, 0.4]) { _ in 1e-15 } <= 1, "\(isa)")
        // Along the row nothing changes; across it, 1 over the length.
        let back = l2NormalizeBackward(Tensor<Double>([3, 4, 1, 1, -4, 3], shape: [3, 2]), x, epsilon: 0.1).scalars
        #expect(worstError(back, [0, 0, 10, 10, -8, 6]) { _ in 1e-13 } <= 1, "\(isa)")
      }
    }
  }

  // MARK: Gradients

  @Test func `gradients are those of numeric differentiation`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let x = numbers(Double.self, [5, 19], seed: 1)
        let gradY = numbers(Double.self, [5, 19], seed: 2)
        let scale = numbers(Double.self, [19], seed: 3)
        let offset = numbers(Double.self, [19], seed: 4)
        let layer = layerNormBackward(gradY, x, scale: scale, epsilon: epsilon)
        expect(layer.x, isGradientAt: x, gradY, "layer norm, \(isa)") {
          layerNorm($0, scale: scale, offset: offset, epsilon: epsilon)
        }
        expect(layer.scale, isGradientAt: scale, gradY, "the scale of layer norm, \(isa)") {
          layerNorm(x, scale: $0, offset: offset, epsilon: epsilon)
        }
        expect(layer.offset, isGradientAt: offset, gradY, "the offset of layer norm, \(isa)") {
          layerNorm(x, scale: scale, offset: $0, epsilon: epsilon)
        }
        let rms = rmsNormBackward(gradY, x, scale: scale, epsilon: epsilon)
        expect(rms.x, isGradientAt: x, gradY, "RMS norm, \(isa)") { rmsNorm($0, scale: scale, epsilon: epsilon) }
        expect(rms.scale, isGradientAt: scale, gradY, "the scale of RMS norm, \(isa)") {
          rmsNorm(x, scale: $0, epsilon: epsilon)
        }
        expect(l2NormalizeBackward(gradY, x), isGradientAt: x, gradY, "L2, \(isa)") { l2Normalize($0) }
      }
    }
  }

  @Test func `gradients of group and instance norms are those of numeric differentiation`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let x = numbers(Double.self, [2, 4, 3, 3], seed: 1)
        let gradY = numbers(Double.self, [2, 4, 3, 3], seed: 2)
        let (scale, offset) = (numbers(Double.self, [4], seed: 3), numbers(Double.self, [4], seed: 4))
        for groups in [1, 2, 4] {
          let back = groupNormBackward(gradY, x, groups: groups, scale: scale, epsilon: epsilon)
          let norm = { groupNorm($0, groups: groups, scale: $1, offset: $2, epsilon: epsilon) }
          expect(back.x, isGradientAt: x, gradY, "group norm, \(isa)") { norm($0, scale, offset) }
          expect(back.scale, isGradientAt: scale, gradY, "its scale, \(isa)") { norm(x, $0, offset) }
          expect(back.offset, isGradientAt: offset, gradY, "its offset, \(isa)") { norm(x, scale, $0) }
        }
        let instance = instanceNormBackward(gradY, x, scale: scale, epsilon: epsilon)
        let group = groupNormBackward(gradY, x, groups: 4, scale: scale, epsilon: epsilon)
        #expect(instance.x.scalars == group.x.scalars && instance.scale.scalars == group.scale.scalars)
      }
    }
  }

  @Test func `statistics that were kept give the gradients that are found without them`() {
    let x = numbers(Double.self, [2, 4, 3, 3], seed: 1)
    let gradY = numbers(Double.self, [2, 4, 3, 3], seed: 2)
    let scale = numbers(Double.self, [4], seed: 3)
    let near = { (a: Tensor<Double>, b: Tensor<Double>) in worstError(a.scalars, b.scalars) { _ in 1e-13 } <= 1 }
    var y = x

    let group = groupNormWithStatistics(x, groups: 2, scale: scale)
    #expect(group.y.scalars == groupNorm(x, groups: 2, scale: scale).scalars)
    #expect(group.statistics.mean.count == 4 && abs(group.statistics.mean[1] - x[row: 0][row: 1].mean()) < 1)
    var statistics = RowStatistics()
    groupNorm(x, groups: 2, scale: scale, statistics: &statistics, into: &y)
    #expect(y.scalars == group.y.scalars && statistics.inverse == group.statistics.inverse)
    let (kept, found) = (
      groupNormBackward(gradY, x, groups: 2, scale: scale, statistics: statistics),
      groupNormBackward(gradY, x, groups: 2, scale: scale)
    )
    #expect(near(kept.x, found.x) && near(kept.scale, found.scale) && near(kept.offset, found.offset))

    let instance = instanceNormWithStatistics(x, scale: scale)
    instanceNorm(x, scale: scale, statistics: &statistics, into: &y)
    #expect(y.scalars == instance.y.scalars && statistics.mean.count == 8)
    let foundInstance = instanceNormBackward(gradY, x, scale: scale)
    var (gradScale, gradOffset) = (scale, scale)
    instanceNormBackward(gradY, x, scale: scale, statistics: statistics, into: &y, &gradScale, &gradOffset)
    #expect(near(y, foundInstance.x) && near(gradScale, foundInstance.scale) && near(gradOffset, foundInstance.offset))

    let layer = layerNormWithStatistics(x)
    #expect(layer.y.scalars == layerNorm(x).scalars)
    #expect(near(layerNormBackward(gradY, x, statistics: layer.statistics).x, layerNormBackward(gradY, x).x))
    let rms = rmsNormWithStatistics(x)
    #expect(rms.y.scalars == rmsNorm(x).scalars)
    #expect(near(rmsNormBackward(gradY, x, statistics: rms.statistics).x, rmsNormBackward(gradY, x).x))

    // What is not used is not found again: other statistics give other gradients.
    let other = groupNormWithStatistics(x + x, groups: 2).statistics
    #expect(!near(groupNormBackward(gradY, x, groups: 2, scale: scale, statistics: other).x, found.x))
  }

  @Test func `gradients keep their accuracy far from zero`() {
    let near = Tensor<Float>((0..<1000).map { i in Float(i * 617 % 32) / 16 - 1 }, shape: [4, 250])
    let far = near + Tensor(repeating: 1_000_000, shape: [4, 250])  // a float near 1e6 holds sixteenths
    let gradY = numbers(Float.self, [4, 250], seed: 1)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        var (y, statistics) = (far, RowStatistics())
        layerNorm(far, statistics: &statistics, into: &y)
        let expected = layerNormBackward(gradY, near)
        for kept in [statistics, nil] {
          let back = layerNormBackward(gradY, far, statistics: kept)
          #expect(worstError(back.x.scalars, expected.x.scalars) { _ in 1e-5 } <= 1, "\(isa)")
          #expect(worstError(back.scale.scalars, expected.scale.scalars) { _ in 1e-5 } <= 1, "\(isa)")
        }
      }
    }
  }

  @Test func `gradients are the same on any number of threads`() {
    let x = numbers(Float.self, [3000, 129], seed: 1)
    let gradY = numbers(Float.self, [3000, 129], seed: 2)
    let all = layerNormBackward(gradY, x)
    let one = withThreads(1) { layerNormBackward(gradY, x) }
    #expect(all.x.scalars == one.x.scalars && all.scale.scalars == one.scale.scalars)
    #expect(all.offset.scalars == one.offset.scalars)
  }

  // MARK: 16 bits

  @Test func `norms of BFloat16 are those of Float, rounded once`() {
    let x = Tensor<BFloat16>(casting: numbers(Float.self, [9, 77], seed: 1))
    let other = Tensor<BFloat16>(casting: numbers(Float.self, [9, 77], seed: 2))
    let scale = numbers(Float.self, [77], seed: 3)
    let (wide, wideOther) = (Tensor<Float>(casting: x), Tensor<Float>(casting: other))
    let rounded = { (tensor: Tensor<Float>) in Tensor<BFloat16>(casting: tensor).scalars }
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(
          layerNorm(x, scale: scale, offset: scale).scalars == rounded(layerNorm(wide, scale: scale, offset: scale))
        )
        #expect(rmsNorm(x, scale: scale).scalars == rounded(rmsNorm(wide, scale: scale)))
        let (sum, y) = addLayerNorm(x, other, scale: scale)
        #expect(sum.scalars == rounded(wide + wideOther))
        #expect(y.scalars == rounded(layerNorm(wide + wideOther, scale: scale)))
        let (back, wideBack) = (
          layerNormBackward(other, x, scale: scale), layerNormBackward(wideOther, wide, scale: scale)
        )
        #expect(back.x.scalars == rounded(wideBack.x) && back.scale.scalars == wideBack.scale.scalars)
        let (rms, wideRMS) = (rmsNormBackward(other, x, scale: scale), rmsNormBackward(wideOther, wide, scale: scale))
        #expect(rms.x.scalars == rounded(wideRMS.x) && rms.scale.scalars == wideRMS.scale.scalars)
        let kept = layerNormWithStatistics(x, scale: scale)
        #expect(kept.y.scalars == layerNorm(x, scale: scale).scalars && kept.statistics.mean.count == 9)
        #expect(rmsNormWithStatistics(x, scale: scale).y.scalars == rmsNorm(x, scale: scale).scalars)
        var (total, z) = (x, x)
        addLayerNorm(x, other, scale: scale, into: &total, &z)
        #expect(total.scalars == sum.scalars && z.scalars == y.scalars)
        addRMSNorm(x, other, scale: scale, into: &total, &z)
        #expect(total.scalars == sum.scalars && z.scalars == addRMSNorm(x, other, scale: scale).y.scalars)
        var inPlace = x
        rmsNorm(inPlace: &inPlace, scale: scale)
        #expect(inPlace.scalars == rmsNorm(x, scale: scale).scalars)
      }
    }
  }

  // MARK: Forms and shapes

  @Test func `each result is the same in place and into a tensor that exists`() {
    let x = numbers(Float.self, [4, 6, 35], seed: 1)
    let gradY = numbers(Float.self, [4, 6, 35], seed: 2)
    var (a, b, c) = (x, x, x)
    groupNorm(inPlace: &a, groups: 3)
    instanceNorm(inPlace: &b)
    l2Normalize(inPlace: &c)
    #expect(a.scalars == groupNorm(x, groups: 3).scalars)
    #expect(b.scalars == instanceNorm(x).scalars)
    #expect(c.scalars == l2Normalize(x).scalars)
    l2Normalize(x, into: &a)
    #expect(a.scalars == c.scalars)
    var (scale, offset) = (Tensor<Float>(zeros: [6]), Tensor<Float>(zeros: [6]))
    groupNormBackward(gradY, x, groups: 3, into: &a, &scale, &offset)
    let group = groupNormBackward(gradY, x, groups: 3)
    #expect(
      a.scalars == group.x.scalars && scale.scalars == group.scale.scalars && offset.scalars == group.offset.scalars
    )
    var wide = Tensor<Float>(zeros: [35])
    rmsNormBackward(gradY, x, into: &a, &wide)
    let rms = rmsNormBackward(gradY, x)
    #expect(a.scalars == rms.x.scalars && wide.scalars == rms.scale.scalars)
    #expect(x.scalars == numbers(Float.self, [4, 6, 35], seed: 1).scalars)
  }

  @Test func `empty tensors keep their shape, and sums over nothing are 0`() {
    let x = Tensor<Double>(zeros: [0, 5])
    let back = layerNormBackward(x, x)
    #expect(
      back.x.shape == [0, 5] && back.scale.scalars == [0, 0, 0, 0, 0] && back.offset.scalars == [0, 0, 0, 0, 0]
    )
    #expect(l2Normalize(x).shape == [0, 5])
    #expect(groupNorm(x, groups: 5).shape == [0, 5])
    // Memory that has just held something else.
    for _ in 0..<3 { _ = Tensor<Double>(ones: [4]) }
    let (y, statistics) = groupNormWithStatistics(Tensor<Double>(zeros: [2, 4, 0]), groups: 2)
    #expect(y.shape == [2, 4, 0] && statistics.mean.count == 4 && statistics.inverse.count == 4)
    #expect((statistics.mean.scalars + statistics.inverse.scalars).allSatisfy { $0.isNaN })
    #expect(instanceNorm(Tensor<Double>(zeros: [3, 0, 2])).shape == [3, 0, 2])
    #expect(addRMSNorm(x, x).y.shape == [0, 5])
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = layerNormBackward(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3, 2]))
    }
    await #expect(processExitsWith: .failure) {
      _ = addLayerNorm(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3]))
    }
    await #expect(processExitsWith: .failure) { _ = groupNorm(Tensor<Float>(zeros: [2, 3, 4]), groups: 2) }
    await #expect(processExitsWith: .failure) { _ = instanceNorm(Tensor<Float>(zeros: [3])) }
    await #expect(processExitsWith: .failure) {
      _ = rmsNormBackward(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [2, 3]), statistics: RowStatistics())
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor<Float>(zeros: [2, 4, 3])
      _ = groupNormBackward(x, x, groups: 2, statistics: groupNormWithStatistics(x, groups: 4).statistics)
    }
  }
}

private func numbers<Scalar: KernelScalar>(_ type: Scalar.Type, _ shape: [Int], seed: UInt64) -> Tensor<Scalar> {
  Tensor(randomUniform: shape, in: -1..<1, seed: seed)
}

/// Differentiates the sum of `f(x)` times `gradY` by each element of `x`, from both sides.
private func expect(
  _ gradient: Tensor<Double>,
  isGradientAt x: Tensor<Double>,
  _ gradY: Tensor<Double>,
  _ what: String,
  of f: (Tensor<Double>) -> Tensor<Double>
) {
  let step = 1e-5
  #expect(gradient.shape == x.shape, "\(what)")
  func value(_ elements: [Double]) -> Double { (f(Tensor(elements, shape: x.shape)) * gradY).scalars.reduce(0, +) }
  let numeric = (0..<x.count).map { i in
    var (elements, others) = (x.scalars, x.scalars)
    elements[i] += step
    others[i] -= step
    return (value(elements) - value(others)) / (2 * step)
  }
  #expect(worstError(gradient.scalars, numeric) { _ in 1e-7 } <= 1, "\(what)")
}
