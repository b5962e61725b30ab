import CKernels

/// A part of some memory, as the kernels take it.
package struct TextSpan: BitwiseCopyable, Sendable {
  package var begin: Int
  package var length: Int

  package init(begin: Int, length: Int) { (self.begin, self.length) = (begin, length) }
}

/// Two documents of which one is a near-duplicate of the other, as the kernels list them.
package struct CandidatePair: BitwiseCopyable, Sendable {
  package var first: UInt32
  package var second: UInt32
  package var similarity: Double
}

/// Signatures, sets and keys of texts, written to memory that exists.
package enum NearDuplicateKernels {
  /// The signatures of texts, those of bins filled.
  ///
  /// - Returns: False when there is no memory for the work.
  /// - Precondition: the texts lie within `bytes`.
  package static func sign(
    _ texts: UnsafeBufferPointer<TextSpan>,
    in bytes: UnsafeRawBufferPointer,
    by shingler: Shingler,
    scheme: MinHash.Scheme,
    into signatures: UnsafeMutablePointer<UInt32>
  ) -> Bool {
    var kernel = shingler.kernel
    let status = scheme.withKernel { minhash in
      farro_sign_texts(
        minhash,
        &kernel,
        scheme.seed,
        bytes.baseAddress,
        bytes.count,
        spans(texts),
        texts.count,
        signatures
      )
    }
    return isDone(status, "NearDuplicateKernels.sign")
  }

  /// The numbers of shingles of texts, repeated ones included.
  package static func countShingles(
    _ texts: UnsafeBufferPointer<TextSpan>,
    in bytes: UnsafeRawBufferPointer,
    by shingler: Shingler
  ) -> [UInt64] {
    var kernel = shingler.kernel
    return [UInt64](unsafeUninitializedCapacity: texts.count) { counts, initializedCount in
      check(
        farro_count_shingles(
          &kernel,
          bytes.baseAddress,
          bytes.count,
          spans(texts),
          texts.count,
          counts.baseAddress
        ),
        "NearDuplicateKernels.countShingles"
      )
      initializedCount = texts.count
    }
  }

  /// The sets of shingles of texts, ascending, each from its place on.
  ///
  /// - Returns: The numbers of their elements; `nil` when there is no memory for the work.
  package static func makeSets(
    _ texts: UnsafeBufferPointer<TextSpan>,
    in bytes: UnsafeRawBufferPointer,
    by shingler: Shingler,
    places: [UInt64],
    into hashes: UnsafeMutablePointer<UInt64>
  ) -> [UInt64]? {
    var (kernel, status) = (shingler.kernel, FARRO_OK)
    let counts = [UInt64](unsafeUninitializedCapacity: texts.count) { counts, initializedCount in
      status = farro_shingle_sets(
        &kernel,
        bytes.baseAddress,
        bytes.count,
        spans(texts),
        texts.count,
        places,
        hashes,
        counts.baseAddress
      )
      initializedCount = status == FARRO_OK ? texts.count : 0
    }
    return isDone(status, "NearDuplicateKernels.makeSets") ? counts : nil
  }

  /// The keys of the bands of some signatures, band after band.
  package static func makeKeys(
    _ signatures: UnsafePointer<UInt32>,
    count: Int,
    slots: Int,
    bands: Int,
    rows: Int,
    into keys: UnsafeMutablePointer<UInt64>
  ) {
    check(farro_band_keys(signatures, count, slots, bands, rows, keys), "NearDuplicateKernels.makeKeys")
  }

  private static func spans(_ texts: UnsafeBufferPointer<TextSpan>) -> UnsafePointer<farro_span>? {
    UnsafeRawPointer(texts.baseAddress)?.assumingMemoryBound(to: farro_span.self)
  }
}

