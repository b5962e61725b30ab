import Farro
import TestSupport
import Testing

@Suite struct OptimizerTests {
  private static let start = [0.5, -1.25, 2.0, 0.0, -0.125, 3.5, -2.75]

  private static func gradient(_ step: Int) -> [Double] { (0..<7).map { Double((step * 5 + $0 * 3) % 11 - 5) / 4 } }

  /// Five steps from `start`, in both precisions, on every instruction set, against PyTorch's.
  private func expect(
    _ golden: [Double],
    _ f64: (inout Tensor<Double>, [Tensor<Double>]) -> Void,
    _ f32: (inout Tensor<Float>, [Tensor<Float>]) -> Void
  ) {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        var double = Tensor(Self.start, shape: [7])
        f64(&double, (0..<5).map { Tensor(Self.gradient($0), shape: [7]) })
        #expect(worstError(double.scalars, golden) { _ in 1e-14 } <= 1, "\(isa)")
        var float = Tensor(Self.start.map { Float($0) }, shape: [7])
        f32(&float, (0..<5).map { Tensor(Self.gradient($0).map { Float($0) }, shape: [7]) })
        #expect(worstError(float.scalars.map { Double($0) }, golden) { _ in 2e-6 } <= 1, "\(isa)")
      }
    }
  }

  private func sgd<Scalar: KernelScalar>(_ decay: Double) -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      for g in gradients { sgdStep(&parameters, gradient: g, learningRate: 0.1, weightDecay: decay) }
    }
  }

  @Test func `gradient descent steps as PyTorch's`() {
    expect(OptimizerGolden.sgd, sgd(0), sgd(0))
    expect(OptimizerGolden.sgdDecay, sgd(0.05), sgd(0.05))
  }

  private func momentum<Scalar: KernelScalar>(
    _ momentum: Double,
    dampening: Double = 0,
    nesterov: Bool = false,
    decay: Double = 0
  ) -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = SGDState(for: parameters)
      for g in gradients {
        sgdStep(
          &parameters,
          gradient: g,
          state: &state,
          learningRate: 0.1,
          momentum: momentum,
          dampening: dampening,
          nesterov: nesterov,
          weightDecay: decay
        )
      }
      #expect(state.step == 5)
    }
  }

  @Test func `momentum steps as PyTorch's`() {
    expect(
      OptimizerGolden.sgdMomentum,
      momentum(0.9, dampening: 0.2, decay: 0.01),
      momentum(0.9, dampening: 0.2, decay: 0.01)
    )
    expect(OptimizerGolden.sgdNesterov, momentum(0.8, nesterov: true), momentum(0.8, nesterov: true))
  }

  private func adaGrad<Scalar: KernelScalar>() -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = AdaGradState(for: parameters)
      for g in gradients { adaGradStep(&parameters, gradient: g, state: &state) }
    }
  }

  private func adaGradDecay<Scalar: KernelScalar>() -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = AdaGradState(for: parameters, initialSum: 0.5)
      for g in gradients {
        adaGradStep(
          &parameters,
          gradient: g,
          state: &state,
          learningRate: 0.05,
          learningRateDecay: 0.1,
          epsilon: 1e-3,
          weightDecay: 0.01
        )
      }
    }
  }

  @Test func `AdaGrad steps as PyTorch's`() {
    expect(OptimizerGolden.adaGrad, adaGrad(), adaGrad())
    expect(OptimizerGolden.adaGradDecay, adaGradDecay(), adaGradDecay())
  }

  private func rmsProp<Scalar: KernelScalar>() -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = RMSPropState(for: parameters)
      for g in gradients { rmsPropStep(&parameters, gradient: g, state: &state) }
    }
  }

  private func rmsPropMomentum<Scalar: KernelScalar>(
    _ momentum: Double,
    centered: Bool,
    epsilon: Double,
    decay: Double
  ) -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = RMSPropState(for: parameters, centered: centered, hasMomentum: true)
      for g in gradients {
        rmsPropStep(
          &parameters,
          gradient: g,
          state: &state,
          learningRate: 0.02,
          smoothing: 0.9,
          epsilon: epsilon,
          momentum: momentum,
          weightDecay: decay
        )
      }
    }
  }

  @Test func `RMSProp steps as PyTorch's`() {
    expect(OptimizerGolden.rmsProp, rmsProp(), rmsProp())
    expect(
      OptimizerGolden.rmsPropMomentum,
      rmsPropMomentum(0.7, centered: false, epsilon: 1e-8, decay: 0.1),
      rmsPropMomentum(0.7, centered: false, epsilon: 1e-8, decay: 0.1)
    )
    expect(
      OptimizerGolden.rmsPropCentered,
      rmsPropMomentum(0.5, centered: true, epsilon: 1e-2, decay: 0),
      rmsPropMomentum(0.5, centered: true, epsilon: 1e-2, decay: 0)
    )
  }

  private func adam<Scalar: KernelScalar>(
    learningRate: Double = 1e-3,
    beta1: Double = 0.9,
    beta2: Double = 0.999,
    epsilon: Double = 1e-8,
    decay: Double = 0,
    amsGrad: Bool = false
  ) -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = AdamState(for: parameters, amsGrad: amsGrad)
      for g in gradients {
        adamStep(
          &parameters,
          gradient: g,
          state: &state,
          learningRate: learningRate,
          beta1: beta1,
          beta2: beta2,
          epsilon: epsilon,
          weightDecay: decay
        )
      }
    }
  }

  @Test func `Adam steps as PyTorch's`() {
    expect(OptimizerGolden.adam, adam(), adam())
    expect(
      OptimizerGolden.adamDecay,
      adam(learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, decay: 0.1),
      adam(learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, decay: 0.1)
    )
    expect(
      OptimizerGolden.adamAMSGrad,
      adam(learningRate: 0.01, beta1: 0.8, beta2: 0.5, amsGrad: true),
      adam(learningRate: 0.01, beta1: 0.8, beta2: 0.5, amsGrad: true)
    )
  }

  private func adamW<Scalar: KernelScalar>() -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = AdamState(for: parameters)
      for g in gradients { adamWStep(&parameters, gradient: g, state: &state) }
    }
  }

  private func adamWAMSGrad<Scalar: KernelScalar>() -> (inout Tensor<Scalar>, [Tensor<Scalar>]) -> Void {
    { parameters, gradients in
      var state = AdamState(for: parameters, amsGrad: true)
      for g in gradients {
        adamWStep(
          &parameters,
          gradient: g,
          state: &state,
          learningRate: 0.01,
          beta1: 0.8,
          beta2: 0.5,
          weightDecay: 0.2
        )
      }
    }
  }

  @Test func `AdamW steps as PyTorch's`() {
    expect(OptimizerGolden.adamW, adamW(), adamW())
    expect(OptimizerGolden.adamWAMSGrad, adamWAMSGrad(), adamWAMSGrad())
  }

  @Test func `gradients are clipped as PyTorch clips them`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let gradients = [Tensor(Self.gradient(0), shape: [7]), Tensor(Self.gradient(1), shape: [7, 1])]
        var clipped = gradients
        let norm = clipGlobalNorm(&clipped, to: 1.5)
        #expect(
          worstError([norm, globalNorm(gradients)], [OptimizerGolden.norm, OptimizerGolden.norm]) { _ in 1e-14 } <= 1
        )
        #expect(worstError(clipped.flatMap(\.scalars), OptimizerGolden.clipped) { _ in 1e-15 } <= 1, "\(isa)")
        #expect(gradients[0].scalars == Self.gradient(0))  // what shared its elements is left alone
        #expect(clipGlobalNorm(&clipped, to: 2) < 1.5 + 1e-14)
      }
    }
    var none: [Tensor<Float>] = []
    #expect(clipGlobalNorm(&none, to: 1) == 0)
  }

  @Test func `a step with a gradient scale clips in passing`() {
    let gradient = Tensor<Double>(randomUniform: [1000], in: -1..<1, seed: 1)
    let start = Tensor<Double>(randomUniform: [1000], in: -1..<1, seed: 2)
    var (a, b, clipped) = (start, start, [gradient])
    clipGlobalNorm(&clipped, to: 0.5)
    sgdStep(&a, gradient: clipped[0], learningRate: 1)
    sgdStep(&b, gradient: gradient, learningRate: 1, gradientScale: min(1, 0.5 / (globalNorm([gradient]) + 1e-6)))
    #expect(worstError(a.scalars, b.scalars) { _ in 1e-15 } <= 1)
    #expect(a != start)
  }

  @Test func `a step has the same bits on any number of threads`() {
    let gradient = Tensor<Float>(randomNormal: [100_003], seed: 1)
    let runs = [1, Threads.current].map { threads in
      withThreads(threads) {
        var parameters = Tensor<Float>(randomNormal: [100_003], seed: 2)
        var state = AdamState(for: parameters)
        for _ in 0..<2 { adamWStep(&parameters, gradient: gradient, state: &state) }
        return (parameters, state, globalNorm([gradient, parameters]))
      }
    }
    #expect(runs[0] == runs[1])
  }

  @Test func `empty parameters may take steps`() {
    var parameters = Tensor<Double>(zeros: [0, 3])
    var state = AdamState(for: parameters)
    adamStep(&parameters, gradient: Tensor(zeros: [0, 3]), state: &state)
    #expect(state.step == 1 && parameters.shape == [0, 3])
  }

  @Test func `shapes and numbers that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      var parameters = Tensor<Float>(zeros: [3])
      sgdStep(&parameters, gradient: Tensor(zeros: [4]))
    }
    await #expect(processExitsWith: .failure) {
      var parameters = Tensor<Float>(zeros: [3])
      var state = AdamState(for: Tensor<Float>(zeros: [2]))
      adamStep(&parameters, gradient: Tensor(zeros: [3]), state: &state)
    }
    await #expect(processExitsWith: .failure) {
      var parameters = Tensor<Float>(zeros: [3])
      var state = RMSPropState(for: parameters)
      rmsPropStep(&parameters, gradient: Tensor(zeros: [3]), state: &state, momentum: 0.9)
    }
    await #expect(processExitsWith: .failure) {
      var gradients = [Tensor<Float>(zeros: [3])]
      clipGlobalNorm(&gradients, to: -1)
    }
  }
}
