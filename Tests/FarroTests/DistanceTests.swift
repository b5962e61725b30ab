import CKernels
import Foundation
import TestSupport
import Testing

@testable import Farro

@Suite struct DistanceTests {
  private static let metrics = DistanceMetric.simple + [.minkowski(p: 2.5)]
  private static let x = Tensor<Double>([0, 0, 3, 4, -1, 2], shape: [3, 2])
  private static let y = Tensor<Double>([3, 4, 6, 8], shape: [2, 2])

  private static let byHand: [(DistanceMetric, [Double])] = [
    (.euclidean, [5, 10, 0, 5, 4.47213595499958, 9.219544457292887]),
    (.squaredEuclidean, [25, 100, 0, 25, 20, 85]),
    (.manhattan, [7, 14, 0, 7, 6, 13]),
    (.cosine, [1, 1, 0, 0, 0.5527864045000421, 0.5527864045000421]),
    (.innerProduct, [0, 0, 25, 50, 5, 10]),
    (.chebyshev, [4, 8, 0, 4, 4, 7]),
    (.minkowski(p: 1), [7, 14, 0, 7, 6, 13]),
    (.minkowski(p: .infinity), [4, 8, 0, 4, 4, 7]),
    (.canberra, [2, 2, 0, 0.6666666666666666, 1.3333333333333333, 1.6]),
    (.brayCurtis, [1, 1, 0, 0.3333333333333333, 0.75, 0.8666666666666667]),
  ]

  @Test(arguments: byHand)
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

  @Test(arguments: metrics)
  func `the distances of a tensor to itself are symmetric and 0 between equal rows`(metric: DistanceMetric) {
    let (rows, d) = (45, 17)
    if metric == .haversine { return }
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

  @Test func `pairs of rows are at the distances that all pairs of rows have on the diagonal`() {
    let (rows, d) = (41, 19)
    let x = Tensor((0..<rows * d).map { Float($0 * 37 % 101) / 50 }, shape: [rows, d])
    let y = Tensor((0..<rows * d).map { Float($0 * 53 % 103) / 50 }, shape: [rows, d])
    for metric in Self.metrics where metric != .haversine {
      for isa in InstructionSet.supported {
        let (all, pairs) = withInstructionSet(isa) {
          (pairwiseDistances(x, y, metric: metric).elements, pairedDistances(x, y, metric: metric).elements)
        }
        let diagonal = (0..<rows).map { all[$0 * rows + $0] }
        #expect(worstError(pairs, diagonal) { 1e-5 * Double(diagonal[$0]) + 1e-6 } <= 1, "\(metric) \(isa)")
      }
    }
    var distances = Tensor<Float>(zeros: [rows])
    pairedDistances(x, y, metric: .canberra, into: &distances)
    #expect(distances == pairedDistances(x, y, metric: .canberra))
  }

  @Test func `rows of 16 and of 8 bits are at the distances of the same rows of Float`() {
    let (m, n, d) = (21, 35, 150)
    let x = Tensor<Float>((0..<m * d).map { Float($0 * 37 % 255 - 127) }, shape: [m, d])
    let y = Tensor<Float>((0..<n * d).map { Float($0 * 53 % 255 - 127) }, shape: [n, d])
    let halves = (Tensor<BFloat16>(casting: x), Tensor<BFloat16>(casting: y))
    let bytes = (Tensor<Int8>(casting: x), Tensor<Int8>(casting: y))
    for metric in [DistanceMetric.euclidean, .squaredEuclidean, .cosine, .manhattan, .minkowski(p: 2.5)] {
      let expected = pairwiseDistances(x, y, metric: metric)
      #expect(pairwiseDistances(halves.0, halves.1, metric: metric) == expected)
      #expect(pairwiseDistances(bytes.0, bytes.1, metric: metric) == expected)
      let pairs = pairedDistances(x, y[0..<m], metric: metric)
      #expect(pairedDistances(halves.0, halves.1[0..<m], metric: metric) == pairs)
      #expect(pairedDistances(bytes.0, bytes.1[0..<m], metric: metric) == pairs)
      var (all, some) = (Tensor<Float>(zeros: [m, n]), Tensor<Float>(zeros: [m]))
      pairwiseDistances(bytes.0, bytes.1, metric: metric, into: &all)
      pairedDistances(halves.0, halves.1[0..<m], metric: metric, into: &some)
      #expect(all == expected && some == pairs)
    }
    // Sums below 2²⁴ are exact.
    let products = matmul(x, y, transposeB: true)
    #expect(pairwiseDistances(halves.0, halves.1, metric: .innerProduct) == products)
    #expect(pairwiseDistances(bytes.0, bytes.1, metric: .innerProduct) == products)
  }

  @Test func `equal rows of two tensors are at Mahalanobis distance 0, and a covariance must be definite`() throws {
    let x = Tensor((0..<60).map { Double($0 * 37 % 101) / 7 }, shape: [12, 5])
    let inverse = DistanceGoldenTests.inverseCovariance
    let distances = try mahalanobisDistances(x[3..<4], x, inverseCovariance: inverse)
    #expect(distances.shape == [1, 12])
    #expect(distances.elements.enumerated().allSatisfy { ($1 == 0) == ($0 == 3) })
    let all = try mahalanobisDistances(x, inverseCovariance: inverse).elements
    #expect((0..<12).allSatisfy { all[$0 * 13] == 0 })
    #expect(throws: LinearAlgebraError.notPositiveDefinite(leadingMinor: 1)) {
      try mahalanobisDistances(x, inverseCovariance: Tensor(zeros: [5, 5]))
    }
  }

