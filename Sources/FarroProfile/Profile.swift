import Farro
import Foundation

/// What a run of `farro profile` found: the machine, its measured limits, and what each kernel reaches of them.
///
/// Encoded with ``jsonData()`` it is the `profile.json` that tools read: keys in snake case, a fact that the machine does
/// not tell left out, rates in 10⁹ per second, times in seconds.
public struct Profile: Codable, Sendable, Equatable {
  /// The facts of the machine that was measured.
  public var machine: Machine
  /// Its limits, one for each kind, level and configuration.
  public var peaks: [Peak]
  /// What the kernels reached, in the order in which they are registered.
  public var kernels: [KernelResult]

  /// A profile of parts that were measured, or read, elsewhere.
  public init(machine: Machine, peaks: [Peak], kernels: [KernelResult]) {
    self.machine = machine
    self.peaks = peaks
    self.kernels = kernels
  }
}

/// The facts of a machine; what it does not tell is `nil`, and absent from the JSON.
public struct Machine: Codable, Sendable, Equatable {
  /// The brand of the CPU; "unknown" where the machine does not tell.
  public var name: String
  /// The maker of the CPU; "unknown" where the machine does not tell.
  public var vendor: String
  /// Logical cores online.
  public var logicalCores: Int
  /// Cores that the process may use (affinity, and the CPU quota of its control group).
  public var usableCores: Int
  /// Threads that a kernel call uses by default.
  public var threads: Int
  /// Whether kernels were built to run on several threads.
  public var openMP: Bool
  /// Those that kernels can use here, the best last.
  public var instructionSets: [InstructionSet]
  /// The data cache and the second-level cache of one core; one instance of the third-level cache.
  public var l1DataBytes, l2Bytes, l3Bytes: Int?
  /// The length of a cache line.
  public var cacheLineBytes: Int?
  /// Main memory.
  public var memoryBytes: Int?
  /// The best known maximum or nominal clock.
  public var frequencyHertz: Double?

  enum CodingKeys: String, CodingKey {
    case name, vendor, threads
    case logicalCores = "logical_cores"
    case usableCores = "usable_cores"
    case openMP = "openmp"
    case instructionSets = "instruction_sets"
    case l1DataBytes = "l1d_bytes"
    case l2Bytes = "l2_bytes"
    case l3Bytes = "l3_bytes"
    case cacheLineBytes = "line_bytes"
    case memoryBytes = "memory_bytes"
    case frequencyHertz = "frequency_hz"
  }
}

/// A place that data comes from, nearest first.
public enum MemoryLevel: String, Codable, Sendable, CaseIterable, Comparable {
  /// The data cache of each core.
  case l1 = "L1"
  /// The second-level cache of each core.
  case l2 = "L2"
  /// The third-level cache, shared by cores.
  case l3 = "L3"
  /// Main memory.
  case dram = "DRAM"

  /// Whether `a` is nearer to the core than `b`.
  public static func < (a: MemoryLevel, b: MemoryLevel) -> Bool {
    allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
  }
}

/// One measured limit of the machine: a rate of arithmetic, or a bandwidth at a level of memory.
public struct Peak: Codable, Sendable, Equatable {
  /// What was measured.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Multiply-adds of `Float`, independent and in registers.
    case fmaF32 = "fma_f32"
    /// Multiply-adds of `Double`, independent and in registers.
    case fmaF64 = "fma_f64"
    /// Products of bf16 added to `Float`: dot products of pairs where the instruction set has them, else multiply-adds of
    /// `Float`, as matrix products of bf16 do.
    case dotBF16 = "dot_bf16"
    /// Products of unsigned with signed bytes added to `Int32`: dot products of four where the instruction set has them,
    /// else of two 16-bit integers, as matrix products of bytes do.
    case dotU8S8 = "dot_u8s8"
    /// Bandwidths of `s += x[i]`, `y[i] = s`, `y[i] = x[i]` and `z[i] = x[i] + s * y[i]`.
    case read, write, copy, triad
    /// ``write`` with stores that bypass the caches.
    case writeNonTemporal = "write_nt"
    /// ``copy`` with stores that bypass the caches.
    case copyNonTemporal = "copy_nt"
  }

  /// What was measured.
  public var kind: Kind
  /// The instruction set that it was measured with.
  public var isa: InstructionSet
  /// The threads that it was measured with.
  public var threads: Int
  /// The level of memory of a bandwidth; `nil` for arithmetic.
  public var level: MemoryLevel?
  /// 10⁹ operations per second, of integers for ``Kind/dotU8S8`` and else of floating point, a multiply-add counted as two;
  /// `nil` for a bandwidth.
  public var gflops: Double?
  /// 10⁹ bytes read and written per second; `nil` for arithmetic.
  public var gbps: Double?

  /// A rate of arithmetic, in 10⁹ operations per second.
  public init(kind: Kind, isa: InstructionSet, threads: Int, gflops: Double) {
    (self.kind, self.isa, self.threads, self.gflops) = (kind, isa, threads, gflops)
  }

  /// A bandwidth, in 10⁹ bytes per second.
  public init(kind: Kind, level: MemoryLevel, isa: InstructionSet, threads: Int, gbps: Double) {
    (self.kind, self.level, self.isa, self.threads, self.gbps) = (kind, level, isa, threads, gbps)
  }
}

/// How a kernel's minimum traffic moves, and so which bandwidth bounds it.
public enum Traffic: String, Codable, Sendable {
  /// It reads and hardly writes, as a sum does: bounded by the read bandwidth.
  case read
  /// It reads and writes: bounded by the faster of plain and non-temporal copies.
  case copy
  /// It writes and hardly reads, as a generator of numbers does: bounded by the faster of plain and non-temporal stores.
  case write
}

