import Farro

extension Peak.Kind {
  /// Whether it is a rate of arithmetic; otherwise it is a bandwidth.
  public var isArithmetic: Bool { Self.arithmetic.contains(self) }

  /// The rates of arithmetic, in the order of reports.
  public static let arithmetic: [Peak.Kind] = [.fmaF32, .fmaF64, .dotBF16, .dotU8S8]
}

extension Peak {
  /// The instruction set and the number of threads that it was measured with.
  public var configuration: Configuration { Configuration(isa: isa, threads: threads) }

  /// Operations or bytes per second.
  public var rate: Double { (gflops ?? gbps ?? 0) * 1e9 }
}

/// What a probe measures: a rate of arithmetic, or a bandwidth at a level.
struct ProbeTarget: Hashable {
  let kind: Peak.Kind
  let level: MemoryLevel?

  /// Every one that a number of threads can be measured at.
  static func all(in hierarchy: MemoryHierarchy, threads: Int) -> [ProbeTarget] {
    Peak.Kind.arithmetic.map { ProbeTarget(kind: $0, level: nil) }
      + hierarchy.levels(threads: threads).flatMap { level in
        Peak.Kind.allCases.filter { !$0.isArithmetic }.map { ProbeTarget(kind: $0, level: level) }
      }
  }
}

/// Takes samples of the machine's limits, each of about the length asked for.
struct Prober {
  let hierarchy: MemoryHierarchy
  private var memory: Tensor<Float>
  private var secondsPerRepeat: [Key: Double] = [:]

  private struct Key: Hashable {
    let target: ProbeTarget
    let configuration: Configuration
  }

  init(_ hierarchy: MemoryHierarchy, mostThreads: Int) {
    self.hierarchy = hierarchy
    let bytes = hierarchy.levels(threads: mostThreads).map { hierarchy.probeBytes(at: $0, threads: mostThreads) }.max()!
    memory = probeMemory(bytes: bytes)
  }

  /// A shorter probe would tell more of the clock, and of waking threads, than of the machine.
  static let leastSeconds = 100e-6

  /// Operations or bytes per second, over about `seconds` and one sweep at least.
  mutating func rate(of target: ProbeTarget, _ configuration: Configuration, seconds: Double) -> Double {
    let seconds = max(seconds, Prober.leastSeconds)
    let key = Key(target: target, configuration: configuration)
    let perRepeat = secondsPerRepeat[key] ?? calibrate(key, seconds: seconds)
    secondsPerRepeat[key] = perRepeat
    return probe(key, repeats: repeats(lasting: seconds, perRepeat)).rate
  }

  /// Repeats until a quarter of `seconds` is reached: enough to predict the rest.
  private mutating func calibrate(_ key: Key, seconds: Double) -> Double {
    var repeats = 1
    while true {
      let result = probe(key, repeats: repeats)
      if result.seconds >= seconds / 4 { return result.seconds / Double(repeats) }
      repeats *= 4
    }
  }

  private mutating func probe(_ key: Key, repeats: Int) -> Probe.Result {
    key.configuration.run {
      switch key.target.kind {
      case .fmaF32: return Probe.multiplyAdd(Float.self, rounds: repeats)
      case .fmaF64: return Probe.multiplyAdd(Double.self, rounds: repeats)
      case .dotBF16: return Probe.dotProduct(.bf16, rounds: repeats)
      case .dotU8S8: return Probe.dotProduct(.u8s8, rounds: repeats)
      default:
        let bytes = hierarchy.probeBytes(at: key.target.level!, threads: key.configuration.threads)
        let pattern = Probe.Pattern(rawValue: key.target.kind.rawValue)!
        return Probe.traffic(pattern, bytes: bytes, sweeps: repeats, in: &memory)
      }
    }
  }

  private func repeats(lasting seconds: Double, _ perRepeat: Double) -> Int {
    max(1, Int((seconds / perRepeat).rounded()))
  }

  /// The best of several samples taken within `seconds`: a limit is what the machine can do when nothing disturbs it.
  mutating func peak(of target: ProbeTarget, _ configuration: Configuration, seconds: Double) -> Peak {
    let clock = Stopwatch()
    var best = 0.0
    var samples = 0
    while samples < 3 || clock.seconds < seconds {
      best = max(best, rate(of: target, configuration, seconds: seconds / 8))
      samples += 1
    }
    let (isa, threads) = (configuration.isa, configuration.threads)
    guard let level = target.level else {
      return Peak(kind: target.kind, isa: isa, threads: threads, gflops: best / 1e9)
    }
    return Peak(kind: target.kind, level: level, isa: isa, threads: threads, gbps: best / 1e9)
  }
}
