import Farro
import Testing

@Suite struct TensorArithmeticTests {
  @Test func `operands of one shape combine element by element`() {
    let (a, b): (Tensor<Float>, Tensor<Float>) = ([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    #expect(a + b == [[6, 8], [10, 12]] && a - b == [[-4, -4], [-4, -4]])
    #expect(a * b == [[5, 12], [21, 32]] && b / [[5, 2], [7, 4]] == [[1, 3], [1, 2]])
    #expect(-a == [[-1, -2], [-3, -4]])
  }

  @Test func `a number combines with each element from either side`() {
    let a: Tensor<Double> = [1, 2, 4]
    #expect(a + 1 == [2, 3, 5] && 1 + a == [2, 3, 5])
    #expect(a - 1 == [0, 1, 3] && 1 - a == [0, -1, -3])
    #expect(a * 2 == [2, 4, 8] && 2 * a == [2, 4, 8])
    #expect(a / 2 == [0.5, 1, 2] && 2 / a == [2, 1, 0.5])
  }

  @Test func `integers divide and trap as Swift's do`() async {
    let a: Tensor<Int32> = [7, -7]
    #expect(a / 2 == [3, -3] && a * a == [49, 49] && -a == [-7, 7] && 1 - a == [-6, 8])
    let bytes: Tensor<UInt8> = [255]
    #expect(bytes - 5 == [250])
    await #expect(processExitsWith: .failure) { _ = Tensor<UInt8>([255]) + 1 }
  }

  @Test func `shapes broadcast as in NumPy`() {
    let shapes: [[Int]] = [
      [], [1], [4], [3, 1], [1, 4], [3, 4], [2, 1, 1], [2, 1, 4], [2, 3, 1], [2, 3, 4], [5, 1, 3, 1], [5, 1, 1, 4],
      [5, 2, 3, 4], [1, 2, 1, 4], [0, 1, 1, 1], [2, 3, 0],
    ]
    for a in shapes {
      for b in shapes {
        guard let (shape, pairs) = broadcast(a, b) else { continue }
        let (x, y) = (random(a, seed: 1), random(b, seed: 2))
        let difference = x - y
        #expect(difference.shape == shape, "\(a) and \(b)")
        #expect(difference.scalars == pairs.map { x.scalars[$0] - y.scalars[$1] }, "\(a) and \(b)")
        #expect((x .< y).scalars == pairs.map { x.scalars[$0] < y.scalars[$1] }, "\(a) and \(b)")
        let (i, j) = (Tensor<Int64>(casting: x * 100), Tensor<Int64>(casting: y * 100))
        #expect((i * j).scalars == pairs.map { i.scalars[$0] * j.scalars[$1] }, "\(a) and \(b)")
      }
    }
  }

  @Test func `views combine as what they show`() {
    let a = Tensor(0..<12, shape: [4, 3]).map(Float.init)
    #expect(a[1..<3] - a[row: 1] == [[0, 0, 0], [3, 3, 3]])
  }

  @Test func `compound assignment works in place when it can`() {
    var a: Tensor<Float> = [[1, 2], [3, 4]]
    let before = a.withUnsafeBufferPointer { $0.baseAddress }
    a += 1
    a *= [10, 100]
    a -= [[1], [2]]
    a /= 2
    #expect(a == [[9.5, 149.5], [19, 249]])
    #expect(a.withUnsafeBufferPointer { $0.baseAddress } == before)
    var one: Tensor<Float> = [[3]]
    one *= [2]
    one[0..<0] += 1
    #expect(one == [[6]])
    let copy = a
    a += a
    #expect(copy == [[9.5, 149.5], [19, 249]] && a == [[19, 299], [38, 498]])
  }

  @Test func `NaN, infinity and the sign of zero follow IEEE 754`() {
    let a: Tensor<Float> = [0, 1, -1]
    #expect((a / 0)[0].isNaN && (a / 0)[1] == .infinity && (a / 0)[2] == -.infinity)
    #expect((-a)[0].sign == .minus)
    let nan = Tensor<Float>(repeating: .nan, shape: [1])
    #expect(nan != nan && (nan .== nan) == [false] && (nan .!= nan) == [true] && (nan .< 1) == [false])
  }

  @Test func `comparisons give booleans`() {
    let (a, b): (Tensor<Int>, Tensor<Int>) = ([1, 2, 3], [3, 2, 1])
    #expect((a .== b) == [false, true, false] && (a .!= b) == [true, false, true])
    #expect((a .< b) == [true, false, false] && (a .<= b) == [true, true, false])
    #expect((a .> b) == [false, false, true] && (a .>= b) == [false, true, true])
    #expect((a .< 2) == [true, false, false] && (2 .< a) == [false, false, true])
    #expect((a .>= 2) == [false, true, true] && (2 .>= a) == [true, true, false])
    #expect((Tensor<Bool>([true, false]) .== true) == [true, false])
  }

  @Test func `equality compares shape and every element`() {
    for count in [0, 1, 255, 256, 257, 1000] {
      let a = random([count], seed: 5)
      #expect(a == a && a != a.expandingDimensions(at: 0))
      for i in Set([0, count / 2, count - 1]) where i >= 0 && i < count {
        var b = a
        b[i] = 9
        #expect(a != b)
      }
    }
  }

  @Test func `shapes that cannot be broadcast stop with both`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<Float>(zeros: [2, 3]) + Tensor<Float>(zeros: [2])
    }
    #expect(result.map { message($0, has: "+: the shapes [2, 3] and [2] cannot be broadcast") } ?? false)
  }

  @Test func `compound assignment never changes a shape`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var row = Tensor<Float>(zeros: [3])
      row += Tensor<Float>(zeros: [2, 3])
    }
    #expect(result.map { message($0, has: "[3] cannot hold its combination with the shape [2, 3]") } ?? false)
  }

  private func random(_ shape: [Int], seed: UInt64) -> Tensor<Float> {
    Tensor(randomUniform: shape, in: -1..<1, seed: seed)
  }

  /// The shape of the result, and for each of its elements the positions of the two operands' elements, from the
  /// definition; `nil` for shapes that do not agree.
  private func broadcast(_ a: [Int], _ b: [Int]) -> (shape: [Int], pairs: [(Int, Int)])? {
    let rank = max(a.count, b.count)
    let (x, y) = (padded(a, rank), padded(b, rank))
    guard zip(x, y).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else { return nil }
    let shape = zip(x, y).map { $0 == 1 ? $1 : $0 }
    let pairs = (0..<shape.reduce(1, *)).map { position in
      var (rest, i, j, stepI, stepJ) = (position, 0, 0, 1, 1)
      for axis in shape.indices.reversed() {
        let index = rest % shape[axis]
        rest /= shape[axis]
        i += x[axis] == 1 ? 0 : index * stepI
        j += y[axis] == 1 ? 0 : index * stepJ
        stepI *= x[axis]
        stepJ *= y[axis]
      }
      return (i, j)
    }
    return (shape, pairs)
  }

  private func padded(_ shape: [Int], _ rank: Int) -> [Int] { Array(repeating: 1, count: rank - shape.count) + shape }
}
