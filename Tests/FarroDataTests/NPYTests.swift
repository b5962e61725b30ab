import Farro
import FarroData
import Foundation
import Testing

@Suite struct NPYTests {
  @Test func `elements of every type are read in either byte order and axis order`() throws {
    try expectGolden("bool", [true, false, false, true, true, true, false, true])
    try expectGolden("int8", integers(Int8.self))
    try expectGolden("int16", integers(Int16.self))
    try expectGolden("int32", integers(Int32.self))
    try expectGolden("int64", integers(Int64.self))
    try expectGolden("int64", integers(Int.self))
    try expectGolden("uint8", integers(UInt8.self))
    try expectGolden("uint16", integers(UInt16.self))
    try expectGolden("uint32", integers(UInt32.self))
    try expectGolden("uint64", integers(UInt64.self))
    #if !(os(macOS) && arch(x86_64))
      try expectGolden("float16", floats(Float16.self))
    #endif
    try expectGolden("float32", floats(Float.self))
    try expectGolden("float64", floats(Double.self))
  }

  private func integers<Integer: FixedWidthInteger>(_: Integer.Type) -> [Integer] {
    [0, 1, 2, 100, .max, .max - 1, .min, .min + 1]
  }

  private func floats<Number: BinaryFloatingPoint>(_: Number.Type) -> [Number] {
    [0, -0.0, 1.5, -2.25, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, .nan]
  }

  private func expectGolden<Scalar: NPYScalar>(_ name: String, _ values: [Scalar]) throws {
    for order in ["little-c", "little-fortran", "big-c", "big-fortran"] {
      let label = "\(name)-\(order)"
      let tensor = try NPY.read(golden(label), as: Scalar.self)
      #expect(tensor.shape == [2, 3, 2], "\(label)")
      #expect(bytes(elements(tensor)) == bytes((0..<12).map { values[$0 % 8] }), "\(label)")

      let header = try NPY.header(of: golden(label))
      #expect(header.dtype == Scalar.dtype, "\(label)")
      #expect(header.isFortranOrder == order.hasSuffix("fortran"), "\(label)")
      #expect(header.dataOffset == 128 && header.dataBytes == 12 * MemoryLayout<Scalar>.size, "\(label)")
      if MemoryLayout<Scalar>.size > 1 {
        #expect(header.byteOrder == (order.hasPrefix("big") ? .big : .little), "\(label)")
      }
    }
  }

  @Test(arguments: [
    ("scalar", []), ("1", [1]), ("5", [5]), ("0", [0]), ("0x3", [0, 3]), ("3x0x2", [3, 0, 2]),
    ("0x100000", [0, 100000]),
    ("1x1x1", [1, 1, 1]), ("7x11", [7, 11]),
  ])
  func `shapes are read as written`(label: String, shape: [Int]) throws {
    let values: [Float] = [0, -0.0, 1.5, -2.25, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, .nan]
    let tensor = try NPY.read(golden("shape-\(label)"), as: Float.self)
    #expect(tensor.shape == shape)
    #expect(bytes(elements(tensor)) == bytes((0..<shape.reduce(1, *)).map { values[$0 % 8] }))
  }

  @Test(arguments: [1, 2, 3])
  func `every version of the format is read`(version: Int) throws {
    let path = golden("version-\(version)")
    #expect(try NPY.header(of: path).version == version)
    let tensor = try NPY.read(path, as: Int16.self)
    #expect(tensor.shape == [3, 4])
    #expect(elements(tensor) == [0, 1, 2, 100, 32767, 32766, -32768, -32767, 0, 1, 2, 100])
  }

