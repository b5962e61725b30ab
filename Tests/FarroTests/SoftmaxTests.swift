import Farro
import TestSupport
import Testing

@Suite struct SoftmaxTests {
  @Test func `softmax gives the shares of exponentials`() {
    let x = Tensor<Double>([0, 1, 2, 1000, -.infinity, 1000, -1e300, -1e300, -1e300], shape: [3, 1, 3])
    let row = [0.0900305731703805, 0.244728471054798, 0.665240955774822]  // 1, e, e^2 over their sum
    let third = 1.0 / 3
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = softmax(x, axis: 2)
        #expect(y.shape == [3, 1, 3])
        #expect(worstError(y.scalars, row + [0.5, 0, 0.5, third, third, third]) { _ in 1e-15 } <= 1, "\(isa)")
        let cold = softmax(Tensor<Double>([0, 1, 2]), temperature: 0.5)  // 1, e^2, e^4 over their sum
        #expect(
          worstError(cold.scalars, [0.0158762399764668, 0.117310427826198, 0.866813332197335]) { _ in 1e-14 } <= 1,
          "\(isa)"
        )
      }
    }
  }

  @Test func `softmax of nothing but minus infinity is not a number`() {
    let x = Tensor<Float>([-.infinity, -.infinity, 0, .nan], shape: [2, 2])
    let y = softmax(x).scalars
    #expect(y.count == 4 && y.allSatisfy { $0.isNaN })
    #expect(logSumExp(x).scalars[0] == -.infinity)
  }

  @Test func `what is left out is 0, whatever it is, and where nothing is kept all is`() {
    let x = Tensor<Float>([1, .nan, 1, .nan, .infinity, -3], shape: [2, 3])
    let mask: Tensor<Bool> = [[true, false, true], [false, false, false]]
    #expect(softmax(x, mask: mask).scalars == [0.5, 0, 0.5, 0, 0, 0])
    #expect(logSoftmax(x, mask: mask).scalars[1] == -.infinity)
    #expect(logSoftmax(x, mask: mask).scalars[5] == -.infinity)
    #expect(logSumExp(x, mask: mask).scalars[1] == -.infinity)
  }

  @Test func `every axis agrees with the reference on every instruction set`() {
    let x = Tensor<Float>(randomUniform: [5, 37, 19], in: -6..<6, seed: 1)
    let bias = Tensor<Float>(randomUniform: [37, 19], in: -2..<2, seed: 2)
    let mask = x.map { $0 > -3 }
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        for axis in 0..<3 {
          let y = softmax(x, axis: axis, temperature: 1.5, mask: mask, bias: bias)
          let expected = Reference.softmax(x, axis: axis, temperature: 1.5, mask: mask, bias: bias)
          #expect(
            worstError(y.scalars, expected.scalars) { 2e-5 * Double(expected.scalars[$0]) } <= 1,
            "\(isa) \(axis)"
          )
          #expect(y.scalars == softmax(x, axis: axis - 3, temperature: 1.5, mask: mask, bias: bias).scalars)
          let logs = logSoftmax(x, axis: axis, mask: mask)
          let expectedLogs = Reference.logSoftmax(x, axis: axis, mask: mask)
          #expect(worstError(logs.scalars, expectedLogs.scalars) { _ in 1e-5 } <= 1, "\(isa) \(axis)")
          let sums = logSumExp(x, axis: axis, bias: bias)
          let expectedSums = Reference.logSumExp(x, axis: axis, bias: bias)
          #expect(sums.shape == expectedSums.shape)
          #expect(worstError(sums.scalars, expectedSums.scalars) { _ in 1e-5 } <= 1, "\(isa) \(axis)")
        }
      }
    }
  }

  @Test func `a mask that is repeated gives what a mask as large as the tensor gives`() {
    let x = Tensor<Double>(randomUniform: [3, 2, 4, 5], in: -2..<2, seed: 3)
    let zeros = Tensor<Double>(zeros: [3, 2, 4, 5])
    for shape in [
      [5], [4, 5], [1, 1, 4, 5], [3, 1, 1, 5], [3, 1, 4, 5], [1, 2, 4, 1], [3, 2, 1, 5], [1, 2, 1, 1], [],
    ] {
      let bias = Tensor<Double>(randomUniform: shape, in: -1..<1, seed: 4)
      let mask = bias.map { $0 > -0.5 }
      let all = bias + zeros
      for axis in 0..<4 {
        let repeated = softmax(x, axis: axis, mask: mask, bias: bias)
        let whole = softmax(x, axis: axis, mask: all.map { $0 > -0.5 }, bias: all)
        #expect(repeated.scalars == whole.scalars, "\(shape) along \(axis)")
      }
    }
  }

  @Test func `gradients agree with numeric differentiation`() {
    let x = Tensor<Double>(randomUniform: [3, 5, 4], in: -2..<2, seed: 5)
    let bias = Tensor<Double>(randomUniform: [5, 4], in: -1..<1, seed: 6)
    let mask = Tensor<Bool>((0..<60).map { $0 % 7 != 3 }, shape: [3, 5, 4])
    let weights = Tensor<Double>(randomUniform: [3, 5, 4], seed: 7)
    for axis in 0..<3 {
      let y = softmax(x, axis: axis, temperature: 0.8, mask: mask, bias: bias)
      expectGradient(softmaxBackward(weights, y: y, axis: axis, temperature: 0.8), of: x) {
        (softmax($0, axis: axis, temperature: 0.8, mask: mask, bias: bias) * weights).sum()
      }
      let logs = logSoftmax(x, axis: axis, temperature: 0.8, bias: bias)
      expectGradient(logSoftmaxBackward(weights, y: logs, axis: axis, temperature: 0.8), of: x) {
        (logSoftmax($0, axis: axis, temperature: 0.8, bias: bias) * weights).sum()
      }
      let sums = logSumExp(x, axis: axis, temperature: 0.8, mask: mask, bias: bias)
      let few = Tensor<Double>(randomUniform: sums.shape, seed: 8)
      let gradient = logSumExpBackward(few, x: x, y: sums, axis: axis, temperature: 0.8, mask: mask, bias: bias)
      expectGradient(gradient, of: x) {
        (logSumExp($0, axis: axis, temperature: 0.8, mask: mask, bias: bias) * few).sum()
      }
    }
  }

  @Test func `each result is the same in place, into a tensor that exists and on any number of threads`() {
    let x = Tensor<Float>(randomUniform: [300, 20, 30], in: -5..<5, seed: 9)
    for axis in 0..<3 {
      let (y, logs) = (softmax(x, axis: axis), logSoftmax(x, axis: axis))
      var (a, b) = (x, x)
      softmax(inPlace: &a, axis: axis)
      logSoftmax(inPlace: &b, axis: axis)
      #expect(a.scalars == y.scalars && b.scalars == logs.scalars)
      softmax(x, axis: axis, into: &b)
      logSoftmax(x, axis: axis, into: &a)
      #expect(b.scalars == y.scalars && a.scalars == logs.scalars)
      var sums = logSumExp(x, axis: axis, keepingDimensions: true)
      #expect(sums.rank == 3 && sums.scalars == logSumExp(x, axis: axis).scalars)
      logSumExp(x, axis: axis, temperature: 2, into: &sums)
      #expect(sums.scalars == logSumExp(x, axis: axis, temperature: 2).scalars)
      softmaxBackward(x, y: y, axis: axis, into: &a)
      logSoftmaxBackward(x, y: logs, axis: axis, into: &b)
      #expect(a.scalars == softmaxBackward(x, y: y, axis: axis).scalars)
      #expect(b.scalars == logSoftmaxBackward(x, y: logs, axis: axis).scalars)
      logSumExpBackward(sums, x: x, y: sums, axis: axis, into: &a)
      #expect(a.scalars == logSumExpBackward(sums, x: x, y: sums, axis: axis).scalars)
      withThreads(1) {
        #expect(y.scalars == softmax(x, axis: axis).scalars)
        #expect(b.scalars == logSoftmaxBackward(x, y: logs, axis: axis).scalars)
      }
    }
  }

  @Test func `bfloat16 is computed in Float and rounded once`() {
    let x = Tensor<BFloat16>(casting: Tensor<Float>(randomUniform: [7, 45], in: -3..<3, seed: 10))
    let wide = Tensor<Float>(casting: x)
    let bias = Tensor<BFloat16>(casting: Tensor<Float>(randomUniform: [45], seed: 11))
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        for axis in 0..<2 {
          var y = softmax(x, axis: axis, temperature: 2, bias: bias)
          let expected = softmax(wide, axis: axis, temperature: 2, bias: Tensor<Float>(casting: bias)).scalars
          #expect(worstError(y.scalars.map { Float($0) }, expected) { Double(expected[$0]) / 255 } <= 1, "\(isa)")
          let gradient = softmaxBackward(x, y: y, axis: axis).scalars.map { Float($0) }
          let right = softmaxBackward(wide, y: Tensor<Float>(casting: y), axis: axis).scalars
          #expect(worstError(gradient, right) { Double(abs(right[$0])) / 255 + 1e-6 } <= 1, "\(isa)")
          logSoftmax(x, axis: axis, into: &y)
          let logs = logSoftmax(wide, axis: axis).scalars
          #expect(worstError(y.scalars.map { Float($0) }, logs) { Double(-logs[$0]) / 255 } <= 1, "\(isa)")
          let sums = logSumExp(x, axis: axis, temperature: 2, bias: bias, keepingDimensions: true)
          let wideBias = Tensor<Float>(casting: bias)
          let wideSums = logSumExp(wide, axis: axis, temperature: 2, bias: wideBias).scalars
          #expect(
            worstError(sums.scalars.map { Float($0) }, wideSums) { Double(abs(wideSums[$0])) / 255 } <= 1,
            "\(isa)"
          )
          var into = sums
          logSumExp(x, axis: axis, temperature: 2, bias: bias, into: &into)
          #expect(into.scalars == sums.scalars)
          let slopes = logSumExpBackward(into, x: x, y: sums, axis: axis, temperature: 2, bias: bias)
          let (wideInto, wideY) = (Tensor<Float>(casting: into), Tensor<Float>(casting: sums))
          let wideSlopes = logSumExpBackward(wideInto, x: wide, y: wideY, axis: axis, temperature: 2, bias: wideBias)
            .scalars
          #expect(
            worstError(slopes.scalars.map { Float($0) }, wideSlopes) { Double(abs(wideSlopes[$0])) / 255 } <= 1,
            "\(isa)"
          )
          logSumExpBackward(into, x: x, y: sums, axis: axis, temperature: 2, bias: bias, into: &y)
          #expect(y.scalars == slopes.scalars)
        }
      }
    }
  }

  @Test func `empty tensors keep their shape`() {
    for shape in [[0], [0, 5], [5, 0]] {
      let x = Tensor<Double>(zeros: shape)
      #expect(softmax(x).shape == shape && logSoftmax(x, axis: 0).shape == shape)
    }
    #expect(logSumExp(Tensor<Double>(zeros: [2, 0])).scalars == [-.infinity, -.infinity])
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = softmax(Tensor<Float>(zeros: [2, 3]), axis: 2) }
    await #expect(processExitsWith: .failure) { _ = softmax(Tensor<Float>(zeros: [])) }
    await #expect(processExitsWith: .failure) { _ = softmax(Tensor<Float>(zeros: [2, 3]), temperature: 0) }
    await #expect(processExitsWith: .failure) {
      _ = softmax(Tensor<Float>(zeros: [2, 3]), mask: Tensor(repeating: true, shape: [2]))
    }
    await #expect(processExitsWith: .failure) {
      _ = softmaxBackward(Tensor<Float>(zeros: [3]), y: Tensor<Float>(zeros: [2, 3]))
    }
  }
}

/// Compares a gradient with central differences of a function, of all elements one after another.
func expectGradient(
  _ gradient: Tensor<Double>,
  of x: Tensor<Double>,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ function: (Tensor<Double>) -> Double
) {
  let step = 1e-5
  var numeric = [Double]()
  for i in 0..<x.count {
    let values = [step, -step].map { offset in
      var elements = x.scalars
      elements[i] += offset
      return function(Tensor(elements, shape: x.shape))
    }
    numeric.append((values[0] - values[1]) / (2 * step))
  }
  #expect(gradient.shape == x.shape, sourceLocation: sourceLocation)
  #expect(
    worstError(gradient.scalars, numeric) { 1e-8 * (1 + abs(numeric[$0])) } <= 1,
    sourceLocation: sourceLocation
  )
}
