import Farro
import Testing

@Suite struct TensorConversionTests {
  @Test func `map gives another type of the same shape`() throws {
    let tensor: Tensor<Float> = [[1, 2], [3, 4]]
    #expect(tensor.map { Int($0) * 10 } == [[10, 20], [30, 40]])
    #expect(tensor[0..<0].map { $0 > 1 }.shape == [0, 2])
    struct Refusal: Error {}
    #expect(throws: Refusal.self) { try tensor.map { element throws(Refusal) -> Float in throw Refusal() } }
  }

  @Test func `every type casts to every other`() {
    func check<Source: TensorScalar, Target: TensorScalar>(_: Source.Type, _: Target.Type) {
      let source = Tensor<Source>(casting: Tensor<Bool>([true, false, true]))
      let target = Tensor<Target>(casting: source)
      #expect(Tensor<Bool>(casting: target) == [true, false, true], "\(Source.self) to \(Target.self)")
      #expect(Tensor<Int>(casting: target) == [1, 0, 1], "\(Source.self) to \(Target.self)")
    }
    for source in allTypes {
      for target in allTypes { check(source, target) }
    }
  }

  @Test func `casts to integers drop the fraction`() {
    let tensor: Tensor<Double> = [-1.9, -0.5, 0.5, 1.9, 127.9, -128.9]
    #expect(Tensor<Int8>(casting: tensor) == [-1, 0, 0, 1, 127, -128])
    #expect(Tensor<UInt8>(casting: Tensor<Float>([-0.9, 255.9])) == [0, 255])
  }

  @Test func `casts keep the extremes of 64-bit integers`() {
    let extremes: Tensor<Double> = [-0x1p63, 0x1p62]
    #expect(Tensor<Int64>(casting: extremes) == Tensor([Int64.min, 1 << 62]))
    #expect(Tensor<UInt64>(casting: Tensor<Double>([0x1p63])) == Tensor([UInt64(1) << 63]))
    #expect(Tensor<UInt64>(casting: Tensor([Int64.max])) == Tensor([UInt64(Int64.max)]))
    #expect(Tensor<Double>(casting: Tensor([UInt64.max])) == [0x1p64])
  }

  @Test func `casts to floating point round once, to nearest`() {
    // 2^24 + 1 lies between two Floats; 2^53 + 1 between two Doubles, and a way to Float through Double would err.
    #expect(Tensor<Float>(casting: Tensor([Int32(16_777_217)])) == [16_777_216])
    let beyond = Tensor([(Int64(1) << 60) + (Int64(1) << 36) + 1])
    #expect(Tensor<Float>(casting: beyond).scalars == [Float(0x1p60) + Float(0x1p37)])
    #expect(Tensor<Float>(casting: Tensor<Double>([0.1, .infinity])) == Tensor([Float(0.1), .infinity]))
    #expect(Tensor<Double>(casting: Tensor<Float>([.nan]))[0].isNaN)
  }

  @Test func `every number but 0 casts to true`() {
    #expect(Tensor<Bool>(casting: Tensor<Float>([0, -0.0, 0.5, -2])) == [false, false, true, true])
    #expect(Tensor<Bool>(casting: Tensor<Float>([.nan])) == [true])
    #expect(Tensor<Bool>(casting: Tensor<Int8>([0, -1, 2])) == [false, true, true])
  }

  @Test func `a cast that does not fit stops with number and type`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor<UInt8>(casting: Tensor<Float>([1, 300]))
    }
    #expect(result.map { message($0, has: "300.0 does not fit UInt8") } ?? false)
  }

  private var allTypes: [any TensorScalar.Type] {
    var types: [any TensorScalar.Type] = [
      Bool.self, Int8.self, Int16.self, Int32.self, Int64.self, Int.self, UInt8.self, UInt16.self, UInt32.self,
      UInt64.self, BFloat16.self, Float.self, Double.self,
    ]
    #if !(os(macOS) && arch(x86_64))
      types.append(Float16.self)
    #endif
    return types
  }
}

@Suite struct TensorDescriptionTests {
  @Test func `brackets nest and columns align`() {
    #expect(Tensor<Int>([[1, -20], [300, 4]]).description == "[[  1, -20],\n [300,   4]]")
    #expect(Tensor<Float>([1, 2.5]).description == "[1.0, 2.5]")
    #expect(Tensor(0..<4, shape: [2, 1, 2]).description == "[[[0, 1]],\n\n [[2, 3]]]")
  }

  @Test func `scalars and empty tensors have a description`() {
    #expect(Tensor<Float>([2], shape: []).description == "2.0")
    #expect(Tensor<Float>(zeros: [0]).description == "[]")
    #expect(Tensor<Float>(zeros: [2, 0]).description == "[[],\n []]")
    #expect(Tensor<Float>(zeros: [0, 2]).description == "[]")
    #expect(Tensor<Float>(zeros: [0, 1 << 40]).description == "[]")
    #expect(Tensor<Float>(zeros: [1 << 40, 0]).description == "[[],\n [],\n [],\n ...,\n [],\n [],\n []]")
  }

  @Test func `large tensors show their ends`() {
    #expect(Tensor(0..<2000, shape: [2000]).description == "[   0,    1,    2, ..., 1997, 1998, 1999]")
    let matrix = Tensor<Int>(zeros: [1000, 2]).description
    #expect(matrix == "[[0, 0],\n [0, 0],\n [0, 0],\n ...,\n [0, 0],\n [0, 0],\n [0, 0]]")
  }

  @Test func `the debug description adds type and shape`() {
    #expect(Tensor<Float>([[1, 2]]).debugDescription == "Tensor<Float> of shape [1, 2]\n[[1.0, 2.0]]")
  }
}
