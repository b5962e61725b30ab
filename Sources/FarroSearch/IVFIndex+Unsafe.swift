import Farro

// The ways from an index's columns to the lists, and what changes them.

extension IVFIndex {
  /// Whether there are vectors to measure exactly.
  var holdsVectors: Bool { keepsVectors }
  var isCoded: Bool { codes != .none }

  var listCodes: InvertedLists.Codes {
    switch codes {
    case .none: .rows
    case .int8: .bytes
    case .product(let subspaces): .product(subspaces: subspaces)
    }
  }

  var entryBytes: Int { listCodes.entryBytes(dimension) }

  /// The lists. Its pointers are valid as long as no column changes, and entries may be written only if all columns are
  /// unique.
  private func inverted(_ training: Training) -> InvertedLists {
    var lists = InvertedLists(
      metric: metric,
      codes: listCodes,
      dimension: dimension,
      count: listCount,
      centers: training.centers.base,
      starts: starts.base,
      counts: counts.base
    )
    lists.setPlaces(numbers: numbers.base, entries: entries.base, terms: isCoded ? terms.base : nil)
    lists.setCodes(
      mean: isCoded && metric != .innerProduct ? training.mean.base : nil,
      scale: training.scale,
      codebooks: training.codebooks.base
    )
    lists.setRows(isCoded && keepsVectors ? vectors.base : nil, ids: table.ids.base)
    return lists
  }

  // MARK: Search

  func found(_ queries: Tensor<Float>, _ k: Int, probes: Int, _ accepted: Column<UInt64>?) -> SearchResults {
    guard let training, !isEmpty, k > 0, queries.shape[0] > 0 else {
      let shape = [queries.shape[0], k]
      return SearchResults(
        distances: Tensor(repeating: worstDistance, shape: shape),
        ids: Tensor(repeating: -1, shape: shape)
      )
    }
    let walk = InvertedLists.Walk(k: k, probes: probes, measured: product(k, rerank))
    return withExtendedLifetime((self, accepted)) {
      let results = inverted(training).search(queries, walk, accepted: accepted?.base)
      return SearchResults(distances: results.distances, ids: results.ids)
    }
  }

  /// The nearest of some vectors, all measured: they are the only list of an index without codes.
  func found(_ queries: Tensor<Float>, _ k: Int, among few: [Int]) -> SearchResults {
    guard !few.isEmpty, k > 0, queries.shape[0] > 0 else { return found(queries, k, probes: 0, nil) }
    let rows = rows(few)
    let (start, count) = (Column([0]), Column([few.count]))
    let numbers = Column(few.map { UInt32($0) })
    let center = Column([Float](repeating: 0, count: dimension))
    return withExtendedLifetime((self, start, count, numbers, center)) {
      rows.withUnsafeBufferPointer { rows in
        var list = InvertedLists(
          metric: metric,
          codes: .rows,
          dimension: dimension,
          count: 1,
          centers: center.base,
          starts: start.base,
          counts: count.base
        )
        list.setPlaces(numbers: numbers.base, entries: UnsafeMutableRawPointer(mutating: rows.baseAddress!), terms: nil)
        list.setRows(nil, ids: table.ids.base)
        let walk = InvertedLists.Walk(k: k, probes: 1, measured: k)
        let results = list.search(queries, walk, accepted: nil)
        return SearchResults(distances: results.distances, ids: results.ids)
      }
    }
  }

  /// Some vectors, as they are compared.
  func rows(_ numbers: [Int]) -> Tensor<Float> {
    if isCoded { return vectors.rows(numbers, dimension) }
    return Tensor(unsafeUninitializedShape: [numbers.count, dimension]) { rows in
      guard let to = rows.baseAddress else { return }
      withExtendedLifetime(self) {
        let entries = UnsafeRawPointer(entries.base).assumingMemoryBound(to: Float.self)
        for (i, number) in numbers.enumerated() {
          let place = starts[Int(labels[number])] + Int(offsets[number])
          (to + i * dimension).update(from: entries + place * dimension, count: dimension)
        }
      }
    }
  }

  // MARK: Adding

  /// Enters rows whose lists are known under the numbers that follow on the last.
  mutating func enter(_ rows: Tensor<Float>, _ newLabels: [Int32]) {
    let (n, first) = (newLabels.count, labels.count)
    var added = [Int](repeating: 0, count: listCount)
    for label in newLabels { added[Int(label)] += 1 }
    makeRoom(added)
    counts.makeUnique()
    numbers.makeUnique()
    entries.makeUnique()
    terms.makeUnique()
    var places = [Int](repeating: 0, count: n)
    offsets.append(n) { to in
      for i in 0..<n {
        let list = Int(newLabels[i])
        let offset = counts.base[list]
        (places[i], to[i]) = (starts.base[list] + offset, UInt32(offset))
        counts.base[list] = offset + 1
        numbers.base[places[i]] = UInt32(first + i)
      }
    }
    labels.append(n) { to in for i in 0..<n { to[i] = newLabels[i] } }
    if isCoded && keepsVectors { vectors.append(rows) }
    withExtendedLifetime(self) { inverted(training!).write(rows, labels: newLabels, places: places) }
  }

