import CKernels
import TestSupport
import Testing

@testable import Farro

@Suite struct DistanceTests {
  private static let x = Tensor<Double>([0, 0, 3, 4, -1, 2], shape: [3, 2])
  private static let y = Tensor<Double>([3, 4, 6, 8], shape: [2, 2])

  @Test(arguments: [
    (DistanceMetric.euclidean, [5, 10, 0, 5, 20.squareRoot(), 85.squareRoot()]),
    (.squaredEuclidean, [25, 100, 0, 25, 20, 85]),
    (.manhattan, [7, 14, 0, 7, 6, 13]),
    (.cosine, [1, 1, 0, 0, 1 - 1 / 5.0.squareRoot(), 1 - 1 / 5.0.squareRoot()]),
    (.innerProduct, [0, 0, 25, 50, 5, 10]),
  ])
  func `distances are those computed by hand on every instruction set`(metric: DistanceMetric, expected: [Double]) {
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let f64 = pairwiseDistances(Self.x, Self.y, metric: metric)
        #expect(f64.shape == [3, 2])
        #expect(worstError(f64.elements, expected) { _ in 1e-15 * 85 } <= 1, "\(isa)")
        let x = Tensor(Self.x.elements.map { Float($0) }, shape: [3, 2])
        let y = Tensor(Self.y.elements.map { Float($0) }, shape: [2, 2])
        let f32 = pairwiseDistances(x, y, metric: metric).elements
        #expect(worstError(f32, expected.map { Float($0) }) { _ in 1e-7 * 85 } <= 1, "\(isa)")
      }
    }
  }

  @Test(arguments: DistanceMetric.allCases)
  func `the distances of a tensor to itself are symmetric and 0 between equal rows`(metric: DistanceMetric) {
    let (rows, d) = (45, 17)
    // Far from the origin, where |x|^2 + |y|^2 - 2 x.y alone would leave nothing; the last 5 rows repeat the first 5.
    var points: [Float] = []
    for row in 0..<rows {
      for k in 0..<d { points.append(1000 + Float((row % 40 + 1) * (k * k + 3) % 101) / 64) }
    }
    let x = Tensor(points, shape: [rows, d])
    for isa in InstructionSet.supported {
      let distances = withInstructionSet(isa) { pairwiseDistances(x, metric: metric).elements }
      for i in 0..<rows {
        for j in 0..<rows {
          #expect(distances[i * rows + j] == distances[j * rows + i])
          if metric == .innerProduct { continue }
          #expect((distances[i * rows + j] == 0) == (i % 40 == j % 40), "\(isa) \(i) \(j)")
        }
      }
    }
  }

  @Test(arguments: DistanceMetric.allCases)
  func `distances are what their definitions give, within the bounds of the C interface`(metric: DistanceMetric) {
    let (m, n, d) = (19, 37, 33)
    let x = (0..<m * d).map { Double($0 * 37 % 101) / 50 - 1 }
    let y = (0..<n * d).map { Double($0 * 53 % 103) / 50 - 1 }
    let pairs = (0..<m).flatMap { i in (0..<n).map { (x[i * d..<i * d + d], y[$0 * d..<$0 * d + d]) } }
    let expected = pairs.map { distance(metric, $0, $1) }
    for isa in InstructionSet.supported {
      let actual = withInstructionSet(isa) {
        pairwiseDistances(Tensor(x, shape: [m, d]), Tensor(y, shape: [n, d]), metric: metric).elements
      }
      // Here |x|^2 + |y|^2 and every sum of terms are below 3 d; the definition rounds as often as the kernel.
      #expect(worstError(actual, expected) { _ in 2 * Double((2 * d + 8) * 3 * d) * 0x1p-53 } <= 1, "\(isa)")
    }
  }

  @Test func `a zero row is at cosine distance 1 from every row`() {
    let x = Tensor<Float>([0, 0, 1, 2], shape: [2, 2])
    #expect(pairwiseDistances(x, metric: .cosine).elements == [1, 1, 1, 0])
  }

  @Test func `empty tensors and rows without elements have distances`() {
    let none = Tensor<Float>(zeros: [0, 3])
    let rows = Tensor<Float>(zeros: [2, 3])
    #expect(pairwiseDistances(none, rows).shape == [0, 2])
    #expect(pairwiseDistances(rows, none).shape == [2, 0])
    let flat = Tensor<Float>(zeros: [2, 0])
    #expect(pairwiseDistances(flat, metric: .manhattan).elements == [0, 0, 0, 0])
  }

  @Test func `distances can be written into a tensor that exists, which copies of it do not see`() {
    var distances = Tensor<Double>(repeating: -1, shape: [3, 2])
    let before = distances
    pairwiseDistances(Self.x, Self.y, metric: .manhattan, into: &distances)
    #expect(distances.elements == [7, 14, 0, 7, 6, 13])
    #expect(before.elements == [-1, -1, -1, -1, -1, -1])
  }

  @Test func `shapes that do not agree stop the program`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = pairwiseDistances(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [2, 4]))
    }
    #expect(result.map { message($0, has: "[2, 3] and [2, 4]") } ?? false)
    await #expect(processExitsWith: .failure) {
      var out = Tensor<Float>(zeros: [2, 3])
      pairwiseDistances(Tensor<Float>(zeros: [2, 3]), metric: .cosine, into: &out)
    }
  }
}

private func distance(_ metric: DistanceMetric, _ x: ArraySlice<Double>, _ y: ArraySlice<Double>) -> Double {
  func sum(_ x: ArraySlice<Double>, _ y: ArraySlice<Double>, _ term: (Double, Double) -> Double) -> Double {
    zip(x, y).reduce(0) { $0 + term($1.0, $1.1) }
  }
  let squares = sum(x, y) { ($0 - $1) * ($0 - $1) }
  return switch metric {
  case .euclidean: squares.squareRoot()
  case .squaredEuclidean: squares
  case .manhattan: sum(x, y) { abs($0 - $1) }
  case .cosine: 1 - sum(x, y, *) / (sum(x, x, *) * sum(y, y, *)).squareRoot()
  case .innerProduct: sum(x, y, *)
  }
}

extension Tensor {
  fileprivate var elements: [Scalar] { withUnsafeBufferPointer { Array($0) } }
}
