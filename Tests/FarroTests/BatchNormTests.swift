import Farro
import TestSupport
import Testing

@Suite struct BatchNormTests {
  /// Channels of (1, 2, 3) and (1e6 + 1, 1e6 + 3, 1e6 + 5): means 2 and 1e6 + 3, variances 2 / 3 and 8 / 3.
  private let last = Tensor<Double>([1, 1_000_001, 2, 1_000_003, 3, 1_000_005], shape: [3, 2])

  @Test func `each channel is normalized over the batch, first or last`() {
    let first = Tensor<Double>([1, 2, 3, 1_000_001, 1_000_003, 1_000_005], shape: [1, 2, 3])
    let unit = 1.5.squareRoot()
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        var mean = Tensor<Double>([1, 0], shape: [2])
        var variance = Tensor<Double>([1, 1], shape: [2])
        let (y, statistics) = batchNorm(last, runningMean: &mean, runningVariance: &variance, momentum: 0.5, epsilon: 0)
        #expect(worstError(y.scalars, [-unit, -unit, 0, 0, unit, unit]) { _ in 1e-12 } <= 1, "\(isa)")
        #expect(worstError(statistics.mean, [2, 1_000_003]) { _ in 1e-9 } <= 1)
        #expect(worstError(statistics.inverseDeviation, [unit, unit / 2]) { _ in 1e-12 } <= 1)
        // The unbiased variances are 1 and 4.
        #expect(worstError(mean.scalars, [1.5, 500_001.5]) { _ in 1e-9 } <= 1)
        #expect(worstError(variance.scalars, [1, 2.5]) { _ in 1e-12 } <= 1)
        var z = Tensor<Double>(zeros: [1, 2, 3])
        batchNorm(first, runningMean: &mean, runningVariance: &variance, epsilon: 0, into: &z)
        #expect(worstError(z.scalars, [-unit, 0, unit, -unit, 0, unit]) { _ in 1e-12 } <= 1, "\(isa)")
        var (x, inPlaceMean, inPlaceVariance) = (last, mean, variance)
        let kept = batchNorm(inPlace: &x, runningMean: &inPlaceMean, runningVariance: &inPlaceVariance, epsilon: 0)
        let again = batchNorm(last, runningMean: &mean, runningVariance: &variance, epsilon: 0)
        #expect(x.scalars == again.y.scalars && x.scalars != last.scalars && kept == again.statistics)
        #expect(inPlaceMean.scalars == mean.scalars && inPlaceVariance.scalars == variance.scalars)
      }
    }
  }

  @Test func `any axis holds the channels`() {
    let x = random([5, 4, 3, 2], seed: 1)
    for axis in [0, 1, 2, 3, -1, -3] {
      let (y, statistics) = trained(x, axis)
      let channels = x.shape[axis < 0 ? axis + 4 : axis]
      #expect(statistics.mean.count == channels)
      let (mean, variance) = (Tensor(statistics.mean, shape: [channels]), variances(statistics))
      let same = batchNorm(x, mean: mean, variance: variance, epsilon: 0, channelAxis: axis)
      #expect(worstError(y.scalars, same.scalars) { _ in 1e-12 } <= 1, "axis \(axis)")
    }
  }

  @Test func `inference uses the statistics that it is given, folded or not`() {
    let (mean, variance) = (Tensor<Double>([5], shape: [1]), Tensor<Double>([0.21], shape: [1]))
    let (scale, offset) = (Tensor<Double>([2], shape: [1]), Tensor<Double>([1], shape: [1]))
    var x = Tensor<Double>([5, 5.5, 7], shape: [3, 1])
    let expected = [1.0, 3, 9]
    let y = batchNorm(x, mean: mean, variance: variance, scale: scale, offset: offset, epsilon: 0.04)
    #expect(worstError(y.scalars, expected) { _ in 1e-14 } <= 1)
    let folded = foldedBatchNorm(mean: mean, variance: variance, scale: scale, offset: offset, epsilon: 0.04)
    #expect(worstError(folded.scale.scalars + folded.offset.scalars, [4, -19]) { _ in 1e-13 } <= 1)
    var (foldedScale, foldedOffset) = (mean, mean)
    foldedBatchNorm(
      mean: mean,
      variance: variance,
      scale: scale,
      offset: offset,
      epsilon: 0.04,
      into: &foldedScale,
      &foldedOffset
    )
    #expect(foldedScale == folded.scale && foldedOffset == folded.offset)
    var z = Tensor<Double>(zeros: [3, 1])
    batchNorm(x, mean: mean, variance: variance, scale: scale, offset: offset, epsilon: 0.04, into: &z)
    batchNorm(inPlace: &x, mean: mean, variance: variance, scale: scale, offset: offset, epsilon: 0.04)
    #expect(x.scalars == y.scalars && z.scalars == y.scalars)
  }

  @Test func `gradients are the slopes of the result`() {
    for shape in [[12, 3], [9, 2, 3], [2, 3, 40]] {
      let (x, weights) = (random(shape, seed: 1), random(shape, seed: 2))
      let scale = random([shape[1]], seed: 3)
      let statistics = trained(x, 1, epsilon: 1e-3).statistics
      let gradient = batchNormBackward(weights, x, scale: scale, statistics: statistics)
      let (mean, variance) = (scale + 0.5, scale * scale + 0.5)
      let fixed = batchNormBackward(weights, x, mean: mean, variance: variance, scale: scale, epsilon: 1e-3)
      for i in 0..<x.count {
        let slope = slopeOf(i, of: x) { dot(trained($0, 1, scale, epsilon: 1e-3).y, weights) }
        #expect(abs(slope - gradient.x.scalars[i]) < 1e-6, "\(shape)")
        let other = slopeOf(i, of: x) {
          dot(batchNorm($0, mean: mean, variance: variance, scale: scale, epsilon: 1e-3), weights)
        }
        #expect(abs(other - fixed.x.scalars[i]) < 1e-6, "\(shape)")
      }
      for c in 0..<shape[1] {
        let slope = slopeOf(c, of: scale) { dot(trained(x, 1, $0, epsilon: 1e-3).y, weights) }
        #expect(abs(slope - gradient.scale.scalars[c]) < 1e-6, "\(shape)")
      }
      #expect(worstError(gradient.offset.scalars, fixed.offset.scalars) { _ in 1e-12 } <= 1)
      var (a, b, c) = (x, scale, scale)
      batchNormBackward(weights, x, scale: scale, statistics: statistics, into: &a, &b, &c)
      #expect(a.scalars == gradient.x.scalars && b.scalars == gradient.scale.scalars)
      #expect(c.scalars == gradient.offset.scalars)
      batchNormBackward(
        weights,
        x,
        mean: mean,
        variance: variance,
        scale: scale,
        epsilon: 1e-3,
        into: &a,
        &b,
        &c
      )
      #expect(a.scalars == fixed.x.scalars && b.scalars == fixed.scale.scalars)
    }
  }

  @Test func `threads change no bit`() {
    for shape in [[3000, 130, 1], [10, 40, 500]] {
      let x = random(shape, seed: 1)
      let many = trained(x, 1)
      withThreads(1) {
        let one = trained(x, 1)
        #expect(one.y.scalars == many.y.scalars && one.statistics == many.statistics)
        let gradient = batchNormBackward(x, x, statistics: one.statistics)
        let parallel = withThreads(2) { batchNormBackward(x, x, statistics: one.statistics) }
        #expect(gradient.x.scalars == parallel.x.scalars && gradient.scale.scalars == parallel.scale.scalars)
      }
    }
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = batchNorm(Tensor<Float>(zeros: [2, 3]), mean: Tensor(zeros: [2]), variance: Tensor(zeros: [3]))
    }
    await #expect(processExitsWith: .failure) {
      _ = batchNorm(
        Tensor<Float>(zeros: [2, 3]),
        mean: Tensor(zeros: [3]),
        variance: Tensor(zeros: [3]),
        channelAxis: 2
      )
    }
    await #expect(processExitsWith: .failure) {
      var (mean, variance) = (Tensor<Float>(zeros: [3]), Tensor<Float>(zeros: [3]))
      _ = batchNorm(Tensor<Float>(zeros: [1, 3]), runningMean: &mean, runningVariance: &variance)
    }
    await #expect(processExitsWith: .failure) {
      let statistics = BatchStatistics(mean: [0], inverseDeviation: [1])
      _ = batchNormBackward(Tensor<Float>(zeros: [2, 3]), Tensor(zeros: [2, 3]), statistics: statistics)
    }
  }
}

