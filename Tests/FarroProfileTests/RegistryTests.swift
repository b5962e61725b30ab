import Farro
import TestSupport
import Testing

@testable import FarroProfile

@Suite struct RegistryTests {
  @Test(arguments: InstructionSet.allCases)
  func everyKernelIsRightOnEveryInstructionSetAndNumberOfThreads(isa: InstructionSet) {
    guard isa.isSupported else {
      print("skipped: this machine cannot run \(isa)")
      return
    }
    for kernel in ProfiledKernel.all {
      let shape = kernel.shapes.min { kernel.bytes($0) < kernel.bytes($1) }!
      for threads in Set([1, Threads.current]) {
        let error = Configuration(isa: isa, threads: threads).run { kernel.prepare(shape).verify() }
        #expect(error <= 1, "\(kernel.name) \(kernel.dtype) \(shape) on \(threads) threads")
      }
    }
  }

  @Test func aKernelIsRegisteredOnce() {
    let names = ProfiledKernel.all.map { "\($0.family) \($0.name) \($0.dtype)" }
    #expect(Set(names).count == names.count)
  }

  @Test func workIsPositiveOnEveryShape() {
    for kernel in ProfiledKernel.all {
      for shape in kernel.shapes {
        #expect(kernel.flops(shape) >= 0 && kernel.bytes(shape) > 0, "\(kernel.name) \(shape)")
      }
    }
  }

  @Test func matmulCountsItsOperationsAndBytes() throws {
    let matmul = try #require(ProfiledKernel.all.first { $0.name == "matmul" && $0.dtype == .f64 })
    #expect(matmul.flops([2, 3, 5]) == 60)
    #expect(matmul.bytes([2, 3, 5]) == 8 * (10 + 15 + 6))
    #expect(matmul.flops([7, 2, 3, 5]) == 420)
    #expect(matmul.bytes([7, 2, 3, 5]) == 7 * 8 * (10 + 15 + 6))
  }

  @Test func wrongResultsExceedTheirBound() {
    let right = Tensor<Float>([1, 2, 3], shape: [3])
    #expect(worstError(right, right) { _ in 1e-6 } == 0)
    #expect(worstError(Tensor(zeros: [3]), right) { _ in 1e-6 } > 1)
    #expect(worstError(Tensor([1, 2, .nan], shape: [3]), right) { _ in 1e-6 } == .infinity)
    #expect(worstError(Tensor([1, 2, .infinity], shape: [3]), right) { _ in 1e-6 } == .infinity)
  }

  @Test func operandsFillTheirRangeAndDependOnTheSeedAlone() {
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
