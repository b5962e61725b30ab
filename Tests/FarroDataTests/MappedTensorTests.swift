import Farro
import Foundation
import Testing

@testable import FarroData

@Suite struct MappedTensorTests {
  @Test func `a mapped array has the elements of the one that is read`() throws {
    for label in ["float32-little-c", "int8-big-c", "float64-little-c"] where NPYHeader.ByteOrder.native == .little {
      func compare<Scalar: NPYScalar>(_: Scalar.Type) throws {
        let (mapped, read) = (try NPY.map(golden(label), as: Scalar.self), try NPY.read(golden(label), as: Scalar.self))
        #expect(mapped.shape == read.shape && mapped.count == read.count)
        #expect(bytes(elements(mapped[0..<2])) == bytes(elements(read)))
        #expect(bytes(elements(mapped[1..<2])) == bytes(elements(read[1..<2])))
        #expect(mapped[1..<1].shape == [0, 3, 2])
      }
      switch try NPY.header(of: golden(label)).dtype {
      case .i8: try compare(Int8.self)
      case .f32: try compare(Float.self)
      default: try compare(Double.self)
      }
    }
  }

  @Test(arguments: ["float32-big-c", "float32-little-fortran"])
  func `an array that must be turned around is not mapped`(label: String) throws {
    let error = try #require(throws: NPYError.self) { _ = try NPY.map(golden(label), as: Float.self) }
    #expect(error.problem == .notMappable)
    #expect(try !NPY.header(of: golden(label)).isMappable)
  }

  @Test func `a wrong type and a file that ends too early are refused by name`() throws {
    let error = try #require(throws: NPYError.self) { _ = try NPY.map(golden("int8-little-c"), as: Float.self) }
    #expect(error.problem == .otherDType(stored: .i8, requested: .f32) && error.file == golden("int8-little-c"))
    try withTemporaryDirectory { directory in
      let path = directory + "/short.npy"
      try AtomicFile.write(npy(header("<f4", "(2, 3)"), data: [UInt8](repeating: 1, count: 23)), to: path)
      #expect(throws: NPYError.self) { _ = try NPY.map(path, as: Float.self) }
      // An odd place: the header's length is no multiple of the element's.
      let odd = npy(header("<f4", "(2, 3)") + " ", data: [UInt8](repeating: 1, count: 24))
      try AtomicFile.write(odd, to: path)
      if try NPY.header(of: path).dataOffset % 4 != 0 {
        #expect(throws: NPYError.self) { _ = try NPY.map(path, as: Float.self) }
      }
    }
  }
}
