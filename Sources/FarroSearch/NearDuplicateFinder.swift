import Farro
import FarroData
import Foundation

/// Takes documents as they come, keeps what is needed to compare them, and finds the near-duplicates among them.
///
/// Of a document it keeps a signature, the keys of its bands and, for exact verification, the set of its shingles; never the
/// text. What exceeds ``Options/memoryLimit`` goes to files without a name, of which nothing stays however the process
/// ends.
///
/// ```swift
/// let finder = NearDuplicateFinder(.init(threshold: 0.7))
/// for text in texts { try finder.add(text) }
/// let found = try finder.finish { print("\(Int($0 * 100))%") }
/// ```
public final class NearDuplicateFinder {
  /// What is compared and how.
  public struct Options: Sendable {
    /// How candidates become near-duplicates.
    public enum Verification: String, Sendable, CaseIterable {
      /// Candidates are near-duplicates.
      case none
      /// The estimate of their similarity, from all slots of the signatures, is at least the threshold.
      case signatures
      /// The Jaccard similarity of their sets of shingles is at least the threshold: what is found is right, and what was no
      /// candidate is missed. The sets need 8 bytes for each shingle.
      case exact
    }

    /// What of a text is compared.
    public var shingler: Shingler
    /// What signatures are made by.
    public var scheme: MinHash.Scheme
    /// The Jaccard similarity of near-duplicates.
    public var threshold: Double
    /// How signatures are cut.
    public var bands: LSHBands
    /// How candidates become near-duplicates.
    public var verification: Verification
    /// Most bytes that signatures, keys and sets take together with the work space of sorting; half of the machine's memory by
    /// default.
    public var memoryLimit: Int
    /// Where files without a name are made.
    public var scratchFolder: String