  @Test(arguments: [
    "bool-little-c", "int8-little-c", "int16-little-c", "int32-little-c", "int64-little-c", "uint8-little-c",
    "uint16-little-c", "uint32-little-c", "uint64-little-c", "float32-little-c", "float64-little-c", "shape-scalar",
    "shape-1", "shape-5", "shape-0", "shape-0x3", "shape-3x0x2", "shape-0x100000", "shape-1x1x1", "shape-7x11",
    "axes-64",
  ])
  func `written bytes are those of NumPy`(label: String) throws {
    let expected = try #require(contents(golden(label)))
    switch try NPY.decodeAny(expected) {
    case .bool(let tensor): #expect(NPY.encode(tensor) == expected)
    case .i8(let tensor): #expect(NPY.encode(tensor) == expected)
    case .i16(let tensor): #expect(NPY.encode(tensor) == expected)
    case .i32(let tensor): #expect(NPY.encode(tensor) == expected)
    case .i64(let tensor): #expect(NPY.encode(tensor) == expected)
    case .u8(let tensor): #expect(NPY.encode(tensor) == expected)
    case .u16(let tensor): #expect(NPY.encode(tensor) == expected)
    case .u32(let tensor): #expect(NPY.encode(tensor) == expected)
    case .u64(let tensor): #expect(NPY.encode(tensor) == expected)
    #if !(os(macOS) && arch(x86_64))
      case .f16(let tensor): #expect(NPY.encode(tensor) == expected)
    #endif
    case .f32(let tensor): #expect(NPY.encode(tensor) == expected)
    case .f64(let tensor): #expect(NPY.encode(tensor) == expected)
    }
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func `written half-precision bytes are those of NumPy`() throws {
      let expected = try #require(contents(golden("float16-little-c")))
      #expect(NPY.encode(try NPY.decode(expected, as: Float16.self)) == expected)
    }
  #endif

  @Test func `a written file is read again`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/values.npy"
      // Larger than the writer's buffer.
      let tensor = Tensor((0..<60_000).map(Double.init), shape: [300, 200])
      try NPY.write(tensor, to: path)
      let again = try NPY.read(path, as: Double.self)
      #expect(again.shape == [300, 200])
      #expect(elements(again) == elements(tensor))
      #expect(contents(path) == NPY.encode(tensor))
      #expect(try names(in: directory) == ["values.npy"])
    }
  }

  @Test func `a mapped file is read in place, and a changed tensor is a copy`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/values.npy"
      try NPY.write(Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [3, 2]), to: path)
      let before = contents(path)
      let mapped = try NPY.map(path, as: Float.self)
      var changed = mapped
      changed[0, 1] = 7
      #expect(elements(mapped) == [1, 2, 3, 4, 5, 6] && elements(changed) == [1, 7, 3, 4, 5, 6])
      var row = mapped[1..<2]
      row[0, 0] = 8
      #expect(elements(row) == [8, 4] && elements(mapped) == [1, 2, 3, 4, 5, 6])
      #expect(contents(path) == before)
      // The mapping outlives the name.
      try FileManager.default.removeItem(atPath: path)
      #expect(elements(mapped) == [1, 2, 3, 4, 5, 6])
      #expect(throws: FileError.self) { try NPY.map(path, as: Float.self) }
    }
  }

  @Test func `what cannot be mapped is read`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/values.npy"
      func expect<Scalar: NPYScalar>(_ values: [Scalar], _ file: [UInt8]) throws {
        try Data(file).write(to: URL(fileURLWithPath: path))
        #expect(elements(try NPY.map(path, as: Scalar.self)) == values)
      }
      try expect([true, false], npy(header("|b1", "(2,)"), data: [2, 0]))
      try expect([1, 2] as [Int16], npy(header(">i2", "(2,)"), data: [0, 1, 0, 2]))
      try expect([1, 3, 2, 4] as [UInt8], npy(header("|u1", "(2, 2)", fortran: true), data: [1, 2, 3, 4]))
      for padding in 0..<4 {
        let head = header("<i4", "(2,)") + String(repeating: " ", count: padding)
        try expect([1, 2] as [Int32], npy(head, data: [1, 0, 0, 0, 2, 0, 0, 0]))
      }
      try expect([] as [Float], npy(header("<f4", "(0, 3)")))
      #expect(throws: NPYError.self) { try NPY.map(path, as: Double.self) }
    }
  }

  @Test func `a file larger than memory is mapped`() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/values.npy"
      let head = npy(header("<f4", "(68719476736, 4)"))
      FileManager.default.createFile(atPath: path, contents: Data(head))
      // Zeros that take no space; some file systems cannot hold a terabyte of them.
      guard truncate(path, off_t(head.count + (1 << 40))) == 0 else { return }
      let mapped = try NPY.map(path, as: Float.self)
      #expect(mapped.shape == [1 << 36, 4] && mapped[(1 << 36) - 1, 3] == 0)
      #expect(throws: NPYError.self) { try NPY.read(path, as: Float.self) }
    }
  }

  // Some larger than the tiles in which they are read: longer, wider, both.
  @Test(arguments: [
    [3, 5, 4, 2], [5, 1, 7], [1, 9], [9, 1], [2, 0, 3], [40_000, 3], [4, 40_000], [300, 220, 2], [130, 150, 18],
  ])
  func `Fortran order of any size becomes row-major`(shape: [Int]) throws {
    // Where the file has each element of the tensor.
    var (places, stride) = ([0], 1)
    for length in shape {
      places = places.flatMap { place in (0..<length).map { place + $0 * stride } }
      stride *= length
    }
    try expectTransposed(shape, places, "|u1", UInt8.self)
    try expectTransposed(shape, places, "<u4", UInt32.self) { $0.littleEndian }
    try expectTransposed(shape, places, ">u8", UInt64.self) { $0.bigEndian }
  }

  /// The elements of the file are 0, 1, 2 and so on.
  private func expectTransposed<Integer: FixedWidthInteger & NPYScalar>(
    _ shape: [Int],
    _ places: [Int],
    _ dtype: String,
    _: Integer.Type,
    stored: (Integer) -> Integer = { $0 }
  ) throws {
    let data = bytes(places.indices.map { stored(Integer(truncatingIfNeeded: $0)) })
    let lengths = shape.map(String.init).joined(separator: ", ")
    let tensor = try NPY.decode(npy(header(dtype, "(\(lengths))", fortran: true), data: data), as: Integer.self)
    #expect(tensor.shape == shape)
    let isTransposed = elements(tensor) == places.map { Integer(truncatingIfNeeded: $0) }
    #expect(isTransposed, "\(dtype) \(shape)")
  }

  @Test func `Fortran order of NumPy becomes row-major`() throws {
    let tensor = try NPY.read(golden("wide-fortran"), as: Int8.self)
    #expect(tensor.shape == [3, 5, 4, 2])
    #expect(elements(tensor) == (0..<120).map { integers(Int8.self)[$0 % 8] })
  }

  @Test func `any byte but zero is true`() throws {
    let tensor = try NPY.decode(npy(header("|b1", "(5,)"), data: [0, 1, 2, 255, 0]), as: Bool.self)
    #expect(bytes(elements(tensor)) == [0, 1, 1, 1, 0])
  }

  @Test func `what follows the array is another one`() throws {
    let first = NPY.encode(Tensor<Int8>([1, 2, 3], shape: [3]))
    let both = first + NPY.encode(Tensor<Float>([4], shape: []))
    #expect(elements(try NPY.decode(both, as: Int8.self)) == [1, 2, 3])
    let header = try NPY.decodeHeader(both)
    let next = both[(header.dataOffset + header.dataBytes)...]
    #expect(elements(try NPY.decode(next, as: Float.self)) == [4])
  }

  @Test func `bytes that are not contiguous are decoded`() throws {
    let encoded = NPY.encode(Tensor<UInt16>([7, 8], shape: [2]))
    let scattered = encoded.reversed().reversed() as ReversedCollection<ReversedCollection<[UInt8]>>
    #expect(elements(try NPY.decode(scattered, as: UInt16.self)) == [7, 8])
  }

  @Test func `any elements convert to numbers to compute with`() throws {
    #expect(elements(try NPY.readAny(golden("bool-big-c")).converted(to: Float.self)).prefix(4) == [1, 0, 0, 1])
    let integers = try NPY.readAny(golden("int64-big-fortran"))
    #expect(integers.shape == [2, 3, 2] && integers.dtype == .i64)
    #expect(elements(integers.converted(to: Double.self)).prefix(5) == [0, 1, 2, 100, 0x1p63])
    let doubles = try NPY.readAny(golden("float64-little-c")).converted(to: Float.self)
    #expect(elements(doubles).prefix(5) == [0, 0, 1.5, -2.25, .infinity])
    let same = try NPY.readAny(golden("float32-big-c")).converted(to: Float.self)
    #expect(bytes(elements(same)) == bytes(elements(try NPY.read(golden("float32-big-c"), as: Float.self))))
  }

  @Test func `a header may use any layout that writers use`() throws {
    let layouts = [
      #"{"shape": (2, 3), "fortran_order": False, "descr": "<i2"}"#,
      "{'shape':(2,3),'descr':'<i2','fortran_order':False,}",
      " \t{ 'descr' : '<i2' ,\r\n 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } \n",
      "{'descr': '<i2', 'fortran_order': False, 'shape': (2L, 3L), }",
      "{'descr': '=i2', 'fortran_order': False, 'shape': (2, 3), }",
      "{'descr': '|i2', 'fortran_order': False, 'shape': (2, 3), }",
    ]
    for layout in layouts {
      let tensor = try NPY.decode(npy(layout, data: bytes([1, 2, 3, 4, 5, 6] as [Int16])), as: Int16.self)
      #expect(tensor.shape == [2, 3] && elements(tensor) == [1, 2, 3, 4, 5, 6], "\(layout)")
    }
  }
}
