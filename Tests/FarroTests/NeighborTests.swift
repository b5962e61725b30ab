import Farro
import TestSupport
import Testing

@Suite struct NeighborTests {
  let base = Tensor<Float>(randomNormal: [200, 12], seed: 1)
  let queries = Tensor<Float>(randomNormal: [30, 12], seed: 2)

  @Test(arguments: [DistanceMetric.euclidean, .squaredEuclidean, .manhattan, .cosine])
  func agreesWithAllDistances(_ metric: DistanceMetric) {
    let found = nearestNeighbors(of: queries, in: base, k: 7, metric: metric)
    let all = pairwiseDistances(queries, base, metric: metric)
    let (values, indices) = topK(all, 7, smallest: true)
    #expect(found.indices == indices)
    for i in 0..<values.count {
      #expect(abs(found.distances.scalars[i] - values.scalars[i]) <= 1e-5 * (1 + values.scalars[i]))
    }
  }

  @Test func innerProductIsLargestFirst() {
    let found = nearestNeighbors(of: queries, in: base, k: 5, metric: .innerProduct)
    let (_, indices) = topK(pairwiseDistances(queries, base, metric: .innerProduct), 5)
    #expect(found.indices == indices)
  }

  @Test func rowsFindThemselvesFarFromTheOrigin() {
    let shifted = Tensor<Float>(base.scalars.map { $0 + 1e4 }).reshaped(base.shape)
    let found = nearestNeighbors(of: shifted, in: shifted, k: 1)
    #expect(found.indices.scalars == Array(0..<200))
    #expect(found.distances.scalars.allSatisfy { $0 == 0 })
  }

  @Test func fewerNeighborsThanWanted() {
    let found = nearestNeighbors(of: queries, in: base[0..<2], k: 4)
    for query in 0..<30 {
      #expect(found.indices[query, 2] == -1 && found.indices[query, 3] == -1)
      #expect(found.distances[query, 2] == .infinity)
    }
    let none = nearestNeighbors(of: queries, in: Tensor<Float>(zeros: [0, 12]), k: 1)
    #expect(none.indices.scalars.allSatisfy { $0 == -1 })
  }

  @Test func onlyRowsThatAreKept() {
    let keep = Tensor((0..<200).map { $0 % 4 == 1 })
    let found = nearestNeighbors(of: queries, in: base, k: 50, where: keep)
    #expect(found.indices.scalars.allSatisfy { $0 % 4 == 1 })
  }

  @Test func basesOfOtherTypes() {
    let bytes = Tensor<Int8>((0..<600).map { Int8(truncatingIfNeeded: $0 &* 37) }).reshaped([50, 12])
    let found = nearestNeighbors(of: queries, in: bytes, k: 3)
    let same = nearestNeighbors(of: queries, in: Tensor<Float>(casting: bytes), k: 3)
    #expect(found.indices == same.indices && found.distances == same.distances)
    let byteQueries = bytes[0..<7]
    let wideQueries = Tensor<Float>(casting: byteQueries)
    #expect(nearestNeighbors(of: byteQueries, in: bytes, k: 3) == nearestNeighbors(of: wideQueries, in: bytes, k: 3))
    for metric in [DistanceMetric.manhattan, .canberra, .minkowski(p: 3)] {
      let floats = Tensor<Float>(casting: bytes)
      #expect(
        nearestNeighbors(of: queries, in: bytes, k: 3, metric: metric)
          == nearestNeighbors(of: queries, in: floats, k: 3, metric: metric)
      )
    }
    let halves = Tensor<BFloat16>(casting: base)
    let halfQueries = Tensor<BFloat16>(casting: queries)
    #expect(
      radiusNeighbors(of: halfQueries, in: halves, radius: 4)
        == radiusNeighbors(of: Tensor<Float>(casting: halfQueries), in: halves, radius: 4)
    )
    let near = nearestNeighbors(of: queries, in: halves, k: 3, metric: .cosine)
    #expect(
      near.indices == nearestNeighbors(of: queries, in: Tensor<Float>(casting: halves), k: 3, metric: .cosine).indices
    )
  }

  @Test func withinARadius() {
    let all = pairwiseDistances(queries, base)
    let radius = 4.0
    let lists = radiusNeighbors(of: queries, in: base, radius: radius)
    for query in 0..<30 {
      let expected = (0..<200).filter { all[query, $0] <= Float(radius) }
      let (distances, indices) = lists[query]
      #expect(indices.scalars.sorted() == expected)
      #expect(distances.scalars == distances.scalars.sorted())
    }
  }
}