private func random(_ shape: [Int], seed: UInt64) -> Tensor<Double> { Tensor(randomUniform: shape, seed: seed) }

private func trained(
  _ x: Tensor<Double>,
  _ axis: Int,
  _ scale: Tensor<Double>? = nil,
  epsilon: Double = 0
) -> (y: Tensor<Double>, statistics: BatchStatistics) {
  let channels = x.shape[axis < 0 ? axis + x.rank : axis]
  var (mean, variance) = (Tensor<Double>(zeros: [channels]), Tensor<Double>(zeros: [channels]))
  return batchNorm(
    x,
    scale: scale,
    runningMean: &mean,
    runningVariance: &variance,
    epsilon: epsilon,
    channelAxis: axis
  )
}

private func variances(_ statistics: BatchStatistics) -> Tensor<Double> {
  Tensor(statistics.inverseDeviation.map { 1 / ($0 * $0) }, shape: [statistics.mean.count])
}

private func dot(_ x: Tensor<Double>, _ y: Tensor<Double>) -> Double { (x * y).sum() }

private func slopeOf(_ i: Int, of x: Tensor<Double>, _ loss: (Tensor<Double>) -> Double) -> Double {
  let step = 1e-5
  let moved = { (by: Double) in
    var scalars = x.scalars
    scalars[i] += by
    return Tensor<Double>(scalars, shape: x.shape)
  }
  return (loss(moved(step)) - loss(moved(-step))) / (2 * step)
}
