import Farro
import FarroModels
import Testing

@Suite struct MiniBatchKMeansTests {
  /// Rows around 20 points, which overlap.
  private static let x: Tensor<Float> = {
    let points = Tensor<Float>(randomNormal: [20, 6], seed: 1).scalars
    let noise = Tensor<Float>(randomNormal: [8000, 6], seed: 2).scalars
    let values = noise.indices.map { noise[$0] + 3 * points[$0 % 120] }
    return Tensor(values, shape: [8000, 6])
  }()

  @Test func `inertia is near that of all rows`() throws {
    let all = try (0..<5).map { try KMeans<Float>(nClusters: 20, seed: $0).fit(Self.x).inertia }
    let models = try (0..<5).map { try MiniBatchKMeans<Float>(nClusters: 20, seed: $0).fit(Self.x) }
    let batches = models.min { $0.inertia < $1.inertia }!
    #expect(batches.inertia < 1.05 * all.min()!)
    #expect(try batches.predict(Self.x) == batches.labels)
    #expect(abs(try batches.score(Self.x) + batches.inertia) <= 1e-6 * batches.inertia)
  }

  @Test func `the same for any number of threads`() throws {
    let estimator = MiniBatchKMeans<Float>(nClusters: 30, initialization: .random, batchSize: 4000, seed: 8)
    let several = try estimator.fit(Self.x)
    let one = try withThreads(1) { try estimator.fit(Self.x) }
    #expect(several.centers == one.centers && several.labels == one.labels && several.inertia == one.inertia)
  }

  @Test func `it stops when nothing improves, and no later than it may`() throws {
    func batches(_ estimator: MiniBatchKMeans<Float>) throws -> Int {
      var last = 0
      _ = try estimator.fit(Self.x) { batch, _ in last = batch }
      return last
    }
    let patient = try batches(MiniBatchKMeans(maxIterations: 20, batchSize: 100, maxNoImprovement: nil))
    #expect(patient == 1600)
    #expect(try batches(MiniBatchKMeans(maxIterations: 20, batchSize: 100)) < 1600)
    let tolerant = MiniBatchKMeans<Float>(maxIterations: 20, batchSize: 100, tolerance: 0.01, maxNoImprovement: nil)
    #expect(try batches(tolerant) < 1600)
  }

  @Test func `centres without rows move to rows`() throws {
    var first = Tensor<Float>(repeating: 1e4, shape: [20, 6])
    for j in 0..<6 { first[0, j] = 0 }
    var estimator = MiniBatchKMeans<Float>(nClusters: 20, initialization: .centers(first), maxNoImprovement: nil)
    estimator.maxIterations = 10
    #expect(Set(try estimator.fit(Self.x).labels).count > 10)
    estimator.reassignmentRatio = 0
    #expect(Set(try estimator.fit(Self.x).labels) == [0])
  }

  @Test func `a row without weight does not count`() throws {
    let weights = Tensor<Float>((0..<8000).map { $0 % 20 < 3 ? 1 : 0 })
    let model = try MiniBatchKMeans<Float>(nClusters: 3, nInit: 5).fit(Self.x, weights: weights)
    let rows = Tensor((0..<8000).filter { $0 % 20 < 3 })
    let exact = try KMeans<Float>(nClusters: 3).fit(embedding(Self.x, rows))
    #expect(model.inertia < 1.1 * exact.inertia)
  }

  @Test func `squared distances that overflow are told of`() throws {
    let x = Self.x * 1e30
    for initialization in [CenterInitialization<Float>.random, .kMeansPlusPlus] {
      #expect(throws: KMeansError.overflow) { try KMeans(nClusters: 4, initialization: initialization).fit(x) }
      #expect(throws: KMeansError.overflow) { try MiniBatchKMeans(nClusters: 4, initialization: initialization).fit(x) }
    }
  }
}