/// The limit that applies to a kernel on one shape: in text `fma_f32`, `dot_bf16`, `L2 copy`, `DRAM read`.
public enum Bound: Sendable, Equatable, Hashable, RawRepresentable, Codable {
  /// A rate of arithmetic, as ``Peak/Kind/fmaF32`` or ``Peak/Kind/dotBF16``.
  case compute(Peak.Kind)
  /// The bandwidth of the level that the operands and results fit in.
  case memory(MemoryLevel, Traffic)

  /// The bound of a text as ``rawValue`` has it; `nil` for any other text.
  public init?(rawValue: String) {
    let words = rawValue.split(separator: " ").map(String.init)
    if words.count == 1, let kind = Peak.Kind(rawValue: words[0]), kind.isArithmetic {
      self = .compute(kind)
    } else if words.count == 2, let level = MemoryLevel(rawValue: words[0]), let traffic = Traffic(rawValue: words[1]) {
      self = .memory(level, traffic)
    } else {
      return nil
    }
  }

  /// The bound as text: `fma_f32`, `dot_bf16`, `L2 copy`, `DRAM read`.
  public var rawValue: String {
    switch self {
    case .compute(let kind): kind.rawValue
    case .memory(let level, let traffic): "\(level.rawValue) \(traffic.rawValue)"
    }
  }
}

/// What one kernel reached on one shape, with one instruction set and number of threads.
public struct KernelResult: Codable, Sendable, Equatable {
  /// The folder of the kernel under CKernels, and the operation.
  public var family, name: String
  /// The element type.
  public var dtype: DType
  /// The axes that determine the work; for a matrix product (m, n, k), or (batch, m, n, k).
  public var shape: [Int]
  /// The instruction set that it ran with.
  public var isa: InstructionSet
  /// The most threads that it was allowed.
  public var threads: Int
  /// Of one call.
  public var medianSeconds, minSeconds: Double
  /// The interquartile range of one call's time, divided by its median.
  public var spread: Double
  /// 10⁹ operations per second, from the median; of products of bytes, integer operations. 0 for a kernel without such
  /// arithmetic.
  public var gflops: Double
  /// From the median and the minimum traffic: each operand read or written once.
  public var gbps: Double
  /// Floating-point operations per byte of the minimum traffic.
  public var intensity: Double
  /// The limit that applies.
  public var bound: Bound
  /// The rate as a fraction of ``bound``, measured beside it.
  public var fractionOfBound: Double
  /// How a call was carried out, for kernels that have several ways: of a matrix product, its plan.
  public var detail: String?

  enum CodingKeys: String, CodingKey {
    case family, name, dtype, shape, isa, threads, spread, gflops, gbps, intensity, bound, detail
    case medianSeconds = "median_s"
    case minSeconds = "min_s"
    case fractionOfBound = "fraction_of_bound"
  }

  /// A result of numbers that were measured, or read, elsewhere.
  public init(
    key: Key,
    medianSeconds: Double,
    minSeconds: Double,
    spread: Double,
    gflops: Double,
    gbps: Double,
    intensity: Double,
    bound: Bound,
    fractionOfBound: Double,
    detail: String? = nil
  ) {
    (family, name, dtype, shape) = (key.family, key.name, key.dtype, key.shape)
    (isa, threads) = (key.isa, key.threads)
    self.medianSeconds = medianSeconds
    self.minSeconds = minSeconds
    self.spread = spread
    self.gflops = gflops
    self.gbps = gbps
    self.intensity = intensity
    self.bound = bound
    self.fractionOfBound = fractionOfBound
    self.detail = detail
  }
}

extension KernelResult {
  /// What two results must share to be compared.
  public struct Key: Hashable, Sendable {
    /// The folder of the kernel under CKernels, and the operation.
    public var family, name: String
    /// The element type.
    public var dtype: DType
    /// The axes that determine the work, as in ``KernelResult/shape``.
    public var shape: [Int]
    /// The instruction set.
    public var isa: InstructionSet
    /// The most threads allowed.
    public var threads: Int

    /// The key of results of one kernel, shape and configuration.
    public init(family: String, name: String, dtype: DType, shape: [Int], isa: InstructionSet, threads: Int) {
      (self.family, self.name, self.dtype, self.shape) = (family, name, dtype, shape)
      (self.isa, self.threads) = (isa, threads)
    }
  }

  /// What this result and another must share to be compared.
  public var key: Key {
    Key(family: family, name: name, dtype: dtype, shape: shape, isa: isa, threads: threads)
  }

  /// Above this, the probe that measured the bound is at fault; no kernel is that good.
  public static let credibleFraction = 1.05

  /// Whether ``fractionOfBound`` is too high to be believed.
  public var isProbeFault: Bool { fractionOfBound > Self.credibleFraction }
}

extension Profile {
  /// The JSON of this profile, keys sorted, ending with a newline.
  public func jsonData() throws -> Data { try json(self) }

  /// A profile that ``jsonData()`` made.
  ///
  /// - Throws: `DecodingError` for anything else.
  public init(json: Data) throws {
    self = try JSONDecoder().decode(Profile.self, from: json)
  }
}

extension Machine {
  /// The JSON of these facts, as ``Profile/jsonData()`` has them.
  public func jsonData() throws -> Data { try json(self) }
}

private func json(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return try encoder.encode(value) + Data("\n".utf8)
}
