import Farro
import TestSupport
import Testing

@Suite struct RandomTests {
  // Golden values were made by Python programs written from the sources that the generators name, and by mpmath.

  @Test func `SplitMix64 gives the published numbers`() {
    var generator = SplitMix64(seed: 0)
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
    #expect(generator.next() == 0x06C4_5D18_8009_454F)
  }

  @Test func `Xoshiro256 gives the numbers of its definition`() {
    var generator = Xoshiro256(seed: 42)
    let numbers = (0..<4).map { _ in generator.next() }
    #expect(numbers == [0x1578_0B2E_0C2E_C716, 0x6104_D986_6D11_3A7E, 0xAE17_5332_39E4_99A1, 0xECB8_AD47_03B3_60A1])
  }

  @Test func `uniform numbers of a seed are the same everywhere`() {
    let f64 = Tensor<Double>(randomUniform: [4], seed: 42)
    let f32 = Tensor<Float>(randomUniform: [2, 2], seed: 42)
    #expect(f64.scalars == [0.08386297105988216, 0.3789802506626686, 0.6800434110281394, 0.9246929453253876])
    #expect(f32.scalars == [0x1.5780bp-4, 0x1.841364p-2, 0x1.5c2ea6p-1, 0x1.d9715ap-1])
  }

  @Test func `normal numbers of a seed are the same everywhere`() {
    let bits = Tensor<Double>(randomNormal: [4], seed: 42).scalars.map(\.bitPattern)
    #expect(bits == [0x3FFB_A8C0_5665_28E3, 0x3FEC_2721_9D8E_A3DC, 0xBFDA_64D3_4B1B_B967, 0xBFB8_32B8_FFEB_C1E0])
    let scaled = Tensor<Float>(randomNormal: [4], mean: 10, standardDeviation: 2, seed: 42)
    #expect(scaled.scalars == bits.map { 10 + 2 * Float(Double(bitPattern: $0)) })
  }

  @Test func `one generator serves several tensors in turn`() {
    var generator = Xoshiro256(seed: 7)
    let first = Tensor<Double>(randomUniform: [3], using: &generator)
    let second = Tensor<Double>(randomUniform: [2], using: &generator)
    #expect(concatenate([first, second]) == Tensor(randomUniform: [5], seed: 7))
    #expect(Tensor<Float>(randomNormal: [0, 3], seed: 7).shape == [0, 3])
  }

  @Test func `uniform numbers fill their range evenly and keep within it`() {
    let count = 100_000
    let numbers = Tensor<Float>(randomUniform: [count], in: -3..<5, seed: 1).scalars
    #expect(numbers.allSatisfy { $0 >= -3 && $0 < 5 })
    var bins = [Double](repeating: 0, count: 64)
    for number in numbers { bins[Int((number + 3) * 8)] += 1 }
    let expected = Double(count) / 64
    let chiSquared = bins.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    #expect(chiSquared > 30 && chiSquared < 110)  // 63 degrees of freedom, about four standard deviations
  }

  @Test func `a range of one number gives it, whatever rounding does`() {
    let numbers = Tensor<Float>(randomUniform: [1000], in: 1..<Float(1).nextUp, seed: 1)
    #expect(numbers == Tensor(ones: [1000]))
  }

  @Test func `normal numbers have the moments and tails of the distribution`() {
    let count = 200_000
    let numbers = Tensor<Double>(randomNormal: [count], seed: 9).scalars
    func moment(_ power: Int) -> Double {
      numbers.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / Double(count)
    }
    // Each within five standard errors: sqrt(1, 2, 15, 96) / sqrt(count) and so on.
    let error = 5 / Double(count).squareRoot()
    #expect(abs(moment(1)) < error)
    #expect(abs(moment(2) - 1) < error * 1.42)
    #expect(abs(moment(3)) < error * 3.88)
    #expect(abs(moment(4) - 3) < error * 9.80)
    for (bound, probability) in [(0.0, 0.5), (1.0, 0.158655254), (2.0, 0.0227501319), (3.0, 0.00134989803)] {
      let spread = 5 * (probability * (1 - probability) * Double(count)).squareRoot()
      for sign in [1.0, -1.0] {
        let beyond = numbers.count { $0 * sign > bound }
        #expect(abs(Double(beyond) - probability * Double(count)) < spread, "beyond \(sign * bound)")
      }
    }
  }

  /// k, and the number that a normal deviate exceeds with probability (2k + 1) / 2^54.
  static let quantiles: [(UInt64, Double)] = [
    (0, 8.2923610758135955382),
    (1, 8.1607078408585831755),
    (100, 7.6365296828688594714),
    (1_048_576, 6.3379576810666337199),
    (8_589_946_937, 4.7630007443668272656),
    (125090, 6.6579057924825616546),
    (125092, 6.6579034419482992734),
    (1_099_511_627_783, 3.6683292851195786693),
    (140_737_488_355_327, 2.1538746940614576283),
    (351_843_720_888_320, 1.7616704103630663333),
    (675_539_944_105_573, 1.4395314709384566212),
    (675_539_944_105_575, 1.4395314709384550526),
    (1_125_899_906_842_624, 1.1503493803760079086),
    (2_251_799_813_685_248, 0.67448975019608156852),
    (4_468_415_255_281_664, 0.0097916731613452069616),
    (4_503_599_627_370_495, 1.3914582123358834611e-16),
  ]

  @Test(arguments: quantiles)
  func `a normal number is the quantile of its bits, near the median and far out`(k: UInt64, quantile: Double) {
    struct Fixed: RandomNumberGenerator {
      let bits: UInt64
      func next() -> UInt64 { bits }
    }
    for (sign, bit) in [(1.0, UInt64(0)), (-1.0, 1)] {
      var generator = Fixed(bits: k << 12 | bit)
      let number = Tensor<Double>(randomNormal: [1], using: &generator)
      #expect(worstError(number.scalars, [sign * quantile]) { _ in 1e-15 * quantile } <= 1)
    }
  }
}
