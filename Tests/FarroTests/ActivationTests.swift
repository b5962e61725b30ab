import Farro
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

@Suite struct ActivationTests {
  private typealias Function = (
    name: String, forward: (Tensor<Double>) -> Tensor<Double>,
    backward: (Tensor<Double>, Tensor<Double>) -> Tensor<Double>,
    takesResult: Bool, exact: (Double) -> Double
  )

  private static var functions: [Function] {
    [
      ("relu", { relu($0) }, { reluBackward($0, $1) }, false, { max($0, 0) }),
      ("sigmoid", { sigmoid($0) }, { sigmoidBackward($0, y: $1) }, true, { 1 / (1 + exp(-$0)) }),
      ("tanh", { Farro.tanh($0) }, { tanhBackward($0, y: $1) }, true, { tanh($0) }),
      ("silu", { silu($0) }, { siluBackward($0, $1) }, false, { $0 / (1 + exp(-$0)) }),
      ("gelu", { gelu($0) }, { geluBackward($0, $1) }, false, { $0 / 2 * erfc(-$0 / 2.0.squareRoot()) }),
      (
        "geluTanh", { geluTanh($0) }, { geluTanhBackward($0, $1) }, false,
        { $0 / (1 + exp(-(8 / Double.pi).squareRoot() * $0 * (1 + 0.044715 * $0 * $0))) }
      ),
      ("step", { step($0) }, { stepBackward($0, $1) }, false, { $0 > 0 ? 1 : 0 }),
      (
        "linear", { linear($0, slope: -1.5, offset: 2) }, { linearBackward($0, $1, slope: -1.5) }, false,
        { -1.5 * $0 + 2 }
      ),
      (
        "leakyReLU", { leakyReLU($0, slope: 0.1) }, { leakyReLUBackward($0, $1, slope: 0.1) }, false,
        { $0 > 0 ? $0 : 0.1 * $0 }
      ),
      (
        "elu", { elu($0, alpha: 0.5) }, { eluBackward($0, y: $1, alpha: 0.5) }, true,
        { $0 > 0 ? $0 : 0.5 * expm1($0) }
      ),
      (
        "selu", { selu($0) }, { seluBackward($0, y: $1) }, true,
        { $0 > 0 ? 1.0507009873554805 * $0 : 1.0507009873554805 * 1.6732632423543772 * expm1($0) }
      ),
      (
        "softplus", { softplus($0, beta: 2, threshold: 8) }, { softplusBackward($0, $1, beta: 2, threshold: 8) }, false,
        { 2 * $0 > 8 ? $0 : log1p(exp(2 * $0)) / 2 }
      ),
      (
        "hardSigmoid", { hardSigmoid($0) }, { hardSigmoidBackward($0, $1) }, false,
        { min(max($0 / 6 + 0.5, 0), 1) }
      ),
      (
        "hardSwish", { hardSwish($0) }, { hardSwishBackward($0, $1) }, false,
        { $0 * min(max($0 / 6 + 0.5, 0), 1) }
      ),
    ]
  }

  /// Numbers without 0 and the other kinks.
  private static func values(_ count: Int) -> [Double] { (0..<count).map { Double($0 * 7919 % 2003) / 100 - 10.0137 } }

  @Test(arguments: InstructionSet.supported)
  func `activations are what their definitions say`(isa: InstructionSet) {
    for count in [0, 1, 3, 8, 17, 67, 20_011] {
      let values = Self.values(count)
      for function in Self.functions {
        let actual = withInstructionSet(isa) { array(function.forward(Tensor(values, shape: [count]))) }
        let expected = values.map(function.exact)
        #expect(worstError(actual, expected) { 8 * max(expected[$0].ulp, 0x1p-52) } <= 1, "\(function.name)")
      }
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `gradients are the slopes of the functions`(isa: InstructionSet) {
    let (values, step) = (Self.values(503), 0x1p-17)
    let x = Tensor(values, shape: [503])
    let gradY = Tensor(values.map { $0 / 3 + 0.1 }, shape: [503])
    for function in Self.functions {
      let actual = withInstructionSet(isa) {
        array(function.backward(gradY, function.takesResult ? function.forward(x) : x))
      }
      for i in values.indices {
        // The central difference is off by about the square of the step, and by rounding over the step.
        let slope = (function.exact(values[i] + step) - function.exact(values[i] - step)) / (2 * step)
        let expected = array(gradY)[i] * slope
        #expect(abs(actual[i] - expected) <= 1e-8, "\(function.name) at \(values[i])")
      }
    }
  }

  @Test func `a function writes into an existing tensor, or in place, and leaves copies alone`() {
    let x = Tensor<Float>([-4, -1, 0, 2], shape: [2, 2])
    var result = Tensor<Float>(zeros: [2, 2])
    let copy = result
    leakyReLU(x, slope: 0.5, into: &result)
    #expect(array(result) == [-2, -0.5, 0, 2] && array(copy) == [0, 0, 0, 0])
    var y = x
    hardSwish(inPlace: &y)
    #expect(array(y) == array(hardSwish(x)) && array(x) == [-4, -1, 0, 2])
    reluBackward(x, x, into: &result)
    #expect(array(result) == [0, 0, 0, 2])
  }

  @Test func `logarithm, sine and cosine are near the C library's`() {
    let values = (1...1009).map { Double($0) * 0.37 }
    let x = Tensor(values, shape: [1009])
    for (actual, exact) in [(log(x), log), (sin(x), sin), (cos(x), cos)] as [(Tensor<Double>, (Double) -> Double)] {
      let expected = values.map(exact)
      #expect(worstError(array(actual), expected) { 2 * expected[$0].ulp } <= 1)
    }
    #expect(abs(array(sin(Tensor<Double>([1e22], shape: [1])))[0] - -0.8522008497671888) < 1e-15)
  }

  @Test(arguments: InstructionSet.supported)
  func `a PReLU has a slope for each channel`(isa: InstructionSet) {
    let x = Tensor<Float>([1, -2, -3, 4, -5, -6], shape: [1, 2, 3])
    let slope = Tensor<Float>([0.5, 2], shape: [2])
    let gradY = Tensor<Float>([1, 10, 100, 1, 10, 100], shape: [1, 2, 3])
    withInstructionSet(isa) {
      #expect(array(prelu(x, slope: slope, axis: 1)) == [1, -1, -1.5, 4, -10, -12])
      #expect(array(prelu(x, slope: Tensor<Float>([3], shape: [1]))) == [1, -6, -9, 4, -15, -18])
      let gradients = preluBackward(gradY, x, slope: slope, axis: -2)
      #expect(array(gradients.x) == [1, 5, 50, 1, 20, 200])
      #expect(array(gradients.slope) == [-320, -650])
      let last = preluBackward(gradY, x, slope: Tensor<Float>([1, 2, 3], shape: [3]))
      #expect(array(last.slope) == [0, -70, -900])
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `maxout takes the greatest of each group`(isa: InstructionSet) {
    let x = Tensor<Double>([1, 5, 3, 3, -1, 2, 7, 0], shape: [2, 4])
    withInstructionSet(isa) {
      #expect(array(maxout(x, pieces: 2)) == [5, 3, 2, 7])
      let found = maxoutWithPositions(x, pieces: 2)
      #expect(array(found.positions) == [1, 0, 1, 0])
      let gradient = maxoutBackward(found.values, positions: found.positions, pieces: 2)
      #expect(array(gradient) == [0, 5, 3, 0, 0, 2, 7, 0])
      #expect(array(maxout(x, pieces: 2, axis: 0)) == [1, 5, 7, 3])
    }
  }
}
