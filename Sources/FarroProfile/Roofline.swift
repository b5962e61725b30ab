import Farro

/// What a piece of work asks of the machine.
public struct Work: Sendable, Equatable {
  /// Operations of arithmetic, a multiply-add counted as two; floating-point ones, except where ``dtype`` is `DType.i8`.
  public var flops: Double
  /// The bytes that must move, each operand read or written once.
  public var bytes: Double
  /// The type of the operands: which rate of multiply-adds bounds the operations.
  public var dtype: DType
  /// How they move: which bandwidth bounds it.
  public var traffic: Traffic

  /// The work of one call.
  public init(flops: Double, bytes: Double, dtype: DType = .f32, traffic: Traffic = .copy) {
    (self.flops, self.bytes, self.dtype, self.traffic) = (flops, bytes, dtype, traffic)
  }

  /// Floating-point operations per byte; 0 when nothing moves.
  public var intensity: Double { bytes > 0 ? flops / bytes : 0 }
}

/// Where a measured time stands under the roofline.
public struct RooflinePoint: Sendable, Equatable {
  /// 10⁹ operations, and 10⁹ bytes, per second.
  public let gflops, gbps: Double
  /// Floating-point operations per byte.
  public let intensity: Double
  /// The limit that applies: the one that takes longer to do the work at.
  public let bound: Bound
  /// The rate as a fraction of that limit.
  public let fractionOfBound: Double
}

/// The limits of a machine in one configuration.
///
/// Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for multicore
/// architectures", CACM 52(4), 2009.
public struct Roofline: Sendable {
  /// The sizes that decide which level's bandwidth applies.
  public let hierarchy: MemoryHierarchy
  /// The instruction set and number of threads whose limits these are.
  public let configuration: Configuration
  /// Of this configuration.
  public let peaks: [Peak]

  /// The limits among `peaks` that belong to one configuration.
  ///
  /// - Parameters:
  ///   - hierarchy: The sizes that decide which level's bandwidth applies.
  ///   - peaks: Of any configuration; those of others are left aside.
  ///   - configuration: The one to keep.
  public init(_ hierarchy: MemoryHierarchy, _ peaks: [Peak], _ configuration: Configuration) {
    self.hierarchy = hierarchy
    self.configuration = configuration
    self.peaks = peaks.filter { $0.configuration == configuration }
  }

  /// The limits that a profile found.
  public init(_ profile: Profile, _ configuration: Configuration) {
    self.init(MemoryHierarchy(profile.machine), profile.peaks, configuration)
  }

  /// The peak that stands for a bound: for the bounds of copies and of writes, the faster of plain and non-temporal ones.
  /// `nil` when it was not measured.
  public func peak(of bound: Bound) -> Peak? {
    switch bound {
    case .compute(let kind): peaks.first { $0.kind == kind }
    case .memory(let level, .read): fastest([.read], level)
    case .memory(let level, .copy): fastest([.copy, .copyNonTemporal], level)
    case .memory(let level, .write): fastest([.write, .writeNonTemporal], level)
    }
  }

  private func fastest(_ kinds: Set<Peak.Kind>, _ level: MemoryLevel) -> Peak? {
    peaks.filter { $0.level == level && kinds.contains($0.kind) }.max { $0.rate < $1.rate }
  }

  /// The limit that applies: arithmetic, or the level of memory that `work.bytes` fit in, whichever takes longer. `nil`
  /// when its peaks were not measured.
  public func bound(of work: Work) -> Bound? {
    let level = hierarchy.level(holding: work.bytes, threads: configuration.threads)
    return [compute(work.dtype), .memory(level, work.traffic)]
      .compactMap { bound in
        bound.flatMap { bound in peak(of: bound).map { (bound, amount(of: work, bound) / $0.rate) } }
      }
      .max { $0.1 < $1.1 }?.0
  }

  /// Where `seconds` for `work` stand. `nil` when the peaks were not measured.
  public func point(_ work: Work, seconds: Double) -> RooflinePoint? {
    guard let bound = bound(of: work), let peak = peak(of: bound) else { return nil }
    return RooflinePoint(
      gflops: work.flops / seconds / 1e9,
      gbps: work.bytes / seconds / 1e9,
      intensity: work.intensity,
      bound: bound,
      fractionOfBound: amount(of: work, bound) / seconds / peak.rate
    )
  }

  private func compute(_ dtype: DType) -> Bound? {
    switch dtype {
    // f16 is widened: no instruction set here has its dot products.
    case .f32, .f16: .compute(.fmaF32)
    case .f64: .compute(.fmaF64)
    case .bf16: .compute(.dotBF16)
    case .i8: .compute(.dotU8S8)
    default: nil
    }
  }
}

/// What a bound counts of a piece of work: operations, or bytes.
func amount(of work: Work, _ bound: Bound) -> Double {
  switch bound {
  case .compute: work.flops
  case .memory: work.bytes
  }
}
