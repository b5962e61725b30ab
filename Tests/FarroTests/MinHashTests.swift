import Testing

@testable import Farro

@Suite struct MinHashTests {
  static let schemes = [MinHash.Scheme(.permutations, slots: 64, seed: 5), MinHash.Scheme(.bins, slots: 64, seed: 5)]

  private func elements(_ range: Range<Int>) -> [UInt64] {
    range.map { element in
      var generator = SplitMix(state: UInt64(element) << 32)
      return generator.next()
    }
  }

  @Test(arguments: schemes) func `a union's signature is that of all elements`(scheme: MinHash.Scheme) throws {
    for (first, second) in [(0..<300, 200..<700), (0..<3, 2..<5), (0..<0, 0..<9), (0..<0, 0..<0)] {
      let (x, y) = (MinHash(scheme, of: elements(first)), MinHash(scheme, of: elements(second)))
      let both = MinHash(scheme, of: elements(second) + elements(first).reversed())
      #expect(try x.union(y) == both)
      #expect(try y.union(x) == both)
    }
    var one = MinHash(scheme)
    #expect(one.isEmpty)
    for element in elements(0..<20) { one.insert(element) }
    #expect(one == MinHash(scheme, of: elements(0..<20)))
    #expect(!one.isEmpty)
  }

  @Test(arguments: schemes) func `equal sets are alike and disjoint ones are not`(scheme: MinHash.Scheme) {
    let none = MinHash(scheme)
    #expect(none.jaccardSimilarity(to: none) == 1)
    for count in [1, 3, 10, 1000] {
      let (x, y) = (MinHash(scheme, of: elements(0..<count)), MinHash(scheme, of: elements(count..<2 * count)))
      #expect(x.jaccardSimilarity(to: x) == 1)
      #expect(x.jaccardSimilarity(to: y) == 0)
      #expect(x.jaccardSimilarity(to: none) == 0)
    }
  }

  @Test(arguments: schemes) func `texts have the signatures of their shingles`(scheme: MinHash.Scheme) {
    let texts = (0..<70).map { i in
      (0..<i * i % 300).map { "wörd\($0 * (i + 1) % 83)" }.joined(separator: i % 2 == 0 ? " " : ", ")
    }
    let shingler = Shingler.words(2, seed: 3)
    for isa in InstructionSet.supported {
      withInstructionSet(isa) {
        let hashes = MinHashes(of: texts, by: shingler, scheme: scheme)
        #expect(hashes.count == texts.count)
        for (i, text) in texts.enumerated() {
          #expect(hashes[i] == MinHash(scheme, of: shingler.shingles(of: text)))
        }
        let similarities = hashes.jaccardSimilarities()
        for (i, j) in [(3, 5), (0, 30), (60, 62), (30, 0), (17, 17)] {
          #expect(similarities[i, j] == Float(hashes[i].jaccardSimilarity(to: hashes[j])))
        }
        #expect(MinHashes(scheme, slots: hashes.slots) == hashes)
      }
    }
    #expect(MinHashes(of: [], by: shingler, scheme: scheme).jaccardSimilarities().shape == [0, 0])
  }

  @Test func `votes of texts are those of their shingles, with equal weights too`() {
    let texts = ["a text of some words", "", "and another text with other words, and some more of them"]
    var (bytes, offsets): ([UInt8], [Int]) = ([], [0])
    for text in texts {
      bytes += text.utf8
      offsets.append(bytes.count)
    }
    let shingler = Shingler.words(2)
    let hashes = bytes.withUnsafeBytes { SimHash.hashes(ofTextsIn: $0, offsets: offsets, by: shingler) }
    for (hash, text) in zip(hashes, texts) {
      let shingles = shingler.shingles(of: text)
      #expect(hash == SimHash(of: shingles))
      #expect(hash == SimHash(of: shingles, weights: shingles.map { _ in 3 }))
    }
    #expect(SimHash(of: []).bits == 0)
  }

  /// In floats, 41 · (1 / 41) is no 1.
  @Test func `equal sets are alike with any number of slots, whole and packed`() {
    for slots in 1...130 {
      let hashes = MinHashes(.init(.bins, slots: slots), slots: (0..<slots).map { UInt32($0) })
      #expect(hashes.jaccardSimilarities()[0, 0] == 1, "\(slots) slots")
      for bits in [1, 2, 4, 8, 16] {
        #expect(hashes.packed(bits: bits).jaccardSimilarities()[0, 0] == 1, "\(slots) slots of \(bits) bits")
      }
    }
  }

