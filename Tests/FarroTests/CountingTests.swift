import Testing

@testable import Farro

@Suite struct HyperLogLogTests {
  private func sketch(_ keys: Range<UInt64>, precision: Int = 10, seed: UInt64 = 1) -> HyperLogLog {
    var sketch = HyperLogLog(precision: precision, seed: seed)
    sketch.insert(contentsOf: keys)
    return sketch
  }

  @Test(arguments: [4, 8, 14, 18]) func `a union's sketch is that of all elements`(precision: Int) throws {
    let edge = UInt64(min(1 << precision / 4, 4096))  // where the list ends
    for (first, second) in [
      (0..<0, 0..<3), (0..<edge / 2, edge / 4..<edge / 2 + 1), (0..<edge, edge / 2..<2 * edge),
      (0..<2 * edge, edge..<edge + 2), (5..<edge + 6, 0..<edge), (0..<20_000, 10_000..<30_000),
    ] {
      let (x, y) = (sketch(first, precision: precision), sketch(second, precision: precision))
      let both = sketch(
        min(first.lowerBound, second.lowerBound)..<max(first.upperBound, second.upperBound),
        precision: precision
      )
      #expect(try x.union(y) == both)
      #expect(try y.union(x) == both)
      #expect(try both.union(both) == both)
    }
  }

  @Test func `elements come in any order, one by one or together, on every instruction set`() {
    let keys = (0..<5000).map { UInt64($0) * 3 }
    var expected = HyperLogLog(precision: 12, seed: 4)
    expected.insert(contentsOf: keys)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        var (single, reversed) = (HyperLogLog(precision: 12, seed: 4), HyperLogLog(precision: 12, seed: 4))
        for key in keys { single.insert(key) }
        reversed.insert(contentsOf: keys.reversed() + keys)
        #expect(single == expected)
        #expect(reversed == expected)
      }
    }
  }

  @Test(arguments: [100, 1000, 50_000]) func `a sketch of lower precision is what it would have become`(count: UInt64)
    throws
  {
    let fine = sketch(0..<count, precision: 16)
    for precision in 4...16 {
      #expect(fine.reduced(to: precision) == sketch(0..<count, precision: precision))
      let whole = sketch(0..<count, precision: precision)
      #expect(try sketch(count / 2..<count, precision: precision).union(fine) == whole)
      #expect(try fine.union(sketch(0..<2, precision: precision)) == whole)
    }
  }

  @Test func `a sketch from hashes is the reference's`() {
    var generator = SplitMix(state: 3)
    let hashes = (0..<10_000).map { _ in generator.next() }
    var sketch = HyperLogLog(precision: 9)
    #expect(sketch.isEmpty && sketch.estimatedCount == 0)
    sketch.insert(hashes: hashes)
    #expect(sketch.registers == Reference.hyperLogLog(precision: 9, hashes))
  }

  /// Sketches of one stream with seeds of their own: at each power of ten their estimates have the mean of theory, and its
  /// variance once there are several elements for each register; before, it is smaller.
  private func expectTheory(
    precision: Int,
    sketches count: Int,
    upTo most: Int,
    _ keys: (_ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt64>) -> Void) -> Void
  ) {
    var sketches = (0..<count).map { HyperLogLog(precision: precision, seed: UInt64($0)) }
    let error = sketches[0].relativeStandardError
    var (inserted, next) = (0, 1)
    while inserted < most {
      let range = inserted..<min(next, inserted + 1 << 18)
      keys(range) { keys in for i in sketches.indices { sketches[i].insert(contentsOf: keys) } }
      inserted = range.upperBound
      guard inserted == next else { continue }
      next *= 10
      var estimates = MinHashEstimateTests.Estimates()
      estimates.values = sketches.map { $0.estimatedCount / Double(inserted) }
      let (mean, spread) = estimates.deviations(mean: 1, variance: error * error)
      #expect(abs(mean) < 4, "\(inserted) elements: the mean is \(mean) standard errors off")
      // Not a number where all estimates are the same.
      #expect(!(spread >= 4), "\(inserted) elements: the variance is \(spread) standard errors too high")
      if inserted >= 10 << precision && count >= 100 {
        #expect(spread > -4, "\(inserted) elements: the variance is \(spread) standard errors too low")
      }
    }
  }

  @Test(arguments: [(7, 1000), (10, 400), (12, 200)])
  func `estimates up to a million have the mean and the variance of theory`(precision: Int, sketches: Int) {
    expectTheory(precision: precision, sketches: sketches, upTo: 1_000_000) { range, body in
      range.map { UInt64($0) }.withUnsafeBufferPointer(body)
    }
  }

  @Test func `estimates up to 100 million have the mean and the variance of theory`() {
    var words = Tensor<UInt32>(zeros: [2 << 18])
    expectTheory(precision: 14, sketches: 16, upTo: 100_000_000) { range, body in
      // Numbers of 64 bits, which are all different with a probability of 0.9997.
      randomBits(from: Philox(seed: 1, stream: UInt64(range.lowerBound)), into: &words)
      words.withUnsafeBufferPointer { words in
        words.withMemoryRebound(to: UInt64.self) { body(UnsafeBufferPointer(rebasing: $0[..<range.count])) }
      }
    }
  }

  /// The formula's correction for few registers is that of many elements; below, it leaves a bias of half an element in m.
  @Test(arguments: [(4, 20_000), (6, 5000), (10, 400), (18, 12)])
  func `where registers fill, estimates have no more than the bias that is told`(precision: Int, sketches: Int) {
    let m = 1 << precision
    let counts = [3, 8, 20, 24, 32, 40].map { m * $0 / 8 }
    let keys = Array(0..<UInt64(5 * m))
    var estimates = counts.map { _ in [Double]() }
    for seed in 0..<sketches {
      var (sketch, inserted) = (HyperLogLog(precision: precision, seed: UInt64(seed)), 0)
      for (i, count) in counts.enumerated() {
        sketch.insert(contentsOf: keys[inserted..<count])
        inserted = count
        estimates[i].append(sketch.estimatedCount / Double(count))
      }
    }
    let n = Double(sketches)
    for (count, values) in zip(counts, estimates) {
      let mean = values.reduce(0, +) / n
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)).squareRoot()
      #expect(abs(mean - 1) < 0.5 / Double(m) + 4 * deviation / n.squareRoot(), "\(count) elements: \(mean) of them")
      #expect(deviation < 1.04 / Double(m).squareRoot() * (1 + 4 / (2 * n).squareRoot()), "\(count) elements")
    }
  }

  @Test func `few elements are counted nearly exactly`() {
    for count: UInt64 in [1, 2, 10, 100, 1000, 4096] {
      #expect(abs(sketch(0..<count, precision: 14, seed: count).estimatedCount - Double(count)) < 1.5)
    }
  }
}

