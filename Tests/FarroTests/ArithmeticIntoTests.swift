import Farro
import Testing

@Suite struct ArithmeticIntoTests {
  @Test func `results are those of the operators`() {
    let (a, b) = (Tensor<Float>([[1, 2, 3], [4, 5, 6]]), Tensor<Float>([7, 8, 9]))
    var result = Tensor<Float>(zeros: [2, 3])
    add(a, b, into: &result)
    #expect(result == a + b)
    subtract(a, b, into: &result)
    #expect(result == a - b)
    multiply(a, b, into: &result)
    #expect(result == a * b)
    divide(a, b, into: &result)
    #expect(result == a / b)
  }

  @Test func `another tensor that shares the result keeps its elements`() {
    let a = Tensor<Int32>([1, 2, 3])
    var result = a
    add(a, a, into: &result)
    #expect(result == Tensor([2, 4, 6]) && a == Tensor([1, 2, 3]))
  }

  @Test func `a result of another shape stops the program`() async {
    await #expect(processExitsWith: .failure) {
      var result = Tensor<Float>(zeros: [3, 2])
      add(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3]), into: &result)
    }
  }
}
