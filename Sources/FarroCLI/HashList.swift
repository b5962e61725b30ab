import Farro

/// The hashes that `xxhsum` knows, with their numbers and names there, and others, by their names alone.
enum HashKind: String, CaseIterable {
  case xxh32 = "XXH32"
  case xxh64 = "XXH64"
  case xxh128 = "XXH128"
  case xxh3 = "XXH3"
  case crc32 = "CRC32"
  case crc32c = "CRC32C"
  case murmur32 = "MURMUR3_32"
  case murmur128 = "MURMUR3_128"

  /// `-H0` to `-H3`, the width, or a name.
  init?(option: String) {
    switch option {
    case "0", "32": self = .xxh32
    case "1", "64": self = .xxh64
    case "2", "128": self = .xxh128
    case "3": self = .xxh3
    case "crc32": self = .crc32
    case "crc32c": self = .crc32c
    case "murmur3-32": self = .murmur32
    case "murmur3": self = .murmur128
    default: return nil
    }
  }

  var byteCount: Int {
    switch self {
    case .xxh32, .crc32, .crc32c, .murmur32: 4
    case .xxh64, .xxh3: 8
    case .xxh128, .murmur128: 16
    }
  }

  /// Whether a digest without a tag would be taken for another hash's.
  var needsTag: Bool {
    switch self {
    case .xxh32, .xxh64, .xxh128: false
    case .xxh3, .crc32, .crc32c, .murmur32, .murmur128: true
    }
  }
}

/// One line of a list of digests.
///
/// Two forms, as `xxhsum` writes and reads them: `44bc2cf5ad770999  name`, and with a tag `XXH64 (name) = 44bc2cf5ad770999`,
/// whose tag ends with `_LE` when the digest is in little-endian order. XXH3 always has a tag, since its digest looks like
/// XXH64's; the prefix `XXH3_` of xxhsum 0.8.2 is read too. So have the hashes that `xxhsum` does not know.
///
/// Only a name with a line end is escaped (a backslash before the line, `\n` and `\\` in the name): version 0.8.1 of xxhsum
/// knows no escapes, and no list of it can hold such a name, while every version reads a backslash as it is.
struct HashLine: Equatable {
  var kind: HashKind
  /// The most significant byte first.
  var digest: [UInt8]
  var name: String

  /// Without its line end.
  func text(tagged: Bool, littleEndian: Bool) -> String {
    let isEscaped = name.contains { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    let digits = hexadecimal(littleEndian ? digest.reversed() : digest)
    let shown = isEscaped ? escape(name) : name
    let tag = kind.rawValue + (littleEndian ? "_LE" : "")
    return (isEscaped ? "\\" : "") + (tagged || kind.needsTag ? "\(tag) (\(shown)) = \(digits)" : "\(digits)  \(shown)")
  }

  /// What `line` says; `nil` when it is of neither form.
  ///
  /// - Parameter littleEndian: The order of digests without a tag.
  init?(_ line: Substring, littleEndian: Bool) {
    let isEscaped = line.hasPrefix("\\")
    let line = isEscaped ? line.dropFirst() : line
    guard let (kind, digits, name, isReversed) = Self.tagged(line) ?? Self.plain(line, littleEndian) else { return nil }
    guard let digest = bytes(ofHexadecimal: digits), digest.count == kind.byteCount, !name.isEmpty else { return nil }
    guard let name = isEscaped ? unescape(name) : String(name) else { return nil }
    (self.kind, self.name) = (kind, name)
    self.digest = isReversed ? digest.reversed() : digest
  }

  init(kind: HashKind, digest: [UInt8], name: String) {
    (self.kind, self.digest, self.name) = (kind, digest, name)
  }

  private typealias Parts = (HashKind, digits: Substring, name: Substring, isReversed: Bool)

  private static func tagged(_ line: Substring) -> Parts? {
    guard let open = line.firstRange(of: " ("), let close = line.ranges(of: ") = ").last else { return nil }
    guard open.upperBound <= close.lowerBound else { return nil }
    let tag = line[..<open.lowerBound]
    let isReversed = tag.hasSuffix("_LE")
    guard let kind = HashKind(rawValue: String(isReversed ? tag.dropLast(3) : tag)) else { return nil }
    return (kind, line[close.upperBound...], line[open.upperBound..<close.lowerBound], isReversed)
  }

  private static func plain(_ line: Substring, _ littleEndian: Bool) -> Parts? {
    let isXXH3 = line.hasPrefix("XXH3_")
    let line = isXXH3 ? line.dropFirst(5) : line
    guard let space = line.firstIndex(of: " ") else { return nil }
    let (digits, rest) = (line[..<space], line[space...].dropFirst())
    guard rest.first == " " || rest.first == "*" else { return nil }
    let kind = HashKind.allCases.first { $0.byteCount * 2 == digits.count && (isXXH3 ? $0 == .xxh3 : !$0.needsTag) }
    return kind.map { ($0, digits, rest.dropFirst(), littleEndian) }
  }
}

private func escape(_ name: String) -> String {
  var result = ""
  for scalar in name.unicodeScalars {
    switch scalar {
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

private func unescape(_ name: Substring) -> String? {
  var result = ""
  var scalars = name.unicodeScalars.makeIterator()
  while let scalar = scalars.next() {
    guard scalar == "\\" else {
      result.unicodeScalars.append(scalar)
      continue
    }
    switch scalars.next() {
    case "\\": result += "\\"
    case "n": result += "\n"
    case "r": result += "\r"
    default: return nil
    }
  }
  return result
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

private func bytes(ofHexadecimal digits: Substring) -> [UInt8]? {
  let values = digits.compactMap(\.hexDigitValue)
  guard values.count == digits.count, values.count.isMultiple(of: 2) else { return nil }
  return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}
