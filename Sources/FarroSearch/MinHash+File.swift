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

extension MinHash: ArrayFileRepresentable {
  /// What such files hold: those of `MinHashes` with one signature are the same.
  public static var fileKind: String { MinHashes.fileKind }

  /// The signature's slots.
  public var fileSections: [ArrayFileSection] { MinHashes(scheme, slots: slots).fileSections }

  /// The signature that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let hashes = try MinHashes(file)
    guard hashes.count == 1 else {
      throw try IndexFile(file).unsuitable("header", found: "\(hashes.count) signatures", expected: "one")
    }
    self = hashes[0]
  }
}

extension MinHashes: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "minhash signatures" }

  /// The signatures' slots.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader(scheme)
    header["count"] = "\(count)"
    return [header.section, slots.section("slots")]
  }

  /// The signatures that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
    let scheme = try file.scheme()
    let count = try file.integer("count", in: 0...Int.max)
    self.init(scheme, slots: try file.array("slots", count: product(count, scheme.slots)))
  }
}

extension PackedMinHashes: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "b-bit minhash signatures" }

  /// The bits of the signatures.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader(scheme)
    header["count"] = "\(count)"
    header["bits"] = "\(bits)"
    return [header.section, words.section("words")]
  }

  /// The signatures that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
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

extension WeightedMinHash: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "weighted minhash" }

  /// The signature's slots, and the keys of the samples in them.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader()
    header["slots"] = "\(slots.count)"
    header["seed"] = "\(seed)"
    return [header.section, slots.section("slots"), least.section("least")]
  }

  /// The signature that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
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

extension DatasketchMinHash: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "datasketch minhash" }

  /// The signature's slots.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader()
    header["scheme"] = scheme == .legacy ? "legacy" : "affine32"
    header["slots"] = "\(slots.count)"
    header["seed"] = "\(seed)"
    return [header.section, slots.section("slots")]
  }

  /// The signature that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
    let scheme = try file.value("scheme", "a scheme: affine32 or legacy") { name in
      ["affine32": Scheme.affine32, "legacy": .legacy][name]
    }
    let seed = try file.value("seed", "a seed below 2^32") { UInt32($0) }
    let count = try file.integer("slots", in: 1...1 << 24)
    self.init(slots: try file.array("slots", count: count), seed: seed, scheme: scheme)
  }
}

extension SimHash.Votes: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "simhash votes" }

  /// The sums of the 64 bits' votes.
  public var fileSections: [ArrayFileSection] { [IndexHeader().section, sums.section("sums")] }

  /// The votes that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    self.init(sums: try IndexFile(file).array("sums", count: 64))
  }
}

extension Array: ArrayFileRepresentable where Element == SimHash {
  /// What such files hold.
  public static var fileKind: String { "simhash signatures" }

  /// The signatures' bits.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader()
    header["count"] = "\(count)"
    return [header.section, map(\.bits).section("bits")]
  }

  /// The signatures that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
    let bits: [UInt64] = try file.array("bits", count: try file.integer("count", in: 0...Int.max))
    self = bits.map(SimHash.init(bits:))
  }
}
