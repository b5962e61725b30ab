import Farro
import TestSupport
import Testing

@Suite struct ConvolutionTests {
  @Test func `a convolution sums the window's products`() {
    let x = Tensor<Float>([1, 2, 3, 4, 5, 6, 7, 8, 9], shape: [1, 1, 3, 3])
    let weight = Tensor<Float>([1, 0, 0, 10, 1, 1, 1, 1], shape: [2, 1, 2, 2])
    let bias = Tensor<Float>([0, -13], shape: [2])
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = convolution2D(x, weight, bias: bias)
        #expect(y.shape == [1, 2, 2, 2] && y.scalars == [51, 62, 84, 95, -1, 3, 11, 15], "\(isa)")
        let positive = convolution2D(x, weight, bias: bias, activation: .relu)
        #expect(positive.scalars == [51, 62, 84, 95, 0, 3, 11, 15], "\(isa)")
        let padded = convolution2D(x, weight, stride: 2, padding: Padding2D(top: 1, right: 1))
        #expect(padded.shape == [1, 2, 2, 2] && padded.scalars == [20, 0, 84, 6, 3, 3, 24, 15], "\(isa)")
      }
    }
  }

  @Test func `a group sees its channels alone, and a dilated window skips elements`() {
    let x = Tensor<Double>([1, 2, 3, 4, 5, 10, 20, 30, 40, 50], shape: [1, 2, 5])
    let weight = Tensor<Double>([1, 1, 1, -1, 2, 0, 0, 3], shape: [4, 1, 2])
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = convolution1D(x, weight, stride: 2, dilation: 2, groups: 2)
        #expect(y.shape == [1, 4, 2] && y.scalars == [4, 8, -2, -2, 20, 60, 90, 150], "\(isa)")
        let padded = convolution1D(x, weight, padding: Padding1D(after: 1), dilation: 3, groups: 2)
        #expect(padded.shape == [1, 4, 3])
        #expect(padded.scalars == [5, 7, 3, -3, -3, 3, 20, 40, 60, 120, 150, 0], "\(isa)")
      }
    }
  }

  /// Shapes of x and the weights, stride, padding, dilation and groups.
  private static let cases: [([Int], [Int], Size2D, Padding2D, Size2D, Int)] = [
    ([2, 3, 6, 7], [4, 3, 3, 2], 1, 1, 1, 1),
    ([1, 4, 7, 5], [6, 2, 2, 3], Size2D(height: 2, width: 1), Padding2D(top: 1, left: 0, bottom: 0, right: 2), 2, 2),
    ([2, 3, 6, 5], [3, 1, 3, 3], 1, 1, 1, 3),
    ([2, 2, 7, 7], [4, 1, 3, 2], Size2D(height: 2, width: 3), Padding2D(top: 2), 1, 2),
    ([2, 5, 4, 3], [3, 5, 1, 1], 1, 0, 1, 1),
  ]

  @Test(arguments: cases.indices)
  func `gradients agree with numeric differentiation`(index: Int) {
    let (shapeOfX, shapeOfWeight, stride, padding, dilation, groups) = Self.cases[index]
    let x = Tensor<Double>(randomUniform: shapeOfX, seed: 1)
    let weight = Tensor<Double>(randomUniform: shapeOfWeight, seed: 2)
    let bias = Tensor<Double>(randomUniform: [shapeOfWeight[0]], seed: 3)
    let result = { (x: Tensor<Double>, weight: Tensor<Double>, bias: Tensor<Double>) in
      convolution2D(
        x,
        weight,
        bias: bias,
        stride: stride,
        padding: padding,
        dilation: dilation,
        groups: groups
      )
    }
    let gradY = Tensor<Double>(randomUniform: result(x, weight, bias).shape, seed: 4)
    let loss = { (x: Tensor<Double>, weight: Tensor<Double>, bias: Tensor<Double>) in
      (result(x, weight, bias) * gradY).sum()
    }
    let gradients = convolution2DBackward(
      gradY,
      x,
      weight,
      stride: stride,
      padding: padding,
      dilation: dilation,
      groups: groups
    )
    let steps = [
      (gradients.x, slopes(of: x) { loss($0, weight, bias) }),
      (gradients.weight, slopes(of: weight) { loss(x, $0, bias) }),
      (gradients.bias, slopes(of: bias) { loss(x, weight, $0) }),
    ]
    for (gradient, slopes) in steps {
      #expect(worstError(gradient.scalars, slopes) { _ in 1e-8 } <= 1)
      #expect(gradient.scalars.contains { abs($0) > 0.1 })
    }
  }

  @Test func `gradients into tensors that exist, and those of sequences, are the same`() {
    let x = Tensor<Float>(randomUniform: [3, 4, 50], seed: 1)
    let weight = Tensor<Float>(randomUniform: [6, 2, 3], seed: 2)
    let gradY = Tensor<Float>(randomUniform: [3, 6, 25], seed: 3)
    let line = convolution1DBackward(gradY, x, weight, stride: 2, padding: 1, groups: 2)
    var (gradX, gradWeight, gradBias) = (x, weight, Tensor<Float>(zeros: [6]))
    convolution1DBackward(gradY, x, weight, stride: 2, padding: 1, groups: 2, into: &gradX, &gradWeight, &gradBias)
    #expect(gradX == line.x && gradWeight == line.weight && gradBias == line.bias)
    convolution1DBackwardX(gradY, weight, stride: 2, padding: 1, groups: 2, into: &gradX)
    convolution1DBackwardWeight(gradY, x, stride: 2, padding: 1, groups: 2, into: &gradWeight)
    #expect(gradX == line.x && gradWeight == line.weight)
    let image = convolution2DBackward(
      gradY.reshaped([3, 6, 1, 25]),
      x.reshaped([3, 4, 1, 50]),
      weight.reshaped([6, 2, 1, 3]),
      stride: 2,
      padding: Padding2D(left: 1, right: 1),
      groups: 2
    )
    #expect(image.x.scalars == line.x.scalars && image.weight.scalars == line.weight.scalars)
    gradBias = Tensor(zeros: [6])
    convolution2DBackwardBias(gradY.reshaped([3, 6, 1, 25]), into: &gradBias)
    #expect(gradBias == line.bias)
    var y = Tensor<Float>(zeros: [3, 6, 25])
    convolution1D(x, weight, stride: 2, padding: 1, groups: 2, into: &y)
    #expect(y == convolution1D(x, weight, stride: 2, padding: 1, groups: 2))
  }

  @Test func `results do not depend on the number of threads`() {
    let x = Tensor<Float>(randomUniform: [4, 24, 40, 40], seed: 1)
    for (weight, groups) in [
      (Tensor<Float>(randomUniform: [32, 24, 3, 3], seed: 2), 1), (Tensor(randomUniform: [24, 1, 3, 3], seed: 3), 24),
    ] {
      let run = { (threads: Int) in
        withThreads(threads) {
          let y = convolution2D(x, weight, padding: 1, groups: groups, activation: .gelu)
          return (y, convolution2DBackward(y, x, weight, padding: 1, groups: groups))
        }
      }
      let (one, many) = (run(1), run(Threads.current))
      #expect(one.0 == many.0 && one.1.x == many.1.x)
      #expect(one.1.weight == many.1.weight && one.1.bias == many.1.bias)
    }
  }

  @Test func `nothing gives nothing, and zeros where there is something to write`() {
    let weight = Tensor<Float>(randomUniform: [2, 3, 3, 3], seed: 1)
    #expect(convolution2D(Tensor(zeros: [0, 3, 5, 5]), weight).shape == [0, 2, 3, 3])
    #expect(convolution2D(Tensor(zeros: [1, 3, 2, 5]), weight).shape == [1, 2, 0, 3])
    let none = convolution2D(Tensor(zeros: [1, 0, 5, 5]), Tensor<Float>(zeros: [2, 0, 3, 3]), bias: [1, 2])
    #expect(none.scalars == Array(repeating: 1, count: 9) + Array(repeating: 2, count: 9))
    let gradients = convolution2DBackward(Tensor(zeros: [1, 2, 0, 3]), Tensor(zeros: [1, 3, 2, 5]), weight)
    #expect(gradients.x.scalars.allSatisfy { $0 == 0 } && gradients.weight.scalars.allSatisfy { $0 == 0 })
    #expect(gradients.bias.scalars == [0, 0])
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = convolution2D(Tensor<Float>(zeros: [1, 3, 5, 5]), Tensor(zeros: [2, 2, 3, 3]))
    }
    await #expect(processExitsWith: .failure) {
      _ = convolution2D(Tensor<Float>(zeros: [1, 3, 5, 5]), Tensor(zeros: [4, 1, 3, 3]), groups: 2)
    }
    await #expect(processExitsWith: .failure) {
      _ = convolution1D(Tensor<Float>(zeros: [1, 3, 5, 5]), Tensor(zeros: [4, 3, 3]))
    }
    await #expect(processExitsWith: .failure) {
      _ = convolution1D(Tensor<Float>(zeros: [1, 3, 5]), Tensor(zeros: [4, 3, 3]), stride: 0)
    }
    await #expect(processExitsWith: .failure) {
      _ = convolution1DBackward(
        Tensor<Float>(zeros: [1, 4, 4]),
        Tensor(zeros: [1, 3, 5]),
        Tensor(zeros: [4, 3, 3])
      )
    }
  }
}

/// The derivatives of a function by each element, from differences over 2^-9 to either side: exact but for rounding where
/// the function is linear in each.
func slopes(of x: Tensor<Double>, _ function: (Tensor<Double>) -> Double) -> [Double] {
  let step = 0x1p-9
  return (0..<x.count).map { i in
    var (above, below) = (x, x)
    above.withUnsafeMutableBufferPointer { $0[i] += step }
    below.withUnsafeMutableBufferPointer { $0[i] -= step }
    return (function(above) - function(below)) / (2 * step)
  }
}
