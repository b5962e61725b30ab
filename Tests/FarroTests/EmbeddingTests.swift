import Farro
import TestSupport
import Testing

@Suite struct EmbeddingTests {
  private let table = Tensor<Float>([0, 1, 10, 11, 20, 21, 30, 31], shape: [4, 2])

  @Test func `a lookup copies rows`() {
    let indices = Tensor([3, 0, 1, 3, 3, 2], shape: [2, 3])
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = embedding(table, indices)
        #expect(y.shape == [2, 3, 2] && y.scalars == [30, 31, 0, 1, 10, 11, 30, 31, 30, 31, 20, 21], "\(isa)")
        var into = Tensor<Float>(zeros: [2, 3, 2])
        embedding(table, indices, into: &into)
        #expect(into == y, "\(isa)")
      }
    }
  }

  @Test func `a table's gradient sums those of its copies, without the padding`() {
    let indices = Tensor([2, 0, 2], shape: [3])
    let gradY = Tensor<Double>([1, 2, 3, 4, 5, 6], shape: [3, 2])
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(embeddingBackward(gradY, indices, rows: 4).scalars == [3, 4, 0, 0, 6, 8, 0, 0], "\(isa)")
        var sum = Tensor<Double>(repeating: 1, shape: [4, 2])
        embeddingBackward(gradY, indices, paddingIndex: 0, addingTo: &sum)
        #expect(sum.scalars == [1, 1, 1, 1, 7, 9, 1, 1], "\(isa)")
      }
    }
  }

  @Test func `bags are summed and averaged, without the padding`() {
    let indices = Tensor([1, 3, 0, 2, 0], shape: [5])
    let offsets = [0, 2, 2, 5]
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(embeddingBag(table, indices, offsets: offsets).scalars == [20, 21, 0, 0, 20 / 3, 23 / 3], "\(isa)")
        #expect(embeddingBag(table, indices, offsets: offsets, .sum).scalars == [40, 42, 0, 0, 20, 23], "\(isa)")
        let padded = embeddingBag(table, indices, offsets: offsets, .mean, paddingIndex: 0)
        #expect(padded.scalars == [20, 21, 0, 0, 20, 21], "\(isa)")
        var into = Tensor<Float>(zeros: [3, 2])
        embeddingBag(table, indices, offsets: offsets, .mean, paddingIndex: 0, into: &into)
        #expect(into == padded, "\(isa)")
      }
    }
  }

  @Test(arguments: [EmbeddingBagMode.sum, .mean], [nil, 2])
  func `the gradient of bags is their derivative`(mode: EmbeddingBagMode, padding: Int?) {
    let table = Tensor<Double>(randomUniform: [5, 3], in: -1..<1, seed: 1)
    let weights = Tensor<Double>(randomUniform: [4, 3], in: -1..<1, seed: 2)
    let indices = Tensor([4, 2, 2, 0, 1, 4, 4, 3], shape: [8])
    let offsets = [0, 3, 3, 7, 8]
    let loss = { (table: Tensor<Double>) in
      (embeddingBag(table, indices, offsets: offsets, mode, paddingIndex: padding) * weights).sum()
    }
    let numeric = (0..<15).map { i in
      var (up, down) = (table, table)
      up[i / 3, i % 3] += 0.5
      down[i / 3, i % 3] -= 0.5
      return loss(up) - loss(down)
    }
    let gradient = embeddingBagBackward(weights, indices, offsets: offsets, mode, rows: 5, paddingIndex: padding)
    #expect(worstError(gradient.scalars, numeric) { _ in 1e-13 } <= 1)
    var doubled = gradient
    embeddingBagBackward(weights, indices, offsets: offsets, mode, paddingIndex: padding, addingTo: &doubled)
    #expect(worstError(doubled.scalars, numeric.map { 2 * $0 }) { _ in 1e-13 } <= 1)
  }

  @Test func `gradients have the same bits on any number of threads`() {
    let words = Tensor<UInt32>(randomBits: [20_000], from: Philox(seed: 1))
    let indices = Tensor(words.scalars.map { Int($0 % 1000) * Int($0 % 7) / 7 }, shape: [20_000])
    let gradY = Tensor<Float>(randomNormal: [20_000, 33], seed: 1)
    let runs = [1, Threads.current].map { threads in
      withThreads(threads) { embeddingBackward(gradY, indices, rows: 1000) }
    }
    #expect(runs[0] == runs[1])
  }

  @Test func `nothing can be looked up`() {
    #expect(embedding(table, Tensor<Int>(zeros: [0, 3])).shape == [0, 3, 2])
    #expect(embeddingBag(table, Tensor<Int>(zeros: [0]), offsets: [0]).shape == [0, 2])
    #expect(
      embeddingBackward(Tensor<Float>(zeros: [0, 2]), Tensor<Int>(zeros: [0]), rows: 3).scalars == [0, 0, 0, 0, 0, 0]
    )
  }

  @Test func `indices and offsets that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = embedding(Tensor<Float>(zeros: [4, 2]), Tensor([0, 4], shape: [2]))
    }
    await #expect(processExitsWith: .failure) {
      _ = embedding(Tensor<Float>(zeros: [4, 2]), Tensor([0, -1], shape: [2]))
    }
    await #expect(processExitsWith: .failure) {
      _ = embeddingBag(Tensor<Float>(zeros: [4, 2]), Tensor([0, 1], shape: [2]), offsets: [0, 1])
    }
    await #expect(processExitsWith: .failure) {
      _ = embeddingBackward(Tensor<Float>(zeros: [2, 3]), Tensor([0, 1, 2], shape: [3]), rows: 4)
    }
    await #expect(processExitsWith: .failure) {
      _ = embeddingBackward(Tensor<Float>(zeros: [1, 3]), Tensor([0], shape: [1]), rows: 4, paddingIndex: 4)
    }
  }
}
