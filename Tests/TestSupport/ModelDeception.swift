import Farro
import FarroData
import Foundation
import Testing

/// Checks how a saved model is loaded: a change of any byte is found, a file that is cut too, and one that was changed and then got
/// the right checksum is loaded or refused, but nothing worse.
///
/// - Parameters:
///   - cases: How many files are changed under a right checksum; FARRO_FUZZ_CASES=1000000 makes it more.
///   - use: What a model that is loaded is used for.
public func checkDamage<Model: StorableModel>(to model: Model, cases: Int = 600, _ use: (Model) throws -> Void) throws {
  let cases = ProcessInfo.processInfo.environment["FARRO_FUZZ_CASES"].flatMap(Int.init) ?? cases
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString).farro")
  defer { try? FileManager.default.removeItem(at: url) }
  // To write into a file that is there may wait for the disk, and for thousands of files too long.
  func replace(_ bytes: [UInt8]) throws {
    try FileManager.default.removeItem(at: url)
    try Data(bytes).write(to: url)
  }
  try model.save(to: url.path)
  try use(Model(contentsOf: url.path))
  let whole = try Array(Data(contentsOf: url))
  for place in whole.indices {
    var changed = whole
    changed[place] ^= 1 << UInt8(place % 8)
    try replace(changed)
    #expect(throws: ModelFileError.self, "\(place)") { try Model(contentsOf: url.path) }
  }
  for length in stride(from: 0, to: whole.count, by: 7) {
    try replace(Array(whole[..<length]))
    #expect(throws: ModelFileError.self) { try Model(contentsOf: url.path) }
  }
  try replace(whole + [0])
  #expect(throws: ModelFileError.self) { try Model(contentsOf: url.path) }

  var random = Xoshiro256(seed: 11)
  var readCount = 0
  for _ in 0..<cases {
    var changed = whole
    for _ in 0...random.next() % 2 {
      // Behind the checksum; the header's length is changed now and then.
      let place = random.next() % 16 == 0 ? Int(random.next() % 8) : Int.random(in: 60..<changed.count, using: &random)
      switch random.next() % 8 {
      case 0: changed.remove(at: place)
      case 1: changed.insert(UInt8(ascii: "9"), at: place)
      case 2: changed[place] = UInt8(truncatingIfNeeded: random.next())
      // Small changes often lead to another number or name.
      default: changed[place] ^= UInt8(1 << (random.next() % 3))
      }
    }
    ModelFile.seal(&changed)
    try replace(changed)
    do {
      let model = try Model(contentsOf: url.path)
      try use(model)
      readCount += 1
    } catch is ModelFileError {}
  }
  let share = Double(readCount) / Double(cases)
  #expect(0.02 < share && share < 0.95, "\(readCount) of \(cases)")
}
