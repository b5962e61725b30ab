import Farro
import Foundation

/// Why a file cannot be read: what the system says of it.
struct FileProblem: Error, CustomStringConvertible {
  enum Moment { case opening, reading }
  let moment: Moment
  let reason: String
  var description: String { reason }

  init(_ moment: Moment, _ code: Int32) {
    (self.moment, reason) = (moment, String(cString: strerror(code)))
  }
}

/// The digest of a file, or of standard input for "-", read in pieces, so that files larger than memory are no matter.
///
/// - Returns: The most significant byte first.
/// - Throws: ``FileProblem``.
func digest(ofFile path: String, _ kind: HashKind) throws(FileProblem) -> [UInt8] {
  switch kind {
  case .xxh32: try digest(ofFile: path, XXH32())
  case .xxh64: try digest(ofFile: path, XXH64())
  case .xxh128: try digest(ofFile: path, XXH128())
  case .xxh3: try digest(ofFile: path, XXH3())
  case .crc32: try digest(ofFile: path, CRC32())
  case .crc32c: try digest(ofFile: path, CRC32C())
  case .murmur32: try digest(ofFile: path, Murmur32())
  case .murmur128: try digest(ofFile: path, Murmur128())
  }
}

private func digest<Hash: ByteHasher>(ofFile path: String, _ start: Hash) throws(FileProblem) -> [UInt8] {
  var hash = start
  try withPieces(ofFile: path) { hash.update($0) }
  return withUnsafeBytes(of: hash.finalize().bigEndian) { Array($0) }
}

/// All bytes of a file, or of standard input for "-".
func contents(ofFile path: String) throws(FileProblem) -> [UInt8] {
  var bytes: [UInt8] = []
  try withPieces(ofFile: path) { bytes.append(contentsOf: $0) }
  return bytes
}

/// Hands the bytes of a file to `body`, piece by piece.
///
/// Pieces of 256 KiB stay in the second-level cache from the read until they are hashed, and are large enough to make the
/// cost of a system call vanish.
func withPieces(ofFile path: String, _ body: (UnsafeRawBufferPointer) -> Void) throws(FileProblem) {
  let isInput = path == "-"
  let file = isInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { throw FileProblem(.opening, errno) }
  defer { if !isInput { close(file) } }
  let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
  defer { piece.deallocate() }
  while true {
    let count = read(file, piece.baseAddress, piece.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw FileProblem(.reading, errno) }
    if count == 0 { return }
    body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
  }
}
