import Farro

extension IVFIndex {
  /// As many vectors for each list are enough to find its centre; with fewer than the least, centres are found anew as the
  /// index grows. Both are faiss's numbers.
  private static let (mostForList, leastForList) = (256, 39)
  private static let iterations = 10

  /// Finds the centres of the lists, and the codebooks of product codes, from vectors like those that will be added. Vectors that
  /// the index holds move to the new lists.
  ///
  /// Of more than 256 vectors for each list, so many are drawn at random. Of fewer than 4 for each, there will be fewer lists.
  ///
  /// - Parameters:
  ///   - vectors: Shape (n, ``dimension``), n at least 1.
  ///   - progress: Called some times with the share of the work that is done, from 0 to 1.
  /// - Precondition: there is a vector.
  /// - Throws: ``IndexError`` when the vectors do not suit, or the index holds codes alone and is not empty; `CancellationError`
  ///   where the task was cancelled. The index is then as it was.
  /// - Complexity: O(n ``lists`` d) for n vectors, ten times, and O(16 d) for 4096 of them, as often.
  public mutating func train(_ vectors: Tensor<Float>, progress: (Double) -> Void = { _ in }) throws {
    try checkRows(vectors, dimension, "train")
    require(vectors.shape[0] > 0, "IVFIndex.train: there are no vectors")
    guard isEmpty || holdsVectors else { throw IndexError(.holdsCodes(count: count), in: "train") }
    let new = try trained(on: prepared(vectors), progress)
    install(new, labels: isEmpty ? [] : IVFIndex.labels(of: rows(Array(0..<count)), new.centers, dimension))
  }

  /// Adds the rows of `vectors`.
  ///
  /// The first vectors of an index that is not trained train it.
  ///
  /// - Throws: ``IndexError``, or `CancellationError` where the task was cancelled; the index is then as it was.
  /// - Complexity: O(n ``lists`` d) for n vectors, and the time of training, if they do.
  public mutating func add(_ vectors: Tensor<Float>, ids: [Int]?) throws { try add(vectors, ids: ids) { _ in } }

  /// Adds the rows of `vectors`, and tells how far it is.
  ///
  /// - Parameters:
  ///   - vectors: Shape (n, `dimension`).
  ///   - ids: What the vectors are called; when omitted, numbers follow on the largest that was ever used.
  ///   - progress: Called some times with the share of the work that is done, from 0 to 1.
  /// - Throws: ``IndexError``, or `CancellationError` where the task was cancelled; the index is then as it was.
  /// - Complexity: O(n ``lists`` d) for n vectors, and the time of training, if they do.
  public mutating func add(_ vectors: Tensor<Float>, ids: [Int]? = nil, progress: (Double) -> Void) throws {
    try checkRows(vectors, dimension, "add")
    let n = vectors.shape[0]
    guard n <= InvertedLists.mostRows - count else {
      throw IndexError(.full(most: InvertedLists.mostRows), in: "add")
    }
    let newIDs = try checkedIDs(ids, count: n, next: nextID, isTaken: contains)
    guard let largest = newIDs.max() else { return }
    progress(0)
    let rows = prepared(vectors)
    let before = training
    var added = n
    if training == nil {
      install(try trained(on: rows) { progress(0.8 * $0) }, labels: [])
      training!.addedCount = n
      added = 0
    }
    do {
      let share = before == nil ? 0.8 : 0
      let labels = try labels(of: rows) { progress(share + (1 - share) * 0.9 * $0) }
      enter(rows, labels)
    } catch {
      if before == nil {
        training = nil
        clearLists()
      }
      throw error
    }
    table.append(newIDs)
    nextID = max(nextID, largest + 1)
    if added > 0 { retrainIfGrown() }
    progress(1)
  }

  /// Centres of few vectors are found anew when there are twice as many.
  private mutating func retrainIfGrown() {
    guard let first = training?.addedCount, first > 0, count >= 2 * first, holdsVectors,
      first < IVFIndex.leastForList * lists
    else { return }
    let all = rows(Array(0..<count))
    // A task that is cancelled meanwhile leaves lists that are as good as they were.
    guard var new = try? trained(on: all, { _ in }) else { return }
    new.addedCount = count
    install(new, labels: IVFIndex.labels(of: all, new.centers, dimension), rows: all)
  }

  /// Takes centres into use, and moves the vectors, if there are any, to their lists.
  private mutating func install(_ new: Training, labels: [Int32], rows: Tensor<Float>? = nil) {
    let all = labels.isEmpty ? nil : rows ?? self.rows(Array(0..<count))
    training = new
    clearLists()
    guard let all else { return }
    vectors = Column()
    enter(all, labels)
  }

  // MARK: Which list

