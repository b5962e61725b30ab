import Farro
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

@Suite struct ElementwiseTests {
  static let sizes = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 67, 20_011]

  /// Values in [-10, 10], the same at every run.
  static func values(_ count: Int) -> [Double] { (0..<count).map { Double($0 * 7919 % 2001) / 100 - 10 } }

  @Test(arguments: InstructionSet.supported)
  func `functions of each element agree with the C library`(isa: InstructionSet) {
    let functions: [(ours: (Tensor<Double>) -> Tensor<Double>, exact: (Double) -> Double)] = [
      (Farro.relu, { $0 > 0 ? $0 : 0 }),
      (Farro.exp, { exp($0) }),
      (Farro.tanh, { tanh($0) }),
      (Farro.sigmoid, { 1 / (1 + exp(-$0)) }),
      (Farro.erf, { erf($0) }),
    ]
    for count in ElementwiseTests.sizes {
      let values = ElementwiseTests.values(count)
      let x = Tensor(values, shape: [count])
      for function in functions {
        let actual = withInstructionSet(isa) { array(function.ours(x)) }
        let expected = values.map(function.exact)
        // 2 units of ours, 2 of the expected value (the sum in the sigmoid is rounded before the division).
        #expect(worstError(actual, expected) { 4 * expected[$0].ulp } <= 1)
      }
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `single precision is within the bounds too`(isa: InstructionSet) {
    let values = ElementwiseTests.values(1009).map(Float.init)
    let x = Tensor(values, shape: [1009])
    let (e, t) = withInstructionSet(isa) { (array(exp(x)), array(tanh(x))) }
    for i in values.indices {
      #expect(abs(Double(e[i]) - exp(Double(values[i]))) <= Double(e[i].ulp))
      #expect(abs(Double(t[i]) - tanh(Double(values[i]))) <= 2 * Double(t[i].ulp))
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `gated functions keep their digits where the gate is nearly shut`(isa: InstructionSet) {
    let functions: [(ours: (Tensor<Float>) -> Tensor<Float>, exact: (Double) -> Double)] = [
      (Farro.silu, { $0 / (1 + exp(-$0)) }),
      (Farro.gelu, { $0 / 2 * erfc(-$0 / 2.0.squareRoot()) }),
      (Farro.geluTanh, { $0 / (1 + exp(-(8 / Double.pi).squareRoot() * $0 * (1 + 0.044715 * $0 * $0))) }),
    ]
    let values = ElementwiseTests.values(1009).map(Float.init)
    let x = Tensor(values, shape: [1009])
    for function in functions {
      let actual = withInstructionSet(isa) { array(function.ours(x)) }
      for i in values.indices {
        let expected = function.exact(Double(values[i]))
        #expect(abs(Double(actual[i]) - expected) <= 7 * Double(Float(expected).ulp))
      }
    }
  }

  @Test func `not a number stays one and infinities have limits`() {
    let x = Tensor<Float>([.nan, .infinity, -.infinity, 0], shape: [2, 2])
    #expect(array(exp(x))[0].isNaN && array(relu(x))[0].isNaN && array(tanh(x))[0].isNaN && array(sigmoid(x))[0].isNaN)
    #expect(array(exp(x)).dropFirst() == [.infinity, 0, 1])
    #expect(array(relu(x)).dropFirst() == [.infinity, 0, 0])
    #expect(array(tanh(x)).dropFirst() == [1, -1, 0])
    #expect(array(sigmoid(x)).dropFirst() == [1, 0, 0.5])
    #expect(array(erf(x))[0].isNaN && array(erf(x)).dropFirst() == [1, -1, 0])
    for gated in [Farro.silu, Farro.gelu, Farro.geluTanh] as [(Tensor<Float>) -> Tensor<Float>] {
      #expect(array(gated(x))[0].isNaN && array(gated(x)).dropFirst() == [.infinity, 0, 0])
    }
    #expect(exp(x).shape == [2, 2])
  }

  @Test func `a function writes into an existing tensor and leaves its copies alone`() {
    let x = Tensor<Double>([-1, 0, 2], shape: [3])
    var result = Tensor<Double>(zeros: [3])
    let copy = result
    relu(x, into: &result)
    #expect(array(result) == [0, 0, 2] && array(copy) == [0, 0, 0])
    exp(x, into: &result)
    #expect(array(result) == array(exp(x)))
    tanh(x, into: &result)
    #expect(array(result) == array(tanh(x)))
    sigmoid(x, into: &result)
    #expect(array(result) == array(sigmoid(x)))
    erf(x, into: &result)
    #expect(array(result) == array(erf(x)))
    silu(x, into: &result)
    #expect(array(result) == array(silu(x)))
    gelu(x, into: &result)
    #expect(array(result) == array(gelu(x)))
    geluTanh(x, into: &result)
    #expect(array(result) == array(geluTanh(x)))
  }

  @Test func `a function works in the place of its operand and leaves copies alone`() {
    typealias Function = (whole: (Tensor<Double>) -> Tensor<Double>, inPlace: (inout Tensor<Double>) -> Void)
    let functions: [Function] = [
      ({ relu($0) }, { relu(inPlace: &$0) }), ({ exp($0) }, { exp(inPlace: &$0) }),
      ({ log($0) }, { log(inPlace: &$0) }), ({ sin($0) }, { sin(inPlace: &$0) }),
      ({ cos($0) }, { cos(inPlace: &$0) }), ({ tanh($0) }, { tanh(inPlace: &$0) }),
      ({ sigmoid($0) }, { sigmoid(inPlace: &$0) }), ({ erf($0) }, { erf(inPlace: &$0) }),
      ({ silu($0) }, { silu(inPlace: &$0) }), ({ gelu($0) }, { gelu(inPlace: &$0) }),
      ({ geluTanh($0) }, { geluTanh(inPlace: &$0) }),
    ]
    let x = Tensor<Double>(randomUniform: [3, 7], in: 0.5..<3, seed: 1)
    for function in functions {
      var y = x
      function.inPlace(&y)
      #expect(y == function.whole(x) && x == Tensor(randomUniform: [3, 7], in: 0.5..<3, seed: 1))
    }
  }

  @Test(arguments: InstructionSet.supported)
  func `multiply-add repeats rows and single elements`(isa: InstructionSet) {
    for columns in [1, 2, 5, 16, 33] {
      let a = Tensor(ElementwiseTests.values(3 * columns).map { $0.rounded() }, shape: [3, columns])
      let row = Tensor(ElementwiseTests.values(columns).map { $0.rounded() }, shape: [columns])
      let one = Tensor<Double>([2], shape: [])
      let (byRow, byElement, whole) = withInstructionSet(isa) {
        (array(multiplyAdd(a, row, one)), array(multiplyAdd(a, one, row)), array(multiplyAdd(a, a, a)))
      }
      let (x, y) = (array(a), array(row))
      #expect(byRow == x.indices.map { x[$0] * y[$0 % columns] + 2 })
      #expect(byElement == x.indices.map { x[$0] * 2 + y[$0 % columns] })
      #expect(whole == x.map { $0 * $0 + $0 })
    }
  }

  @Test func `multiply-add writes into an existing tensor`() {
    let a = Tensor<Float>([1, 2, 3], shape: [3])
    var result = Tensor<Float>(zeros: [3])
    multiplyAdd(a, a, a, into: &result)
    #expect(array(result) == [2, 6, 12])
  }
}

/// The elements in row-major order.
func array<Scalar>(_ tensor: Tensor<Scalar>) -> [Scalar] { tensor.withUnsafeBufferPointer { Array($0) } }
