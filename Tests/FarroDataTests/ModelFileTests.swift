import Farro
import Foundation
import TestSupport
import Testing

@testable import FarroData

@Suite struct ModelFileTests {
  private enum Loss: String, Codable { case squared, absolute }
  private enum Penalty: Codable, Equatable {
    case none
    case elastic(ratio: Double, weights: Tensor<Float>)
  }
  private struct Part: Codable, Equatable {
    var name: String
    var counts: [Int32]
    var small: [UInt8]
    var next: [Part]?
  }
  private struct Model: StorableModel, Equatable {
    static let fileKind = "test"
    static let fileVersion = 3
    var weights: Tensor<Double>
    var half: Tensor<BFloat16>?
    var flags: [Bool]
    var numbers: [Double]
    var classes: [String]
    var loss: Loss
    var penalty: Penalty
    var parts: [Part]
    var byName: [String: Tensor<Int>]
    var least: Int64
    var most: UInt64
    var tolerance: Double?
    var flaw: String? { numbers.first == 99 ? "the first number is 99" : nil }
  }

  private static let model = Model(
    weights: Tensor([1, 2, 3, .infinity, 5, 6], shape: [3, 2]),
    half: nil,
    flags: (0..<20).map { $0 % 3 == 0 },
    numbers: [0.1, -.infinity, 1e300, .nan],
    classes: ["a", "\"b\"\n", "\u{E9}"],
    loss: .absolute,
    penalty: .elastic(ratio: 0.5, weights: Tensor([1, 2])),
    parts: [
      Part(
        name: "x",
        counts: Array(0..<100),
        small: [1, 2],
        next: [Part(name: "y", counts: [], small: [], next: nil)]
      ),
      Part(name: "z.counts", counts: Array(0..<17), small: [], next: []),
    ],
    byName: ["k": Tensor([7]), "counts.0": Tensor([8])],
    least: .min,
    most: .max,
    tolerance: nil
  )

  private func save<Stored: StorableModel>(_ model: Stored, _ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { directory throws in
      try model.save(to: directory + "/model.farro")
      #expect(try names(in: directory) == ["model.farro"])
      try body(directory + "/model.farro")
    }
  }

  private func problem(_ body: () throws -> Void) throws -> ModelFileError.Problem {
    try #require(throws: ModelFileError.self, performing: body).problem
  }

  @Test func `a model comes back as it was, its arrays under the names of properties`() throws {
    try save(Self.model) { path throws in
      var again = try Model(contentsOf: path)
      #expect(again.numbers[3].isNaN && again.numbers[1] == -.infinity)
      again.numbers[3] = 5
      var expected = Self.model
      expected.numbers[3] = 5
      #expect(again == expected)
      let file = try ModelFile(path)
      #expect(file.kind == "test" && file.version == 3)
      let arrays = try Safetensors(path)
      let names = ["weights", "flags", "penalty.elastic.weights", "parts.0.counts", "parts.1.counts", "byName.k"]
      #expect(Set(arrays.names) == Set(names + ["byName.counts.0"]))
      #expect(try arrays.tensor("parts.0.counts", as: Int32.self).scalars == Array(0..<100))
    }
  }

  @Test func `names that collide are told apart`() throws {
    struct Twin: StorableModel {
      static let fileKind = "twin"
      static let fileVersion = 1
      var arrays: [String: [String: Tensor<Int>]]
    }
    let twin = Twin(arrays: ["a": ["b.c": Tensor([1])], "a.b": ["c": Tensor([2])]])
    try save(twin) { path throws in
      let again = try Twin(contentsOf: path)
      #expect(again.arrays == twin.arrays)
    }
  }

