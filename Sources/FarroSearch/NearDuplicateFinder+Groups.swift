import Farro
import Foundation

extension NearDuplicateFinder {
  /// The near-duplicates among the documents so far.
  ///
  /// - Parameters:
  ///   - listingPairs: Whether the pairs are listed too. Of many documents that are all alike, every one makes a pair with every
  ///     other.
  ///   - progress: Called with the fraction of the work that is done.
  /// - Throws: `FileError` and ``NearDuplicatesError``, and `CancellationError` when the task is cancelled.
  /// - Complexity: O(documents · bands) as a rule; O(*n*²) for *n* documents that are candidates and yet unlike.
  public func finish(listingPairs: Bool = false, progress: ((Double) -> Void)? = nil) throws -> NearDuplicates {
    try flush()
    let search = try candidateSearch()
    var parents = (0..<UInt32(count)).map { $0 }
    var pairs: [CandidatePair] = []
    let (bands, parts) = (options.bands.bands, parts)
    // As many bands at a time as there are threads for.
    let step = max(1, (Threads.current + parts - 1) / parts)
    try timed(\.joining) {
      for first in stride(from: 0, to: bands, by: step) {
        try Task.checkCancellation()
        let some = first..<min(first + step, bands)
        guard search.join(bands: some, parts: parts, &parents) else {
          throw NearDuplicatesError(.noMemory(bytes: workBytes / parts))
        }
        if listingPairs {
          guard search.list(bands: some, parts: parts, most: mostPairs, &pairs) else {
            throw NearDuplicatesError(.tooManyPairs(most: mostPairs))
          }
        }
        progress?(Double(some.upperBound) / Double(bands))
      }
      flattenGroups(&parents)
    }
    return withExtendedLifetime(self) { result(parents, listingPairs ? pairs : nil) }
  }

  private func result(_ parents: [UInt32], _ pairs: [CandidatePair]?) -> NearDuplicates {
    (statistics.duplicates, statistics.groups) = (0, 0)
    var heads = [Bool](repeating: false, count: parents.count)
    for (document, parent) in parents.enumerated() where document != parent {
      statistics.duplicates += 1
      if !heads[Int(parent)] { statistics.groups += 1 }
      heads[Int(parent)] = true
    }
    statistics.spilledBytes = signatures.fileBytes + keys.fileBytes + elements.fileBytes
    let sorted = pairs?.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    return NearDuplicates(
      representatives: parents,
      pairs: sorted?.map { .init(first: Int($0.first), second: Int($0.second), similarity: $0.similarity) },
      lengths: lengths,
      statistics: statistics
    )
  }

  private func candidateSearch() throws -> CandidateSearch {
    let isExact = options.verification == .exact
    return CandidateSearch(
      count: count,
      bands: options.bands.bands,
      rows: options.bands.rows,
      slots: options.scheme.slots,
      threshold: options.threshold,
      verification: isExact ? .sets : options.verification == .signatures ? .signatures : .nothing,
      keys: try keys.contents().elements(UInt64.self),
      pieces: pieces,
      signatures: try signatures.contents().elements(UInt32.self),
      setOffsets: setOffsets,
      setElements: isExact ? try elements.contents().elements(UInt64.self) : nil
    )
  }

  // MARK: - Work space

  /// Of sorting all keys of a band on every thread.
  private var workBytes: Int { 32 * count * Threads.current }

  /// Ranges of keys that are sorted one after the other, so that the work space stays within the limit.
  private var parts: Int {
    let room = max(options.memoryLimit - memoryBytes, options.memoryLimit / 8, 1 << 20)
    return min(max(1, (workBytes + room - 1) / room), max(1, count))
  }

  private var mostPairs: Int { max(options.memoryLimit / 2 / MemoryLayout<NearDuplicates.Pair>.stride, 1000) }
}
