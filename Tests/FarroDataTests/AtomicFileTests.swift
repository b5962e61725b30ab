import FarroData
import Foundation
import Testing

@Suite struct AtomicFileTests {
  private struct Interruption: Error {}

  @Test func `contents are written whole`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      for size in [0, 1, 65_535, 65_536, 65_537, 200_000] {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        try AtomicFile.write(bytes, to: path)
        #expect(contents(path) == bytes)
      }
      try AtomicFile.write("Größe\n", to: path)
      #expect(contents(path) == Array("Größe\n".utf8))
      #expect(try names(in: directory) == ["file"])
    }
  }

  @Test func `pieces of any size are appended in order`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      var expected: [UInt8] = []
      let written = try AtomicFile.write(to: path) { file in
        for size in [1, 0, 65_535, 1, 65_536, 3, 200_000, 10, 40_000, 40_000] {
          let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: expected.count &* 7), count: size)
          try file.append(piece)
          expected += piece
          #expect(file.count == expected.count)
        }
        try file.append("end")
        try file.append(expected.prefix(5).lazy.map { $0 })
        return file.count
      }
      expected += Array("end".utf8) + expected.prefix(5)
      #expect(contents(path) == expected)
      #expect(written == expected.count)
    }
  }

  @Test(arguments: [10, 300_000])
  func `a closure that throws leaves the old file`(size: Int) throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try AtomicFile.write("old", to: path)
      #expect(throws: Interruption.self) {
        try AtomicFile.write(to: path) { file in
          try file.append([UInt8](repeating: 0, count: size))
          throw Interruption()
        }
      }
      #expect(throws: Interruption.self) { try AtomicFile.write(to: "\(directory)/new") { _ in throw Interruption() } }
      #expect(contents(path) == Array("old".utf8))
      #expect(try names(in: directory) == ["file"])
    }
  }

  @Test func `a reader sees the old contents until the new are whole`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try AtomicFile.write("old", to: path)
      try AtomicFile.write(to: path) { file in
        try file.append([UInt8](repeating: 1, count: 100_000))
        #expect(contents(path) == Array("old".utf8))
      }
      #expect(contents(path)?.count == 100_000)
    }
  }

  // The limit on the size of files stands for a disk that is full; it holds for a process, hence one of its own.
  @Test func `a full disk leaves the old file even if the closure does not care`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
      #if canImport(Glibc)
        let fileSize = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
      #else
        let fileSize = RLIMIT_FSIZE
      #endif
      try withTemporaryDirectory { directory in
        let path = "\(directory)/file"
        try AtomicFile.write("old", to: path)
        precondition(setrlimit(fileSize, &limit) == 0)
        do {
          try AtomicFile.write(to: path) { file in
            try? file.append([UInt8](repeating: 0, count: 150_000))
            try? file.append("end")
          }
          preconditionFailure("half a file was written")
        } catch let error as FileError {
          precondition(error.description == "\(path): cannot write at byte 100000: File too large")
        }
        precondition(contents(path) == Array("old".utf8))
        let left = try names(in: directory)
        precondition(left == ["file"])
      }
    }
  }

  @Test func `to check a place leaves nothing there`() throws {
    try withTemporaryDirectory { directory in
      try AtomicFile.check(directory + "/new")
      #expect(try names(in: directory) == [])
      try AtomicFile.write("old", to: directory + "/old")
      try AtomicFile.check(directory + "/old")
      #expect(contents(directory + "/old") == Array("old".utf8))
      #expect(try names(in: directory) == ["old"])
    }
  }

  @Test func `what cannot be replaced is reported by name`() throws {
    try withTemporaryDirectory { directory in
      let (pipe, dangling) = ("\(directory)/pipe", "\(directory)/dangling")
      #expect(mkfifo(pipe, 0o600) == 0)
      try FileManager.default.createSymbolicLink(atPath: dangling, withDestinationPath: "nowhere")
      let before = try names(in: directory)
      for (path, reason) in [
        ("", "open: No such file or directory"),
        ("\(directory)/none/file", "open: No such file or directory"), (directory, "open: Is a directory"),
        (pipe, "open: it is not a regular file"), ("/dev/null", "open: it is not a regular file"),
        (dangling, "follow: No such file or directory"), ("\(directory)/a\0b", "open: Invalid argument"),
        ("\(directory)/\(String(repeating: "x", count: 256))", "follow: File name too long"),
      ] {
        let error = try #require(throws: FileError.self) { try AtomicFile.write("new", to: path) }
        #expect(error.description == "\(path): cannot \(reason)")
        #expect(throws: error) { try AtomicFile.check(path) }
      }
      #expect(try names(in: directory) == before)
    }
  }

  @Test func `a link stays and the file behind it is replaced`() throws {
    try withTemporaryDirectory { directory in
      let (path, link) = ("\(directory)/elsewhere/file", "\(directory)/link")
      try FileManager.default.createDirectory(atPath: "\(directory)/elsewhere", withIntermediateDirectories: false)
      try AtomicFile.write("old", to: path)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "elsewhere/file")
      try AtomicFile.write("new", to: link)
      #expect(contents(path) == Array("new".utf8))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "elsewhere/file")
      #expect(try names(in: "\(directory)/elsewhere") == ["file"])
    }
  }

  @Test func `permissions are those of the file replaced or of any new file`() throws {
    try withTemporaryDirectory { directory in
      let (path, other) = ("\(directory)/file", "\(directory)/other")
      try AtomicFile.write("new", to: path)
      #expect(FileManager.default.createFile(atPath: other, contents: nil))
      let ofAnyNewFile = try permissions(other)
      #expect(try permissions(path) == ofAnyNewFile)
      for expected in [0o600, 0o664, 0o755] {
        #expect(chmod(path, mode_t(expected)) == 0)
        try AtomicFile.write("newer", to: path)
        #expect(try permissions(path) == expected)
      }
    }
  }

  private func permissions(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }
}