  /// The lists of rows, some at a time.
  private func labels(of rows: Tensor<Float>, _ progress: (Double) -> Void) throws -> [Int32] {
    let (n, some) = (rows.shape[0], 16384)
    var labels: [Int32] = []
    labels.reserveCapacity(n)
    for first in stride(from: 0, to: n, by: some) {
      try Task.checkCancellation()
      let last = min(first + some, n)
      labels += IVFIndex.labels(of: rows[first..<last], training!.centers, dimension)
      progress(Double(last) / Double(n))
    }
    return labels
  }

  private static func labels(of rows: Tensor<Float>, _ centers: Column<Float>, _ d: Int) -> [Int32] {
    let centers = centers.rows(0..<centers.count / d, d)
    // A row so far from all centres that it has no distance goes into the first list.
    return nearestCenters(rows, centers: centers).labels.map { max($0, 0) }
  }

  // MARK: k-means

  private func trained(on rows: Tensor<Float>, _ progress: (Double) -> Void) throws -> Training {
    let n = rows.shape[0]
    let k = min(lists, max(1, n / 4))
    let sample = n > k * IVFIndex.mostForList ? rows.gather(rows: drawn(k * IVFIndex.mostForList, of: n)) : rows
    // Squares of the largest numbers overflow: they are made smaller by a power of two.
    let reach = max(sample.max(), -sample.min())
    let factor: Float = reach > 1e15 ? 0x1p-70 : 1
    let clusters = try centers(factor == 1 ? sample : sample * factor, k, seed) {
      progress((isCoded ? 0.7 : 1) * Double($0) / Double(IVFIndex.iterations))
    }
    var result = Training()
    result.centers.append(factor == 1 ? clusters.centers : clusters.centers * (1 / factor))
    guard isCoded else { return result }
    result.mean.append(clusters.centers.mean(axis: 0) * (1 / factor))
    try addCodes(to: &result, sample, clusters.labels, progress)
    return result
  }

  private func centers(_ rows: Tensor<Float>, _ k: Int, _ seed: UInt64, _ progress: (Int) -> Void) throws
    -> KMeansClusters<Float>
  {
    var options = KMeansOptions<Float>()
    options.initialization = .random
    options.maximumIterations = IVFIndex.iterations
    options.seed = seed
    return try withoutActuallyEscaping(progress) { progress in
      try kMeans(rows, k: k, options: options) { iteration, _ in progress(iteration) }
    }
  }

  /// Different rows, ascending.
  private func drawn(_ count: Int, of n: Int) -> [Int] {
    var generator = Xoshiro256(seed: seed)
    var rows = Array(0..<n)
    for i in 0..<count { rows.swapAt(i, Int.random(in: i..<n, using: &generator)) }
    return rows[..<count].sorted()
  }

  /// What codes need to know of the rows' differences from their centres.
  private func addCodes(
    to result: inout Training,
    _ rows: Tensor<Float>,
    _ labels: [Int32],
    _ progress: (Double) -> Void
  ) throws {
    let step = max(1, rows.shape[0] / (codes == .int8 ? 20_000 : InvertedLists.codewords * IVFIndex.mostForList))
    let numbers = Array(stride(from: 0, to: rows.shape[0], by: step))
    let own = result.centers.rows(numbers.map { Int(max(labels[$0], 0)) }, dimension)
    let residuals = (rows.gather(rows: numbers) - own).map { $0.isFinite ? $0 : 0 }
    guard case .product(let subspaces) = codes else {
      result.scale = residuals.withUnsafeBufferPointer {
        RowCodes.scale($0.baseAddress!, numbers.count, dimension, centre: nil)
      }
      return
    }
    let (width, words) = (dimension / subspaces, InvertedLists.codewords)
    for subspace in 0..<subspaces {
      let piece = pieces(residuals, subspace * width, width)
      let k = min(words, numbers.count)
      let found = try centers(piece, k, seed &+ UInt64(subspace) &+ 1) { _ in }.centers
      // Of fewer rows than codewords, the last one is there several times.
      result.codebooks.append(width * words) { to in
        for element in 0..<width {
          for word in 0..<words { to[element * words + word] = found[min(word, k - 1), element] }
        }
      }
      progress(0.7 + 0.3 * Double(subspace + 1) / Double(subspaces))
    }
  }

  /// Some columns of all rows, with no number so large that its square overflows.
  private func pieces(_ rows: Tensor<Float>, _ first: Int, _ width: Int) -> Tensor<Float> {
    let (n, d) = (rows.shape[0], dimension)
    return Tensor(unsafeUninitializedShape: [n, width]) { to in
      rows.withUnsafeBufferPointer { from in
        for row in 0..<n {
          for i in 0..<width { to[row * width + i] = min(max(from[row * d + first + i], -1e15), 1e15) }
        }
      }
    }
  }
}
