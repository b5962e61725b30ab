import Farro
import FarroData

/// The numbers and names that an index's file begins with: lines of a key and a value, in a section of their own.
struct IndexHeader {
  private var values: [String: String] = [:]

  subscript(key: String) -> String? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// By its name, and p where it has one.
  mutating func set(_ metric: DistanceMetric) {
    self["metric"] = metric.name
    if case .minkowski(let p) = metric { self["p"] = "\(p)" }
  }

  var section: ArrayFileSection {
    let lines = values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
    return ArrayFileSection("header", bytes: Array(lines.joined().utf8))
  }
}

/// A file that an index is read from, which tells what does not suit.
struct IndexFile {
  private let file: ArrayFile
  private let header: IndexHeader
  private static let version = 1

  static func write(_ kind: String, _ header: IndexHeader, _ sections: [ArrayFileSection], to path: String) throws {
    try ArrayFile.write(kind: kind, version: version, sections: [header.section] + sections, to: path)
  }

  init(_ path: String, kind: String) throws {
    try self.init(ArrayFile(path, kind: kind, newestVersion: IndexFile.version))
  }

  init(_ file: ArrayFile) throws(ArrayFileError) {
    self.file = file
    var header = IndexHeader()
    for line in String(decoding: try file.section("header").withUnsafeBytes(Array.init), as: UTF8.self).split(
      separator: "\n"
    ) {
      let parts = line.split(separator: " ", maxSplits: 1)
      if parts.count == 2 { header[String(parts[0])] = String(parts[1]) }
    }
    self.header = header
  }

  func unsuitable(_ section: String, found: String, expected: String) -> ArrayFileError {
    ArrayFileError(.unsuitable(section: section, found: found, expected: expected), path: file.path)
  }

  /// The value of a key, as a number or a name that `convert` makes of it.
  func value<Value>(_ key: String, _ expected: String, _ convert: (String) -> Value?) throws(ArrayFileError) -> Value {
    if let text = header[key], let value = convert(text) { return value }
    throw unsuitable("header", found: header[key].map { "\(key) \($0)" } ?? "no \(key)", expected: expected)
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ArrayFileError) -> Int {
    try value(key, "\(key) from \(range.lowerBound) to \(range.upperBound)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func metric(among supported: [DistanceMetric]) throws(ArrayFileError) -> DistanceMetric {
    try metric("one of \(supported.map(\.name))", where: supported.contains)
  }

  func metric(
    _ expected: String,
    where isSupported: (DistanceMetric) -> Bool
  ) throws(ArrayFileError) -> DistanceMetric {
    let p = header["p"].flatMap(Double.init) ?? 0
    return try value("metric", expected) { name in
      DistanceMetric(name: name, p: p).flatMap { isSupported($0) ? $0 : nil }
    }
  }

  /// A section of `count` elements, in place.
  func column<Element: BitwiseCopyable>(_ name: String, count: Int) throws(ArrayFileError) -> Column<Element> {
    let section = try file.section(name)
    let (bytes, overflows) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflows, section.count == bytes else {
      throw unsuitable(
        name,
        found: "\(section.count) bytes",
        expected: "\(count) elements of \(MemoryLayout<Element>.stride)"
      )
    }
    return Column(section)
  }
}

/// `a * b`, or a number that no section has when that overflows.
func product(_ a: Int, _ b: Int) -> Int {
  let (product, overflows) = a.multipliedReportingOverflow(by: b)
  return overflows ? .max : product
}
