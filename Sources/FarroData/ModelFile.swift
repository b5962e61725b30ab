import Farro

/// A model that is saved to a file and loaded from it.
///
/// A model whose properties are `Codable` needs no more than its kind and version:
///
/// ```swift
/// struct Line: StorableModel {
///   static let fileKind = "line"
///   static let fileVersion = 1
///   var slope: Tensor<Float>
///   var offset: Double
/// }
/// try line.save(to: "line.farro")
/// let again = try Line(contentsOf: "line.farro")
/// ```
///
/// Tensors, and arrays of numbers and booleans of 16 elements and more, are stored as arrays, and all else as JSON; see ``ModelFile``.
public protocol StorableModel: Codable, Sendable {
  /// What the file holds, in a word.
  static var fileKind: String { get }
  /// Raised when older programs cannot read what is written any more.
  static var fileVersion: Int { get }
  /// What is wrong with a model that was read, `nil` when it may be used. A file can be whole, and its parts not fit.
  var flaw: String? { get }
}

extension StorableModel {
  /// Nothing is wrong.
  public var flaw: String? { nil }

  /// Writes the model to the file at `path`, whole or not at all (see ``AtomicFile``).
  ///
  /// - Throws: ``FileError``; ``ModelFileError`` when its structure exceeds 100 MB or 127 levels; what encoding it throws.
  /// - Complexity: O(*n*) for *n* bytes.
  public func save(to path: String) throws { try ModelFile.write(self, to: path) }

  /// Loads the model of the file at `path`. Its tensors stay in the file, which must not be shortened or written to as long as they
  /// live; ``save(to:)`` puts a new file in its place.
  ///
  /// - Throws: ``ModelFileError`` when the file is damaged, or holds something else; ``FileError`` when it cannot be read.
  /// - Complexity: O(*n*) for *n* bytes.
  public init(contentsOf path: String) throws { self = try ModelFile(path).model() }
}

/// A file of a model: what kind of model it is, and in which version.
///
/// It is a ``Safetensors`` file, so that other programs can read the arrays, whose metadata begins with `farro.checksum`, the XXH3 of
/// the file, in which 16 zeros stand in place of the checksum, as 16 hexadecimal digits. `farro.layout` (1), `farro.kind` and
/// `farro.version` follow, and `farro.model`: the model as JSON, in which `{"array": NAME}` stands for an array, which is called by
/// the names of the properties that lead to it, with points between. Numbers that JSON lacks are the texts `nan`, `inf` and `-inf`.
public struct ModelFile: Sendable {
  /// What the file holds.
  public let kind: String
  /// The version of what it holds.
  public let version: Int
  /// The file, as the caller named it.
  public let path: String
  private let arrays: Safetensors

