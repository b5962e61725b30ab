import Farro
import TestSupport
import Testing

@testable import FarroProfile

@Suite struct RegistryTests {
  @Test(arguments: InstructionSet.allCases)
  func `every kernel is right on every instruction set and number of threads`(isa: InstructionSet) {
    guard isa.isSupported else {
      print("skipped: this machine cannot run \(isa)")
      return
    }
    for kernel in ProfiledKernel.all {
      for shape in kernel.shapes.sorted(by: { kernel.bytes($0) < kernel.bytes($1) }).prefix(2) {
        for threads in Set([1, Threads.current]) {
          let error = Configuration(isa: isa, threads: threads).run { kernel.prepare(shape).verify() }
          #expect(error <= 1, "\(kernel.name) \(kernel.dtype) \(shape) on \(threads) threads")
        }
      }
    }
  }

  @Test func `a kernel is registered once`() {
    let names = ProfiledKernel.all.map { "\($0.family) \($0.name) \($0.dtype)" }
    #expect(Set(names).count == names.count)
  }

  @Test func `every family is registered`() {
    #expect(
      ProfiledKernel.families == [
        "matmul", "elementwise", "reduction", "normalization", "distance", "boxes", "neighbors", "linear_algebra",
        "hashing", "sketch", "conversion", "sorting", "ranking", "svm", "least_squares", "bayes", "optimizer", "random",
        "embedding", "softmax", "attention", "convolution",
      ]
    )
  }

  @Test func `every kernel has a default shape that stays in a second-level cache and one that leaves all caches`() {
    for kernel in ProfiledKernel.all where !["matmul", "linear_algebra"].contains(kernel.family) {
      #expect(kernel.bytes(kernel.inCache) <= 0x1p20, "\(kernel.name) \(kernel.dtype)")
      #expect(kernel.bytes(kernel.outOfCache) >= 0x1p27, "\(kernel.name) \(kernel.dtype)")
    }
  }

  @Test func `kernels count their operations and bytes`() throws {
    let work = { (name: String, dtype: DType, shape: [Int]) in
      try #require(ProfiledKernel.all.first { $0.name == name && $0.dtype == dtype }).work(shape)
    }
    #expect(try work("add", .f32, [100]) == Work(flops: 100, bytes: 1200))
    #expect(try work("multiply_add", .f64, [100]) == Work(flops: 200, bytes: 3200, dtype: .f64))
    #expect(try work("exp", .f64, [100]) == Work(flops: 3100, bytes: 1600, dtype: .f64))
    #expect(try work("sum", .f32, [2, 5, 3]) == Work(flops: 30, bytes: 4 * 36, traffic: .read))
    #expect(try work("argmax", .f32, [2, 5, 3]) == Work(flops: 0, bytes: 4 * 30 + 8 * 6, traffic: .read))
    #expect(try work("layer_norm", .f32, [2, 5]) == Work(flops: 70, bytes: 4 * 30))
    #expect(try work("softmax_columns", .f32, [2, 5, 3]) == Work(flops: 720, bytes: 4 * 60))
    #expect(try work("softmax_backward", .f64, [2, 5]) == Work(flops: 40, bytes: 8 * 30, dtype: .f64))
    #expect(try work("log_sum_exp", .f32, [2, 5]) == Work(flops: 230, bytes: 4 * 10, traffic: .read))
    #expect(try work("softmax_masked", .f32, [2, 5]) == Work(flops: 240, bytes: 9 * 10))
    #expect(try work("layer_norm", .bf16, [2, 5]) == Work(flops: 70, bytes: 2 * 20))
    #expect(try work("maxout_backward", .f64, [2, 4, 3]) == Work(flops: 0, bytes: 14 * 24, dtype: .f64))
    #expect(try work("uniform", .f32, [5]) == Work(flops: 15, bytes: 4 * 5, traffic: .write))
    #expect(try work("manhattan", .f32, [2, 3, 5]) == Work(flops: 60, bytes: 4 * 31))
    #expect(try work("symmetric_product", .f32, [3, 5]) == Work(flops: 60, bytes: 4 * 24))
    #expect(try work("triangular_solve", .f32, [4, 3]) == Work(flops: 48, bytes: 4 * 32))
    #expect(try work("cholesky", .f64, [6]) == Work(flops: 72, bytes: 8 * 72, dtype: .f64))
    #expect(try work("cross_products", .f32, [5, 3]) == Work(flops: 100, bytes: 80 + 72, dtype: .f64, traffic: .read))
    #expect(try work("class_moments", .f64, [5, 3]) == Work(flops: 60, bytes: 140 + 192, dtype: .f64, traffic: .read))
    #expect(try work("attention", .f32, [2, 3, 5, 7]) == Work(flops: 150 * 50, bytes: 4 * 840))
    #expect(try work("attention_causal", .f32, [2, 3, 5, 7]) == Work(flops: 90 * 50, bytes: 4 * 840))
    #expect(try work("attention_cached", .f32, [2, 3, 5, 7]) == Work(flops: 120 * 50, bytes: 4 * 756, traffic: .read))
    #expect(try work("xxh3_64_keys", .u8, [2, 5]) == Work(flops: 0, bytes: 10 + 24 + 16, dtype: .u8, traffic: .read))
  }

  @Test func `work is positive on every shape`() {
    for kernel in ProfiledKernel.all {
      for shape in kernel.shapes {
        #expect(kernel.flops(shape) >= 0 && kernel.bytes(shape) > 0, "\(kernel.name) \(shape)")
      }
    }
  }

  @Test func `matmul counts its operations and bytes`() throws {
    let matmul = try #require(ProfiledKernel.all.first { $0.name == "matmul" && $0.dtype == .f64 })
    #expect(matmul.flops([2, 3, 5]) == 60)
    #expect(matmul.bytes([2, 3, 5]) == 8 * (10 + 15 + 6))
    #expect(matmul.flops([7, 2, 3, 5]) == 420)
    #expect(matmul.bytes([7, 2, 3, 5]) == 7 * 8 * (10 + 15 + 6))
  }

  @Test func `plans of products are told, and depend on the instruction set`() throws {
    let matmul = try #require(ProfiledKernel.all.first { $0.name == "matmul" && $0.dtype == .f32 })
    for isa in InstructionSet.supported {
      for shape in matmul.shapes {
        let told = Configuration(isa: isa, threads: 1).run { matmul.detail(shape) }
        let batch = Array(shape.dropLast(3))
        let (m, n, k) = (shape[shape.count - 3], shape[shape.count - 2], shape[shape.count - 1])
        let plan = withInstructionSet(isa) { MatmulPlan(batch + [m, k], batch + [k, n], of: Float.self) }
        #expect(told == plan.description)
      }
    }
  }

  @Test func `wrong results exceed their bound`() {
    let right = Tensor<Float>([1, 2, 3], shape: [3])
    #expect(worstError(right, right) { _ in 1e-6 } == 0)
    #expect(worstError(Tensor(zeros: [3]), right) { _ in 1e-6 } > 1)
    #expect(worstError(Tensor([1, 2, .nan], shape: [3]), right) { _ in 1e-6 } == .infinity)
    #expect(worstError(Tensor([1, 2, .infinity], shape: [3]), right) { _ in 1e-6 } == .infinity)
  }

  @Test func `a kernel that must be exact is right or wrong`() {
    #expect(exactError(1, 1) == 0 && exactError(1, 2) == .infinity)
  }

  @Test func `operands fill their range and depend on the seed alone`() {
    let a = operand(Float.self, shape: [3, 5000], in: 0...1, seed: 7)
    let b = operand(Float.self, shape: [3, 5000], in: 0...1, seed: 7)
    let c = operand(Float.self, shape: [3, 5000], in: 0...1, seed: 8)
    a.withUnsafeBufferPointer { a in
      #expect(a.allSatisfy { (0...1).contains($0) })
      #expect(a.max()! > 0.99 && a.min()! < 0.01)
      #expect(a[14_999] != a[9_999] && a[14_999] != 0)
      b.withUnsafeBufferPointer { #expect(a.elementsEqual($0)) }
      c.withUnsafeBufferPointer { #expect(!a.elementsEqual($0)) }
    }
  }
}
