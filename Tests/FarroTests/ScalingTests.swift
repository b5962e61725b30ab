import Farro
import TestSupport
import Testing

@Suite struct ScalingTests {
  private let x = Tensor<Float>([1, -8, 5, 2, 4, 5, 3, 0, 5, 6, 4, 5], shape: [4, 3])

  @Test func `ranges are the least and the greatest element`() {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        #expect(columnRanges(x) == ColumnRanges(minimum: [1, -8, 5], maximum: [6, 4, 5]), "\(isa)")
      }
    }
    let empty = columnRanges(Tensor<Float>(zeros: [0, 2]))
    #expect(empty.minimum[0].isNaN && empty.maximum[1].isNaN)
  }

  @Test func `quantiles are those of numpy`() {
    let values = Tensor<Double>([3, 1, 2, 5, 4, 6], shape: [6, 1])
    #expect(columnQuantiles(values, [0.75, 0.25, 0.5, 0, 1]) == [[4.75], [2.25], [3.5], [1], [6]])
    #expect(columnQuantiles(x, [0.5]) == [[2.5, 2, 5]])
  }

  @Test func `each scaler does as its name says`() {
    let minMax = scaleColumns(x, by: ColumnScaling(columnRanges(x), to: -1...1))
    #expect(worstError(minMax.scalars, [-1, -1, -1, -0.6, 1, -1, -0.2, 1 / 3, -1, 1, 1, -1]) { _ in 2e-7 } <= 1)
    let magnitudes = scaleColumns(x, by: ColumnScaling(maximumMagnitudeOf: columnRanges(x)))
    #expect(
      worstError(magnitudes.scalars, [1 / 6, -1, 1, 2 / 6, 0.5, 1, 3 / 6, 0, 1, 1, 0.5, 1]) { _ in 1e-7 } <= 1
    )
    // Quartiles 1.75 and 3.75, -2 and 4, 5 and 5.
    let robust = scaleColumns(x, by: ColumnScaling(robustTo: x))
    #expect(
      worstError(
        robust.scalars,
        [-0.75, -10 / 6, 0, -0.25, 2 / 6, 0, 0.25, -2 / 6, 0, 1.75, 2 / 6, 0]
      ) { _ in 3e-7 } <= 1
    )
    let uncentered = ColumnScaling(robustTo: x, centering: false, scaling: false)
    #expect(scaleColumns(x, by: uncentered).scalars == x.scalars)
    let standard = scaleColumns(x, by: ColumnScaling(columnMoments(x)))
    #expect(worstError(standard.scalars, standardizeColumns(x).scalars) { _ in 1e-7 } <= 1)
  }

  @Test func `the inverse leads back`() {
    let scaling = ColumnScaling(columnRanges(x), to: 2...3)
    let back = scaleColumns(scaleColumns(x, by: scaling), by: scaling.inverse)
    #expect(worstError(back.scalars, x.scalars) { _ in 1e-5 } <= 1)
  }

  @Test func `NaN is passed over on request, and stays`() {
    var scalars = x.scalars
    scalars[4] = .nan
    let holed = Tensor<Float>(scalars, shape: [4, 3])
    #expect(columnRanges(holed).minimum[1].isNaN && columnQuantiles(holed, [0.5])[0][1].isNaN)
    #expect(columnRanges(holed, skippingNaN: true) == ColumnRanges(minimum: [1, -8, 5], maximum: [6, 4, 5]))
    #expect(columnQuantiles(holed, [0.5], skippingNaN: true) == [[2.5, 0, 5]])
    let moments = columnMoments(holed, skippingNaN: true)
    #expect(worstError(moments.mean, [3, -4.0 / 3, 5]) { _ in 1e-6 } <= 1)
    #expect(columnMoments(holed, skippingNaN: false).mean[1].isNaN)
    let scaled = scaleColumns(holed, by: ColumnScaling(columnRanges(holed, skippingNaN: true)))
    #expect(scaled.scalars.map(\.isNaN) == scalars.map(\.isNaN))
  }

  @Test func `each result is the same in place and into a tensor that exists, on any number of threads`() {
    let x = Tensor<Float>(randomUniform: [3000, 70], seed: 1)
    let scaling = ColumnScaling(robustTo: x)
    let y = scaleColumns(x, by: scaling)
    var (a, b) = (x, x)
    withThreads(1) {
      #expect(ColumnScaling(robustTo: x) == scaling && columnRanges(x) == withThreads(2) { columnRanges(x) })
      scaleColumns(x, by: scaling, into: &a)
      scaleColumns(inPlace: &b, by: scaling)
    }
    #expect(a.scalars == y.scalars && b.scalars == y.scalars)
  }

  @Test func `what does not fit stops the program`() async {
    await #expect(processExitsWith: .failure) { _ = columnRanges(Tensor<Float>(zeros: [3])) }
    await #expect(processExitsWith: .failure) { _ = columnQuantiles(Tensor<Float>(zeros: [3, 1]), [1.5]) }
    await #expect(processExitsWith: .failure) {
      _ = scaleColumns(Tensor<Float>(zeros: [3, 2]), by: ColumnScaling(center: [0], factor: [1], shift: [0]))
    }
    await #expect(processExitsWith: .failure) { _ = ColumnScaling(center: [0], factor: [], shift: [0]) }
  }
}
