import Farro
import Foundation
import TestSupport
import Testing

@Suite struct EpilogueTests {
  @Test(arguments: Activation.allCases)
  func `activations are those of their definitions`(activation: Activation) {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        check(activation, Float.self)
        check(activation, Double.self)
      }
    }
  }

  /// The identity times x is x.
  private func check<Scalar: KernelScalar>(_ activation: Activation, _: Scalar.Type) {
    let x = Tensor<Scalar>(randomUniform: [11, 37], in: -6..<6, seed: 1)
    let one = Tensor<Scalar>((0..<121).map { $0 % 12 == 0 ? 1 : 0 }, shape: [11, 11])
    let result = matmul(one, x, epilogue: Epilogue(activation: activation))
    let expected = x.scalars.map { Scalar(define(activation, Double($0))) }
    // GELU is the difference of numbers near x where it nearly vanishes.
    let error = worstError(result.scalars, expected) { Double(Scalar.ulpOfOne) * (6 + 4 * abs(Double(expected[$0]))) }
    #expect(error <= 1, "\(activation) \(Scalar.self)")
  }

  private func define(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .none: x
    case .relu: x > 0 ? x : 0
    case .gelu: x * (1 + Foundation.erf(x / 2.0.squareRoot())) / 2
    case .geluTanh: x * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) / 2
    case .sigmoid: 1 / (1 + Foundation.exp(-x))
    case .tanh: Foundation.tanh(x)
    case .silu: x / (1 + Foundation.exp(-x))
    }
  }

  @Test func `the parts of an epilogue follow each other as its documentation says`() {
    let a: Tensor<Float> = [[1, 2], [3, -4]]
    let b: Tensor<Float> = [[1, 0, -1], [2, 1, 0]]  // the product is [5, 2, -1], [-5, -4, -3]
    #expect(matmul(a, b, epilogue: Epilogue()) == matmul(a, b))
    #expect(matmul(a, b, epilogue: Epilogue(bias: [1, -3, 0])) == [[6, -1, -1], [-4, -7, -3]])
    #expect(matmul(a, b, epilogue: Epilogue(bias: [1, -3, 0], activation: .relu)) == [[6, 0, 0], [0, 0, 0]])
    #expect(matmul(a, b, epilogue: Epilogue(scale: [2, -1, 0])) == [[10, -2, 0], [-10, 4, 0]])
    let all = Epilogue<Float>(
      bias: [1, -3, 1],
      activation: .relu,
      residual: [[1, 2, 3], [4, 5, 6]],
      scale: [2, -1, 0]
    )
    #expect(matmul(a, b, epilogue: all) == [[12, 2, 4], [4, 6, 7]])
    var c: Tensor<Float> = [[1, 1, 1], [1, 1, 1]]
    matmul(a, b, alpha: 2, beta: 3, epilogue: all, into: &c)
    #expect(c == [[28, 2, 4], [4, 7, 7]])
  }

  @Test func `a result can be its own residual`() {
    let a: Tensor<Double> = [[1, 2], [3, 4]]
    var c: Tensor<Double> = [[10, 20], [30, 40]]
    matmul(a, a, epilogue: Epilogue(residual: c), into: &c)
    #expect(c == [[17, 30], [45, 62]])
  }

  @Test func `the result, its operands and the parts of an epilogue can be views of one tensor`() {
    let all = Tensor<Float>((0..<12).map { Float($0) }, shape: [6, 2])
    var result = all[2..<4]
    matmul(all[0..<2], all[4..<6], epilogue: Epilogue(bias: all[row: 0], residual: all[2..<4]), into: &result)
    #expect(result == [[14, 17], [52, 59]])
    #expect(all.scalars == (0..<12).map { Float($0) })
  }

  @Test(arguments: [
    ([3], nil, [], "a bias of the shape [3] does not fit the columns of a product of the shape [2, 4]"),
    (nil, [1, 4], [], "a scale of the shape [1, 4] does not fit the columns of a product of the shape [2, 4]"),
    (nil, nil, [4], "a residual of the shape [4] cannot be added to a product of the shape [2, 4]"),
  ])
  func `parts of other shapes stop with both`(bias: [Int]?, scale: [Int]?, residual: [Int], text: String) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [bias, scale, residual] in
      let zeros = { (shape: [Int]) in Tensor<Float>(zeros: shape) }
      let epilogue = Epilogue(
        bias: bias.map(zeros),
        residual: residual.isEmpty ? nil : zeros(residual),
        scale: scale.map(zeros)
      )
      _ = matmul(zeros([2, 3]), zeros([3, 4]), epilogue: epilogue)
    }
    #expect(result.map { message($0, has: text) } ?? false)
  }
}
