import Farro
import TestSupport
import Testing

@Suite struct HistogramTests {
  // numpy.histogram([0, 0.5, 1, 1.5, 2, 2.5, 3, 4], bins=4) and with range=(1, 3).
  static let x = Tensor<Double>([0, 0.5, 1, 1.5, 2, 2.5, 3, 4], shape: [2, 4])

  @Test func `bins hold their lower edges, and the last its upper one`() {
    let (counts, edges) = histogram(HistogramTests.x, bins: 4)
    #expect(array(counts) == [2, 2, 2, 2] && array(edges) == [0, 1, 2, 3, 4])
    #expect(array(histogram(HistogramTests.x, bins: 2, in: 1...3).counts) == [2, 3])
    #expect(array(histogram(HistogramTests.x, edges: [0, 0.5, 0.5, 4])) == [1, 0, 7])
  }

  @Test func `NaN and what lies outside is not counted`() {
    let x = Tensor<Float>([.nan, -.infinity, .infinity, -1, 0, 1, 2], shape: [7])
    #expect(array(histogram(x, bins: 1, in: 0...1).counts) == [2])
  }

  @Test func `equal elements, and none, have a range as well`() {
    let (counts, edges) = histogram(Tensor<Float>([2, 2], shape: [2]), bins: 2)
    #expect(array(counts) == [0, 2] && array(edges) == [1.5, 2, 2.5])
    #expect(array(histogram(Tensor<Float>(zeros: [0]), bins: 3).counts) == [0, 0, 0])
  }

  @Test func `weights are summed instead of counted`() {
    let weights = Tensor<Double>([1, 2, 3, 4, 5, 6, 7, -8], shape: [2, 4])
    #expect(array(histogram(HistogramTests.x, weights: weights, bins: 4).sums) == [3, 7, 11, -1])
    #expect(array(histogram(HistogramTests.x, weights: weights, edges: [0, 1, 4])) == [3, 17])
    var sums = Tensor<Double>(zeros: [2])
    histogram(HistogramTests.x, weights: weights, in: 0...4, into: &sums)
    #expect(array(sums) == [10, 10])
    histogram(HistogramTests.x, weights: weights, edges: [0, 1, 4], into: &sums)
    #expect(array(sums) == [3, 17])
  }

  @Test(arguments: InstructionSet.supported)
  func `every number of bins is right on every instruction set and number of threads`(isa: InstructionSet) {
    withInstructionSet(isa) {
      let values = ElementwiseTests.values(200_003)
      let x = Tensor(values, shape: [values.count])
      for bins in [1, 10, 100, 3000] {
        let (counts, edges) = histogram(x, bins: bins)
        #expect(counts.shape == [bins] && array(counts).reduce(0, +) == values.count)
        #expect(counts == histogram(x, edges: edges))
        let sums = histogram(x, weights: x, bins: bins).sums
        #expect(sums == withThreads(1) { histogram(x, weights: x, bins: bins).sums })
      }
    }
  }

  @Test func `bins that are none stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = histogram(HistogramTests.x, bins: 0) }
    await #expect(processExitsWith: .failure) { _ = histogram(HistogramTests.x, bins: 3, in: 1...1) }
    await #expect(processExitsWith: .failure) { _ = histogram(HistogramTests.x, edges: [1, 0]) }
  }
}
