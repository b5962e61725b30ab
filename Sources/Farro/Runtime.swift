import CKernels

/// A set of CPU instructions that kernels are compiled for.
public enum InstructionSet: String, Sendable, CaseIterable, Codable {
  /// What every CPU of the architecture has, without fused multiply-add.
  case baseline
  /// AVX2 with FMA, F16C and BMI2.
  case avx2
  /// AVX-512 F, BW, DQ and VL.
  case avx512
  /// AVX-512 as above with AVX512_BF16 and AVX512_VNNI: dot products of bf16 and of 8-bit integers.
  case avx512BF16 = "avx512_bf16"
  /// Advanced SIMD of arm64.
  case neon

  var code: farro_isa { farro_isa_named(rawValue) }

  /// Whether this build has kernels for it and this CPU can run them.
  public var isSupported: Bool { farro_isa_supported(code) }

  /// Those that this machine can run, the best last.
  public static var supported: [InstructionSet] { allCases.filter(\.isSupported) }

  /// What a kernel called now from this thread uses: the best supported, unless the environment variable `FARRO_ISA` or
  /// ``withInstructionSet(_:_:)`` names another. `nil` when `FARRO_ISA` names one that cannot be used here.
  public static var current: InstructionSet? {
    let isa = farro_current_isa()
    return isa == FARRO_ISA_NONE ? nil : InstructionSet(rawValue: String(cString: farro_isa_name(isa)))
  }

  /// Why ``current`` is `nil`, with the names that would be right; `nil` when it is not.
  public static var refusal: String? {
    current == nil ? String(cString: farro_status_message(FARRO_ERROR_ISA)) : nil
  }
}

/// Runs `body` with the kernels of one instruction set, for calls made from this thread.
///
/// - Precondition: `isa.isSupported`.
public func withInstructionSet<Result, Failure: Error>(
  _ isa: InstructionSet,
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  var previous = FARRO_ISA_NONE
  let status = farro_set_local_isa(isa.code, &previous)
  require(status == FARRO_OK, "withInstructionSet: this machine cannot run \(isa)")
  defer { farro_set_local_isa(previous, nil) }
  return try body()
}

/// The threads that kernels use.
public enum Threads {
  /// How many a kernel called now from this thread may use: the least of the cores that this process may use (affinity and
  /// control group), `OMP_NUM_THREADS`, ``setLimit(_:)`` and ``withThreads(_:_:)``; 1 in a build without OpenMP.
  public static var current: Int { Int(farro_threads()) }

  /// Caps the threads of every kernel call of this process; `nil` removes the cap.
  ///
  /// - Precondition: `limit` is positive.
  public static func setLimit(_ limit: Int?) {
    require(limit ?? 1 > 0, "Threads.setLimit: \(limit ?? 0) is not a number of threads")
    _ = farro_set_threads(Int32(clamping: limit ?? 0))
  }

  /// Whether this build runs kernels on several threads.
  public static var hasOpenMP: Bool { farro_has_openmp() }

  /// The measured cost of handing work to the warm team and waiting for it, in nanoseconds; 0 with one thread.
  public static var forkJoinNanoseconds: Double { farro_fork_join_nanoseconds() }
}

/// Runs `body` with at most `limit` threads for kernels called from this thread.
///
/// - Precondition: `limit` is positive.
public func withThreads<Result, Failure: Error>(
  _ limit: Int,
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  require(limit > 0, "withThreads: \(limit) is not a number of threads")
  var previous: Int32 = 0
  _ = farro_set_local_threads(Int32(clamping: limit), &previous)
  defer { _ = farro_set_local_threads(previous, nil) }
  return try body()
}

/// The pool that tensors take their memory from.
public enum MemoryPool {
  /// Bytes kept for reuse now.
  public static var heldBytes: Int { Int(farro_pool_facts().held_bytes) }

  /// Most bytes that are ever kept.
  public static var limitBytes: Int { Int(farro_pool_facts().limit_bytes) }

  /// Changes the limit, and frees what is held above it.
  public static func setLimit(bytes: Int) { farro_pool_set_limit(max(0, bytes)) }

  /// Frees kept blocks, largest first, until at most `bytes` are held.
  public static func trim(toBytes bytes: Int = 0) { farro_pool_trim(max(0, bytes)) }
}

/// Stops the program unless a kernel that cannot fail for its arguments succeeded.
@inline(__always)
func check(_ status: farro_status, _ function: StaticString) {
  if status != FARRO_OK { fail(status, function) }
}

@inline(never)
private func fail(_ status: farro_status, _ function: StaticString) -> Never {
  fatalError("\(function): \(String(cString: farro_status_message(status)))")
}
