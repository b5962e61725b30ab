import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct NearDuplicatesTests {
  /// Families of texts of which some words are changed, a few that are empty, and one that is no UTF-8.
  static func texts(_ count: Int, seed: UInt64 = 4) -> [String] {
    var generator = Xoshiro256(seed: seed)
    func word() -> String { String(generator.next() % 5000, radix: 36) }
    var texts: [[String]] = []
    for number in 0..<count {
      if number % 97 == 5 {
        texts.append([])
      } else if number > 10 && generator.next() % 2 == 0 {
        var copy = texts[Int(generator.next() % UInt64(number))]
        let changes = Int(generator.next() % 6)
        for _ in 0..<changes where !copy.isEmpty { copy[Int(generator.next() % UInt64(copy.count))] = word() }
        texts.append(copy)
      } else {
        texts.append((0..<20 + generator.next() % 300).map { _ in word() })
      }
    }
    return texts.map { $0.joined(separator: " ") }
  }

  private func options(
    _ verification: NearDuplicateFinder.Options.Verification = .signatures,
    threshold: Double = 0.7,
    memoryLimit: Int? = nil,
    folder: String? = nil
  ) -> NearDuplicateFinder.Options {
    NearDuplicateFinder.Options(
      shingler: .words(3),
      scheme: .init(.bins, slots: 128, seed: 1),
      threshold: threshold,
      verification: verification,
      memoryLimit: memoryLimit,
      scratchFolder: folder
    )
  }

  /// All pairs by the definition.
  private func exactPairs(_ texts: [String], _ threshold: Float) -> Set<[Int]> {
    let distances = jaccardDistances(SortedSets(texts.map { Shingler.words(3).shingles(of: $0) }))
    var pairs: Set<[Int]> = []
    for i in texts.indices {
      for j in i + 1..<max(i + 1, texts.count) where 1 - distances[i, j] >= threshold { pairs.insert([i, j]) }
    }
    return pairs
  }

  @Test func `nearly all pairs are found, and with exact verification no other`() throws {
    let texts = Self.texts(700)
    let exact = exactPairs(texts, 0.7)
    #expect(exact.count > 500)
    for verification in NearDuplicateFinder.Options.Verification.allCases {
      let found = try NearDuplicates(of: texts, options: options(verification), listingPairs: true)
      let pairs = Set(try #require(found.pairs).map { [$0.first, $0.second] })
      let precision = Double(pairs.intersection(exact).count) / Double(pairs.count)
      let recall = Double(pairs.intersection(exact).count) / Double(exact.count)
      #expect(recall > (verification == .exact ? 0.95 : 0.85), "\(verification): \(recall)")
      #expect(verification == .exact ? precision == 1 : precision > 0.6, "\(verification): \(precision)")
    }
  }

  @Test func `groups are what pairs connect`() throws {
    let texts = Self.texts(500)
    for verification in NearDuplicateFinder.Options.Verification.allCases {
      let found = try NearDuplicates(of: texts, options: options(verification), listingPairs: true)
      var parents = Array(texts.indices)
      func root(_ i: Int) -> Int { parents[i] == i ? i : root(parents[i]) }
      for pair in try #require(found.pairs) {
        #expect(pair.first < pair.second && (verification == .none || pair.similarity >= 0.7))
        let (a, b) = (root(pair.first), root(pair.second))
        parents[max(a, b)] = min(a, b)
      }
      #expect(found.representatives == texts.indices.map { UInt32(root($0)) })
      #expect(
        found.groups
          == Dictionary(grouping: texts.indices, by: root).values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
      )
      #expect(found.statistics.groups == found.groups.count && found.statistics.documents == 500)
      #expect(found.statistics.duplicates == found.groups.reduce(0) { $0 + $1.count - 1 })
    }
  }

  @Test func `kept are the first or the longest of each group, and all others`() throws {
    let body = (0..<60).map { "word\($0)" }.joined(separator: " ")
    let texts = [body, "something else", body + " more", "", body + "!!", ""]
    let found = try NearDuplicates(of: texts, options: options())
    #expect(found.groups == [[0, 2, 4], [3, 5]])
    #expect(found.kept(.first) == [0, 1, 3])
    #expect(found.kept(.longest) == [1, 2, 3])
    #expect(found.pairs == nil)
    #expect(try NearDuplicates(of: [String](), options: options()).kept(.longest) == [])
  }

  @Test func `the examples of the documentation hold`() throws {
    let licence = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
    let texts = [licence, "Copyright 2020 somebody. " + licence.uppercased(), "something else"]
    let found = try NearDuplicates(of: texts, options: .init(shingler: .words(3), threshold: 0.7))
    #expect(found.groups == [[0, 1]] && found.kept(.longest) == [1, 2])
    let few = ["a text of some words", "A text, of some words!", "another one"]
    let two = try NearDuplicates(of: few, options: .init(shingler: .words(2)))
    #expect(two.groups == [[0, 1]] && two.kept(.first) == [0, 2])
    let scheme = MinHash.Scheme(.bins, slots: 128)
    var index = MinHashLSH(scheme, threshold: 0.5)
    let words = Shingler.words(2)
    try index.insert(MinHash(scheme, of: words.shingles(of: "the quick brown fox jumps over the lazy dog")), id: 1)
    #expect(index.query(MinHash(scheme, of: words.shingles(of: "The quick brown fox jumps over the lazy dog."))) == [1])
    #expect(NearDuplicateFinder.Options().bands == LSHBands(bands: 14, rows: 9))
  }

  @Test func `neither threads nor order nor batches matter`() throws {
    let texts = Self.texts(600)
    let found = try NearDuplicates(of: texts, options: options(.exact), listingPairs: true)
    let alone = try withThreads(1) { try NearDuplicates(of: texts, options: options(.exact), listingPairs: true) }
    #expect(alone.representatives == found.representatives && alone.pairs == found.pairs)
    var order = Array(texts.indices)
    var generator = Xoshiro256(seed: 9)
    order.shuffle(using: &generator)
    let finder = NearDuplicateFinder(options(.exact))
    for (i, place) in order.enumerated() {
      try finder.add(texts[place])
      if i % 50 == 0 { try finder.flush() }
    }
    let shuffled = try finder.finish()
    #expect(Set(shuffled.groups.map { Set($0.map { order[$0] }) }) == Set(found.groups.map(Set.init)))
  }

  @Test(arguments: NearDuplicateFinder.Options.Verification.allCases)
  func `what does not fit into memory goes to files, of which nothing stays`(
    verification: NearDuplicateFinder.Options.Verification
  ) throws {
    let texts = Self.texts(3000, seed: 8)
    try withTemporaryFile { path in
      let folder = (path as NSString).deletingLastPathComponent
      let found = try NearDuplicates(of: texts, options: options(verification), listingPairs: true)
      #expect(found.statistics.spilledBytes == 0)
      let limited = NearDuplicateFinder(options(verification, memoryLimit: 1 << 20, folder: folder))
      for (i, text) in texts.enumerated() {
        try limited.add(text)
        if i % 200 == 0 { try limited.flush() }
      }
      let spilled = try limited.finish(listingPairs: true)
      #expect(spilled.statistics.spilledBytes > 1 << 20)
      #expect(spilled.representatives == found.representatives && spilled.pairs == found.pairs)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }

  @Test func `a folder that cannot take the rest, and a limit below what must stay, are errors`() throws {
    let texts = Self.texts(2000)
    #expect(throws: FileError.self) {
      try NearDuplicates(of: texts, options: options(memoryLimit: 1 << 16, folder: "/nowhere/at/all"))
    }
    #expect(throws: NearDuplicatesError.self) {
      try withTemporaryFile { path in
        let folder = (path as NSString).deletingLastPathComponent
        return try NearDuplicates(of: texts, options: options(memoryLimit: 1000, folder: folder))
      }
    }
    let alike = [String](repeating: "the same few words again", count: 400)
    #expect(throws: NearDuplicatesError(.tooManyPairs(most: 21845))) {
      try NearDuplicates(of: alike, options: options(memoryLimit: 1 << 20), listingPairs: true)
    }
    #expect(try NearDuplicates(of: alike, options: options(memoryLimit: 1 << 20)).groups == [Array(0..<400)])
  }

  @Test func `a task that is cancelled stops`() async throws {
    let texts = Self.texts(50)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try NearDuplicates(of: texts)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `progress comes to its end`() throws {
    let finder = NearDuplicateFinder(options())
    for text in Self.texts(50) { try finder.add(text) }
    var seen: [Double] = []
    _ = try finder.finish { seen.append($0) }
    #expect(seen == seen.sorted() && seen.last == 1 && finder.count == 50 && finder.memoryBytes > 0)
    // It goes on afterwards, and counts anew.
    let first = try finder.finish()
    for text in Self.texts(50) { try finder.add(text) }
    let second = try finder.finish()
    #expect(second.statistics.documents == 100 && second.statistics.duplicates == 50 + first.statistics.duplicates)
  }

  @Test func `bytes that are no text are documents too`() throws {
    let finder = NearDuplicateFinder(NearDuplicateFinder.Options(shingler: .bytes(8)))
    var generator = Xoshiro256(seed: 2)
    let blob = (0..<3 << 20).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    for bytes in [blob, blob + [1, 2, 3], blob.reversed(), [0xFF, 0xC0]] as [[UInt8]] {
      try bytes.withUnsafeBytes { try finder.add($0) }
    }
    #expect(try finder.finish().groups == [[0, 1]])
  }
}
