import Farro

// The ways from an index's columns to the graph, and what changes the graph.

extension HNSWIndex {
  /// The graph over the first `count` places. Its pointers are valid as long as no column changes, and its lists may be
  /// written only if all columns are unique.
  private func graph(count: Int) -> NeighborGraph {
    var graph = NeighborGraph(
      count: count,
      dimension: dimension,
      vectors: vectors.base,
      codes: codes.base,
      codeStride: RowCodes.stride(dimension),
      norms: metric == .innerProduct ? nil : norms.base,
      centre: metric == .innerProduct ? nil : centre.base,
      scale: scale
    )
    graph.setLists(
      lists.base,
      width: 2 * m,
      upper: upper.base,
      upperWidth: m,
      levels: levels.base,
      starts: starts.base,
      entry: entry
    )
    return graph
  }

  /// Whether the graph can be walked without leaving the columns.
  func isSound(upperLists: Int) -> Bool {
    withExtendedLifetime(self) { graph(count: places).isSound(upperLists: upperLists) }
  }

  // MARK: Search

  func found(_ queries: Tensor<Float>, _ k: Int, _ accepted: (bits: Column<UInt64>?, count: Int)) -> SearchResults {
    let walk = NeighborGraph.Walk(metric: metric, k: k, breadth: max(efSearch, k), measured: k + max(k, 16))
    return withExtendedLifetime((self, accepted)) {
      let results = graph(count: places)
        .search(queries, walk, accepted: accepted.bits?.base, acceptedCount: accepted.count, ids: table.ids.base)
      return SearchResults(distances: results.distances, ids: results.ids)
    }
  }

  // MARK: Adding

  /// Adds the rows of `vectors`.
  ///
  /// Vectors that are added together are linked on several threads, single ones on one.
  ///
  /// - Throws: ``IndexError``, or `CancellationError` where the task was cancelled; the index then holds what it held.
  /// - Complexity: O(n `efConstruction` `m` d log `count`) for n vectors, usually.
  public mutating func add(_ vectors: Tensor<Float>, ids: [Int]?) throws { try add(vectors, ids: ids) { _ in } }

  /// Adds the rows of `vectors`, and tells how far it is.
  ///
  /// - Parameters:
  ///   - vectors: Shape (n, `dimension`).
  ///   - ids: What the vectors are called; when omitted, numbers follow on the largest that was ever used.
  ///   - progress: Called some times with the share of the vectors that are linked, from 0 to 1.
  /// - Throws: ``IndexError``, or `CancellationError` where the task was cancelled; the index then holds what it held.
  /// - Complexity: O(n `efConstruction` `m` d log `count`) for n vectors, usually.
  public mutating func add(_ vectors: Tensor<Float>, ids: [Int]? = nil, progress: (Double) -> Void) throws {
    try checkRows(vectors, dimension, "add")
    let n = vectors.shape[0]
    guard n <= NeighborGraph.mostNodes - places else {
      throw IndexError(.full(most: NeighborGraph.mostNodes), in: "add")
    }
    let newIDs = try checkedIDs(ids, count: n, next: nextID, isTaken: contains)
    guard let largest = newIDs.max() else { return }
    let before = places
    self.vectors.append(prepared(vectors))
    table.append(newIDs)
    nextID = max(nextID, largest + 1)
    count += n
    live.setBits(from: before, to: places)
    drawLevels(n)
    encode(from: before)
    lists.append(repeating: NeighborGraph.noNode, count: n * 2 * m)
    guard link(from: before, progress) else {
      remove(newIDs)
      throw CancellationError()
    }
  }

  private mutating func drawLevels(_ n: Int) {
    var lists = upper.count / m
    let newLevels = (drawn..<drawn + n).map { randomLevel($0) }
    drawn += n
    levels.append(n) { place in for (i, level) in newLevels.enumerated() { place[i] = level } }
    starts.append(n) { place in
      for (i, level) in newLevels.enumerated() {
        place[i] = UInt32(lists)
        lists += Int(level)
      }
    }
    upper.append(repeating: NeighborGraph.noNode, count: lists * m - upper.count)
  }

  /// Level l or more with the probability m^-l.
  private func randomLevel(_ ordinal: Int) -> UInt8 {
    var generator = SplitMix64(seed: seed &+ UInt64(ordinal) &* 0x9E37_79B9_7F4A_7C15)
    var bits = generator.next()
    var level = 0
    while level < NeighborGraph.mostLevels - 1, bits < .max / UInt64(m) {
      bits *= UInt64(m)
      level += 1
    }
    return UInt8(level)
  }

