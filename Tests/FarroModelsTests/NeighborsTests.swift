import Farro
import FarroDatasets
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct NeighborsTests {
  private static let cancer = Datasets.breastCancer()
  private static let diabetes = Datasets.diabetes()
  private static let iris = Datasets.iris()

  private static func split(_ count: Int) -> (learned: [Int], held: [Int]) {
    ((0..<count).filter { $0 % 7 != 0 }, Array((0..<count).filter { $0 % 7 == 0 }[..<20]))
  }

  private static let cases: [(DistanceMetric, NeighborWeights, (String, String))] = [
    (.euclidean, .uniform, NeighborsGolden.euclideanUniform),
    (.manhattan, .uniform, NeighborsGolden.manhattanUniform),
    (.minkowski(p: 3), .uniform, NeighborsGolden.cubicUniform),
    (.chebyshev, .uniform, NeighborsGolden.chebyshevUniform),
    (.cosine, .uniform, NeighborsGolden.cosineUniform),
    (.euclidean, .distance, NeighborsGolden.euclideanDistance),
    (.minkowski(p: 1), .distance, NeighborsGolden.manhattanDistance),
    (.minkowski(p: 3), .distance, NeighborsGolden.cubicDistance),
    (.chebyshev, .distance, NeighborsGolden.chebyshevDistance),
    (.cosine, .distance, NeighborsGolden.cosineDistance),
  ]

  @Test(arguments: 0..<10)
  func `votes and means are scikit-learn's`(number: Int) throws {
    let (metric, weights, golden) = Self.cases[number]
    let (rows, held) = Self.split(569)
    let classifier = try KNeighborsClassifier(nNeighbors: 7, weights: weights, metric: metric)
      .fit(Self.cancer.x[rows: rows], rows.map { Self.cancer.y[$0] })
    let shares = try classifier.predictProbabilities(Self.cancer.x[rows: held])
    #expect(worstError((0..<20).map { shares[$0, 1] }, goldenNumbers(golden.0)) { _ in 1e-6 } < 1)
    #expect(try classifier.predict(Self.cancer.x[rows: held]) == (0..<20).map { shares[$0, 1] > shares[$0, 0] ? 1 : 0 })

    let (some, others) = Self.split(442)
    let (x, y) = (Self.diabetes.x, Self.diabetes.y)
    let regressor = try KNeighborsRegressor(nNeighbors: 7, weights: weights, metric: metric)
      .fit(x[rows: some], y[rows: some])
    // The largest differences of these rows are often equal, and of equally near rows scikit-learn takes others.
    guard metric != .chebyshev else { return }
    #expect(try relativeError(regressor.predict(x[rows: others]), golden.1) < 1e-6)
    guard ![.minkowski(p: 3), .minkowski(p: 1)].contains(metric) else { return }
    let sparse = try KNeighborsRegressor(nNeighbors: 7, weights: weights, metric: metric)
      .fit(CSRMatrix(x[rows: some]), y[rows: some])
    #expect(try relativeError(sparse.predict(CSRMatrix(x[rows: others])), golden.1) < 1e-6)
  }

  @Test func `neighbours are in order, equal distances by number, dense and sparse`() throws {
    let x = Tensor<Double>([[0, 0], [1, 0], [0, 1], [1, 0], [5, 5]])
    let model = try KNeighborsClassifier(nNeighbors: 2).fit(x, ["a", "b", "c", "b", "d"]).model
    let (distances, indices) = try model.kneighbors(Tensor([[0, 0]]), nNeighbors: 4)
    #expect(distances == Tensor([[0, 1, 1, 1]]) && indices == Tensor([[0, 1, 2, 3]]))
    #expect(try model.kneighbors(x).indices.shape == [5, 2])
    let near = try model.radiusNeighbors(x, radius: 1)
    #expect(near[0].indices == Tensor([0, 1, 2, 3]) && near[4].indices == Tensor([4]))
    let sparse = try KNeighborsClassifier(nNeighbors: 2).fit(CSRMatrix(x), ["a", "b", "c", "b", "d"]).model
    let found = try sparse.kneighbors(CSRMatrix(Tensor([[0, 0]])), nNeighbors: 4)
    #expect(found.indices == indices && found.distances == distances)
    let around = try sparse.radiusNeighbors(CSRMatrix(x), radius: 1)
    #expect((0..<5).allSatisfy { around[$0].indices == near[$0].indices })
  }

  @Test func `rows at distance 0 vote alone, and a rule of one's own counts`() throws {
    let x = Tensor<Double>([[0], [0], [1], [2]])
    let model = try KNeighborsClassifier(nNeighbors: 4, weights: .distance).fit(x, ["a", "b", "b", "b"])
    #expect(try model.predictProbabilities(Tensor([[0]])) == Tensor([[0.5, 0.5]]))
    let plain = try KNeighborsClassifier(nNeighbors: 4).fit(x, ["a", "b", "b", "b"])
    #expect(try plain.predictProbabilities(Tensor([[0]])) == Tensor([[0.25, 0.75]]))
    // Of a distance whose inverse is infinite, the same holds.
    let close = try KNeighborsClassifier(nNeighbors: 2, weights: .distance, metric: .manhattan)
      .fit(Tensor<Double>([[1e-310], [1]]), ["a", "b"])
    #expect(try close.predictProbabilities(Tensor([[0]])) == Tensor([[1, 0]]))
    let own = try plain.model.predictProbabilities(Tensor([[0]])) { $0.map { $0 == 2 ? 1 : 0 } }
    #expect(own == Tensor([[0, 1]]))
    #expect(throws: ModelError.self) { try plain.model.predictProbabilities(Tensor([[0]])) { -1 - $0 } }
    let numbers = try KNeighborsRegressor(nNeighbors: 2).fit(x, Tensor([[1, 2], [3, 4], [5, 6], [7, 8]]))
    #expect(try numbers.predict(Tensor([[0], [2]])) == Tensor([[2, 3], [6, 7]]))
    let far = try numbers.predict(Tensor([[0]])) { $0 + 1 }
    #expect(far == Tensor([[2, 3]]))
  }

  @Test func `a tree gives the same answers as all rows`() throws {
    for (count, columns) in [(1, 1), (2, 1), (31, 2), (500, 3), (3000, 5), (700, 12)] {
      var x = Tensor<Float>(randomNormal: [count, columns], seed: UInt64(count))
      // Equal rows, and rows of equal distance.
      for row in 0..<count where row % 5 == 4 {
        for column in 0..<columns { x[row, column] = x[row - 1, column].rounded() }
      }
      let y = (0..<count).map { $0 % 2 }
      let queries = Tensor<Float>(randomNormal: [40, columns], seed: 9)
      let k = min(count, 6)
      let brute = try KNeighborsClassifier(nNeighbors: k, algorithm: .brute).fit(x, y).model
      let tree = try KNeighborsClassifier(nNeighbors: k, algorithm: .kdTree, leafSize: 4).fit(x, y).model
      for isa in InstructionSet.supported {
        try withInstructionSet(isa) {
          for points in [queries, x[0..<min(count, 50)]] {
            let (a, b) = (try brute.kneighbors(points), try tree.kneighbors(points))
            #expect(a.indices == b.indices && a.distances == b.distances, "\(count), \(columns), \(isa)")
          }
          let (a, b) = (try brute.radiusNeighbors(queries, radius: 1), try tree.radiusNeighbors(queries, radius: 1))
          #expect(a == b, "\(count), \(columns), \(isa)")
          let squares = try KNeighborsClassifier(nNeighbors: k, algorithm: .kdTree, metric: .squaredEuclidean).fit(x, y)
          let near = try squares.model.radiusNeighbors(queries, radius: 0.5)
          #expect(near == radiusNeighbors(of: queries, in: x, radius: 0.5, metric: .squaredEuclidean))
        }
      }
      #expect(tree.rows == x && tree == tree && tree.rows == brute.rows)
      let doubles = Tensor<Double>(casting: x)
      let wide = try KNeighborsRegressor(nNeighbors: k, algorithm: .kdTree).fit(doubles, Tensor(y.map(Double.init)))
      let all = try KNeighborsRegressor(nNeighbors: k, algorithm: .brute).fit(doubles, Tensor(y.map(Double.init)))
      #expect(try wide.kneighbors(doubles).indices == all.kneighbors(doubles).indices)
    }
  }

  @Test func `threads, order of rows and names of classes change nothing`() throws {
    let (x, y) = (Self.cancer.x, Self.cancer.labels)
    let model = try KNeighborsClassifier(weights: .distance).fit(x, y)
    let one = try withThreads(1) { try model.predictProbabilities(x) }
    #expect(try withThreads(2) { try model.predictProbabilities(x) } == one)
    let order = Array((0..<569).reversed())
    let reversed = try KNeighborsClassifier(weights: .distance).fit(x[rows: order], order.map { y[$0] })
    #expect(try worstError(reversed.predictProbabilities(x).scalars, one.scalars) { _ in 1e-12 } < 1)
    let renamed = try KNeighborsClassifier(weights: .distance).fit(x, Self.cancer.y)
    #expect(try renamed.predict(x).map { Self.cancer.classNames[$0] } == model.predict(x))
  }

  @Test func `constant columns, equal rows, one class, huge and tiny scales`() throws {
    let equal = try KNeighborsClassifier(nNeighbors: 3).fit(Tensor<Double>(ones: [4, 2]), [7, 7, 7, 7])
    #expect(try equal.predict(Tensor(zeros: [1, 2])) == [7])
    #expect(
      try KNeighborsRegressor(nNeighbors: 1).fit(Tensor<Double>(ones: [1, 9]), Tensor([3])).predict(
        Tensor(zeros: [2, 9])
      ) == Tensor([3, 3])
    )
    let plain = try KNeighborsClassifier(algorithm: .kdTree).fit(Self.iris.x, Self.iris.y).predict(Self.iris.x)
    for scale in [0x1p-300, 0x1p300] {
      for algorithm in NeighborAlgorithm.allCases {
        let model = try KNeighborsClassifier(algorithm: algorithm).fit(Self.iris.x * scale, Self.iris.y)
        #expect(try model.predict(Self.iris.x * scale) == plain)
      }
    }
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.iris.x
    broken[41, 2] = .nan
    let y = Self.iris.y
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try KNeighborsClassifier().fit(broken, y) }
    #expect(throws: ModelError.rows(3, needed: 5)) { try KNeighborsClassifier().fit(Self.iris.x[0..<3], [0, 1, 1]) }
    #expect(throws: ModelError.rows(0, needed: 5)) {
      try KNeighborsClassifier().fit(Tensor<Double>(zeros: [0, 3]), [Int]())
    }
    #expect(throws: ModelError.self) { try KNeighborsClassifier(nNeighbors: 0).fit(Self.iris.x, y) }
    #expect(throws: ModelError.self) { try KNeighborsClassifier(leafSize: 0).fit(Self.iris.x, y) }
    #expect(throws: ModelError.self) { try KNeighborsClassifier(metric: .haversine).fit(Self.iris.x, y) }
    #expect(throws: ModelError.self) { try KNeighborsClassifier(metric: .chebyshev).fit(CSRMatrix(Self.iris.x), y) }
    #expect(throws: ModelError.self) {
      try KNeighborsClassifier(algorithm: .kdTree, metric: .cosine).fit(Self.iris.x, y)
    }
    #expect(throws: ModelError.self) { try KNeighborsClassifier().fit(Self.iris.x, y, weights: Tensor(ones: [150])) }
    #expect(throws: ModelError.labels(2, rows: 150)) { try KNeighborsRegressor().fit(Self.iris.x, Tensor([1, 2])) }
    #expect(throws: ModelError.parameter(name: "y", reason: "row 1 holds NaN or an infinity")) {
      try KNeighborsRegressor(nNeighbors: 1).fit(Self.iris.x[0..<2], Tensor([1, .infinity]))
    }
    let model = try KNeighborsClassifier().fit(Self.iris.x, y).model
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predictClasses(Tensor(zeros: [1, 3])) }
    #expect(throws: ModelError.rows(150, needed: 151)) { try model.kneighbors(Self.iris.x, nNeighbors: 151) }
    #expect(throws: ModelError.self) { try model.radiusNeighbors(Self.iris.x, radius: .nan) }
    #expect(try model.predictClasses(Tensor(zeros: [0, 4])).isEmpty)
  }

  @Test func `parameters and models survive being written`() throws {
    typealias Estimator = KNeighborsClassifier<Tensor<Double>>
    let estimator = Estimator(nNeighbors: 3, weights: .distance, algorithm: .brute, metric: .minkowski(p: 3))
    #expect(try JSONDecoder().decode(Estimator.self, from: JSONEncoder().encode(estimator)) == estimator)
    let x = Self.iris.x[0..<60]
    let model = try KNeighborsClassifier(nNeighbors: 3, algorithm: .kdTree).fit(x, Array(Self.iris.y[..<60])).model
    try checkDamage(to: model) { model in
      guard model.rows.shape[1] == 4 else { return }
      let answers = try model.predictClasses(x)
      #expect(answers.allSatisfy { 0..<Int32(model.classCount) ~= $0 })
    }
    let sparse = try KNeighborsRegressor(nNeighbors: 3).fit(CSRMatrix(x), Tensor(Self.iris.y[..<60].map(Double.init)))
    try checkDamage(to: sparse) { model in
      guard model.rows.columns == 4 else { return }
      _ = try model.predict(CSRMatrix(x))
    }
  }
}