@Suite struct KMeansTests {
  /// Three groups far apart, of 100 rows each.
  let groups = Tensor<Double>(
    Tensor<Double>(randomNormal: [300, 2], seed: 3).scalars.enumerated().map { i, deviate in
      deviate + Double(i / 200) * 50
    }
  ).reshaped([300, 2])

  @Test func findsGroups() throws {
    let clusters = try kMeans(groups, k: 3)
    #expect(Set(clusters.labels[0..<100]).count == 1)
    #expect(Set(clusters.labels).count == 3)
    let exact = (0..<3).map { group in
      let rows = groups[group * 100..<(group + 1) * 100]
      return rows.variance(axis: 0).sum() * 100
    }.reduce(0, +)
    #expect(abs(clusters.inertia - exact) <= 1e-9 * exact)
    #expect(nearestCenters(groups, centers: clusters.centers).labels == clusters.labels)
  }

  @Test func theSameForTheSameSeed() throws {
    let x = Tensor<Float>(randomUniform: [2000, 8], seed: 9)
    var options = KMeansOptions<Float>()
    options.seed = 4
    let first = try kMeans(x, k: 20, options: options)
    let second = try kMeans(x, k: 20, options: options)
    #expect(first.centers == second.centers && first.labels == second.labels && first.inertia == second.inertia)
    options.initialization = .random
    options.initializations = 3
    let random = try kMeans(x, k: 20, options: options)
    #expect(random.inertia < first.inertia * 1.1)
  }

  @Test func emptyClustersTakeTheFarthestRows() throws {
    var options = KMeansOptions<Double>()
    options.initialization = .centers(Tensor([0, 0, 1e6, 1e6, -1e6, 1e6]).reshaped([3, 2]))
    let clusters = try kMeans(groups, k: 3, options: options)
    #expect(Set(clusters.labels).count == 3)
  }

  @Test func weightsCountAsRepeatedRows() throws {
    let x = Tensor<Double>(randomUniform: [60, 3], seed: 5)
    let weights = Tensor<Double>((0..<60).map { Double(1 + $0 % 3) })
    let repeated = (0..<60).flatMap { row in Array(repeating: x[row: row].scalars, count: 1 + row % 3) }
    var options = KMeansOptions<Double>()
    options.initialization = .centers(x[0..<4])
    let a = try kMeans(x, k: 4, weights: weights, options: options)
    let b = try kMeans(Tensor(repeated.flatMap { $0 }).reshaped([repeated.count, 3]), k: 4, options: options)
    #expect(abs(a.inertia - b.inertia) <= 1e-9 * b.inertia)
  }

  @Test func errorsSayWhatIsWrong() {
    #expect(throws: KMeansError.clusters(301, rows: 300)) { try kMeans(groups, k: 301) }
    #expect(throws: KMeansError.clusters(0, rows: 300)) { try kMeans(groups, k: 0) }
    var broken = groups
    broken[17, 1] = .nan
    #expect(throws: KMeansError.notFinite(row: 17, column: 1)) { try kMeans(broken, k: 2) }
    let huge = groups * 1e200
    #expect(throws: KMeansError.overflow) { try kMeans(huge, k: 2) }
    var options = KMeansOptions<Double>()
    options.initialization = .centers(broken[16..<18])
    #expect(throws: KMeansError.shape("a centre holds NaN or an infinity")) {
      try kMeans(groups, k: 2, options: options)
    }
  }

  @Test func oneClusterPerRow() throws {
    let clusters = try kMeans(groups[0..<20], k: 20)
    #expect(clusters.inertia == 0)
  }

  @Test func stopsWhenCancelled() async {
    let task = Task { () -> Bool in
      do {
        _ = try kMeans(Tensor<Float>(randomUniform: [3000, 8], seed: 1), k: 200) { _, _ in
          withUnsafeCurrentTask { $0?.cancel() }
        }
        return false
      } catch {
        return error is CancellationError
      }
    }
    #expect(await task.value)
  }
}
