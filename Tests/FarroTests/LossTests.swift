import Farro
import TestSupport
import Testing

@Suite struct LossTests {
  /// The examples of the definitions: -log softmax of (1, 2, 3) is (2.4076, 1.4076, 0.4076).
  private let x: Tensor<Double> = [[1, 2, 3], [0, 0, 0], [3, 2, 1]]

  @Test func `cross-entropy is minus the logarithm of the label's share`() {
    let labels = Tensor([0, 2, 1])
    let depths = [2.40760596444438, 1.09861228866811, 1.40760596444438]
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let each = crossEntropy(x, labels: labels, reduction: .none).scalars
        #expect(worstError(each, depths) { _ in 1e-14 } <= 1, "\(isa)")
        let mean = crossEntropy(x, labels: labels)
        #expect(mean.shape == [])
        #expect(abs(mean[] - depths.reduce(0, +) / 3) < 1e-14)
        let sum = crossEntropy(x, labels: labels, ignoring: 2, reduction: .sum)[]
        #expect(abs(sum - depths[0] - depths[2]) < 1e-14)
        let smooth = crossEntropy(x[0..<1], labels: Tensor([0]), labelSmoothing: 0.3)[]
        #expect(abs(smooth - (0.7 * depths[0] + 0.3 * 1.40760596444438)) < 1e-14)
        let weights = Tensor<Double>([1, 2, 4])
        let weighted = crossEntropy(x, labels: labels, classWeights: weights)[]
        #expect(abs(weighted - (depths[0] + 4 * depths[1] + 2 * depths[2]) / 7) < 1e-14)
      }
    }
  }

  @Test func `hinge losses count the greatest violation or all`() {
    let labels = Tensor([0, 2, 1])
    #expect(multiclassHinge(x, labels: labels, reduction: .none).scalars == [3, 1, 2])
    #expect(multiclassHinge(x, labels: labels)[] == 2)
    let all = multiclassHinge(x, labels: labels, kind: .all, reduction: .none).scalars
    #expect(worstError(all, [5.0 / 3, 2.0 / 3, 2.0 / 3]) { _ in 1e-15 } <= 1)
    #expect(multiclassHinge(x, labels: Tensor([2, 0, 0]), margin: 0.25, reduction: .none).scalars == [0, 0.25, 0])
  }

  @Test func `gradients agree with numeric differentiation`() {
    let x = Tensor<Double>(randomUniform: [2, 3, 7], in: -2..<2, seed: 1)
    let labels: Tensor<Int> = [[0, 6, 3], [2, 1, 5]]
    let weights = Tensor<Double>(randomUniform: [7], in: 0.5..<2, seed: 2)
    for reduction in [LossReduction.none, .mean, .sum] {
      let outer = Tensor<Double>(randomUniform: reduction == .none ? [2, 3] : [], seed: 3)
      for smoothing in [0, 0.2] {
        let loss = { (x: Tensor<Double>) in
          crossEntropy(
            x,
            labels: labels,
            classWeights: weights,
            labelSmoothing: smoothing,
            ignoring: 3,
            reduction: reduction
          )
        }
        let gradient = crossEntropyBackward(
          outer,
          logits: x,
          labels: labels,
          classWeights: weights,
          labelSmoothing: smoothing,
          ignoring: 3,
          reduction: reduction
        )
        expectGradient(gradient, of: x) { (loss($0) * outer).sum() }
        let both = crossEntropyWithGradient(
          x,
          labels: labels,
          classWeights: weights,
          labelSmoothing: smoothing,
          ignoring: 3,
          reduction: reduction
        )
        #expect(both.loss.scalars == loss(x).scalars)
        expectGradient(both.gradient, of: x) { loss($0).sum() }
      }
      for kind in [HingeKind.greatest, .all] {
        let gradient = multiclassHingeBackward(outer, scores: x, labels: labels, kind: kind, reduction: reduction)
        expectGradient(gradient, of: x) {
          (multiclassHinge($0, labels: labels, kind: kind, reduction: reduction) * outer).sum()
        }
      }
    }
  }

  @Test func `losses are the same into tensors that exist, and on any number of threads`() {
    let x = Tensor<Float>(randomUniform: [500, 101], in: -4..<4, seed: 4)
    let labels = Tensor((0..<500).map { $0 * 31 % 101 })
    let (loss, gradient) = crossEntropyWithGradient(x, labels: labels)
    var (a, b) = (Tensor<Float>(zeros: []), Tensor<Float>(zeros: [500, 101]))
    crossEntropyWithGradient(x, labels: labels, into: &a, gradient: &b)
    #expect(a.scalars == loss.scalars && b.scalars == gradient.scalars)
    crossEntropy(x, labels: labels, into: &a)
    crossEntropyBackward(Tensor(ones: []), logits: x, labels: labels, into: &b)
    #expect(a.scalars == loss.scalars && b.scalars == gradient.scalars)
    withThreads(1) {
      let serial = crossEntropyWithGradient(x, labels: labels)
      #expect(serial.loss.scalars == loss.scalars && serial.gradient.scalars == gradient.scalars)
    }
    multiclassHinge(x, labels: labels, into: &a)
    multiclassHingeBackward(Tensor(ones: []), scores: x, labels: labels, into: &b)
    #expect(a.scalars == multiclassHinge(x, labels: labels).scalars)
    #expect(b.scalars == multiclassHingeBackward(Tensor(ones: []), scores: x, labels: labels).scalars)
    let hinge = multiclassHingeWithGradient(x, labels: labels)
    #expect(hinge.loss.scalars == a.scalars && hinge.gradient.scalars == b.scalars)
    multiclassHingeWithGradient(x, labels: labels, kind: .all, reduction: .sum, into: &a, gradient: &b)
    #expect(a.scalars == multiclassHinge(x, labels: labels, kind: .all, reduction: .sum).scalars)
    let backward = multiclassHingeBackward(
      Tensor(ones: []),
      scores: x,
      labels: labels,
      kind: .all,
      reduction: .sum
    )
    #expect(b.scalars == backward.scalars)
  }

  @Test func `ignored rows do not count, whatever they hold`() {
    let x = Tensor<Float>([.nan, .infinity, 0, 0], shape: [2, 2])
    let (loss, gradient) = crossEntropyWithGradient(x, labels: Tensor([-100, 1]), ignoring: -100)
    #expect(abs(loss[] - 0.693147182) < 1e-6)
    #expect(gradient.scalars == [0, 0, 0.5, -0.5])
    #expect(crossEntropy(x, labels: Tensor([7, 7]), ignoring: 7)[].isNaN)
  }

  @Test func `labels and shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = crossEntropy(Tensor<Float>(zeros: [2, 3]), labels: Tensor([0, 3]))
    }
    await #expect(processExitsWith: .failure) {  // what a NaN becomes in other libraries
      _ = crossEntropy(Tensor<Float>(zeros: [2, 3]), labels: Tensor([0, .min]))
    }
    await #expect(processExitsWith: .failure) { _ = crossEntropy(Tensor<Float>(zeros: [2, 3]), labels: Tensor([0])) }
    await #expect(processExitsWith: .failure) {
      _ = multiclassHinge(Tensor<Float>(zeros: [2, 3]), labels: Tensor([-1, 0]))
    }
    await #expect(processExitsWith: .failure) {
      _ = crossEntropy(Tensor<Float>(zeros: [1, 3]), labels: Tensor([0]), labelSmoothing: 2)
    }
  }
}