  @Test func `a model that is an array or a number alone is stored`() throws {
    struct Alone: StorableModel {
      static let fileKind = "alone"
      static let fileVersion = 1
      var tensor: Tensor<Float>
      init(_ tensor: Tensor<Float>) { self.tensor = tensor }
      init(from decoder: any Decoder) throws { tensor = try decoder.singleValueContainer().decode(Tensor<Float>.self) }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(tensor)
      }
    }
    try save(Alone(Tensor([1, 2, 3]))) { path throws in
      #expect(try Alone(contentsOf: path).tensor.scalars == [1, 2, 3])
      #expect(try Safetensors(path).names == ["model"])
    }
  }

  @Test func `another kind, a newer version, a flaw and a file of something else are reported`() throws {
    struct Other: StorableModel {
      static let fileKind = "other"
      static let fileVersion = 3
    }
    struct Older: StorableModel {
      static let fileKind = "test"
      static let fileVersion = 2
    }
    struct Longer: StorableModel {
      static let fileKind = "test"
      static let fileVersion = 4
      let rows: Int
    }
    try save(Self.model) { path throws in
      #expect(try problem { _ = try Other(contentsOf: path) } == .otherKind(found: "test", expected: "other"))
      #expect(try problem { _ = try Older(contentsOf: path) } == .newerVersion(found: 3, newest: 2))
      #expect(try problem { _ = try Longer(contentsOf: path) } == .unsuitable("\"rows\" is missing"))
      let error = try #require(throws: ModelFileError.self) { try Other(contentsOf: path) }
      #expect(error.description == "\(path): this file holds a \"test\", not a \"other\"")
      try Safetensors.write([NamedArray("a", Tensor([1]))], metadata: ["a": "b"], to: path)
      #expect(try problem { _ = try Model(contentsOf: path) } == .notAModel)
      try AtomicFile.write("", to: path)
      #expect(try problem { _ = try Model(contentsOf: path) } == .notAModel)
      #expect(throws: FileError.self) { try Model(contentsOf: path + "x") }
    }
    var flawed = Self.model
    flawed.numbers[0] = 99
    try save(flawed) { path throws in
      #expect(try problem { _ = try Model(contentsOf: path) } == .unsuitable("the first number is 99"))
    }
  }

  @Test func `types that do not fit are reported with their place`() throws {
    struct Wrong: StorableModel {
      static let fileKind = "test"
      static let fileVersion = 3
      struct Part: Codable { var counts: [Int64] }
      var parts: [Part]
    }
    try save(Self.model) { path throws in
      let text = try #require(throws: ModelFileError.self) { try Wrong(contentsOf: path) }.description
      #expect(text.contains("\"parts.0.counts\" has elements of the type i32, not i64"), "\(text)")
    }
  }

  @Test func `a damaged file is found, and one that was made to deceive does no harm`() throws {
    var model = Self.model
    model.numbers = [1, 2]
    try checkChecksum(of: model)
    try checkDamage(to: model) { model in
      _ = model.weights.sum() + model.numbers.reduce(0, +)
      _ = model.parts.map { $0.counts.reduce(0, &+) }
    }
  }

  @Test func `a structure that is nested too deep is not written`() throws {
    struct Nest: StorableModel {
      static let fileKind = "nest"
      static let fileVersion = 1
      indirect enum Tree: Codable, Sendable {
        case leaf
        case node(Tree)
      }
      var tree: Tree
    }
    func nest(_ depth: Int) -> Nest { Nest(tree: (0..<depth).reduce(.leaf) { tree, _ in .node(tree) }) }
    try save(nest(50)) { _ = try Nest(contentsOf: $0) }
    try withTemporaryDirectory { directory throws in
      #expect(throws: ModelFileError.self) { try nest(90).save(to: directory + "/a") }
      #expect(try names(in: directory) == [])
    }
  }

  @Test func `a full disk leaves the old model`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
      #if canImport(Glibc)
        let fileSize = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
      #else
        let fileSize = RLIMIT_FSIZE
      #endif
      struct Line: StorableModel {
        static let fileKind = "line"
        static let fileVersion = 1
        var points: Tensor<Float>
      }
      try withTemporaryDirectory { directory throws in
        let path = "\(directory)/line.farro"
        try Line(points: Tensor([1, 2])).save(to: path)
        precondition(setrlimit(fileSize, &limit) == 0)
        do {
          try Line(points: Tensor(zeros: [50_000])).save(to: path)
          preconditionFailure("half a model was written")
        } catch is FileError {}
        let left = try (names(in: directory), Line(contentsOf: path).points.scalars)
        precondition(left == (["line.farro"], [1, 2]))
      }
    }
  }

  @Test func `a tensor is shape and elements to any other coder`() throws {
    func check<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>, _ text: String?) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let json = try encoder.encode(tensor)
      if let text { #expect(String(decoding: json, as: UTF8.self) == text) }
      #expect(try JSONDecoder().decode(Tensor<Scalar>.self, from: json) == tensor)
    }
    try check(Tensor<Float>([1.5, 2, -3, 4], shape: [2, 2]), #"{"elements":[1.5,2,-3,4],"shape":[2,2]}"#)
    try check(Tensor<UInt64>([.max, 0]), nil)
    try check(Tensor<Int64>([.min]), nil)
    try check(Tensor<Bool>([true, false]), #"{"elements":[1,0],"shape":[2]}"#)
    try check(Tensor<Double>([], shape: [0, 4]), #"{"elements":[],"shape":[0,4]}"#)
    for text in [
      #"{"elements":[300],"shape":[1]}"#, #"{"elements":[-1],"shape":[1]}"#, #"{"elements":[1],"shape":[2]}"#,
      #"{"elements":[],"shape":[-1]}"#, #"{"elements":[],"shape":[0,9223372036854775807,3]}"#,
    ] {
      #expect(throws: DecodingError.self, "\(text)") {
        try JSONDecoder().decode(Tensor<UInt8>.self, from: Data(text.utf8))
      }
    }
  }
}
