import FarroData
import Testing

@Suite struct AxisTests {
  private func labels(_ scale: Axis.Scale, _ lower: Double, _ upper: Double) -> String {
    Axis(scale, from: lower, through: upper, alongPixels: 0, 1).ticks.map(\.label).joined(separator: " ")
  }

  @Test func `values lie in proportion along a linear axis`() {
    let axis = Axis(.linear, from: -10, through: 30, alongPixels: 100, 20)
    #expect([-10, 0, 30, 50].map(axis.position) == [100, 80, 20, -20])
    #expect(axis.contains(-10) && axis.contains(30) && !axis.contains(30.1))
  }

  @Test func `equal ratios take equal lengths along a logarithmic axis`() {
    let axis = Axis(.logarithmic, from: 0.01, through: 100, alongPixels: 0, 400)
    #expect([0.01, 0.1, 1, 10, 100, 1000].map { axis.position(of: $0).rounded() } == [0, 100, 200, 300, 400, 500])
  }

  @Test(
    arguments: [
      (0, 1, "0 0.2 0.4 0.6 0.8 1"), (0, 10, "0 2 4 6 8 10"), (-1, 1, "-1 -0.5 0 0.5 1"), (0, 7, "0 1 2 3 4 5 6 7"),
      (3, 97, "20 40 60 80"), (0, 3_000_000, "0 500000 1e6 1.5e6 2e6 2.5e6 3e6"),
      (0, 1e-5, "0 2e-6 4e-6 6e-6 8e-6 1e-5"),
      (0.9999, 1.0001, "0.9999 0.99995 1 1.00005 1.0001"), (-300, -100, "-300 -250 -200 -150 -100"),
    ] as [(Double, Double, String)]
  )
  func `linear ticks are one, two or five times a power of ten apart`(lower: Double, upper: Double, expected: String) {
    #expect(labels(.linear, lower, upper) == expected)
  }

  @Test(
    arguments: [
      (0.1, 100, "0.1 1 10 100"), (0.05, 200, "0.1 1 10 100"), (1, 1e9, "1 100 10000 1e6 1e8"), (2, 30, "2 5 10 20"),
      (0.5, 3, "0.5 1 2"), (11, 14, "11 11.5 12 12.5 13 13.5 14"), (1e-5, 1e-2, "1e-5 0.0001 0.001 0.01"),
      (1, 10, "1 10"),
    ] as [(Double, Double, String)]
  )
  func `logarithmic ticks are powers of ten where there are some`(lower: Double, upper: Double, expected: String) {
    #expect(labels(.logarithmic, lower, upper) == expected)
  }

  @Test func `minor ticks fill the decades`() {
    let axis = Axis(.logarithmic, from: 0.5, through: 30, alongPixels: 0, 1)
    #expect(axis.minorTicks == [0.5, 0.6, 0.7, 0.8, 0.9, 2, 3, 4, 5, 6, 7, 8, 9, 20, 30])
    #expect(Axis(.logarithmic, from: 1, through: 1e12, alongPixels: 0, 1).minorTicks.isEmpty)
    #expect(Axis(.linear, from: -1, through: 10, alongPixels: 0, 1).minorTicks.isEmpty)
  }

  @Test func `every axis has ticks within itself`() {
    var lower = 1e-290
    while lower < 1e300 {
      for ratio in [1 + 1e-9, 1.001, 1.5, 9.99, 11, 500, 1e7, 1e40] {
        for scale in [Axis.Scale.linear, .logarithmic] {
          let axis = Axis(scale, from: lower, through: min(lower * ratio, 1e308), alongPixels: 0, 1)
          let ticks = axis.ticks.map(\.value)
          #expect((2...9).contains(ticks.count), "\(axis): \(ticks)")
          #expect(ticks == ticks.sorted() && ticks.allSatisfy(axis.contains), "\(axis): \(ticks)")
          #expect(axis.minorTicks.allSatisfy(axis.contains))
        }
      }
      lower *= 123_456.789
    }
  }
}
