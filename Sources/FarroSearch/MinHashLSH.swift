import Farro

/// An index of signatures that finds those that are probably similar to one, as documents come and go.
///
/// ```swift
/// let scheme = MinHash.Scheme(.bins, slots: 128)
/// let shingler = Shingler.words(5)
/// var index = MinHashLSH(scheme, threshold: 0.8)
/// try index.insert(MinHash(scheme, of: shingler.shingles(of: text)), id: 7)
/// index.query(MinHash(scheme, of: shingler.shingles(of: otherText)))  // [7], if they are alike
/// index.remove(7)
/// ```
///
/// Signatures are cut into bands (``LSHBands``); those that agree with the query in all slots of some band are candidates. A
/// value: a copy is a snapshot. Any number of threads may query it at the same time.
///
/// Source: J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", 3.4.
public struct MinHashLSH: Sendable {
  /// A signature that a query found.
  public struct Match: Sendable, Hashable {
    /// Its id.
    public let id: Int
    /// The estimate of its Jaccard similarity to the query.
    public let similarity: Double
  }

  /// What signatures have in common.
  public let scheme: MinHash.Scheme
  /// The similarity that the bands are made for.
  public let threshold: Double
  /// How signatures are cut.
  public let bands: LSHBands

  var table = IDTable()
  /// A bit for each place: whether it is in use.
  var live = Column<UInt64>()
  /// The slots of each place, filled.
  var signatures = Column<UInt32>()
  /// The keys of the bands of each place.
  private var keys: [UInt64] = []
  /// Of each band and place, the one before with the same key, plus 1.
  private var previous: [UInt32] = []
  /// Of each band, by the key's hash: the last place with the key, plus 1; 0 where there is none.
  private var heads: [UInt32] = []
  private var headCount = 0
  /// The number of signatures.
  public private(set) var count = 0

  static let mostPlaces = Int(UInt32.max) - 1

  /// An empty index.
  ///
  /// - Parameters:
  ///   - scheme: What the signatures must have in common.
  ///   - threshold: The similarity from which on signatures should be found.
  ///   - bands: By default those that miss and find too much the least.
  /// - Precondition: `threshold` is in 0...1, and `bands` fit the scheme's slots.
  public init(_ scheme: MinHash.Scheme, threshold: Double, bands: LSHBands? = nil) {
    let bands = bands ?? LSHBands(threshold: threshold, slots: scheme.slots)
    require(0...1 ~= threshold, "MinHashLSH: the threshold \(threshold) is not a similarity")
    require(
      bands.bands <= scheme.slots / bands.rows,
      "MinHashLSH: \(scheme.slots) slots are not cut into \(bands.bands) bands of \(bands.rows)"
    )
    (self.scheme, self.threshold, self.bands) = (scheme, threshold, bands)
  }

  /// Whether there are no signatures.
  public var isEmpty: Bool { count == 0 }

  /// The ids, ascending.
  ///
  /// - Complexity: O(*n* log *n*).
  public var ids: [Int] { places.map { table.ids[$0] }.sorted() }

  /// What the index holds in memory, and in the file that it is mapped from.
  public var memoryBytes: Int {
    table.bytes + live.bytes + signatures.bytes + keys.capacity * 8 + (previous.capacity + heads.capacity) * 4
  }

  /// Whether the id is in the index.
  ///
  /// - Complexity: O(1).
  public func contains(_ id: Int) -> Bool { table.place(of: id).map { live.hasBit($0) } ?? false }

  private var places: some Sequence<Int> { (0..<table.count).lazy.filter { live.hasBit($0) } }

  // MARK: - Changes

  /// Adds a signature.
  ///
  /// - Precondition: it is of the index's scheme.
  /// - Throws: ``IndexError`` when the id is taken or below 0, or the index is full.
  /// - Complexity: O(slots), amortized.
  public mutating func insert(_ signature: MinHash, id: Int) throws(IndexError) {
    checkScheme(signature, "insert")
    guard 0..<Int.max ~= id else { throw IndexError(.invalidID(id, row: 0), in: "insert") }
    guard !contains(id) else { throw IndexError(.duplicateID(id, row: 0), in: "insert") }
    guard table.count < MinHashLSH.mostPlaces else {
      throw IndexError(.full(most: MinHashLSH.mostPlaces), in: "insert")
    }
    let slots = signature.filledSlots
    signatures.append(slots.count) { place in for (i, slot) in slots.enumerated() { place[i] = slot } }
    table.append([id])
    if live.count * 64 < table.count { live.append(repeating: 0, count: 1) }
    live.setBit(table.count - 1)
    count += 1
    link(table.count - 1, makeKeys(slots))
  }

