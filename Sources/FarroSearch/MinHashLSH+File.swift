import Farro
import FarroData

extension MinHashLSH {
  private static let kind = "minhash lsh"

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader(scheme)
    header["threshold"] = "\(threshold)"
    header["bands"] = "\(bands.bands)"
    header["rows"] = "\(bands.rows)"
    header["places"] = "\(table.count)"
    let sections = [table.ids.section("ids"), live.section("live"), signatures.section("signatures")]
    try IndexFile.write(MinHashLSH.kind, header, sections, to: path)
  }

  /// An index from a file, whose signatures stay mapped.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  /// - Complexity: O(bytes of the file).
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: MinHashLSH.kind)
    let scheme = try file.scheme()
    let threshold = try file.value("threshold", "a similarity") { Double($0).flatMap { 0...1 ~= $0 ? $0 : nil } }
    let bands = try file.integer("bands", in: 1...scheme.slots)
    let rows = try file.integer("rows", in: 1...scheme.slots / bands)
    self.init(scheme, threshold: threshold, bands: LSHBands(bands: bands, rows: rows))
    let places = try file.integer("places", in: 0...MinHashLSH.mostPlaces)
    signatures = try file.column("signatures", count: product(places, scheme.slots))
    live = try file.column("live", count: (places + 63) / 64)
    let isLive = live
    guard let table = IDTable(try file.column("ids", count: places), isUsed: { isLive.hasBit($0) }) else {
      throw file.unsuitable("ids", found: "an id twice, or one below 0", expected: "different ids from 0")
    }
    guard places % 64 == 0 || live[live.count - 1] >> UInt64(places % 64) == 0 else {
      throw file.unsuitable("live", found: "places beyond the last", expected: "\(places) places")
    }
    self.table = table
    linkAll()
  }
}
