import Farro
import FarroData
import Foundation
import Testing

/// Numbers at random in place of what a section of the file at `path` holds, under checksums that are right; `use` reads each.
///
/// - Parameters:
///   - cases: How many; FARRO_FUZZ_CASES=1000000 makes it more.
///   - least: More than this share of the files can be read.
///   - most: Less than this share can be.
func deceive(
  _ path: String,
  cases: Int = 600,
  readable least: Double = 0.05,
  to most: Double = 0.95,
  _ use: () throws -> Void
) throws {
  let cases = ProcessInfo.processInfo.environment["FARRO_FUZZ_CASES"].flatMap(Int.init) ?? cases
  let (kind, version) = try ArrayFile.kind(of: path)
  let file = try ArrayFile(path, kind: kind, newestVersion: version)
  let names = file.sectionNames
  let contents = try names.map { try file.section($0).withUnsafeBytes(Array.init) }
  var random = Xoshiro256(seed: 11)
  var readCount = 0
  for _ in 0..<cases {
    var changed = contents
    let section = Int(random.next() % UInt64(names.count))
    for _ in 0...random.next() % 3 where !changed[section].isEmpty {
      let place = Int(random.next() % UInt64(changed[section].count))
      switch random.next() % 4 {
      case 0: changed[section].remove(at: place)
      case 1: changed[section].insert(UInt8(ascii: "9"), at: place)
      // Small changes often lead to another place that exists.
      case 2: changed[section][place] ^= UInt8(1 << (random.next() % 3))
      default: changed[section][place] = UInt8(truncatingIfNeeded: random.next())
      }
    }
    let sections = zip(names, changed).map { ArrayFileSection($0, bytes: $1) }
    try ArrayFile.write(kind: kind, version: version, sections: sections, to: path)
    do {
      try use()
      readCount += 1
    } catch is ArrayFileError {}
  }
  let share = Double(readCount) / Double(cases)
  #expect(least < share && share < most, "\(readCount) of \(cases)")
}
