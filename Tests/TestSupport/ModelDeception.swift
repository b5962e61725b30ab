import Farro
import FarroData
import Foundation

/// A file of a model was loaded, or not, against expectation.
public struct DamageError: Error, CustomStringConvertible {
  public let description: String
}

/// A file in a place of its own, whose contents change.
private struct ChangingFile: ~Copyable {
  /// In memory where there is such a place: thousands of files wait long for a disk that is busy.
  private static let directory =
    FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : FileManager.default.temporaryDirectory.path

  let path = ChangingFile.directory + "/farro-\(UUID().uuidString).farro"

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func contents() throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path))) }

  /// The model of these bytes, `nil` when they are refused as they should be.
  func load<Model: StorableModel>(_ bytes: [UInt8], as: Model.Type = Model.self) throws -> Model? {
    // To write into a file that is there may wait for the disk, and for thousands of files too long.
    try FileManager.default.removeItem(atPath: path)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    do { return try Model(contentsOf: path) } catch is ModelFileError { return nil }
  }
}

/// Checks that a file is refused after a change of any byte, wherever it is cut, and when a byte is appended. That is the
/// checksum's work, and the same for every model.
///
/// - Throws: ``DamageError`` when a file is loaded.
public func checkChecksum<Model: StorableModel>(of model: Model) throws {
  let file = ChangingFile()
  try model.save(to: file.path)
  let whole = try file.contents()
  func refuse(_ bytes: [UInt8], _ change: String) throws {
    if try file.load(bytes, as: Model.self) != nil {
      throw DamageError(description: "a file was loaded after \(change)")
    }
  }
  for place in whole.indices {
    var changed = whole
    changed[place] ^= 1 << UInt8(place % 8)
    try refuse(changed, "a change of byte \(place)")
  }
  for length in stride(from: 0, to: whole.count, by: 7) {
    try refuse(Array(whole[..<length]), "it was cut to \(length) bytes of \(whole.count)")
  }
  try refuse(whole + [0], "a byte was appended")
}

/// Checks how a saved model is loaded when what it says is not true, under a right checksum: each text, number and list of its
/// structure and each array is changed in the ways that matter (`DamagedParts`), and the model loaded or refused, but nothing worse.
///
/// - Parameters:
///   - use: What a model that is loaded is used for. FARRO_FUZZ_CASES=1000000 changes as many files at random besides.
/// - Throws: ``DamageError`` when none is loaded, or all are, and what `use` throws.
public func checkDamage<Model: StorableModel>(to model: Model, _ use: (Model) throws -> Void) throws {
  let file = ChangingFile()
  try model.save(to: file.path)
  try use(Model(contentsOf: file.path))
  let whole = try file.contents()
  let parts = try ModelParts(whole)
  if try file.load(parts.bytes, as: Model.self) == nil {
    throw DamageError(description: "its parts were put together otherwise than they were")
  }
  var (fileCount, readCount) = (0, 0)
  func check(_ bytes: [UInt8]) throws {
    fileCount += 1
    guard let model: Model = try file.load(bytes) else { return }
    try use(model)
    readCount += 1
  }
  for damaged in parts.damaged() { try check(damaged.bytes) }
  // Else the changes are too small, or too large, to say anything.
  if readCount * 50 < fileCount || readCount == fileCount {
    throw DamageError(description: "of \(fileCount) files under a right checksum, \(readCount) were loaded")
  }
  let cases = ProcessInfo.processInfo.environment["FARRO_FUZZ_CASES"].flatMap(Int.init) ?? 0
  var random = Xoshiro256(seed: 11)
  for _ in 0..<cases { try check(changedAtRandom(whole, &random)) }
}

private func changedAtRandom(_ whole: [UInt8], _ random: inout Xoshiro256) -> [UInt8] {
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
  return changed
}
