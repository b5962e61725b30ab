import Farro
import TestSupport
import Testing

@Suite struct ScanTests {
  /// 2 blocks of 3 rows and 2 columns.
  static let x = Tensor<Double>([1, 8, 3, -4, 5, 8, 0, 1, 9, 1, 9, -2], shape: [2, 3, 2])

  @Test func `each axis is scanned from its start, or from its end`() {
    let x = ScanTests.x
    #expect(array(cumulativeSum(x)) == [1, 9, 3, -1, 5, 13, 0, 1, 9, 10, 9, 7])
    #expect(array(cumulativeSum(x, axis: 1)) == [1, 8, 4, 4, 9, 12, 0, 1, 9, 2, 18, 0])
    #expect(cumulativeSum(x, axis: -2) == cumulativeSum(x, axis: 1))
    #expect(array(cumulativeSum(x, axis: 0)) == [1, 8, 3, -4, 5, 8, 1, 9, 12, -3, 14, 6])
    #expect(array(cumulativeSum(x, axis: 1, reversed: true)) == [9, 12, 8, 4, 5, 8, 18, 0, 18, -1, 9, -2])
    #expect(array(cumulativeSum(x, axis: 1, exclusive: true)) == [0, 0, 1, 8, 4, 4, 0, 0, 0, 1, 9, 2])
    #expect(
      array(cumulativeSum(x, axis: 1, reversed: true, exclusive: true)) == [8, 4, 5, 8, 0, 0, 18, -1, 9, -2, 0, 0]
    )
    #expect(array(cumulativeProduct(x, axis: 1)) == [1, 8, 3, -32, 15, -256, 0, 1, 0, 1, 0, -2])
    #expect(array(cumulativeMax(x, axis: 1)) == [1, 8, 3, 8, 5, 8, 0, 1, 9, 1, 9, 1])
    #expect(array(cumulativeMin(x, axis: 1)) == [1, 8, 1, -4, 1, -4, 0, 1, 0, 1, 0, -2])
    #expect(array(cumulativeMax(Tensor<Float>([1, .nan, 2], shape: [3])).map { $0.isNaN }) == [false, true, true])
  }

  @Test func `what an exclusive scan starts with`() {
    let x = Tensor<Float>([2], shape: [1])
    #expect(array(cumulativeSum(x, exclusive: true)) == [0] && array(cumulativeProduct(x, exclusive: true)) == [1])
    #expect(array(cumulativeMax(x, exclusive: true)) == [-.infinity])
    #expect(array(cumulativeMin(x, exclusive: true)) == [.infinity])
    #expect(cumulativeSum(Tensor<Float>(zeros: [2, 0])).shape == [2, 0])
  }

  @Test func `results go into an existing tensor, or in the place of the elements`() {
    var x = ScanTests.x
    var result = Tensor<Double>(zeros: x.shape)
    cumulativeSum(x, axis: 1, into: &result)
    #expect(result == cumulativeSum(x, axis: 1))
    cumulativeProduct(x, axis: 1, into: &result)
    #expect(result == cumulativeProduct(x, axis: 1))
    cumulativeMax(x, axis: 0, into: &result)
    #expect(result == cumulativeMax(x, axis: 0))
    cumulativeMin(x, axis: 0, reversed: true, into: &result)
    #expect(result == cumulativeMin(x, axis: 0, reversed: true))
    let before = x
    cumulativeSum(inPlace: &x, axis: 1, reversed: true)
    #expect(x == cumulativeSum(before, axis: 1, reversed: true) && before == ScanTests.x)
  }

  @Test(arguments: InstructionSet.supported)
  func `long sums keep their digits on every instruction set and number of threads`(isa: InstructionSet) {
    withInstructionSet(isa) {
      let count = 20_000_000  // beyond 2^24, where a running sum of ones in single precision stops
      let sums = cumulativeSum(Tensor<Float>(repeating: 1, shape: [count]))
      #expect(sums[count - 1] == Float(count) && sums[1 << 24] == Float((1 << 24) + 1) && sums[99] == 100)
      let values = ElementwiseTests.values(300_007)
      let (long, wide) = (Tensor(values, shape: [values.count]), Tensor(values.dropLast(7), shape: [30_000, 10]))
      let alone = withThreads(1) { (cumulativeSum(long), cumulativeSum(wide, axis: 0)) }
      #expect(alone.0 == cumulativeSum(long) && alone.1 == cumulativeSum(wide, axis: 0))
    }
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = cumulativeSum(ScanTests.x, axis: 3) }
    await #expect(processExitsWith: .failure) {
      var result = Tensor<Double>(zeros: [12])
      cumulativeSum(ScanTests.x, axis: 0, into: &result)
    }
  }
}
