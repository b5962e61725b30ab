/// A file of named arrays of bytes with checksums, written whole and read in place.
///
/// It is what indexes and models of many arrays are saved in: a reader maps the file, so that a section is there without a
/// copy, shared by all processes that read it, and brought in from the device as it is touched.
///
/// ```swift
/// try ArrayFile.write(kind: "notes", version: 1, sections: [.init("text", bytes: Array("abc".utf8))], to: path)
/// let file = try ArrayFile(path, kind: "notes", newestVersion: 1)
/// try file.section("text").withUnsafeBytes { Array($0) }  // the bytes of "abc"
/// ```
///
/// ### Layout
///
/// Numbers are little-endian and unsigned. The file begins with 64 bytes: `FARRO\r\n\u{1A}`; the layout's version (1) and the
/// number of sections, 4 bytes each; the kind, 24 bytes of ASCII filled up with zeros; the kind's version, 4 bytes; 4 zeros;
/// the file's length, 8 bytes; and the XXH3 of the 56 bytes before and of the table that follows. The table has 64 bytes per
/// section: its name, 32 bytes of ASCII filled up with zeros, its offset, its length, its XXH3, and 8 zeros. Sections follow in
/// the table's order, each at the next multiple of 64; the bytes between them, and behind the last up to such a
/// multiple, are zeros. So every byte of the file is checked.
///
/// A file must not be shortened or written to while it is mapped, which kills the reader or changes what it sees.
/// ``write(kind:version:sections:to:)`` does neither: it puts a new file in the old one's place.
public struct ArrayFile: Sendable {
  /// The file, as the caller named it; "bytes in memory" of others.
  public let path: String
  /// The version of what the file holds.
  public let version: Int
  private let file: MappedFile
  private let entries: [ArrayFileEntry]

  static let alignment = 64
  static let layoutVersion = 1
  static let magic: [UInt8] = Array("FARRO\r\n\u{1A}".utf8)
  static let mostKindBytes = 24
  static let mostNameBytes = 32
  /// More than any kind has; a damaged number must not make a table of many gigabytes.
  static let mostSections = 1 << 16

  /// Opens the file at `path`, and checks all of it.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - kind: What the file must hold.
  ///   - newestVersion: The newest version of it that the caller can read.
  ///   - verifying: Whether the checksums of sections are compared, for which all of the file is read. Without, the file's
  ///     structure is checked all the same.
  /// - Throws: ``ArrayFileError``, ``FileError``.
  /// - Complexity: O(*n*) for a file of *n* bytes; without `verifying`, O(sections).
  public init(_ path: String, kind: String, newestVersion: Int, verifying: Bool = true) throws {
    try self.init(MappedFile(path), path, kind, newestVersion, verifying)
  }

  /// Takes the bytes of such a file, and checks all of them.
  ///
  /// - Parameters:
  ///   - bytes: What ``bytes(kind:version:sections:)`` made, or what a file held.
  ///   - kind: What they must hold.
  ///   - newestVersion: The newest version of it that the caller can read.
  /// - Throws: ``ArrayFileError``, which names them "bytes in memory".
  /// - Complexity: O(*n*) for *n* bytes.
  public init(bytes: [UInt8], kind: String, newestVersion: Int) throws(ArrayFileError) {
    try self.init(MappedFile(copying: bytes), "bytes in memory", kind, newestVersion, true)
  }

  private init(
    _ file: MappedFile,
    _ path: String,
    _ kind: String,
    _ newestVersion: Int,
    _ verifying: Bool
  ) throws(ArrayFileError) {
    let head = try ArrayFileHead(file, path)
    guard head.kind == kind else {
      throw ArrayFileError(.otherKind(found: head.kind, expected: kind), path: path, offset: 16)
    }
    guard head.version <= newestVersion else {
      throw ArrayFileError(.newerVersion(found: head.version, newest: newestVersion), path: path, offset: 40)
    }
    if verifying { try head.verify(file, path) }
    (self.path, self.file, version, entries) = (path, file, head.version, head.entries)
  }

  /// What the file at `path` holds, and in which version.
  ///
  /// - Throws: ``ArrayFileError``, ``FileError``.
  public static func kind(of path: String) throws -> (kind: String, version: Int) {
    let head = try ArrayFileHead(try MappedFile(path), path)
    return (head.kind, head.version)
  }

  /// The names of all sections, in the file's order.
  public var sectionNames: [String] { entries.map(\.name) }

  /// Whether there is a section of that name.
  public func hasSection(_ name: String) -> Bool { entries.contains { $0.name == name } }

  /// The section of that name.
  ///
  /// - Throws: ``ArrayFileError`` when there is none.
  /// - Complexity: O(sections).
  public func section(_ name: String) throws(ArrayFileError) -> MappedSection {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw ArrayFileError(.missingSection(name), path: path, offset: ArrayFile.alignment)
    }
    return MappedSection(file: file, offset: entry.offset, count: entry.count)
  }
}

/// A section to be written to an ``ArrayFile``.
public struct ArrayFileSection {
  /// At most 32 bytes of ASCII.
  public let name: String
  let withBytes: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

  /// A section whose bytes are shown to the writer by `withBytes`, which is called more than once and must show the same.
  public init(_ name: String, withBytes: @escaping ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) {
    (self.name, self.withBytes) = (name, withBytes)
  }

  /// A section of these bytes.
  public init(_ name: String, bytes: [UInt8]) {
    self.init(name) { try bytes.withUnsafeBytes($0) }
  }
}

extension ArrayFile {
  /// Writes a file, which is there whole or not at all, as ``AtomicFile`` does it.
  ///
  /// - Parameters:
  ///   - kind: What the file holds: at most 24 bytes of ASCII.
  ///   - version: Raised when older programs cannot read it any more.
  ///   - sections: Of different names.
  ///   - path: The file, which is replaced if it is there.
  /// - Precondition: `kind`, `version` and the names are as above.
  /// - Throws: ``FileError``, and what a section's closure throws.
  /// - Complexity: O(*n*) for *n* bytes.
  public static func write(kind: String, version: Int, sections: [ArrayFileSection], to path: String) throws {
    let head = try ArrayFileHead(kind: kind, version: version, sections: sections)
    try AtomicFile.write(to: path) { file in try head.visit(sections) { try file.append($0) } }
  }

  /// The bytes of such a file, in memory.
  ///
  /// - Parameters:
  ///   - kind: What they hold: at most 24 bytes of ASCII.
  ///   - version: Raised when older programs cannot read it any more.
  ///   - sections: Of different names.
  /// - Precondition: `kind`, `version` and the names are as above.
  /// - Throws: What a section's closure throws.
  /// - Complexity: O(*n*) for *n* bytes.
  public static func bytes(kind: String, version: Int, sections: [ArrayFileSection]) throws -> [UInt8] {
    let head = try ArrayFileHead(kind: kind, version: version, sections: sections)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(head.fileBytes)
    try head.visit(sections) { bytes.append(contentsOf: $0) }
    return bytes
  }

  static func padding(after count: Int) -> Int { (alignment - count % alignment) % alignment }
}