  @Test func `votes of parts are those of the whole`() {
    let elements = elements(0..<1000)
    let weights = elements.indices.map { Float($0 % 9) - 2 }
    for split in [0, 1, 500, 1000] {
      var (first, second, whole) = (SimHash.Votes(), SimHash.Votes(), SimHash.Votes())
      first.insert(contentsOf: elements[..<split])
      second.insert(contentsOf: elements[split...])
      whole.insert(contentsOf: elements)
      second.merge(first)
      #expect(second == whole && second.simHash == SimHash(of: elements))
      #expect(first.simHash == SimHash(of: Array(elements[..<split])))
      first.insert(contentsOf: Array(elements[split...]), weights: Array(weights[split...]))
      whole.insert(contentsOf: Array(elements[split...]), weights: Array(weights[split...]))
      first.merge(second)
      #expect(SimHash.Votes(sums: first.sums) == first)
    }
    var weighted = SimHash.Votes()
    weighted.insert(contentsOf: elements, weights: weights)
    #expect(weighted.simHash == SimHash(of: elements, weights: weights))
    // As many for as against: not set.
    #expect(SimHash(of: [0b01, 0b10, 0b11, 0]).bits == 0)
  }

  @Test func `weighted sets unite by their larger weights`() throws {
    let elements = elements(0..<30)
    let weights = (0..<30).map { Float($0 % 7) + 0.5 }
    var (first, second, both) = (
      WeightedMinHash(slots: 40, seed: 3), WeightedMinHash(slots: 40, seed: 3), WeightedMinHash(slots: 40, seed: 3)
    )
    both.insert(contentsOf: elements, weights: weights)
    first.insert(contentsOf: elements, weights: weights.map { $0 / 2 })
    second.insert(contentsOf: elements.reversed(), weights: weights.reversed())
    try first.formUnion(second)
    #expect(first == both)
    #expect(first.similarity(to: both) == 1)
  }

  @Test func `signatures are datasketch's`() throws {
    let items = (0..<100).map { "item \($0 * $0)" }
    var (affine, legacy) = (DatasketchMinHash(slots: 40), DatasketchMinHash(slots: 40, seed: 7, scheme: .legacy))
    affine.insert(contentsOf: items)
    #expect(affine.slots == SketchGolden.affine32)
    for item in items.prefix(50) { legacy.insert(item) }
    var rest = DatasketchMinHash(slots: 40, seed: 7, scheme: .legacy)
    rest.insert(contentsOf: items.dropFirst(50))
    #expect(legacy.jaccardSimilarity(to: rest) < 0.2)
    try legacy.formUnion(rest)
    #expect(legacy.slots == SketchGolden.legacy)
  }
}

/// Estimates over random sets and seeds, against their theory: within 4 standard errors, with fixed seeds.
@Suite struct MinHashEstimateTests {
  /// The estimates of one similarity, and what they should be around.
  struct Estimates {
    var values: [Double] = []

    /// Means and variances in units of their standard errors.
    func deviations(mean expected: Double, variance: Double) -> (mean: Double, variance: Double) {
      let n = Double(values.count)
      let mean = values.reduce(0, +) / n
      let squares = values.map { ($0 - expected) * ($0 - expected) }
      let spread = squares.reduce(0, +) / n
      let fourth = squares.reduce(0) { $0 + $1 * $1 } / n
      return (
        (mean - expected) / (variance / n).squareRoot(),
        (spread - variance) / ((fourth - spread * spread) / n).squareRoot()
      )
    }
  }

  /// Pairs of sets with `common` elements in both, of `union` in either; each pair with a seed of its own.
  private func pairs(
    _ count: Int,
    union: Int,
    common: Int,
    seed: UInt64,
    _ body: (_ seed: UInt64, _ first: [UInt64], _ second: [UInt64]) -> Void
  ) {
    var generator = SplitMix(state: seed)
    for _ in 0..<count {
      let elements = (0..<union).map { _ in generator.next() }
      let half = common + (union - common) / 2
      body(generator.next(), Array(elements[..<half]), Array(elements[..<common] + elements[half...]))
    }
  }

  @Test(arguments: [0.1, 0.3, 0.5, 0.8, 0.95]) func `estimates have the mean and the variance of theory`(
    similarity: Double
  ) {
    for (engine, slots, union) in [
      (MinHash.Engine.permutations, 128, 200), (.permutations, 100, 60), (.bins, 128, 1000), (.bins, 128, 200),
      (.bins, 100, 20),
    ] {
      let common = Int((similarity * Double(union)).rounded())
      let exact = Double(common) / Double(union)
      var estimates = Estimates()
      pairs(union > 500 ? 2000 : 2500, union: union, common: common, seed: UInt64(slots + union)) {
        seed,
        first,
        second in
        let scheme = MinHash.Scheme(engine, slots: slots, seed: seed)
        estimates.values.append(MinHash(scheme, of: first).jaccardSimilarity(to: MinHash(scheme, of: second)))
      }
      let variance = MinHash.Scheme(engine, slots: slots).variance(at: exact, unionCount: union)
      let (mean, spread) = estimates.deviations(mean: exact, variance: variance)
      #expect(abs(mean) < 4, "\(engine), \(union) elements: the mean is \(mean) standard errors off")
      #expect(abs(spread) < 4, "\(engine), \(union) elements: the variance is \(spread) standard errors off")
    }
  }