  /// Lets each list grow. A list that is full moves to the end, with half as much room again; when the vectors are many, all
  /// lists are laid out anew, without room.
  private mutating func makeRoom(_ added: [Int]) {
    let needed = (0..<listCount).map { counts[$0] + added[$0] }
    let full = needed.indices.filter { needed[$0] > capacities[$0] }
    if full.isEmpty { return }
    let total = added.reduce(0, +)
    if total * 2 >= count {
      arrange(needed)
      return
    }
    for list in full {
      let (old, capacity) = (starts[list], blocks(max(needed[list], counts[list] * 3 / 2)))
      starts[list] = numbers.count
      capacities[list] = capacity
      appendPlaces(capacity)
      copyPlaces(blocks(counts[list]), numbers.base, entries.base, terms.base, old, to: starts[list])
    }
    if numbers.count > 2 * capacities.withUnsafeBufferPointer({ $0.reduce(0, +) }) {
      arrange(capacities.withUnsafeBufferPointer(Array.init))
    }
  }

  /// Rounded up to whole blocks.
  private func blocks(_ places: Int) -> Int {
    (places + InvertedLists.block - 1) / InvertedLists.block * InvertedLists.block
  }

  private mutating func appendPlaces(_ more: Int) {
    numbers.append(repeating: .max, count: more)
    entries.append(repeating: 0, count: more * entryBytes)
    if isCoded { terms.append(repeating: 0, count: more) }
  }

  /// Copies `n` places to those that have been appended.
  private func copyPlaces(
    _ n: Int,
    _ oldNumbers: UnsafePointer<UInt32>,
    _ oldEntries: UnsafePointer<UInt8>,
    _ oldTerms: UnsafePointer<Float>,
    _ from: Int,
    to: Int
  ) {
    let bytes = entryBytes
    withExtendedLifetime(self) {
      (numbers.base + to).update(from: oldNumbers + from, count: n)
      (entries.base + to * bytes).update(from: oldEntries + from * bytes, count: n * bytes)
      if isCoded { (terms.base + to).update(from: oldTerms + from, count: n) }
    }
  }

  /// Lays out the lists one after the other, with room for so many vectors in each.
  mutating func arrange(_ room: [Int]) {
    let old = self
    let rounded = room.map(blocks)
    (numbers, entries, terms) = (Column(), Column(), Column())
    appendPlaces(rounded.reduce(0, +))
    var next = 0
    for list in room.indices {
      withExtendedLifetime(old) {
        copyPlaces(
          min(blocks(old.counts[list]), old.capacities[list]),
          old.numbers.base,
          old.entries.base,
          old.terms.base,
          old.starts[list],
          to: next
        )
      }
      starts[list] = next
      capacities[list] = rounded[list]
      next += rounded[list]
    }
  }

  /// Whether lists lie one after the other, with no more places than whole blocks need.
  var isCompact: Bool {
    var next = 0
    for list in 0..<listCount {
      if starts[list] != next || capacities[list] != blocks(counts[list]) { return false }
      next += capacities[list]
    }
    return next == numbers.count
  }

  /// Lists without vectors, for the training that there is.
  mutating func clearLists() {
    let n = training?.count(dimension) ?? 0
    let zeros = Column([Int](repeating: 0, count: n))
    (starts, counts, capacities) = (zeros, zeros, zeros)
    (numbers, entries, terms) = (Column(), Column(), Column())
    (labels, offsets) = (Column(), Column())
  }

  // MARK: Removing

  /// Takes a vector out of its list; the list's last one moves to its place.
  mutating func leaveList(_ number: Int) {
    let (list, offset) = (Int(labels[number]), Int(offsets[number]))
    let (last, start) = (counts[list] - 1, starts[list])
    counts[list] = last
    guard offset != last else { return }
    let moved = numbers[start + last]
    numbers[start + offset] = moved
    offsets[Int(moved)] = UInt32(offset)
    entries.makeUnique()
    terms.makeUnique()
    withExtendedLifetime(self) { inverted(training!).move(from: start + last, to: start + offset) }
  }

  /// Gives the last vector a number that has become free.
  mutating func moveLast(to number: Int) {
    let last = labels.count - 1
    if number != last {
      (labels[number], offsets[number]) = (labels[last], offsets[last])
      numbers[starts[Int(labels[number])] + Int(offsets[number])] = UInt32(number)
    }
    table.moveLast(to: number)
    labels.truncate(to: last)
    offsets.truncate(to: last)
    guard isCoded && keepsVectors else { return }
    if number != last {
      vectors.makeUnique()
      (vectors.base + number * dimension).update(from: vectors.base + last * dimension, count: dimension)
    }
    vectors.truncate(to: last * dimension)
  }

  /// Gives memory back when more than half of the places are free, but for the blocks that lists need at least.
  mutating func shrink() {
    if numbers.count > 2 * count + 2 * InvertedLists.block * listCount {
      arrange(counts.withUnsafeBufferPointer(Array.init))
      let left = count
      table.rearrange { _ in left }
    }
  }
}
