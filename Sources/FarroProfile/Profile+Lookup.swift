import Farro

// What reports ask a profile.

extension KernelResult {
  /// The axes with multiplication signs; a cube as a power.
  var shapeText: String {
    if shape.count == 3, Set(shape).count == 1 { return "\(shape[0])³" }
    return shape.map(String.init).joined(separator: "×")
  }
}

extension Profile {
  /// The families in the order in which their kernels appear.
  var families: [String] {
    kernels.reduce(into: []) { if !$0.contains($1.family) { $0.append($1.family) } }
  }

  /// The number of a family among the colours `family-0` to `family-7`.
  func colorIndex(of family: String) -> Int { (families.firstIndex(of: family) ?? 0) % 8 }

  /// The most threads of any kernel, or peak where there is no kernel.
  var mostThreads: Int { kernels.map(\.threads).max() ?? peaks.map(\.threads).max() ?? 1 }

  /// The instruction set that most of the machine's best results have: the last of ``Machine/instructionSets`` with a peak.
  var bestInstructionSet: InstructionSet? {
    machine.instructionSets.last { isa in peaks.contains { $0.isa == isa } } ?? peaks.last?.isa
  }

  /// The rate of a peak; for a bandwidth in GB/s, for arithmetic in GFLOP/s.
  func peak(_ kind: Peak.Kind, _ level: MemoryLevel? = nil, isa: InstructionSet?, threads: Int) -> Double? {
    let found = peaks.first { $0.kind == kind && $0.level == level && $0.isa == isa && $0.threads == threads }
    return level == nil ? found?.gflops : found?.gbps
  }

  /// The faster of plain and non-temporal copies.
  func copyPeak(_ level: MemoryLevel, isa: InstructionSet?, threads: Int) -> Double? {
    [Peak.Kind.copy, .copyNonTemporal].compactMap { peak($0, level, isa: isa, threads: threads) }.max()
  }
}
