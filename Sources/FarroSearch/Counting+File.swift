import Farro
import FarroData

// Files of sketches that count, as those of indexes: a header, and sections that are arrays.

extension HyperLogLog {
  private static let kind = "hyperloglog"

  /// Writes the sketch to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["precision"] = "\(precision)"
    header["seed"] = "\(seed)"
    header["codes"] = "\(codes.count)"
    header["registers"] = "\(registers.count)"
    let sections = [codes.section("codes"), registers.section("registers")]
    try IndexFile.write(HyperLogLog.kind, header, sections, to: path)
  }

  /// A sketch from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: HyperLogLog.kind)
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

extension BloomFilter {
  private static let kind = "bloom filter"

  /// Writes the filter to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["blocks"] = "\(blocks)"
    header["seed"] = "\(seed)"
    try IndexFile.write(BloomFilter.kind, header, [words.section("words")], to: path)
  }

  /// A filter from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: BloomFilter.kind)
    let blocks = try file.integer("blocks", in: 1...1 << 31)
    self.init(words: try file.array("words", count: 8 * blocks), seed: try file.seed())
  }
}

extension CountMinSketch {
  private static let kind = "count-min sketch"

  /// Writes the sketch to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["width"] = "\(width)"
    header["depth"] = "\(depth)"
    header["seed"] = "\(seed)"
    header["conservative"] = "\(isConservative)"
    header["total"] = "\(total)"
    try IndexFile.write(CountMinSketch.kind, header, [counters.section("counters")], to: path)
  }

  /// A sketch from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: CountMinSketch.kind)
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

extension HeavyHitters {
  private static let kind = "heavy hitters"

  /// Writes the elements to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    let elements = elements
    var header = IndexHeader()
    header["capacity"] = "\(capacity)"
    header["elements"] = "\(elements.count)"
    header["total"] = "\(total)"
    // As many as there may be: no file makes a reader take much more memory than the file itself has.
    let rest = [UInt64](repeating: 0, count: capacity - elements.count)
    let sections = [
      (elements.map(\.key) + rest).section("keys"), (elements.map(\.count) + rest).section("counts"),
      (elements.map(\.error) + rest).section("errors"),
    ]
    try IndexFile.write(HeavyHitters.kind, header, sections, to: path)
  }

  /// The elements from a file.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: HeavyHitters.kind)
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
