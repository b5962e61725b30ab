import Farro
import TestSupport
import Testing

@Suite struct ReductionTests {
  /// 2 blocks of 3 rows and 2 columns.
  static let x = Tensor<Float>([1, 8, 3, -4, 5, 8, 0, 1, 9, 1, 9, -2], shape: [2, 3, 2])

  @Test func `each axis goes, or stays with length 1`() {
    let x = ReductionTests.x
    #expect(x.sum(axis: 0).shape == [3, 2] && array(x.sum(axis: 0)) == [1, 9, 12, -3, 14, 6])
    #expect(x.sum(axis: 1).shape == [2, 2] && array(x.sum(axis: 1)) == [9, 12, 18, 0])
    #expect(x.sum(axis: 2).shape == [2, 3] && array(x.sum(axis: 2)) == [9, -1, 13, 1, 10, 7])
    #expect(x.sum(axis: 1, keepingDimensions: true).shape == [2, 1, 2])
    #expect(array(x.mean(axis: 1)) == [3, 4, 6, 0])
    #expect(array(x.max(axis: 1)) == [5, 8, 9, 1])
  }

  @Test func `the first of equal maxima counts, and the first NaN before all`() {
    #expect(array(ReductionTests.x.argmax(axis: 1)) == [2, 0, 1, 0])
    #expect(ReductionTests.x.argmax() == 8)
    let x = Tensor<Double>([1, .nan, 9, .nan], shape: [4])
    #expect(x.max().isNaN && x.argmax() == 1)
  }

  @Test func `products and minima go the way of sums and maxima`() {
    let x = ReductionTests.x
    #expect(array(x.product(axis: 2)) == [8, -12, 40, 0, 9, -18])
    #expect(array(x.product(axis: 0)) == [0, 8, 27, -4, 45, -16])
    #expect(array(x.min(axis: 1)) == [1, -4, 0, -2] && array(x.argmin(axis: 1)) == [0, 1, 0, 2])
    #expect(x.min() == -4 && x.argmin() == 3 && x.product() == 0)
    #expect(Tensor<Float>(zeros: [0]).product() == 1)
    #expect(Tensor<Double>([1, .nan, 0], shape: [3]).min().isNaN)
    var result = Tensor<Float>(zeros: [2, 2])
    x.product(axis: 1, into: &result)
    #expect(array(result) == [15, -256, 0, -2])
    x.min(axis: 1, into: &result)
    #expect(array(result) == [1, -4, 0, -2])
    var positions = Tensor<Int>(zeros: [2, 1, 2])
    x.argmin(axis: 1, into: &positions)
    #expect(array(positions) == [0, 1, 0, 2])
  }

