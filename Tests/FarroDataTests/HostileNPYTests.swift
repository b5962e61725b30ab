import Farro
import Foundation
import Testing

@testable import FarroData

@Suite struct HostileNPYTests {
  private static let good = header("<f4", "(2, 3)")
  private static let data = [UInt8](repeating: 1, count: 24)

  /// The error that decoding must throw.
  private func error(_ bytes: [UInt8]) throws -> NPYError {
    try #require(throws: NPYError.self) { _ = try NPY.decodeAny(bytes) }
  }

  @Test(arguments: [
    ("", 0, "its end", "'{'"),
    ("(", 0, "'('", "'{'"),
    ("{", 1, "its end", "a key in quotes or '}'"),
    ("{}", 1, "'}'", "another of the keys 'descr', 'fortran_order' and 'shape'"),
    ("{,}", 1, "','", "a key in quotes or '}'"),
    ("{'descr", 7, "its end", "a closing quote"),
    ("{'descr'", 8, "its end", "':'"),
    ("{'descr': <f4", 10, "'<'", "the name of a dtype in quotes"),
    ("{'descr': '<f\\x34'", 13, "'\\'", "a closing quote"),
    ("{'descr': '<f4\"}", 16, "its end", "a closing quote"),
    ("{'descr': '<f4' 'x'", 16, "'''", "',' or '}'"),
    ("{'descr': '<f4', 'descr': '<f4'}", 17, "the key 'descr'", "'descr', 'fortran_order' and 'shape', once each"),
    ("{'size': 3}", 1, "the key 'size'", "'descr', 'fortran_order' and 'shape', once each"),
    ("{'fortran_order': 1}", 18, "'1'", "True or False"),
    ("{'fortran_order': Truer}", 22, "'r'", "',' or '}'"),
    ("{'shape': 3}", 10, "'3'", "a tuple of lengths"),
    ("{'shape': [3]}", 10, "'['", "a tuple of lengths"),
    ("{'shape': (3)}", 10, "'(3)'", "a tuple with a comma, '(3,)',"),
    ("{'shape': (,)}", 11, "','", "a length that is not negative"),
    ("{'shape': (-1,)}", 11, "'-'", "a length that is not negative"),
    ("{'shape': (2 3)}", 13, "'3'", "',' or ')'"),
    ("{'shape': (2.0,)}", 12, "'.'", "',' or ')'"),
    ("{'shape': (0x10,)}", 12, "'x'", "',' or ')'"),
    ("{'shape': (0, 010)}", 14, "'0'", "a length without a leading zero"),
    ("{'shape': (True,)}", 11, "'T'", "a length that is not negative"),
    ("{'shape': (9223372036854775808,)}", 11, "a larger one", "a length of at most 9223372036854775807"),
    ("{'shape': (3,", 13, "its end", "a length that is not negative"),
    ("{'descr': '<f4', 'fortran_order': False}", 39, "'}'", "another of the keys 'descr', 'fortran_order' and 'shape'"),
    (good + "x", 60, "'x'", "the end of the header"),
    (good + "\0", 60, "the byte 0", "the end of the header"),
    ("\u{E9}", 0, "the byte 195", "'{'"),
  ])
  func `a malformed header is reported with its place`(header: String, place: Int, found: String, expected: String)
    throws
  {
    for (version, start) in [(1, 10), (2, 12), (3, 12)] {
      let error = try error(npy(header, data: Self.data, version: UInt8(version)))
      #expect(error.problem == .malformedHeader(found: found, expected: expected), "\(header)")
      #expect(error.offset == start + place, "\(header)")
    }
  }

  @Test func `too many axes are refused`() throws {
    let lengths = String(repeating: "1, ", count: 65)
    let problem = try error(npy(header("<f4", "(\(lengths))"), data: Self.data)).problem
    #expect(problem == .malformedHeader(found: "'1'", expected: "at most 64 lengths"))
  }

