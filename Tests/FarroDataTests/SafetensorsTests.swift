import Farro
import Foundation
import Testing

@testable import FarroData

@Suite struct SafetensorsTests {
  private let mixed: [NamedArray] = [
    NamedArray("flags", Tensor<Bool>([true, false, true])),
    NamedArray("weights", Tensor<Float>([1, -2, .nan, .infinity, 5, 6], shape: [2, 3])),
    NamedArray("none", Tensor<Double>([], shape: [4, 0])),
    NamedArray("one", Tensor<Double>([2.5], shape: [])),
    NamedArray("half \"\n\u{E9}", Tensor<BFloat16>([1, 2].map { BFloat16($0 as Float) })),
    NamedArray("small", Tensor<Int8>([-3])),
  ]

  @Test func `what the format's own library writes is read`() throws {
    let file = try Safetensors(golden("arrays").replacing(".npy", with: ".safetensors"))
    #expect(file.metadata == ["format": "np", "note": "\u{FC}\n"])
    func check<Scalar: TensorScalar>(_ name: String, _ expected: [Scalar]) throws {
      let tensor = try file.tensor(name, as: Scalar.self)
      #expect(tensor.shape == [2, 3] && tensor.scalars == expected, "\(name)")
    }
    try check("bool", [true, false, false, true, true, true])
    try check("int8", [0, 1, 2, 100, Int8.max, .max - 1])
    try check("int16", [0, 1, 2, 100, Int16.max, .max - 1])
    try check("int32", [0, 1, 2, 100, Int32.max, .max - 1])
    try check("int64", [0, 1, 2, 100, Int64.max, .max - 1])
    try check("uint8", [0, 1, 2, 100, UInt8.max, .max - 1])
    try check("uint16", [0, 1, 2, 100, UInt16.max, .max - 1])
    try check("uint32", [0, 1, 2, 100, UInt32.max, .max - 1])
    try check("uint64", [0, 1, 2, 100, UInt64.max, .max - 1])
    #if !(os(macOS) && arch(x86_64))
      try check("float16", [0, -0.0, 1.5, -2.25, Float16.greatestFiniteMagnitude, .leastNonzeroMagnitude])
    #endif
    try check("float32", [0, -0.0, 1.5, -2.25, Float.greatestFiniteMagnitude, .leastNonzeroMagnitude])
    try check("float64", [0, -0.0, 1.5, -2.25, Double.greatestFiniteMagnitude, .leastNonzeroMagnitude])
    #expect(
      try file.tensor("scalar", as: Double.self).shape == []
        && file.tensor(casting: "scalar", to: Float.self).scalars == [2.5]
    )
    #expect(try file.tensor("empty", as: Float.self).shape == [3, 0])
    #expect(try file.tensor("a \"name\"\n\u{E9}", as: UInt8.self).scalars == [0, 1, 2, 3, 4])
    #expect(try file.tensor(casting: "bool", to: Float.self).scalars == [1, 0, 0, 1, 1, 1])
    #expect(try file.tensor(casting: "int16", to: Double.self).scalars == [0, 1, 2, 100, 32767, 32766])
  }

  @Test func `what is written is read again, in place`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/a.safetensors"
      try Safetensors.write(mixed, metadata: ["z": "1", "a": "\"\n"], to: path)
      let file = try Safetensors(path)
      #expect(file.metadata == ["z": "1", "a": "\"\n"])
      #expect(Set(file.names) == Set(mixed.map(\.name)) && file["weights"]?.shape == [2, 3])
      let weights = try file.tensor("weights", as: Float.self)
      #expect(weights.scalars.map(\.bitPattern) == [1, -2, Float.nan, .infinity, 5, 6].map(\.bitPattern))
      weights.withUnsafeBufferPointer { #expect(Int(bitPattern: $0.baseAddress) % 4 == 0) }
      #expect(try file.tensor("flags", as: Bool.self).scalars == [true, false, true])
      #expect(try file.tensor(casting: "half \"\n\u{E9}", to: Double.self).scalars == [1, 2])
      #expect(try file.tensor("one", as: Double.self).shape == [] && file.tensor("none", as: Double.self).count == 0)
      // The file may be replaced: what is mapped stays.
      try Safetensors.write([], to: path)
      #expect(weights[0, 1] == -2)
      #expect(try Safetensors(path).names == [] && Safetensors(path).metadata == [:])
      #expect(try names(in: directory) == ["a.safetensors"])
    }
  }

  @Test func `a tensor that is not there or of another type is refused`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/a.safetensors"
      try Safetensors.write(mixed, to: path)
      let file = try Safetensors(path)
      let missing = try #require(throws: SafetensorsError.self) { try file.tensor("weight", as: Float.self) }
      #expect(missing.description == "\(path): at byte 8: there is no array \"weight\"")
      let other = try #require(throws: SafetensorsError.self) { try file.tensor("weights", as: Double.self) }
      #expect(other.problem == .otherDType(array: "weights", stored: .f32, requested: .f64))
      #expect(file["weight"] == nil)
      #expect(throws: FileError.self) { try Safetensors(directory) }
    }
  }

  private func read(_ bytes: [UInt8]) throws -> SafetensorsHeader {
    try bytes.withUnsafeBytes { try SafetensorsHeader($0, nil) }
  }

  private func file(_ header: String, data: Int = 0) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + header.utf8
      + [UInt8](repeating: 1, count: data)
  }

  /// An array of bytes, as a header has it.
  private func entry(_ name: String, _ first: Int, _ last: Int, shape: String? = nil, dtype: String = "U8") -> String {
    let shape = shape ?? "[\(last - first)]"
    return #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(first),\#(last)]}"#
  }

  @Test func `headers that the format forbids are refused, each for its reason`() throws {
    let max = "9223372036854775807"
    let cases: [([UInt8], SafetensorsError.Problem)] = [
      ([], .shortFile(expectedBytes: 8, foundBytes: 0)), ([0, 0, 0], .shortFile(expectedBytes: 8, foundBytes: 3)),
      ([200, 0, 0, 0, 0, 0, 0, 0], .shortFile(expectedBytes: 208, foundBytes: 8)),
      ([UInt8](repeating: 255, count: 16), .longHeader(bytes: .max)),
      ([1, 0xE1, 0xF5, 5, 0, 0, 0, 0], .longHeader(bytes: 100_000_001)),
      ([0, 0xE1, 0xF5, 5, 0, 0, 0, 0], .shortFile(expectedBytes: 100_000_008, foundBytes: 8)),
      (file(""), .malformedHeader("it must begin with {")), (file(" {}"), .malformedHeader("it must begin with {")),
      (file("{} x"), .malformedHeader("text follows the value")), (file("{"), .malformedHeader("\" is missing")),
      (file("{\(entry("a", 0, 2)),\(entry("a", 2, 4))}", data: 4), .duplicateName("a")),
      (file("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}"), .duplicateName("a")),
      (file("{\"__metadata__\":{\"a\":1}}"), .malformedHeader("the text \"a\" is the number 1")),
      (file("{\"__metadata__\":[]}"), .malformedHeader("__metadata__ must be an object")),
      (file("{\(entry("a", 0, 2, dtype: "F8_E4M3"))}", data: 2), .unsupportedDType("F8_E4M3", array: "a")),
      (file("{\"a\":3}"), .malformedHeader("the array \"a\" has no type of elements")),
      (
        file("{\(entry("a", 0, 2, shape: "[-2]"))}", data: 2),
        .malformedHeader("the array \"a\" has no shape of whole numbers")
      ),
      (
        file("{\(entry("a", 0, 2, shape: "[2.0]"))}", data: 2),
        .malformedHeader("the array \"a\" has no shape of whole numbers")
      ),
      (
        file("{\(entry("a", 2, 0, shape: "[]"))}", data: 2),
        .malformedHeader("the array \"a\" has no pair of offsets that ascend")
      ),
      (file("{\(entry("a", 0, 2, shape: "[3]"))}", data: 2), .otherSize(array: "a", expectedBytes: 3, foundBytes: 2)),
      (
        file("{\(entry("a", 0, 4, shape: "[\(max),3]"))}", data: 4),
        .oversizedShape([Int.max, 3], array: "a")
      ),
      (
        file("{\(entry("a", 0, 0, shape: "[0,\(max),2]", dtype: "F64"))}"),
        .oversizedShape([0, Int.max, 2], array: "a")
      ),
      (file("{\(entry("a", 0, 4)),\(entry("b", 3, 6))}", data: 6), .overlap(array: "b", before: "a")),
      (file("{\(entry("a", 0, 4)),\(entry("b", 0, 4))}", data: 4), .overlap(array: "b", before: "a")),
      (file("{\(entry("a", 0, 4)),\(entry("b", 5, 6))}", data: 6), .hole(before: "b")),
      (file("{\(entry("a", 1, 4))}", data: 4), .hole(before: "a")),
      (file("{\(entry("a", 0, 5))}", data: 4), .outOfBounds(array: "a")),
      (file("{\(entry("a", 0, 4))}", data: 5), .otherLength(expectedBytes: 0, foundBytes: 0)),
      (file("{}", data: 1), .otherLength(expectedBytes: 10, foundBytes: 11)),
    ]
    for (bytes, problem) in cases {
      let error = try #require(throws: SafetensorsError.self, "\(problem)") { _ = try read(bytes) }
      if case .otherLength(0, 0) = problem {
        #expect(error.problem == .otherLength(expectedBytes: bytes.count - 1, foundBytes: bytes.count))
      } else if case .overlap = problem {
        // Of two arrays in the same place, either may be the first.
        if case .overlap = error.problem {} else { Issue.record("\(error)") }
      } else {
        #expect(error.problem == problem, "\(error)")
      }
      #expect(0...Swift.max(bytes.count, 8) ~= error.offset)
    }
    #expect(
      try read(file("{\(entry("b", 2, 4)),\(entry("a", 0, 2)),\(entry("c", 4, 4))}  ", data: 4)).entries.count == 3
    )
  }

  @Test func `files at random are read or refused, and every array of them is there`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/a.safetensors"
      try Safetensors.write(mixed, metadata: ["a": "b"], to: path)
      let whole = try #require(contents(path))
      var generator = Xoshiro256(seed: 3)
      var readCount = 0
      for _ in 0..<800 {
        var changed = whole
        for _ in 0...generator.next() % 2 {
          let place = Int.random(in: 0..<changed.count, using: &generator)
          switch generator.next() % 4 {
          case 0: changed.remove(at: place)
          case 1: changed.insert(UInt8(ascii: "9"), at: place)
          case 2: changed[place] ^= 1 << UInt8(generator.next() % 3)
          default: changed[place] = UInt8(truncatingIfNeeded: generator.next())
          }
        }
        try replace(path, changed)
        do {
          let file = try Safetensors(path)
          for name in file.names { #expect(try file.tensor(casting: name, to: Double.self).shape == file[name]?.shape) }
          readCount += 1
        } catch is SafetensorsError {}
      }
      #expect(readCount > 20 && readCount < 780, "\(readCount)")
      for length in 0..<whole.count {
        try replace(path, Array(whole[..<length]))
        #expect(throws: SafetensorsError.self) { try Safetensors(path) }
      }
    }
  }
}
