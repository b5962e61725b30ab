import Farro

extension Machine {
  /// The machine that this program runs on.
  public static var current: Machine {
    let cpu = CPU.current
    return Machine(
      name: cpu.name,
      vendor: cpu.vendor,
      logicalCores: cpu.logicalCores,
      usableCores: cpu.usableCores,
      threads: Threads.current,
      openMP: Threads.hasOpenMP,
      instructionSets: cpu.instructionSets,
      l1DataBytes: cpu.l1DataBytes,
      l2Bytes: cpu.l2Bytes,
      l3Bytes: cpu.l3Bytes,
      cacheLineBytes: cpu.cacheLineBytes,
      memoryBytes: cpu.memoryBytes,
      frequencyHertz: cpu.frequencyHertz
    )
  }
}
