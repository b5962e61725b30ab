import Farro
import FarroModels
import Foundation
import TestSupport
import Testing

@Suite struct KMeansTests {
  /// The rows of Tests/Golden/kmeans.py.
  private static func rows(_ count: Int) -> Tensor<Double> {
    var values: [Double] = []
    for i in 0..<count {
      for k in 0..<4 {
        let fine = (i * 37 + k * 101 + i * i * (k + 3)) % 1021 - 510
        let coarse = (i % 7 * 13 + k * 29) % 17
        values.append(Double(fine) / 256 + Double(coarse) / 4)
      }
    }
    return Tensor(values, shape: [count, 4])
  }
  private static let x = rows(150)
  private static let many = rows(4000)
  private static let weights = Tensor<Double>((0..<150).map { 0.5 + Double($0 % 3) })

  private static func estimator(
    _ x: Tensor<Double> = x,
    nClusters: Int = 6,
    maxIterations: Int = 300,
    tolerance: Double = 0
  ) -> KMeans<Double> {
    KMeans(
      nClusters: nClusters,
      initialization: .centers(x[0..<nClusters]),
      maxIterations: maxIterations,
      tolerance: tolerance
    )
  }

  @Test(arguments: [
    (KMeansGolden.settled, estimator(), x, nil),
    (.weighted, estimator(), x, weights),
    (.stopped, estimator(maxIterations: 3), x, nil),
    (.tolerant, estimator(tolerance: 0.02), x, nil),
    (.many, estimator(many, nClusters: 40), many, nil),
  ])
  func `same first centres, same clusters as scikit-learn`(
    golden: KMeansGolden,
    estimator: KMeans<Double>,
    x: Tensor<Double>,
    weights: Tensor<Double>?
  ) throws {
    for isa in InstructionSet.supported {
      let model = try withInstructionSet(isa) { try estimator.fit(x, weights: weights) }
      #expect(model.labels[0..<150] == golden.labels[...], "\(isa)")
      #expect(sizes(model) == golden.sizes, "\(isa)")
      #expect(model.iterations == golden.iterations, "\(isa)")
      #expect(abs(model.inertia - golden.inertia) <= 1e-12 * golden.inertia, "\(isa)")
      #expect(worstError(model.centers.scalars, golden.centers) { _ in 1e-13 } <= 1, "\(isa)")
    }
    var single = KMeans<Float>(
      nClusters: estimator.nClusters,
      maxIterations: estimator.maxIterations,
      tolerance: estimator.tolerance
    )
    single.initialization = .centers(Tensor(casting: x[0..<estimator.nClusters]))
    let model = try single.fit(Tensor(casting: x), weights: weights.map { Tensor(casting: $0) })
    #expect(sizes(model) == golden.sizes)
    #expect(abs(model.inertia - golden.inertia) <= 1e-5 * golden.inertia)
  }

  private func sizes(_ model: ClusterModel<some KernelScalar>) -> [Int] {
    var sizes = Array(repeating: 0, count: model.nClusters)
    for label in model.labels { sizes[Int(label)] += 1 }
    return sizes
  }

  @Test func `a model predicts, measures and scores rows`() throws {
    let model = try KMeans<Double>(nClusters: 5, seed: 2).fit(Self.x)
    #expect(try model.predict(Self.x) == model.labels)
    let distances = try model.transform(Self.x)
    #expect(distances.shape == [150, 5])
    let nearest = (0..<150).map { row in (0..<5).min { distances[row, $0] < distances[row, $1] }! }
    #expect(nearest.map { Int32($0) } == model.labels)
    let squares = (0..<150).map { distances[$0, nearest[$0]] * distances[$0, nearest[$0]] }
    #expect(abs(try model.score(Self.x) + model.inertia) <= 1e-12 * model.inertia)
    #expect(abs(squares.reduce(0, +) - model.inertia) <= 1e-12 * model.inertia)
    let weighted = zip(squares, Self.weights.scalars).map(*).reduce(0, +)
    #expect(abs(try model.score(Self.x, weights: Self.weights) + weighted) <= 1e-12 * weighted)
  }

