import Farro
import FarroData
import Foundation

/// A file of a model was loaded, or not, against expectation.
public struct DamageError: Error, CustomStringConvertible {
  public let description: String
}

/// Checks how a saved model is loaded: a change of a byte is found, a file that is cut too, and one that was changed and then got
/// the right checksum is loaded or refused, but nothing worse.
///
/// - Parameters:
///   - cases: How many files are changed under a right checksum; FARRO_FUZZ_CASES=1000000 makes it more.
///   - use: What a model that is loaded is used for.
/// - Throws: ``DamageError`` when it is otherwise, and what `use` throws.
public func checkDamage<Model: StorableModel>(to model: Model, cases: Int = 600, _ use: (Model) throws -> Void) throws {
  let cases = ProcessInfo.processInfo.environment["FARRO_FUZZ_CASES"].flatMap(Int.init) ?? cases
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString).farro")
  defer { try? FileManager.default.removeItem(at: url) }
  // To write into a file that is there may wait for the disk, and for thousands of files too long.
  func replace(_ bytes: [UInt8]) throws {
    try FileManager.default.removeItem(at: url)
    try Data(bytes).write(to: url)
  }
  /// The model of these bytes, `nil` when they are refused as they should be.
  func load(_ bytes: [UInt8]) throws -> Model? {
    try replace(bytes)
    do { return try Model(contentsOf: url.path) } catch is ModelFileError { return nil }
  }
  func refuse(_ bytes: [UInt8], _ change: String) throws {
    if try load(bytes) != nil { throw DamageError(description: "a file was loaded after \(change)") }
  }

  try model.save(to: url.path)
  try use(Model(contentsOf: url.path))
  let whole = try Array(Data(contentsOf: url))
  // Files take a disk's time: of a large one, not every byte.
  for place in stride(from: 0, to: whole.count, by: whole.count / 1000 + 1) {
    var changed = whole
    changed[place] ^= 1 << UInt8(place % 8)
    try refuse(changed, "a change of byte \(place)")
  }
  for length in stride(from: 0, to: whole.count, by: 7) {
    try refuse(Array(whole[..<length]), "it was cut to \(length) bytes of \(whole.count)")
  }
  try refuse(whole + [0], "a byte was appended")

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
    guard let model = try load(changed) else { continue }
    try use(model)
    readCount += 1
  }
  // Else the changes are too small, or too large, to say anything.
  if readCount * 50 < cases || readCount * 20 > cases * 19 {
    throw DamageError(description: "of \(cases) files under a right checksum, \(readCount) were loaded")
  }
}
