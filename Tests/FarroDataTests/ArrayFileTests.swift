import Farro
import Foundation
import Testing

@testable import FarroData

@Suite struct ArrayFileTests {
  private static var sections: [ArrayFileSection] {
    [
      ArrayFileSection("header", bytes: Array("{\"a\":1}".utf8)), ArrayFileSection("empty", bytes: []),
      ArrayFileSection("aligned", bytes: [UInt8](repeating: 7, count: 64)),
      ArrayFileSection("numbers", bytes: bytes((0..<50).map { Float($0) })),
    ]
  }

  private func write(_ path: String, kind: String = "things", version: Int = 3) throws {
    try ArrayFile.write(kind: kind, version: version, sections: Self.sections, to: path)
  }

  @Test func `sections come back in place and aligned`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write(path)
      let file = try ArrayFile(path, kind: "things", newestVersion: 4)
      #expect(file.version == 3 && file.sectionNames == ["header", "empty", "aligned", "numbers"])
      #expect(try ArrayFile.kind(of: path) == ("things", 3))
      for section in Self.sections {
        try section.withBytes { expected in
          try file.section(section.name).withUnsafeBytes { found in
            #expect(found.elementsEqual(expected))
            if let base = found.baseAddress { #expect(Int(bitPattern: base) % 64 == 0) }
          }
        }
      }
      // The file may go: what is mapped stays.
      let numbers = try file.section("numbers")
      try FileManager.default.removeItem(atPath: path)
      #expect(numbers.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4 * 49, as: Float.self) } == 49)
    }
  }

  @Test func `a file of no sections and one written over another are files`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write(path)
      let old = try ArrayFile(path, kind: "things", newestVersion: 3)
      try ArrayFile.write(kind: "none", version: 0, sections: [], to: path)
      #expect(try ArrayFile(path, kind: "none", newestVersion: 0).sectionNames == [])
      #expect(contents(path)?.count == 64)
      #expect(try old.section("aligned").withUnsafeBytes { $0.allSatisfy { $0 == 7 } })
    }
  }

  @Test func `another kind, a newer version and a missing section are reported`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write(path)
      func problem(_ body: () throws -> Void) throws -> ArrayFileError.Problem {
        try #require(throws: ArrayFileError.self, performing: body).problem
      }
      let other = try problem { _ = try ArrayFile(path, kind: "thing", newestVersion: 3) }
      #expect(other == .otherKind(found: "things", expected: "thing"))
      let newer = try problem { _ = try ArrayFile(path, kind: "things", newestVersion: 2) }
      #expect(newer == .newerVersion(found: 3, newest: 2))
      let file = try ArrayFile(path, kind: "things", newestVersion: 3)
      #expect(try problem { _ = try file.section("number") } == .missingSection("number"))
      try AtomicFile.write("PK\u{3}\u{4} a ZIP archive", to: path)
      let error = try #require(throws: ArrayFileError.self) { _ = try ArrayFile.kind(of: path) }
      #expect(
        error.description == "\(path): at byte 0: this is not an array file of Farro, which starts with \"FARRO\""
      )
      try AtomicFile.write("", to: path)
      #expect(try problem { _ = try ArrayFile.kind(of: path) } == .notAnArrayFile)
      #expect(throws: FileError.self) { try ArrayFile.kind(of: "\(directory)/none") }
    }
  }

  @Test func `bytes in memory are those of the file, in place and aligned`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write(path)
      let bytes = try ArrayFile.bytes(kind: "things", version: 3, sections: Self.sections)
      #expect(contents(path) == bytes)
      let file = try ArrayFile(bytes: bytes, kind: "things", newestVersion: 3)
      for section in Self.sections {
        try section.withBytes { expected in
          try file.section(section.name).withUnsafeBytes { found in
            #expect(found.elementsEqual(expected))
            if let base = found.baseAddress { #expect(Int(bitPattern: base) % 64 == 0) }
          }
        }
      }
      for length in 0..<bytes.count {
        #expect(throws: ArrayFileError.self) {
          try ArrayFile(bytes: Array(bytes[..<length]), kind: "things", newestVersion: 3)
        }
      }
      let error = #expect(throws: ArrayFileError.self) { try ArrayFile(bytes: [], kind: "things", newestVersion: 3) }
      #expect(error?.path == "bytes in memory" && error?.problem == .notAnArrayFile)
      #expect(throws: ArrayFileError.self) { try ArrayFile(bytes: bytes, kind: "others", newestVersion: 3) }
      #expect(throws: ArrayFileError.self) { try ArrayFile(bytes: bytes, kind: "things", newestVersion: 2) }
    }
  }

  @Test func `a change of any byte is found`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write(path)
      let whole = try #require(contents(path))
      for place in whole.indices {
        for bit in [0, 3, 7] {
          var changed = whole
          changed[place] ^= 1 << bit
          try Data(changed).write(to: URL(fileURLWithPath: path))
          let error = try #require(throws: ArrayFileError.self) {
            try ArrayFile(path, kind: "things", newestVersion: 3)
          }
          #expect((0...whole.count).contains(error.offset), "\(place): \(error)")
        }
      }
    }
  }

  @Test func `a file that is cut anywhere or has more behind it is refused`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write(path)
      let whole = try #require(contents(path))
      for length in 0..<whole.count {
        try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) {
          try ArrayFile(path, kind: "things", newestVersion: 3, verifying: length % 2 == 0)
        }
      }
      try Data(whole + [0]).write(to: URL(fileURLWithPath: path))
      let error = try #require(throws: ArrayFileError.self) { try ArrayFile(path, kind: "things", newestVersion: 3) }
      #expect(error.problem == .otherLength(expectedBytes: whole.count, foundBytes: whole.count + 1))
    }
  }

  @Test func `tables that are made to deceive are refused`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try write(path)
      let whole = try #require(contents(path))
      // Offsets and lengths beyond the file or into one another, under a checksum that is right.
      for (place, value) in [
        (64 + 32, UInt64.max), (64 + 32, 0), (64 + 40, UInt64.max), (64 + 40, 1 << 20), (128 + 40, 64), (192 + 40, 0),
        (48, 1),
      ] {
        var changed = whole
        withUnsafeBytes(of: value.littleEndian) { changed.replaceSubrange(place..<place + 8, with: $0) }
        let checksum = XXH3.hash(changed[0..<56] + changed[64..<64 * 5])
        withUnsafeBytes(of: checksum.littleEndian) { changed.replaceSubrange(56..<64, with: $0) }
        try Data(changed).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try ArrayFile(path, kind: "things", newestVersion: 3) }
      }
    }
  }
}
