import Farro
import FarroData

extension IVFIndex.Codes {
  /// As a file says it.
  fileprivate var name: String {
    switch self {
    case .none: "none"
    case .int8: "int8"
    case .product(let subspaces): "product \(subspaces)"
    }
  }

  fileprivate init?(name: String) {
    let parts = name.split(separator: " ")
    switch parts.first {
    case "none" where parts.count == 1: self = .none
    case "int8" where parts.count == 1: self = .int8
    case "product" where parts.count == 2:
      guard let subspaces = Int(parts[1]), 1...InvertedLists.mostSubspaces ~= subspaces else { return nil }
      self = .product(subspaces: subspaces)
    default: return nil
    }
  }
}

extension IVFIndex {
  private static let kind = "ivf index"

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    guard isCompact else {
      var compact = self
      compact.arrange(counts.withUnsafeBufferPointer(Array.init))
      try compact.save(to: path)
      return
    }
    let training = training ?? Training()
    var header = IndexHeader()
    header["dimension"] = "\(dimension)"
    header["metric"] = metric.name
    header["lists"] = "\(lists)"
    header["codes"] = codes.name
    header["keeps"] = "\(keepsVectors)"
    header["probes"] = "\(probes)"
    header["rerank"] = "\(rerank)"
    header["seed"] = "\(seed)"
    header["count"] = "\(count)"
    header["centers"] = "\(listCount)"
    header["places"] = "\(numbers.count)"
    header["scale"] = "\(training.scale)"
    header["added"] = "\(training.addedCount)"
    header["next"] = "\(nextID)"
    let sections = [
      table.ids.section("ids"), counts.section("counts"), numbers.section("numbers"), entries.section("entries"),
      terms.section("terms"), vectors.section("vectors"), training.centers.section("centers"),
      training.mean.section("mean"), training.codebooks.section("codebooks"),
    ]
    try IndexFile.write(IVFIndex.kind, header, sections, to: path)
  }

  /// An index from a file, mapped.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  /// - Complexity: O(bytes of the file), once, to check it.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: IVFIndex.kind)
    let metric = try file.metric(among: IVFIndex.metrics)
    let d = try file.integer("dimension", in: IVFIndex.dimensions)
    let codes = try file.value("codes", "none, int8 or product and a divisor of \(d)") { text -> Codes? in
      guard let codes = Codes(name: text) else { return nil }
      if case .product(let subspaces) = codes, d % subspaces != 0 { return nil }
      return codes
    }
    self = try IVFIndex(
      dimension: d,
      metric: metric,
      lists: try file.integer("lists", in: IVFIndex.listCounts),
      codes: codes,
      keepsVectors: try file.value("keeps", "true or false") { Bool($0) },
      probes: try file.integer("probes", in: IVFIndex.factors),
      rerank: try file.integer("rerank", in: IVFIndex.factors),
      seed: try file.value("seed", "a seed") { UInt64($0) }
    )
    let count = try file.integer("count", in: 0...InvertedLists.mostRows)
    let listCount = try file.integer("centers", in: (count > 0 ? 1 : 0)...lists)
    let places = try file.integer("places", in: count...product(count + listCount, InvertedLists.block))
    nextID = try file.integer("next", in: 0...Int.max)
    var training = Training()
    training.scale = try file.value("scale", "scale, a positive number") {
      Float($0).flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
    }
    training.addedCount = try file.integer("added", in: 0...InvertedLists.mostRows)
    let hasCodes = isCoded && listCount > 0
    training.centers = try file.column("centers", count: product(listCount, d))
    training.mean = try file.column("mean", count: hasCodes ? d : 0)
    let isProduct = if case .product = codes { hasCodes } else { false }
    training.codebooks = try file.column("codebooks", count: isProduct ? d * InvertedLists.codewords : 0)
    counts = try file.column("counts", count: listCount)
    numbers = try file.column("numbers", count: places)
    entries = try file.column("entries", count: product(places, entryBytes))
    terms = try file.column("terms", count: isCoded ? places : 0)
    vectors = try file.column("vectors", count: isCoded && keepsVectors ? product(count, d) : 0)
    self.training = listCount > 0 ? training : nil
    guard let table = IDTable(try file.column("ids", count: count), isUsed: { _ in true }) else {
      throw file.unsuitable("ids", found: "an id twice, or one below 0", expected: "different ids from 0")
    }
    self.table = table
    guard findLists(count) else {
      throw file.unsuitable(
        "numbers",
        found: "lists that lead outside of the index",
        expected: "every vector in a list"
      )
    }
    guard table.ids.withUnsafeBufferPointer({ $0.allSatisfy { $0 < nextID } }) else {
      throw file.unsuitable("header", found: "next \(nextID)", expected: "a number beyond all ids")
    }
  }

  /// Where lists begin and in which each vector is, from the lists' counts and numbers; false when these are not those of
  /// `count` vectors.
  private mutating func findLists(_ count: Int) -> Bool {
    let block = InvertedLists.block
    var (first, found) = ([Int](), 0)
    var next = 0
    for list in 0..<counts.count {
      let own = counts[list]
      guard own >= 0, own <= numbers.count - next else { return false }
      first.append(next)
      next += (own + block - 1) / block * block
      found += own
      guard next <= numbers.count else { return false }
    }
    guard next == numbers.count, found == count else { return false }
    var labels = [Int32](repeating: -1, count: count)
    var offsets = [UInt32](repeating: 0, count: count)
    let isSound = numbers.withUnsafeBufferPointer { numbers in
      for list in first.indices {
        for offset in 0..<counts[list] {
          let number = Int(numbers[first[list] + offset])
          guard number < count, labels[number] < 0 else { return false }
          (labels[number], offsets[number]) = (Int32(list), UInt32(offset))
        }
      }
      return true
    }
    guard isSound else { return false }
    starts = Column(first)
    capacities = Column((0..<counts.count).map { (counts[$0] + block - 1) / block * block })
    (self.labels, self.offsets) = (Column(labels), Column(offsets))
    return true
  }
}
