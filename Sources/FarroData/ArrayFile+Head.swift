import Farro

/// A row of an array file's table.
struct ArrayFileEntry: Sendable {
  let name: String
  let offset: Int
  let count: Int
  let checksum: UInt64
}

/// What an array file begins with: 64 bytes and a table.
struct ArrayFileHead {
  let kind: String
  let version: Int
  let entries: [ArrayFileEntry]
  /// Of the whole file.
  let fileBytes: Int

  private var tableEnd: Int { ArrayFile.alignment * (1 + entries.count) }
}

// MARK: - Writing

extension ArrayFileHead {
  init(kind: String, version: Int, sections: [ArrayFileSection]) throws {
    require(
      isName(kind, most: ArrayFile.mostKindBytes) && 0...Int(Int32.max) ~= version,
      "ArrayFile: \"\(kind)\" in version \(version) is not a kind of up to 24 bytes of ASCII, and a version"
    )
    require(Set(sections.map(\.name)).count == sections.count, "ArrayFile: two sections have the same name")
    var offset = ArrayFile.alignment * (1 + sections.count)
    var entries: [ArrayFileEntry] = []
    for section in sections {
      require(
        isName(section.name, most: ArrayFile.mostNameBytes),
        "ArrayFile: \"\(section.name)\" is not a section's name of up to 32 bytes of ASCII"
      )
      try section.withBytes { bytes in
        let checksum = XXH3.hash(bytes, seed: 0)
        entries.append(ArrayFileEntry(name: section.name, offset: offset, count: bytes.count, checksum: checksum))
      }
      offset += entries[entries.count - 1].count
      offset += ArrayFile.padding(after: offset)
    }
    (self.kind, self.version, self.entries, fileBytes) = (kind, version, entries, offset)
  }

  var bytes: [UInt8] {
    var head = ArrayFile.magic
    append(UInt32(ArrayFile.layoutVersion), to: &head)
    append(UInt32(entries.count), to: &head)
    append(kind, ArrayFile.mostKindBytes, to: &head)
    append(UInt32(version), to: &head)
    append(UInt32(0), to: &head)
    append(UInt64(fileBytes), to: &head)
    var table: [UInt8] = []
    for entry in entries {
      append(entry.name, ArrayFile.mostNameBytes, to: &table)
      for number in [UInt64(entry.offset), UInt64(entry.count), entry.checksum, 0] { append(number, to: &table) }
    }
    append(XXH3.hash(head + table), to: &head)
    return head + table
  }
}

extension ArrayFileHead {
  /// Shows the whole file, piece by piece.
  func visit(_ sections: [ArrayFileSection], _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try bytes.withUnsafeBytes(body)
    for (section, entry) in zip(sections, entries) {
      try section.withBytes(body)
      try [UInt8](repeating: 0, count: ArrayFile.padding(after: entry.count)).withUnsafeBytes(body)
    }
  }
}

private func isName(_ name: String, most: Int) -> Bool {
  (1...most).contains(name.utf8.count) && name.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
}

private func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
  withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
}

private func append(_ name: String, _ count: Int, to bytes: inout [UInt8]) {
  bytes += name.utf8
  bytes += [UInt8](repeating: 0, count: count - name.utf8.count)
}

// MARK: - Reading

extension ArrayFileHead {
  /// Checks everything but the contents of sections: nothing of it may be believed before the checksum was compared.
  init(_ file: MappedFile, _ path: String) throws(ArrayFileError) {
    let size = file.count
    func fail(_ problem: ArrayFileError.Problem, _ offset: Int = 0) -> ArrayFileError {
      ArrayFileError(problem, path: path, offset: offset)
    }
    let magic = ArrayFile.magic
    guard size > 0, file.bytes(0..<min(size, magic.count)) == Array(magic.prefix(size)) else {
      throw fail(.notAnArrayFile)
    }
    guard size >= ArrayFile.alignment else {
      throw fail(.otherLength(expectedBytes: ArrayFile.alignment, foundBytes: size))
    }
    let layout = Int(file.number(at: 8, as: UInt32.self))
    guard layout <= ArrayFile.layoutVersion else {
      throw fail(.newerVersion(found: layout, newest: ArrayFile.layoutVersion), 8)
    }
    let count = Int(file.number(at: 12, as: UInt32.self))
    let tableEnd = ArrayFile.alignment * (1 + count)
    guard count <= ArrayFile.mostSections else { throw fail(.damaged("table of sections"), 12) }
    guard size >= tableEnd else { throw fail(.otherLength(expectedBytes: tableEnd, foundBytes: size)) }
    let checksum = XXH3.hash(file.bytes(0..<56) + file.bytes(ArrayFile.alignment..<tableEnd))
    guard checksum == file.number(at: 56, as: UInt64.self) else { throw fail(.damaged("table of sections"), 56) }

    version = Int(file.number(at: 40, as: UInt32.self))
    fileBytes = Int(clamping: file.number(at: 48, as: UInt64.self))
    guard let kind = file.name(at: 16, ArrayFile.mostKindBytes) else { throw fail(.damaged("kind of the file"), 16) }
    self.kind = kind
    guard fileBytes == size else { throw fail(.otherLength(expectedBytes: fileBytes, foundBytes: size), 48) }
    var entries: [ArrayFileEntry] = []
    var expected = tableEnd
    for i in 0..<count {
      let row = ArrayFile.alignment * (1 + i)
      let offset = Int(clamping: file.number(at: row + 32, as: UInt64.self))
      let length = Int(clamping: file.number(at: row + 40, as: UInt64.self))
      // The checksum tells of damage; this, of a file that was made to deceive.
      guard let name = file.name(at: row, ArrayFile.mostNameBytes), offset == expected, length <= size - offset else {
        throw fail(.damaged("table of sections"), row)
      }
      let checksum = file.number(at: row + 48, as: UInt64.self)
      entries.append(ArrayFileEntry(name: name, offset: offset, count: length, checksum: checksum))
      expected = offset + length
      expected += ArrayFile.padding(after: expected)
    }
    guard expected == size else { throw fail(.otherLength(expectedBytes: expected, foundBytes: size), 48) }
    self.entries = entries
  }

  /// Compares the checksums of all sections.
  func verify(_ file: MappedFile, _ path: String) throws(ArrayFileError) {
    for entry in entries {
      let end = entry.offset + entry.count
      let padding = file.bytes(end..<end + ArrayFile.padding(after: end))
      guard file.checksum(entry.offset..<end) == entry.checksum, padding.allSatisfy({ $0 == 0 }) else {
        throw ArrayFileError(.damaged("section \"\(entry.name)\""), path: path, offset: entry.offset)
      }
    }
  }
}