  /// Removes a signature.
  ///
  /// - Returns: False when there was none of that id.
  /// - Complexity: O(1), amortized: the index is made anew when most of its places are free.
  @discardableResult
  public mutating func remove(_ id: Int) -> Bool {
    guard contains(id), let place = table.remove(id) else { return false }
    live[place / 64] &= ~(1 << UInt64(place % 64))
    count -= 1
    if table.count >= 64 && count < table.count / 2 { compact() }
    return true
  }

  private mutating func compact() {
    let kept = Array(places)
    var fresh = MinHashLSH(scheme, threshold: threshold, bands: bands)
    fresh.table.append(kept.map { table.ids[$0] })
    for place in kept {
      fresh.signatures.append(scheme.slots) {
        $0.update(from: signatures.base + place * scheme.slots, count: scheme.slots)
      }
    }
    fresh.live.append(repeating: 0, count: (kept.count + 63) / 64)
    for place in kept.indices { fresh.live.setBit(place) }
    fresh.linkAll()
    self = fresh
  }

  // MARK: - Queries

  /// The ids of the signatures that agree with one in a band, ascending: those that are probably as similar as the threshold.
  ///
  /// - Precondition: the signature is of the index's scheme.
  /// - Complexity: O(slots + candidates), as a rule.
  public func query(_ signature: MinHash) -> [Int] {
    checkScheme(signature, "query")
    return candidates(signature.filledSlots).map { table.ids[$0] }.sorted()
  }

  /// The candidates whose estimated similarity is at least `similarity`, the most similar first, then by id.
  ///
  /// - Precondition: the signature is of the index's scheme.
  /// - Complexity: O(slots · candidates), as a rule.
  public func query(_ signature: MinHash, minimumSimilarity similarity: Double) -> [Match] {
    checkScheme(signature, "query")
    let slots = signature.filledSlots
    return candidates(slots).compactMap { place in
      let row = signatures.base + place * slots.count
      let equal = slots.indices.reduce(0) { $0 + (row[$1] == slots[$1] ? 1 : 0) }
      let estimate = Double(equal) / Double(slots.count)
      return estimate >= similarity ? Match(id: table.ids[place], similarity: estimate) : nil
    }
    .sorted { ($1.similarity, $0.id) < ($0.similarity, $1.id) }
  }

  private func candidates(_ slots: [UInt32]) -> Set<Int> {
    guard headCount > 0 else { return [] }
    var found: Set<Int> = []
    for (band, key) in makeKeys(slots).enumerated() {
      var next = heads[headPlace(band, key)]
      while next > 0 {
        let place = Int(next) - 1
        if live.hasBit(place) { found.insert(place) }
        next = previous[place * bands.bands + band]
      }
    }
    return found
  }

  // MARK: - Tables

  private func checkScheme(_ signature: MinHash, _ call: String) {
    require(signature.scheme == scheme, "MinHashLSH.\(call): the signature is of another scheme")
  }

  private func makeKeys(_ slots: [UInt32]) -> [UInt64] {
    [UInt64](unsafeUninitializedCapacity: bands.bands) { keys, initializedCount in
      slots.withUnsafeBufferPointer {
        NearDuplicateKernels.makeKeys(
          $0.baseAddress!,
          count: 1,
          slots: slots.count,
          bands: bands.bands,
          rows: bands.rows,
          into: keys.baseAddress!
        )
      }
      initializedCount = bands.bands
    }
  }

  /// Where the head of a key's places stands: tables of `headCount` per band, searched from the key's low bits on.
  private func headPlace(_ band: Int, _ key: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: key) & (headCount - 1)
    while true {
      let head = heads[band * headCount + place]
      if head == 0 || keys[(Int(head) - 1) * bands.bands + band] == key { return band * headCount + place }
      place = (place + 1) & (headCount - 1)
    }
  }

  private mutating func link(_ place: Int, _ newKeys: [UInt64]) {
    keys.append(contentsOf: newKeys)
    if 4 * (place + 1) > 3 * headCount {
      // All places find new heads, this one included.
      headCount = max(16, 2 * (place + 1).nextPowerOfTwo)
      heads = Array(repeating: 0, count: headCount * bands.bands)
      previous.removeAll(keepingCapacity: true)
      for place in 0...place { linkHeads(place) }
    } else {
      linkHeads(place)
    }
  }

  private mutating func linkHeads(_ place: Int) {
    for band in 0..<bands.bands {
      let head = headPlace(band, keys[place * bands.bands + band])
      previous.append(heads[head])
      heads[head] = UInt32(place + 1)
    }
  }

  /// Makes the tables from the signatures.
  mutating func linkAll() {
    (keys, previous, heads, headCount, count) = ([], [], [], 0, 0)
    let slots = scheme.slots
    for place in 0..<table.count {
      let row = UnsafeBufferPointer(start: signatures.base + place * slots, count: slots)
      link(place, makeKeys(Array(row)))
      if live.hasBit(place) { count += 1 }
    }
  }
}

extension Int {
  fileprivate var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