@Suite struct BloomFilterTests {
  @Test func `what was inserted is found, on every instruction set`() {
    let keys = Array(stride(from: UInt64(0), to: 30_000, by: 3))
    var expected = BloomFilter(expectedCount: keys.count, falsePositiveRate: 0.01, seed: 5)
    expected.insert(contentsOf: keys)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        var filter = BloomFilter(blocks: expected.blocks, seed: 5)
        for key in keys { filter.insert(key) }
        #expect(filter == expected)
        #expect(filter.membership(of: keys).allSatisfy { $0 })
        #expect(filter.contains(keys[7]))
        #expect(!BloomFilter(blocks: 3).contains(7))
      }
    }
  }

  @Test func `a union's filter is that of all elements`() throws {
    var (first, second, both) = (BloomFilter(blocks: 50), BloomFilter(blocks: 50), BloomFilter(blocks: 50))
    first.insert(contentsOf: 0..<300)
    second.insert(contentsOf: 200..<700)
    both.insert(contentsOf: 0..<700)
    let copy = first
    #expect(try first.union(second) == both)
    #expect(try second.union(first) == both)
    #expect(first == copy)
    #expect(BloomFilter(words: both.words) == both)
  }

  @Test func `a filter from hashes is the reference's, and Parquet's`() {
    var generator = SplitMix(state: 3)
    let hashes = (0..<3000).map { _ in generator.next() }
    var filter = BloomFilter(blocks: 77)
    filter.insert(hashes: hashes)
    #expect(filter.words == Reference.bloomFilter(blocks: 77, hashes))
    #expect(hashes.allSatisfy { filter.contains(hash: $0) })
    // The first words of what Spark wrote for "a0" to "a9".
    var texts = BloomFilter(blocks: 1)
    texts.insert(hashes: (0..<10).map { XXH64.hash("a\($0)") })
    #expect(texts.words.prefix(2) == [0x1450_01C8, 0x6D08_4440])
  }

  @Test(arguments: [6.0, 8, 10, 16]) func `false positives come at the rate of theory`(bitsPerElement: Double) {
    let (count, queries) = (20_000, 200_000)
    let others = Array(UInt64(count)..<UInt64(count + queries))
    let keys = Array(0..<UInt64(count))
    var rates: [Double] = []
    var expected = 0.0
    for seed in 0..<20 {
      var filter = BloomFilter(blocks: Int(Double(count) * bitsPerElement / 256), seed: UInt64(seed))
      filter.insert(contentsOf: keys)
      let found = filter.membership(of: others)
      rates.append(Double(found.withUnsafeBufferPointer { $0.reduce(0) { $0 + ($1 ? 1 : 0) } }) / Double(queries))
      expected = filter.falsePositiveRate(afterInserting: count)
    }
    let mean = rates.reduce(0, +) / 20
    let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 19
    let deviation = (mean - expected) / (variance / 20).squareRoot()
    #expect(abs(deviation) < 4, "the rate is \(mean), \(deviation) standard errors from \(expected)")
  }

  @Test func `a large filter has the rate of theory`() {
    // 13 MiB, and blocks that are no power of two.
    var filter = BloomFilter(blocks: 419_431, seed: 3)
    let (count, queries) = (9_000_000, 4_000_000)
    filter.insert(contentsOf: Array(0..<UInt64(count)))
    let found = filter.membership(of: Array(UInt64(count)..<UInt64(count + queries)))
    let share = Double(found.withUnsafeBufferPointer { $0.reduce(0) { $0 + ($1 ? 1 : 0) } }) / Double(queries)
    let expected = filter.falsePositiveRate(afterInserting: count)
    let deviation = (share - expected) / (expected * (1 - expected) / Double(queries)).squareRoot()
    #expect(abs(deviation) < 4, "the rate is \(share), \(deviation) standard errors from \(expected)")
  }

  @Test func `a filter that would be larger than any is refused`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = BloomFilter(expectedCount: 1 << 60, falsePositiveRate: 0.01)
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains("is larger than 64 GiB"), "\(message)")
  }

  @Test func `a filter is as large as its rate needs`() {
    for rate in [0.3, 0.01, 1e-6] {
      let filter = BloomFilter(expectedCount: 5000, falsePositiveRate: rate)
      #expect(filter.falsePositiveRate(afterInserting: 5000) <= rate)
      #expect(BloomFilter(blocks: filter.blocks - 1).falsePositiveRate(afterInserting: 5000) > rate)
    }
    #expect(BloomFilter(expectedCount: 0, falsePositiveRate: 0.5).blocks == 1)
  }
}

