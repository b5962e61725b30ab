import Farro
import FarroData

// Files of signatures, as those of indexes: a header, and sections that are arrays.

extension IndexFile {
  /// A section of `count` elements, copied.
  func array<Element: BitwiseCopyable>(_ name: String, count: Int) throws(ArrayFileError) -> [Element] {
    let column: Column<Element> = try column(name, count: count)
    return column.withUnsafeBufferPointer(Array.init)
  }

  func seed() throws(ArrayFileError) -> UInt64 { try value("seed", "a seed") { UInt64($0) } }

  func scheme() throws(ArrayFileError) -> MinHash.Scheme {
    let engine: MinHash.Engine = try value("engine", "an engine: permutations or bins") {
      $0 == "permutations" ? .permutations : $0 == "bins" ? .bins : nil
    }
    return MinHash.Scheme(engine, slots: try integer("slots", in: 1...1 << 24), seed: try seed())
  }
}

extension IndexHeader {
  init(_ scheme: MinHash.Scheme) {
    self["engine"] = scheme.engine == .bins ? "bins" : "permutations"
    self["slots"] = "\(scheme.slots)"
    self["seed"] = "\(scheme.seed)"
  }
}

extension Array where Element: BitwiseCopyable {
  /// As a section of a file.
  func section(_ name: String) -> ArrayFileSection {
    ArrayFileSection(name) { visit in try withUnsafeBytes { try visit($0) } }
  }
}

extension MinHash {
  /// Writes the signature to a file, which is there whole or not at all: as `MinHashes` with one signature.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws { try MinHashes(scheme, slots: slots).save(to: path) }

  /// A signature from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let (hashes, file) = try MinHashes.read(path)
    guard hashes.count == 1 else {
      throw file.unsuitable("header", found: "\(hashes.count) signatures", expected: "one")
    }
    self = hashes[0]
  }
}

extension MinHashes {
  private static let kind = "minhash signatures"

  /// Writes the signatures to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader(scheme)
    header["count"] = "\(count)"
    try IndexFile.write(MinHashes.kind, header, [slots.section("slots")], to: path)
  }

  /// Signatures from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws { self = try MinHashes.read(path).hashes }

  fileprivate static func read(_ path: String) throws -> (hashes: MinHashes, file: IndexFile) {
    let file = try IndexFile(path, kind: MinHashes.kind)
    let scheme = try file.scheme()
    let count = try file.integer("count", in: 0...Int.max)
    return (MinHashes(scheme, slots: try file.array("slots", count: product(count, scheme.slots))), file)
  }
}

extension PackedMinHashes {
  private static let kind = "b-bit minhash signatures"

  /// Writes the signatures to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader(scheme)
    header["count"] = "\(count)"
    header["bits"] = "\(bits)"
    try IndexFile.write(PackedMinHashes.kind, header, [words.section("words")], to: path)
  }

  /// Signatures from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: PackedMinHashes.kind)
    let scheme = try file.scheme()
    let bits = try file.integer("bits", in: 1...16)
    let count = try file.integer("count", in: 0...Int.max)
    let words: [UInt64] = try file.array("words", count: product(count, bits * ((scheme.slots + 63) / 64)))
    guard let hashes = PackedMinHashes(scheme, bits: bits, count: count, words: words) else {
      throw file.unsuitable("words", found: "bits of no slot", expected: "slots of 1, 2, 4, 8 or 16 bits")
    }
    self = hashes
  }
}

extension WeightedMinHash {
  private static let kind = "weighted minhash"

  /// Writes the signature to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["slots"] = "\(slots.count)"
    header["seed"] = "\(seed)"
    try IndexFile.write(WeightedMinHash.kind, header, [slots.section("slots"), least.section("least")], to: path)
  }

  /// A signature from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: WeightedMinHash.kind)
    let count = try file.integer("slots", in: 1...1 << 24)
    let (slots, least): ([UInt32], [Double]) = (
      try file.array("slots", count: count), try file.array("least", count: count)
    )
    guard let hash = WeightedMinHash(seed: try file.seed(), slots: slots, least: least) else {
      throw file.unsuitable("least", found: "keys that no samples have", expected: "numbers, infinite in empty slots")
    }
    self = hash
  }
}

extension Array where Element == SimHash {
  private static var kind: String { "simhash signatures" }

  /// Writes the signatures to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["count"] = "\(count)"
    try IndexFile.write(Self.kind, header, [map(\.bits).section("bits")], to: path)
  }

  /// Signatures from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: Self.kind)
    let bits: [UInt64] = try file.array("bits", count: try file.integer("count", in: 0...Int.max))
    self = bits.map(SimHash.init(bits:))
  }
}