  @Test func `several axes are reduced together, neighbours or not`() {
    let x = ReductionTests.x
    #expect(array(x.sum(axes: [1, 2])) == [21, 18] && array(x.sum(axes: [0, 1])) == [27, 12])
    #expect(array(x.sum(axes: [2, 0])) == [10, 9, 20])
    #expect(x.sum(axes: [2, 0], keepingDimensions: true).shape == [1, 3, 1])
    #expect(array(x.sum(axes: [])) == array(x) && x.sum(axes: [0, 1, 2]).shape == [])
    #expect(array(x.max(axes: [0, 2])) == [8, 9, 9] && array(x.min(axes: [0, 2])) == [0, -4, -2])
    #expect(array(x.mean(axes: [1, 2])) == [3.5, 3] && array(x.product(axes: [0, 2])) == [0, -108, -720])
    #expect(array(x.variance(axes: [0, 1, 2], correction: 1)) == [x.variance(correction: 1)])
    let isLarge = x .> 4
    #expect(
      array(isLarge.any(axes: [0, 2])) == [true, true, true] && array(isLarge.all(axes: [0, 1])) == [false, false]
    )
  }

  @Test func `several axes go into an existing tensor, with or without them`() {
    let x = ReductionTests.x
    var (rows, kept) = (Tensor<Float>(zeros: [3]), Tensor<Float>(zeros: [1, 3, 1]))
    x.sum(axes: [2, 0], into: &rows)
    #expect(array(rows) == [10, 9, 20])
    x.product(axes: [0, -1], into: &kept)
    #expect(array(kept) == [0, -108, -720])
    x.max(axes: [0, 2], into: &kept)
    #expect(array(kept) == [8, 9, 9])
    x.min(axes: [0, 2], into: &rows)
    #expect(array(rows) == [0, -4, -2])
    x.mean(axes: [0, 2], into: &rows)
    #expect(rows == x.mean(axes: [0, 2]))
    x.variance(axes: [0, 2], correction: 1, into: &kept)
    #expect(kept == x.variance(axes: [0, 2], correction: 1, keepingDimensions: true))
    let isLarge = x .> 4
    var flags = Tensor<Bool>(repeating: false, shape: [2])
    isLarge.any(axes: [0, 1], into: &flags)
    #expect(flags == isLarge.any(axes: [0, 1]))
    isLarge.all(axes: [0, 1], into: &flags)
    #expect(flags == isLarge.all(axes: [0, 1]))
  }

  @Test func `negative axes count from the end`() {
    let x = ReductionTests.x
    #expect(x.sum(axis: -1) == x.sum(axis: 2) && x.argmax(axis: -2) == x.argmax(axis: 1))
    #expect(x.max(axis: -3, keepingDimensions: true).shape == [1, 3, 2])
    #expect(x.sum(axes: [-1, 0], keepingDimensions: true) == x.sum(axes: [0, 2], keepingDimensions: true))
    var result = Tensor<Float>(zeros: [2, 2])
    x.sum(axis: -2, into: &result)
    #expect(result == x.sum(axis: 1))
    let isLarge = x .> 4
    #expect(isLarge.any(axis: -1) == isLarge.any(axis: 2))
  }

  @Test func `any and all of booleans`() {
    let x = Tensor<Bool>([true, false, true, true, true, false], shape: [3, 2])
    #expect(x.any() && !x.all() && array(x.any(axis: 0)) == [true, true] && array(x.all(axis: 0)) == [true, false])
    #expect(array(x.all(axis: 1)) == [false, true, false] && x.all(axis: 1, keepingDimensions: true).shape == [3, 1])
    let none = Tensor<Bool>([], shape: [0, 2])
    #expect(
      !none.any() && none.all() && array(none.any(axis: 0)) == [false, false]
        && array(none.all(axis: 0)) == [true, true]
    )
    var result = Tensor<Bool>(repeating: false, shape: [3])
    x.any(axis: 1, into: &result)
    #expect(array(result) == [true, true, true])
    x.all(axis: 1, into: &result)
    #expect(array(result) == [false, true, false])
  }

  @Test func `axes that are not there stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = ReductionTests.x.sum(axes: [1, 1]) }
    await #expect(processExitsWith: .failure) { _ = ReductionTests.x.sum(axes: [2, -1]) }
    await #expect(processExitsWith: .failure) { _ = ReductionTests.x.product(axis: 3) }
    await #expect(processExitsWith: .failure) { _ = ReductionTests.x.product(axis: -4) }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>(zeros: [2, 0, 3]).max(axes: [0, 1]) }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>(zeros: [2, 0]).min(axis: 1) }
  }

  @Test func `all elements at once`() {
    let x = ReductionTests.x
    #expect(x.sum() == 39 && x.mean() == 3.25 && x.max() == 9)
    #expect(Tensor<Double>([2, 4, 4, 4, 5, 5, 7, 9], shape: [8]).variance() == 4)
  }

  @Test func `variance takes a correction`() {
    let x = Tensor<Double>([1, 2, 3, 6], shape: [2, 2])
    #expect(array(x.variance(axis: 1)) == [0.25, 2.25])
    #expect(array(x.variance(axis: 1, correction: 1)) == [0.5, 4.5])
    #expect(array(x.variance(axis: 0)) == [1, 4])
    #expect(x.variance(correction: 4).isNaN)
  }

  @Test func `an empty axis sums to 0 and has no mean`() {
    let x = Tensor<Float>(zeros: [2, 0])
    #expect(array(x.sum(axis: 1)) == [0, 0])
    #expect(array(x.mean(axis: 1)).allSatisfy { $0.isNaN })
    #expect(array(x.sum(axis: 0)) == [])
    #expect(x.sum() == 0)
  }

  @Test func `results go into an existing tensor of either shape`() {
    let x = ReductionTests.x
    var dropped = Tensor<Float>(zeros: [2, 2])
    x.sum(axis: 1, into: &dropped)
    #expect(array(dropped) == [9, 12, 18, 0])
    var kept = Tensor<Float>(zeros: [2, 1, 2])
    x.mean(axis: 1, into: &kept)
    #expect(array(kept) == [3, 4, 6, 0])
    x.max(axis: 1, into: &kept)
    #expect(array(kept) == [5, 8, 9, 1])
    x.variance(axis: 1, correction: 0, into: &kept)
    #expect(array(kept) == array(x.variance(axis: 1)))
    var positions = Tensor<Int>(zeros: [2, 2])
    x.argmax(axis: 1, into: &positions)
    #expect(array(positions) == [2, 0, 1, 0])
  }

  @Test(arguments: InstructionSet.supported)
  func `long axes keep their digits on every instruction set`(isa: InstructionSet) {
    withInstructionSet(isa) {
      let count = 20_000_000  // beyond 2^24, where a running sum of ones in single precision stops
      #expect(Tensor<Float>(repeating: 1, shape: [count]).sum() == Float(count))
      let values = (0..<100_003).map { 1e6 + Double($0 % 7) }
      let exact = 4.0  // of 0...6, each as often
      #expect(abs(Tensor(values, shape: [values.count]).variance() - exact) < 1e-3)
      #expect(abs(Tensor(values.map(Float.init), shape: [values.count]).variance() - Float(exact)) < 1e-3)
    }
  }

  @Test func `one thread and all threads give the same bits`() {
    let values = ElementwiseTests.values(1_000_003).map(Float.init)
    let long = Tensor(values, shape: [values.count])
    let wide = Tensor(values.dropLast(3), shape: [1000, 1000])
    let alone = withThreads(1) { (long.sum(), long.variance(), array(wide.sum(axis: 0)), array(wide.mean(axis: 1))) }
    #expect(alone.0 == long.sum() && alone.1 == long.variance())
    #expect(alone.2 == array(wide.sum(axis: 0)) && alone.3 == array(wide.mean(axis: 1)))
  }
}