  @Test func `Mahalanobis distances keep their digits far from the origin`() throws {
    let x = Tensor<Float>(randomNormal: [20, 5], seed: 1) + 1e4
    let inverse = Tensor<Float>(DistanceGoldenTests.inverseCovariance.elements.map { Float($0) }, shape: [5, 5])
    let exact = try mahalanobisDistances(x.map { Double($0) }, inverseCovariance: inverse.map { Double($0) }).elements
    let found = try mahalanobisDistances(x, inverseCovariance: inverse).elements
    #expect(zip(found, exact).allSatisfy { abs(Double($0) - $1) <= 1e-5 * $1 })
    var broken = x
    broken[3, 1] = .nan
    #expect(try mahalanobisDistances(broken, inverseCovariance: inverse)[3, 0].isNaN)
  }

  @Test func `metrics have names, and are written and read by them`() throws {
    #expect(DistanceMetric(name: "sqeuclidean") == .squaredEuclidean)
    #expect(DistanceMetric(name: "cityblock") == .manhattan)
    #expect(DistanceMetric(name: "minkowski", p: 3) == .minkowski(p: 3))
    #expect(DistanceMetric(name: "minkowski", p: 0) == nil && DistanceMetric(name: "nearness") == nil)
    #expect(DistanceMetric.minkowski(p: 3).description == "minkowski(p: 3.0)")
    for metric in Self.metrics { #expect(DistanceMetric(name: metric.name, p: 2.5) == metric) }
    let written = try JSONEncoder().encode(Self.metrics)
    #expect(try JSONDecoder().decode([DistanceMetric].self, from: written) == Self.metrics)
    for text in [#"["nearness"]"#, #"["minkowski"]"#, #"[{"minkowski": 0}]"#] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode([DistanceMetric].self, from: Data(text.utf8))
      }
    }
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
    await #expect(processExitsWith: .failure) {
      _ = pairedDistances(Tensor<Float>(zeros: [2, 3]), Tensor<Float>(zeros: [3, 3]))
    }
  }

  @Test func `a metric that does not fit the rows stops the program`() async {
    let haversine = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = pairwiseDistances(Tensor<Float>(zeros: [2, 3]), metric: .haversine)
    }
    #expect(haversine.map { message($0, has: "latitude and longitude, not rows of [2, 3]") } ?? false)
    let minkowski = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = pairwiseDistances(Tensor<Float>(zeros: [2, 3]), metric: .minkowski(p: 0))
    }
    #expect(minkowski.map { message($0, has: "p above 0, not 0.0") } ?? false)
  }
}

extension Tensor {
  fileprivate var elements: [Scalar] { withUnsafeBufferPointer { Array($0) } }
}
