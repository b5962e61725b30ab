import Farro
import Testing

@Suite struct TensorShapeTests {
  @Test func `a reshaped tensor keeps the order of its elements`() {
    let tensor = Tensor(0..<12, shape: [3, 4])
    #expect(tensor.reshaped(2, 6) == Tensor(0..<12, shape: [2, 6]))
    #expect(tensor.reshaped(-1).shape == [12] && tensor.reshaped(2, -1, 3).shape == [2, 2, 3])
    #expect(tensor[1...].reshaped([4, 2]) == [[4, 5], [6, 7], [8, 9], [10, 11]])
    #expect(Tensor<Float>(zeros: [0, 4]).reshaped(-1, 2).shape == [0, 2])
    #expect(Tensor<Float>(ones: [1, 1]).reshaped([]).shape == [])
  }

  @Test func `axes of length 1 come and go`() {
    let tensor = Tensor(0..<6, shape: [2, 3])
    #expect(tensor.expandingDimensions(at: 0).shape == [1, 2, 3])
    #expect(tensor.expandingDimensions(at: 2).shape == [2, 3, 1])
    #expect(tensor.expandingDimensions(at: 1).squeezed(axis: 1) == tensor)
  }

  @Test(arguments: [(0, 3), (1, 1), (1, 5), (2, 3), (15, 17), (64, 16), (65, 129)])
  func `a transposed matrix has rows for columns`(rows: Int, columns: Int) {
    func check<Scalar: TensorScalar>(_ convert: (Int) -> Scalar) {
      let matrix = Tensor((0..<(rows * columns)).map(convert), shape: [rows, columns])
      let expected = (0..<columns).flatMap { j in (0..<rows).map { convert($0 * columns + j) } }
      #expect(matrix.transposed() == Tensor(expected, shape: [columns, rows]))
    }
    check { $0 }
    check { Float($0) }
    check { Int16($0) }
    check { UInt8(truncatingIfNeeded: $0) }
    check { $0 % 3 == 0 }
  }

  @Test func `axes take any order`() {
    for shape in [[2, 3, 4], [3, 1, 5], [2, 2, 3, 2], [1, 2, 1, 3], [2, 3, 2, 2, 2], [2, 0, 3]] {
      let tensor = Tensor(0..<shape.reduce(1, *), shape: shape)
      for order in permutations(of: shape.count) {
        let result = tensor.transposed(order)
        #expect(result.shape == order.map { shape[$0] })
        #expect(result.scalars == permuted(tensor, order), "\(shape) in the order \(order)")
      }
    }
  }

  @Test func `batches of matrices are transposed each`() {
    let batch = Tensor(0..<12, shape: [2, 3, 2])
    #expect(batch.transposed()[row: 1] == batch[row: 1].transposed())
  }

  @Test func `a view is transposed as what it shows`() {
    #expect(Tensor(0..<8, shape: [4, 2])[2...].transposed() == [[4, 6], [5, 7]])
  }

  @Test func `tensors are joined along an axis`() {
    let (a, b) = (Tensor(0..<4, shape: [2, 2]), Tensor(4..<6, shape: [1, 2]))
    #expect(concatenate([a, b]) == [[0, 1], [2, 3], [4, 5]])
    #expect(concatenate([a, b.transposed()], axis: 1) == [[0, 1, 4], [2, 3, 5]])
    #expect(concatenate([a[0..<0], b, a[1...]]) == [[4, 5], [2, 3]])
    #expect(concatenate([a[0..<0]]).shape == [0, 2])
    #expect(concatenate([[], [1]]) == ([1] as Tensor<Int>))
  }

  @Test func `tensors are stacked along a new axis`() {
    let (a, b): (Tensor<Float>, Tensor<Float>) = ([1, 2, 3], [4, 5, 6])
    #expect(stack([a, b]) == [[1, 2, 3], [4, 5, 6]])
    #expect(stack([a, b], axis: 1) == [[1, 4], [2, 5], [3, 6]])
    #expect(stack([a]).shape == [1, 3])
    #expect(stack([a[0..<0], b[0..<0]], axis: 1).shape == [0, 2])
  }

  @Test func `shapes that cannot be joined stop with both`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = concatenate([Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [2, 4])])
    }
    #expect(result.map { message($0, has: "[2, 3] and [2, 4]") } ?? false)
  }

  @Test func `a shape of another size stops with both`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>(zeros: [2, 3]).reshaped(4, -1)
    }
    #expect(result.map { message($0, has: "6 elements of the shape [2, 3] cannot take the shape [4, -1]") } ?? false)
  }

  private func permutations(of count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return permutations(of: count - 1).flatMap { shorter in
      (0...shorter.count).map { Array(shorter[..<$0]) + [count - 1] + Array(shorter[$0...]) }
    }
  }

  /// Element by element, from the definition.
  private func permuted(_ tensor: Tensor<Int>, _ order: [Int]) -> [Int] {
    let shape = order.map { tensor.shape[$0] }
    let elements = tensor.scalars
    return (0..<tensor.count).map { position in
      var rest = position
      var index = order.map { _ in 0 }
      for axis in order.indices.reversed() {
        index[order[axis]] = rest % shape[axis]
        rest /= shape[axis]
      }
      return elements[zip(index, tensor.shape).reduce(0) { $0 * $1.1 + $1.0 }]
    }
  }
}