@Suite struct FrequencyTests {
  /// How often each key comes: few often, many seldom, one after the other in no order.
  static let truth = (0..<5000).map { UInt64(20_000 / ($0 + 1) + 1) }
  static let stream: [UInt64] = {
    var stream = truth.indices.flatMap { Array(repeating: UInt64($0), count: Int(truth[$0])) }
    var generator = SplitMix(state: 1)
    for i in stream.indices.dropFirst() { stream.swapAt(i, Int(generator.next() % UInt64(i + 1))) }
    return stream
  }()

  @Test(arguments: [false, true]) func `no count is too low, and few are too high by more than the bound`(
    isConservative: Bool
  ) {
    for (width, depth) in [(300, 1), (300, 3), (2000, 4)] {
      var exceeding = 0
      for seed in 0..<5 {
        var sketch = CountMinSketch(width: width, depth: depth, seed: UInt64(seed), isConservative: isConservative)
        sketch.insert(contentsOf: Self.stream)
        #expect(sketch.total == UInt64(Self.stream.count))
        let estimates = sketch.estimatedCounts(of: 0..<5000)
        #expect(zip(estimates, Self.truth).allSatisfy { $0 >= $1 })
        let bound = 2.718281828459045 * Double(sketch.total) / Double(width)
        exceeding += zip(estimates, Self.truth).count { Double($0 - $1) > bound }
      }
      let share = Double(exceeding) / 25_000
      #expect(share <= [0, 0.3679, 0.1354, 0.0498, 0.0184][depth], "\(width) wide, \(depth) deep: \(share)")
    }
  }