  /// Words as alike as numbers in turn are: whatever pattern their hashes had would show.
  @Test(arguments: [Shingler.Unit.words, .bytes]) func `estimates from texts have the mean and the variance of theory`(
    unit: Shingler.Unit
  ) {
    for engine in [MinHash.Engine.permutations, .bins] {
      var (generator, estimates) = (SplitMix(state: 5), Estimates())
      let (common, union, slots) = (150, 250, 128)
      for _ in 0..<500 {
        // Shingles of the 4 bytes of each number, which begin at a multiple of 4, or of each word.
        let shingler = Shingler(unit, size: unit == .words ? 1 : 4, seed: generator.next())
        let first = Int(generator.next() % 9000)
        let elements = (first..<first + union).map { number in
          shingler.shingles(of: unit == .words ? "\(number)" : String("\(10_000 + number)".suffix(4)))[0]
        }
        let half = common + (union - common) / 2
        let scheme = MinHash.Scheme(engine, slots: slots, seed: generator.next())
        let (x, y) = (
          MinHash(scheme, of: elements[..<half]), MinHash(scheme, of: elements[..<common] + elements[half...])
        )
        estimates.values.append(x.jaccardSimilarity(to: y))
      }
      let scheme = MinHash.Scheme(engine, slots: slots)
      let (mean, spread) = estimates.deviations(mean: 0.6, variance: scheme.variance(at: 0.6, unionCount: union))
      #expect(abs(mean) < 4 && abs(spread) < 4, "\(engine): \(mean) and \(spread) standard errors off")
    }
  }

  @Test func `one seed serves all sets as well`() {
    for engine in [MinHash.Engine.permutations, .bins] {
      let scheme = MinHash.Scheme(engine, slots: 128, seed: 1)
      var estimates = Estimates()
      pairs(2000, union: 400, common: 200, seed: 9) { _, first, second in
        estimates.values.append(MinHash(scheme, of: first).jaccardSimilarity(to: MinHash(scheme, of: second)))
      }
      let (mean, spread) = estimates.deviations(mean: 0.5, variance: scheme.variance(at: 0.5, unionCount: 400))
      #expect(abs(mean) < 4 && abs(spread) < 4, "\(engine): \(mean) and \(spread) standard errors off")
    }
  }

  @Test(arguments: [1, 2, 4, 8]) func `estimates from a few bits have the mean and the variance of theory`(bits: Int) {
    for similarity in [0.1, 0.5, 0.9] {
      let (union, slots) = (200, 128)
      var estimates = Estimates()
      pairs(2500, union: union, common: Int(similarity * 200), seed: UInt64(bits)) { seed, first, second in
        let scheme = MinHash.Scheme(.permutations, slots: slots, seed: seed)
        let both = MinHashes(scheme, slots: MinHash(scheme, of: first).slots + MinHash(scheme, of: second).slots)
        estimates.values.append(Double(both.packed(bits: bits).jaccardSimilarities()[0, 1]))
      }
      let chance = 1 / Double(1 << bits)
      let agreeing = chance + (1 - chance) * similarity
      let variance = agreeing * (1 - agreeing) / Double(slots) / ((1 - chance) * (1 - chance))
      let (mean, spread) = estimates.deviations(mean: similarity, variance: variance)
      #expect(abs(mean) < 4, "\(bits) bits at \(similarity): the mean is \(mean) standard errors off")
      #expect(abs(spread) < 4, "\(bits) bits at \(similarity): the variance is \(spread) standard errors off")
    }
  }

  @Test func `weighted estimates have the mean and the variance of theory`() {
    let slots = 64
    var (generator, estimates) = (SplitMix(state: 11), Estimates())
    let weights: ([Float], [Float]) = ([1, 2, 0.5, 3, 0, 7.25], [2, 2, 0.25, 0, 1.5, 6])
    let exact = Double(1 + 2 + 0.25 + 6) / Double(2 + 2 + 0.5 + 3 + 1.5 + 7.25)
    for _ in 0..<3000 {
      let elements = weights.0.map { _ in generator.next() }
      var first = WeightedMinHash(slots: slots, seed: generator.next())
      var second = first
      first.insert(contentsOf: elements, weights: weights.0)
      second.insert(contentsOf: elements, weights: weights.1)
      estimates.values.append(first.similarity(to: second))
    }
    let (mean, spread) = estimates.deviations(mean: exact, variance: exact * (1 - exact) / Double(slots))
    #expect(abs(mean) < 4 && abs(spread) < 4, "\(mean) and \(spread) standard errors off")
  }

  @Test func `bits of votes differ by the angle between bags`() {
    let (union, common) = (2000, 1200)  // two bags of 1600: the cosine of their angle is 3/4
    let angle = 0.2300534561626159  // acos(0.75) / pi
    var estimates = Estimates()
    pairs(1000, union: union, common: common, seed: 4) { _, first, second in
      estimates.values.append(Double(SimHash(of: first).distance(to: SimHash(of: second))) / 64)
    }
    let (mean, spread) = estimates.deviations(mean: angle, variance: angle * (1 - angle) / 64)
    #expect(abs(mean) < 4 && abs(spread) < 4, "\(mean) and \(spread) standard errors off")
  }
}
