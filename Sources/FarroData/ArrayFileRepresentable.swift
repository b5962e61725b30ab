import Farro

/// A value with a form of bytes, the same in a file and in memory: that of ``ArrayFile``, which has a version, and checksums of
/// every byte.
///
/// What conforms tells what its sections are, and how a value is made of them; it can then be saved and read:
///
/// ```swift
/// try sketch.save(to: path)
/// let again = try HyperLogLog(contentsOf: path)
///
/// let bytes = try sketch.serialized()  // to be sent, or kept in a database
/// let same = try HyperLogLog(serialized: bytes)
/// ```
public protocol ArrayFileRepresentable {
  /// What such files hold, at most 24 bytes of ASCII: "hyperloglog".
  static var fileKind: String { get }

  /// The version that is written, and the newest that can be read; 1 unless the type says otherwise.
  static var fileVersion: Int { get }

  /// What is written.
  var fileSections: [ArrayFileSection] { get }

  /// The value that a file of the kind holds.
  ///
  /// - Throws: ``ArrayFileError`` where sections are missing, or are not those of a value.
  init(_ file: ArrayFile) throws(ArrayFileError)
}

extension ArrayFileRepresentable {
  /// The first version.
  public static var fileVersion: Int { 1 }

  /// Writes the value to a file, which is there whole or not at all.
  ///
  /// - Throws: ``FileError``.
  public func save(to path: String) throws {
    try ArrayFile.write(kind: Self.fileKind, version: Self.fileVersion, sections: fileSections, to: path)
  }

  /// A value from a file.
  ///
  /// - Throws: ``ArrayFileError``, ``FileError``.
  public init(contentsOf path: String) throws {
    try self.init(ArrayFile(path, kind: Self.fileKind, newestVersion: Self.fileVersion))
  }

  /// The bytes of such a file.
  ///
  /// - Throws: What a section throws when its bytes are asked for; those of Farro's own types throw nothing.
  public func serialized() throws -> [UInt8] {
    try ArrayFile.bytes(kind: Self.fileKind, version: Self.fileVersion, sections: fileSections)
  }

  /// A value from the bytes that ``serialized()`` gave, or that a file held.
  ///
  /// - Throws: ``ArrayFileError``.
  public init(serialized bytes: [UInt8]) throws(ArrayFileError) {
    try self.init(ArrayFile(bytes: bytes, kind: Self.fileKind, newestVersion: Self.fileVersion))
  }
}
