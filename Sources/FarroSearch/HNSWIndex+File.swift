import Farro
import FarroData

extension HNSWIndex {
  static let kind = "hnsw index"

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    header["dimension"] = "\(dimension)"
    header["metric"] = metric.name
    header["m"] = "\(m)"
    header["efConstruction"] = "\(efConstruction)"
    header["efSearch"] = "\(efSearch)"
    header["seed"] = "\(seed)"
    header["places"] = "\(places)"
    header["lists"] = "\(upper.count / m)"
    header["entry"] = "\(entry)"
    header["scale"] = "\(scale)"
    header["next"] = "\(nextID)"
    header["drawn"] = "\(drawn)"
    header["encoded"] = "\(encodedCount)"
    let sections = [
      table.ids.section("ids"), live.section("live"), levels.section("levels"), starts.section("starts"),
      lists.section("neighbors"), upper.section("upper neighbors"), centre.section("centre"), norms.section("norms"),
      codes.section("codes"), vectors.section("vectors"),
    ]
    try IndexFile.write(HNSWIndex.kind, header, sections, to: path)
  }

  /// An index from a file, mapped.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  /// - Complexity: O(bytes of the file), once, to check it.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: HNSWIndex.kind)
    let metric = try file.metric(among: HNSWIndex.metrics)
    let d = try file.integer("dimension", in: HNSWIndex.dimensions)
    let m = try file.integer("m", in: HNSWIndex.widths)
    self = try HNSWIndex(
      dimension: d,
      metric: metric,
      m: m,
      efConstruction: try file.integer("efConstruction", in: HNSWIndex.breadths),
      efSearch: try file.integer("efSearch", in: HNSWIndex.breadths),
      seed: try file.value("seed", "a seed") { UInt64($0) }
    )
    let places = try file.integer("places", in: 0...NeighborGraph.mostNodes)
    entry = try file.value("entry", "entry, a place") { UInt32($0) }
    scale = try file.value("scale", "scale, a positive number") {
      Float($0).flatMap { $0.isFinite && $0 > 0 ? $0 : nil }
    }
    nextID = try file.integer("next", in: 0...Int.max)
    drawn = try file.integer("drawn", in: 0...1 << 60)
    encodedCount = try file.integer("encoded", in: min(1, places)...places)
    comparedCount = encodedCount
    let upperLists = try file.integer("lists", in: 0...product(places, NeighborGraph.mostLevels))
    let isProduct = metric == .innerProduct
    vectors = try file.column("vectors", count: product(places, d))
    codes = try file.column("codes", count: product(places, RowCodes.stride(d)))
    norms = try file.column("norms", count: isProduct ? 0 : places)
    centre = try file.column("centre", count: isProduct || encodedCount == 0 ? 0 : d)
    lists = try file.column("neighbors", count: product(places, 2 * m))
    upper = try file.column("upper neighbors", count: product(upperLists, m))
    levels = try file.column("levels", count: places)
    starts = try file.column("starts", count: places)
    live = try file.column("live", count: (places + 63) / 64)
    let isLive = live
    guard let table = IDTable(try file.column("ids", count: places), isUsed: { isLive.hasBit($0) }) else {
      throw file.unsuitable("ids", found: "an id twice, or one below 0", expected: "different ids from 0")
    }
    self.table = table
    count = (0..<places).reduce(0) { $0 + (isLive.hasBit($1) ? 1 : 0) }
    let hasStrayBits = places % 64 != 0 && live[live.count - 1] >> UInt64(places % 64) != 0
    guard !hasStrayBits, isSound(upperLists: upperLists) else {
      throw file.unsuitable("neighbors", found: "lists that lead outside of the index", expected: "a graph")
    }
    guard table.ids.withUnsafeBufferPointer({ $0.allSatisfy { $0 < nextID } }) else {
      throw file.unsuitable("header", found: "next \(nextID)", expected: "a number beyond all ids")
    }
  }
}
