import CKernels

/// Cuts bytes into chunks by their content: equal content is cut alike wherever it lies, and a change moves only the cuts
/// near it. For storing versions of files without storing what they share.
///
/// ```swift
/// Chunker.ends(of: bytes, average: 8192)  // where each chunk ends, the last one at bytes.count
///
/// var chunker = Chunker(average: 8192)  // the same of bytes that come in pieces
/// chunker.ends(ofNext: piece)           // where chunks end within the piece
/// ```
///
/// A cut lies where buzhash, a hash of the last 48 bytes, is small. Chunks have `least` to `most` bytes; cuts are rarer
/// before the average and more frequent behind it, so that sizes keep close to it. Cuts depend on the bytes, the sizes and
/// the seed alone, not on the pieces.
///
/// Sources: R. Uzgalis, "Hashing concepts and the Java programming language", 1996; W. Xia et al., "FastCDC: a fast and
/// efficient content-defined chunking approach for data deduplication", ATC 2016.
public struct Chunker: Sendable {
  private var state = farro_chunker()

  /// A chunker that has seen nothing.
  ///
  /// - Parameters:
  ///   - average: The bytes of a chunk of random content, within 2% with the default sizes.
  ///   - least: The fewest bytes of a chunk but the last; a quarter of the average when omitted.
  ///   - most: The most; 8 times the average when omitted.
  ///   - seed: Draws the hash function.
  /// - Precondition: 64 <= least <= average <= most.
  public init(average: Int, least: Int? = nil, most: Int? = nil, seed: UInt64 = 0) {
    let (least, most) = (least ?? max(64, average / 4), most ?? 8 * average)
    require(
      64 <= least && least <= average && average <= most,
      "Chunker: chunks of \(least) to \(most) bytes cannot have \(average) on average; the least is 64"
    )
    check(farro_chunker_init(&state, UInt64(least), UInt64(average), UInt64(most), seed), "Chunker")
  }

  /// Where chunks end within the next bytes of a stream, counted from the first of these bytes. What is open at the end of
  /// the stream is its last chunk.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  public mutating func ends(ofNext bytes: UnsafeRawBufferPointer) -> [Int] {
    var (ends, place): ([Int], Int) = ([], 0)
    while place < bytes.count {
      var isEnd = false
      place += farro_chunker_next(&state, bytes.baseAddress! + place, bytes.count - place, &isEnd)
      if isEnd { ends.append(place) }
    }
    return ends
  }

  /// Where chunks end within the next bytes of a stream, counted from the first of these bytes.
  ///
  /// - Complexity: O(*n*) for *n* bytes.
  public mutating func ends(ofNext bytes: [UInt8]) -> [Int] {
    bytes.withUnsafeBytes { ends(ofNext: $0) }
  }

  /// Where the chunks of a whole message end, the last one at its end; none of an empty one.
  ///
  /// - Precondition: 64 <= least <= average <= most.
  /// - Complexity: O(*n*) for *n* bytes.
  public static func ends(
    of bytes: [UInt8],
    average: Int,
    least: Int? = nil,
    most: Int? = nil,
    seed: UInt64 = 0
  ) -> [Int] {
    var chunker = Chunker(average: average, least: least, most: most, seed: seed)
    var ends = chunker.ends(ofNext: bytes)
    if ends.last ?? 0 != bytes.count { ends.append(bytes.count) }
    return ends
  }
}