  @Test func `one row is too high by what falls on a counter, on average`() {
    let (width, total) = (500, Double(Self.stream.count))
    var errors: [Double] = []
    for seed in 0..<40 {
      var sketch = CountMinSketch(width: width, depth: 1, seed: UInt64(seed))
      sketch.insert(contentsOf: 0..<5000, counts: Self.truth)
      let estimates = sketch.estimatedCounts(of: 0..<5000)
      // Of each element, what all others have.
      let sum = zip(estimates, Self.truth).reduce(0) { $0 + Double($1.0 - $1.1) / (total - Double($1.1)) }
      errors.append(sum / 5000 * Double(width))
    }
    let mean = errors.reduce(0, +) / 40
    let variance = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 39
    #expect(abs(mean - 1) < 4 * (variance / 40).squareRoot(), "\(mean) of what theory says")
  }

  @Test func `a conservative sketch is never worse, and better as a rule`() {
    var (plain, conservative) = (
      CountMinSketch(width: 500, depth: 4, seed: 1), CountMinSketch(width: 500, depth: 4, seed: 1, isConservative: true)
    )
    plain.insert(contentsOf: Self.stream)
    conservative.insert(contentsOf: Self.stream)
    let pairs = zip(plain.estimatedCounts(of: 0..<5000), conservative.estimatedCounts(of: 0..<5000))
    #expect(pairs.allSatisfy { $0 >= $1 })
    #expect(pairs.count { $0 > $1 } > 4000)
  }

  @Test func `merged counts are those of both streams`() throws {
    let half = Self.stream.count / 3
    var (first, second, both) = (
      CountMinSketch(relativeError: 0.002, failureProbability: 0.01, seed: 2),
      CountMinSketch(relativeError: 0.002, failureProbability: 0.01, seed: 2),
      CountMinSketch(relativeError: 0.002, failureProbability: 0.01, seed: 2)
    )
    #expect(first.width == 1360 && first.depth == 5)
    first.insert(contentsOf: Self.stream[..<half])
    second.insert(contentsOf: Self.stream[half...])
    both.insert(contentsOf: Self.stream)
    try first.merge(second)
    #expect(first == both)
    var (single, hashed) = (CountMinSketch(width: 9), CountMinSketch(width: 9))
    single.insert(5, count: 7)
    single.insert(5)
    #expect(single.estimatedCount(of: 5) == 8)
    hashed.insert(hashes: [1, 2], counts: [3, 4])
    hashed.insert(hashes: [1])
    #expect(hashed.estimatedCount(ofHash: 1) >= 4 && hashed.total == 8)
  }

  @Test func `counts and totals stop where numbers end`() throws {
    var sketch = CountMinSketch(width: 3, depth: 2)
    sketch.insert(1, count: .max - 1)
    sketch.insert(contentsOf: [1, 1, 1])
    #expect(sketch.estimatedCount(of: 1) == .max && sketch.total == .max)
    try sketch.merge(sketch)
    #expect(sketch.estimatedCount(of: 1) == .max && sketch.total == .max)
    var hitters = HeavyHitters(capacity: 2)
    hitters.insert(1, count: .max - 1)
    hitters.insert(contentsOf: [1, 1, 2, 3])
    #expect(hitters[1]?.count == .max && hitters.total == .max)
    let again = HeavyHitters(capacity: 2, total: hitters.total, elements: hitters.elements)
    #expect(again == hitters)
  }

