/// The sizes of a machine's caches, and which of them data fits in.
public struct MemoryHierarchy: Sendable {
  /// Bytes per core.
  let l1, l2: Int
  /// Bytes shared by all cores; `nil` where there is none, or none is told of.
  let l3: Int?
  let memory: Int?

  /// Caches that the machine does not tell of are taken for small ones of today: 32 KiB and 512 KiB per core. A third
  /// level is not guessed.
  public init(_ machine: Machine) {
    l1 = machine.l1DataBytes ?? 32 << 10
    l2 = machine.l2Bytes ?? 512 << 10
    l3 = machine.l3Bytes
    memory = machine.memoryBytes
  }

  /// The nearest level that holds `bytes` when `threads` cores share them out.
  public func level(holding bytes: Double, threads: Int) -> MemoryLevel {
    if bytes <= Double(l1 * threads) { return .l1 }
    if bytes <= Double(l2 * threads) { return .l2 }
    if let l3, hasL3(threads: threads), bytes <= Double(l3) { return .l3 }
    return .dram
  }

  /// The levels that `threads` cores can be measured at.
  public func levels(threads: Int) -> [MemoryLevel] {
    MemoryLevel.allCases.filter { $0 != .l3 || hasL3(threads: threads) }
  }

  /// Bytes to sweep over to measure the bandwidth of a level.
  public func probeBytes(at level: MemoryLevel, threads: Int) -> Int {
    switch level {
    // Half of a cache leaves room for what else lives there, and half of the second is well beyond the first.
    case .l1: l1 / 2 * threads
    case .l2: l2 / 2 * threads
    // Several times what the second level holds already, yet far from filling a cache that neighbours use too.
    case .l3: min(max(4 * l2 * threads, (l3 ?? 0) / 4), (l2 * threads + (l3 ?? 0)) / 2)
    // So little of four times the last cache survives in it from one sweep to the next that it does not count.
    case .dram: max(64 << 20, min(4 * max(l3 ?? 0, l2 * threads), (memory ?? .max) / 8))
    }
  }

  /// Whether the third level is enough larger than the second ones together to be told from them.
  private func hasL3(threads: Int) -> Bool { (l3 ?? 0) >= 2 * l2 * threads }
}
