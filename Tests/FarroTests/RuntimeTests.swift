import Farro
import Testing

@Suite struct RuntimeTests {
  @Test func `facts about the CPU never fail`() {
    let cpu = CPU.current
    #expect(!cpu.name.isEmpty && !cpu.vendor.isEmpty)
    #expect(cpu.logicalCores >= 1 && (1...cpu.logicalCores).contains(cpu.usableCores))
    for bytes in [cpu.l1DataBytes, cpu.l2Bytes, cpu.l3Bytes, cpu.cacheLineBytes, cpu.memoryBytes] {
      #expect(bytes.map { $0 > 0 } ?? true)
    }
    #expect(cpu.frequencyHertz.map { $0 > 1e8 && $0 < 1e11 } ?? true)
  }

  @Test func `every machine supports an instruction set, and uses the best or the one it was told`() throws {
    #expect(!InstructionSet.supported.isEmpty)
    #expect(CPU.current.instructionSets == InstructionSet.supported)
    #expect(InstructionSet.supported.contains(try #require(InstructionSet.current)))
    #expect(InstructionSet.refusal == nil)
  }

  @Test func `choices of an instruction set nest and end`() {
    let before = InstructionSet.current
    for outer in InstructionSet.supported {
      withInstructionSet(outer) {
        #expect(InstructionSet.current == outer)
        for inner in InstructionSet.supported {
          withInstructionSet(inner) { #expect(InstructionSet.current == inner) }
        }
        #expect(InstructionSet.current == outer)
      }
    }
    #expect(InstructionSet.current == before)
  }

  @Test func `a choice ends when its body throws`() {
    struct Refusal: Error {}
    let (isa, threads) = (InstructionSet.current, Threads.current)
    #expect(throws: Refusal.self) {
      try withInstructionSet(InstructionSet.supported[0]) { try withThreads(1) { throw Refusal() } }
    }
    #expect(InstructionSet.current == isa && Threads.current == threads)
  }

  @Test func `caps on threads nest and end`() {
    let before = Threads.current
    withThreads(1) {
      #expect(Threads.current == 1)
      withThreads(1000) { #expect(Threads.current <= CPU.current.usableCores) }
      #expect(Threads.current == 1)
    }
    #expect(Threads.current == before && before >= 1)
  }

  @Test func `an instruction set of another architecture is refused`() async {
    #if arch(x86_64)
      #expect(!InstructionSet.neon.isSupported)
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        withInstructionSet(.neon) {}
      }
      #expect(result.map { message($0, has: "cannot run neon") } ?? false)
    #else
      #expect(!InstructionSet.avx2.isSupported)
    #endif
  }

  @Test func `no number of threads below 1 is accepted`() async {
    await #expect(processExitsWith: .failure) { withThreads(0) {} }
    await #expect(processExitsWith: .failure) { Threads.setLimit(-1) }
  }

  @Test func `memory of large tensors goes back to the pool, up to its limit`() async {
    // In a process of its own: other tests use the pool at the same time.
    await #expect(processExitsWith: .success) {
      MemoryPool.trim()
      let bytes = 8 << 20
      do { _ = Tensor<UInt8>(zeros: [bytes]) }
      require(MemoryPool.heldBytes >= bytes)
      MemoryPool.setLimit(bytes: bytes / 2)
      require(MemoryPool.heldBytes <= bytes / 2 && MemoryPool.limitBytes == bytes / 2)
      do { _ = Tensor<UInt8>(zeros: [bytes]) }
      require(MemoryPool.heldBytes <= bytes / 2)
      MemoryPool.trim()
      require(MemoryPool.heldBytes == 0)
    }
  }
}

/// Within an exit test, where a failed expectation would not be seen.
private func require(_ condition: Bool, line: UInt = #line) {
  if !condition { fatalError("line \(line)") }
}