  @Test func `sketches that were made in different ways are not merged`() {
    func expectMismatch(_ property: String, _ merge: () throws -> Void) {
      let error = #expect(throws: SketchMismatch.self) { try merge() }
      #expect(error?.property == property)
    }
    var sketch = CountMinSketch(width: 3, depth: 2, seed: 1)
    let before = sketch
    expectMismatch("widths") { try sketch.merge(CountMinSketch(width: 4, depth: 2, seed: 1)) }
    expectMismatch("depths") { try sketch.merge(CountMinSketch(width: 3, depth: 3, seed: 1)) }
    expectMismatch("seeds") { try sketch.merge(CountMinSketch(width: 3, depth: 2)) }
    expectMismatch("conservative updates") {
      try sketch.merge(CountMinSketch(width: 3, depth: 2, seed: 1, isConservative: true))
    }
    #expect(sketch == before)
    var hitters = HeavyHitters(capacity: 3)
    expectMismatch("capacities") { try hitters.merge(HeavyHitters(capacity: 2)) }
    expectMismatch("seeds") { _ = try HyperLogLog(seed: 1).union(HyperLogLog()) }
    expectMismatch("numbers of blocks") { _ = try BloomFilter(blocks: 1).union(BloomFilter(blocks: 2)) }
    expectMismatch("seeds") { _ = try BloomFilter(blocks: 1).union(BloomFilter(blocks: 1, seed: .max)) }
    let bins = MinHash(.init(.bins, slots: 4, seed: 1))
    expectMismatch("engines") { _ = try bins.union(MinHash(.init(.permutations, slots: 4, seed: 1))) }
    expectMismatch("numbers of slots") { _ = try bins.union(MinHash(.init(.bins, slots: 5, seed: 1))) }
    expectMismatch("seeds") { _ = try bins.union(MinHash(.init(.bins, slots: 4, seed: 2))) }
    var weighted = WeightedMinHash(slots: 4)
    expectMismatch("seeds") { try weighted.formUnion(WeightedMinHash(slots: 4, seed: 1)) }
    expectMismatch("numbers of slots") { try weighted.formUnion(WeightedMinHash(slots: 5)) }
    var old = DatasketchMinHash(slots: 4)
    expectMismatch("schemes") { try old.formUnion(DatasketchMinHash(slots: 4, scheme: .legacy)) }
    expectMismatch("seeds") { try old.formUnion(DatasketchMinHash(slots: 4, seed: 2)) }
    expectMismatch("numbers of slots") { try old.formUnion(DatasketchMinHash(slots: 5)) }
    #expect(
      "\(SketchMismatch(sketch: "BloomFilter", property: "seeds", first: "1", second: "2"))"
        == "BloomFilter: sketches whose seeds are 1 and 2 cannot be merged"
    )
  }

  @Test(arguments: [1, 20, 300, 6000]) func `frequent elements are kept, within the bounds`(capacity: Int) throws {
    let half = Self.stream.count / 2
    var (all, first, second) = (
      HeavyHitters(capacity: capacity), HeavyHitters(capacity: capacity), HeavyHitters(capacity: capacity)
    )
    all.insert(contentsOf: Self.stream)
    first.insert(contentsOf: Self.stream[..<half])
    for key in Self.stream[half...] { second.insert(key) }
    try first.merge(second)
    for hitters in [all, first] {
      #expect(hitters.total == UInt64(Self.stream.count))
      let most = hitters.total / UInt64(capacity)
      let elements = hitters.elements
      #expect(elements.count == min(capacity, 5000))
      for element in elements {
        let truth = Self.truth[Int(element.key)]
        #expect(element.count >= truth && element.count - element.error <= truth && element.error <= most)
        #expect(hitters[element.key] == element)
      }
      for (key, truth) in Self.truth.enumerated() where truth > most { #expect(hitters[UInt64(key)] != nil) }
      #expect(zip(elements, elements.dropFirst()).allSatisfy { $0.count >= $1.count })
    }
    #expect(capacity < 6000 || all == first)
    let restored = HeavyHitters(capacity: capacity, total: all.total, elements: all.elements)
    #expect(restored == all)
    #expect(HeavyHitters(capacity: capacity, total: 0, elements: all.elements) == nil)
  }
}