    /// What is compared and how.
    ///
    /// - Parameters:
    ///   - shingler: What of a text is compared.
    ///   - scheme: What signatures are made by.
    ///   - threshold: The Jaccard similarity of near-duplicates.
    ///   - bands: How signatures are cut. By default as suits the threshold, the scheme's slots and the verification: where
    ///     candidates are verified, a missed one counts nine times as much as one too many.
    ///   - verification: How candidates become near-duplicates.
    ///   - memoryLimit: Most bytes of memory; half of the machine's by default.
    ///   - scratchFolder: Where files without a name are made; the system's folder for them by default.
    /// - Precondition: `threshold` is in 0...1, and `bands` fit the scheme's slots.
    public init(
      shingler: Shingler = .words(5),
      scheme: MinHash.Scheme = .init(.permutations, slots: 128),
      threshold: Double = 0.8,
      bands: LSHBands? = nil,
      verification: Verification = .signatures,
      memoryLimit: Int? = nil,
      scratchFolder: String? = nil
    ) {
      let missedWeight = verification == .none ? 0.5 : 0.9
      let bands =
        bands
        ?? LSHBands(
          threshold: threshold,
          slots: scheme.slots,
          foundWeight: 1 - missedWeight,
          missedWeight: missedWeight
        )
      require(0...1 ~= threshold, "NearDuplicateFinder: the threshold \(threshold) is not a similarity")
      require(
        bands.bands <= scheme.slots / bands.rows,
        "NearDuplicateFinder: \(scheme.slots) slots are not cut into \(bands.bands) bands of \(bands.rows)"
      )
      (self.shingler, self.scheme, self.threshold) = (shingler, scheme, threshold)
      (self.bands, self.verification) = (bands, verification)
      self.memoryLimit = memoryLimit ?? Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)
      self.scratchFolder = scratchFolder ?? FileManager.default.temporaryDirectory.path
    }
  }

  /// What is compared and how.
  public let options: Options

  let signatures = SpillableMemory()
  let keys = SpillableMemory()
  let elements = SpillableMemory()
  /// The first document of each piece of keys, and the next.
  var pieces: [UInt64] = [0]
  /// Where each set begins, and the next.
  var setOffsets: [UInt64] = [0]
  var lengths: [UInt32] = []
  var statistics = NearDuplicates.Statistics()
  private var waiting: [UInt8] = []
  private var waitingTexts: [TextSpan] = []

  /// A finder without documents.
  public init(_ options: Options = Options()) { self.options = options }

  /// The documents so far.
  public var count: Int { lengths.count + waitingTexts.count }

  /// What it holds in memory now.
  public var memoryBytes: Int {
    signatures.memoryBytes + keys.memoryBytes + elements.memoryBytes + residentBytes + waiting.capacity
  }

  /// What stays in memory whatever the limit: lengths, groups and the offsets of sets.
  private var residentBytes: Int { lengths.count * 8 + setOffsets.count * 8 }

  /// Adds a document.
  ///
  /// - Throws: `FileError`, ``NearDuplicatesError``; `CancellationError` when the task is cancelled.
  /// - Complexity: O(bytes).
  public func add(_ text: String) throws {
    var text = text
    try text.withUTF8 { try add(UnsafeRawBufferPointer($0)) }
  }

  /// Adds a document in UTF-8, which is repaired where it is none. Small ones are gathered, to be worked on together.
  ///
  /// - Throws: `FileError`, ``NearDuplicatesError``; `CancellationError` when the task is cancelled.
  /// - Complexity: O(bytes).
  public func add(_ text: UnsafeRawBufferPointer) throws {
    if waiting.count + text.count > 1 << 22 || waitingTexts.count == 1 << 14 { try flush() }
    if text.count > 1 << 20 {
      let span = [TextSpan(begin: 0, length: text.count)]
      try flush()
      return try span.withUnsafeBufferPointer { try take($0, in: text) }
    }
    waitingTexts.append(TextSpan(begin: waiting.count, length: text.count))
    waiting.append(contentsOf: text)
  }

  /// Adds documents that lie in memory.
  package func add(_ texts: [TextSpan], in bytes: UnsafeRawBufferPointer) throws {
    try flush()
    try texts.withUnsafeBufferPointer { try take($0, in: bytes) }
  }

  func flush() throws {
    guard !waitingTexts.isEmpty else { return }
    // Taken out, so that their memory has one owner and is used again.
    var (bytes, texts): ([UInt8], [TextSpan]) = ([], [])
    swap(&bytes, &waiting)
    swap(&texts, &waitingTexts)
    try bytes.withUnsafeBytes { bytes in
      try texts.withUnsafeBufferPointer { try take($0, in: bytes) }
    }
    bytes.removeAll(keepingCapacity: true)
    texts.removeAll(keepingCapacity: true)
    swap(&bytes, &waiting)
    swap(&texts, &waitingTexts)
  }

  // MARK: - Batches

  private static let mostDocuments = Int(UInt32.max) - 1
  /// Signatures of so many documents at most are made at once: so that memory for them is small beside the limit.
  private static let mostSlotsAtOnce = 1 << 22

  private func take(_ texts: UnsafeBufferPointer<TextSpan>, in bytes: UnsafeRawBufferPointer) throws {
    let step = max(1, NearDuplicateFinder.mostSlotsAtOnce / options.scheme.slots)
    for first in stride(from: 0, to: texts.count, by: step) {
      try Task.checkCancellation()
      try takeSome(UnsafeBufferPointer(rebasing: texts[first..<min(first + step, texts.count)]), bytes)
      try stayBelowLimit()
    }
  }

  private func takeSome(_ texts: UnsafeBufferPointer<TextSpan>, _ bytes: UnsafeRawBufferPointer) throws {
    guard count + texts.count <= NearDuplicateFinder.mostDocuments else {
      throw NearDuplicatesError(.tooManyDocuments(most: NearDuplicateFinder.mostDocuments))
    }
    if options.verification == .exact { try takeSets(texts, bytes) }
    let (n, slots, bands) = (texts.count, options.scheme.slots, options.bands)
    try signatures.append(most: n * slots * 4) { memory in
      let rows = memory.assumingMemoryBound(to: UInt32.self)
      let isDone = timed(\.signing) {
        NearDuplicateKernels.sign(texts, in: bytes, by: options.shingler, scheme: options.scheme, into: rows)
      }
      guard isDone else { throw NearDuplicatesError(.noMemory(bytes: slots / 8)) }
      return n * slots * 4
    } and: { memory in
      let rows = UnsafePointer(memory.assumingMemoryBound(to: UInt32.self))
      try keys.append(most: n * bands.bands * 8) { memory in
        let keys = memory.assumingMemoryBound(to: UInt64.self)
        timed(\.keys) {
          NearDuplicateKernels.makeKeys(
            rows,
            count: n,
            slots: slots,
            bands: bands.bands,
            rows: bands.rows,
            into: keys
          )
        }
        return n * bands.bands * 8
      }
    }
    for text in texts {
      lengths.append(UInt32(clamping: text.length))
      statistics.bytes += text.length
    }
    pieces.append(UInt64(lengths.count))
    statistics.documents = lengths.count
  }

  private func takeSets(_ texts: UnsafeBufferPointer<TextSpan>, _ bytes: UnsafeRawBufferPointer) throws {
    try timed(\.sets) {
      let most = NearDuplicateKernels.countShingles(texts, in: bytes, by: options.shingler)
      var places: [UInt64] = []
      places.reserveCapacity(most.count)
      var place: UInt64 = 0
      for count in most {
        places.append(place)
        place += count
      }
      try elements.append(most: Int(place) * 8) { memory in
        let hashes = memory.assumingMemoryBound(to: UInt64.self)
        let counts = NearDuplicateKernels.makeSets(
          texts,
          in: bytes,
          by: options.shingler,
          places: places,
          into: hashes
        )
        guard let counts else { throw NearDuplicatesError(.noMemory(bytes: 12 * Int(most.max() ?? 0))) }
        var kept = 0
        for (place, count) in zip(places, counts) {
          if kept != Int(place) { (hashes + kept).update(from: hashes + Int(place), count: Int(count)) }
          kept += Int(count)
          setOffsets.append(setOffsets.last! + count)
        }
        return kept * 8
      }
    }
  }

  // MARK: - Memory

  /// Half of the limit is for what is kept, half for the work space of sorting.
  private func stayBelowLimit() throws {
    guard residentBytes <= options.memoryLimit / 2 else {
      throw NearDuplicatesError(.memoryLimit(needed: 2 * residentBytes, limit: options.memoryLimit))
    }
    while memoryBytes > options.memoryLimit / 2 {
      let inMemory = [elements, signatures, keys].filter { $0.memoryBytes > 0 }
      guard let largest = inMemory.max(by: { $0.memoryBytes < $1.memoryBytes }) else { return }
      try timed(\.spilling) { try largest.spill(to: options.scratchFolder) }
    }
  }

  func timed<Result>(
    _ stage: WritableKeyPath<NearDuplicates.Statistics, Double>,
    _ body: () throws -> Result
  ) rethrows -> Result {
    let begin = ContinuousClock.now
    defer { statistics[keyPath: stage] += begin.duration(to: .now) / .seconds(1) }
    return try body()
  }
}
