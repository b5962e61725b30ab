import Farro
import TestSupport
import Testing

@Suite struct DropoutTests {
  @Test func `Philox gives the published words`() {
    // kat_vectors of Random123, philox4x32 with 10 rounds: counter and key of the digits of pi.
    let pi = Philox(seed: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e, offset: 0x85a3_08d3_243f_6a88)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let zeros = Tensor<UInt32>(randomBits: [2, 2], from: Philox(seed: 0))
        #expect(zeros.scalars == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8], "\(isa)")
        let words = Tensor<UInt32>(randomBits: [4], from: pi)
        #expect(words.scalars == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1], "\(isa)")
      }
    }
  }

  @Test func `any part of a stream can be made by itself`() {
    var place = Philox(seed: 3, stream: 1)
    let whole = Tensor<UInt32>(randomBits: [100_000], from: place).scalars
    place.offset = 10_000
    var part = Tensor<UInt32>(zeros: [50])
    randomBits(from: place, into: &part)
    #expect(part.scalars == Array(whole[40_000..<40_050]))
  }

  @Test func `uniform numbers keep within their range, and depend on the place alone`() {
    let place = Philox(seed: 5)
    let numbers = Tensor<Float>(randomUniform: [1000], in: -2..<1, from: place)
    #expect(numbers.scalars.allSatisfy { $0 >= -2 && $0 < 1 })
    #expect(numbers.scalars.max()! > 0.9 && numbers.scalars.min()! < -1.9)
    var again = Tensor<Float>(zeros: [1000])
    withThreads(1) { randomUniform(in: -2..<1, from: place, into: &again) }
    #expect(again == numbers)
    #expect(Tensor<Float>(randomUniform: [1000], in: -2..<1, from: Philox(seed: 5, stream: 1)) != numbers)
    #expect(Tensor<Double>(randomUniform: [0, 2], from: place).shape == [0, 2])
  }

  @Test func `dropout scales what it keeps, and drops the same elements again`() {
    let place = Philox(seed: 1, stream: 2)
    let x = Tensor<Double>(randomUniform: [100, 101], in: 1..<2, seed: 1)
    let gradY = Tensor<Double>(randomUniform: [100, 101], in: 1..<2, seed: 2)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let y = dropout(x, probability: 0.25, from: place).scalars
        let gradX = dropout(gradY, probability: 0.25, from: place).scalars
        #expect(zip(y, x.scalars).allSatisfy { $0 == 0 || $0 == $1 * (1 / 0.75) }, "\(isa)")
        #expect(zip(y, gradX).allSatisfy { ($0 == 0) == ($1 == 0) }, "\(isa)")
        let dropped = Double(y.count { $0 == 0 }) / Double(y.count)
        #expect(abs(dropped - 0.25) < 0.02, "\(isa)")
      }
    }
  }

  @Test func `dropout's backward pass is its derivative`() {
    let place = Philox(seed: 9)
    let x = Tensor<Double>(randomUniform: [37], in: -1..<1, seed: 1)
    let weights = Tensor<Double>(randomUniform: [37], in: -1..<1, seed: 2)
    let loss = { (x: Tensor<Double>) in (dropout(x, probability: 0.4, from: place) * weights).sum() }
    let gradient = dropout(weights, probability: 0.4, from: place).scalars
    let numeric = x.scalars.indices.map { i in
      var (up, down) = (x, x)
      up[i] = up[i] + 0.5
      down[i] = down[i] - 0.5
      return loss(up) - loss(down)
    }
    #expect(worstError(gradient, numeric) { _ in 1e-13 } <= 1)
  }

  @Test func `dropout is the same in place, into a tensor, and in both precisions`() {
    let place = Philox(seed: 1)
    let x = Tensor<Float>((0..<600).map { Float($0 + 1) }, shape: [20, 30])
    let y = dropout(x, probability: 0.5, from: place)
    var (inPlace, into) = (x, Tensor<Float>(zeros: [20, 30]))
    dropout(inPlace: &inPlace, probability: 0.5, from: place)
    dropout(x, probability: 0.5, from: place, into: &into)
    #expect(inPlace == y && into == y && x[0, 0] == 1)
    let double = dropout(Tensor(x.scalars.map { Double($0) }, shape: [20, 30]), probability: 0.5, from: place)
    #expect(double.scalars.map { Float($0) } == y.scalars)
    #expect(dropout(x, probability: 0, from: place) == x)
    #expect(dropout(x, probability: 1, from: place) == Tensor(zeros: [20, 30]))
  }

  @Test func `probabilities and shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = dropout(Tensor<Float>(zeros: [3]), probability: 1.5, from: Philox(seed: 1))
    }
    await #expect(processExitsWith: .failure) {
      var y = Tensor<Float>(zeros: [4])
      dropout(Tensor<Float>(zeros: [3]), probability: 0.5, from: Philox(seed: 1), into: &y)
    }
    await #expect(processExitsWith: .failure) {
      _ = Tensor<Double>(randomUniform: [3], in: 0..<Double.infinity, from: Philox(seed: 1))
    }
  }
}
