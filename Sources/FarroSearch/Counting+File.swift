import Farro
import FarroData

// Files of sketches that count, as those of indexes: a header, and sections that are arrays.

extension HyperLogLog: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "hyperloglog" }

  /// The list of the first elements, and the registers of more.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader()
    header["precision"] = "\(precision)"
    header["seed"] = "\(seed)"
    header["codes"] = "\(codes.count)"
    header["registers"] = "\(registers.count)"
    return [header.section, codes.section("codes"), registers.section("registers")]
  }

  /// The sketch that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
    let precision = try file.integer("precision", in: 4...18)
    let codes: [UInt32] = try file.array("codes", count: try file.integer("codes", in: 0...4096))
    let count = try file.integer("registers", in: 0...1 << precision)
    let registers: [UInt8] = try file.array("registers", count: count)
    let sketch = HyperLogLog(precision: precision, seed: try file.seed(), codes: codes, registers: registers)
    guard let sketch else {
      throw file.unsuitable("registers", found: "ranks that no hashes have", expected: "a sketch of some set")
    }
    self = sketch
  }
}

extension BloomFilter: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "bloom filter" }

  /// The filter's words.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader()
    header["blocks"] = "\(blocks)"
    header["seed"] = "\(seed)"
    return [header.section, words.section("words")]
  }

  /// The filter that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
    let blocks = try file.integer("blocks", in: 1...1 << 31)
    self.init(words: try file.array("words", count: 8 * blocks), seed: try file.seed())
  }
}

extension CountMinSketch: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "count-min sketch" }

  /// The sketch's counters.
  public var fileSections: [ArrayFileSection] {
    var header = IndexHeader()
    header["width"] = "\(width)"
    header["depth"] = "\(depth)"
    header["seed"] = "\(seed)"
    header["conservative"] = "\(isConservative)"
    header["total"] = "\(total)"
    return [header.section, counters.section("counters")]
  }

  /// The sketch that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
    let width = try file.integer("width", in: 1...1 << 32)
    let depth = try file.integer("depth", in: 1...32)
    self.init(
      width: width,
      depth: depth,
      seed: try file.seed(),
      isConservative: try file.value("conservative", "conservative true or false") { Bool($0) },
      total: try file.value("total", "a total") { UInt64($0) },
      counters: try file.array("counters", count: width * depth)
    )
  }
}

extension HeavyHitters: ArrayFileRepresentable {
  /// What such files hold.
  public static var fileKind: String { "heavy hitters" }

  /// The elements that are kept.
  public var fileSections: [ArrayFileSection] {
    let elements = elements
    var header = IndexHeader()
    header["capacity"] = "\(capacity)"
    header["elements"] = "\(elements.count)"
    header["total"] = "\(total)"
    // As many as there may be: no file makes a reader take much more memory than the file itself has.
    let rest = [UInt64](repeating: 0, count: capacity - elements.count)
    return [
      header.section, (elements.map(\.key) + rest).section("keys"), (elements.map(\.count) + rest).section("counts"),
      (elements.map(\.error) + rest).section("errors"),
    ]
  }

  /// The elements that a file holds.
  ///
  /// - Throws: `ArrayFileError`.
  public init(_ file: ArrayFile) throws(ArrayFileError) {
    let file = try IndexFile(file)
    let capacity = try file.integer("capacity", in: 1...1 << 28)
    let count = try file.integer("elements", in: 0...capacity)
    let total = try file.value("total", "a total") { UInt64($0) }
    let keys: [UInt64] = try file.array("keys", count: capacity)
    let counts: [UInt64] = try file.array("counts", count: capacity)
    let errors: [UInt64] = try file.array("errors", count: capacity)
    let elements = (0..<count).map { Element(key: keys[$0], count: counts[$0], error: errors[$0]) }
    guard let hitters = HeavyHitters(capacity: capacity, total: total, elements: elements) else {
      throw file.unsuitable("counts", found: "counts that no elements have", expected: "those of different elements")
    }
    self = hitters
  }
}
