import CKernels

/// Measurements of what this CPU can do at most, with the same vectors and threads as the kernels use.
///
/// Like kernels they obey ``withInstructionSet(_:_:)`` and ``withThreads(_:_:)``. The rate is what one call reached; the
/// peak is the best of several.
public enum Probe {
  /// What a loop over memory does with each element.
  public enum Pattern: String, Sendable, CaseIterable {
    /// `s += x[i]`, `y[i] = s`, `y[i] = x[i]` and `z[i] = x[i] + s * y[i]`.
    case read, write, copy, triad
    /// With stores that bypass the caches.
    case writeNonTemporal = "write_nt"
    /// ``copy`` with stores that bypass the caches.
    case copyNonTemporal = "copy_nt"

    var code: farro_traffic {
      switch self {
      case .read: FARRO_TRAFFIC_READ
      case .write: FARRO_TRAFFIC_WRITE
      case .writeNonTemporal: FARRO_TRAFFIC_WRITE_NT
      case .copy: FARRO_TRAFFIC_COPY
      case .copyNonTemporal: FARRO_TRAFFIC_COPY_NT
      case .triad: FARRO_TRAFFIC_TRIAD
      }
    }
  }

  /// The dot products that low-precision matrix products are made of.
  public enum DotProduct: String, Sendable, CaseIterable {
    /// Of bf16, added to `Float`.
    case bf16
    /// Of unsigned with signed bytes, added to `Int32`.
    case u8s8
  }

  /// What one probe did.
  public struct Result: Sendable {
    /// From the moment that the first thread starts until the last one ends.
    public let seconds: Double
    /// Operations of arithmetic, or bytes read and written by the program, over all threads.
    public let amount: Double
    /// Those that took part.
    public let threads: Int

    /// ``amount`` per second.
    public var rate: Double { seconds > 0 ? amount / seconds : 0 }

    init(_ result: farro_probe_result) {
      seconds = result.seconds
      amount = result.amount
      threads = Int(result.threads)
    }
  }

  /// Runs independent multiply-adds in registers; each counts as two operations.
  ///
  /// - Precondition: `rounds` is positive.
  public static func multiplyAdd<Scalar: KernelScalar>(_ type: Scalar.Type, rounds: Int) -> Result {
    require(rounds > 0, "Probe.multiplyAdd: \(rounds) is not a number of rounds")
    var result = farro_probe_result()
    switch Scalar.dtype {
    case .f32: check(farro_probe_fma_f32(rounds, &result), "Probe.multiplyAdd")
    default: check(farro_probe_fma_f64(rounds, &result), "Probe.multiplyAdd")
    }
    return Result(result)
  }

  /// Computes independent dot products in registers, with the instruction that the set has for them, or with what its
  /// kernels do instead; each multiply-add counts as two operations.
  ///
  /// - Precondition: `rounds` is positive.
  public static func dotProduct(_ product: DotProduct, rounds: Int) -> Result {
    require(rounds > 0, "Probe.dotProduct: \(rounds) is not a number of rounds")
    var result = farro_probe_result()
    switch product {
    case .bf16: check(farro_probe_dot_bf16(rounds, &result), "Probe.dotProduct")
    case .u8s8: check(farro_probe_dot_u8s8(rounds, &result), "Probe.dotProduct")
    }
    return Result(result)
  }

  /// Sweeps `sweeps` times over the first `bytes` bytes of `memory`, all arrays and threads of the pattern together.
  ///
  /// - Precondition: `memory` holds that many bytes, which give each array of each thread 1 KiB at least.
  public static func traffic(_ pattern: Pattern, bytes: Int, sweeps: Int, in memory: inout Tensor<Float>) -> Result {
    require(
      bytes > 0 && bytes <= memory.count * MemoryLayout<Float>.stride && sweeps > 0,
      "Probe.traffic: cannot sweep \(sweeps) times over \(bytes) bytes of a tensor of \(memory.count) floats"
    )
    var result = farro_probe_result()
    memory.withUnsafeMutableBufferPointer {
      check(farro_probe_traffic(pattern.code, bytes, sweeps, $0.baseAddress, &result), "Probe.traffic")
    }
    return Result(result)
  }
}