/// Everything that candidates are found in and measured by. Memory that it names must outlive its use.
package struct CandidateSearch {
  /// How candidates are measured.
  package enum Verification { case nothing, signatures, sets }

  package var count: Int
  package var bands: Int
  package var rows: Int
  package var slots: Int
  package var threshold: Double
  package var verification: Verification
  package var keys: UnsafePointer<UInt64>
  /// The first document of each piece of keys, and their number.
  package var pieces: [UInt64]
  package var signatures: UnsafePointer<UInt32>
  package var setOffsets: [UInt64]
  package var setElements: UnsafePointer<UInt64>?

  package init(
    count: Int,
    bands: Int,
    rows: Int,
    slots: Int,
    threshold: Double,
    verification: Verification,
    keys: UnsafePointer<UInt64>,
    pieces: [UInt64],
    signatures: UnsafePointer<UInt32>,
    setOffsets: [UInt64] = [],
    setElements: UnsafePointer<UInt64>? = nil
  ) {
    (self.count, self.bands, self.rows, self.slots) = (count, bands, rows, slots)
    (self.threshold, self.verification) = (threshold, verification)
    (self.keys, self.pieces, self.signatures) = (keys, pieces, signatures)
    (self.setOffsets, self.setElements) = (setOffsets, setElements)
  }

  /// Joins the similar candidates of some bands; parents lead to the smallest of a group.
  ///
  /// - Returns: False when there is no memory for the work.
  package func join(bands: Range<Int>, parts: Int, _ parents: inout [UInt32]) -> Bool {
    let status = withKernel { farro_join_candidates($0, bands.lowerBound, bands.upperBound, parts, &parents) }
    return isDone(status, "CandidateSearch.join")
  }

  /// Appends the similar candidates of some bands, in no order.
  ///
  /// - Returns: False when there is no memory for the work, or there are more than `most` in all.
  package func list(bands: Range<Int>, parts: Int, most: Int, _ pairs: inout [CandidatePair]) -> Bool {
    let room = most - pairs.count
    var (capacity, count) = (min(1 << 16, room), 0)
    while true {
      var status = FARRO_OK
      let found = [CandidatePair](unsafeUninitializedCapacity: capacity) { found, initializedCount in
        let memory = UnsafeMutableRawPointer(found.baseAddress)?.assumingMemoryBound(to: farro_pair.self)
        status = withKernel {
          farro_list_candidates($0, bands.lowerBound, bands.upperBound, parts, memory, capacity, &count)
        }
        initializedCount = status == FARRO_OK ? min(count, capacity) : 0
      }
      guard isDone(status, "CandidateSearch.list") else { return false }
      if count <= capacity {
        pairs.append(contentsOf: found)
        return true
      }
      guard capacity < room else { return false }
      capacity = min(8 * capacity, room)
    }
  }

  private func withKernel<Result>(_ body: (UnsafePointer<farro_candidates>) -> Result) -> Result {
    pieces.withUnsafeBufferPointer { pieces in
      setOffsets.withUnsafeBufferPointer { offsets in
        var candidates = farro_candidates(
          count: count,
          bands: bands,
          rows: rows,
          slots: slots,
          keys: keys,
          pieces: pieces.baseAddress,
          piece_count: pieces.count - 1,
          signatures: signatures,
          verification: verification.kernel,
          threshold: threshold,
          set_offsets: offsets.baseAddress,
          set_elements: setElements
        )
        return body(&candidates)
      }
    }
  }
}

/// False when there is no memory for the work.
private func isDone(_ status: farro_status, _ function: StaticString) -> Bool {
  if status == FARRO_ERROR_MEMORY { return false }
  check(status, function)
  return true
}

extension CandidateSearch.Verification {
  fileprivate var kernel: farro_verification {
    switch self {
    case .nothing: FARRO_VERIFY_NOTHING
    case .signatures: FARRO_VERIFY_SIGNATURES
    case .sets: FARRO_VERIFY_SETS
    }
  }
}

/// Makes every document's parent the smallest of its group.
package func flattenGroups(_ parents: inout [UInt32]) { farro_flatten_groups(&parents, parents.count) }

extension MinHash {
  /// The slots as they are compared: those that are empty take the value of others.
  package var filledSlots: [UInt32] { scheme.filled(slots) }
}
