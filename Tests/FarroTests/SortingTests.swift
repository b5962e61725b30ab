import Farro
import TestSupport
import Testing

@Suite struct SortingTests {
  static let x = Tensor<Float>([3, 1, 2, 1, .nan, -1, 0, 5, -.infinity, 5], shape: [2, 5])

  @Test func `rows are sorted either way, equal elements in their order`() {
    let x = SortingTests.x
    #expect(array(sort(x)).description == "[1.0, 1.0, 2.0, 3.0, nan, -inf, -1.0, 0.0, 5.0, 5.0]")
    #expect(array(sort(x, descending: true)).description == "[nan, 3.0, 2.0, 1.0, 1.0, 5.0, 5.0, 0.0, -1.0, -inf]")
    #expect(array(argsort(x)) == [1, 3, 2, 0, 4, 3, 0, 1, 2, 4])
    #expect(array(argsort(x, descending: true)) == [4, 0, 2, 1, 3, 2, 4, 1, 0, 3])
    let (values, indices) = sortWithIndices(x[1..<2], descending: true)
    #expect(array(values) == [5, 5, 0, -1, -.infinity] && array(indices) == [2, 4, 1, 0, 3])
    #expect(sort(Tensor<Double>(zeros: [3, 0])).shape == [3, 0])
  }

  @Test func `any axis is sorted`() {
    let x = Tensor<Double>([3, 1, 2, 1, 0, 5], shape: [3, 2])
    #expect(sort(x, axis: 0) == [[0, 1], [2, 1], [3, 5]] && argsort(x, axis: 0) == [[2, 0], [1, 1], [0, 2]])
    let (values, indices) = sortWithIndices(x, axis: 0, descending: true)
    #expect(values == [[3, 5], [2, 1], [0, 1]] && indices == [[0, 2], [1, 0], [2, 1]])
    let best = topK(x, 1, axis: 0)
    #expect(best.values == [[3, 5]] && best.indices == [[0, 2]])
    #expect(sort(x, axis: -2) == sort(x, axis: 0) && topK(x, 1, axis: -2).indices == best.indices)
    let y = Tensor<Double>(randomUniform: [3, 4, 5], seed: 1)
    #expect(argsort(y, axis: -2) == argsort(y, axis: 1) && argsort(y, axis: -3) == argsort(y, axis: 0))
  }

  @Test func `results go into an existing tensor, or in the place of the elements`() {
    var x = Tensor<Double>([3, 1, 2, 1, 0, 5], shape: [2, 3])
    var (values, indices) = (Tensor<Double>(zeros: [2, 3]), Tensor<Int>(zeros: [2, 3]))
    sort(x, into: &values)
    #expect(values == [[1, 2, 3], [0, 1, 5]])
    sort(x, axis: 0, descending: true, into: &values)
    #expect(values == [[3, 1, 5], [1, 0, 2]])
    argsort(x, into: &indices)
    #expect(indices == [[1, 2, 0], [1, 0, 2]])
    argsort(x, axis: 0, into: &indices)
    #expect(indices == [[1, 1, 0], [0, 0, 1]])
    for axis in [0, 1] {
      sortWithIndices(x, axis: axis, into: &values, &indices)
      #expect(values == sort(x, axis: axis) && indices == argsort(x, axis: axis))
    }
    var (best, places) = (Tensor<Double>(zeros: [1, 3]), Tensor<Int>(zeros: [1, 3]))
    topK(x, 1, axis: 0, into: &best, &places)
    #expect(best == [[3, 1, 5]] && places == [[0, 0, 1]])
    sort(inPlace: &x)
    sort(inPlace: &x, axis: 0)
    #expect(x == [[0, 1, 3], [1, 2, 5]])
  }

  @Test func `the best k are the start of the sorted row`() {
    let x = SortingTests.x
    let largest = topK(x, 2)
    #expect(array(largest.values).description == "[nan, 3.0, 5.0, 5.0]" && array(largest.indices) == [4, 0, 2, 4])
    #expect(array(topK(x, 3, smallest: true).indices) == [1, 3, 2, 3, 0, 1])
    #expect(array(topK(x, 3, sorted: false).indices) == [0, 2, 4, 1, 2, 4])
    #expect(topK(x, 0).values.shape == [2, 0])
    var (values, indices) = (Tensor<Float>(zeros: [2, 2]), Tensor<Int>(zeros: [2, 2]))
    topK(x, 2, smallest: true, into: &values, &indices)
    #expect(array(values) == [1, 1, -.infinity, -1] && array(indices) == [1, 3, 3, 0])
  }

  @Test(arguments: InstructionSet.supported)
  func `long rows are right on every instruction set and number of threads`(isa: InstructionSet) {
    withInstructionSet(isa) {
      let values = ElementwiseTests.values(600_011).map { ($0 * 1000).rounded() }
      let x = Tensor(values, shape: [1, values.count])
      let expected = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
      #expect(array(argsort(x)) == expected)
      #expect(array(topK(x, 50, smallest: true).indices) == Array(expected[..<50]))
      #expect(array(withThreads(1) { topK(x, 50, smallest: true).indices }) == Array(expected[..<50]))
      let single = Tensor(values.map(Float.init), shape: [1, values.count])
      #expect(array(sort(single)) == expected.map { Float(values[$0]) })
    }
  }

  @Test func `shapes that do not fit stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = topK(SortingTests.x, 6) }
    await #expect(processExitsWith: .failure) { _ = sort(SortingTests.x, axis: 2) }
    await #expect(processExitsWith: .failure) { _ = argsort(Tensor<Float>(zeros: [])) }
  }
}