  /// Makes the codes of the places from `first` on: of all, when there are twice as many as when centre and scale were found,
  /// or many new ones lie beyond what codes can express.
  private mutating func encode(from first: Int) {
    let needsCentre = metric != .innerProduct
    func scaleOf(_ first: Int, _ count: Int) -> Float {
      RowCodes.scale(vectors.base + first * dimension, count, dimension, centre: needsCentre ? centre.base : nil)
    }
    var refits = encodedCount == 0 || places >= 2 * encodedCount
    // Looked at when there are an eighth more, so that it costs little for vectors that come one by one.
    if !refits && (places - comparedCount) * 8 >= places {
      refits = scaleOf(comparedCount, places - comparedCount) > 1.5 * scale
      comparedCount = places
    }
    if refits {
      let sample = vectors.rows(Array(stride(from: 0, to: places, by: max(1, places / 20_000))), dimension)
      if needsCentre {
        // Sums of the largest numbers overflow; any centre is right, if not the best.
        centre = sample.mean(axis: 0).withUnsafeBufferPointer { Column($0.map { $0.isFinite ? $0 : 0 }) }
      }
      scale = sample.withUnsafeBufferPointer {
        RowCodes.scale($0.baseAddress!, sample.shape[0], dimension, centre: needsCentre ? centre.base : nil)
      }
      (encodedCount, comparedCount) = (places, places)
    }
    let start = refits ? 0 : first
    let (n, stride) = (places, RowCodes.stride(dimension))
    codes.makeUnique(capacity: n * stride)
    codes.append(n * stride - codes.count) { _ in }
    if needsCentre { norms.append(n - norms.count) { _ in } }
    norms.makeUnique()
    RowCodes.encode(
      vectors.base + start * dimension,
      n - start,
      dimension,
      centre: needsCentre ? centre.base : nil,
      scale: scale,
      into: codes.base + start * stride,
      norms: needsCentre ? norms.base + start : nil
    )
  }

  /// Links the places from `first` on; false when the task was cancelled, and the last ones lead nowhere.
  private mutating func link(from first: Int, _ progress: (Double) -> Void) -> Bool {
    let step = 4096
    lists.makeUnique()
    upper.makeUnique()
    var graph = graph(count: first)
    defer { withExtendedLifetime(self) {} }
    progress(0)
    for linked in stride(from: first, to: places, by: step) {
      if Task.isCancelled {
        // They are places of a graph all the same, though nothing leads to them.
        for place in linked..<places { levels[place] = 0 }
        if linked == 0 { entry = 0 }
        return false
      }
      let next = min(linked + step, places)
      graph.insert(upTo: next, breadth: efConstruction)
      entry = graph.entry
      progress(Double(next - first) / Double(places - first))
    }
    return true
  }

  // MARK: Removing

  /// Takes removed vectors out of the graph and of the columns.
  mutating func mend() {
    vectors.makeUnique()
    codes.makeUnique()
    norms.makeUnique()
    lists.makeUnique()
    upper.makeUnique()
    levels.makeUnique()
    starts.makeUnique()
    var graph = graph(count: places)
    let kept = live
    var upperLists = 0
    table.rearrange { ids in
      upperLists = graph.remove(keeping: kept.base, ids: ids)
      return graph.count
    }
    withExtendedLifetime(kept) {}
    entry = graph.entry
    let n = graph.count
    vectors.truncate(to: n * dimension)
    codes.truncate(to: n * RowCodes.stride(dimension))
    norms.truncate(to: n)
    lists.truncate(to: n * 2 * m)
    upper.truncate(to: upperLists * m)
    levels.truncate(to: n)
    starts.truncate(to: n)
    live = Column()
    live.setBits(from: 0, to: n)
    (encodedCount, comparedCount) = (min(encodedCount, n), min(comparedCount, n))
    if n == 0 { centre = Column() }
  }
}

// MARK: - Bits

extension Column where Element == UInt64 {
  func hasBit(_ i: Int) -> Bool { self[i / 64] >> UInt64(i % 64) & 1 != 0 }

  mutating func setBit(_ i: Int) { self[i / 64] |= 1 << UInt64(i % 64) }

  mutating func clearBit(_ i: Int) { self[i / 64] &= ~(1 << UInt64(i % 64)) }

  /// Grows to `end` bits, and sets those from `first` on.
  mutating func setBits(from first: Int, to end: Int) {
    append(repeating: 0, count: (end + 63) / 64 - count)
    for i in first..<end { setBit(i) }
  }
}