  static let layoutVersion = 1
  /// What every file has behind the length of its header, up to the checksum's digits.
  static let opening = Array(#"{"__metadata__":{"farro.checksum":""#.utf8)
  static let checksumRange = 8 + opening.count..<8 + opening.count + 16

  /// Opens the file at `path`, and checks all of it.
  ///
  /// - Throws: ``ModelFileError``, ``FileError``.
  /// - Complexity: O(*n*) for *n* bytes.
  public init(_ path: String) throws {
    let file = try MappedFile(path)
    func error(_ problem: ModelFileError.Problem) -> ModelFileError { ModelFileError(problem: problem, path: path) }
    let memory = file.memory
    let count = min(memory.count, ModelFile.checksumRange.lowerBound)
    guard count > 8, memory[8..<count].elementsEqual(ModelFile.opening.prefix(count - 8)) else {
      throw error(.notAModel)
    }
    guard memory.count >= ModelFile.checksumRange.upperBound,
      memory[ModelFile.checksumRange].elementsEqual(hexadecimal(ModelFile.checksum(memory)))
    else { throw error(.damaged("its checksum differs")) }
    do {
      arrays = try Safetensors(file, path)
    } catch let failure {
      throw error(.damaged("at byte \(failure.offset), \(failure.problem)"))
    }
    guard let kind = arrays.metadata["farro.kind"], let version = arrays.metadata["farro.version"].flatMap({ Int($0) }),
      let layout = arrays.metadata["farro.layout"].flatMap({ Int($0) })
    else { throw error(.damaged("its kind or version is missing")) }
    guard layout <= ModelFile.layoutVersion else {
      throw error(.newerVersion(found: layout, newest: ModelFile.layoutVersion))
    }
    (self.kind, self.version, self.path) = (kind, version, path)
  }

  /// The model that the file holds.
  ///
  /// - Throws: ``ModelFileError`` when it is another kind of model, a newer version, or no such model.
  /// - Complexity: O(*n*) for a structure of *n* bytes; arrays stay in the file.
  public func model<Model: StorableModel>(as: Model.Type = Model.self) throws -> Model {
    func error(_ problem: ModelFileError.Problem) -> ModelFileError { ModelFileError(problem: problem, path: path) }
    guard kind == Model.fileKind else { throw error(.otherKind(found: kind, expected: Model.fileKind)) }
    guard version <= Model.fileVersion else {
      throw error(.newerVersion(found: version, newest: Model.fileVersion))
    }
    guard let text = arrays.metadata["farro.model"] else { throw error(.unsuitable("the model is missing")) }
    let model: Model
    do {
      var text = text
      let structure = try text.withUTF8 { text throws(JSONError) in try JSON(parsing: text) }
      model = try ModelDecoder(structure, arrays).decode()
    } catch let failure as JSONError {
      throw error(.unsuitable("its structure is no JSON at byte \(failure.offset), where \(failure.problem)"))
    } catch let failure as SafetensorsError {
      throw error(.unsuitable("\(failure.problem)"))
    } catch let failure as DecodingError {
      throw error(.unsuitable(failure.inWords))
    }
    if let flaw = model.flaw { throw error(.unsuitable(flaw)) }
    return model
  }
}

// MARK: - Writing

extension ModelFile {
  static func write<Model: StorableModel>(_ model: Model, to path: String) throws {
    let store = ArrayStore()
    let structure = try ModelEncoder.encode(model, store)
    guard structure.depth < JSON.mostDepth else {
      throw ModelFileError(problem: .deepStructure(levels: structure.depth), path: path)
    }
    let members = [
      ("farro.checksum", String(repeating: "0", count: checksumRange.count)), ("farro.layout", "\(layoutVersion)"),
      ("farro.kind", Model.fileKind), ("farro.version", "\(Model.fileVersion)"),
      ("farro.model", String(decoding: structure.text, as: UTF8.self)),
    ]
    let arrays = Safetensors.ordered(store.arrays)
    var header = SafetensorsHeader.encoded(arrays, metadata: members.map { .init(key: $0, value: .string($1)) })
    guard header.count - 8 <= Safetensors.mostHeaderBytes else {
      throw ModelFileError(problem: .oversizedStructure(bytes: header.count), path: path)
    }
    var hasher = XXH3(seed: 0)
    header.withUnsafeBytes { hasher.update($0) }
    for array in arrays { try array.withBytes { hasher.update($0) } }
    header.replaceSubrange(checksumRange, with: hexadecimal(hasher.finalize()))
    try AtomicFile.write(to: path) { file in
      try file.append(header)
      for array in arrays { try array.withBytes { try file.append($0) } }
    }
  }

  /// Puts the right checksum into the contents of a file that were changed.
  package static func seal(_ bytes: inout [UInt8]) {
    guard bytes.count >= checksumRange.upperBound else { return }
    let checksum = bytes.withUnsafeBytes { ModelFile.checksum($0) }
    bytes.replaceSubrange(checksumRange, with: hexadecimal(checksum))
  }
}

private func hexadecimal(_ number: UInt64) -> [UInt8] {
  let digits = Array(String(number, radix: 16).utf8)
  return [UInt8](repeating: UInt8(ascii: "0"), count: 16 - digits.count) + digits
}
