import Farro
import Testing

@Suite struct TensorIndexingTests {
  let cube = Tensor(0..<24, shape: [2, 3, 4])

  @Test func `elements are read and written at an index of each axis`() {
    var vector = Tensor(0..<3, shape: [3])
    var matrix = Tensor(0..<6, shape: [2, 3])
    var cube = cube
    var four = Tensor(0..<16, shape: [2, 2, 2, 2])
    #expect(vector[2] == 2 && matrix[1, 0] == 3 && cube[1, 2, 3] == 23 && four[1, 0, 1, 1] == 11)
    vector[0] = -1
    matrix[0, 2] += 10
    cube[0, 1, 0] = -2
    four[0, 1, 1, 0] = -3
    #expect(vector.scalars == [-1, 1, 2])
    #expect(matrix.scalars == [0, 1, 12, 3, 4, 5])
    #expect(cube.scalars[4] == -2 && four.scalars[6] == -3)
    #expect(self.cube[0, 1, 0] == 4)
  }

  @Test func `rows and ranges of rows are views of the same memory`() {
    func address(_ tensor: Tensor<Int>) -> UnsafePointer<Int>? { tensor.withUnsafeBufferPointer { $0.baseAddress } }
    let start = address(cube)!
    #expect(address(cube[row: 1]) == start + 12 && cube[row: 1].shape == [3, 4])
    #expect(address(cube[1..<2]) == start + 12 && cube[1..<2].shape == [1, 3, 4])
    #expect(address(cube[row: 1][1...]) == start + 16 && cube[row: 1][1...].shape == [2, 4])
    #expect(address(cube[row: 1][row: 2][2...3]) == start + 22)
    #expect(address(cube.reshaped(4, -1)) == start)
  }

  @Test func `every kind of range makes a slice`() {
    let vector = Tensor(0..<5, shape: [5])
    #expect(vector[1..<3] == [1, 2] && vector[1...3] == [1, 2, 3])
    #expect(vector[3...] == [3, 4] && vector[..<2] == [0, 1] && vector[...1] == [0, 1])
    #expect(vector[5...] == [] && vector[0..<0].shape == [0] && vector[0..<5] == vector)
    #expect(Tensor<Float>(zeros: [3, 0])[1...].shape == [2, 0])
    #expect(Tensor<Float>(zeros: [0, 3])[0...].shape == [0, 3])
  }

  @Test func `changing a slice leaves its parent alone, and the other way round`() {
    var parent = Tensor(0..<6, shape: [3, 2])
    var slice = parent[1..<3]
    slice[0, 0] = 100
    #expect(parent[1, 0] == 2 && slice == [[100, 3], [4, 5]])
    let untouched = parent[row: 2]
    parent[2, 1] = 200
    #expect(untouched == [4, 5] && parent[2, 1] == 200)
  }

  @Test func `a view that alone owns its memory is changed in place`() {
    var view = Tensor(0..<6, shape: [3, 2])[1..<3]  // the parent is gone
    let before = view.withUnsafeBufferPointer { $0.baseAddress }
    view[1, 1] = -1
    view += 10
    #expect(view == [[12, 13], [14, 9]])
    #expect(view.withUnsafeBufferPointer { $0.baseAddress } == before)
  }

  @Test func `rows and ranges of rows can be replaced`() {
    var matrix = Tensor(0..<6, shape: [3, 2])
    matrix[row: 0] = [7, 8]
    matrix[1...] += [[10, 10], [20, 20]]
    #expect(matrix == [[7, 8], [12, 13], [24, 25]])
    matrix[0..<2] = matrix[1..<3]  // overlapping
    #expect(matrix == [[12, 13], [24, 25], [24, 25]])
  }

  @Test func `rows are gathered in the order of their indices`() {
    #expect(cube.gather(rows: [1, 0, 1]).shape == [3, 3, 4])
    #expect(Tensor(0..<6, shape: [3, 2]).gather(rows: [2, 2, 0]) == [[4, 5], [4, 5], [0, 1]])
    #expect(Tensor(0..<3, shape: [3]).gather(rows: [1]) == [1])
    #expect(cube.gather(rows: []).shape == [0, 3, 4])
  }

  @Test func `an index outside stops with index and shape`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>(zeros: [2, 3])[1, -1]
    }
    #expect(result.map { message($0, has: "no element at [1, -1] in the shape [2, 3]") } ?? false)
  }

  @Test func `a range outside stops with range and shape`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>(zeros: [2, 3])[4...]
    }
    #expect(result.map { message($0, has: "in the shape [2, 3]") } ?? false)
  }

  @Test func `gathering a row that does not exist stops with row and shape`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>(zeros: [2, 3]).gather(rows: [0, 2])
    }
    #expect(result.map { message($0, has: "no row 2 in the shape [2, 3]") } ?? false)
  }

  @Test func `many tasks read one tensor and change their own copies`() async {
    let shared = Tensor<Float>(randomUniform: [64, 64], seed: 3)
    let expected = shared.scalars
    let changed = await withTaskGroup(of: [Float].self) { group in
      for task in 0..<16 {
        group.addTask {
          var copy = shared
          var slice = shared[1..<3]
          for i in 0..<64 { copy[i, i] = Float(task) }
          slice += 1
          return (0..<64).map { copy[$0, $0] } + [slice[0, 0] - shared[1, 0]]
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(shared.scalars == expected)
    #expect(Set(changed.map { $0[0] }) == Set((0..<16).map { Float($0) }))
    #expect(changed.allSatisfy { row in row.dropLast().allSatisfy { $0 == row[0] } })
  }
}
