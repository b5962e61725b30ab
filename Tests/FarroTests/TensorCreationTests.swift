import Farro
import Testing

@Suite struct TensorCreationTests {
  @Test func `a literal has one axis per level of brackets`() {
    let vector: Tensor<Float> = [1, 2.5, -3]
    let matrix: Tensor<Double> = [[1, 2], [3, 4], [5, 6]]
    let cube: Tensor<Int16> = [[[1], [2]], [[3], [4]]]
    let flags: Tensor<Bool> = [[true, false]]
    #expect(vector.shape == [3] && vector.scalars == [1, 2.5, -3])
    #expect(matrix.shape == [3, 2] && matrix.scalars == [1, 2, 3, 4, 5, 6])
    #expect(cube.shape == [2, 2, 1] && cube.scalars == [1, 2, 3, 4])
    #expect(flags.shape == [1, 2] && flags.scalars == [true, false])
  }

  @Test func `empty literals and arrays make empty tensors`() {
    let empty: Tensor<Float> = []
    let rows: Tensor<Float> = [[], []]
    #expect(empty.shape == [0] && rows.shape == [2, 0])
    #expect(Tensor<Float>([[Float]]()).shape == [0, 0])
    #expect(Tensor<Int>([Int]()).shape == [0])
    #expect(Tensor<Int8>(zeros: [3, 0, 2]).count == 0)
  }

  @Test func `arrays, rows and ranges make tensors`() {
    let x: Float = 7
    #expect(Tensor([[x, 1], [2, 3]]) == [[7, 1], [2, 3]])
    #expect(Tensor([x, 1]) == [7, 1])
    #expect(Tensor(0..<6, shape: [2, 3]) == [[0, 1, 2], [3, 4, 5]])
    #expect(Tensor(repeating: x, shape: [2]) == [7, 7])
    #expect(Tensor<UInt8>(ones: [1, 2]) == [[1, 1]])
  }

  @Test func `a tensor without axes has one element`() {
    var scalar = Tensor<Float>([5], shape: [])
    #expect(scalar.count == 1 && scalar.rank == 0 && scalar[] == 5)
    scalar[] = 6
    #expect(scalar.scalars == [6])
  }

  @Test func `elements come back as an array in row-major order`() {
    let tensor = Tensor(0..<24, shape: [2, 3, 4])
    #expect(Array(tensor) == Array(0..<24))
    #expect(Array(tensor[row: 1]) == Array(12..<24))
  }

  @Test func `memory is aligned to 64 bytes`() {
    for count in [0, 1, 3, 1000, 100_000] {
      Tensor<Float>(zeros: [count]).withUnsafeBufferPointer {
        #expect(UInt(bitPattern: $0.baseAddress) % 64 == 0)
      }
    }
  }

  @Test func `ragged rows stop with the lengths`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>([[1, 2], [3]])
    }
    #expect(result.map { message($0, has: "rows 0 and 1 have different lengths: 2 and 1") } ?? false)
  }

  @Test func `ragged literals stop with the shapes`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let ragged: Tensor<Float> = [[1, 2], [3]]
      _ = ragged
    }
    #expect(result.map { message($0, has: "rows 0 and 1 of a literal have different shapes: [2] and [1]") } ?? false)
  }

  @Test func `a shape that exceeds memory stops with the shape`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Double>(zeros: [1 << 31, 1 << 31])
    }
    #expect(result.map { message($0, has: "[2147483648, 2147483648] exceeds memory") } ?? false)
  }

  @Test func `a shape without elements whose strides no integer holds stops with the shape`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Double>(zeros: [1 << 40, 1 << 40, 0])
    }
    #expect(result.map { message($0, has: "[1099511627776, 1099511627776, 0] exceeds memory") } ?? false)
  }
}

/// Whether a program that was expected to stop said `text` on standard error.
func message(_ result: ExitTest.Result, has text: String) -> Bool {
  String(decoding: result.standardErrorContent, as: UTF8.self).contains(text)
}
