import CKernels

/// Facts about this machine. Reading them never fails; what the machine does not tell is `nil`.
public struct CPU: Sendable {
  /// The brand, for example "AMD EPYC"; "unknown" where the machine does not tell.
  public let name: String
  /// The maker, for example "AuthenticAMD"; "unknown" where the machine does not tell.
  public let vendor: String
  /// Logical cores online in this machine.
  public let logicalCores: Int
  /// Cores that this process may use: its affinity and the CPU quota of its control group.
  public let usableCores: Int
  /// The data cache of one core, in bytes.
  public let l1DataBytes: Int?
  /// The second-level cache of one core, in bytes.
  public let l2Bytes: Int?
  /// One instance of the third-level cache, shared by several cores, in bytes.
  public let l3Bytes: Int?
  /// What caches move at a time, in bytes.
  public let cacheLineBytes: Int?
  /// The machine's main memory, in bytes.
  public let memoryBytes: Int?
  /// The best known maximum or nominal clock, in hertz.
  public let frequencyHertz: Double?
  /// Instruction sets that Farro's kernels can use here, the best last.
  public let instructionSets: [InstructionSet]

  /// The machine that this program runs on, read anew at each use.
  public static var current: CPU { CPU(farro_cpu_facts()) }

  private init(_ facts: farro_cpu) {
    name = text(facts.name)
    vendor = text(facts.vendor)
    logicalCores = max(1, Int(facts.logical_cores))
    usableCores = max(1, Int(facts.usable_cores))
    l1DataBytes = known(facts.l1d_bytes)
    l2Bytes = known(facts.l2_bytes)
    l3Bytes = known(facts.l3_bytes)
    cacheLineBytes = known(facts.line_bytes)
    memoryBytes = known(facts.memory_bytes)
    frequencyHertz = facts.frequency_hz > 0 ? facts.frequency_hz : nil
    instructionSets = InstructionSet.supported
  }
}

private func known(_ bytes: Int64) -> Int? { bytes > 0 ? Int(bytes) : nil }

/// A C array of characters that ends with a zero.
private func text<Characters>(_ characters: Characters) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