  @Test(arguments: [
    "(9223372036854775807,)", "(4294967296, 4294967296)", "(2305843009213693952,)", "(0, 4294967296, 4294967296)",
    "(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3)",
  ])
  func `a shape whose size overflows is refused`(shape: String) throws {
    guard case .oversizedShape = try error(npy(header("<f4", shape), data: Self.data)).problem else {
      Issue.record("\(shape)")
      return
    }
  }

  @Test(arguments: [
    ("<f3", "'<f3'"), ("<f16", "'<f16'"), ("<c8", "'<c8'"), ("|O", "'|O'"), ("|S4", "'|S4'"), ("<U1", "'<U1'"),
    ("<M8[D]", "'<M8[D]'"), ("|V3", "'|V3'"), ("f4", "'f4'"), ("float32", "'float32'"), ("", "''"), ("<", "'<'"),
    ("<b2", "'<b2'"), ("<i04", "'<i04'"), ("!f4", "'!f4'"), ("<\u{1F600}4", "'<\u{1F600}4'"),
  ])
  func `an unsupported type is reported by name`(descr: String, name: String) throws {
    let error = try error(npy(header(descr, "(2, 3)"), data: Self.data, version: 3))
    #expect(error.problem == .unsupportedDType(name))
    #expect(error.offset == 12 + 10)
  }

  @Test(arguments: [
    ("complex", "'<c8'"), ("string", "'|S2'"), ("unicode", "'<U2'"), ("datetime", "'<M8[D]'"), ("longdouble", "'<f16'"),
    ("object", "'|O'"), ("void", "'|V3'"), ("structured", "[('a', '<f4'), ('b', '<i2')]"),
  ])
  func `other types that NumPy writes are refused by name`(label: String, name: String) throws {
    let path = golden("refused-\(label)")
    let error = try #require(throws: NPYError.self) { try NPY.header(of: path) }
    guard case .unsupportedDType(let found) = error.problem else {
      Issue.record("\(error)")
      return
    }
    #expect(found.hasPrefix(name))
    #expect(error.file == path)
  }