  @Test func `random starts are ten, of which the best counts`() throws {
    let one = try KMeans<Double>(nClusters: 7, initialization: .random, nInit: 1, seed: 5).fit(Self.x)
    let ten = try KMeans<Double>(nClusters: 7, initialization: .random, seed: 5).fit(Self.x)
    #expect(ten.inertia < one.inertia)
    #expect(
      try KMeans<Double>(nClusters: 7, initialization: .random, nInit: 10, seed: 5).fit(Self.x).labels == ten.labels
    )
  }

  @Test func `parameters survive being coded`() throws {
    var estimator = Self.estimator(maxIterations: 17, tolerance: 0.5)
    estimator.nInit = 3
    let text = try JSONEncoder().encode(estimator)
    #expect(try JSONDecoder().decode(KMeans<Double>.self, from: text) == estimator)
    let batches = MiniBatchKMeans<Float>(nClusters: 3, initialization: .random, maxNoImprovement: nil, seed: .max)
    #expect(try JSONDecoder().decode(MiniBatchKMeans<Float>.self, from: JSONEncoder().encode(batches)) == batches)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([CenterInitialization<Float>].self, from: Data(#"["kmeans"]"#.utf8))
    }
  }

  @Test func `errors say what is wrong and where`() throws {
    var broken = Self.x
    broken[41, 2] = .infinity
    let estimator = KMeans<Double>(nClusters: 6)
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try estimator.fit(broken) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try MiniBatchKMeans<Double>().fit(broken) }
    #expect(throws: ModelError.rows(5, needed: 6)) { try estimator.fit(Self.x[0..<5]) }
    #expect(throws: ModelError.rows(0, needed: 6)) { try estimator.fit(Tensor(zeros: [0, 4])) }
    #expect(throws: ModelError.notRows(shape: [600])) { try estimator.fit(Self.x.reshaped([600])) }
    let (zeros, negative) = (Tensor<Double>(zeros: [150]), Tensor<Double>(repeating: -1, shape: [150]))
    #expect(throws: ModelError.weights("all are 0")) { try estimator.fit(Self.x, weights: zeros) }
    #expect(throws: ModelError.weights("one is negative or no number")) {
      try estimator.fit(Self.x, weights: negative)
    }
    #expect(throws: ModelError.self) { try estimator.fit(Self.x, weights: Tensor(zeros: [149])) }
    #expect(throws: ModelError.parameter(name: "nClusters", reason: "must be at least 1, not 0")) {
      try KMeans<Double>(nClusters: 0).fit(Self.x)
    }
    #expect(throws: ModelError.parameter(name: "tolerance", reason: "must be at least 0.0, not nan")) {
      try KMeans<Double>(tolerance: .nan).fit(Self.x)
    }
    #expect(throws: ModelError.self) { try KMeans(initialization: .centers(Self.x[0..<6])).fit(Self.x) }
    let model = try estimator.fit(Self.x)
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.predict(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.columns(3, expected: 4)) { try model.transform(Tensor(zeros: [2, 3])) }
    #expect(throws: ModelError.notFinite(row: 41, column: 2)) { try model.predict(broken) }
    #expect(try model.predict(Tensor(zeros: [0, 4])).isEmpty)
  }

  @Test func `equal rows, huge and tiny scales`() throws {
    let equal = try KMeans<Float>(nClusters: 3).fit(Tensor(ones: [10, 2]))
    #expect(equal.inertia == 0 && equal.labels.allSatisfy { $0 == equal.labels[0] })
    let plain = try Self.estimator().fit(Self.x)
    for scale in [1e-100, 1e100] {
      let x = Tensor(Self.x.scalars.map { $0 * scale }, shape: Self.x.shape)
      #expect(try Self.estimator(x).fit(x).labels == plain.labels)
    }
  }

  @Test func `distances below the least single number are told apart`() throws {
    var options = KMeansOptions<Double>()
    (options.tolerance, options.maximumIterations) = (0, 40)
    let x = Tensor<Double>(randomNormal: [8000, 8], seed: 5)
    let clusters = try kMeans(x, k: 64, options: options)
    for exponent in [-145, -150] {
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      let small = try kMeans(x * scale, k: 64, options: options)
      #expect(small.labels == clusters.labels && small.centers == clusters.centers * scale, "2^\(exponent)")
    }
  }

  @Test func `a centre that gives all its rows away stays where it is`() throws {
    let x = Tensor<Double>([1e6, 1.7e6, 1.3e6, 0, 1, 2, 3], shape: [7, 1])
    var options = KMeansOptions<Double>()
    options.maximumIterations = 1
    options.initialization = .centers(Tensor([1.1e6, 0, 1e9, 2e9, 3e9], shape: [5, 1]))
    // Of these weights' sum, what is left is not 0 when they have been taken away one by one.
    let weights = Tensor<Double>([0.1, 0.2, 0.3, 1, 1, 1, 1])
    let clusters = try kMeans(x, k: 5, weights: weights, options: options)
    #expect(clusters.centers.scalars == [1.1e6, 1.5, 1.7e6, 1.3e6, 1e6])
  }
}
