import Farro
import TestSupport
import Testing

@Suite struct PoolingTests {
  private let x = Tensor<Float>([1, 5, 5, 2, 3, 0, 7, 4, -1, -2, -3, -4], shape: [1, 1, 3, 4])

  @Test func `max pooling finds the first maximum of each window`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let pooled = maxPool2DWithIndices(x, size: 2)
        #expect(pooled.values.shape == [1, 1, 1, 2] && pooled.values.scalars == [5, 7])
        #expect(pooled.indices.scalars == [1, 6], "\(isa)")
        let upward = maxPool2DWithIndices(x, size: 2, ceiling: true)
        #expect(upward.values.scalars == [5, 7, -1, -3] && upward.indices.scalars == [1, 6, 8, 10], "\(isa)")
        let padded = maxPool2DWithIndices(x, size: 3, stride: Size2D(height: 3, width: 2), padding: 1)
        #expect(padded.values.scalars == [5, 7] && padded.indices.scalars == [1, 6], "\(isa)")
        #expect(maxPool2D(x, size: 2, stride: 1).scalars == [5, 7, 7, 3, 7, 7], "\(isa)")
        #expect(maxPool1D(x.reshaped([1, 3, 4]), size: 2, stride: 1, dilation: 2).scalars == [5, 5, 7, 4, -1, -2])
      }
    }
  }

  @Test func `NaN is the largest, and a window of padding alone has no maximum`() {
    let x = Tensor<Double>([1, .nan, 3, -.infinity, -.infinity, 2], shape: [1, 1, 6])
    let pooled = maxPool1DWithIndices(x, size: 2)
    #expect(pooled.values.scalars[0].isNaN && pooled.values.scalars.suffix(2) == [3, 2])
    #expect(pooled.indices.scalars == [1, 2, 5])
    let none = maxPool1DWithIndices(Tensor<Double>([5], shape: [1, 1, 1]), size: 2, padding: 1, dilation: 2)
    #expect(none.values.scalars == [-.infinity] && none.indices.scalars == [-1])
  }

  @Test func `average pooling divides by what counts`() {
    let x = Tensor<Double>([2, 4, 6, 8, 10], shape: [1, 1, 5])
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(averagePool1D(x, size: 2).scalars == [3, 7], "\(isa)")
        #expect(averagePool1D(x, size: 2, ceiling: true).scalars == [3, 7, 10], "\(isa)")
        #expect(averagePool1D(x, size: 2, padding: 1).scalars == [1, 5, 9], "\(isa)")
        #expect(averagePool1D(x, size: 2, padding: 1, countsPadding: false).scalars == [2, 5, 9], "\(isa)")
        let image = averagePool2D(self.x, size: 2, stride: 1)
        #expect(image.shape == [1, 1, 2, 3] && image.scalars == [2.25, 4.25, 4.5, 0, 0.5, 1], "\(isa)")
      }
    }
  }

  @Test func `global pooling gives one number for each channel`() {
    let x = Tensor<Float>([1, 2, 3, 4, -1, -2, -3, -4], shape: [1, 2, 2, 2])
    #expect(globalAveragePool(x).shape == [1, 2, 1, 1] && globalAveragePool(x).scalars == [2.5, -2.5])
    #expect(globalMaxPool(x).scalars == [4, -1])
    #expect(globalMaxPool(x.reshaped([1, 2, 4])).shape == [1, 2, 1])
    var y = Tensor<Float>(zeros: [1, 2, 1, 1])
    globalAveragePool(x, into: &y)
    #expect(y.scalars == [2.5, -2.5])
    globalMaxPool(x, into: &y)
    #expect(y.scalars == [4, -1])
    var gradient = x
    averagePool2DBackward(Tensor([8, 4], shape: [1, 2, 1, 1]), size: 2, into: &gradient)
    #expect(gradient.scalars == [2, 2, 2, 2, 1, 1, 1, 1])
    globalAveragePoolBackward(Tensor([4, 8], shape: [1, 2, 1, 1]), into: &gradient)
    #expect(gradient.scalars == [1, 1, 1, 1, 2, 2, 2, 2])
    let greatest = globalMaxPoolWithIndices(x)
    #expect(greatest.values.scalars == [4, -1] && greatest.indices.scalars == [3, 0])
    globalMaxPoolBackward(Tensor([5, 6], shape: [1, 2, 1, 1]), indices: greatest.indices, into: &gradient)
    #expect(gradient.scalars == [0, 0, 0, 5, 6, 0, 0, 0])
    #expect(globalAveragePoolBackward(greatest.values, x).scalars == [1, 1, 1, 1, -0.25, -0.25, -0.25, -0.25])
    #expect(globalMaxPoolBackward(greatest.values, x, indices: greatest.indices).scalars == [0, 0, 0, 4, -1, 0, 0, 0])
  }

  @Test func `gradients are the same as new tensors and into those that exist`() {
    let x = Tensor<Double>(randomUniform: [2, 3, 7, 8], seed: 4)
    let row = x.reshaped(6, 7, 8)
    var (image, sequence) = (x, row)
    let greatest = maxPool2DWithIndices(x, size: 3, stride: 2, padding: 1, ceiling: true)
    let (gradY, indices) = (greatest.values, greatest.indices)
    maxPool2DBackward(gradY, indices: indices, size: 3, stride: 2, padding: 1, ceiling: true, into: &image)
    #expect(maxPool2DBackward(gradY, x, indices: indices, size: 3, stride: 2, padding: 1, ceiling: true) == image)
    averagePool2DBackward(gradY, size: 3, stride: 2, padding: 1, ceiling: true, countsPadding: false, into: &image)
    let average = averagePool2DBackward(gradY, x, size: 3, stride: 2, padding: 1, ceiling: true, countsPadding: false)
    #expect(average == image)
    let longest = maxPool1DWithIndices(row, size: 3, stride: 1, dilation: 2)
    maxPool1DBackward(longest.values, indices: longest.indices, size: 3, stride: 1, dilation: 2, into: &sequence)
    let back = maxPool1DBackward(longest.values, row, indices: longest.indices, size: 3, stride: 1, dilation: 2)
    #expect(back == sequence)
    averagePool1DBackward(longest.values, size: 3, stride: 1, dilation: 2, into: &sequence)
    #expect(averagePool1DBackward(longest.values, row, size: 3, stride: 1, dilation: 2) == sequence)
  }

  @Test func `gradients agree with numeric differentiation`() {
    let x = Tensor<Double>(randomUniform: [2, 3, 7, 8], seed: 1)
    let size = Size2D(height: 3, width: 2)
    let padding = Padding2D(top: 1, left: 1, bottom: 0, right: 1)
    for countsPadding in [false, true] {
      let pool = { (x: Tensor<Double>) in
        averagePool2D(x, size: size, stride: 2, padding: padding, ceiling: true, countsPadding: countsPadding)
      }
      let gradY = Tensor<Double>(randomUniform: pool(x).shape, seed: 2)
      var gradX = x
      averagePool2DBackward(
        gradY,
        size: size,
        stride: 2,
        padding: padding,
        ceiling: true,
        countsPadding: countsPadding,
        into: &gradX
      )
      #expect(worstError(gradX.scalars, slopes(of: x) { (pool($0) * gradY).sum() }) { _ in 1e-10 } <= 1)
    }
    // Numbers so far apart that a step changes no maximum.
    let steps = Tensor<Double>((0..<x.count).map { Double($0 * 37 % 101) }, shape: x.shape)
    let pooled = maxPool2DWithIndices(steps, size: 3, stride: 2, padding: 1)
    let gradY = Tensor<Double>(randomUniform: pooled.values.shape, seed: 3)
    var gradX = x
    maxPool2DBackward(gradY, indices: pooled.indices, size: 3, stride: 2, padding: 1, into: &gradX)
    let slopes = slopes(of: steps) { (maxPool2D($0, size: 3, stride: 2, padding: 1) * gradY).sum() }
    #expect(worstError(gradX.scalars, slopes) { _ in 1e-8 } <= 1)
  }

  @Test func `results into tensors that exist, and on any number of threads, are the same`() {
    let x = Tensor<Float>(randomUniform: [8, 16, 33, 35], seed: 1)
    let pooled = maxPool2DWithIndices(x, size: 3, stride: 2, padding: 1)
    var (values, indices, means) = (pooled.values, Tensor<Int>(zeros: pooled.indices.shape), pooled.values)
    withThreads(1) {
      maxPool2DWithIndices(x, size: 3, stride: 2, padding: 1, into: &values, &indices)
      averagePool2D(x, size: 3, stride: 2, padding: 1, into: &means)
    }
    #expect(values == pooled.values && indices == pooled.indices)
    #expect(means == averagePool2D(x, size: 3, stride: 2, padding: 1))
    maxPool2D(x, size: 3, stride: 2, padding: 1, into: &means)
    #expect(means == values)
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = maxPool2D(Tensor<Float>(zeros: [3, 5, 5]), size: 2) }
    await #expect(processExitsWith: .failure) { _ = averagePool1D(Tensor<Float>(zeros: [1, 3, 5]), size: 0) }
    await #expect(processExitsWith: .failure) { _ = globalMaxPool(Tensor<Float>(zeros: [1, 3, 0])) }
    await #expect(processExitsWith: .failure) {
      var gradX = Tensor<Float>(zeros: [1, 1, 4])
      averagePool1DBackward(Tensor(zeros: [1, 1, 3]), size: 2, into: &gradX)
    }
  }
}