  @Test func `another type than asked for is reported`() throws {
    let error = try #require(throws: NPYError.self) { try NPY.read(golden("shape-5"), as: Double.self) }
    #expect(error.problem == .otherDType(stored: .f32, requested: .f64))
    #expect(
      error.description == "\(golden("shape-5")): at byte 128: the elements are f32, not f64 as requested"
    )
  }

  @Test func `what is not NPY is reported`() throws {
    #expect(try error([]).problem == .notNPY)
    #expect(try error(Array("PK\u{3}\u{4} a ZIP archive".utf8)).problem == .notNPY)
    #expect(try error(Array(NPYHeader.magic.dropLast())).problem == .notNPY)
    #expect(try error(npy(Self.good, version: 4)).problem == .unsupportedVersion(major: 4, minor: 0))
    #expect(try error(NPYHeader.magic + [1, 1, 0, 0]).problem == .unsupportedVersion(major: 1, minor: 1))
    #expect(try error(NPYHeader.magic + [2, 0, 0, 0, 0, 0x80]).problem == .oversizedHeader(bytes: 1 << 31))
  }

  @Test func `a file cut anywhere is reported with both sizes`() throws {
    for version in [1, 2, 3] as [UInt8] {
      let whole = npy(Self.good, data: Self.data, version: version)
      #expect(throws: Never.self) { try NPY.decode(whole, as: Float.self) }
      for length in 0..<whole.count {
        let error = try error(Array(whole.prefix(length)))
        if length < 6 {
          #expect(error.problem == .notNPY)
        } else if case .truncated(let expected, let found) = error.problem {
          #expect(found < expected && error.offset + found == length, "\(length): \(error)")
        } else {
          Issue.record("\(length): \(error)")
        }
      }
    }
  }

  @Test func `a file that ends too early is reported by name`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/cut.npy"
      try AtomicFile.write(npy(Self.good, data: [1, 2, 3]), to: path)
      let error = try #require(throws: NPYError.self) { try NPY.read(path, as: Float.self) }
      #expect(error.description == "\(path): at byte 70: 24 bytes should follow, and there are 3")
    }
  }

  @Test func `what cannot be read is reported by name`() throws {
    try withTemporaryDirectory { directory in
      let pipe = "\(directory)/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      for (path, reason) in [
        ("\(directory)/none.npy", "No such file or directory"), (directory, "Is a directory"),
        (pipe, "it is not a regular file"), ("\(directory)/a\0b", "Invalid argument"),
      ] {
        let error = try #require(throws: FileError.self) { try NPY.header(of: path) }
        #expect(error.description == "\(path): cannot open: \(reason)")
      }
    }
  }

  @Test func `a sparse file larger than memory is refused`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/sparse.npy"
      let bytes = 1 << 43  // 8 TiB, within the limits of ext4
      try AtomicFile.write(npy(header("|u1", "(\(bytes),)")), to: path)
      // Some file systems refuse such a size; there is nothing to test then.
      guard truncate(path, off_t(bytes + 1000)) == 0 else { return }
      let error = try #require(throws: NPYError.self) { try NPY.read(path, as: UInt8.self) }
      #expect(error.problem == .oversizedShape([bytes]))
    }
  }

  /// Longer on demand: FARRO_FUZZ_CASES=1000000.
  @Test func `mutated files are read or refused, and nothing else`() throws {
    let cases = ProcessInfo.processInfo.environment["FARRO_FUZZ_CASES"].flatMap(Int.init) ?? 4000
    let labels = ["int16-little-fortran", "bool-big-c", "shape-0x3", "version-3", "axes-64", "refused-structured"]
    // With bytes to spare, a larger shape can be read.
    let seeds = try labels.map { try #require(contents(golden($0))) + [UInt8](repeating: 3, count: 64) }
    var random = SplitMix64(state: 2026)
    var readCount = 0
    for _ in 0..<cases {
      let mutant = mutated(seeds[Int(random.next() % UInt64(seeds.count))], &random)
      do {
        let tensor = try NPY.decodeAny(mutant)
        let header = try NPY.decodeHeader(mutant)
        #expect(tensor.shape == header.shape && header.dataOffset + header.dataBytes <= mutant.count)
        readCount += 1
      } catch let error as NPYError {
        #expect((0...mutant.count).contains(error.offset), "\(error)")
      }
    }
    // Otherwise the mutations would be too coarse to reach the elements, or too fine to break anything.
    #expect(cases / 10 < readCount && readCount < cases * 9 / 10, "\(readCount) of \(cases)")
  }

  private func mutated(_ seed: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    let tokens = [
      "{", "}", "(", ")", ",", "'", "\"", "\\", "9", "0", "-", "L", "True", "<f8", ">u2", "|b1", "99999999999", "\0",
    ]
    var bytes = seed
    for _ in 0...random.next() % 2 {
      // Every other time, within the header's first bytes.
      let end = random.next() % 2 == 0 ? bytes.count : min(bytes.count, 80)
      let place = Int(random.next() % UInt64(max(1, end)))
      let after = min(bytes.count, place + Int(random.next() % 8))
      switch random.next() % 6 {
      case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1 where !bytes.isEmpty: bytes[place] ^= 1 << (random.next() % 8)
      case 2: bytes.removeSubrange(place..<max(place, after))
      case 3: bytes.insert(contentsOf: Array(tokens.randomElement(using: &random)!.utf8), at: min(place, bytes.count))
      case 4: bytes.replaceSubrange(place..<max(place, after), with: Array(tokens.randomElement(using: &random)!.utf8))
      default: bytes.removeLast(min(bytes.count, Int(random.next() % 16)))
      }
    }
    return bytes
  }
}

/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
